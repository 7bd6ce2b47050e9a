"""multipleOf against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column, Type
from strongroom.quality.checks.multiples import multiple_of


def failing(values: pa.Array, kind: Type, step: float) -> list[bool]:
    failed = multiple_of(step, Column("c", "c", kind))(Flat(values, parents=None, absent=None, rows=len(values)))
    return (np.zeros(len(values), np.bool_) if failed is None else failed).tolist()


STEPS = st.one_of(
    st.integers(1, 10**6), st.sampled_from([0.01, 0.1, 0.05, 2.5, 0.125, 1e-9, 1e20, 1e-300, 1e300, 7e-5])
)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-100, 100)), max_size=6), STEPS)
@settings(max_examples=80, deadline=None)
def test_whole_numbers_are_exact(values, step):
    expected = [value is not None and Fraction(value) % Fraction(str(step)) != 0 for value in values]
    assert failing(pa.array(values, pa.int64()), Type("bigint"), step) == expected


@given(st.lists(st.one_of(st.none(), st.integers(-(10**38) + 1, 10**38 - 1)), max_size=6), st.integers(0, 38), STEPS)
@settings(max_examples=80, deadline=None)
def test_decimals_are_exact(units, scale, step):
    values = [None if unit is None else Decimal(unit).scaleb(-scale) for unit in units]
    for precision in {max(18, scale), 38}:
        values = [None if unit is None or abs(unit) >= 10**precision else Decimal(f"{unit}e-{scale}") for unit in units]
        array = pa.array(values, pa.decimal128(precision, scale))
        expected = [value is not None and Fraction(value) % Fraction(str(step)) != 0 for value in values]
        assert failing(array, Type("decimal", precision=precision, scale=scale), step) == expected


def as_double(number: Fraction) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def nearest_to_a_multiple(value: float, step: float) -> bool:
    exact = Fraction(str(step))
    count = round(Fraction(value) / exact)
    return any(as_double(candidate * exact) == value for candidate in (count - 1, count, count + 1))


@given(st.floats(allow_nan=False, allow_infinity=False), STEPS)
@settings(max_examples=150, deadline=None)
def test_a_double_passes_where_it_is_the_nearest_to_a_multiple(value, step):
    exact = Fraction(str(step))
    near = as_double(round(Fraction(value) / exact) * exact)
    for number in {value, near} - {None}:
        assert failing(pa.array([number]), Type("double"), step) == [not nearest_to_a_multiple(number, step)]


@given(st.integers(-(10**9), 10**9), st.sampled_from([0.1, 0.01, 0.05, 2.5, 3]))
@settings(deadline=None)
def test_every_multiple_passes_as_it_is_written(count, step):
    number = float(Fraction(str(step)) * count)
    assert failing(pa.array([number, np.nextafter(number, np.inf)]), Type("double"), step)[0] is False
