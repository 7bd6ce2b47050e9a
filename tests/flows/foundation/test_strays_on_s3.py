"""The same on an object store: what belongs to nothing is told with its whole name. Jobs run in processes of their own,
since deltalake's history would keep the store in this one from answering.
"""

import json
import os
import subprocess
import sys

import pytest

from support.lakes import ROOT, install

TOLD = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_EC2_METADATA_DISABLED")


@pytest.fixture
def place(bucket, tmp_path, capsys, monkeypatch):
    client, name = bucket
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    made = install(tmp_path / "a", capsys, sample=100)
    for file in (made.lake / "raw").rglob("*"):
        if file.is_file():
            client.upload_file(str(file), name, f"lake/{file.relative_to(made.lake)}")
    made.edit("local.yaml", "lake: lake", f"lake: s3://{name}/lake")
    return made


def job(place, name, *words):
    where = {"PYTHONPATH": os.pathsep.join([str(ROOT / "lib")])}
    command = [sys.executable, str(ROOT / f"jobs/{name}.py"), "--config", str(place.settings), "--json", *words]
    done = subprocess.run(
        command, env={**os.environ, **where}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().rpartition("\n")[2])["answer"]


def test_a_file_in_a_bucket_is_told_with_its_whole_name(place, bucket):
    client, name = bucket
    assert job(place, "prepare", "--contract", "reviews")["versions"]
    assert job(place, "check", "--lake")["strays"] == []
    planted = {
        "lake/planted": "stray.file", "lake/training/reviews/planted": "stray.table",
        "lake/training/reviews/_delta_log/planted": "stray.log", "lake/reports/planted": "stray.report",
        "lake/raw/reviews/_planted": "stray.raw", "lake/models/reviews/planted": "stray.model",
        "lake/training/reviews/stage-000001-old/part-0.parquet": "stray.stage",
    }  # fmt: skip
    for key in planted:
        client.put_object(Bucket=name, Key=key, Body=b"12345")
    found = {each["path"]: (each["code"], each["bytes"]) for each in job(place, "check", "--lake")["strays"]}
    want = {f"s3://{name}/{key.removesuffix('/part-0.parquet')}": (code, 5) for key, code in planted.items()}
    assert found == want
    nodes = {node["name"]: node for node in job(place, "lineage")["nodes"]}
    assert nodes["training.reviews"]["places"] == [f"s3://{name}/lake/training/reviews"]
    assert nodes["training.reviews"]["whose"]["tag"] == "_subject"
