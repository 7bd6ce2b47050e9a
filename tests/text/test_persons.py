"""Whom a name means: one form for all spellings, one number for all mentions in a row, none of it in quadratic time."""

import string
import sys

import pytest

from strongroom.text.persons import Who, grouped, parsed


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("María García", "as it is"),
        ("MARIA GARCIA", "case and accents"),
        ("García, María", "the surname first"),
        ("Dr. María García", "a title"),
        ("Prof. Dra. María  García, Ph.D.", "titles, degrees and blanks"),
        ("doña María García’s", "a form of address and a possessive"),
        ("Miss Maria Garcia", "a form of address that is a surname too"),
        ("Mari\u0301a Garci\u0301a", "marks of their own"),
        ("Ｍaria Gar\u00adcia", "wide letters, and what cannot be seen"),
    ],
)
def test_one_form_for_all_spellings(written, why):
    assert parsed(written).canonical == "garcia maria", why


@pytest.mark.parametrize(
    ("written", "canonical", "why"),
    [
        ("J. R. O'Brien", "j obrien r", "initials stay"),
        ("J.R. O’Brien", "j obrien r", "however they are written"),
        ("Jean-Pierre Dupont", "dupont jean pierre", "a hyphen is a blank"),
        ("Ludwig van Beethoven", "beethoven ludwig van", "small words stay"),
        ("Stephen King", "king stephen", "a title that is a surname"),
        ("King", "king", "alone"),
        ("Don Johnson", "don johnson", "a form of address that is a name, before one word"),
        ("Don Pablo Ruiz", "pablo ruiz", "before two"),
        ("Ben Smith", "ben smith", "a small word that is a name, in front"),
        ("Straße", "strasse", ""),
        ("Łukasz Ørsted", "lukasz orsted", "strokes"),
        ("İpek Yıldız", "ipek yildiz", "the letter i with and without its dot"),
        ("Иванов", "иванов", "other scripts are letters too"),
        ("Mr", "mr", "a title alone is what there is"),
        ("James' ", "james", "a possessive without s"),
        ("", "", ""),
        ("'.,", "", ""),
    ],
)
def test_canonical(written, canonical, why):
    assert parsed(written).canonical == canonical, why


LETTERS = [f"{one}. {two}." for one in string.ascii_uppercase for two in string.ascii_uppercase] * 2


def people(*names, known=()):
    return grouped(names, known)


def test_all_mentions_of_a_person_are_one():
    names = (
        "Dr. María García",
        "Garcia",
        "Ms García",
        "M. García",
        "garcia@",
        "GARCÍA's",
        "m.garcia@",
        "mgarcia77@",
        "M.G.",
    )
    assert set(people(*names)) == {Who(0, "garcia maria")}


def test_what_fits_two_persons_is_a_person_of_its_own_and_has_no_pseudonym():
    anna, peter, both, first, initial = people("Anna Schmidt", "Peter Schmidt", "Schmidt", "Anna", "P. Schmidt")
    assert anna.person != peter.person
    assert both.person not in (anna.person, peter.person)
    assert both.name is None
    assert first == Who(anna.person, "anna schmidt")
    assert initial == Who(peter.person, "peter schmidt")


@pytest.mark.parametrize(
    ("one", "two", "same", "why"),
    [
        ("María García", "María García López", True, "a second surname"),
        ("John A. Smith", "John Smith", True, "a middle initial"),
        ("John A. Smith", "John B. Smith", False, "another one"),
        ("John Smith", "Jane Smith", False, "another first name"),
        ("J. Smith", "John Smith", True, "an initial"),
        ("K. Smith", "John Smith", False, "another initial"),
        ("Kowalczyk", "Jan Kowalczykowi", False, "an ending is no other name's stem"),
        ("Jan Kowalczyk", "Kowalczyka", True, "an ending"),
        ("Jane Robert Smith", "JRS", True, "initials without full stops"),
        ("Jane Robert Smith", "J.S.", False, "not all of them"),
        ("van Dijk", "Jan van Dijk", True, "small words"),
        ("Smith", "John", False, "nothing in common"),
    ],
)
def test_pairs(one, two, same, why):
    for names in ((one, two), (two, one)):
        first, second = people(*names)
        assert (first.person == second.person) is same, why


def test_a_full_name_keeps_its_own_form_whatever_stands_beside_it():
    assert people("John A. Smith", "John Smith")[1].name == "john smith"
    assert people("John Smith")[0].name == "john smith"


def test_a_name_alone_is_its_own_form():
    assert people("Schmidt") == [Who(0, "schmidt")]


def test_names_of_other_columns_are_persons_of_the_row():
    assert people("Garcia", "garcia@", known=["María García"]) == [Who(0, "garcia maria")] * 2
    one, two = people("Schmidt", "Anna", known=["Anna Schmidt", "Peter Schmidt"])
    assert one.name is None
    assert two.name == "anna schmidt"


def test_the_order_of_the_names_changes_no_group():
    names = ["Anna Schmidt", "Schmidt", "Peter Schmidt", "A. Schmidt", "peter@", "Anna"]
    there = dict(zip(names, people(*names), strict=True))
    back = dict(zip(names[::-1], people(*names[::-1]), strict=True))
    assert there == back


@pytest.mark.parametrize(
    "names",
    [
        lambda size: [f"Anna Q{number}x" for number in range(size)] + [f"A. Q{number}x" for number in range(size)],
        lambda size: [f"Q{number}x" for number in range(size)] + ["a" * size + "@"],
        lambda size: [f"A{number} B{number % 7}" for number in range(size)] + ["B1 C1"] * size,
        lambda size: ["Anna " * size],
        lambda size: (
            [f"Anna Maria Q{number}x" for number in range(size)] + [f"Anna Maria {each}" for each in LETTERS[:size]]
        ),
        lambda size: ["J." * size, *(f"J. {letter} Smith" for letter in "ABC")] * 3,
    ],
)
def test_work_grows_with_the_names(names):
    def calls(size):
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        given = names(size)
        sys.setprofile(counted)
        try:
            grouped(given)
        finally:
            sys.setprofile(None)
        return count

    assert calls(800) <= 2.2 * calls(400) + 2_000
