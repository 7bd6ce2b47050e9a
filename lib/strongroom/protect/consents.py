"""Whose rows may be used for a purpose at an instant, by what people have said: Arrow in, sets of tags out.

Of each person and purpose the newest event counts, by its own time, in whatever order events came. Of two of one
instant that counts which gives less: a no goes before a yes, a later start before an earlier one. Whose processing is
restricted (GDPR Art. 18) is told by events of their own, for every purpose at once. What follows: docs/consent.md.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import LegalBasis
from strongroom.core.contract.legal_basis import asks, objects
from strongroom.core.contract.subject import TAG
from strongroom.protect.cipher.byte_rows import BLOCK
from strongroom.protect.tag_sets import TagSet, tag_set

GIVEN, OBJECTED, WITHDRAWN = "given", "objected", "withdrawn"
BACK, RESTRICTED, LIFTED = "objection_withdrawn", "restricted", "restriction_lifted"
_RANKS: Mapping[str, int] = {GIVEN: 0, BACK: 1, WITHDRAWN: 2, OBJECTED: 3, LIFTED: 4, RESTRICTED: 5}
"""Event → what goes before what at one instant; the last two are a row of their own."""
EVENTS = tuple(_RANKS)
PURPOSE, EVENT, AT, FROM, UNTIL = "purpose", "event", "at", "valid_from", "valid_until"
COLUMNS = (TAG, PURPOSE, EVENT, AT, FROM, UNTIL)
"""What is read of an event: texts, and moments in UTC; a start or end that is null is none."""
_ROW = np.dtype(
    [("head", "<u8"), ("tail", "<u8"), ("at", "<i8"), ("from", "<i8"), ("until", "<i8"), ("rank", "<i8")]
)  # fmt: skip
_EVER, _NEVER = -(1 << 63), (1 << 63) - 1
_AT_ONCE = 1 << 22
"""People whose newest events are held in memory; those of more of them go through files, one for each first byte."""

Rows = npt.NDArray[np.void]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose rows may be used, from an instant on.

    Args:
        tags: of people, each once, as columns of 16 bytes.
        keeps: whether these are the people whose rows may be used, and nobody else's; or whose may not.
        until: the first instant at which that may be otherwise; None: no event that is known brings one.
    """

    tags: tuple[pa.Array, ...]
    keeps: bool
    until: datetime | None = None

    def __len__(self) -> int:
        return sum(map(len, self.tags))

    @property
    def open(self) -> bool:
        """Whether everybody's rows may be used."""
        return not self.keeps and not len(self)

    def set(self) -> TagSet:
        """The people, to be looked up."""
        return tag_set(self.tags)

    def fingerprint(self) -> str:
        """Tells two answers apart, whatever events they come from: SHA-256 of the people in it."""
        found = hashlib.sha256(b"keeps" if self.keeps else b"leaves out")
        people = self.set()
        found.update(np.ascontiguousarray(people.heads).data)
        found.update(np.ascontiguousarray(people.tails).data)
        return found.hexdigest()


def standing(
    events: Iterable[pa.RecordBatch], *, purpose: str, basis: LegalBasis | None, at: datetime, restricts: bool = True
) -> Standing:
    """Whose rows may be used for a purpose at an instant.

    Args:
        events: of whomever, for whatever, in any order, in the columns `COLUMNS`; of them the newest of each person are
            held, and of very many people they go through files in the folder of temporary ones.
        purpose: what for.
        basis: on what it rests; None, or one that asks nobody, takes out only who is restricted.
        at: the instant, aware. An event of later has not happened yet.
        restricts: whether restriction counts: it hides rows from readers, and takes none out of a table.
    """
    now, clock = _micros(at), _Clock(_micros(at))
    keeps = basis is not None and asks(basis)
    mine = purpose if basis is not None and objects(basis) else None
    found = list[pa.Array]()
    with tempfile.TemporaryDirectory(prefix="consents-") as folder:
        rows = (_rows(batch, mine, restricts=restricts) for batch in events)
        for part in _newest((clock.happened(each) for each in rows), Path(folder)):
            given = part["rank"] == _RANKS[GIVEN]
            clock.see(part[given])
            yes = part[given & (part["from"] <= now) & (now < part["until"])]
            held = part[part["rank"] == _RANKS[RESTRICTED]]
            if keeps:
                listed = _without(yes, held)
            else:
                no = part[np.isin(part["rank"], (_RANKS[WITHDRAWN], _RANKS[OBJECTED]))]
                listed = np.concatenate([no, _without(held, no)])
            found.append(_tags(listed))
    return Standing(tuple(each for each in found if len(each)), keeps, clock.next)


def any_of(standings: Sequence[Standing]) -> Standing:
    """Whose rows may be used for one of several purposes at least; one purpose or more."""
    if len(standings) == 1:
        return standings[0]
    keeping, leaving = ([each for each in standings if each.keeps is keeps] for keeps in (True, False))
    ends = [each.until for each in standings if each.until is not None]
    until = min(ends, default=None)
    kept = pa.chunked_array([tags for each in keeping for tags in each.tags], pa.binary(BLOCK))
    if not leaving:
        people = tag_set(kept.chunks)
        return Standing((_joined(people),) if len(people) else (), True, until)
    rest = pa.chunked_array(leaving[0].tags, pa.binary(BLOCK)).combine_chunks()
    for each in leaving[1:]:
        rest = rest.filter(pa.array(each.set().holds(rest)))
    rest = rest.filter(pa.array(~tag_set(kept.chunks).holds(rest)))
    return Standing((rest,) if len(rest) else (), False, until)


@dataclass(slots=True)
class _Clock:
    """The instants to come at which something may be otherwise."""

    now: int
    at: int = _NEVER
    seen: bool = field(default=False)

    @property
    def next(self) -> datetime | None:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.at) if self.at != _NEVER else None

    def happened(self, rows: Rows) -> Rows:
        """The events that have happened; of those to come the first one is remembered."""
        to_come = rows["at"] > self.now
        self._remember(rows["at"][to_come])
        return rows[~to_come]

    def see(self, given: Rows) -> None:
        """Remembers when consents begin and end."""
        for word in ("from", "until"):
            self._remember(given[word][given[word] > self.now])

    def _remember(self, instants: npt.NDArray[np.int64]) -> None:
        if len(instants):
            self.at = min(self.at, int(instants.min()))


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _rows(batch: pa.RecordBatch, purpose: str | None, *, restricts: bool) -> Rows:
    """The events that are about a purpose (None: about none), and about restriction where that counts."""
    events = batch.column(EVENT)
    restriction = pc.is_in(events, pa.array([RESTRICTED, LIFTED]))
    meant = pc.and_(restriction, restricts)
    if purpose is not None:
        about = pc.fill_null(pc.equal(batch.column(PURPOSE), purpose), False)
        meant = pc.or_(meant, pc.and_(about, pc.invert(restriction)))
    batch = batch.select([TAG, EVENT, AT, FROM, UNTIL])
    meant = pc.and_(meant, pc.is_valid(batch.column(TAG)))
    batch = batch if pc.all(meant).as_py() else batch.filter(meant)
    rows = np.empty(batch.num_rows, _ROW)
    halves = np.frombuffer(_fixed(batch.column(TAG)), ">u8").reshape(-1, 2)
    rows["head"], rows["tail"] = halves[:, 0], halves[:, 1]
    ranks = pc.index_in(batch.column(EVENT), pa.array(EVENTS))
    rows["rank"] = np.array([_RANKS[event] for event in EVENTS])[ranks.to_numpy(zero_copy_only=False)]
    for name, word, missing in ((AT, "at", None), (FROM, "from", _EVER), (UNTIL, "until", _NEVER)):
        moments = batch.column(name).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        rows[word] = (moments if missing is None else pc.fill_null(moments, missing)).to_numpy(zero_copy_only=False)
    return rows


def _fixed(tags: pa.Array) -> bytes:
    """The bytes of tags, one after the other."""
    fixed = tags.cast(pa.binary(BLOCK))
    raw = fixed.buffers()[1]
    return raw[fixed.offset * BLOCK : (fixed.offset + len(fixed)) * BLOCK].to_pybytes() if raw is not None else b""


def _newest(given: Iterable[Rows], folder: Path) -> Iterator[Rows]:
    """The newest event of each person about the purpose, and about restriction; all of a person's in one part."""
    held, size = [np.empty(0, _ROW)], 0
    for rows in given:
        held.append(rows)
        size += len(rows)
        if size > _AT_ONCE:
            held = [_last(np.concatenate(held))]
            size = len(held[0])
            if size > _AT_ONCE // 2:
                _spill(held[0], folder)
                held, size = [np.empty(0, _ROW)], 0
    rest = np.concatenate(held)
    if not any(folder.iterdir()):
        yield _last(rest)
        return
    _spill(rest, folder)
    for path in sorted(folder.iterdir()):
        yield _last(np.fromfile(path, _ROW))


def _spill(rows: Rows, folder: Path) -> None:
    """Adds events to the files of their tags' first bytes."""
    first = rows["head"] >> np.uint64(56)
    for byte in np.unique(first).tolist():
        with (folder / f"{byte:02x}").open("ab") as file:
            file.write(rows[first == byte].tobytes())


def _last(rows: Rows) -> Rows:
    """Of each person's events of either row the newest, in no order. Whoever has said one thing only is not sorted."""
    heads = np.ascontiguousarray(rows["head"])
    order = np.argsort(heads)
    heads = heads[order]
    same = heads[1:] == heads[:-1]
    if not same.any():
        return rows
    again = np.zeros(len(rows), np.bool_)
    again[order[1:][same]] = again[order[:-1][same]] = True
    return np.concatenate([rows[~again], _newest_of(rows[again])])


def _newest_of(rows: Rows) -> Rows:
    """The same, whatever they have said; in ascending order of tags."""
    side = rows["rank"] >= _RANKS[LIFTED]
    order = np.lexsort((~rows["until"], rows["from"], rows["rank"], rows["at"], side, rows["tail"], rows["head"]))
    rows, side = rows[order], side[order]
    last = np.ones(len(rows), np.bool_)
    last[:-1] = (
        (rows["head"][1:] != rows["head"][:-1]) | (rows["tail"][1:] != rows["tail"][:-1]) | (side[1:] != side[:-1])
    )
    return rows[last]


def _without(rows: Rows, others: Rows) -> Rows:
    """The rows of people of whom there is none among the others."""
    return rows[~tag_set([_tags(others)]).holds(_tags(rows))] if len(others) else rows


def _tags(rows: Rows) -> pa.Array:
    return _packed(rows["head"], rows["tail"])


def _joined(people: TagSet) -> pa.Array:
    return _packed(people.heads, people.tails)


def _packed(heads: npt.NDArray[np.uint64], tails: npt.NDArray[np.uint64]) -> pa.Array:
    raw = np.stack([heads, tails], axis=1).astype(">u8").tobytes()
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(BLOCK), len(heads), [None, pa.py_buffer(raw)])
