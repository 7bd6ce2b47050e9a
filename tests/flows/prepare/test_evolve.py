"""A contract that changes between increments: every value that was there is there afterwards, and once."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.prepare.test_evolution import contract
from strongroom.flows import prepare, quarantine
from strongroom.flows.prepare import evolve
from strongroom.flows.prepare.evolve import evolution_of
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from strongroom.stores.lake.file_rewrite import Rewrite
from support.lakes import install
from support.opened import decrypt

TABLE = "training.things"
APPEND = ("--contract", "things", "--set", "prepare.mode=append", "--set", "prepare.quarantine_limit=1")
KINDS = [
    ("id", pa.string()), ("small", pa.int16()), ("single", pa.float32()), ("price", pa.decimal128(8, 2)),
    ("token", pa.int32()), ("sealed", pa.int32()), ("mail", pa.string()), ("age", pa.int16()), ("gone", pa.string()),
    ("bound", pa.string()), ("row", pa.int32()),
    ("at", pa.struct([("city", pa.string()), ("floor", pa.int8()), ("code", pa.int32())])),
    ("many", pa.list_(pa.int32())),
]  # fmt: skip


def thing(number, **other):
    row = {
        "id": f"i{number}", "small": number, "single": number / 4, "price": Decimal(f"{number}.50"), "token": 7,
        "sealed": 40 + number % 3, "mail": f"m{number}@x.example", "age": 30, "gone": "x", "bound": f"b{number}",
        "row": number, "at": {"city": "Oslo", "floor": 3, "code": 5}, "many": [1, number],
    }  # fmt: skip
    return row | other


def write(place, name, rows, **kinds):
    """A Parquet file of the contract's columns; `kinds` are the types that it has by then."""
    raw = place.lake / "raw/things"
    raw.mkdir(parents=True, exist_ok=True)
    fields = [(column, kinds.pop(column, kind)) for column, kind in KINDS] + list(kinds.items())
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(fields)), raw / f"{name}.parquet")


def ring(place):
    return open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=False)


def clear(place, made, name):
    column = next(column for column in made.columns if column.name == name)
    rows = Lake(str(place.lake)).read(TABLE)
    with_key = {"row_keys": {"row": rows["row"].combine_chunks()}} if name == "bound" else {}
    lies = rows[name].combine_chunks()
    values, good = decrypt(lies, column, table=TABLE, keyring=ring(place), **with_key)
    assert all(good.to_pylist()), name
    return dict(zip(rows["id"].to_pylist(), values.to_pylist(), strict=True))


@pytest.fixture
def place(tmp_path, capsys):
    found = install(tmp_path / "a b", capsys)
    contract(found.root / "contracts")
    write(found, "one", [thing(1), thing(2), thing(3), thing(4, small=70)])
    run(found)
    return found


def run(place, *options, code=0):
    done = place.run(prepare, *APPEND, *options)
    assert done.code == code, done.err
    return done


WIDER = (
    ("n", "", "date; keep"), ("small", "smallint", "bigint"), ("small", "50", "75"), ("price", "8,2", "12,4"),
    ("sealed", "int;", "bigint;"), ("token", "int,", "bigint,"), ("row", "int,", "bigint,"),
    ("single", "float", "double"), ("at", "tinyint", "int"), ("many", "int}", "bigint}"),
    ("id", ", required: true", ""),
)  # fmt: skip
KINDS_THEN = {
    "small": pa.int64(), "price": pa.decimal128(12, 4), "sealed": pa.int64(), "token": pa.int64(), "row": pa.int64(),
    "single": pa.float64(), "many": pa.list_(pa.int64()), "n": pa.date32(),
    "at": pa.struct([("city", pa.string()), ("floor", pa.int32()), ("code", pa.int32())]),
}  # fmt: skip


def as_before(place, made, before):
    """What was there is there, and nothing else of that file."""
    now = {row["id"]: row for row in place.rows(TABLE)}
    assert "i3" not in now, "deleted rows stay deleted"
    for key, row in before.items():
        for name in ("small", "single", "price", "token", "age", "row", "at", "many", "mail", "bound"):
            assert now[key][name] == row[name], (key, name)
        assert now[key]["n"] is None
    assert {key: clear(place, made, "sealed")[key] for key in before} == {"i1": 41, "i2": 42}
    assert {key: clear(place, made, "bound")[key] for key in before} == {"i1": "b1", "i2": "b2"}
    kinds = pa.schema(place.delta(TABLE).schema().to_arrow())
    for name in ("small", "price", "row", "single", "n"):
        assert kinds.field(name).type == KINDS_THEN[name]
    assert "typeWidening" not in str(place.delta(TABLE).protocol())
    assert place.delta(TABLE).protocol().min_reader_version == 1


@pytest.mark.spark
def test_columns_are_added_widened_and_encrypted_anew_in_the_version_that_adds_the_rows(place, spark):
    place.delta(TABLE).delete("id = 'i3'")
    before = {row["id"]: row for row in place.rows(TABLE)}
    made = contract(place.root / "contracts", *WIDER)
    (place.lake / "raw/things/one.parquet").rename(place.root / "one.parquet")
    big, day = 1 << 40, date(2024, 5, 6)
    new = [
        thing(5, small=70, token=big, sealed=big, n=day, row=big),
        thing(6, id=None, at={"city": None, "floor": 999}),
    ]
    write(place, "two", new, **KINDS_THEN)
    assert "one.parquet" in run(place).err, "the file read before is gone, which an increment says and lets be"
    as_before(place, made, before)
    found = {row.id: row for row in spark.read.format("delta").load(str(place.lake / "training/things")).collect()}
    assert set(found) == {"i1", "i2", "i5", None}
    assert (found["i5"].small, found["i5"].n, found["i5"].row) == (70, day, big)
    assert found[None]["at"]["floor"] == 999
    assert clear(place, made, "sealed")["i5"] == big
    assert len({found[key].token for key in ("i1", "i2", None)}) == 1, "one token of 7, whatever width it came in"
    versions = [entry for entry in place.delta(TABLE).history() if entry.get("operation") == "WRITE"]
    assert len(versions) == 2, "both runs made one version of rows each"


def test_a_large_table_is_widened_by_a_command_of_its_own_and_a_rehearsal_says_what_that_costs(place):
    place.delta(TABLE).delete("id = 'i3'")
    before, files = {row["id"]: row for row in place.rows(TABLE)}, place.delta(TABLE).get_add_actions(flatten=True)
    made, version = contract(place.root / "contracts", *WIDER), place.delta(TABLE).version()
    (place.lake / "raw/things/one.parquet").rename(place.root / "one.parquet")
    write(place, "two", [thing(5)], **KINDS_THEN)
    size = pa.table(files)["size_bytes"].to_pylist()
    rehearsed = run(place, "--dry-run")
    assert f"{len(size)} file" in rehearsed.out
    assert f"{sum(size):,} bytes" in rehearsed.out
    for words in ("at.floor", "gets a wider type, and is encrypted anew", "is added; null in the rows"):
        assert words in rehearsed.out
    refused = run(place, "--set", "prepare.widenLimit=0", code=3)
    (place.lake / "raw").rename(place.root / "archive")
    assert "--contract things --widen" in refused.err
    assert place.delta(TABLE).version() == version, "nothing was touched"
    alone = run(place, "--widen", "--set", "prepare.widenLimit=0")
    assert "the columns are the contract's" in alone.out
    assert alone.line["rows"]["read"] == 0
    as_before(place, made, before)
    now = place.delta(TABLE).version()
    (place.root / "archive").rename(place.lake / "raw")
    assert "the tables are as they were" in run(place, "--widen").out
    assert place.delta(TABLE).version() == now
    assert place.run(quarantine, "retry", "--contract", "things").line["rows"]["written"] == 1, "70 passes by now"


@pytest.mark.parametrize("step", ["replace", "commit", "note"])
def test_a_run_that_dies_on_its_way_leaves_the_last_good_version_and_the_next_one_finishes(place, monkeypatch, step):
    before = sorted(map(str, place.rows(TABLE)))
    made = contract(place.root / "contracts", ("small", "smallint", "int"))
    where = {"replace": Rewrite, "commit": commits, "note": evolve}[step]

    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(where, step, dies)
        run(place, "--widen", code=130)
    assert sorted(map(str, place.rows(TABLE))) == before
    run(place, "--widen")
    assert sorted(map(str, place.rows(TABLE))) == before
    kinds = pa.schema(place.delta(TABLE).schema().to_arrow())
    assert kinds.field("small").type == pa.int32()
    assert evolution_of(made, place.delta(TABLE)).changes == {}
