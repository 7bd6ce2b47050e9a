"""Persons with their titles, places, organisations, institutions, and what is said of a person."""

import pytest

from support.finding import found, of


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("person", "I met John Smith yesterday", "John Smith", "a given name and a surname"),
        ("person", "la Dra. María García López firma", "Dra. María García López", "a title, two surnames"),
        ("person", "Herr Müller kam", "Herr Müller", "German"),
        ("person", "M. Dupont habite ici", "M. Dupont", "French"),
        ("person", "said J. R. Tolkien again", "J. R. Tolkien", "initials"),
        ("person", "My name is Rubija", "Rubija", "a name that no list has, after its word"),
        ("person", "met Jean-Pierre de la Fuente there", "Jean-Pierre de la Fuente", "small words of names"),
        ("person", "Apellidos: De Miguel Rivera.", "De Miguel Rivera", "after a label"),
        ("person", "songs by Szabina J Gelencsér were", "Szabina J Gelencsér", "a letter between"),
        ("person", "Reviewed by Giovanna Rodrigues, MD", "Giovanna Rodrigues, MD", "a degree"),
        ("person", "Mr O’Brien left", "Mr O’Brien", "a curly apostrophe"),
        ("person", "saw Qamuxle and Wolfram there", "Qamuxle", "before another name"),
        ("person", "this John Smith again", "John Smith", "an article before a sure given name"),
        ("person", "met Jildau S Bouts there", "Jildau S Bouts", "a common word after a letter"),
        ("person", "our founders Okonkwo and Vargas came", "Vargas", "a surname that is a place, after a surname"),
        ("place", "I live in Madrid now", "Madrid", ""),
        ("place", "from the United Kingdom", "United Kingdom", "two words"),
        ("organisation", "works for Acme Holdings Ltd", "Acme Holdings Ltd", "a form of company"),
        ("place", "an orchestra serving Southern Switzerland now", "Switzerland", "without where in it"),
        ("organisation", "The Qamuxle office is at home", "Qamuxle", "before its office"),
        ("organisation", "Anna Smith\nQamuxle\n12 Main Street\nLeeds", "Qamuxle", "the line of a letterhead"),
        ("organisation", "> Anna Smith\n> Scale Unlimited\n> 12 Main Street", "Scale Unlimited", "the same, quoted"),
        ("institution", "at the Hospital Universitario La Paz", "Hospital Universitario La Paz", "Spanish"),
        ("institution", "before the Court of Cassation", "Court of Cassation", "with what follows"),
        ("nationality", "a Turkish national", "Turkish national", "with whose it is"),
        ("nationality", "the patient, a Swedish man", "Swedish", "beside a person"),
        ("sex", "Edad: 53 años Sexo: H.", "H", "after its label"),
        ("sex", "mujer de 53 años con", "mujer", "before an age"),
        ("nationality", "I met a Greenlander once", "Greenlander", "a word that is a person"),
        ("institution", "near the House of Lords in", "House of Lords", "with what follows"),
        ("organisation", "the Barnett, Melton and Garcia papers", "Barnett, Melton and Garcia", "partners"),
        ("organisation", "with Brankovic S.L. ended", "Brankovic S.L.", "a form with full stops"),
        ("person", "patricia desrosiers wrote", "patricia desrosiers", "in a text without capitals"),
        ("religion", "she is a Catholic woman", "Catholic", "beside a person"),
        ("politics", "he was a communist", "communist", "beside a person"),
        ("address", "to 24 Clarke Avenue, Springfield", "24 Clarke Avenue, Springfield", "English, and its town"),
        ("address", "Calle Mayor, 23, 3º B, 28013 Madrid", "Calle Mayor, 23, 3º B, 28013 Madrid", "Spanish, whole"),
        ("address", "Hauptstraße 12, 10115 Berlin", "Hauptstraße 12, 10115 Berlin", "German"),
        ("address", "12 rue de la Paix, 75002 Paris", "12 rue de la Paix, 75002 Paris", "French"),
        ("address", "594 Gyula utca 76 is it", "Gyula utca 76", "Hungarian, the word apart"),
        ("address", "USNS Bergman\nFPO AP 93757", "USNS Bergman\nFPO AP 93757", "a ship"),
        (
            "address",
            "> 12 Main Street\n> Zuoz\n> Switzerland 53730",
            "12 Main Street\n> Zuoz\n> Switzerland 53730",
            "quoted",
        ),
        ("address", "P.O. Box 1234", "P.O. Box 1234", "a box"),
    ],
)
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Anna Smith\n\nQamuxle\n\n12 Main Street", "blank lines between"),
        ("The battery died.\nQamuxle\n12 Main Street", "no person above"),
        ("Anna Smith\nit was all said before this\n12 Main Street", "a line without a capital"),
    ],
)
def test_a_line_is_no_firm(text, why):
    assert of(text, "organisation") == [], why


def test_a_brand_is_no_place_and_no_person():
    assert found("a coupon from Amazon came") == [("organisation", "Amazon")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The battery works well. Great value!", "words that begin sentences"),
        ("I love this phone, my Bluetooth headset and the USB cable", "products"),
        ("Grace under pressure", "a word first"),
        ("we ate Turkish delight", "beside no person"),
        ("What will happen? May I ask?", "words that are names, too"),
        ("the street was long and the road narrow", "words alone"),
        ("VERY BAD QUALITY, DO NOT BUY", "all in capitals"),
        ("I went on Motorola's website", "a brand"),
        ("I have this Treo again", "an article before a surname that no given name goes with"),
        ("so my new Palm broke", "and a word between"),
        ("the Jabra 320 broke", "a number behind it"),
        ("Clear Calls, Long Battery Life, Long Range.", "a text in which most words have a capital"),
        ("After 3 months, about 30 minutes", "no street"),
        ('I saw "Tiny Toons" there', "the title of a work"),
        ("the chicken Pho and rice", "a word that no list has, before no second name"),
        ("A thing; I like it", "letters that are words"),
    ],
)
def test_stays(text, why):
    assert found(text) == [], why
