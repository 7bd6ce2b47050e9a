"""Rows that the pass leaves out: erased people never come back, others wait for a legal basis, and what is older than
the contract keeps rows has had its time.

They are left out before anything judges them, so that none comes to lie in a quarantine; all that is known of them
afterwards is how many they were, and why. A row without a subject, or without a time, is left to the rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs

from strongroom.arrow.buffers import bools
from strongroom.protect import tag_sets
from strongroom.protect.tag_sets import TagSet
from strongroom.stores.lake import filesystem_of

Flags = npt.NDArray[np.bool_]
ERASED = "person.erased"
"""The reason of rows of people who were erased: what brings them back is a new consent, and no file."""
WAITING = "consent.missing"
"""The reason of rows of people who have consented to no purpose of the contract: they wait until they do."""
OBJECTED = "consent.objected"
"""The reason of rows of people who have objected to every purpose of the contract."""
TOO_OLD = "retention"
"""The reason of rows that are older than the contract keeps them."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Whose rows are left out, as a driver knows it.

    Args:
        reason: a word for it, as it is counted.
        tags: of people, as columns of tags (`protect/subject_tags.py`).
        keeps: whether these are the people whose rows stay; all other rows are left out then.
        between: a column of moments and two instants (aware): rows of after the first stay, but for those of after the
            second, which nobody can have said yet. None: none stays.
    """

    reason: str
    tags: Iterable[pa.Array]
    keeps: bool = False
    between: tuple[str, datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class PersonGate:
    """The same as workers get it: `tags` is the file of a set, or the bytes of one."""

    reason: str
    tags: str | bytes
    keeps: bool = False
    between: tuple[str, datetime, datetime] | None = None


def shipped(leaves: Sequence[Leave], *, folder: str, reached: bool) -> tuple[PersonGate, ...]:
    """The sets of tags as files, or in the closure where workers do not reach the folder.

    Args:
        leaves: whose rows are left out; of one row the first reason counts.
        folder: of the run's stage: what lies there goes with it.
        reached: whether workers reach it.

    Raises:
        OSError: the folder cannot be written.
    """
    return tuple(_shipped(leave, f"{folder}/people-{number}.tags", reached) for number, leave in enumerate(leaves))


def _shipped(leave: Leave, path: str, reached: bool) -> PersonGate:
    with tempfile.NamedTemporaryFile(prefix="people-", suffix=".tags") as file:
        tag_sets.write(leave.tags, file.name)
        if not reached:
            return PersonGate(leave.reason, file.read(), leave.keeps, leave.between)
        filesystem, inside = filesystem_of(path)
        pafs.copy_files(file.name, inside, source_filesystem=pafs.LocalFileSystem(), destination_filesystem=filesystem)
    return PersonGate(leave.reason, path, leave.keeps, leave.between)


class Gates:
    """The gates of one worker."""

    def __init__(self, gates: Sequence[PersonGate]) -> None:
        self._gates = [(gate, _opened(gate.tags)) for gate in gates]

    def __bool__(self) -> bool:
        return bool(self._gates)

    def left_out(self, tags: pa.Array, rows: pa.RecordBatch | None = None) -> Mapping[str, Flags]:
        """By reason, which of n rows with these tags are left out: flags, n. No row has two reasons.

        `rows` has the columns that gates ask for.
        """
        found, left = dict[str, Flags](), np.zeros(len(tags), np.bool_)
        there = pc.is_valid(tags).to_numpy(zero_copy_only=False)
        for gate, people in self._gates:
            mine = (people.holds(tags) != gate.keeps) & there & ~left
            if gate.between is not None and rows is not None:
                column, start, end = gate.between
                mine &= ~too_late(rows.column(column), start) | too_late(rows.column(column), end)
            if mine.any():
                found[gate.reason] = found.get(gate.reason, False) | mine
                left |= mine
        return found


def _opened(tags: str | bytes) -> TagSet:
    if isinstance(tags, bytes):
        return tag_sets.of_bytes(np.frombuffer(tags, np.uint8))
    if "://" not in tags:
        return tag_sets.mapped(tags)
    with tempfile.NamedTemporaryFile() as file:  # mapped, it stays as long as this process looks at it
        filesystem, inside = filesystem_of(tags)
        pafs.copy_files(inside, file.name, source_filesystem=filesystem, destination_filesystem=pafs.LocalFileSystem())
        return tag_sets.mapped(file.name)


def too_late(times: pa.Array, instant: datetime) -> Flags:
    """Which of n timestamps lie after an instant (aware), flags, n."""
    zoned = instant.astimezone(UTC) if times.type.tz else instant.astimezone(UTC).replace(tzinfo=None)
    return bools(pc.fill_null(pc.greater(times, pa.scalar(zoned, times.type)), False))


def too_old(times: pa.Array, since: datetime) -> Flags:
    """Which of n dates or timestamps lie before an instant (aware), flags, n; of the day of that instant none does."""
    kind = times.type
    if pa.types.is_date(kind):
        least = pa.scalar(since.astimezone(UTC).date(), kind)
    else:
        zoned = since.astimezone(UTC) if kind.tz else since.astimezone(UTC).replace(tzinfo=None)
        least = pa.scalar(zoned, kind)
    return bools(pc.fill_null(pc.less(times, least), False))
