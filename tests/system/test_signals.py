"""Ctrl-C and SIGTERM at any moment from the first on: one message, the documented exit code, nothing half done."""

import os
import random
import signal
import subprocess
import sys

import pytest

from protect.ring import SEED
from strongroom import run_job
from strongroom.flows import prepare
from support.lakes import ROOT, install
from system.contents import quarantined, training, unknown_files
from system.processes import Process, gone, members

JOBS = {
    "check": ("check",),
    "explain": ("access", "explain", "--as", "user:grace", "--table", "training.reviews", "--columns", "label"),
    "prepare": ("prepare", "--set", "prepare.engine=local"),
}
CODES = {signal.SIGINT: (130, "Ctrl-C"), signal.SIGTERM: (143, "SIGTERM")}
FEW = [("check", signal.SIGINT, 3), ("explain", signal.SIGTERM, 3), ("prepare", signal.SIGINT, 3)]
MANY = [pytest.param(job, number, 40, marks=[pytest.mark.slow]) for job in JOBS for number in CODES]
SHELL = 0.15
"""Seconds within which a busy machine may still be starting the shell, which nobody has told yet what to do."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = install(tmp_path_factory.mktemp("signals") / "a", None, sample=100, engine="local")
    assert run_job.run(prepare, ["--config", str(place.settings)]) == 0
    return place


def moments(job, number, count):
    """From the first on to 1.5 s, closer where programs start."""
    drawn = random.Random(f"{SEED} {job} {number}")
    return (0.0, *(1.5 * drawn.random() ** 1.5 for _ in range(count)))


def stopped(process, moment, number):
    """Whether the job ended as it should, being told so at that moment; False where it was done before."""
    process.wait(moment)
    running = process.running
    process.send(number)
    done, (code, by) = process.result(), CODES[number]
    said = f"{by} after {moment:.3f} s: exit {done.code}\n{done.err}"
    assert not members(process.popen.pid, session=True), said
    assert "Traceback" not in done.err, said
    if done.code == 0:  # told after it had said how it ended
        assert not running or done.line["status"] == "done", said
        return False
    if done.code == -number:
        assert moment < SHELL, said
        assert not done.err + done.out, said
        return True
    assert done.code == code, said
    assert done.err.count("(exit ") == 1, said
    assert f"stopped by {by}; " in done.err, said
    if done.out:  # all but the shell write one
        assert done.line["exit_code"] == code, said
    return True


@pytest.mark.parametrize(("job", "number", "count"), [*FEW, *MANY])
def test_a_signal_at_any_moment_is_heard_and_told_once(place, job, number, count):
    before = training(place, "reviews"), quarantined(place, "reviews")
    heard = 0
    for moment in moments(job, number, count):
        name, *options = JOBS[job]
        heard += stopped(Process(place, name, *options), moment, number)
        assert (training(place, "reviews"), quarantined(place, "reviews")) == before
    assert heard > count // 2
    for table in ("training.reviews", "quarantine.reviews"):
        assert not unknown_files(place, table)


@pytest.mark.slow
@pytest.mark.spark
def test_ctrl_c_while_a_jvm_starts_waits_for_the_job(place):
    drawn = random.Random(f"{SEED} jvm")
    for moment in (0.3, 1.0, *(4.0 * drawn.random() for _ in range(8))):
        assert stopped(Process(place, "prepare", "--set", "prepare.engine=spark"), moment, signal.SIGINT)


ONCE = """
import os, signal, sys, types
from strongroom import run_job

def run(job):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt:
        os.kill(os.getpid(), signal.SIGINT)
        print("mended", flush=True)
        raise ImportError("a library's own words") from None

sys.modules["strongroom.flows.waits"] = flow = types.ModuleType("strongroom.flows.waits", "")
flow.BARE, flow.run = True, run
run_job.main("waits")
"""


def test_ctrl_c_twice_breaks_no_ending_and_is_a_stop_whatever_a_library_makes_of_it():
    done = subprocess.run([sys.executable, "-c", ONCE], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "mended\n")
    assert done.stderr.startswith("strongroom waits: interrupted (exit 130)\n")
    assert "Traceback" not in done.stderr


def test_the_shell_says_it_too(tmp_path):
    """A signal that comes while the shell looks for a Python."""
    slow, looked = tmp_path / "python3.13", tmp_path / "looked"
    slow.write_text(f"#!/bin/sh\ntouch {looked}\nexec sleep 30\n")
    slow.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STRONGROOM_HOME": str(tmp_path / "none")}
    words = [ROOT / "spark-submit.sh", "check"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True) as job:
        gone(looked.exists, what="the shell to look for a Python")
        os.killpg(job.pid, signal.SIGINT)
        _, err = job.communicate(timeout=60)
    assert job.returncode == 130
    assert err.splitlines()[0] == "strongroom: interrupted (exit 130)"


EAR = """
import sys, time
from pathlib import Path
from strongroom.core import signals
signals.hear_for(Path(sys.argv[1]))
print("waits", flush=True)
time.sleep(60)
"""


def test_who_listens_for_a_job_ends_with_it_also_when_it_is_killed(tmp_path):
    words = [sys.executable, "-c", EAR, str(tmp_path / "ear")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as job:
        assert job.stdout.readline() == "waits\n"
        assert len(members(job.pid, session=True)) == 2
        job.kill()
    gone(lambda: not members(job.pid, session=True), what="the process that listened")


IN_A_DESTRUCTOR = """
import os, signal, sys, time, types
from strongroom import run_job

class Odd:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def run(job):
    odd = Odd()
    del odd
    time.sleep(5)
    print("went on", flush=True)

sys.modules["strongroom.flows.waits"] = flow = types.ModuleType("strongroom.flows.waits", "")
flow.BARE, flow.run = True, run
run_job.main("waits")
"""


def test_ctrl_c_in_a_destructor_where_python_only_prints_what_is_raised_stops_the_job():
    done = subprocess.run([sys.executable, "-c", IN_A_DESTRUCTOR], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr
