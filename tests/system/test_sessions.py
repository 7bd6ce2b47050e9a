"""Sessions that somebody else made, and that will not do: each is an error of the environment, told with its cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from support.lakes import ROOT, install

PROGRAM = """
import json, sys
from pyspark.sql import SparkSession
from strongroom.core.errors import StrongroomError
from strongroom.flows.read import read_table
from strongroom.stores.spark.settings import MEANING

def told(spark):
    try:
        read_table(spark, "training.reviews", "user:engineer", "model_training", settings=sys.argv[1]).count()
        return [0, "", ""]
    except StrongroomError as error:
        return [error.exit_code, error.what, error.todo]

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
for key, value in MEANING.items():
    try:
        spark.conf.set(key, value)
    except Exception:
        pass
ends = {"without Delta": told(spark)}
spark.stop()
ends["stopped"] = told(spark)
print(json.dumps(ends))
"""


@pytest.mark.slow
@pytest.mark.spark
def test_a_session_without_delta_and_one_that_was_stopped(tmp_path, capsys):
    place = install(tmp_path, capsys)
    write_deltalake(place.lake / "training/reviews", pa.table({"label": ["positive"]}))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(place.settings)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "lib"), "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    for why, (code, what, todo) in json.loads(done.stdout.splitlines()[-1]).items():
        assert code == 4, why
        assert what, why
        assert todo, why
