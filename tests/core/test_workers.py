"""Workers of Spark, without Spark."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pyspark
import pytest

WAITING = """
    import socket
    import pyspark.daemon, pyspark.worker
    from strongroom.core import workers

    workers.settle()
    workers.settle()
    ours, spark = socket.socketpair()
    {spark}
    print(pyspark.daemon.worker(ours, True))
    {then}
"""


@pytest.mark.parametrize(
    ("spark", "then", "said", "why"),
    [
        ("spark.close()", "", "", "the run is over: nobody hears what it says"),
        ("spark.shutdown(socket.SHUT_WR)", "print(b'EOFError' in spark.recv(9999))", "-1\nTrue\n", "Spark listens"),
    ],
)
def test_a_worker_whose_run_is_over_ends_in_silence(spark: str, then: str, said: str, why: str) -> None:
    code = textwrap.dedent(WAITING.format(spark=spark, then=then))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (said, ""), why


@pytest.mark.parametrize(
    ("home", "zipped", "why"),
    [
        ("{package}", False, "Spark runs from the package that is installed: its zip holds the same"),
        ("/opt/spark", True, "a Spark of its own may be another one"),
        ("", True, "nobody knows where Spark is"),
    ],
)
def test_pyspark_comes_from_the_package(home: str, zipped: bool, why: str) -> None:
    package = Path(pyspark.__file__).parent
    lib = package / "python/lib"
    path = os.pathsep.join([str(file) for file in sorted(lib.glob("*.zip"))] + [entry for entry in sys.path if entry])
    code = "from strongroom.core import workers; workers.without_zips(); import pyspark; print(pyspark.__file__)"
    given = {**os.environ, "PYTHONPATH": path, "SPARK_HOME": home.format(package=package)}
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    assert ("pyspark.zip" in done.stdout) is zipped, why
