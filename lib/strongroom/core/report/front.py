"""What the front page of a lake is made from: names, counts and moments; nothing that was read from data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.core.incident import Incident


@dataclass(frozen=True, slots=True)
class Limits:
    """What a role reads of a table, by its own grants.

    Args:
        columns: how many columns it is given, masked ones too.
        withheld: the columns it is not given.
        masked: column → how it is shown instead, one of the policy's masks.
        rows: a row is given when any of these conditions holds; none is every row.
        level: how it is enforced, one of the policy's levels.
    """

    columns: int
    withheld: tuple[str, ...] = ()
    masked: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """A role that a table is given to, at least in part, for one purpose.

    Args:
        role: its name.
        purpose: what for; empty where a grant holds for every purpose.
        until: the first moment none of its grants for that purpose holds any more; None where one has no end.
        limits: how much of the table that is; None where nobody has asked.
    """

    role: str
    purpose: str = ""
    until: datetime | None = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class PastState:
    """How a run about a table ended: one of `STATUSES`; `report` is its path from the front page, where it has one."""

    run_id: str
    started: datetime
    status: str
    report: str = ""


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as its runs left it.

    Args:
        name: for example `training.reviews`.
        runs: the last ones, newest first.
        version: what readers got by the last run that published; None where none did.
        published: that run.
        written: rows of that run, None where it does not tell.
        quarantined: rows that the newest run set aside, None where it set none aside or did not tell.
        readers: who may read some of it now.
    """

    name: str
    runs: tuple[PastState, ...]
    version: int | None = None
    published: PastState | None = None
    written: int | None = None
    quarantined: int | None = None
    readers: tuple[Reader, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontPage:
    """Every table that a run of ours was about, the incidents that are open, and when that was looked at."""

    tables: tuple[TableState, ...]
    written: datetime
    incidents: tuple[Incident, ...] = ()
