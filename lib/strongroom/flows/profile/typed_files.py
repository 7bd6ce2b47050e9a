"""Parquet files and Delta tables, which say themselves of what type their columns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.contract import Column, Type
from strongroom.core.errors import EnvironmentFault
from strongroom.flows.profile.found import Folders, Found, together
from strongroom.flows.profile.found import draft as draft_of
from strongroom.flows.profile.sampling import Sample, groups_of
from strongroom.flows.row_pass.engines import BY_SPARK
from strongroom.flows.row_pass.part_reader import blocks_of
from strongroom.quality.profile.arrow_types import columns_of_schema
from strongroom.quality.profile.tree import Tree, tree_of_batch, with_types
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.parquet_rows import footer_of
from strongroom.stores.lake.reader_features import needs_spark
from strongroom.stores.sources import RawFile, place_of
from strongroom.stores.sources.delta import data_files
from strongroom.stores.sources.hive_folders import of_columns
from strongroom.stores.sources.work_items import Part, footer_in


def delta(table: RawFile, sample: Sample) -> Found:
    """The rows of a Delta table at the version that it was listed with.

    Raises:
        EnvironmentFault: only Spark reads this table.
    """
    if reason := needs_spark(DeltaTable(table.path, version=table.modified)):
        what = f"only Spark reads this: {reason}"
        raise EnvironmentFault(what, where=table.path, todo=BY_SPARK, code="spark.needed")
    schema = pa.schema(DeltaTable(table.path, version=table.modified).schema().to_arrow())
    columns, _ = columns_of_schema(schema)
    found = Found(Tree(), "delta", total=0)
    for file in data_files(table.path, table.modified):
        one = parquet(Part(0, file.path), of_columns(file.values, columns), sample, types=columns)
        found = together(found, one)
    return replace(found, format="delta")


def parquet(part: Part, folders: Folders, sample: Sample, *, types: Sequence[Column] = ()) -> Found:
    """The row groups of one file; `types` are those of the table that it belongs to."""
    filesystem, path = place_of(part.path)
    with filesystem.open_input_file(path) as opened:
        footer = footer_of(opened, path=part.path)
        size = opened.size()
    said = tuple(one for one in types if one.name in folders) if types else _texts(folders)
    columns, unread = _columns_of(footer)
    columns = (*columns, *(one for one in said if one.name not in {each.name for each in columns}))
    known = footer_in(footer)
    groups = groups_of(sample, known, size)
    draft = draft_of("parquet", columns)
    tree, rows = Tree(), 0
    for number in groups:
        first = sum(known.rows[:number])
        part = replace(part, groups=(number,), first=first, folders=tuple(folders.items()))
        for block in blocks_of(part, draft, Seen(), None, only=_read(columns, unread)):
            chosen = [column for column in columns if column.name in block.rows.schema.names]
            tree = tree.merge(tree_of_batch(block.rows, chosen, tree))
            rows += block.rows.num_rows
    tree = _with_unread(tree, columns, unread, rows)
    share = len(groups) / max(1, len(known.rows))
    return Found(
        with_types(tree, types or columns, unread), "parquet", rows=rows, total=sum(known.rows),
        bytes=int(size * share),
    )  # fmt: skip


def _texts(names: Folders) -> tuple[Column, ...]:
    return tuple(Column(name, name, Type("string")) for name in names)


def _read(columns: Sequence[Column], unread: dict[str, str]) -> list[str]:
    """The columns at the top that are read: of one with something unreadable in it nothing is."""
    return [column.name for column in columns if not any(leaf.path in unread for leaf in column.leaves())]


def _with_unread(tree: Tree, columns: Sequence[Column], unread: dict[str, str], rows: int) -> Tree:
    """The tree with the columns that were not read, in their places."""
    kept = set(_read(columns, unread))
    nothing = {column.name: _unread(column, rows) for column in columns if column.name not in kept}
    fields = {column.name: nothing.get(column.name) or tree.fields.get(column.name, Tree()) for column in columns}
    return replace(tree, objects=max(tree.objects, rows), rows=max(tree.rows, rows), fields=fields)


def _unread(column: Column, rows: int) -> Tree:
    if column.type.fields:
        return Tree(rows, objects=rows, nulls=0, fields={each.name: _unread(each, rows) for each in column.type.fields})
    if column.type.item is not None:
        return Tree(rows, arrays=rows, item=_unread(column.type.item, rows))
    return Tree(rows, nulls=rows)


def _columns_of(footer: pq.FileMetaData) -> tuple[tuple[Column, ...], dict[str, str]]:
    leaves = [footer.schema.column(number) for number in range(len(footer.schema))]
    uuids = {leaf.path for leaf in leaves if leaf.logical_type.type == "UUID"}
    moments = {leaf.path for leaf in leaves if leaf.physical_type == "INT96"}
    return columns_of_schema(footer.schema.to_arrow_schema(), uuids=uuids, moments=moments)
