"""`delta`: a table with versions, which a run pins as one file: its bytes, and for its time the version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source, source_name
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import Problem
from strongroom.core.escaping import glob_words
from strongroom.quality.reading.parquet_pairs import asked_by
from strongroom.quality.reading.parquet_rows import fits
from strongroom.stores.lake.reader_features import needs_spark, unlike_its_files
from strongroom.stores.sources.delta import added_since, data_files
from strongroom.stores.sources.files import FILE, POSITION, RawFile, listing, location_of
from strongroom.stores.sources.hive_folders import of_columns
from strongroom.stores.sources.kinds import File, Kind, Looked, Split, Versions
from strongroom.stores.sources.kinds.parquet import ddl_of, footers, read_as, rows
from strongroom.stores.sources.work_items import Item, Part, split_parquet


def pin(source: Source, lake: str) -> tuple[RawFile, ...]:
    """The newest version."""
    location = location_of(source, lake)
    with listing(source, location):
        table = DeltaTable(location)
        sizes = pa.table(table.get_add_actions()).column("size_bytes")
        return (RawFile(location, sum(sizes.to_pylist()), int(table.version())),)


def _table(file: RawFile) -> DeltaTable:
    return DeltaTable(file.path, version=file.modified)


def look(of: File) -> tuple[Looked, list[Problem]]:
    """Its schema, which all its files have."""
    found = pa.schema(_table(of.file).schema().to_arrow())
    schema = pa.schema([field for field in found if field.name != TAG])  # the rows are tagged anew
    wrong = fits(schema, of.contract.columns, path=of.file.path, contract=of.contract.file, asked=asked_by(of.contract))
    return Looked(of.file, of.folders, has=frozenset(schema.names), plain=True), wrong


def items(split: Split) -> list[Item]:
    """Row groups of the pinned version's files, or of an increment's."""
    return [item for one in split.looked for item in _items(split, one.file)]


def _items(split: Split, table: RawFile) -> list[Item]:
    increment = split.increments.get(table.path)
    files = data_files(table.path, table.modified) if increment is None else increment.files
    parts = [
        Part(split.number, file.path, folders=tuple(of_columns(file.values, split.contract.columns).items()))
        for file in files
    ]
    return split_parquet(zip(parts, footers([file.path for file in files]), strict=True))


def frame(spark: Any, split: Split, _lake: str) -> Any:
    """The pinned version, or the files of an increment, of which there is one at least."""
    (table,) = (one.file for one in split.looked)
    increment = split.increments.get(table.path)
    if increment is not None:
        parts: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
        for file in increment.files:
            parts.setdefault(tuple(sorted(file.values.items())), []).append(glob_words(file.path))
        frames = (_added(spark, paths, dict(values), split.contract) for values, paths in parts.items())
        return reduce(lambda one, other: one.unionByName(other), frames)
    from pyspark.sql import functions as F

    place = table.path if "://" in table.path else f"file://{table.path}"
    found = spark.read.format("delta").option("versionAsOf", table.modified).load(place)
    position = (-1 - F.col("_metadata.file_block_start")).alias(POSITION)  # Delta tells no number of a row
    held = set(found.columns)  # a table has no column that is not there, where a file reads as null
    names = [
        read_as(column) if source_name(column) in held else F.lit(None).cast(column.type.ddl).alias(column.name)
        for column in split.contract.columns
    ]
    return found.select(*names, F.col("_metadata.file_path").alias(FILE), position)


def _added(spark: Any, paths: Sequence[str], values: Mapping[str, str | None], contract: Contract) -> Any:
    """Files of an increment, with what the log says of their partition."""
    from pyspark.sql import functions as F

    names = [
        F.lit(values[name]).cast(column.type.ddl).alias(column.name)
        if (name := source_name(column)) in values
        else read_as(column)
        for column in contract.columns
    ]
    there = [column for column in contract.columns if source_name(column) not in values]
    file, position = F.col("_metadata.file_path").alias(FILE), F.col("_metadata.row_index").alias(POSITION)
    return spark.read.schema(ddl_of(there)).parquet(*paths).select(*names, file, position)


VERSIONS = Versions(
    added=lambda file, since, size: added_since(file.path, since=since, version=file.modified, size=size),
    unlike=lambda file: unlike_its_files(_table(file)),
    only_spark=lambda file: needs_spark(_table(file)),
)
KIND = Kind(look, rows, VERSIONS, pin, items, frame)
