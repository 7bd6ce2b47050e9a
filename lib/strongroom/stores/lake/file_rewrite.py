"""Single files of a Delta table, read and written anew one by one: the same rows, some of their values other ones.

A new file and the removal of its old one are in one commit, so readers see each row once at any time. The commit says
that it changes no data: who reads what versions have added (our own increments, a stream) passes it over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from strongroom.core.errors import StoreError
from strongroom.stores.lake import commits
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.others import REWRAP, files_of, fit
from strongroom.stores.lake.staging import name_anew, written

ROWS = 20_000
GROUP = 64 << 20
"""Bytes of one row group: so much is held at once."""
_LONG = 16
"""Bytes a value, with its share of the dictionary."""
_STAGE = re.compile(r"_?rewrap-(\d+)-.*")


@dataclass(slots=True)
class Rewrite:
    """A table whose files are being written anew, and the pairs of old and new that no version knows yet.

    `data_change` has its commits say that rows are others now than they were.

    `schema` are the columns that new files are to have, where the table is to have others than it has. `made` are files
    that were committed. The writer REWRAP counts these commits in the table's log: of two runs at once
    one ends, and the stage of one that died can be told.
    """

    lake: Lake
    table: str
    onto: DeltaTable
    stage: str
    pairs: list[tuple[RemoveAction, AddAction]] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    done: int = 0
    schema: pa.Schema | None = None
    data_change: bool = False

    @classmethod
    def of(cls, lake: Lake, table: str, *, run_id: str) -> Rewrite | None:
        """The newest version of a table; None when there is none.

        Raises:
            StoreError: its files are not its rows (deletion vectors, column mapping, partitions).
        """
        onto = lake.open(table)
        if onto is None:
            return None
        fit(table, onto)
        return cls(lake, table, onto, f"rewrap-{_turn(onto):06d}-{run_id}")

    def files(self) -> list[tuple[str, int]]:
        """Path (as the log has it) and size of each file of the version at hand."""
        return sorted(files_of(self.onto).items())

    def todo(self, seen: Collection[str]) -> list[tuple[str, int]]:
        """Those of the files that were neither seen nor made here."""
        return [(path, size) for path, size in self.files() if path not in seen and unquote(path) not in self.made]

    def reopen(self) -> None:
        """Takes the newest version in hand: others may have written files anew since, or taken some out."""
        found = self.lake.open(self.table)
        self.onto = found if found is not None else self.onto

    def check_left(self, path: str) -> None:
        """Whether a file that is gone from the disk has left the table, too. Raises StoreError when it has not."""
        self.reopen()
        if path in files_of(self.onto):
            raise StoreError("a file of this table is gone", where=f"{self.table}: {path}", code="table.gone") from None

    def batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The named columns of a file, as far as it has them."""
        with self._open(path) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            if there:
                yield from file.iter_batches(batch_size=ROWS, columns=there)

    def replace(self, path: str, size: int, *, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
        """The file written anew, batch by batch, of the types that the table declares; it waits for `commit`.

        Raises:
            FileNotFoundError: it is gone; see `left`.
            StoreError: it cannot be read or written.
        """
        self.done += 1
        stage = written(self.lake, self.stage)
        name = f"{stage}/{name_anew(path, self.done)}"
        schema = self.schema if self.schema is not None else pa.schema(self.onto.schema().to_arrow())
        new = file_anew(self.lake, self.table, self.onto, path, name, change=change, schema=schema)
        stamp = new.modification_time
        self.pairs.append((RemoveAction(path, self.data_change, stamp, size, {}), new))

    def forget(self) -> None:
        """The file that was written last is not needed after all."""
        filesystem, folder = filesystem_of(self.lake.folder(self.table))
        filesystem.delete_file(f"{folder}/{self.pairs.pop()[1].path}")

    @property
    def waiting(self) -> set[str]:
        """The files that `commit` is to replace."""
        return {old.path for old, _ in self.pairs}

    @property
    def writers(self) -> dict[str, int]:
        """What the commit leaves in the table's log."""
        return {REWRAP: _turn(self.onto)}

    @property
    def pending(self) -> int:
        """Bytes that wait for `commit`."""
        return sum(add.size for _, add in self.pairs)

    def commit(self, *, note: dict[str, str]) -> set[str]:
        """Old files out, new files in, as one version; returns the old ones.

        A file that others took out since stays out, and so does what was made of it.

        Raises:
            StoreError: another run rewraps this table, or it cannot be written; nothing of what waited is done.
        """
        waiting, live = self.pairs, dict[str, int]()

        def change(now: DeltaTable) -> Change:
            nonlocal live
            live = files_of(now)
            still = [(old, new) for old, new in waiting if old.path in live]
            adds = [replace(new, data_change=self.data_change) for _, new in still]
            return Change(adds, [old for old, _ in still])

        if waiting:
            commits.commit(self.lake, self.table, change, looked=self.onto, writers=self.writers, note=note)
        self.pairs = []
        self.reopen()
        self.made |= {new.path.removeprefix("_") for old, new in waiting if old.path in live}
        return {old.path for old, _ in waiting if old.path in live}

    def sweep(self) -> None:
        """Deletes what runs that died, and this one, have left in their stages."""
        filesystem, folder = filesystem_of(self.lake.folder(self.table))
        needed = {f"{folder}/{unquote(path)}" for path, _ in self.files()}
        for info in filesystem.get_file_info(pafs.FileSelector(folder)):
            stage = _STAGE.fullmatch(info.base_name)
            if stage is None or info.type != pafs.FileType.Directory or int(stage[1]) >= _turn(self.onto):
                continue
            inside = {each.path for each in filesystem.get_file_info(pafs.FileSelector(info.path))}
            if stage[0].startswith("_") or not needed & inside:
                filesystem.delete_dir(info.path)

    def _open(self, path: str) -> pq.ParquetFile:
        return opened(self.lake, self.table, path)


def opened(lake: Lake, table: str, path: str) -> pq.ParquetFile:
    """A file of a table, as its log names it.

    Raises:
        FileNotFoundError: it is gone.
    """
    filesystem, folder = filesystem_of(lake.folder(table))
    # Spark writes timestamps as INT96, which Arrow would take for nanoseconds, and those end in 2262.
    return pq.ParquetFile(f"{folder}/{unquote(path)}", filesystem=filesystem, coerce_int96_timestamp_unit="us")


def file_anew(
    lake: Lake, table: str, onto: DeltaTable, path: str, name: str, *,
    change: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema,
) -> AddAction:  # fmt: skip
    """A file of a table written anew, batch by batch, under another name in the table's folder; no version knows it.

    Args:
        lake: where the table lies.
        table: its name.
        onto: the table, whose properties say which minima and maxima may stand in a file.
        path: the file, as the log names it.
        name: of the new one.
        change: of each batch.
        schema: the types that the table declares.

    Raises:
        FileNotFoundError: it is gone.
        StoreError: it cannot be read or written.
    """
    filesystem, folder = filesystem_of(lake.folder(table))
    filesystem.create_dir(f"{folder}/{name.rpartition('/')[0]}", recursive=True)
    rows = 0
    try:
        with opened(lake, table, path) as file:
            kinds = _as_declared(file.schema_arrow, schema)
            with pq.ParquetWriter(
                f"{folder}/{name}", kinds, filesystem=filesystem, compression=_compression(file),
                use_dictionary=_dictionaries(file), write_statistics=_open_columns(onto),
            ) as out:  # fmt: skip
                made = (change(batch.cast(kinds)).cast(kinds) for batch in file.iter_batches(batch_size=ROWS))
                for group in _groups(made):
                    rows += group.num_rows
                    out.write_table(group, row_group_size=max(group.num_rows, 1))
        info = filesystem.get_file_info(f"{folder}/{name}")
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, FileNotFoundError):
            raise
        what, where = "a file cannot be written anew", f"{table}: {path}"
        raise StoreError(what, where=where, todo="See the disk.", code="table.unwritable") from None
    return AddAction(name, info.size, {}, info.mtime_ns // 1_000_000, True, f'{{"numRecords":{rows}}}')


def _turn(table: DeltaTable) -> int:
    """The number of the rewrap's commit that comes next."""
    return (table.transaction_version(REWRAP) or 0) + 1


def _open_columns(table: DeltaTable) -> list[str] | bool:
    """The columns whose minima and maxima may stand in the file: those that may in the log."""
    named = table.metadata().configuration.get("delta.dataSkippingStatsColumns")
    return True if named is None else re.findall(r"`([^`]+)`", named)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches gathered to row groups: small ones make files that are slow to read."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.nbytes for each in held) >= GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _compression(file: pq.ParquetFile) -> str:
    groups = file.metadata
    return str(groups.row_group(0).column(0).compression) if groups.num_row_groups and groups.num_columns else "SNAPPY"


def _dictionaries(file: pq.ParquetFile) -> list[str]:
    """The leaves that the file keeps well as dictionaries: to try one for every text costs a third of writing it."""
    if not file.metadata.num_row_groups:
        return []
    group = file.metadata.row_group(0)
    leaves = (group.column(place) for place in range(group.num_columns))
    return [
        leaf.path_in_schema
        for leaf in leaves
        if leaf.has_dictionary_page
        # long for texts of which few are different: most writers begin a dictionary and give up later
        and (leaf.physical_type != "BYTE_ARRAY" or leaf.total_uncompressed_size < _LONG * leaf.num_values)
    ]


def _as_declared(have: pa.Schema, declared: pa.Schema) -> pa.Schema:
    """The file's schema, its numbers and timestamps of the kind that the table declares (INT96 does not say it)."""
    fields = [_field(field, declared.field(field.name) if field.name in declared.names else field) for field in have]
    return pa.schema(fields, have.metadata)


def _field(have: pa.Field, declared: pa.Field) -> pa.Field:
    return have.with_type(_kind(have.type, declared.type))


_VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
"""What deltalake's own DELETE and MERGE leave, and Arrow writes only at the top level."""


def _kind(have: pa.DataType, declared: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(have) and pa.types.is_timestamp(declared):
        return declared
    if _is_number(have) and _is_number(declared):
        return declared
    if have in _VIEWS:
        return _VIEWS[have]
    if pa.types.is_struct(have) and pa.types.is_struct(declared):
        names = {field.name: field for field in declared}
        return pa.struct([_field(field, names.get(field.name, field)) for field in have])
    if pa.types.is_list(have) and pa.types.is_list(declared):
        return pa.list_(_field(have.value_field, declared.value_field))
    return have


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
