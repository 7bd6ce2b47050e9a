"""Projections on disk: which source file each file came from, one commit a refresh, and nothing left of what went."""

import os
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from strongroom.core.errors import EnvironmentFault, StoreError
from strongroom.stores import permissions
from strongroom.stores.lake import Lake
from strongroom.stores.lake.projections import Projected, Written, close_changed, drop, existing, holds, source_id
from strongroom.stores.table_plan import TablePlan

NAME = "projected.science.any.training.reviews"
SCHEMA = pa.schema([("x", pa.int64())])
ONE, TWO, THREE = (source_id(f"stage/part-{number}.parquet") for number in range(3))


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def opened(lake, group=None):
    Path(lake.root).mkdir(exist_ok=True)
    return Projected.open(lake, NAME, TablePlan(SCHEMA), group=group)


def staged(table, run, **values):
    """A stage of this run with one file for each source."""
    stage = table.stage(run)
    place = table.begin(stage)
    found = []
    for source, rows in values.items():
        name = f"{source}-{run}.parquet"
        pq.write_table(pa.table({"x": rows}, SCHEMA), f"{place}/{name}")
        found.append(Written(source, name, Path(place, name).stat().st_size, len(rows)))
    return stage, found


def refreshed(table, run, *, gone=(), content=("c",), anew=False, **values):
    stage, found = staged(table, run, **values)
    table.commit(stage, found, gone=gone, schema=SCHEMA, content=content, anew=anew, at_ms=1, note={})
    table.sweep()


def rows(lake):
    return sorted(row["x"] for row in lake.read(NAME).to_pylist())


def on_disk(lake):
    folder = Path(lake.folder(NAME))
    return sorted(path.name for path in folder.rglob("*.parquet"))


def test_what_comes_and_what_goes_is_one_version_and_old_files_are_deleted(lake):
    table = opened(lake)
    refreshed(table, "r1", **{ONE: [1, 2], TWO: [3]})
    assert (rows(lake), sorted(table.files())) == ([1, 2, 3], sorted([ONE, TWO]))
    before = table.onto.version()
    refreshed(table, "r2", gone=[TWO], **{THREE: [4]})
    assert rows(lake) == [1, 2, 4]
    assert table.onto.version() == before + 1
    assert on_disk(lake) == sorted([f"{ONE}-r1.parquet", f"{THREE}-r2.parquet"])
    old = DeltaTable(lake.folder(NAME), version=before)
    with pytest.raises(Exception, match=r"(?i)not found|no such file"):
        pa.table(old.scan())
    refreshed(table, "r3", anew=True, content=("d",), **{ONE: [9]})
    assert (rows(lake), on_disk(lake)) == ([9], [f"{ONE}-r3.parquet"])


def test_a_version_says_what_it_holds(lake):
    assert not holds(lake.open(NAME), "c")
    table = opened(lake)
    assert not holds(lake.open(NAME), "c"), "made, and never filled"
    refreshed(table, "r1", **{ONE: [1]})
    refreshed(table, "r2", content=("c", "e"), **{TWO: [1]})
    assert holds(lake.open(NAME), "c")
    assert holds(lake.open(NAME), "e")
    refreshed(table, "r3", content=("d",), anew=True)
    assert not holds(lake.open(NAME), "c"), "what it once held does not count"
    refreshed(table, "r4", content=("c",), anew=True)
    assert holds(lake.open(NAME), "c")


def test_of_two_runs_at_once_one_changes_nothing(lake):
    refreshed(opened(lake), "r1", **{ONE: [1]})
    first, second = opened(lake), opened(lake)
    stages = [staged(table, run, **{TWO: [2]}) for table, run in ((first, "r2"), (second, "r3"))]
    commits = [
        lambda table=table, stage=stage, found=found: table.commit(
            stage, found, gone=[], schema=SCHEMA, content=("c",), anew=False, at_ms=1, note={}
        )
        for table, (stage, found) in zip((first, second), stages, strict=True)
    ]
    commits[0]()
    with pytest.raises(StoreError, match="another run committed to this table first"):
        commits[1]()
    assert rows(lake) == [1, 2]
    first.sweep()
    assert on_disk(lake) == sorted([f"{ONE}-r1.parquet", f"{TWO}-r2.parquet"]), "and its stage is swept"
    with pytest.raises(StoreError, match="another run committed to this table first"):
        commits[1]()
    assert rows(lake) == [1, 2]


def test_a_stage_of_a_run_at_work_is_not_swept_and_one_of_a_dead_run_is(lake):
    table = opened(lake)
    staged(table, "dead", **{ONE: [1]})
    table.sweep()
    assert on_disk(lake) == [f"{ONE}-dead.parquet"], "it may still be at work"
    refreshed(table, "r1", **{ONE: [1]})
    assert on_disk(lake) == [f"{ONE}-r1.parquet"]


def test_a_source_file_without_rows_is_known(lake):
    table = opened(lake)
    stage, found = staged(table, "r1", **{ONE: [1]})
    table.commit(
        stage, [*found, table.empty(stage, TWO, SCHEMA)], gone=[], schema=SCHEMA, content=("c",), anew=False, at_ms=1,
        note={},
    )  # fmt: skip
    assert (rows(lake), set(table.files())) == ([1], {ONE, TWO})


def test_a_dropped_projection_leaves_nothing(lake, tmp_path):
    refreshed(opened(lake), "r1", **{ONE: [1]})
    other = NAME.replace("science", "sales")
    Projected.open(lake, other, TablePlan(SCHEMA), group=None)
    assert list(existing(lake)) == [other, NAME]
    drop(lake, NAME)
    assert list(existing(lake)) == [other]
    assert not (tmp_path / "lake/projected/science").exists()
    drop(lake, other)
    assert list((tmp_path / "lake/projected").iterdir()) == []
    assert list(existing(lake)) == []


def mode(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_without_a_group_a_projection_is_its_makers_alone(lake, tmp_path):
    refreshed(opened(lake), "r1", **{ONE: [1]})
    folder = tmp_path / "lake/projected/science/any/training/reviews"
    assert mode(folder) == "0o700"
    assert {mode(path) for path in folder.rglob("*.parquet")} == {"0o600"}


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT SHOWN HERE: only root may give files to any group")
def test_a_group_reads_a_projection_and_a_changed_one_is_closed_until_it_is_made_anew(lake, tmp_path):
    old = os.umask(0o077)
    try:
        table = opened(lake, group=62_001)
        refreshed(table, "r1", **{ONE: [1]})
        (tmp_path / "lake/odd").mkdir()
        assert "odd" not in permissions.shut(lake.root, {62_001}), "already closed"
    finally:
        os.umask(old)
    folder = tmp_path / "lake/projected/science/any/training/reviews"
    everything = [folder, *folder.rglob("*")]
    assert {path.stat().st_gid for path in everything} == {62_001}
    assert {path.stat().st_uid for path in everything} == {0}, "a reader owns nothing"
    assert {mode(path) for path in everything if path.is_dir()} == {"0o750"}
    assert {mode(path) for path in everything if path.is_file()} == {"0o640"}
    assert {mode(path) for path in (folder.parent, folder.parents[1], folder.parents[3])} == {"0o711"}
    close_changed(lake, NAME, content="c")
    assert mode(folder) == "0o750"
    close_changed(lake, NAME, content="d")
    assert mode(folder) == "0o700"
    table.sweep()
    assert mode(folder) == "0o750"


def test_the_rest_of_a_lake_is_closed_to_others_and_to_the_groups(tmp_path):
    for name, bits in (("raw", 0o755), ("projected", 0o711), ("mine", 0o770)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(bits)
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "note.txt").chmod(0o644)
    (tmp_path / "link").symlink_to("/etc")
    own = (tmp_path / "mine").stat().st_gid
    opened_before = permissions.shut(str(tmp_path), {own} if own else set())
    assert {"raw", "note.txt"} <= set(opened_before)
    assert mode(tmp_path / "raw") == ("0o700" if own else "0o750")
    assert mode(tmp_path / "projected") == "0o711"
    assert mode(tmp_path / "revealed") == "0o700", "made before any job makes it"
    assert mode(tmp_path / "mine") == ("0o700" if own else "0o770")
    assert permissions.shut(str(tmp_path), set()) == []


def test_the_way_to_projections_is_passed_through_and_neither_listed_nor_changed(tmp_path):
    (tmp_path / "projected").mkdir()
    for folder in (tmp_path, tmp_path / "projected"):
        folder.chmod(0o777)
    own = tmp_path.stat().st_gid
    permissions.shut(str(tmp_path), set())
    assert [mode(tmp_path), mode(tmp_path / "projected")] == ["0o771", "0o771"]
    permissions.shut(str(tmp_path), {own})
    assert [mode(tmp_path), mode(tmp_path / "projected")] == ["0o711", "0o711"]


def test_a_link_in_a_projection_is_not_followed(lake, tmp_path):
    table = opened(lake)
    refreshed(table, "r1", **{ONE: [1]})
    folder = tmp_path / "lake/projected/science/any/training/reviews"
    (folder / "_delta_log/x.json").symlink_to("/etc/passwd")
    before = mode(Path("/etc/passwd"))
    with pytest.raises(EnvironmentFault, match="symbolic link"):
        table.sweep()
    assert mode(Path("/etc/passwd")) == before
