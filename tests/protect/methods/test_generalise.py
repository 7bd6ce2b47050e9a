import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from protect.ring import RING, column
from strongroom.arrow.types import arrow_type
from strongroom.core.errors import ConfigError
from strongroom.protect import output_ddl, output_type, protector

TENS = {"width": 10, "min": 20, "max": 40}
AGES = {"edges": [18, 30, 65]}


@pytest.mark.parametrize(
    ("type_", "options", "values", "labels", "why"),
    [
        ("int", {"bands": TENS}, [19, 20, 29, 30, 40, None], ["<20", "20-29", "20-29", "30-39", "40+", None],
         "tens"),
        ("tinyint", {"bands": AGES}, [17, 18, 64, 65], ["<18", "18-29", "30-64", "65+"], "ages"),
        ("bigint", {"bands": {"edges": [0, 1]}}, [-(2**63), 0, 2**63 - 1], ["<0", "0", "1+"], "a band of one number"),
        ("int", {"bands": {"edges": [-5, 5]}}, [-6, -5, 4], ["<-5", "-5-4", "-5-4"], "below zero"),
        ("double", {"bands": {"edges": [0.5, 1.5]}}, [0.4, 0.5, 1.5, math.nan, math.inf, -math.inf],
         ["<0.5", "0.5-<1.5", "1.5+", "NaN", "1.5+", "<0.5"], "any number has a band, NaN its own"),
        ("decimal", {"bands": {"width": "0.5", "min": 0, "max": 1}}, [Decimal("0.49"), Decimal("0.50"), None],
         ["0-<0.5", "0.5-<1", None], "decimals"),
        ("date", {"date": "month"}, [date(2024, 2, 29), None], ["2024-02", None], "a month"),
        ("date", {"date": "quarter"}, [date(2024, 4, 1), date(1969, 12, 31)], ["2024-Q2", "1969-Q4"], "a quarter"),
        ("date", {"date": "year"}, [date(2024, 12, 31)], ["2024"], "a year"),
        ("timestamp", {"date": "month"}, [datetime(2024, 1, 31, 23, 59, tzinfo=UTC)], ["2024-01"], "months in UTC"),
        ("timestamp_ntz", {"date": "quarter"}, [datetime(2024, 10, 1)], ["2024-Q4"], "no zone at all"),
        ("string", {"prefix": 2}, ["12345", "123", "12", "", None], ["12*", "12*", "12", "", None],
         "no length is told"),
        ("string", {"prefix": 1}, ["éa"], ["é*"], "characters, not bytes"),
        ("string", {"prefix": 0}, ["a", ""], ["*", ""], "nothing of it"),
    ],
)  # fmt: skip
def test_how_values_become_coarser(type_, options, values, labels, why):
    col = column(type_, "generalise", **options)
    made = protector(col, table="t", keyring=RING)(pa.array(values, arrow_type(col.type)))
    assert made.type == pa.string()
    assert made.to_pylist() == labels, why


def test_a_timestamp_of_another_zone_is_told_in_utc():
    moment = pa.array([datetime(2024, 1, 31, 23, 0, tzinfo=UTC)], pa.timestamp("us", tz="Asia/Tokyo"))
    protect = protector(column("timestamp", "generalise", date="month"), table="t", keyring=RING)
    assert protect(moment).to_pylist() == ["2024-01"]


@pytest.mark.parametrize(
    ("type_", "options", "why"),
    [
        ("int", {}, "no option"),
        ("int", {"bands": AGES, "prefix": 2}, "two options"),
        ("string", {"bands": AGES}, "bands of text"),
        ("int", {"date": "month"}, "a date of numbers"),
        ("date", {"date": "week"}, "an unknown period"),
        ("int", {"bands": {"edges": [5, 5]}}, "edges that do not rise"),
        ("int", {"bands": {"edges": []}}, "no edges"),
        ("int", {"bands": {"edges": [0.5]}}, "half a whole number"),
        ("int", {"bands": {"width": 0, "min": 0, "max": 1}}, "no width"),
        ("int", {"bands": {"width": 3, "min": 0, "max": 10}}, "bands that do not fill the range"),
        ("int", {"bands": {"min": 0, "max": 10}}, "no width at all"),
        ("int", {"bands": [1, 2]}, "not a map"),
        ("double", {"bands": {"edges": ["x"]}}, "not a number"),
        ("double", {"bands": {"edges": ["NaN"]}}, "not a number either"),
        ("string", {"prefix": "two"}, "not a count"),
        ("string", {"prefix": -1}, "less than nothing"),
    ],
)
def test_what_cannot_be_generalised_is_refused(type_, options, why):
    with pytest.raises(ConfigError, match="column c"):
        protector(column(type_, "generalise", **options), table="t", keyring=RING)


def test_what_leaves_is_text():
    col = column("int", "generalise", bands=AGES)
    assert (output_type(col), output_ddl(col)) == (pa.string(), "string")
