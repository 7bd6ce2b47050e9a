"""What a worker writes: to each projection the rows that it is given, file by file, each batch read once."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from protect.ring import column
from strongroom.core.errors import StrongroomError
from strongroom.flows.project.rows import REPORT, ProjectionPlan, Target, projected
from strongroom.protect import protector
from strongroom.protect.rekey import rekeyer
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake.projections import source_id

TABLE, USER = "training.reviews", column("bigint", "hash", path="user")
PLACES = [f"file:///a%20lake/training/reviews/stage-1/verdict%3Dgood/part-{number}.parquet" for number in range(3)]
IDS = [source_id(f"stage-1/verdict=good/part-{number}.parquet") for number in range(3)]


@pytest.fixture
def ring(tmp_path):
    return open_keyring(f"file:{tmp_path}/kek", str(tmp_path / "ring.json"), create=True)


def batch(files, flags, users, numbers):
    return pa.RecordBatch.from_arrays(
        [pa.array(files), pa.array(flags), pa.array(users), pa.array(numbers, pa.int64())], names=["0", "1", "2", "3"]
    )


def carried(tmp_path, ring, *batches):
    """Two projections: one of the rows that are flagged, with tokens; one of every row's number."""
    text, number = pa.field("user", pa.string()), pa.field("n", pa.int32())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    targets = (
        Target(str(tmp_path / "a"), "science", 1, (2, 3), {"user": USER}, pa.schema([text, number])),
        Target(str(tmp_path / "b"), "sales", 0, (3,), {}, pa.schema([number])),
    )
    found = list(projected(ProjectionPlan(TABLE, targets, ring.handle), iter(batches)))
    assert [made.schema for made in found] == [REPORT]
    return found[0].to_pylist()


def test_each_file_of_the_source_becomes_one_of_each_projection(tmp_path, ring):
    users = protector(USER, table=TABLE, keyring=ring)(pa.array([1, 2, 1, 3, 4, 5])).to_pylist()
    first = batch([PLACES[0]] * 2 + [PLACES[1]], [True, False, False], users[:3], [10, 11, 12])
    second = batch([PLACES[1]] + [PLACES[2]] * 2, [False, True, True], users[3:], [13, 14, None])
    reports = carried(tmp_path, ring, first, second)
    assert [(row["target"], row["source"], row["rows"]) for row in reports] == [
        (0, IDS[0], 1), (0, IDS[1], 0), (0, IDS[2], 2), (1, IDS[0], 2), (1, IDS[1], 2), (1, IDS[2], 2),
    ]  # fmt: skip
    read = [pq.read_table(tmp_path / "ab"[row["target"]] / row["name"]) for row in reports]
    assert [part["n"].to_pylist() for part in read] == [[10], [], [14, None], [10, 11], [12, 13], [14, None]]
    assert read[3].column_names == ["n"], "and nothing that it is not given"
    tokens = rekeyer(USER, reader="science", keyring=ring)(pa.array([users[0], *users[4:]])).to_pylist()
    assert read[0]["user"].to_pylist() + read[2]["user"].to_pylist() == tokens
    for row in reports:
        path = tmp_path / "ab"[row["target"]] / row["name"]
        assert (row["name"].partition("-")[0], row["size"]) == (row["source"], path.stat().st_size)
        assert pq.read_metadata(path).num_rows == row["rows"]


def test_no_rows_make_no_file_and_an_empty_report(tmp_path, ring):
    assert carried(tmp_path, ring) == []


def test_an_error_tells_no_value(tmp_path, ring):
    with pytest.raises(StrongroomError) as caught:
        carried(tmp_path, ring, batch([PLACES[0]], [True], ["secret-0zq"], [2**40]))
    assert "secret-0zq" not in str(caught.value)
    assert str(2**40) not in str(caught.value)
