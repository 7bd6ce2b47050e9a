"""Spark's half of a lake on S3, against a real server: the locked jars, one setting, and no credential to be seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.lakes import ROOT, install
from system.processes import environment, run
from system.standalone import Servers

ID, SECRET = "AKIDMARKER4D0C", "secretmarker-77ab0de1"


@pytest.mark.spark
@pytest.mark.parametrize("credentials", ["environment", pytest.param("file:aws", marks=pytest.mark.slow)])
def test_both_halves_write_commit_read_and_delete_and_no_credential_is_seen(tmp_path, credentials):
    boto3 = pytest.importorskip("boto3", reason="NOT TESTED ON AN OBJECT STORE: pip install 'moto[server,s3]' boto3")
    place = install(tmp_path / "a", None, engine="spark")
    own = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    with Servers(tmp_path / "server") as server:
        server.start("moto", [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", "0"])
        endpoint = server.said("moto", r"Running on (http://127\.0\.0\.1:\d+)")
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=ID, aws_secret_access_key=SECRET
        )
        client.create_bucket(Bucket="lake")
        section = f"storage: {{endpoint: '{endpoint}', region: us-east-1, credentials: '{credentials}'}}"
        place.edit("local.yaml", "lake: lake", f"lake: s3://lake/l\n{section}")
        events = tmp_path / "events"
        events.mkdir()
        logged = f"spark:\n  spark.eventLog.enabled: true\n  spark.eventLog.dir: {events}\n"
        place.edit("local.yaml", "spark:\n", f"{logged}  spark.eventLog.compress: false\n")
        if credentials.startswith("file:"):
            (place.root / "aws").write_text("[default]\n" + "".join(f"{k.lower()} = {v}\n" for k, v in own.items()))
            (place.root / "aws").chmod(0o600)
            own = {}
        words = [str(ROOT / "spark-submit.sh"), "--setup-only", "doctor", "--config", str(place.settings)]
        subprocess.run(words, check=True, capture_output=True, env=environment())
        done = run(place, "doctor", AWS_EC2_METADATA_DISABLED="true", **own)
        found = {check["name"]: check for check in done.line["answer"]["checks"]}
        assert [found[name]["ok"] for name in ("jars", "storage", "spark")] == [True, True, True], done.err
        left = [one["Key"] for one in client.list_objects_v2(Bucket="lake").get("Contents", [])]
        assert [key for key in left if not key.endswith("/")] == []
    text = "".join(file.read_text(errors="replace") for file in events.rglob("*") if file.is_file())
    assert "SparkListenerEnvironmentUpdate" in text, "what the UI shows, too"
    for seen in (text, done.out, done.err):
        assert ID not in seen
        assert SECRET not in seen
