"""Batches: planned ahead, published by the table's own log, fenced off when their run is gone."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from strongroom.core.errors import StoreError
from strongroom.stores.lake import Lake, commits
from strongroom.stores.lake.commits import Change
from strongroom.stores.sources import RawFile, manifest
from strongroom.stores.sources.manifest import RETRY, Batch
from strongroom.stores.table_plan import TablePlan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "training.t"
A, B, C = (RawFile(f"/raw/{name}.json", 1, 1) for name in "abc")


@pytest.fixture
def lake(tmp_path):
    found = Lake(str(tmp_path))
    found.ensure(TABLE, TablePlan(pa.schema([("id", pa.int64())])))
    return found


def plan(lake, number, *files, mode="append", run="r"):
    batch = Batch("t", number, f"{run}{number}", mode, files)
    manifest.plan(lake, batch, planned=NOW)
    return batch


def publish(lake, batch):
    commits.commit(lake, TABLE, Change(), looked=lake.open(TABLE), writers=batch.writers)


def changes(lake, *today):
    return manifest.changes(today, manifest.batches(lake, "t"), lake.open(TABLE))


def test_a_planned_batch_is_not_seen_until_it_is_published(lake):
    batch = plan(lake, 1, A)
    assert changes(lake, A).new == (A,)
    publish(lake, batch)
    assert changes(lake, A, B).new == (B,)
    assert manifest.batches(lake, "t") == (batch,)


def test_a_snapshot_forgets_what_was_seen_before_and_a_retry_reads_no_raw_file(lake):
    publish(lake, plan(lake, 1, A, B))
    publish(lake, plan(lake, 2, B, mode="overwrite"))
    publish(lake, plan(lake, 3, RawFile("quarantine.t@3", 0, 0), mode=RETRY))
    found = changes(lake, A, B)
    assert (found.new, found.vanished) == ((A,), ())


def test_rewritten_and_vanished_files_are_told_apart(lake):
    publish(lake, plan(lake, 1, A, B))
    bigger = RawFile(A.path, 2, 9)
    found = changes(lake, bigger, C)
    assert (found.new, found.rewritten, found.vanished) == ((C,), (bigger,), (B,))


def test_a_fenced_batch_can_never_be_published(lake):
    batch = plan(lake, 1, A)
    onto = lake.open(TABLE)
    fenced = manifest.fence(lake, TABLE, manifest.batches(lake, "t"))
    assert fenced.version() == 1
    with pytest.raises(StoreError, match="another run"):
        commits.commit(lake, TABLE, Change(), looked=onto, writers=batch.writers)
    assert not manifest.published(batch, lake.open(TABLE))
    assert manifest.fence(lake, TABLE, manifest.batches(lake, "t")).version() == 1, "fenced once is enough"


def test_two_runs_cannot_plan_the_same_number(lake):
    plan(lake, 1, A)
    with pytest.raises(StoreError, match="has just started"):
        plan(lake, 1, A, run="other")


def test_a_lake_that_is_moved_knows_what_it_has_read(tmp_path):
    before, after = Lake(str(tmp_path / "a")), Lake(str(tmp_path / "b"))
    before.ensure(TABLE, TablePlan(pa.schema([("id", pa.int64())])))
    inside, outside = RawFile(f"{before.root}/raw/x.json", 1, 1), RawFile("s3://else/x.json", 1, 1)
    publish(before, plan(before, 1, inside, A, outside))
    assert [row["path"] for row in before.read("strongroom.manifest").sort_by("path").to_pylist()] == [
        "/raw/a.json", "raw/x.json", "s3://else/x.json",
    ]  # fmt: skip
    Path(before.root).rename(after.root)
    moved = RawFile(f"{after.root}/raw/x.json", 1, 1)
    found = changes(after, moved, A, outside)
    assert (found.new, found.rewritten, found.vanished) == ((), (), ())
