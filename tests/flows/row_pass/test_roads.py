"""Whatever road rows take, the same ones arrive: good and set aside, with the same reasons, places and bytes."""

from __future__ import annotations

import json
import os
import random
from datetime import date

import pyarrow as pa
import pytest

from flows.row_pass import roads
from flows.row_pass.odd_files import COLUMNS, Case, contract, drawn, parquet, typed_table
from older import lake as older
from older.test_older import by_id, near, opened, written
from strongroom.flows import prepare, quarantine
from strongroom.flows.row_pass.passing import apart
from strongroom.flows.row_pass.road import Answer, PartSeen
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Seen
from support.series import FULL

FUZZ = int(os.environ.get("STRONGROOM_FUZZ", "1000"))
SEEDS = range(max(1, FUZZ // 1000))
FEW = ("jsonl", "csv", "csvutf16begz", "csvrest", "jsonunknown", "csvstop", "hive", "wide", "deltapart")
"""Cases of every kind of input, for roads that cost a second a run."""
ALIKE = ("jsongz", "jsondocgz", "csvgz", "csvutf16le", "csv885915", "csvkeep", "hivejson", "nanos")
"""Cases like csvbz, jsondoc, csvutf16begz, csv1252, csvrest, hivecsv and int96: the slow suite takes them, too."""


def lay(place, cases):
    for case in cases:
        (place.root / "contracts" / f"{case.name}.yaml").write_text(case.contract)
        case.write(place.lake / "raw" / case.name)


def cut(place, name, road, split):
    """The option that has Spark cut files: the largest in four or more, and none in hundreds of parts without a row."""
    if not split or road not in roads.SPARK:
        return ()
    sizes = [file.stat().st_size for file in (place.lake / "raw" / name).rglob("*") if file.is_file()]
    return ("--set", f"{roads.SPLIT}={max(split, max(sizes) // 4)}")


def outcomes(place, cases, road, monkeypatch, capsys, *, split=0):
    """What comes of each case on a road, by its name."""
    with monkeypatch.context() as patch:
        roads.force(patch, road, split=split)
        mine, found = roads.copied(place, f"{road} {split}", capsys), {}
        for case in cases:
            done = roads.run(mine, case.name, road, *cut(mine, case.name, road, split))
            assert done.code == case.code, (case.name, road, done.err)
            found[case.name] = roads.came(mine, case.name, done)
        return found


def compared(first, second, road):
    for name, other in second.items():
        came = first[name]
        assert (other.code, other.where, other.counts) == (came.code, came.where, came.counts), (name, road)
        assert (other.good - came.good, came.good - other.good) == ({}, {}), (name, road)
        assert (other.aside - came.aside, came.aside - other.aside) == ({}, {}), (name, road)


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_of_whatever_size_give_the_same(tmp_path, capsys, monkeypatch, seed):
    cases = [case for case in drawn(seed) if FULL or case.name not in ALIKE]
    place = roads.installed(tmp_path / "made", capsys)
    lay(place, cases)
    whole = outcomes(place, cases, "local", monkeypatch, capsys)
    assert sum(sum(came.aside.values()) for came in whole.values()) > 50
    assert sum(sum(came.good.values()) for came in whole.values()) > 50
    texts = "".join(row for came in whole.values() for row in came.good)
    assert "[PERSON_1]" in texts
    assert "Petrova" not in texts
    for came in whole.values():
        assert came.code or came.counts["read"] == sum(came.good.values()) + sum(came.aside.values())
    split = random.Random(seed).choice([150, 300, 700])
    compared(whole, outcomes(place, cases, "local", monkeypatch, capsys, split=split), split)


def test_processes_of_a_pool_give_the_same(tmp_path, capsys, monkeypatch):
    cases = [case for case in drawn(7) if case.name in ("csv", "jsonunknown")]
    place = roads.installed(tmp_path / "made", capsys)
    lay(place, cases)
    alone = outcomes(place, cases, "local", monkeypatch, capsys)
    compared(alone, outcomes(place, cases, "pool", monkeypatch, capsys, split=700), "pool")


MINIMUM = "logicalTypeOptions: {minimum: 0}"
HEADED = b"text,n,id,person,mail,day\n"
LATIN = b'"Ren\xe9,\r\n1",-5,%d,ada,a@x.example,2026-01-02\r\n'


def csv_before(folder):
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(HEADED + b"".join(LATIN % n for n in range(30)) + b"torn,\x81\r\n" + LATIN % 77)


def json_before(folder):
    folder.mkdir(parents=True)
    rows = ({"id": n, "n": -5, "person": "ada", "text": "Ren\u00e9", "mail": "a@x.example"} for n in (*range(30), 77))
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "a.json").write_bytes("\ufeff".encode() + "\n".join([*lines[:30], "torn", lines[30]]).encode())


def parquet_before(folder):
    table = typed_table(random.Random(3), 31).select(["person", "mail", "text"])
    keyed = {"id": [*range(30), 77], "n": [-5] * 31, "day": [date(2026, 1, 2)] * 31}
    for name, values in keyed.items():
        table = table.append_column(name, pa.array(values))
    parquet(random.Random(3), folder / "a.parquet", table)


def unlike(name, form, options, later):
    """A case of which every row breaks `minimum`, and what its contract says afterwards."""
    before = contract(name, form, COLUMNS, options=options).replace(MINIMUM, "logicalTypeOptions: {minimum: 0}")
    after = contract(name, form, COLUMNS, options=later).replace(MINIMUM, "logicalTypeOptions: {minimum: -9}")
    return before, after


RETRIED = {
    # what wrote the files, how they were read, and what the contract says by the time of the retry
    "csv": (csv_before, "{header: true, encoding: windows-1252}", "{sep: ';', quote: \"'\", encoding: UTF-16}"),
    "json": (json_before, "{}", "{document: true, encoding: UTF-16}"),
    "parquet": (parquet_before, "{}", "{}"),
}


def in_editor(form, number):
    """A record's place: of CSV each but the torn one has two lines, and a header stands before them."""
    return f"row {number} (line {2 * number - (number == 32)})" if form == "csv" else f"row {number}"


def tried_again(place, road, form, monkeypatch, capsys, *, split=300):
    """Rows set aside, shown, and tried by a contract that has changed; what then is in training and what stays."""
    write, options, later = RETRIED[form]
    name = f"again{form}"
    before, after = unlike(name, form, options, later)
    lay(place, [Case(name, before, write)])
    parts = cut(place, name, road, split)
    with monkeypatch.context() as patch:
        roads.force(patch, road, split=split)
        done = roads.run(place, name, road, *parts)
        assert done.code == 0, done.err
        lying = roads.aside(place, name)
        assert sum(lying.values()) == done.line["rows"]["read"]
        shown = place.run(quarantine, "--contract", name, "show", "--limit", "99")
        assert shown.code == 0, shown.err
        rows = [json.loads(line) for line in shown.out.splitlines() if '"reasons"' in line]
        assert sorted(row["source_position"] for row in rows) == sorted(where for *_, where, _ in lying)
        numbered, torn = [*range(30), 77], form != "parquet"
        told = {row["source_position"]: int(row["row"]["id"]) for row in rows if "row" in row}
        numbers = {n + 1: n for n in range(30)} | {31 + torn: 77}
        assert told == {in_editor(form, number): value for number, value in numbers.items()}
        for most, moved in ((30, 30), (99, 1)):
            loose = after.replace("unique: true", f"logicalTypeOptions: {{maximum: {most}}}")
            (place.root / "contracts" / f"{name}.yaml").write_text(loose)
            tried = roads.run(place, name, road, "retry", *parts, flow=quarantine)
            assert tried.code == 0, tried.err
            assert tried.line["rows"]["written"] == moved, "what stayed is read as well as before"
        assert tried.line["rows"] == {"read": 1 + torn, "written": 1, "quarantined": int(torn)}
        again = roads.run(place, name, road, "retry", *parts, flow=quarantine)
        assert again.line["rows"]["written"] == 0, "exactly once"
    assert sorted(row["id"] for row in place.rows(f"training.{name}")) == numbered
    if form == "csv":
        assert {row["text"] for row in place.rows(f"training.{name}")} == {"Ren\u00e9,\r\n1"}
    return roads.good(place, name), roads.aside(place, name), lying


@pytest.mark.parametrize("form", RETRIED)
def test_what_was_set_aside_is_read_as_it_was_first_and_taken_once(tmp_path, capsys, monkeypatch, form):
    base = roads.installed(tmp_path / "made", capsys)
    whole, split = (roads.copied(base, f"local {size}", capsys) for size in (0, 300))
    first = tried_again(whole, "local", form, monkeypatch, capsys, split=1 << 20)
    assert tried_again(split, "local", form, monkeypatch, capsys) == first


def from_an_older_lake(road, monkeypatch, capsys):
    """What an older version set aside is tried again on a road."""
    place = older.unpack(older.ARCHIVES[0], capsys)
    with monkeypatch.context() as patch:
        roads.force(patch, road)
        assert place.run(prepare, *roads.engine(road)).code == 0
        place.edit("contracts/orders.yaml", "maximum: 50", "maximum: 75")
        tried = place.run(quarantine, "retry", *roads.engine(road))
        assert tried.code == 0, tried.err
    assert tried.line["rows"]["written"] == 3
    assert near(by_id(opened(place))) == near(written(place, 1, 2, 3, most=75))


def test_what_an_older_version_set_aside_is_tried_without_a_jvm(monkeypatch, capsys):
    with older.alone():
        from_an_older_lake("local", monkeypatch, capsys)


RETRIED_BY_SPARK = {
    "csv": tuple(roads.SPARK),
    "json": ("spark reads", "spark writes"),
    "parquet": ("spark", "spark reads and writes"),
}
"""Roads that each form is tried again on; the slow suite takes the others."""


def tried_again_alike(bare, form, taken, monkeypatch, capsys):
    first = tried_again(roads.copied(bare, f"{form} alone", capsys), "local", form, monkeypatch, capsys)
    for road in taken:
        found = tried_again(roads.copied(bare, f"{form} {road}", capsys), road, form, monkeypatch, capsys)
        assert found == first, road


@pytest.mark.slow
@pytest.mark.spark
def test_every_form_is_tried_again_on_the_other_roads_too(tmp_path, capsys, monkeypatch, spark):
    bare = roads.installed(tmp_path / "bare", capsys)
    for form, taken in RETRIED_BY_SPARK.items():
        tried_again_alike(bare, form, [road for road in roads.SPARK if road not in taken], monkeypatch, capsys)
    spark.conf.unset(roads.SPLIT)  # the session is shared by all tests


WHOLE = {"spark": FEW, "spark reads": None, "spark writes": FEW, "spark reads and writes": FEW}
USUAL = {
    "spark": ("jsonl", "wide"),
    "spark reads": ("csvutf16begz", "csvrest"),
    "spark reads and writes": ("csv", "hive"),
}
"""The cases that each road takes (None: all): in the slow suite, and in the usual one."""


@pytest.mark.spark
@pytest.mark.parametrize(
    ("taken", "retried"),
    [
        (USUAL, {"csv": ("spark reads",), "json": ("spark writes",)}),
        pytest.param(WHOLE, RETRIED_BY_SPARK, marks=pytest.mark.slow),
    ],
)
def test_every_road_of_spark_gives_what_one_process_gives(tmp_path, capsys, monkeypatch, spark, taken, retried):
    """One test, since each run of Spark costs a second."""
    cases = {case.name: case for case in drawn(2)}
    place = roads.installed(tmp_path / "made", capsys)
    lay(place, cases.values())
    named = {road: [case for name, case in cases.items() if few is None or name in few] for road, few in taken.items()}
    every = {case.name: case for few in named.values() for case in few}
    alone = outcomes(place, list(every.values()), "local", monkeypatch, capsys)
    for road, few in named.items():
        split = 300 if road == "spark reads" else 0
        compared(alone, outcomes(place, few, road, monkeypatch, capsys, split=split), road)
    bare = roads.installed(tmp_path / "bare", capsys)
    for form, several in retried.items():
        tried_again_alike(bare, form, several, monkeypatch, capsys)
    with older.alone():
        for road in list(taken)[-1:] if taken is USUAL else ("spark", "spark reads and writes"):
            from_an_older_lake(road, monkeypatch, capsys)
    with_deletion_vectors(bare, spark, list(taken)[-1:] if taken is USUAL else taken, monkeypatch, capsys)
    spark.conf.unset(roads.SPLIT)  # the session is shared by all tests


def with_deletion_vectors(bare, spark, taken, monkeypatch, capsys):
    """A table of which only Spark knows what was taken out."""
    raw = bare.lake / "raw/vectors"
    (bare.root / "contracts/vectors.yaml").write_text(contract("vectors", "delta", COLUMNS, path="raw/vectors"))
    frame = spark.range(50).selectExpr(
        "id", "'ada' person", "'a@x.example' mail", "id % 9 - 1 n", "date'2026-01-02' day", "'t' text"
    )
    frame.repartition(1).write.format("delta").option("delta.enableDeletionVectors", "true").save(str(raw))
    spark.sql(f"DELETE FROM delta.`{raw}` WHERE id % 7 = 0")
    assert any(raw.glob("*.bin")), "a vector, and no file written anew"
    assert roads.run(roads.copied(bare, "vectors local", capsys), "vectors", "local").code == 4
    left = [n for n in range(50) if n % 7]
    found = []
    for road in taken:
        mine = roads.copied(bare, f"vectors {road}", capsys)
        with monkeypatch.context() as patch:
            roads.force(patch, road)
            assert roads.run(mine, "vectors", road).code == 0
        assert sorted(row["id"] for row in mine.rows("training.vectors")) == [n for n in left if n % 9]
        found.append((roads.good(mine, "vectors"), roads.aside(mine, "vectors")))
    assert all(one == found[0] for one in found)


def answer(*paths):
    return Answer((), (), tuple(PartSeen(0, path, 0, 0, Seen()) for path in paths), Tally())


@pytest.mark.parametrize(
    ("tasks", "torn", "kept", "again", "why"),
    [
        (["a", "b", "b", "c"], "b", ["a", "c"], "b", "each task has one file"),
        (["ab", "b", "c"], "b", ["c"], "ab", "what a shared task wrote of another goes with it"),
        (["ab", "bc", "cd", "e"], "a", ["e"], "abcd", "and so on"),
        (["abc"], "a", [], "abc", "one task did all"),
    ],
)
def test_what_is_read_again_is_what_shares_a_task_with_a_wrong_guess(tasks, torn, kept, again, why):
    left, files = apart([answer(*task) for task in tasks], frozenset(torn))
    assert ["".join(part.path for part in task.parts) for task in left] == kept, why
    assert files == frozenset(again), why
