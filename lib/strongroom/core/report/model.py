"""What a report of one run is made from: plain numbers and names, and no value of a personal column by construction.

What may have been read from the data is in `report_columns`, and refuses to hold a personal or protected column's. Rule
ids, column names and bounds in words come from the contract.

Counts are rows unless said otherwise. None means "not measured", which is never drawn as zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from strongroom.core.contract import Contract, Reference, Rule, SetRule
from strongroom.core.contract.legal_basis import articles
from strongroom.core.report.columns import AbsentColumn, ColumnFacts, LabelBalance
from strongroom.core.report.front import Reader
from strongroom.core.report.redaction import MissFacts, RedactionFacts
from strongroom.core.run import Run

STATUSES = ("done", "unchanged", "dry run", "gate closed", "failed")
"""`unchanged`: nothing new to read; `gate closed`: readers keep the previous version; `failed`: ended early."""


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Which contract was applied; `fingerprint` is its SHA-256 in hex, `legal_basis` purpose → what it rests on."""

    id: str
    name: str
    version: str
    fingerprint: str
    file: str
    purposes: tuple[str, ...] = ()
    legal_basis: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, contract: Contract) -> ContractFacts:
        """The facts of a contract that was read."""
        return cls(
            contract.id, contract.name, contract.version, contract.fingerprint, contract.file, tuple(contract.purposes),
            {purpose: f"{basis}, {articles(basis)}" for purpose, basis in contract.legal_basis.items()},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source as it was read: how many files and bytes, and a table's version; None where there is no such thing."""

    name: str
    format: str
    path: str
    files: int | None = None
    bytes: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A row rule, how many of the rows read break it, and what it asks in words (`rule_in_words`; may be empty)."""

    id: str
    check: str
    columns: tuple[str, ...]
    failures: int
    severity: str = "error"
    dimension: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class SetRuleFacts:
    """A rule on the whole set: what was measured, and its bound in words (`must be greater than 0 rows`).

    `measured` is None when it could not be measured, and then `passed` is False.
    """

    id: str
    measured: float | None
    bound: str
    passed: bool
    unit: str = "rows"
    severity: str = "error"
    dimension: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """A reason for quarantine and how many quarantined rows carry it; a row may carry several."""

    rule: str
    rows: int


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run of the same contract; `started` is ISO 8601, `failures` counts rule failures."""

    run_id: str
    started: str
    read: int
    written: int
    quarantined: int
    failures: int


@dataclass(frozen=True, slots=True)
class Readable:
    """The version of a table that readers get once a run has ended.

    Args:
        version: of the last commit that changed its rows; later ones only say something of it.
        run: the id of the run that last published rows; empty where the table's log does not tell.
        published: when that was; None likewise.
    """

    version: int
    run: str = ""
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One run of one job on one table.

    Args:
        run: who, for what purpose, since when.
        contract: what was applied.
        policy: fingerprint of the policy.
        table: the table readers ask for, for example `training.reviews`.
        status: one of `STATUSES`.
        read: rows read; `written` rows readers got by this run (0 behind a closed gate); `quarantined` rows set aside.
            None in a run that ended before they were counted.
        seconds: wall time.
        left_out: reason → rows that were left out for whose or how old they are, besides those read.
        audience: roles or principals that the policy lets read the table for the contract's purposes.
        readers: the same role by role and purpose by purpose, with the end and the limits of each.
        quarantine_limit: largest share of quarantined rows (0 to 1) that passes the gate, or None.
        history: earlier runs, oldest first, without this one.
        tables: what was written where, name → path.
        versions: the versions that this run made of them, name → number.
        readable: what readers of the table get, whatever became of this run; None while there is nothing to read.
        references: paths of the tables that keys were looked up in.
        absent: columns that may be null and that no file has.
        redactions: what became of redacted texts; `misses` of what was planted beside them, `not_looked_for` sentences.
        problem: what ended a failed run, in one sentence; no data value.
        todo: the next thing for the reader to do.

    Raises:
        ValueError: an unknown status, or a label that is personal, protected or not among the columns.
    """

    run: Run
    contract: ContractFacts
    policy: str
    table: str
    status: str
    read: int | None
    written: int | None
    quarantined: int | None
    seconds: float
    sources: tuple[SourceFacts, ...] = ()
    columns: tuple[ColumnFacts, ...] = ()
    rules: tuple[RuleFacts, ...] = ()
    set_rules: tuple[SetRuleFacts, ...] = ()
    reasons: tuple[ReasonCount, ...] = ()
    label: LabelBalance | None = None
    history: tuple[PastRun, ...] = ()
    audience: tuple[str, ...] = ()
    readers: tuple[Reader, ...] = ()
    quarantine_limit: float | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    readable: Readable | None = None
    references: tuple[str, ...] = ()
    absent: tuple[AbsentColumn, ...] = ()
    redactions: tuple[RedactionFacts, ...] = ()
    misses: tuple[MissFacts, ...] = ()
    not_looked_for: tuple[str, ...] = ()
    problem: str = ""
    todo: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is none of {', '.join(STATUSES)}")
        if self.label is not None:
            column = next((column for column in self.columns if column.path == self.label.column), None)
            if column is None or not column.open:
                raise ValueError(
                    f"label {self.label.column!r} is not an open column: a report must not hold its values"
                )

    @property
    def dataset(self) -> str:
        """What the run was about, in lineage: a data set by its contract's name, and a derived table by its own."""
        return self.contract.name if self.table.partition(".")[0] == "training" else self.table

    @property
    def passed(self) -> int | None:
        """Rows that kept every rule of severity `error`: what readers got, or would have got but for the gate."""
        if self.status == "done" or self.read is None or self.quarantined is None:
            return self.written
        return max(0, self.read - self.quarantined)

    @property
    def failures(self) -> int:
        """Rule failures of this run, all rules together."""
        return sum(rule.failures for rule in self.rules)

    @property
    def over_limit(self) -> bool:
        """Whether more rows went to quarantine than the contract allows; exact, so that 29 of 100 rows keep 0.29."""
        if self.quarantine_limit is None or self.quarantined is None or self.read is None:
            return False
        return self.quarantined > Fraction(str(self.quarantine_limit)) * self.read


def share(part: int | None, whole: int | None) -> float | None:
    """Part of a whole as 0 to 1; None when one was not measured or there is no whole."""
    return None if part is None or whole is None or whole <= 0 else part / whole


_OPERATORS = {
    "mustBe": "must be {0}",
    "mustNotBe": "must not be {0}",
    "mustBeGreaterThan": "must be greater than {0}",
    "mustBeGreaterOrEqualTo": "must be at least {0}",
    "mustBeLessThan": "must be less than {0}",
    "mustBeLessOrEqualTo": "must be at most {0}",
    "mustBeBetween": "must be between {0} and {1}",
    "mustNotBeBetween": "must not be between {0} and {1}",
}


def bound_in_words(rule: SetRule) -> str:
    """A set rule's bound as a sentence without subject, for example `must be at most 5 %`."""
    bounds = rule.bound if isinstance(rule.bound, tuple) else (rule.bound,)
    numbers = [f"{bound:,.10g}" for bound in bounds]
    unit = "" if rule.metric in ("freshness", "sql") else {"percent": "\u202f%"}.get(rule.unit, f" {rule.unit}")
    return _OPERATORS[rule.operator].format(*numbers) + unit


_RULES = {
    "required": "must be there",
    "type": "must be of its type",
    "minLength": "at least {0} letters",
    "maxLength": "at most {0} letters",
    "minimum": "at least {0}",
    "maximum": "at most {0}",
    "exclusiveMinimum": "more than {0}",
    "exclusiveMaximum": "less than {0}",
    "multipleOf": "a multiple of {0}",
    "pattern": "of the form {0}",
    "format": "of the form {0}",
    "validValues": "one of {0}",
    "missingValues": "none of {0}",
    "minItems": "at least {0} items",
    "maxItems": "at most {0} items",
    "uniqueItems": "no item twice",
    "unique": "no value twice",
    "reference": "one that {0} has",
    "expression": "{0}",
}
_MOST_VALUES, _LONGEST = 6, 80


def rule_in_words(rule: Rule, *, values: bool) -> str:
    """What a row rule asks, without subject: `one of positive, negative, neutral`; empty for a check without words.

    Args:
        rule: the contract's.
        values: whether values that the contract lists may be named; else they are counted.
    """
    told = rule.argument
    if isinstance(told, Reference):
        text = ", ".join(f"{told.table}.{column}" for column in told.columns)
    elif isinstance(told, tuple):
        rest = f" and {len(told) - _MOST_VALUES:,} more" if len(told) > _MOST_VALUES else ""
        listed = ", ".join(map(_told, told[:_MOST_VALUES])) + rest
        text = listed if values else f"{len(told):,} values"
    else:
        text = _told(told)
    return _RULES.get(rule.check, "").format(text)


def _told(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
