"""A stage: a folder inside a table's own folder where Spark leaves files that no version refers to yet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.spark_settings import PARQUET


def write(frame: Any, path: str, *, stats: Iterable[str], by: str = "") -> None:
    """Has Spark write a frame as Parquet, in place of what lies there.

    Args:
        frame: the rows.
        path: as Spark names it.
        stats: the columns whose minima and maxima may stand in the files; of any other no value does.
        by: a column whose values become folders.
    """
    shown = {f"parquet.column.statistics.enabled#{name}": "true" for name in stats}
    writer = frame.write.mode("overwrite").options(**PARQUET, **shown)
    (writer.partitionBy(by) if by else writer).parquet(path)


def staged(lake: Lake, table: str, stage: str) -> list[AddAction]:
    """The Parquet files under a stage of the table's folder, ready to commit, each with its number of rows."""
    filesystem, folder = filesystem_of(lake.folder(table))
    found = filesystem.get_file_info(pafs.FileSelector(f"{folder}/{stage}", recursive=True, allow_not_found=True))
    files = [info for info in found if info.type == pafs.FileType.File and info.base_name.endswith(".parquet")]
    return [
        AddAction(
            path=info.path.removeprefix(folder).lstrip("/"),
            size=info.size,
            partition_values={},
            modification_time=info.mtime_ns // 1_000_000,
            data_change=True,
            stats=json.dumps({"numRecords": pq.read_metadata(info.path, filesystem=filesystem).num_rows}),
        )
        for info in sorted(files, key=lambda info: info.path)
    ]


def staged_rows(lake: Lake, table: str, stage: str, *, column: str) -> list[Any]:
    """The values of one column of a stage, in memory: for the few rows that are about the run itself."""
    filesystem, folder = filesystem_of(lake.folder(table))
    files = [f"{folder}/{action.path}" for action in staged(lake, table, stage)]
    found = [pq.read_table(file, columns=[column], filesystem=filesystem, partitioning=None) for file in files]
    return [value for part in found for value in part.column(column).to_pylist()]


def drop_remains(lake: Lake, table: str, stage: str) -> None:
    """Deletes what no version refers to in a published stage: bad rows, which are in quarantine now, and tallies."""
    for part in ("verdict=bad", "verdict=tally"):
        drop_stage(lake, table, f"{stage}/{part}")


def drop_stage(lake: Lake, table: str, stage: str) -> None:
    """Deletes a stage that no version refers to; one that is not there is fine."""
    filesystem, folder = filesystem_of(lake.folder(table))
    if filesystem.get_file_info(f"{folder}/{stage}").type == pafs.FileType.Directory:
        filesystem.delete_dir(f"{folder}/{stage}")
