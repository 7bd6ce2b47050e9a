"""A folder called `name=value` says a column's value: of a protected one, no message, log or report has it."""

import json

import pytest

from strongroom.flows import prepare
from support.lakes import install

NAME = "Otto Quuxmann"
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
servers:
  - {{server: raw, type: local, path: raw/t, format: csv,
      customProperties: [{{property: options, value: {{header: true}}}}]}}
schema:
  - name: t
    physicalType: table
    properties:
      - {{name: id, logicalType: integer, customProperties: [{{property: protect, value: {{method: keep}}}}]}}
      - {{name: customer, logicalType: string, classification: {word},
          customProperties: [{{property: protect, value: {way}}}]}}
"""
POLICY = """
roles: {engineer: {members: [user:engineer]}}
grants: [{role: engineer, actions: [read, write], tables: ["*"]}]
"""
WAYS = ("{method: encrypt, domain: person}", "{method: hash, domain: person}", "{method: drop}")
APPEND = ("--contract", "t", "--set", "prepare.mode=append")


@pytest.fixture
def place(tmp_path, capsys):
    found = install(tmp_path / "a b", capsys)
    (found.root / "policy.yaml").write_text(POLICY)
    return found


def put(place, data, way=WAYS[0], word="personal"):
    (place.root / "contracts/t.yaml").write_text(CONTRACT.format(way=way, word=word))
    file = place.lake / f"raw/t/customer={NAME}/x.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def told(place, done):
    """Whatever a run says or leaves for others than the manifest's and the quarantine's readers."""
    reports = [file.read_text() for file in (place.lake / "reports").rglob("*") if file.is_file()]
    entries = [file.read_text() for file in (place.root / "audit").rglob("entries*")]
    return "\n".join([done.out, done.err, json.dumps(done.line), *reports, *entries])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("data", [b'id\n"5\n6\n', b"id,what\n5,x\n", b"id,id\n5,6\n"])
def test_a_broken_file_is_told_without_what_its_folder_says(place, data, way):
    put(place, data, way)
    done = place.run(prepare, "--contract", "t")
    assert done.code in (3, 7), done.err
    assert "customer=*/x.csv" in done.err
    assert NAME not in told(place, done)


def test_a_rewritten_and_a_vanished_file_are_told_without_it(place):
    file = put(place, b"id\n5\n")
    assert place.run(prepare, *APPEND).code == 0
    file.write_bytes(b"id\n5\n6\n")
    done = place.run(prepare, *APPEND)
    assert done.code == 7
    assert NAME not in told(place, done)
    file.unlink()
    other = place.lake / "raw/t/customer=Eve/y.csv"
    other.parent.mkdir()
    other.write_bytes(b"id\n7\n")
    done = place.run(prepare, *APPEND)
    assert "customer=*" in done.err
    assert NAME not in told(place, done)


def test_what_a_kept_column_says_is_told(place):
    put(place, b'id\n"5\n6\n', "{method: keep}", "public")
    done = place.run(prepare, "--contract", "t")
    assert done.code == 7
    assert f"customer={NAME}/x.csv" in done.err
