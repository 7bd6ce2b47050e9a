"""The operators of quality rules and the bounds they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from strongroom.core.contract.vocabulary import is_number
from strongroom.core.findings import Findings
from strongroom.core.yaml import Node

OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip


_HOLDS: Mapping[str, Callable[..., bool]] = {
    "mustBe": lambda measured, bound: measured == bound,
    "mustNotBe": lambda measured, bound: measured != bound,
    "mustBeGreaterThan": lambda measured, bound: measured > bound,
    "mustBeGreaterOrEqualTo": lambda measured, bound: measured >= bound,
    "mustBeLessThan": lambda measured, bound: measured < bound,
    "mustBeLessOrEqualTo": lambda measured, bound: measured <= bound,
    "mustBeBetween": lambda measured, low, high: low <= measured <= high,
    "mustNotBeBetween": lambda measured, low, high: not low <= measured <= high,
}


def holds(operator: str, bound: float | tuple[float, float], measured: Fraction) -> bool:
    """Whether a number is what an operator with its bound wants; exactly, so that 33.3 % is no question of rounding."""
    bounds = bound if isinstance(bound, tuple) else (bound,)
    return _HOLDS[operator](measured, *(Fraction(str(each)) for each in bounds))


def read_bound(
    node: Node, findings: Findings, *, most: float, counts: bool
) -> tuple[str, float | tuple[float, float]] | None:
    """The one operator and its bound; `counts` says that the measure lies between 0 and `most`."""
    named = [word for word in OPERATORS if word in node]
    if len(named) != 1:
        what = f"{' and '.join(repr(word) for word in named)} together." if named else "The rule has no operator."
        findings.missing(node, what, f"Exactly one of: {', '.join(OPERATORS)}.")
        return None
    operator, child = named[0], node[named[0]]
    if operator in ("mustBeBetween", "mustNotBeBetween"):
        pair = child.value
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(is_number, pair)) and pair[0] < pair[1]):
            findings.wrong_type(child, f"{operator!r} is a list of two numbers, the smaller one first.")
            return None
        low, high = pair
        never = counts and (high < 0 or low > most if operator == "mustBeBetween" else low <= 0 and high >= most)
    elif not is_number(child.value):
        findings.wrong_type(child, f"{operator!r} is a number.")
        return None
    else:
        value = child.value
        never = counts and {
            "mustBe": value < 0 or value > most,
            "mustBeGreaterThan": value >= most,
            "mustBeGreaterOrEqualTo": value > most,
            "mustBeLessThan": value <= 0,
            "mustBeLessOrEqualTo": value < 0,
        }.get(operator, False)
    if never:
        findings.contradicts(child, f"{operator!r} can never be met.", "Correct the bound or the unit.")
    return operator, (tuple(child.value) if isinstance(child.value, list) else child.value)
