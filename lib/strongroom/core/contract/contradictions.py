"""Rules of a contract that no data can meet together: then the contract is wrong, and not the data.

Only rules of severity `error` count: what is a warning stops nobody. Bounds of one option list are compared where they
are read (`contract_rules.py`); here it is rules against rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, combinations
from math import ceil, floor
from typing import Any

from strongroom.core.contract.model import Column, Rule, SetRule
from strongroom.core.contract.operators import holds
from strongroom.core.errors import Problem

_LENGTHS: Mapping[str, tuple[int, int]] = {
    "date": (10, 10), "uuid": (36, 36), "ipv4": (7, 15), "ipv6": (2, 45), "hostname": (1, 253), "email": (3, 320),
}  # fmt: skip
"""Formats whose texts have no other length than between these two."""
MOST_ON_ONE = 50
"""Rules on one number: more say nothing, and each is compared with each."""
_ZERO = {"nullValues": "required", "missingValues": "missingValues", "duplicateValues": "unique"}
"""Metric → the row rule after which there is nothing left to count."""


def contradictions(
    rules: Sequence[Rule], set_rules: Sequence[SetRule], columns: Mapping[str, Column], *, file: str
) -> Iterator[Problem]:
    """Every pair of rules that cannot both hold, at the later one."""
    strict = [rule for rule in rules if rule.severity == "error"]
    gates = [rule for rule in set_rules if rule.severity == "error"]
    for gate in gates:
        row = next((rule for rule in strict if _counts_what(gate, rule)), None)
        if row is not None and not holds(gate.operator, gate.bound, Fraction(0)):
            what = f"{row.id!r} lets no such row through, so {gate.metric!r} is 0, which this rule does not allow."
            yield _problem(what, gate.line, row.line, file)
    for rules_on_one in _by_number(gates):
        if len(rules_on_one) > MOST_ON_ONE:
            last = rules_on_one[-1]
            what = f"There are {len(rules_on_one):,} rules on one {last.metric!r}, and {MOST_ON_ONE} are the most."
            yield Problem(what, f"{file}:{last.line}", "Keep the narrowest ones.", "contract.contradicts")
    few = (group for group in _by_number(gates) if len(group) <= MOST_ON_ONE)
    for one, other in chain.from_iterable(combinations(group, 2) for group in few):
        if not any(_hold(one, other, number) for number in _numbers(one, other)):
            first, later = sorted((one, other), key=lambda rule: rule.line)
            what = f"No {later.metric!r} meets this rule and that of line {first.line}."
            yield _problem(what, later.line, first.line, file)
    for path, column in columns.items():
        mine = {rule.check: rule for rule in strict if rule.columns == (path,)}
        yield from _of_column(column, mine, file)


def _problem(what: str, line: int, other: int, file: str) -> Problem:
    return Problem(
        what, f"{file}:{line}", f"Change one of the two; the other is on line {other}.", "contract.contradicts"
    )


def _counts_what(gate: SetRule, rule: Rule) -> bool:
    """Whether a set rule counts what a row rule sends away."""
    check = next(iter(gate.arguments), "") if gate.metric == "invalidValues" else _ZERO.get(gate.metric, "")
    return rule.check == check and rule.columns == gate.columns and rule.argument == gate.arguments.get(check)


def _by_number(gates: Iterable[SetRule]) -> Iterable[list[SetRule]]:
    """The rules that judge the same number, together."""
    found: dict[tuple[object, ...], list[SetRule]] = {}
    for gate in gates:
        found.setdefault((gate.metric, gate.columns, gate.unit, repr(gate.arguments)), []).append(gate)
    return found.values()


def _hold(one: SetRule, other: SetRule, number: Fraction) -> bool:
    return all(holds(rule.operator, rule.bound, number) for rule in (one, other))


def _numbers(one: SetRule, other: SetRule) -> Iterator[Fraction]:
    """Numbers of which one meets both rules if any does: the bounds, what lies between them, and beyond."""
    bounds = sorted(
        {Fraction(str(bound)) for rule in (one, other) for bound in _listed(rule.bound)} | {Fraction(0), Fraction(100)}
    )
    whole = one.metric != "sql" and one.unit == "rows"
    for low, high in zip(bounds, [*bounds[1:], bounds[-1] + 2], strict=True):
        for number in (low, (low + high) / 2, Fraction(floor(low) + 1), Fraction(ceil(high) - 1)):
            counts = one.metric != "sql" and (number < 0 or (one.unit == "percent" and number > 100))
            if not counts and not (whole and number.denominator != 1):
                yield number
    if one.metric == "sql":
        yield bounds[0] - 1


def _listed(bound: float | tuple[float, float]) -> tuple[float, ...]:
    return bound if isinstance(bound, tuple) else (bound,)


def _of_column(column: Column, rules: Mapping[str, Rule], file: str) -> Iterator[Problem]:
    """Row rules of one column that no value meets together."""
    shape, step, listed = rules.get("format"), rules.get("multipleOf"), rules.get("validValues")
    if shape is not None and column.type.name == "string":
        least, most = _LENGTHS.get(str(shape.argument), (0, 1 << 62))
        for check, low, high in (("minLength", 0, most), ("maxLength", least, 1 << 62)):
            rule = rules.get(check)
            if rule is not None and isinstance(rule.argument, int) and not low <= rule.argument <= high:
                what = f"No text of the format {shape.argument!r} is as long as {check!r} wants it."
                yield _problem(what, rule.line, shape.line, file)
    if step is not None and (pair := _no_multiple(step, rules)):
        yield _problem(f"No multiple of {step.argument:.10g} lies within the bounds.", step.line, pair.line, file)
    if listed is not None and isinstance(listed.argument, tuple) and listed.argument:
        for check, rule in rules.items():
            meets = _MEETS.get(check)
            if meets and not any(meets(value, rule.argument) for value in listed.argument):
                yield _problem(f"None of the valid values meets {check!r}.", listed.line, rule.line, file)


_MEETS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
}


def _no_multiple(step: Rule, rules: Mapping[str, Rule]) -> Rule | None:
    """The upper bound that the first multiple above the lower bound is beyond, if it is."""
    size = _exact(step.argument)
    low = next((rules[check] for check in ("minimum", "exclusiveMinimum") if check in rules), None)
    high = next((rules[check] for check in ("maximum", "exclusiveMaximum") if check in rules), None)
    if size is None or size <= 0 or low is None or high is None:
        return None
    lowest, highest = _exact(low.argument), _exact(high.argument)
    if lowest is None or highest is None:
        return None
    first = ceil(lowest / size) * size
    if low.check == "exclusiveMinimum" and first == lowest:
        first += size
    beyond = first >= highest if high.check == "exclusiveMaximum" else first > highest
    return high if beyond else None


def _exact(value: object) -> Fraction | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(str(value)) if number and value not in (float("inf"), float("-inf")) else None
