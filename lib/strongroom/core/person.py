"""What is held about one person, as an answer (GDPR Art. 15 and 20). Pure data, for a terminal, a page, programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from strongroom.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a place, and in words what its values are by now: opened, a pseudonym, as it came."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A column that is not in the answer, and why not."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """What lies of the person in one place.

    Args:
        place: the table, or the raw files.
        holds: in a few words.
        version: that was read; None of raw files.
        rows: of this person.
        columns: that are in the answer; `withheld` are the others.
        purposes: what for; `basis` purpose → on what it rests, where a contract says so.
        made_from: what the place was made from, with the version where it says one.
        until: how long, in words; empty where nothing says it.
        masked: how many names of others were taken out of texts.
        values: of each row, column → value in JSON's types; empty where values were not asked for.
    """

    place: str
    holds: str
    version: int | None
    rows: int
    columns: tuple[Shown, ...]
    withheld: tuple[Withheld, ...] = ()
    purposes: tuple[str, ...] = ()
    basis: Mapping[str, str] | None = None
    made_from: tuple[str, ...] = ()
    until: str = ""
    masked: int = 0
    values: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who read or opened a table, what for, how often, and when first and last (ISO 8601, UTC)."""

    principal: str
    actor: str
    action: str
    purpose: str
    table: str
    times: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who was given data to hold: a role its copy of a table (`copy`), or the keys of columns (`keys`)."""

    role: str
    kind: str
    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model, and how many of the person's rows it was made from; None where that version is gone."""

    model: str
    table: str
    version: int | None
    purposes: tuple[str, ...]
    rows: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer.

    Args:
        asked: when, ISO 8601 in UTC.
        purpose: of the run that asked.
        within: where the name is this person: `domain person`.
        held: each place with rows of the person.
        readers: from the audit log, which is by table and not by row.
        recipients: who holds copies or keys.
        models: that were made from tables with rows of the person.
        gaps: what could not be looked into, or not be given. With any the answer is not whole.
        limits: what nobody can tell, in sentences.
    """

    asked: str
    purpose: str
    within: tuple[str, ...]
    held: tuple[Held, ...]
    readers: tuple[Reader, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    models: tuple[Model, ...] = ()
    gaps: tuple[Problem, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all places together."""
        return sum(each.rows for each in self.held)

    @property
    def whole(self) -> bool:
        """Whether all places were looked into, and all of them are in it."""
        return not self.gaps

    def plain(self, *, values: bool) -> dict[str, object]:
        """In JSON's types; `values`: with the person's data."""
        found = {**asdict(self), "whole": self.whole, "rows": self.rows}
        if not values:
            for each in found["held"]:  # what programs are told is no place for data
                del each["values"]
        return found
