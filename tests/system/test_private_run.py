"""A job beside another user of the machine: they reach none of its sockets and folders, and nothing of it stays behind.

Jobs are processes of their own, started with no mask at all; the other user is a process that has become one.
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError

from support.lakes import install
from system.processes import Process, gone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="NOT SHOWN HERE: only root can become other users; run as root"),
]
OPEN = ("sh", "-c", 'umask 000; exec "$@"', "sh")
NEIGHBOUR = """
import json, os, socket, stat, sys, time
from pathlib import Path
tops = sys.argv[1:]
os.setgroups([]); os.setgid(62_003); os.setuid(61_003)
reached = set()
print("ready", flush=True)
while not os.path.exists(f"{tops[0]}/.enough"):
    time.sleep(0.02)
    for top in tops:
        for folder, _, files in os.walk(top):
            for name in files:
                path = os.path.join(folder, name)
                try:
                    mode = os.lstat(path).st_mode
                except OSError:
                    continue
                if stat.S_ISSOCK(mode):
                    try:
                        with socket.socket(socket.AF_UNIX) as here:
                            here.settimeout(1)
                            here.connect(path)
                            reached.add(f"connected to {path}")
                    except OSError:
                        pass
                elif os.access(path, os.R_OK) or os.access(path, os.W_OK):
                    reached.add(path)
print(json.dumps({"reached": sorted(reached)}))
"""


@pytest.fixture
def place(capsys):
    folder = Path(tempfile.mkdtemp(prefix="strongroom-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "t").mkdir()
    (folder / "t").chmod(0o1777)
    made = install(folder / "x", capsys, sample=200, engine="spark")
    made.lake.chmod(0o700)
    yield made
    shutil.rmtree(folder)


def temporary(place) -> Path:
    return place.root.parent / "t"


def start(place) -> Process:
    """A job whose Python and JVM are told to have their temporary files where the neighbour looks, and no mask."""
    there = str(temporary(place))
    java = f"-Djava.io.tmpdir={there}"
    return Process(place, "prepare", before=OPEN, TMPDIR=there, JAVA_TOOL_OPTIONS=java)


def left(place) -> list[str]:
    return [path.name for path in temporary(place).iterdir() if path.name != ".enough"]


@pytest.fixture
def neighbour(place):
    """Another user at work in the folder for temporary files and in that of the installation."""
    words = [sys.executable, "-c", NEIGHBOUR, str(temporary(place)), str(place.lake)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout.readline() == "ready\n"

        def told():
            (temporary(place) / ".enough").touch()
            return json.loads(process.communicate(timeout=60)[0])

        yield told
        process.kill()


def test_another_user_connects_to_no_socket_and_opens_no_file_of_a_run(place, neighbour):
    job = start(place)
    try:
        job.wait(120)
        assert not job.running, "a client that stays silent makes the job wait for ever"
        found = neighbour()
    finally:
        job.kill()
    assert job.result().code == 0, job.result().err
    assert {each for each in found["reached"] if not each.endswith(".enough")} == set()
    gone(lambda: not left(place), what="the run's own folder to be swept", seconds=10)
    written = [path for zone in ("training", "quarantine", "reports") for path in (place.lake / zone).rglob("*")]
    assert len(written) > 15
    mine = [path for path in written if path.suffix != ".prom"]  # which is for another user, where the lake lets them
    assert [path for path in mine if path.stat().st_mode & 0o077] == [], "of Spark's files, too"


def test_what_a_killed_run_leaves_is_swept_and_what_a_living_one_has_is_not(place):
    def folders():
        return [path for path in temporary(place).glob("sr-*") if list(path.glob(".*.sock"))]

    job = start(place)
    try:
        assert job.when(folders), "the run has sockets in a folder of its own"
        (folder,) = folders()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        job.send(signal.SIGSTOP)
        strange = temporary(place) / "sr-stranger"
        strange.mkdir(mode=0o755)
        second = Process(place, "vectorize", "--dry-run", TMPDIR=str(temporary(place)))
        second.result()
        assert folder.exists(), "its run is alive"
    finally:
        job.send(signal.SIGCONT)
        job.kill()
    gone(lambda: not folder.exists(), what="the killed run's folder to be swept", seconds=10)
    assert left(place) == ["sr-stranger"], "of somebody else"


def test_nobody_asks_the_driver_over_its_port_without_the_runs_own_secret(place, spark):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    job = Process(place, "prepare", "--set", f"spark.driver.port={port}", TMPDIR=str(temporary(place)))

    def listens():
        with socket.socket() as here:
            return here.connect_ex(("127.0.0.1", port)) == 0

    jvm = spark.sparkContext._jvm
    try:
        assert job.when(listens, pause=0.2)
        driver = jvm.org.apache.spark.rpc.RpcAddress("127.0.0.1", port)
        with pytest.raises(Py4JJavaError) as refused:
            jvm.org.apache.spark.SparkEnv.get().rpcEnv().setupEndpointRef(driver, "HeartbeatReceiver")
        assert job.running
        assert "Cannot find endpoint" not in str(refused.value.java_exception), "it would be told that"
    finally:
        job.kill()
