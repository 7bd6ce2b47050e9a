from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.core.contract import Column, Contract, Read, Type
from strongroom.quality.reading.columns import arrow_type, read_batch, read_text

BAD = object()


def column(kind: str | Type, **read: object) -> Column:
    return Column("c", "c", kind if isinstance(kind, Type) else Type(kind), read=Read(**read))


def read(texts: list[str | None], declared: Column) -> list[object]:
    """What comes out, with BAD where it was marked; the value beside a mark must be null."""
    values, bad = read_text(pa.array(texts, pa.string()), declared)
    assert values.type == arrow_type(declared.type)
    assert bad.dtype == np.bool_
    found = values.to_pylist()
    assert all(value is None for value, marked in zip(found, bad, strict=True) if marked)
    return [BAD if marked else value for value, marked in zip(found, bad, strict=True)]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


DECIMAL = Type("decimal", precision=5, scale=2)
CASES = [
    ("int", "007", 7, "leading zeros are digits"),
    ("int", "+7", 7, "a sign"),
    ("int", "-0", 0, "a sign before nothing much"),
    ("int", "2147483647", 2**31 - 1, "the largest"),
    ("int", "2147483648", BAD, "one more"),
    ("int", "-2147483648", -(2**31), "the smallest"),
    ("int", "-2147483649", BAD, "one less"),
    ("bigint", "9223372036854775807", 2**63 - 1, "the largest of 64 bits"),
    ("bigint", "9223372036854775808", BAD, "one more"),
    ("bigint", "-9223372036854775808", -(2**63), "the smallest of 64 bits"),
    ("bigint", "0" * 40 + "1", 1, "leading zeros do not count against the range"),
    ("bigint", "9" * 40, BAD, "beyond 64 bits by far"),
    ("tinyint", "127", 127, "the largest of 8 bits"),
    ("tinyint", "128", BAD, "one more"),
    ("tinyint", "-128", -128, "the smallest"),
    ("smallint", "-32769", BAD, "one less than 16 bits hold"),
    ("int", "", BAD, "the empty text is a value, and no number"),
    ("int", " 1", BAD, "blanks are kept unless the contract trims"),
    ("int", "1.0", BAD, "a point"),
    ("int", "1e3", BAD, "an exponent"),
    ("int", "0x1F", BAD, "hexadecimal, which Arrow alone would take"),
    ("int", "1_000", BAD, "Python's underscores"),
    ("int", "1,000", BAD, "thousands"),
    ("int", "١", BAD, "digits of other scripts"),
    ("int", "--1", BAD, "two signs"),
    ("int", "1\n", BAD, "a line end is no part of a number"),
    ("int", "1\x00", BAD, "neither is a NUL"),
    ("double", "1.5e3", 1500.0, "an exponent"),
    ("double", "+.5", 0.5, "no digit before the point"),
    ("double", "5.", 5.0, "none behind it"),
    ("double", "-1E-2", -0.01, "a small one"),
    ("double", "1e400", BAD, "beyond a double"),
    ("double", "1e-400", 0.0, "too small to tell from 0"),
    ("float", "1e39", BAD, "beyond a float"),
    ("float", "0.5", 0.5, "a float"),
    ("double", "NaN", BAD, "not a number by its own words"),
    ("double", "Infinity", BAD, "neither is this"),
    ("double", "1e", BAD, "half an exponent"),
    ("double", ".", BAD, "no digit at all"),
    ("double", "1,5", BAD, "a decimal comma"),
    (DECIMAL, "123.45", Decimal("123.45"), "fits exactly"),
    (DECIMAL, "123.450", Decimal("123.45"), "zeros beyond the scale lose nothing"),
    (DECIMAL, "123.451", BAD, "a digit beyond the scale would be lost"),
    (DECIMAL, "1234", BAD, "too many digits before the point"),
    (DECIMAL, "000123", Decimal(123), "leading zeros are not digits of the value"),
    (DECIMAL, ".5", Decimal("0.50"), "no digit before the point"),
    (DECIMAL, "5.", Decimal(5), "none behind it"),
    (DECIMAL, "-.05", Decimal("-0.05"), "negative"),
    (DECIMAL, "1.5e2", Decimal(150), "an exponent that is exact"),
    (DECIMAL, "1e-2", Decimal("0.01"), "as programs write small numbers"),
    (DECIMAL, "1e-3", BAD, "an exponent that is not"),
    (DECIMAL, "1e999999", BAD, "a huge one costs nothing"),
    (DECIMAL, ".", BAD, "no digit"),
    (DECIMAL, "NaN", BAD, "no number"),
    (Type("decimal", precision=2, scale=2), "0.25", Decimal("0.25"), "a type without digits before the point"),
    (Type("decimal", precision=2, scale=2), "1.25", BAD, "holds none"),
    (Type("decimal", precision=38, scale=0), "9" * 38, Decimal("9" * 38), "the widest"),
    (Type("decimal", precision=38, scale=0), "9" * 39, BAD, "one digit more"),
    (Type("decimal", precision=38, scale=30), "12345678901", BAD, "with the zeros of the scale beyond 128 bits"),
    (Type("decimal", precision=38, scale=38), "3.5", BAD, "the same with few digits"),
    (Type("decimal", precision=38, scale=30), "12345678", Decimal(12345678), "the widest with such a scale"),
    (DECIMAL, "1e0000000002", Decimal(100), "zeros before an exponent are not its size"),
    ("boolean", "true", True, "as JSON writes it"),
    ("boolean", "FALSE", False, "as spreadsheets write it"),
    ("boolean", "True", True, "as Python writes it"),
    ("boolean", "1", BAD, "a number is none"),
    ("boolean", "yes", BAD, "neither is a word"),
    ("boolean", "", BAD, "nor nothing"),
    ("date", "2024-02-29", date(2024, 2, 29), "a leap day"),
    ("date", "2023-02-29", BAD, "no leap year"),
    ("date", "1900-02-29", BAD, "a century is none"),
    ("date", "2000-02-29", date(2000, 2, 29), "every fourth is"),
    ("date", "0001-01-01", date(1, 1, 1), "the first day"),
    ("date", "0000-12-31", BAD, "the year 0"),
    ("date", "9999-12-31", date(9999, 12, 31), "the last day"),
    ("date", "10000-01-01", BAD, "the year 10000"),
    ("date", "2024-13-01", BAD, "a thirteenth month"),
    ("date", "2024-04-31", BAD, "a thirty-first of April"),
    ("date", "2024-00-10", BAD, "month 0"),
    ("date", "2024-01-00", BAD, "day 0"),
    ("date", "2024-1-1", BAD, "one digit"),
    ("date", "20240101", BAD, "the short form of ISO 8601"),
    ("date", "2024-01-01T00:00:00", BAD, "a timestamp is no date"),
    ("date", "2024/01/01", BAD, "slashes"),
    ("date", "２024-01-01", BAD, "digits of other scripts"),
    ("timestamp", "2024-01-01T12:34:56", utc(2024, 1, 1, 12, 34, 56), "without a zone it is UTC"),
    ("timestamp", "2024-01-01 12:34:56", utc(2024, 1, 1, 12, 34, 56), "a blank for the T"),
    ("timestamp", "2024-01-01T12:34", utc(2024, 1, 1, 12, 34), "seconds may be missing"),
    ("timestamp", "2024-01-01T12:34:56Z", utc(2024, 1, 1, 12, 34, 56), "Zulu"),
    ("timestamp", "2024-01-01T12:34:56.7Z", utc(2024, 1, 1, 12, 34, 56, 700_000), "a fraction"),
    ("timestamp", "2024-01-01T00:00:00.123456+05:30", utc(2023, 12, 31, 18, 30, 0, 123_456), "an offset"),
    ("timestamp", "2024-01-01T00:00:00-0800", utc(2024, 1, 1, 8), "an offset without colon"),
    ("timestamp", "2024-01-01T00:00:00+01", utc(2023, 12, 31, 23), "an offset of hours"),
    ("timestamp", "2024-01-01T00:00:00.123456000", utc(2024, 1, 1, 0, 0, 0, 123_456), "nanoseconds that are 0"),
    ("timestamp", "2024-01-01T00:00:00.1234567", BAD, "and that are not: they would be lost"),
    ("timestamp", "2024-01-01T24:00:00", BAD, "no such hour"),
    ("timestamp", "2024-01-01T23:59:60", BAD, "leap seconds are not kept"),
    ("timestamp", "2024-01-01T23:60:00", BAD, "no such minute"),
    ("timestamp", "2024-01-01", BAD, "a date is no timestamp"),
    ("timestamp", "2024-01-01t00:00:00z", BAD, "small letters"),
    ("timestamp", "2024-01-01T00:00:00+24:00", BAD, "no such offset"),
    ("timestamp", "2024-01-01T00:00:00 +01:00", BAD, "a blank before the offset"),
    ("timestamp", "0001-01-01T00:00:00+01:00", BAD, "in UTC that is the year 0"),
    ("timestamp", "9999-12-31T23:59:59-01:00", BAD, "in UTC that is the year 10000"),
    ("timestamp", "0001-01-01T00:00:00-01:00", utc(1, 1, 1, 1), "in UTC that is later"),
    ("timestamp_ntz", "2024-01-01T12:34:56.5", datetime(2024, 1, 1, 12, 34, 56, 500_000), "without a zone"),
    ("timestamp_ntz", "2024-01-01T12:34:56Z", BAD, "a zone would be dropped"),
    ("binary", "AAEC", b"\0\1\2", "Base64"),
    ("binary", "AAE=", b"\0\1", "with padding"),
    ("binary", "AAE", BAD, "without"),
    ("binary", "AA EC", BAD, "with something else"),
    ("string", "", "", "the empty text is a value"),
    ("string", " a ", " a ", "blanks are kept"),
    ("string", "a\x00b", "a\x00b", "NUL is a character"),
]


AROUND = [[], ["1"], [None], ["2024-01-01T00:00:00", None]]
"""What stands before and behind decides which way a text is read, and must not decide what it is."""


@pytest.mark.parametrize(
    ("kind", "text", "value", "why"),
    CASES,
    ids=[f"{getattr(case[0], 'ddl', case[0])} {case[1][:24]!r}" for case in CASES],
)
def test_text_becomes_this_value_whatever_stands_beside_it(kind, text, value, why):
    for around in AROUND:
        assert read([*around, text, *around], column(kind))[len(around)] == value, why
    assert read([text] * 3, column(kind)) == [value] * 3, why


@pytest.mark.parametrize("kind", ["string", "int", "double", DECIMAL, "boolean", "date", "timestamp", "binary"])
def test_null_stays_null_and_is_no_fault(kind):
    assert read([None, None], column(kind)) == [None, None]
    assert read([], column(kind)) == []


READS = [
    ({"trim": True}, "int", [" 7\t", "\u00a07", "7 7"], [7, 7, BAD], "blanks of all kinds around, not inside"),
    ({"missing": ("?", "")}, "int", ["?", "", " ?", "1"], [None, None, BAD, 1], "exactly these texts are missing"),
    ({"trim": True, "missing": ("?", "")}, "string", [" ? ", "  ", "a"], [None, None, "a"], "after trimming"),
    ({"remove_suffix": "."}, "string", ["<=50K.", "<=50K", "a.."], ["<=50K", "<=50K", "a."], "one suffix, once"),
    ({"remove_suffix": "%"}, "double", ["12.5%", "12.5"], [12.5, 12.5], "a unit"),
    ({"remove_suffix": "%", "trim": True}, "int", [" 5% ", "5 %"], [5, BAD], "trimmed first, and only once"),
    ({"remove_suffix": ".", "missing": ("?",)}, "string", ["?."], [None], "missing last"),
    (
        {"decimal": ","},
        "double",
        ["1,5", "-,5", "1,", "7", "1,5e3", "1.5", "1,5,5", "1.500,5", ","],
        [1.5, -0.5, 1.0, 7.0, 1500.0, BAD, BAD, BAD, BAD],
        "a comma, once, and no point",
    ),
    (
        {"decimal": ",", "thousands": "."},
        DECIMAL,
        ["1,5", "123,45", "+1,50", "1.234", "1.5", "0.123", "1234,5"],
        [Decimal("1.5"), Decimal("123.45"), Decimal("1.5"), BAD, BAD, BAD, BAD],
        "1.234 has more digits than fit; the others are no groups of three",
    ),
    (
        {"decimal": ",", "thousands": "."},
        "double",
        ["1.234.567,89", "-1.234", "12.34", "1234.567", "1..234", ".123", "1.234,5.6", "--1", "- 1", "1.234e3", "NaN"],
        [1234567.89, -1234.0, *[BAD] * 9],
        "groups of three, all or none; one sign, in front",
    ),
    (
        {"thousands": ","},
        "int",
        ["1,234", "12,345,678", "1234", "+1,000", "1,23", "1,2345", "0,123", ",123", "1,234.0", None],
        [1234, 12345678, 1234, 1000, *[BAD] * 5, None],
        "whole numbers have groups too",
    ),
    (
        {"thousands": "\u202f"},
        "bigint",
        [
            "1\u202f234",
            "1 234",
            "9\u202f223\u202f372\u202f036\u202f854\u202f775\u202f807",
            "9\u202f223\u202f372\u202f036\u202f854\u202f775\u202f808",
        ],
        [1234, BAD, 2**63 - 1, BAD],
        "the narrow blank of French, not another; the range holds",
    ),
    (
        {"thousands": "'", "remove_suffix": " CHF", "trim": True, "missing": ("-",)},
        "double",
        [" 1'234.50 CHF", "-", "1'234'5 CHF"],
        [1234.5, None, BAD],
        "after trimming, suffix and missing",
    ),
    ({"missing": ("0001-01-01",)}, "date", ["0001-01-01", "2024-01-01"], [None, date(2024, 1, 1)], "a sentinel"),
]


@pytest.mark.parametrize(("options", "kind", "texts", "values", "why"), READS, ids=[case[4] for case in READS])
def test_text_is_prepared_in_the_contracts_order(options, kind, texts, values, why):
    assert read(texts, column(kind, **options)) == values, why


FORMATS = [
    ("%d/%m/%Y", "31/01/2024", date(2024, 1, 31), "day first"),
    ("%d/%m/%Y", "1/2/2024", date(2024, 2, 1), "as strptime, one digit is enough"),
    ("%d/%m/%Y", "30/02/2024", BAD, "no such day"),
    ("%d/%m/%Y", "2024-01-31", BAD, "another form"),
    ("%Y%m%d", "20240131", date(2024, 1, 31), "without signs"),
    ("%m-%d-%y", "12-31-68", date(2068, 12, 31), "two digits up to 68 are this century"),
    ("%m-%d-%y", "12-31-69", date(1969, 12, 31), "from 69 the last"),
    ("%Y.%j", "2024.366", date(2024, 12, 31), "the day of a leap year"),
    ("%Y.%j", "2023.366", BAD, "of no leap year"),
    ("%Y.%m.%d.", "2024.01.31.", date(2024, 1, 31), "a point is a point"),
    ("%Y.%m.%d.", "2024x01x31x", BAD, "and nothing else"),
    ("100%% %Y-%m-%d", "100% 2024-01-31", date(2024, 1, 31), "a percent sign"),
]


@pytest.mark.parametrize(("form", "text", "value", "why"), FORMATS, ids=[f"{case[0]} {case[1]}" for case in FORMATS])
def test_a_date_is_read_by_the_contracts_format(form, text, value, why):
    assert read([text, None], column("date", format=form)) == [value, None], why


MOMENTS = [
    ("%d/%m/%Y %H:%M", "31/01/2024 23:59", utc(2024, 1, 31, 23, 59), "hours and minutes"),
    ("%m/%d/%Y %I:%M %p", "01/31/2024 12:05 AM", utc(2024, 1, 31, 0, 5), "just after midnight"),
    ("%m/%d/%Y %I:%M %p", "01/31/2024 12:05 pm", utc(2024, 1, 31, 12, 5), "just after noon"),
    ("%m/%d/%Y %I:%M %p", "01/31/2024 13:05 PM", BAD, "a clock of twelve hours"),
    ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-01-31T00:00:00.5+01:00", utc(2024, 1, 30, 23, 0, 0, 500_000), "with a zone"),
    ("%Y-%m-%d", "2024-01-31", utc(2024, 1, 31), "a date alone is its midnight, when the format says so"),
]


@pytest.mark.parametrize(("form", "text", "value", "why"), MOMENTS, ids=[f"{case[0]} {case[1]}" for case in MOMENTS])
def test_a_timestamp_is_read_by_the_contracts_format(form, text, value, why):
    assert read([text, None], column("timestamp", format=form)) == [value, None], why


NUMBERISH = st.one_of(
    st.text(alphabet="0123456789+-.eE x", max_size=24),
    st.integers(-(2**70), 2**70).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.floats().map(repr),
    st.none(),
)


def as_integer(text: str, bits: int) -> object:
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        return BAD
    return int(text) if -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1) else BAD


@given(st.lists(NUMBERISH, max_size=5))
@settings(max_examples=150, deadline=None)
def test_integers_are_read_as_python_reads_them(texts):
    for kind, bits in (("tinyint", 8), ("smallint", 16), ("int", 32), ("bigint", 64)):
        assert read(texts, column(kind)) == [None if text is None else as_integer(text, bits) for text in texts]


def as_double(text: str) -> object:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text, re.ASCII):
        return BAD
    return BAD if abs(float(text)) == float("inf") else float(text)


@given(st.lists(NUMBERISH, max_size=5))
@settings(max_examples=150, deadline=None)
def test_doubles_are_read_as_python_reads_them(texts):
    assert read(texts, column("double")) == [None if text is None else as_double(text) for text in texts]


def as_decimal(text: str, kind: Type) -> object:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?", text, re.ASCII):
        return BAD
    with localcontext(prec=500, Emax=10**9, Emin=-(10**9)):
        value = Decimal(text)
        if value and not -60 < value.adjusted() < 60:
            return BAD
        return value if value * 10**kind.scale % 1 == 0 and abs(value * 10**kind.scale) < 10**kind.precision else BAD


@given(st.lists(NUMBERISH, max_size=5), st.integers(1, 38).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, p))))
@settings(max_examples=150, deadline=None)
@example(["1e-3", "1E+2", "0e9"], (5, 2))
def test_decimals_are_exact_or_refused(texts, sizes):
    kind = Type("decimal", precision=sizes[0], scale=sizes[1])
    assert read(texts, column(kind)) == [None if text is None else as_decimal(text, kind) for text in texts]


DAYISH = st.one_of(
    st.dates().map(str),
    st.tuples(st.integers(0, 10_001), st.integers(0, 14), st.integers(0, 33)).map(
        lambda d: "{:04}-{:02}-{:02}".format(*d)
    ),
    st.text(alphabet="0123456789-", max_size=11),
    st.none(),
)


def as_date(text: str) -> object:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else BAD
    except ValueError:
        return BAD


@given(st.lists(DAYISH, max_size=5))
@settings(max_examples=150, deadline=None)
def test_dates_are_read_as_python_reads_them(texts):
    assert read(texts, column("date")) == [None if text is None else as_date(text) for text in texts]


@given(st.lists(st.one_of(st.none(), st.datetimes()), max_size=4), st.sampled_from(["T", " "]))
@settings(max_examples=100, deadline=None)
def test_timestamps_round_trip(moments, separator):
    texts = [moment and moment.isoformat(separator) for moment in moments]
    assert read(texts, column("timestamp_ntz")) == moments
    assert read(texts, column("timestamp")) == [moment and moment.replace(tzinfo=UTC) for moment in moments]
    zulu = [text and f"{text}Z" for text in texts]
    assert read(zulu, column("timestamp")) == [moment and moment.replace(tzinfo=UTC) for moment in moments]


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-23 * 60, 23 * 60))
@settings(deadline=None)
def test_offsets_are_taken_away(moment, minutes):
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{moment.isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    assert read([text, text], column("timestamp")) == [moment.replace(tzinfo=UTC) - timedelta(minutes=minutes)] * 2


@given(
    st.datetimes(datetime(1000, 1, 1)), st.sampled_from(["%d.%m.%Y %H:%M:%S.%f", "%Y%m%d%H%M%S", "%j/%Y %I:%M:%S %p"])
)
@settings(deadline=None)
def test_formats_are_read_as_strptime_reads_them(moment, form):
    text = moment.strftime(form)
    assert read([text, None], column("timestamp_ntz", format=form)) == [datetime.strptime(text, form), None]


@pytest.mark.whole
@given(st.lists(st.one_of(st.none(), st.binary(max_size=9)), max_size=4))
@settings(deadline=None)
def test_bytes_round_trip(values):
    assert read([value and base64.b64encode(value).decode() for value in values], column("binary")) == [
        value or (None if value is None else BAD if value is None else value) for value in values
    ]


NESTED = Column(
    "o",
    "o",
    Type(
        "array",
        item=Column(
            "item",
            "o[]",
            Type(
                "struct",
                fields=(
                    Column("n", "o[].n", Type("int")),
                    Column("l", "o[].l", Type("array", item=Column("item", "o[].l[]", Type("double")))),
                ),
            ),
        ),
    ),
)
TEXTUAL = pa.list_(pa.struct([("l", pa.list_(pa.string())), ("n", pa.string())]))


def test_nested_text_is_read_leaf_by_leaf_and_marks_its_row():
    rows = [
        None,
        [],
        [None],
        [{"n": "1", "l": ["1.5", None]}, {"n": None, "l": None}],
        [{"n": "1", "l": []}, {"n": "x", "l": ["2"]}],
        [{"n": "3", "l": ["y"]}],
    ]
    read_rows = [
        None,
        [],
        [None],
        [{"n": 1, "l": [1.5, None]}, {"n": None, "l": None}],
        [{"n": 1, "l": []}, {"n": None, "l": [2.0]}],
        [{"n": 3, "l": [None]}],
    ]
    array = pa.array([[{"n": "9", "l": ["9"]}], *rows], TEXTUAL).slice(1)  # a slice, so that offsets do not start at 0
    values, bad = read_text(array, NESTED)
    assert values.to_pylist() == read_rows
    assert bad.tolist() == [False, False, False, False, True, True]
    values.validate(full=True)
    contract = Contract("x", "x", "1", "c.yaml", "", (), (NESTED,))
    typed = read_batch(pa.RecordBatch.from_arrays([array], ["o"]), contract)
    assert {path: mask.tolist() for path, mask in typed.unreadable.items()} == {
        "o[].n": [False, False, False, False, True, False],
        "o[].l[]": [False, False, False, False, False, True],
    }


def test_invalid_utf8_is_marked_and_stops_nothing():
    raw = pa.array([b"a", b"\xff\xfe", None, "é".encode(), b"\xed\xa0\x80"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    for kind, good in (("string", ["a", None, None, "é", None]), ("int", [None] * 5)):
        values, bad = read_text(broken, column(kind))
        assert values.to_pylist() == good
        assert bad.tolist() == [kind == "int", True, False, kind == "int", True]


def test_typed_columns_keep_what_they_can_and_mark_the_impossible():
    columns = tuple(
        Column(name, name, Type(kind)) for name, kind in (("d", "date"), ("t", "timestamp"), ("i", "bigint"))
    )
    contract = Contract("x", "x", "1", "c.yaml", "", (), columns)
    days = pa.array([0, -719163, 2932897, 2932896, None], pa.int32()).view(pa.date32())
    ticks = pa.array([0, -(2**62), 2**62, None, 1], pa.int64()).view(pa.timestamp("us", "Europe/Berlin"))
    batch = pa.RecordBatch.from_arrays([ticks, days, pa.array([1, 2, 3, 4, 5], pa.int32())], ["t", "d", "i"])
    typed = read_batch(batch, contract)
    assert typed.batch.schema.names == ["d", "t", "i"]
    assert typed.batch.schema.types == [pa.date32(), pa.timestamp("us", "UTC"), pa.int64()]
    assert typed.batch["d"].to_pylist() == [date(1970, 1, 1), None, None, date(9999, 12, 31), None]
    assert {path: mask.tolist() for path, mask in typed.unreadable.items()} == {
        "d": [False, True, True, False, False],
        "t": [False, True, True, False, False],
    }


OTHER_TYPES = [
    ("int", pa.array([1, 2**40, None]), [1, BAD, None], "beyond the declared range"),
    ("int", pa.array([1.0, 1.5]), [1, BAD], "a fraction would be lost"),
    ("bigint", pa.array([1, 2], pa.int32()), [1, 2], "a wider type holds everything"),
    ("string", pa.array([1, None]), ["1", None], "everything has a text"),
    ("date", pa.array(["2024-01-01", "x"]), [date(2024, 1, 1), BAD], "text after all"),
    ("timestamp", pa.array([1_000, 1_001], pa.timestamp("ns")), [utc(1970, 1, 1, 0, 0, 0, 1), BAD], "nanoseconds"),
    (DECIMAL, pa.array([Decimal("1.500"), Decimal("1.501")]), [Decimal("1.50"), BAD], "digits beyond the scale"),
]


@pytest.mark.parametrize(("kind", "array", "expected", "why"), OTHER_TYPES, ids=[case[3] for case in OTHER_TYPES])
def test_a_column_of_another_type_is_taken_where_nothing_is_lost(kind, array, expected, why):
    contract = Contract("x", "x", "1", "c.yaml", "", (), (column(kind),))
    typed = read_batch(pa.RecordBatch.from_arrays([array], ["c"]), contract)
    bad = typed.unreadable.get("c", [False] * len(array))
    found = typed.batch["c"].to_pylist()
    assert [BAD if marked else value for value, marked in zip(found, bad, strict=True)] == expected, why
    assert typed.batch.schema.types == [arrow_type(column(kind).type)]


def test_text_is_prepared_in_typed_sources_too():
    declared = column("string", trim=True, missing=("?", ""))
    contract = Contract("x", "x", "1", "c.yaml", "", (), (declared,))
    raw = pa.array([b" a ", b"?", b"  ", b"\xff", None], pa.binary())
    array = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    typed = read_batch(pa.RecordBatch.from_arrays([array], ["c"]), contract)
    assert typed.batch["c"].to_pylist() == ["a", None, None, None, None]
    assert typed.unreadable["c"].tolist() == [False, False, False, True, False]
