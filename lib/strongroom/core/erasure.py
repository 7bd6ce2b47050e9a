"""The words of erasure: a request, its way from somebody's letter to a proof, and what was done for it where.

What a request knows of a person (the values, why, how identity was proven) is not among them: that is sealed under a
key of this request alone. Here are names, counts and days. Why: docs/decisions/erasure.md.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime

REQUESTED, APPROVED, RUNNING, ERASED, PROVEN = STATES = ("requested", "approved", "running", "erased", "proven")
"""In this order. A request that is withdrawn has no state: it is gone."""
TURN = "strongroom.erase"
"""The writer in a table's Delta log that says which erasures its rows are free of: all up to that number."""
_MONTHS = 1
"""Art. 12(3) GDPR: one month, and two more where that is said within the first."""
EXTENDED = 3


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done to one table or raw file: rows that went, files that were written anew, and the version."""

    rows: int = 0
    files: int = 0
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Args:
        id: of the run that took it.
        state: one of `STATES`.
        contract: the data set whose column names the people.
        within: where equal values are one person (`core/contract/subject.py: domain_of`).
        people: how many it names.
        received: when, aware.
        due: the last day.
        by: who took it; `approved` who approved it.
        number: of the run that does it, ascending over all requests; 0 before.
        done: what was done, by table, model or raw file.
        kept: what stays by law, and the rule of the policy that says so.
        certificate: the file of it.
    """

    id: str
    state: str
    contract: str
    within: tuple[str, ...]
    people: int
    received: datetime
    due: date
    by: str
    approved: str = ""
    number: int = 0
    done: Mapping[str, Erased] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    certificate: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody still waits for it."""
        return self.state != PROVEN

    def with_done(self, place: str, what: Erased) -> Request:
        """The request after something was done at a place, a second time perhaps: what went before counts, too."""
        before = self.done.get(place, Erased())
        both = Erased(before.rows + what.rows, before.files + what.files, what.version)
        return replace(self, done={**self.done, place: both})

    def to_json(self) -> str:
        """One document."""
        told = {**asdict(self), "received": self.received.isoformat(), "due": self.due.isoformat()}
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @classmethod
    def of_json(cls, text: str | bytes) -> Request:
        """What `to_json` has told.

        Raises:
            ValueError: it is something else.
        """
        try:
            told = json.loads(text)
            if told.keys() != {field.name for field in fields(cls)} or told["state"] not in STATES:
                raise ValueError("not a request")
            told["received"] = datetime.fromisoformat(told["received"]).astimezone(UTC)
            told["due"] = date.fromisoformat(told["due"])
            told["within"] = tuple(told["within"])
            told["done"] = {place: Erased(**what) for place, what in told["done"].items()}
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError("not a request") from fault
        return cls(**told)


def due(received: datetime, *, months: int = _MONTHS) -> date:
    """The last day: so many months on, or that month's last day."""
    month = received.month - 1 + months
    year, month = received.year + month // 12, month % 12 + 1
    return date(year, month, min(received.day, calendar.monthrange(year, month)[1]))
