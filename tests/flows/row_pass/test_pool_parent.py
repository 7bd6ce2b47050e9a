"""Processes of our own end with their parent, however that ends: nobody is left with a key in memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import sys, time
from flows.row_pass.test_pool_parent import slow
from strongroom.flows.row_pass.pool import run_in_pool
if __name__ == "__main__":
    list(run_in_pool(slow, 2, 2))
"""


def slow(batches):
    """A task that tells its process and does not come to an end."""
    for _ in batches:
        os.write(1, f"{os.getpid()}\n".encode())  # at once: two processes write here
        time.sleep(60)
    yield from ()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(by, tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": f"{root}/lib{os.pathsep}{root}/tests"}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(by)
        parent.wait(10)
        end = time.monotonic() + 10
        while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < end:
            time.sleep(0.05)
        assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []
