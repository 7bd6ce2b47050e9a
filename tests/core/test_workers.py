"""Workers of Spark, without Spark."""

from __future__ import annotations

import subprocess
import sys
import textwrap

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
