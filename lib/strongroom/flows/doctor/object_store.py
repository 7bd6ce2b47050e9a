"""The lake's object store, tried by both halves: a probe is written, committed, read and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pyarrow as pa

from strongroom.core.errors import StoreError, StrongroomError
from strongroom.core.run import Job
from strongroom.core.settings import Settings
from strongroom.setup.own_session import own_session
from strongroom.setup.probes import Finding
from strongroom.stores.lake import Lake, commits, filesystem_of, staging
from strongroom.stores.spark import error_translation
from strongroom.stores.spark.session import can_be_local

_ROWS = pa.table({"id": pa.array([1, 2], pa.int64())})
_STAGE = "stage-1-doctor"


def tried(job: Job, settings: Settings) -> Iterator[Finding]:
    """What Arrow and deltalake say of the storage, then what Spark says, where Spark may come to work."""
    lake, table = Lake(settings.lake), f"strongroom.probe-{uuid4().hex}"
    mend = f"correct 'lake' or 'storage' in {settings.file}, or the rights there: docs/install.md#storage"
    try:
        ours = _ours(lake, table, mend)
        yield ours
        if ours.mend:
            return
        if can_be_local(settings) and settings.jobs["prepare"]["engine"] == "local":
            yield Finding("spark", "not asked for the storage: prepare.engine is local")
        else:
            yield _sparks(lake, table, own_session(settings, say=job.say), mend)
    except Exception as error:  # whatever a library of a cloud says
        known = error if isinstance(error, StrongroomError) else error_translation.translate(error)
        what = f"{known.what}: {known.where}" if known else type(error).__name__
        yield Finding(
            "storage", f"{settings.lake} cannot be used: {what}", (known and known.todo.removeprefix("Run: ")) or mend
        )
    finally:
        _deleted(lake, table)


def _ours(lake: Lake, table: str, mend: str) -> Finding:
    commits.append(lake, table, _ROWS)
    if not commits.loses_none(lake, table):
        what = f"{lake.root} takes a commit in place of another (no conditional writes): rows would be lost"
        return Finding("storage", what, "take a store that knows If-None-Match: docs/decisions/object-stores.md")
    if lake.read(table) != _ROWS:
        return Finding("storage", f"{lake.root} does not give back what was written", mend)
    return Finding("storage", f"{lake.root}: written, committed, read; a second commit of a version is refused")


def _sparks(lake: Lake, table: str, spark: Any, mend: str) -> Finding:
    """Spark writes a stage and reads the table; who commits is never Spark."""
    staging.write(spark.range(3), lake.spark_path(table, _STAGE), stats=())
    if (found := lake.open(table)) is None:
        raise StoreError("the probe is gone", where=table)
    commits.commit(lake, table, commits.Change(staging.staged(lake, table, _STAGE)), looked=found)
    rows = spark.read.format("delta").load(lake.spark_path(table)).count()
    if rows != _ROWS.num_rows + 3:
        return Finding("spark", f"Spark reads {rows} rows of 5 in {lake.root}", mend)
    return Finding("spark", f"{lake.root}: Spark writes and reads there, too")


def _deleted(lake: Lake, table: str) -> None:
    try:
        filesystem, folder = filesystem_of(lake.folder(table))
        filesystem.delete_dir(folder)
    except Exception:  # noqa: S110 -- nothing was made, or what has failed above fails here
        pass
