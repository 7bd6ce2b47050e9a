"""From texts to types: what is taken for a number, a date or a moment, and what stays text."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.core.contract import Type
from strongroom.quality.profile.shape import outward, shape_of_text
from strongroom.quality.profile.tally import Tally
from strongroom.quality.profile.text_tally import tally_text


def shape(*values, **how):
    return shape_of_text(tally_text(pa.array(values, pa.string())), **how)


@pytest.mark.parametrize(
    ("values", "type_", "why"),
    [
        (("1", "-22", None), "bigint", "whole numbers"),
        (("9223372036854775807",), "bigint", "the largest"),
        (("9223372036854775808", "1"), "string", "one more"),
        (("007", "8"), "string", "a code"),
        (("0", "-0"), "bigint", "zero is no code"),
        (("0.5", "1"), "double", "a fraction"),
        (("00.5",), "string", "no number is written so"),
        (("+49",), "string", "nor so: a sign in front is a telephone's"),
        (("1e5", "-2.5E-3"), "double", "exponents"),
        (("1e999",), "string", "no double"),
        (("0x1F",), "string", "no digits"),
        (("1,5", "0,25"), "double", "a decimal comma"),
        (("1,234",), "string", "a thousand, or a little more than one?"),
        (("1,234,567", "8"), "bigint", "thousands, surely"),
        (("1,234", "1.5"), "double", "thousands, since the point is taken"),
        (("1.234",), "double", "a point is a point"),
        (("1.234.567",), "double", "thousands, and no type has whole numbers with points"),
        (("1 234,5", "2,25"), "double", "blanks"),
        (("1'234", "12"), "bigint", "apostrophes"),
        (("12345678901234567.25",), "decimal(21,2)", "no double holds these digits"),
        (("0.30000000000000004",), "double", "but one does these"),
        (("true", "FALSE"), "boolean", "words of the reader"),
        (("yes", "no"), "string", "words of somebody else"),
        (("2024-02-29",), "date", "a day"),
        (("2023-02-29",), "string", "no day"),
        (("31.12.2023", "1.2.2024"), "date", "days with points are European"),
        (("03/04/2024",), "string", "March or April?"),
        (("03/14/2024", "01/02/2024"), "date", "one day tells"),
        (("14/03/2024", "01/02/2024"), "date", "the other way"),
        (("14/03/2024", "03/14/2024"), "string", "both"),
        (("2024-01-05", "05.01.2024"), "string", "two forms"),
        (("01.02.24",), "string", "of which century?"),
        (("20240131",), "bigint", "eight digits are a number"),
        (("2024-01-05T10:00:00Z", "2024-01-05T10:00:00+01:00"), "timestamp", "a zone"),
        (("2024-01-05 10:00", "2024-01-05 10:00:00.123"), "timestamp_ntz", "none"),
        (("2024-01-05T10:00:00.123456789Z",), "string", "nanoseconds"),
        (("2024-01-05", "2024-01-05T10:00:00"), "string", "days and moments"),
        (("12:30:00",), "string", "a time of day"),
        ((None, None), "string", "nothing"),
        (("?", "1", "NA"), "bigint", "words for missing"),
        (("?", "NA"), "string", "nothing else"),
    ],
)
def test_a_column_is_what_all_its_values_are(values, type_, why):
    assert shape(*values).type.ddl == type_, why


@pytest.mark.parametrize(
    ("values", "read", "why"),
    [
        (("1", "?", "N/A"), {"missing": ["?", "N/A"]}, "among numbers"),
        (("a", "?", "NA"), {"missing": ["?"]}, "NA may be Namibia"),
        (("1", "NA"), {"missing": ["NA"]}, "but no number"),
        (("a", " ", ""), {"trim": True, "missing": [""]}, "blanks"),
        ((" a", "b "), {"trim": True}, "blanks around"),
        (("1.234,5", "1"), {"thousands": ".", "decimal": ","}, "signs"),
        (("1", "2"), {}, "nothing to say"),
    ],
)
def test_how_text_is_read(values, read, why):
    assert shape(*values).read == read, why


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        (17, 90, (10, 100)), (0, 1, (0, 1)), (-3, 12, (-5, 20)), (0.5, 0.7, (0, 1)), (-0.2, -0.1, (-1, 0)),
        (1000, 1000, (1000, 1000)), (999, 1001, (500, 2000)), (-1001, -999, (-2000, -500)), (0, 10**15, (None, None)),
    ],
)  # fmt: skip
def test_bounds_are_rounded_outward(low, high, bounds):
    assert outward(low, high, type_=Type("double")) == bounds


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.booleans())
def test_bounds_hold_what_was_seen(one, other, whole):
    low, high = sorted((one, other))
    least, most = outward(low, high, type_=Type("double"), whole=whole)
    assert least <= low
    assert high <= most


TEXTS = st.lists(
    st.one_of(
        st.none(), st.sampled_from(["", " ", "?", "NA", "1", "007", "1,5", "1.234", "2024-01-01", "a b", "x@y.org"])
    )
)


@pytest.mark.whole
@settings(deadline=None)
@given(TEXTS, TEXTS)
@example(["1,5"], ["1.234"])
@example(["1.5"], ["1,234"])
def test_parts_add_up_to_the_whole(one, other):
    """But for the order of what recognisers looked at, which is of each part by itself."""
    first = tally_text(pa.array(one, pa.string()))
    second = tally_text(pa.array(other, pa.string()), prior=first)
    both, whole = first.merge(second), tally_text(pa.array(one + other, pa.string()))
    for name in ("rows", "nulls", "blank", "padded", "missing", "given", "shortest", "longest", "few", "blanks"):
        assert getattr(both, name) == getattr(whole, name), name
    assert both.different == whole.different
    assert shape_of_text(both) == shape_of_text(whole)


def test_nothing_is_no_change():
    tally = tally_text(pa.array(["1", None, "2"]))
    assert shape_of_text(Tally().merge(tally)) == shape_of_text(tally) == shape_of_text(tally.merge(Tally()))


def test_of_a_part_no_set_and_no_key_is_told_and_bounds_are_wide():
    values = ["7", "20"] * 50
    assert (shape(*values).minimum, shape(*values).maximum) == (5, 20)
    assert (shape(*values, whole=False).minimum, shape(*values, whole=False).maximum) == (0, 200)
    assert shape(*["a", "b"] * 50).valid == ("a", "b")
    assert shape(*["a", "b"] * 50, whole=False).valid == ()
    assert shape("a", "b").all_different
    assert not shape("a", "b", whole=False).all_different


def test_where_nearly_all_are_of_a_type_the_others_are_asked_about():
    dirty = shape(*["1", "2"] * 50, "five")
    assert (dirty.type.name, any("all but 1 of 101" in note for note in dirty.notes)) == ("string", True)
    assert not any("all but" in note for note in shape(*["1", "two"] * 50).notes)
