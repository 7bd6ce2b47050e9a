from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from strongroom.core.contract import Type
from strongroom.core.contract.values import in_json, strptime_format, typed

VALUES = [
    # value, type, what it is there, why
    (3, "int", 3, "a whole number"),
    (3.0, "int", None, "a fraction in YAML, even when it looks whole"),
    ("3", "int", None, "text"),
    (True, "int", None, "true is no number"),
    (3, "double", 3.0, "whole numbers are numbers"),
    (False, "double", None, "false is none"),
    (0.1, "decimal", Decimal("0.1"), "as it was written, not as binary has it"),
    (7, "decimal", Decimal(7), "a whole number"),
    (True, "boolean", True, "a boolean"),
    ("true", "boolean", None, "a text"),
    ("x", "string", "x", "a text"),
    (5, "string", None, "a number is no text"),
    ("2024-02-29", "date", date(2024, 2, 29), "a leap day"),
    ("2023-02-29", "date", None, "no leap year"),
    ("2024-2-9", "date", None, "ISO 8601 has two digits"),
    ("20240229", "date", None, "and dashes"),
    ("2024-02-29T10:00", "date", None, "a day has no time"),
    ("2024-02-29", "timestamp", datetime(2024, 2, 29, tzinfo=UTC), "midnight, in UTC unless it says otherwise"),
    ("2024-02-29T12:00:00+02:00", "timestamp", datetime(2024, 2, 29, 10, tzinfo=UTC), "brought to UTC"),
    ("2024-02-29 12:00:00.5Z", "timestamp", datetime(2024, 2, 29, 12, 0, 0, 500_000, tzinfo=UTC), "with a fraction"),
    ("2024-02-29T12:00:00xZ", "timestamp", None, "a stray letter"),
    ("2024-02-29T12:00", "timestamp_ntz", datetime(2024, 2, 29, 12), "without a zone"),
    ("2024-02-29T12:00Z", "timestamp_ntz", None, "a zone where there is none"),
    ("?", "date", None, "nothing like a date"),
    (b"x", "binary", None, "YAML has no bytes"),
]


@pytest.mark.parametrize(("value", "kind", "expected", "why"), VALUES, ids=[f"{row[0]} {row[1]}" for row in VALUES])
def test_a_value_is_of_its_columns_type_or_nothing(value, kind, expected, why):
    found = typed(value, Type(kind, precision=10, scale=2))
    assert (found, type(found)) == (expected, type(expected)), why


def test_a_value_may_be_written_in_the_columns_own_format():
    assert typed("29.02.2024", Type("date"), format_="%d.%m.%Y") == date(2024, 2, 29)
    assert typed("2024-02-29", Type("date"), format_="%d.%m.%Y") == date(2024, 2, 29), "ISO 8601 is always understood"
    assert typed("02/29/2024", Type("date"), format_="%d.%m.%Y") is None


def test_rules_carry_jsons_types():
    assert in_json(date(2024, 2, 29)) == "2024-02-29"
    assert in_json(datetime(2024, 2, 29, tzinfo=UTC)) == "2024-02-29T00:00:00+00:00"
    assert in_json(Decimal("0.1")) == 0.1
    assert in_json(Decimal("7")) == 7
    assert in_json("x") == "x"


MOMENT = datetime(2024, 3, 9, 17, 4, 5, 250_000, tzinfo=UTC)
FORMATS = [
    # Java's pattern, strptime's, the moment written by Java's rules, why
    ("yyyy-MM-dd", "%Y-%m-%d", "2024-03-09", "a date"),
    ("dd.MM.yyyy", "%d.%m.%Y", "09.03.2024", "as much of Europe writes it"),
    ("yyyyMMdd", "%Y%m%d", "20240309", "without signs"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSS", "%Y-%m-%dT%H:%M:%S.%f", "2024-03-09T17:04:05.250", "a quoted letter, a fraction"),
    ("dd/MM/yy hh:mm a", "%d/%m/%y %I:%M %p", "09/03/24 05:04 PM", "twelve hours"),
    ("HH'h'mm", "%Hh%M", "17h04", "a quoted letter inside"),
    ("yyyy''MM", "%Y'%m", "2024'03", "a doubled quote is a quote"),
    ("100%", "100%%", "100%", "a percent sign is itself"),
    ("yyyy-MM-dd HH:mmXXX", "%Y-%m-%d %H:%M%z", "", "a zone"),
]


@pytest.mark.parametrize(("pattern", "expected", "written", "why"), FORMATS, ids=[row[0] for row in FORMATS])
def test_javas_patterns_are_told_in_strptimes_words(pattern, expected, written, why):
    assert strptime_format(pattern) == expected, why
    if written and "%f" not in expected:
        assert MOMENT.strftime(expected) == written
    elif written:
        assert datetime.strptime(written, expected) == MOMENT.replace(tzinfo=None)


@pytest.mark.parametrize("pattern", ["QQQ yyyy", "yyyy-MMM-dd", "ww", "EEE dd", "y-M-d", "VV", "'open", ""])
def test_what_strptime_has_no_word_for_is_no_format(pattern):
    assert strptime_format(pattern) == ""
