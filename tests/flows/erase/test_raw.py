"""Raw files are written anew without the records of people, and everything else in them stays byte for byte."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import erase, prepare
from support.erasing import POLICY, erased, files_with
from support.lakes import install

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers: [{{server: raw, type: local, path: raw/visits/*, format: {format}}}]
schema:
  - name: visits
    properties:
      - name: who
        logicalType: string
        required: true
        classification: personal
        customProperties:
          - {{property: protect, value: {{method: hash, domain: visitor}}}}
          - {{property: subject, value: true}}
      - {{name: note, logicalType: string, customProperties: [{{property: protect, value: {{method: keep}}}}]}}
customProperties: [{{property: purposes, value: [model_training]}}]
"""
NAMES = ("olga petrova", "ann alder", "bob birch")
WRITE = ("--set", "erase.raw=rewrite")


def made(tmp_path, capsys, *, format):
    place = install(tmp_path / "x", capsys)
    (place.root / "policy.yaml").write_text(POLICY)
    for path in (place.root / "contracts").glob("*.yaml"):
        path.unlink()
    (place.root / "contracts/visits.yaml").write_text(CONTRACT.format(format=format))
    (place.lake / "raw/visits").mkdir(parents=True)
    return place


def prepared(place, *more):
    done = place.run(prepare, "--contract", "visits", *more)
    assert done.code == 0, done.err
    return done


def gone(place, name, run):
    done = erased(place, {"who": name, "mail": f"{name[:4]}@example.org"}, name=run, contract="visits", prove=False)
    assert done.code == 0, done.err
    return done


LINES = {
    "a csv file with line breaks in quotes": (
        "csv", "a.csv",
        'who,note\r\nann alder,"two\r\nlines, olga"\r\n"olga petrova","hers\r\n\r\nalso hers"\r\nbob birch,x\r\n',
        'who,note\r\nann alder,"two\r\nlines, olga"\r\nbob birch,x\r\n',
    ),
    "the last line without an end": (
        "csv", "a.csv", "who,note\nbob birch,x\nolga petrova,y", "who,note\nbob birch,x\n",
    ),
    "one before a line without an end": (
        "csv", "a.csv", "who,note\nolga petrova,y\nbob birch,x", "who,note\nbob birch,x",
    ),
    "json lines with a blank one, and a torn one of hers": (
        "json", "a.json",
        '{"who": "olga petrova"}\n{"who":"ann alder", "note": "olga"}\n\n{"who": "bob birch", "no olga@example.org\n',
        '{"who":"ann alder", "note": "olga"}\n\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", LINES)
def test_lines_of_others_stay_byte_for_byte(why, tmp_path, capsys):
    form, name, before, after = LINES[why]
    place = made(tmp_path, capsys, format=form)
    file = place.lake / "raw/visits" / name
    file.write_bytes(before.encode())
    place.run(prepare, "--contract", "visits")
    place.edit("local.yaml", "prepare:", "erase: {raw: rewrite}\nprepare:")
    gone(place, NAMES[0], "r-1")
    assert file.read_bytes().decode() == after
    assert [path.name for path in file.parent.iterdir()] == [name]


def test_an_increment_goes_on_after_raw_files_were_written_anew(tmp_path, capsys):
    place = made(tmp_path, capsys, format="json")
    folder = place.lake / "raw/visits"
    lines = [json.dumps({"who": name, "note": str(n)}) for n in range(50) for name in NAMES]
    with gzip.open(folder / "a.json.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    prepared(place)
    place.edit("local.yaml", "prepare:", "erase: {raw: rewrite}\nprepare:")
    for number, name in enumerate(NAMES[:2]):  # the second time the manifest knows the file as it was since the first
        gone(place, name, f"r-{number}")
        with gzip.open(folder / "a.json.gz", "rt") as file:
            left = file.read().splitlines()
        assert left == [line for line in lines if json.loads(line)["who"] not in NAMES[: number + 1]]
        (folder / f"b{number}.json").write_text(json.dumps({"who": f"new {number}", "note": "n"}) + "\n")
        done = prepared(place, "--set", "prepare.mode=append")
        assert done.line["rows"]["read"] == 1
        assert len(place.rows("training.visits")) == len(left) + number + 1
    assert place.run(erase, "prove", "erase-r-0").line["answer"]["hits"] == 0
    (folder / "a.json.gz").write_bytes(gzip.compress(b'{"who": "bob birch"}\n'))  # by others this time
    assert place.run(prepare, "--contract", "visits", "--set", "prepare.mode=append").code == 7


def test_row_groups_of_parquet_keep_their_rows(tmp_path, capsys):
    place = made(tmp_path, capsys, format="parquet")
    file = place.lake / "raw/visits/a.parquet"
    rows = pa.table({"who": [*NAMES, NAMES[1], NAMES[0], NAMES[2]], "note": [*"abcdef"]})
    pq.write_table(rows, file, row_group_size=4, compression="zstd")
    prepared(place)
    place.edit("local.yaml", "prepare:", "erase: {raw: rewrite}\nprepare:")
    gone(place, NAMES[0], "r-1")
    left = pq.ParquetFile(file)
    assert left.read().to_pylist() == [row for row in rows.to_pylist() if row["who"] != NAMES[0]]
    assert [left.metadata.row_group(n).num_rows for n in range(left.num_row_groups)] == [3, 1]
    assert left.metadata.row_group(0).column(0).compression == "ZSTD"
    done = place.run(erase, "prove", "erase-r-1")
    assert done.code == 0, done.err


def test_files_of_others_are_counted_and_named_and_stay(tmp_path, capsys):
    place = made(tmp_path, capsys, format="json")
    file = place.lake / "raw/visits/a.json"
    file.write_text("".join(json.dumps({"who": name}) + "\n" for name in NAMES))
    prepared(place)
    before = file.read_bytes()
    done = gone(place, NAMES[0], "r-1")
    told = {each["place"]: each for each in done.line["answer"]["places"]}
    assert (told["raw.visits"]["rows"], told["raw.visits"]["files"]) == (1, 1)
    assert file.read_bytes() == before
    proof = place.run(erase, "prove", "erase-r-1")
    assert proof.code == 0
    statement = json.loads((place.root / "keys/erasures/erase-r-1.cert").read_text())["statement"]
    assert "raw.visits" in {each["file"] for each in statement["unsearched"]}
    assert files_with(place.root, NAMES[0]) == ["lake/raw/visits/a.json"]
