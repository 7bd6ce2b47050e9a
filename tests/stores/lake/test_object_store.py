"""A commit on an object store is a conditional put: of two writers of a version one comes through, and none is lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from moto.s3.responses import S3Response

from strongroom.core.errors import StoreError
from strongroom.flows import doctor
from strongroom.stores.lake import Lake, commits
from support.lakes import ROOT, install
from system.standalone import Servers

LIB = Path(__file__).parents[3] / "lib"
TABLE = "strongroom.race"


@pytest.fixture
def lake(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    return Lake(f"s3a://{bucket[1]}/lake")


@pytest.fixture
def loose(monkeypatch):
    """A store that takes a condition for nothing, as some do that speak S3."""
    put = S3Response.put_object

    def unconditional(self):
        self.headers = {name: value for name, value in self.headers.items() if name.lower() != "if-none-match"}
        return put(self)

    monkeypatch.setattr(S3Response, "put_object", unconditional)


def test_every_entry_of_a_log_is_put_where_there_is_none(lake, monkeypatch):
    asked, put = [], S3Response.put_object

    def noted(self):
        asked.append((self.path.rpartition("/")[2], self.headers.get("If-None-Match")))
        return put(self)

    monkeypatch.setattr(S3Response, "put_object", noted)
    commits.append(lake, TABLE, pa.table({"a": [1]}))
    entries = {name: condition for name, condition in asked if re.fullmatch(r"\d{20}\.json", name)}
    assert entries == {f"{version:020}.json": "*" for version in range(2)}
    assert commits.loses_none(lake, TABLE)


def test_a_store_that_takes_a_commit_in_place_of_another_is_found(lake, loose):
    commits.append(lake, TABLE, pa.table({"a": [1]}))
    assert not commits.loses_none(lake, TABLE)


def test_a_store_that_takes_no_second_commit_is_found(lake, monkeypatch):
    commits.append(lake, TABLE, pa.table({"a": [1]}))
    monkeypatch.setattr(S3Response, "put_object", lambda self: (403, {}, ""))
    with pytest.raises(StoreError) as caught:
        commits.loses_none(lake, TABLE)
    assert caught.value.code == "table.unwritable"


@pytest.mark.parametrize("store", ["conditional", "loose"])
def test_the_doctor_tries_the_storage_and_leaves_nothing_there(bucket, tmp_path, capsys, request, store):
    if store == "loose":
        request.getfixturevalue("loose")
    client, name = bucket
    place = install(tmp_path, capsys)
    section = f"storage: {{endpoint: '{client.meta.endpoint_url}', region: eu-west-1, credentials: environment}}"
    place.edit("local.yaml", "lake: lake", f"lake: s3://{name}/lake\n{section}")
    checks = {check["name"]: check for check in place.run(doctor, "--json").line["answer"]["checks"]}
    assert checks["storage"]["ok"] == (store == "conditional"), checks["storage"]
    assert ("spark" in checks) == (store == "conditional")
    left = [one["Key"] for one in client.list_objects_v2(Bucket=name).get("Contents", [])]
    assert [key for key in left if not key.endswith("/")] == []


def test_a_store_that_cannot_be_written_is_told_with_what_to_do(tmp_path, capsys, monkeypatch):
    append = "strongroom.flows.doctor.object_store.commits.append"  # else the library asks for minutes
    monkeypatch.setattr(append, lambda lake, table, _: (_ for _ in ()).throw(lake.unwritable(table)))
    monkeypatch.setattr(doctor, "_lake", lambda _: [])
    place = install(tmp_path, capsys)
    section = "storage: {endpoint: 'http://127.0.0.1:1', region: eu-west-1, credentials: environment}"
    place.edit("local.yaml", "lake: lake", f"lake: s3://nowhere/lake\n{section}")
    done = place.run(doctor, "--json")
    found = {check["name"]: check for check in done.line["answer"]["checks"]}
    assert (done.code, found["storage"]["ok"], bool(found["storage"]["mend"])) == (4, False, True)


@pytest.mark.parametrize("commits_of_each", [5, pytest.param(250, marks=pytest.mark.slow)])
def test_no_commit_of_racing_writers_is_lost(tmp_path, monkeypatch, commits_of_each):
    import boto3

    writers = [("a", "ours"), ("b", "ours"), ("c", "theirs"), ("d", "theirs")]
    with Servers(tmp_path / "server") as server:
        program = str(Path(sys.executable).parent / "moto_server")
        server.start("moto", [program, "-H", "127.0.0.1", "-p", "0"])
        endpoint = server.said("moto", r"Running on (http://127\.0\.0\.1:\d+)")
        for name, value in {
            "AWS_ENDPOINT_URL_S3": endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="lake")
        lake = Lake("s3a://lake/lake")
        commits.append(lake, TABLE, pa.table({"writer": ["first"], "number": pa.array([0], pa.int64())}))
        words = [sys.executable, "-m", "stores.lake.appending", lake.root, TABLE]
        place = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "lib")])
        racing = [
            subprocess.Popen([*words, name, str(commits_of_each), kind], env={**os.environ, "PYTHONPATH": place})
            for name, kind in writers
        ]
        assert [one.wait() for one in racing] == [0, 0, 0, 0]
        rows = lake.read(TABLE).to_pylist()
        found = sorted((row["writer"], row["number"]) for row in rows if row["writer"] != "first")
        assert found == [(name, number) for name, _ in writers for number in range(commits_of_each)]
        assert lake.open(TABLE).version() == 1 + len(writers) * commits_of_each


def test_spark_commits_nothing_of_ours():
    """Delta's own jar loses commits on S3 beside another writer: docs/decisions/object-stores.md."""
    ways = re.compile(
        r"saveAsTable|insertInto|writeTo\(|writeStream|format\(\"delta\"\)[^\n]*\.save\(|DeltaTable\.for|"
        r"(MERGE INTO|UPDATE|DELETE FROM|OPTIMIZE|VACUUM|INSERT INTO|CREATE TABLE) delta\."
    )
    found = {path.name for path in LIB.rglob("*.py") if ways.search(path.read_text(encoding="utf-8"))}
    assert found == {"class_archive.py"}, "which warms up in a folder of its own"
