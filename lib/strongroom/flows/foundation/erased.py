"""Who was erased, for whoever reads or makes rows: nobody brings these people back, and nobody reads them meanwhile.

Every commit of rows with tags goes through `free_of_erased`: it asks for tombstones after it has opened the table, and
counts only if nobody has written since. So of a run and an erasure at once either the erasure finds the run's files, or
the run finds the tombstones. A table says in its log up to which erasure its rows are free of people (`TURN`); one that
says less than the folder of requests was put back from an older copy. Why: docs/decisions/erasure.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from strongroom.core.contract.legal_basis import CONSENTS
from strongroom.core.contract.subject import ASIDE, TAG
from strongroom.core.erasure import ERASED, PROVEN, REQUESTED, TURN, Request
from strongroom.core.errors import StoreError
from strongroom.core.settings import Settings
from strongroom.core.sql_text import equals
from strongroom.flows.foundation.table_plans import MADE, SUBJECT
from strongroom.protect.consents import AT, EVENT, GIVEN, PURPOSE
from strongroom.protect.methods.method import Kernel
from strongroom.protect.subject_tags import TYPE
from strongroom.protect.tag_sets import TagSet, tag_set
from strongroom.stores.erasures import Erasures, domain_name
from strongroom.stores.lake import Lake
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.file_rewrite import file_anew, opened

Within = tuple[str, ...]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The people of a domain who are not to come back, and up to which erasure these are all there are.

    Args:
        tags: of the people, a column for each request.
        requests: whose, in the same order.
        number: of the last erasure.
    """

    tags: tuple[pa.Array, ...] = ()
    requests: tuple[str, ...] = ()
    number: int = 0

    def people(self) -> TagSet:
        return tag_set(self.tags)


def tombstones(
    settings: Settings, within: Within, *, without: Collection[str] = (), only: Callable[[Request], bool] | None = None,
    purposes: Collection[str] = (),
) -> Tombstones:  # fmt: skip
    """The tombstones of a domain, but for those of people who have said yes since they were erased.

    Args:
        settings: name the folder of requests, and the lake.
        within: the domain.
        without: ids of requests that are not asked about.
        only: which requests; default all, from the moment that they are taken.
        purposes: to one of which such a yes was; default: to whatever.

    Raises:
        StoreError: they cannot be read.
    """
    store = Erasures.of(settings)
    number = store.turns().get(domain_name(within), 0)  # before the tombstones: all up to that number are among them
    found = [
        request
        for request in (store.all() if store.names() - {*without} else ())
        if request.within == within and request.id not in without and (only is None or only(request))
    ]
    return Tombstones(dead_tags(settings, found, purposes=purposes), tuple(request.id for request in found), number)


def dead_tags(
    settings: Settings, requests: Sequence[Request], *, purposes: Collection[str] = ()
) -> tuple[pa.Array, ...]:
    """The tombstones of each request, but for those of people who have said yes since they were erased."""
    store = Erasures.of(settings)
    tags = [of_bytes(store.tags(request)) for request in requests]
    ended = [each for each, request in zip(tags, requests, strict=True) if request.state in (ERASED, PROVEN)]
    back = _said_yes(settings, pa.concat_arrays(ended), purposes) if ended else None
    if back is None or not back.num_rows:
        return tuple(tags)
    return tuple(_without(each, back, request) for each, request in zip(tags, requests, strict=True))


def _said_yes(settings: Settings, tags: pa.Array, purposes: Collection[str]) -> pa.Table | None:
    """Of people with these tags who ever said yes: tag, and when last."""
    said = Lake(settings.lake).read(CONSENTS, (TAG, PURPOSE, EVENT, AT), where=equals(EVENT, GIVEN))
    if said is None:
        return None
    at = said.column(AT)
    past = pc.less_equal(at, pa.scalar(datetime.now(UTC), at.type))  # of a time to come nobody has said anything yet
    which = pc.and_(past, pc.is_in(said.column(TAG).cast(TYPE), value_set=tags))
    if purposes:
        which = pc.and_(which, pc.is_in(said.column(PURPOSE), value_set=pa.array(sorted(purposes), pa.string())))
    return said.filter(which).group_by(TAG).aggregate([(AT, "max")])


def _without(tags: pa.Array, back: pa.Table, request: Request) -> pa.Array:
    """The tags of a request without those of people who came back after it."""
    if request.state not in (ERASED, PROVEN):
        return tags
    later = pc.greater(back.column(f"{AT}_max"), pa.scalar(request.received, back.column(f"{AT}_max").type))
    return tags.filter(pc.invert(pc.is_in(tags, value_set=back.column(TAG).filter(later).cast(TYPE))))


def approved(request: Request) -> bool:
    """Whether a run may erase the people of a request."""
    return request.state != REQUESTED


def of_bytes(tags: bytes) -> pa.Array:
    """Tags, 16 bytes each, as a column."""
    fixed = pa.Array.from_buffers(pa.binary(16), len(tags) // 16, [None, pa.py_buffer(tags)])
    return fixed.cast(TYPE)


def within_of(found: DeltaTable) -> Within | None:
    """Within what people of a table are one, as it says itself; None for a table without tags."""
    return within_in(pa.schema(found.schema().to_arrow()), found.metadata().configuration)


def within_in(schema: pa.Schema, properties: Mapping[str, str]) -> Within | None:
    """The same of a table that is planned."""
    if TAG not in schema.names:
        return None
    made = (schema.field(TAG).metadata or {}).get(MADE.encode())
    try:
        said = json.loads(made)[TAG][2] if made else json.loads(properties.get(SUBJECT, ""))
        return tuple(map(str, said["within"]))
    except (KeyError, ValueError, TypeError, IndexError):
        return None


def behind(settings: Settings, found: DeltaTable, within: Within | None) -> bool:
    """Whether rows of people may be in a table who were erased from it: it was put back from an older copy."""
    last = Erasures.of(settings).turns().get(domain_name(within), 0) if settings.erasures and within else 0
    return last > (found.transaction_version(TURN) or 0)


def refuse_behind(settings: Settings, table: str, found: DeltaTable, within: Within | None = None) -> None:
    """Makes sure that nobody reads a table that people would have to be erased from once more.

    Args:
        settings: name the folder of requests.
        table: its name.
        found: the table.
        within: the domain of its people, where it does not say that itself.

    Raises:
        StoreError: it is such a table.
    """
    if behind(settings, found, within or domain_in(found)):
        what = "people were erased from this table since this copy of it was made"
        todo = "Erase them again: ./spark-submit.sh erase run."
        raise StoreError(what, where=table, todo=todo, code="erasure.behind")


def domain_in(found: DeltaTable) -> Within | None:
    """Within what people of a table are one, whether its rows carry tags or not; None where nothing says it."""
    try:
        said = json.loads(found.metadata().configuration.get(SUBJECT, ""))
        return tuple(map(str, said["within"]))
    except (KeyError, ValueError, TypeError):
        return within_of(found)


def free_of_erased(
    settings: Settings, lake: Lake, table: str, change: Change | Callable[[DeltaTable], Change], *,
    within: Within | None, known: Collection[str] = (), aside: Callable[[], Kernel] | None = None,
) -> Callable[[DeltaTable], Change]:  # fmt: skip
    """The same change without rows of erased people, as of the moment at which it is tried.

    Args:
        settings: name the folder of requests.
        lake: where the table lies.
        table: its name.
        change: what is to be committed.
        within: the domain of its tags; None for a table without, which stays as it is.
        known: ids of requests whose people the files to be added are known to be free of.
        aside: of a quarantine, gives what turns tags into its own.
    """

    def free(now: DeltaTable) -> Change:
        made = change(now) if callable(change) else change
        if within is None:
            return made
        dead = tombstones(settings, within, without=known)
        whole = made.whole or not now.file_uris()
        marks = {TURN: dead.number} if whole and dead.number > (now.transaction_version(TURN) or 0) else {}
        adds = made.adds
        if dead.tags and adds:
            tags = dead.tags if aside is None else tuple(map(aside(), dead.tags))
            adds = without_people(lake, table, now, adds, tag_set(tags), column=TAG if aside is None else ASIDE)
        return replace(made, adds=adds, marks={**made.marks, **marks})

    return free


def without_people(
    lake: Lake, table: str, onto: DeltaTable, files: Sequence[AddAction], people: TagSet, *, column: str = TAG
) -> list[AddAction]:
    """Files of a table that no version knows yet; those with rows of these people written anew without, beside them."""
    kept, schema = list[AddAction](), pa.schema(onto.schema().to_arrow())
    for add in files:
        rows = rows_of_people(lake, table, add.path, people, column=column)
        if not rows.any():
            kept.append(add)
        elif not rows.all():
            folder, slash, name = add.path.rpartition("/")
            free = f"{folder}{slash}free-{name}"
            kept.append(file_anew(lake, table, onto, add.path, free, change=leaves_out(rows), schema=schema))
    return kept


def leaves_out(rows: Flags) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """What gives a file's batches, one after the other, without these of its rows."""
    at = 0

    def change(batch: pa.RecordBatch) -> pa.RecordBatch:
        nonlocal at
        at, first = at + batch.num_rows, at
        return batch.filter(pa.array(~rows[first:at]))

    return change


def rows_of_people(lake: Lake, table: str, path: str, people: TagSet, *, column: str = TAG) -> Flags:
    """Which rows of a file are theirs; of one without tags none can be told to be."""
    found = [people.holds(tags) for tags in tags_of(lake, table, path, column=column)]
    return np.concatenate(found) if found else np.zeros(0, np.bool_)


def tags_of(lake: Lake, table: str, path: str, *, column: str = TAG) -> Iterator[pa.Array]:
    """The tags of a file's rows, in order."""
    with opened(lake, table, path) as file:
        if column in file.schema_arrow.names:
            for batch in file.iter_batches(batch_size=1 << 16, columns=[column]):
                yield batch.column(0).cast(TYPE)
