"""What is looked for in texts that are redacted already, by a search of its own."""

import numpy as np
import pyarrow as pa
import pytest

from strongroom.text import ENTITIES
from strongroom.text.leaks import leaking
from strongroom.text.redaction import Known


def leaks(text, *known, entity="person", entities=ENTITIES, shared=None):
    values = pa.array(known, pa.string())
    mask = None if shared is None else np.array(shared)
    columns = [Known(values, np.zeros(len(values), np.int64), entity, mask)] if known else []
    return leaking(pa.array([text], pa.string()), np.zeros(1, np.int64), columns, entities=entities).tolist() == [True]


@pytest.mark.parametrize(
    ("text", "left", "why"),
    [
        ("paid with 4111 1111 1111 1111 today", True, "a valid card"),
        ("paid with 4111 1111 1111 1112 today", False, "its checksum is wrong"),
        ("version 4.111111111111111", False, "part of a longer number"),
        ("to DE89 3704 0044 0532 0130 00", True, "a valid account"),
        ("to DE89 3704 0044 0532 0130 01", False, "its checksum is wrong"),
        ("write to olga@example.com", True, "an address"),
        ("DNI 12345678Z", True, "a valid identity card"),
        ("part 12345678A", False, "its letter is wrong"),
        ("[PERSON_1] met [EMAIL_1] on 2024-01-02, order 1700000000000", False, "labels, dates and epochs"),
        (None, False, "no text"),
    ],
)
def test_identifiers_are_told_by_form_and_checksum(text, left, why):
    assert leaks(text) is left, why


def test_only_what_a_column_is_to_be_without_is_a_leak():
    assert not leaks("write to olga@example.com", entities=("person", "card"))


@pytest.mark.parametrize(
    ("value", "entity", "text", "left", "why"),
    [
        ("Olga Petrova", "person", "so says OLGA PETROVA.", True, "in any case from six letters on"),
        ("Olga Petrova", "person", "so says Petrova.", True, "a part of the name"),
        ("Olga Petrova", "person", "Petrovas", False, "another word"),
        ("Ada", "person", "Ada said", False, "three letters are too few"),
        ("Anna", "person", "anna", False, "four letters only as written"),
        ("Anna", "person", "Anna", True, "as written"),
        ("Young", "person", "Young people", False, "a common word"),
        ("Anna Young", "person", "anna young", True, "both of them"),
        ("655 437 108", "phone", "call 655-437-108", True, "digits, whatever stands between them"),
        ("655437108", "phone", "order 16554371089", False, "inside of a number"),
        ("12345", "username", "12345", False, "five digits are too few"),
        ("Rose Ltd", "organisation", "Rose", False, "no part of what is no person"),
        ("AB1234567", "person", "Ref AB1234567", True, "a code, whatever its column is called"),
        ("12345678Z", "national_id", "DNI 12.345.678-Z", True, "a code, whatever stands between its signs"),
        ("9876543", "username", "no. 9,876,543!", True, "grouped"),
        ("655437108", "phone", "tel655_437*108ext3", True, "at letters, too"),
        ("AB1234567", "person", "XAB1234567", False, "inside of a code"),
        ("X9-44", "person", "by X9-44", True, "four signs as written"),
        ("\u738b\u5c0f\u660e", "person", "\u738b\u5c0f\u660e\u6765\u4e86", True, "a script without borders"),
        ("gretchen.ostwaldson@c.org", "email", "OSTWALDSON wrote", True, "a piece of the address"),
        ("gretchen.ostwaldson@c.org", "email", "c.org is down", False, "its host is no person's"),
    ],
)
def test_values_of_the_row_are_looked_for_at_their_borders(value, entity, text, left, why):
    assert leaks(text, value, entity=entity) is left, why


def test_what_many_rows_share_is_no_leak():
    assert [leaks("so says Petrova", "Petrova", shared=[many]) for many in (False, True)] == [True, False]


def test_a_value_is_looked_for_in_its_own_row_only():
    known = Known(pa.array(["Petrova"]), np.array([1]))
    texts = pa.array(["Petrova", "Petrova"])
    assert leaking(texts, np.array([0, 1]), [known], entities=ENTITIES).tolist() == [False, True]
