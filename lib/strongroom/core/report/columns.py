"""The two nouns of a report that can hold something read from the data: a column, and the label.

A column's facts refuse, when made, the bounds, spread and values of one that is personal or protected, and a report
refuses such a label; so neither can leak one however it is filled or drawn. None means "not measured".
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.core.contract import Column
from strongroom.core.report.distribution import Spread, ValueShare


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column or nested field: how it is protected, and what was counted before and after.

    Args:
        path: as in the contract, for example `address.city` or `tags[]`.
        type: in the words of Spark SQL.
        classification: the contract's word; may be empty.
        personal: whether it holds personal data.
        method: the method's name, for example `hash`.
        protection: the method in words a privacy officer reads.
        key: id and version of the key, for example `person/3`; never key bytes.
        why: the contract's reason for keeping a personal column as it is.
        nulls_before: nulls among the rows read; `nulls_after` among the rows that passed.
        empty: empty strings among the rows read.
        distinct: different values among the rows kept, an estimate above a few hundred.
        distinct_low: the estimate's bounds, of 95 % confidence, like `distinct_high`; None where it is exact.
        distinct_table: different values of the table as a whole, with what an increment found there; an estimate.
        minimum: smallest value as text; like `maximum` and both lengths for open columns only.
        min_length: in characters.
        spread: how values, or the lengths of texts, spread.
        top: the most frequent values, most frequent first.

    Raises:
        ValueError: a bound, a length, a spread or a value is given for a column that is personal or protected.
    """

    path: str
    type: str
    classification: str = ""
    personal: bool = True
    method: str = "keep"
    protection: str = ""
    key: str = ""
    why: str = ""
    nulls_before: int | None = None
    nulls_after: int | None = None
    empty: int | None = None
    distinct: int | None = None
    distinct_low: int | None = None
    distinct_high: int | None = None
    distinct_table: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    spread: Spread | None = None
    top: tuple[ValueShare, ...] = ()

    def __post_init__(self) -> None:
        told = (self.minimum, self.maximum, self.min_length, self.max_length, self.spread, self.top or None)
        if not self.open and any(bound is not None for bound in told):
            raise ValueError(f"column {self.path!r} is personal or protected: a report must not hold its values")

    @property
    def open(self) -> bool:
        """Whether its values may be shown: neither personal nor protected."""
        return not self.personal and self.method == "keep"

    @classmethod
    def of(
        cls,
        column: Column,
        *,
        protection: str = "",
        key: str = "",
        nulls_before: int | None = None,
        nulls_after: int | None = None,
        empty: int | None = None,
        distinct: int | None = None,
    ) -> ColumnFacts:
        """The facts of a contract's leaf column without bounds; `dataclasses.replace` adds bounds to an open one."""
        return cls(
            path=column.path,
            type=column.type.ddl,
            classification=column.classification,
            personal=column.personal,
            method=column.method,
            protection=protection,
            key=key,
            why=column.protect.why if column.protect else "",
            nulls_before=nulls_before,
            nulls_after=nulls_after,
            empty=empty,
            distinct=distinct,
        )


@dataclass(frozen=True, slots=True)
class AbsentColumn:
    """A column that may be null and that no file of the run has.

    Args:
        column: its name.
        source: what the source would call it.
        near: the name most like it that files have; may be empty.
        lost: whether files of the last batch had it.
    """

    column: str
    source: str
    near: str = ""
    lost: bool = False


@dataclass(frozen=True, slots=True)
class LabelCount:
    """One value of the label; None is a missing label. `before` counts rows read, `after` rows that passed."""

    value: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class LabelBalance:
    """How the label is distributed; `others` sums the values that are not listed."""

    column: str
    values: tuple[LabelCount, ...]
    others: LabelCount | None = None
