"""Commits: each is made at exactly the version that was looked at plus one, or not at all.

The library would try a commit again by itself, on whatever version it finds, and does not see a compaction in between:
the rows that one of the two took out would be there twice. So it may not. Here is the one loop that opens the table
anew, looks again and says anew what is to be done. Why this way: docs/decisions/publication.md.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from strongroom.core.errors import StoreError
from strongroom.core.sql_text import Condition
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.others import SIGN, Others, fit, is_signed, since, still_takes
from strongroom.stores.lake.staging import missing, shown
from strongroom.stores.permissions import has_modes
from strongroom.stores.table_plan import TablePlan, delta_schema, plain_type

TAKEN_BACK = "strongroom.taken_back"
"""In the note of a commit that makes the version before this one the newest again."""
_AT_ONCE, _ROUNDS = 8, 3
_TRIES = 50
"""How often a commit is tried that other processes cross; in each round at least one of them comes through."""

Judge = Callable[[Sequence[str]], None]
"""Looks at files that others added since; raises when what is to be committed does not go with them."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to a table's files.

    Args:
        adds: files that come.
        removes: files of the version at hand that go.
        whole: all files go. Then no `removes`, and the columns may become those of `schema`.
        schema: Arrow's, with `whole` only: the library knows no other way to change columns and files in one version.
            Columns that older files lack and that may be null can be added before (`altered`): no row differs by them.
        marks: writer → number, kept in the Delta log beside those of `commit`, whatever stood there.
    """

    adds: Sequence[AddAction] = ()
    removes: Sequence[RemoveAction] = ()
    whole: bool = False
    schema: pa.Schema | None = None
    marks: Mapping[str, int] = field(default_factory=dict)


def commit(
    lake: Lake, table: str, change: Change | Callable[[DeltaTable], Change], *, looked: DeltaTable,
    writers: Mapping[str, int] | None = None, note: Mapping[str, str] | None = None, judge: Judge | None = None,
) -> int:  # fmt: skip
    """Makes the table's next version, all of it or nothing, and returns its number.

    What others did since `looked` goes through as long as the rows are what they were. Beside rows that they added or
    changed, files are added all the same, once `judge` has seen the new ones; a change of the whole is refused.

    Args:
        lake: where the table lies.
        table: its name.
        change: what is to be done; as a function, it says so for each newest version that is found.
        looked: the version that the work was planned on.
        writers: writer → number, kept in the Delta log. Once one has committed such a number, nothing is changed.
        note: what the version's history says of it.
        judge: see `Judge`.

    Raises:
        StoreError: another run came first; others changed what cannot be gone along with; a file to be added is gone;
            or the storage refused. Nothing is changed.
    """
    numbers, sign = dict(writers or {}), uuid4().hex
    told = [Transaction(name, number) for name, number in numbers.items()]
    adds: list[AddAction] = []

    def act(now: DeltaTable) -> None:
        nonlocal adds
        made = change(now) if callable(change) else change
        _judged(table, made, looked, now, since(lake, table, looked=looked, now=now), judge)
        adds = [*made.adds]
        if missing(lake, table, adds):
            raise _gone(table, "so nothing was changed")
        now.create_write_transaction(
            [*shown(adds), *made.removes],
            "overwrite" if made.whole else "append",
            delta_schema(made.schema) if made.whole and made.schema is not None else now.schema(),
            partition_by=[],
            commit_properties=CommitProperties(
                {**(note or {}), SIGN: sign},
                max_commit_retries=0,
                app_transactions=[*told, *(Transaction(name, number) for name, number in made.marks.items())],
            ),
        )

    version = _exactly(lake, table, act, looked=looked, writers=numbers, sign=sign)
    if missing(lake, table, adds):
        take_back(lake, table, version=version, writers=numbers)
        raise _gone(table, "so the version was taken back")
    return version


def look(
    lake: Lake, table: str, *, looked: DeltaTable, writers: Mapping[str, int], whole: bool, judge: Judge | None = None
) -> None:
    """What `commit` would refuse by now is refused at once.

    Raises:
        StoreError: see `commit`.
    """
    now = _open(lake, table, looked=looked, writers=writers)
    _judged(table, Change(whole=whole), looked, now, since(lake, table, looked=looked, now=now), judge)


def altered(lake: Lake, table: str, alter: Callable[[DeltaTable, CommitProperties], object]) -> None:
    """A change by an operation of the library's own (delete, properties, columns), at the version it looks at plus one.

    Raises:
        StoreError: the storage refused.
    """

    def act(now: DeltaTable) -> None:
        alter(now, CommitProperties(max_commit_retries=0))

    _exactly(lake, table, act)


def without(lake: Lake, table: str, *, where: Condition | None) -> DeltaTable:
    """The table after the rows of a condition are deleted; without one nothing is."""
    if where is not None:
        altered(lake, table, lambda now, props: now.delete(where, commit_properties=props))
    return _open(lake, table)


def append(lake: Lake, table: str, rows: pa.Table, *, once: tuple[str, int] | None = None) -> None:
    """Appends rows to a small table of our own, and makes it, or columns it lacks, when they are not there.

    `once` is (writer, number): with it the rows are written only if that writer has not written that number yet.
    """
    found = lake.ensure(table, TablePlan(rows.schema))
    if once and (found.transaction_version(once[0]) or 0) >= once[1]:
        return
    lacking = [field for field in delta_schema(rows.schema).fields if field.name not in _names(found)]
    if lacking:
        altered(lake, table, lambda now, props: _add_columns(now, lacking, props))
        found = _open(lake, table)
    kinds = {field.name: plain_type(field.type) for field in pa.schema(found.schema().to_arrow())}
    rows = rows.cast(pa.schema([field.with_type(kinds[field.name]) for field in rows.schema]))
    filesystem, folder = filesystem_of(lake.folder(table))
    name = f"part-{uuid4()}.parquet"
    try:
        pq.write_table(rows, f"{folder}/{name}", filesystem=filesystem)
        info = filesystem.get_file_info(f"{folder}/{name}")
    except OSError as error:
        raise lake.unwritable(table) from error
    add = AddAction(name, info.size, {}, info.mtime_ns // 1_000_000, True, f'{{"numRecords":{rows.num_rows}}}')
    try:
        commit(lake, table, Change([add]), looked=found, writers=dict([once]) if once else None)
    except StoreError:
        now = lake.open(table)
        if once and now is not None and (now.transaction_version(once[0]) or 0) >= once[1]:
            filesystem.delete_file(f"{folder}/{name}")
            return
        raise


def loses_none(lake: Lake, table: str) -> bool:
    """Whether of commits at the same moment, which find the same version, the storage takes one: what ours rely on.

    It makes versions that change nothing, in a table that is there to try it on. One that a store without conditions
    lets two have is likely to be seen, not certain.

    Raises:
        StoreError: it takes none.
    """
    counted, last = 0, 0
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for _ in range(_ROUNDS):
            opened = [_open(lake, table) for _ in range(_AT_ONCE)]
            counted += sum(threads.map(_came_through, opened))
            last = _open(lake, table).version() - opened[0].version() + last
    if not last:
        raise lake.unwritable(table)
    return counted == last


def _came_through(now: DeltaTable) -> bool:
    props = CommitProperties(max_commit_retries=0)
    try:
        now.create_write_transaction([], "append", now.schema(), partition_by=[], commit_properties=props)
    except (DeltaError, OSError):
        return False
    return True


def take_back(lake: Lake, table: str, *, version: int, writers: Mapping[str, int]) -> None:
    """Makes the version before this one the newest again, columns and numbers of writers as they were.

    Raises:
        StoreError: others have changed rows since, or its files are gone, too; names the command.
    """
    before = DeltaTable(lake.folder(table), version=version - 1)
    told = [Transaction(name, before.transaction_version(name) or 0) for name in writers]
    taken = DeltaTable(lake.folder(table), version=version)

    def act(now: DeltaTable) -> None:
        if since(lake, table, looked=taken, now=now).versions:
            what = f"files of version {version} are gone, and others have changed rows since"
            todo = f"RESTORE TABLE {table} TO VERSION AS OF {version - 1}, and do again what came after it."
            raise StoreError(what, where=table, todo=todo, code="table.gone")
        note = {TAKEN_BACK: str(version)}
        now.restore(
            version - 1,
            commit_properties=CommitProperties(custom_metadata=note, max_commit_retries=0, app_transactions=told),
        )

    _exactly(lake, table, act)


def _exactly(
    lake: Lake, table: str, act: Callable[[DeltaTable], object], *, looked: DeltaTable | None = None,
    writers: Mapping[str, int] | None = None, sign: str = "",
) -> int:  # fmt: skip
    """The one loop: opens the newest version, acts on it, and does so anew when somebody was faster."""
    for turn in range(_TRIES):
        now = _open(lake, table, looked=looked, writers=writers)
        version = int(now.version())
        try:
            act(now)
            return version + 1
        except (DeltaError, OSError) as error:
            crossed = _crossed(lake, table, version)
            if sign and is_signed(lake, table, version + 1, sign):
                return version + 1
            if not crossed or turn == _TRIES - 1:
                raise lake.unwritable(table) from error
        time.sleep(random.uniform(0, 0.002 * turn))  # noqa: S311 -- so that many writers do not stay in step
    raise AssertionError("the loop ends by itself")


def _crossed(lake: Lake, table: str, version: int) -> bool:
    """Whether the next version is there, whatever the library says of it. An object store may refuse the second of two
    entries while it does not show the first one yet (of S3: 409 ConditionalRequestConflict).
    """
    for pause in (0.0,) if has_modes(lake.root) else (0.0, 0.05, 0.1, 0.2, 0.4, 0.8):
        time.sleep(pause)
        newest = lake.open(table)
        if newest is not None and newest.version() > version:
            return True
    return False


def _open(
    lake: Lake, table: str, *, looked: DeltaTable | None = None, writers: Mapping[str, int] | None = None
) -> DeltaTable:
    """The newest version, as long as it is of the table that was looked at and of the same kind.

    Raises:
        StoreError: it is not, or another run came first.
    """
    now = lake.open(table)
    if now is None or (looked is not None and now.metadata().id != looked.metadata().id):
        what = "this table was dropped, or made anew, while the run was at work"
        raise StoreError(what, where=table, todo="Run again.", code="table.vanished")
    if any((now.transaction_version(name) or 0) >= number for name, number in (writers or {}).items()):
        what = "another run committed to this table first, so this one changed nothing"
        raise StoreError(what, where=table, todo="Run again.", code="table.changed")
    if looked is not None:
        fit(table, now)
    return now


def _judged(table: str, made: Change, looked: DeltaTable, now: DeltaTable, others: Others, judge: Judge | None) -> None:
    if made.whole and others.versions:
        named = ", ".join(map(str, others.versions))
        what = f"others added or changed rows (version {named}), which this run would have thrown away"
        raise StoreError(
            what, where=table, todo="See that they are in the sources, and run again.", code="table.changed"
        )
    if made.adds and not made.whole and not still_takes(now, looked):
        what = "others changed this table's columns while the run was at work"
        raise StoreError(what, where=table, todo="Run again.", code="table.changed")
    if judge is not None and others.files:
        judge(others.files)


def _gone(table: str, then: str) -> StoreError:
    what = f"files that were to be published are gone, {then}"
    todo = "Run again, and no VACUUM beside it that keeps less than a day."
    return StoreError(what, where=table, todo=todo, code="table.gone")


def _names(found: DeltaTable) -> set[str]:
    return {field.name for field in found.schema().fields}


def _add_columns(now: DeltaTable, fields: Sequence[Any], props: CommitProperties) -> None:
    lacking = [field for field in fields if field.name not in _names(now)]
    if lacking:
        now.alter.add_columns(lacking, commit_properties=props)
