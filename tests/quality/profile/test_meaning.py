"""What a column is taken for, by its name and by its values."""

import pyarrow as pa
import pytest

from strongroom.core.contract import Type
from strongroom.quality.profile.meaning import meaning_of
from strongroom.quality.profile.recognise import SORTS, count
from strongroom.quality.profile.shape import shape_of_text
from strongroom.quality.profile.text_tally import tally_text


def meaning(name, *values):
    tally = tally_text(pa.array(values or ["Xy", "Zw", "Vv"] * 5, pa.string()))
    return meaning_of(name, shape_of_text(tally).type, tally, birth_before=2016)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "email"),
        ("E-Mail-Adresse", "email"),
        ("contactEmail", "email"),
        ("correo", "email"),
        ("Telefonnummer", "phone"),
        ("mobile_phone", "phone"),
        ("IBAN", "iban"),
        ("kreditkarte", "card"),
        ("ssn", "national id"),
        ("Sozialversicherungsnummer", "national id"),
        ("codice_fiscale", "national id"),
        ("Geburtsdatum", "birth date"),
        ("date_of_birth", "birth date"),
        ("dateNaissance", "birth date"),
        ("fecha_nacimiento", "birth date"),
        ("age", "age"),
        ("Alter", "age"),
        ("Vorname", "person's name"),
        ("prénom", "person's name"),
        ("apellidos", "person's name"),
        ("name", "person's name"),
        ("LASTNAME", "person's name"),
        ("customer_name", "person's name"),
        ("user_id", "person's id"),
        ("Kundennummer", "person's id"),
        ("patientNo", "person's id"),
        ("updated_by", "person's name"),
        ("last_modified_by", "person's name"),
        ("entered_by_name", "person's name"),
        ("createdBy", "person's name"),
        ("createdby", "person's name"),
        ("created_user", "person's name"),
        ("order_owner", "person's name"),
        ("order_agent", "person's name"),
        ("erstellt_von", "person's name"),
        ("cree_par", "person's name"),
        ("status_editor", "person's name"),
        ("user_rating", "harmless"),
        ("sex", "sensitive"),
        ("Familienstand", "sensitive"),
        ("religion", "sensitive"),
        ("diagnosis_code", "sensitive"),
        ("Straße", "address"),
        ("zip", "postcode"),
        ("PLZ", "postcode"),
        ("city", "place"),
        ("latitude", "place"),
        ("ip_address", "ip"),
        ("session_id", "device"),
        ("password", "secret"),
        ("salary", "money"),
        ("rating", "harmless"),
        ("product_name", "harmless"),
        ("Menge", "harmless"),
        ("created_at", "harmless"),
        ("language", "harmless"),
        ("page", "harmless"),
        ("Feld_7", "unplaced"),
        ("column_1", "unplaced"),
        ("x", "unplaced"),
        ("company_name", "unplaced"),
        ("flagellum", "unplaced"),
    ],
)
def test_a_name_says_what_it_is(name, kind):
    assert meaning(name).kind == kind


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        (("ada@example.org", "alan@example.org"), "email", "addresses"),
        (("DE89 3704 0044 0532 0130 00",), "iban", "with its check"),
        (("DE89 3704 0044 0532 0130 01",), "unplaced", "one digit off"),
        (("4111 1111 1111 1111", "5500 0000 0000 0004"), "card", "with their check"),
        (("4111 1111 1111 1112", "5500 0000 0000 0005"), "unplaced", "one digit off"),
        (("+49 171 2345678", "0171/2345678"), "phone", "telephones"),
        (("10.0.0.1", "fe80:0:0:0:0:0:0:1"), "ip", "addresses of machines"),
        (("078-05-1120",), "national id", "of America"),
        (("666-05-1120",), "unplaced", "none that is given out"),
        (("12345678Z",), "national id", "of Spain"),
        (("12345678A",), "unplaced", "another letter"),
        (("RSSMRA85T10A562S",), "national id", "of Italy"),
        (("529.982.247-25",), "national id", "of Brazil"),
        (("756.9217.0769.85",), "national id", "of Switzerland"),
        (
            ("Frau Meier bat uns um einen Anruf am Montag", "bitte nicht vor zehn Uhr anrufen sagt sie"),
            "free text",
            "sentences",
        ),
        (("write to ada@example.org", "none"), "free text", "holds an address"),
        (("1915-12-10", "1990-06-23"), "birth date", "days long ago"),
        (("2023-12-10", "2024-06-23"), "unplaced", "days of late"),
        (("red", "blue"), "unplaced", "words"),
    ],
)
def test_values_say_what_they_are(values, kind, why):
    assert meaning("x", *values).kind == kind, why


def test_values_speak_against_a_harmless_name():
    assert meaning("status", "ada@example.org", "alan@example.org").protect["method"] == "encrypt"


def test_only_what_is_placed_as_nobody_s_is_kept():
    assert meaning("rating").protect == {"method": "keep"}
    assert meaning("Feld_7").protect == {"method": "drop"}
    kept = [kind for kind in ("email", "name", "plz", "age", "sex", "x") if meaning(kind).protect["method"] == "keep"]
    assert kept == []


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("nir", "2 55 08 14 168 025 38"),
        ("pesel", "44051401359"),
        ("steuer-id", "86095742719"),
        ("bsn", "111222333"),
        ("personnummer", "811218-9876"),
        ("hetu", "131052-308T"),
        ("nino", "AB 12 34 56 C"),
        ("mac", "00:1A:2B:3C:4D:5E"),
    ],
)
def test_each_recogniser_knows_one_and_no_near_miss(sort, text):
    assert count(pa.array([text])).get(sort) == 1
    assert SORTS[sort].check is None or count(pa.array([text[:-1] + str((int(text[-1]) + 1) % 10)])).get(sort) is None


def test_a_type_has_a_method_that_fits():
    tally = tally_text(pa.array(["1", "2"]))
    assert meaning_of("phone", Type("bigint"), tally, birth_before=0).protect["method"] == "hash"
    assert meaning_of("plz", Type("bigint"), tally, birth_before=0).protect["method"] == "drop"


def test_a_subject_is_one_that_can_be_found():
    tally = tally_text(pa.array(["true", "false"]))
    flag = meaning_of("user_id", Type("boolean"), tally, birth_before=0)
    assert (flag.protect["method"], flag.subject) == ("drop", False)
    assert meaning("user_id").subject
