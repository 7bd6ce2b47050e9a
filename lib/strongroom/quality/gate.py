"""The gate: set rules and the quarantine limit decide whether readers see a new version.

Set rules are about the rows kept, for those are what readers get; only the quarantine limit is about all rows read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from strongroom.core.contract import Contract, SetRule
from strongroom.core.contract.operators import holds
from strongroom.core.report import bound_in_words
from strongroom.quality.compiler import COUNTED
from strongroom.quality.counts.tally import Tally

QUARANTINE_LIMIT = "quarantine_limit"
"""The id under which the verdict on the share of bad rows is given."""


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """The verdict on one set rule.

    Args:
        rule: its id.
        measured: in the rule's unit; None when nobody measured it, and then it has not passed.
        passed: whether the bound holds.
        severity: `error` closes the gate, anything else is only reported.
        where: `file:line` of the rule.
        sentence: for a person; names and counts, no values.
    """

    rule: str
    measured: float | None
    passed: bool
    severity: str
    where: str
    sentence: str

    @property
    def closes(self) -> bool:
        """Whether readers keep the previous version because of it."""
        return not self.passed and self.severity == "error"


def judge_set(contract: Contract, tally: Tally, *, facts: Mapping[str, float]) -> tuple[SetVerdict, ...]:
    """The verdict on every set rule, in the contract's order, and on the quarantine limit where there is one.

    Args:
        contract: has the rules.
        tally: of the whole run.
        facts: by rule's id, what only the lake can tell: duplicate rows for `duplicateValues`, the age for `freshness`,
            the number a `sql` query returned. A rule whose fact is missing, or is no number, has not passed.
    """
    verdicts = [_verdict(rule, contract, _measure(rule, tally, facts)) for rule in contract.set_rules]
    if contract.quarantine_limit is not None:
        verdicts.append(_quarantine(contract, tally, contract.quarantine_limit))
    return tuple(verdicts)


def _measure(rule: SetRule, tally: Tally, facts: Mapping[str, float]) -> Fraction | None:
    """The exact number to hold against the bound, so that 33.3 % is no question of rounding."""
    if rule.metric == "rowCount":
        return Fraction(tally.kept)
    fact = facts.get(rule.id)
    # Of no rows kept, no count is needed to know that it is 0.
    counted = tally.counted.get(rule.id, None if tally.kept else 0) if rule.metric in COUNTED else fact
    if counted is None or not math.isfinite(counted):
        return None
    measured = Fraction(counted)
    if rule.unit == "percent" and rule.metric in _SHARES:
        return measured * 100 / tally.kept if tally.kept else Fraction(0)
    return measured


_SHARES = (*COUNTED, "duplicateValues")


def _verdict(rule: SetRule, contract: Contract, measured: Fraction | None) -> SetVerdict:
    passed = measured is not None and holds(rule.operator, rule.bound, measured)
    of = f" of {', '.join(rule.columns)}" if rule.columns else ""
    unit = " %" if rule.unit == "percent" and rule.metric in _SHARES else ""
    found = "was not measured" if measured is None else f"is {float(measured):,.10g}{unit}"
    sentence = f"{rule.metric}{of} {found}; it {bound_in_words(rule)}."
    where = f"{contract.file}:{rule.line}"
    return SetVerdict(rule.id, None if measured is None else float(measured), passed, rule.severity, where, sentence)


def _quarantine(contract: Contract, tally: Tally, limit: float) -> SetVerdict:
    share = Fraction(tally.bad, tally.rows) if tally.rows else Fraction(0)
    sentence = (
        f"{tally.bad:,} of {tally.rows:,} rows ({float(share):.2%}) break a row rule; "
        f"the contract lets at most {limit:.10g} of them through to quarantine."
    )
    return SetVerdict(QUARANTINE_LIMIT, float(share), share <= Fraction(str(limit)), "error", contract.file, sentence)


def emptied(contract: Contract, tally: Tally) -> SetVerdict | None:
    """The verdict on a run that would leave readers an empty table since no row passed; None where one did, where none
    was read, and where the contract says how many may fail: then that decides.
    """
    if tally.kept or not tally.rows or contract.quarantine_limit is not None:
        return None
    sentence = (
        f"none of {tally.rows:,} rows passed, and the table that readers have would be empty; "
        "a contract that wants that says so: {property: quarantineLimit, value: 1}."
    )
    return SetVerdict(QUARANTINE_LIMIT, 1.0, False, "error", contract.file, sentence)
