"""Masks show what Iceberg's read restrictions say they show, and a decision selects nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.policy import MASKS
from strongroom.core.policy.decision import Request
from strongroom.core.policy.file import parse_policy
from strongroom.govern.engine.engine import Engine
from strongroom.govern.sql.masks import masked
from strongroom.govern.sql.row_filters import predicate
from strongroom.govern.sql.select import reading

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = """
roles:
  north: {members: [user:wide, user:nora]}
  south: {members: [user:wide]}
grants:
  - {role: north, actions: [read], tables: [raw.sales], columns: {allow: [id, amount]}, rows: region = 'north'}
  - role: south
    actions: [read]
    tables: [raw.sales]
    columns: {allow: [id, name], mask: {name: show-last-4}}
    rows: region = 'south'
"""
TYPES = {"id": "bigint", "amount": "decimal(10,2)", "name": "string", "region": "string"}


def read_as(principal, columns):
    return reading(
        Engine(parse_policy(POLICY, "p.yaml")).decide(Request(principal, "read", "raw.sales", NOON, columns)), TYPES
    )


def test_one_grant_gives_plain_columns_and_one_predicate():
    found = read_as("user:nora", ("id", "amount"))
    assert found.where == "(`region` = 'north')"
    assert found.select == ("`id` AS `id`", "`amount` AS `amount`")


def test_a_column_of_one_grant_is_null_in_the_rows_of_the_other():
    found = read_as("user:wide", ("id", "amount", "name"))
    assert found.where == "(`region` = 'north') OR (`region` = 'south')"
    assert found.select[1] == "CASE WHEN (`region` = 'north') THEN `amount` END AS `amount`"
    assert found.select[2].startswith("CASE WHEN (`region` = 'south') THEN concat(")


def test_what_was_not_given_is_not_selected():
    assert read_as("user:nora", ("id", "name")).select == ("`id` AS `id`",)


def test_a_column_that_the_table_does_not_have_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="does not have"):
        reading(
            Engine(parse_policy(POLICY, "p.yaml")).decide(Request("user:nora", "read", "raw.sales", NOON, ("id",))), {}
        )


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask not in ("replace-with-null", "mask-to-fixed-value")])
def test_a_mask_that_does_not_fit_a_type_is_refused(mask):
    with pytest.raises(ConfigError) as caught:
        masked("c", "array<int>", mask, where="p.yaml:3")
    assert caught.value.problems[0].where == "p.yaml:3"


TEXT = "4111-1111-1111-4444"
MAIL = "prashant010696@gmail.com"
ODD = "Zoë 𝟙é\n(9)"
DAY, MOMENT = date(2024, 7, 15), datetime(2024, 7, 15, 13, 14, 15, 678, tzinfo=UTC)


def number(value, width):
    """As the specification says it: little-endian bytes in, and as many bytes of the digest out."""
    digest = sha256(value.to_bytes(width, "little", signed=True)).digest()
    return int.from_bytes(digest[:width], "little", signed=True)


NULL, ALNUM, FIXED, FIRST, LAST, YEAR, MONTH, SHA = MASKS
# type, mask, value, what is shown; the examples are the specification's own
SHOWN = [
    ("string", ALNUM, MAIL, "xxxxxxxxnnnnnn@xxxxx.xxx"),
    ("string", ALNUM, ODD, "xxxxxxx(n)"),
    ("string", FIRST, MAIL, "prasxxxxnnnnnn@xxxxx.xxx"),
    ("string", FIRST, "𝟙ab", "𝟙ab"),
    ("string", LAST, TEXT, "nnnn-nnnn-nnnn-4444"),
    ("string", LAST, "abc", "abc"),
    ("string", LAST, ODD, "xxxxxx\n(9)"),
    ("string", FIXED, TEXT, "XXXXXXXX"),
    ("string", SHA, "abc", sha256(b"abc").hexdigest()),
    ("string", SHA, ODD, sha256(ODD.encode()).hexdigest()),
    ("binary", SHA, b"abc", sha256(b"abc").digest()),
    ("binary", FIXED, b"abc", b""),
    ("int", SHA, 7, number(7, 4)),
    ("int", SHA, -1, number(-1, 4)),
    ("int", SHA, -(2**31), number(-(2**31), 4)),
    ("bigint", SHA, 8130475926413, number(8130475926413, 8)),
    ("bigint", SHA, -(2**63), number(-(2**63), 8)),
    ("bigint", SHA, 0, number(0, 8)),
    ("date", YEAR, DAY, date(2024, 1, 1)),
    ("date", MONTH, DAY, date(2024, 7, 1)),
    ("date", FIXED, DAY, date(1970, 1, 1)),
    ("timestamp", YEAR, MOMENT, datetime(2024, 1, 1)),
    ("timestamp", MONTH, MOMENT, datetime(2024, 7, 1)),
    ("timestamp_ntz", YEAR, MOMENT.replace(tzinfo=None), datetime(2024, 1, 1)),
    ("bigint", FIXED, 7, 0),
    ("decimal(10,2)", FIXED, Decimal("1.50"), Decimal("0.00")),
    ("boolean", FIXED, True, False),
    ("double", FIXED, 1.5, 0.0),
    *[(type_, NULL, value, None) for type_, value in (("string", "a"), ("bigint", 7), ("array<int>", [1]))],
]


@pytest.mark.spark
@pytest.mark.parametrize("portable", [True, False])
def test_every_mask_shows_what_the_specification_says_and_keeps_null_and_type(spark, portable):
    from pyspark.sql import functions as F

    schema = ", ".join(f"c{number} {type_}" for number, (type_, *_) in enumerate(SHOWN))
    data = spark.createDataFrame([tuple(row[2] for row in SHOWN), (None,) * len(SHOWN)], schema)
    names = [f"c{number}" for number in range(len(SHOWN))]
    shown = data.select(
        *(
            F.expr(masked(name, type_, mask, where="", portable=portable)).alias(name)
            for name, (type_, mask, *_) in zip(names, SHOWN, strict=True)
        )
    )
    assert [kind for _, kind in shown.dtypes] == [type_ for type_, *_ in SHOWN]
    first, second = ([bytes(v) if isinstance(v, bytearray) else v for v in row] for row in shown.collect())
    assert first == [row[3] for row in SHOWN]
    assert second == [row[3] if row[1] == FIXED else None for row in SHOWN], "a fixed value is that of null, too"


NESTED = "struct<a:int,b:array<string>,c:struct<d:decimal(10,2),`e f`:map<string,int>>,g:boolean>"


@pytest.mark.spark
def test_a_fixed_value_of_a_nested_column_is_empty_or_made_of_its_fields(spark):
    from pyspark.sql import functions as F

    rows = spark.createDataFrame([(1,)], "n int").select(
        F.expr("named_struct('a', 1, 'b', array('x'), 'c', named_struct('d', 1.50BD, 'e f', map('k', 1)), 'g', true)")
        .cast(NESTED).alias("s"), F.expr("array(1, 2)").alias("l"), F.expr("map('k', array(1))").alias("m"),
    )  # fmt: skip
    types = dict(rows.dtypes)
    shown = rows.select(
        *(F.expr(masked(name, types[name], FIXED, where="", portable=False)).alias(name) for name in types)
    )
    assert dict(shown.dtypes) == types
    found = shown.first()
    assert found["s"].asDict(recursive=True) == {"a": 0, "b": [], "c": {"d": Decimal("0.00"), "e f": {}}, "g": False}
    assert (found["l"], found["m"]) == ([], {})
    with pytest.raises(ConfigError):
        masked("s", types["s"], FIXED, where="p.yaml:3", portable=True)


@pytest.mark.spark
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_moments_are_truncated_and_compared_with_days_in_utc_whatever_the_session_s_zone(spark, zone):
    from pyspark.sql import functions as F

    moments = ["2024-01-01T00:30:00Z", "2023-12-31T23:30:00Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"]
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        rows = spark.range(1).select(F.explode(F.array(*(F.expr(f"TIMESTAMP'{text}'") for text in moments))).alias("c"))
        for mask, want in (
            (YEAR, ["2024-01-01", "2023-01-01", "1969-01-01", "0001-01-01"]),
            (MONTH, ["2024-01-01", "2023-12-01", "1969-12-01", "0001-01-01"]),
        ):
            sql = masked("c", "timestamp", mask, where="", portable=False)
            starts = [F.expr(f"unix_micros({sql}) = unix_micros(TIMESTAMP'{day}T00:00:00Z')") for day in want]
            found = rows.select(*starts).collect()
            assert [row[place] for place, row in enumerate(found)] == [True] * 4
        where = predicate("c >= DATE '2024-01-01' or c in (DATE '0001-01-01')", {"c": "timestamp"}, where="")
        assert [row[0] for row in rows.select(F.expr(where)).collect()] == [True, False, False, True]
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


@pytest.mark.spark
def test_spark_s_own_form_shows_what_any_engine_s_does_whatever_the_text(spark):
    from pyspark.sql import functions as F

    each = [chr(point) for point in range(0x250)]
    odd = ["٣", "९", "𝟙", "𝟘a", "ﬁ", "Ⅷ", "²", "e\u0301", "\U0001f600", "\u200b", "日本", "İ"]
    texts = [*each, *odd, "".join(each[:128]), "".join(odd), *(f"{one}abc12{one}-4444" for one in (*each, *odd)), ""]
    rows = spark.createDataFrame([(text,) for text in texts], "c string")
    for mask in (ALNUM, FIRST, LAST):
        both = [F.expr(masked("c", "string", mask, where="", portable=form)) for form in (True, False)]
        for text, (any_engine, here) in zip(texts, rows.select(*both).collect(), strict=True):
            assert here == any_engine, (mask, [hex(ord(letter)) for letter in text])
