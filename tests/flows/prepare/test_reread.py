"""A raw file that was changed on purpose: the batch that held it is read anew, and stands in the table once."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from flows.prepare.test_evolution import contract
from flows.prepare.test_evolve import TABLE, run, thing, write
from strongroom.flows import keys, prepare, quarantine
from strongroom.flows.prepare import publish
from support.lakes import install

ASIDE = "quarantine.things"
POLICY = """
roles: {engineer: {members: [user:engineer]}}
grants: [{role: engineer, actions: [read, write], tables: ["*"]}]
"""


@pytest.fixture
def place(tmp_path, capsys):
    """Two batches: `one`, then `two` and `three` at once; 70 is set aside in each."""
    found = install(tmp_path / "a", capsys)
    contract(found.root / "contracts", ("id", "string", "string, unique: true"))
    (found.root / "policy.yaml").write_text(POLICY)
    write(found, "one", [thing(1), thing(2), thing(4, small=70)])
    run(found)
    write(found, "two", [thing(5), thing(6), thing(8, small=70)])
    write(found, "three", [thing(7)])
    run(found)
    return found


def prices(place):
    return {row["id"]: row["single"] for row in place.rows(TABLE)}


def aside(place):
    return sorted((row["batch"], row["source_file"].rpartition("/")[2]) for row in place.rows(ASIDE))


def test_the_batch_is_judged_without_itself_and_replaced_in_one_version(place):
    place.run(keys, "rotate")
    assert place.run(keys, "rewrap").code == 0
    write(place, "two", [thing(5, single=9.0), thing(8, small=70), thing(9, small=71)])
    stopped = run(place, code=7)
    assert "rewritten since it was read: 1 file" in stopped.err
    assert f"--reread {place.lake}/raw/things/two.parquet" in stopped.err
    rehearsed = run(place, "--reread", "raw/things/two.parquet", "--dry-run")
    assert "batch 2" in rehearsed.out
    assert "2 files, read anew" in rehearsed.out
    version = place.delta(TABLE).version()
    done = run(place, "--reread", "raw/things/two.parquet")
    assert done.line["rows"] == {"read": 4, "written": 2, "quarantined": 2}
    assert prices(place) == {"i1": 0.25, "i2": 0.5, "i5": 9.0, "i7": 1.75}, "i6 was taken out"
    assert aside(place) == [(1, "one.parquet"), (3, "two.parquet"), (3, "two.parquet")]
    rows = [DeltaTable(str(place.lake / "training/things"), version=v).to_pyarrow_table().num_rows
            for v in range(version, place.delta(TABLE).version() + 1)]  # fmt: skip
    assert set(rows) == {5, 4}, "no version is without the batch"
    assert run(place).line["rows"]["read"] == 0, "an increment knows the file as it is now"
    again = run(place, "--reread", f"{place.lake}/raw/things/three.parquet")
    assert again.line["rows"] == {"read": 4, "written": 2, "quarantined": 2}, "rewritten or not"
    assert prices(place) == {"i1": 0.25, "i2": 0.5, "i5": 9.0, "i7": 1.75}
    assert [batch for batch, _ in aside(place)] == [1, 4, 4]


def test_what_would_lose_or_double_rows_is_refused(place):
    raw = place.lake / "raw/things"
    unknown = run(place, "--reread", "raw/things/tow.parquet", code=2)
    assert "no batch whose rows are in the table has read this file" in unknown.err
    (raw / "three.parquet").rename(place.root / "three.parquet")
    gone = run(place, "--reread", "raw/things/two.parquet", code=7)
    assert "three.parquet" in gone.err
    assert "1 of its files are gone" in gone.err
    over = place.run(prepare, "--contract", "things", "--dry-run")
    assert "1 file read before, now gone" in over.out
    assert "(0 to 3)" in over.out, "the batch of three.parquet has three rows, one of them from it"
    (place.root / "three.parquet").rename(raw / "three.parquet")
    contract(place.root / "contracts", ("id", "string", "string, unique: true"), ("small", "50", "75"))
    assert place.run(quarantine, "retry", "--contract", "things").line["rows"]["written"] == 2
    retried = run(place, "--reread", "raw/things/two.parquet", code=7)
    assert "`quarantine retry` (batch 3) put rows in that may be of batch 2" in retried.err
    before = place.rows(TABLE, "id")
    place.delta(TABLE).optimize.compact()
    mixed = run(place, "--reread", "raw/things/one.parquet", code=7)
    assert "others have written files of this table anew" in mixed.err
    assert place.rows(TABLE, "id") == before


def test_a_run_that_dies_before_the_former_rows_left_the_quarantine_is_finished_by_the_next(place, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publish, "drop_replaced", dies)
        run(place, "--reread", "raw/things/two.parquet", code=130)
    assert aside(place) == [(1, "one.parquet"), (2, "two.parquet"), (3, "two.parquet")]
    contract(place.root / "contracts", ("id", "string", "string, unique: true"), ("small", "50", "75"))
    assert place.run(quarantine, "retry", "--contract", "things").line["rows"]["written"] == 2, "8 once"
    assert sorted(prices(place)) == ["i1", "i2", "i4", "i5", "i6", "i7", "i8"]
    assert aside(place) == []


def test_overwriting_tells_what_readers_lose(place):
    (place.lake / "raw/things/one.parquet").rename(place.root / "one.parquet")
    done = place.run(prepare, "--contract", "things", "--set", "prepare.quarantine_limit=1")
    assert done.code == 0
    assert "note: 1 file read before, now gone" in done.err
    assert "overwriting takes their rows (2) from readers" in done.err
    assert sorted(prices(place)) == ["i5", "i6", "i7"]


def test_a_batch_is_read_anew_into_wider_columns_in_the_same_version(place):
    contract(place.root / "contracts", ("id", "string", "string, unique: true"), ("small", "smallint", "bigint"),
             ("small", "50", "99"), ("row", "int,", "bigint,"))  # fmt: skip
    (place.lake / "raw/things/one.parquet").rename(place.root / "one.parquet")
    write(place, "two", [thing(5, small=60, row=1 << 40)], small=pa.int64(), row=pa.int64())
    write(place, "three", [thing(7)], small=pa.int64(), row=pa.int64())
    done = run(place, "--reread", "raw/things/two.parquet")
    assert done.line["rows"] == {"read": 2, "written": 2, "quarantined": 0}
    found = [(row["id"], row["small"], row["row"]) for row in place.rows(TABLE)]
    assert sorted(found) == [("i1", 1, 1), ("i2", 2, 2), ("i5", 60, 1 << 40), ("i7", 7, 7)]
    assert aside(place) == [(1, "one.parquet")]
