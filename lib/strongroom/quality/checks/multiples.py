"""Is it a multiple? `multipleOf`, exactly.

Whole numbers and decimals by integer arithmetic. A float passes where it is the double (or float) nearest to a
multiple: 0.3 is one of 0.1, although 0.3 / 0.1 is not 3 in binary. NaN and the infinities are multiples of nothing.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.bounds import exact, scale_of
from strongroom.quality.checks.check import Check

_EXACT = 2.0**51  # below it, doubles hold every whole number, and a quotient is off by less than a half


def multiple_of(argument: object, column: Column) -> Check:
    """Fails where the value divided by the argument is no whole number."""
    step = exact(argument)
    if step <= 0:
        raise ValueError("needs a number above 0")
    if column.type.name in ("float", "double"):
        return _floats(step, np.dtype(np.float32 if column.type.name == "float" else np.float64))
    # A stored integer u stands for u / 10^scale, and with step · 10^scale = p / q in lowest terms: p must divide u.
    divisor = (step * 10 ** scale_of(column)).numerator
    return _integers(divisor, column)


def _integers(divisor: int, column: Column) -> Check:
    def fails(flat: Flat) -> Mask | None:
        if column.type.name != "decimal":
            units = buffers.numbers(flat.values).astype(np.int64, copy=False)
        else:
            high, low = buffers.words(flat.values)
            units = low.view(np.int64)
            if column.type.precision > 18:
                units = high.astype(object) * 2**64 + low.astype(object)
        if divisor >= 2**63:
            units = units.astype(object)
        return buffers.some(flat.given(np.asarray(units % divisor != 0, np.bool_)))

    return (lambda _: None) if divisor == 1 else fails


def _floats(step: Fraction, kind: np.dtype[np.floating]) -> Check:
    """`n · p / q` is rounded once while `n · p` and `q` are whole doubles, so the comparison is exact there.

    Larger values are settled one by one in fractions; they are rare, and each costs some microseconds.
    """
    p, q = step.numerator, step.denominator

    def fails(flat: Flat) -> Mask | None:
        values = buffers.numbers(flat.values)
        if max(p, q) < _EXACT:
            with np.errstate(all="ignore"):
                multiples = np.rint(values.astype(np.float64) * (q / p)) * p
                failed = (multiples / q).astype(kind) != values
                large = ~(np.abs(multiples) < _EXACT)
        else:
            failed, large = np.zeros(len(values), np.bool_), np.ones(len(values), np.bool_)
        finite = np.isfinite(values)
        for place in np.nonzero(flat.given(large & finite))[0]:
            failed[place] = not _near(float(values[place]), step, kind)
        return buffers.some(flat.given(failed | ~finite))

    return fails


def _near(value: float, step: Fraction, kind: np.dtype[np.floating]) -> bool:
    """Whether a multiple of the step is rounded to this value."""
    multiple = round(Fraction(value) / step) * step
    try:
        return bool(kind.type(float(multiple)) == value)
    except OverflowError:  # the nearest multiple is beyond all doubles
        return False
