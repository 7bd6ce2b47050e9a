"""What a column is taken for, by its name and by its values."""

import pyarrow as pa
import pytest

from strongroom.core.contract import Type
from strongroom.quality.profile.meaning import meaning_of
from strongroom.quality.profile.names import label_of
from strongroom.quality.profile.shape import shape_of_text
from strongroom.quality.profile.text_tally import tally_text


def meaning(name, *values):
    tally = tally_text(pa.array(values or ["Xy", "Zw", "Vv"] * 5, pa.string()), label=label_of(name))
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
        (("219-09-4321",), "national id", "of America"),
        (("000-12-3456",), "unplaced", "none that is given out"),
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
        (("please write to ada@example.org before noon", "none"), "free text", "holds an address"),
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
    ("name", "values", "why"),
    [
        ("email", [f"{word}-{at}" for word in ("red", "blue") for at in range(9)], "none has the form"),
        ("phone", ["yes", "no"], "ordinary words"),
        ("customer", ["retail", "wholesale", "online"], "ordinary words"),
        ("phone_verified", ["0", "1"], "small numbers"),
        ("iban_ok", ["true", "false"], "yes and no"),
        ("city_tier", ["A", "B", "C"], "letters"),
        ("birth_weight", ["3.25", "4.10"], "no days"),
    ],
)
def test_a_name_is_not_enough_against_the_values(name, values, why):
    found = meaning(name, *values * 20)
    assert (found.kind, found.protect["method"]) == ("unplaced", "drop"), why


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x", ["Imogen Ashcombe", "Rupert Pemberton", "Harriet Redfern"], "person's name"),
        ("x", ["IMOGEN ASHCOMBE", "PEMBERTON, RUPERT"], "person's name"),
        ("status", ["Imogen Ashcombe", "Rupert Pemberton", "Harriet Redfern"], "person's name"),
        ("x", ["12 Baker Street", "Lindenweg 5"], "address"),
        ("x", ["Catholic", "Muslim", "Jewish"], "sensitive"),
        ("status", ["male", "female"], "sensitive"),
        ("x", ["AKIAIOSFODNN7EXAMPLE", "ghp_" + "aB3" * 12], "secret"),
        ("x", ["postgres://app:5e1dkc92@db.example.com/shop"], "secret"),
        ("x", ["@ada_l", "@alan.t"], "username"),
        ("steuer_id", ["86095742719"], "national id"),
        ("x", ["86095742719", "12345678901"] * 9, "unplaced"),
        ("country", ["Jordan", "Chad", "Georgia"] * 9, "harmless"),
    ],
)
def test_what_cells_are_is_told_by_the_recognisers_of_texts(name, values, kind):
    assert meaning(name, *values).kind == kind


def test_plain_numbers_with_the_check_digits_of_one_state_are_numbers_of_persons():
    """Ten numbers by chance: one in ten billion."""
    numbers = [number for number in range(123_456_700, 123_457_000) if _elfproef(str(number))][:10]
    assert meaning("x", *map(str, numbers)).entities == ("national_id",)
    assert meaning("x", *(str(number + 1) for number in numbers)).kind == "unplaced"


def _elfproef(number):
    return (
        sum(int(digit) * weight for digit, weight in zip(number, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0
    )


@pytest.mark.parametrize(
    ("values", "entities", "why"),
    [
        (("Ada Lovelace <ada@example.org>", "Alan Turing <alan@example.org>"), {"person", "email"}, "both"),
        (('{"name": "Ada Lovelace", "email": "ada@example.org"}',), {"person", "email"}, "of a document"),
        (("red", "blue"), set(), "none"),
    ],
)
def test_mixed_cells_hold_several_entities(values, entities, why):
    assert {*meaning("x", *values).entities} == entities, why


TICKETS = [f"{name} called about the invoice and wants a refund soon, case {at}" for at in range(9)
           for name in ("Imogen Ashcombe", "Rupert Pemberton")]  # fmt: skip


def test_text_that_names_people_is_told_from_text_that_names_nobody():
    named, nobody = meaning("customer_notes", *TICKETS), meaning("x", *(text[20:] for text in TICKETS))
    assert (named.kind, nobody.kind) == ("free text", "free text")
    assert (named.protect["method"], nobody.protect["method"]) == ("redact", "encrypt")
    assert [meaning(name, *TICKETS).protect["method"] for name in ("diagnosis", "salary_notes")] == ["drop", "encrypt"]


def test_a_type_has_a_method_that_fits():
    tally = tally_text(pa.array(["491715551234", "491715551235"]))
    assert meaning_of("phone", Type("bigint"), tally, birth_before=0).protect["method"] == "hash"
    assert meaning_of("plz", Type("bigint"), tally, birth_before=0).protect["method"] == "drop"


def test_a_subject_is_one_that_can_be_found():
    tally = tally_text(pa.array(["true", "false"]))
    flag = meaning_of("user_id", Type("boolean"), tally, birth_before=0)
    assert (flag.protect["method"], flag.subject) == ("drop", False)
    assert meaning("user_id").subject
