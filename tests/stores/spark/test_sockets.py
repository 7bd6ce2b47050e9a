"""Who may connect to the sockets of Spark's Python where we do not make their folder."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.identity import trust
from strongroom.stores.spark.sockets import look_in_worker

ROOT = Path(__file__).parents[3]
WEAK = "may connect to the sockets"


@pytest.fixture
def folder():
    """A folder that everybody may pass through."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize(
    ("mode", "mask", "members", "enabled", "weak", "why"),
    [
        (0o1777, 0o000, "", "true", "everybody", "any user connects"),
        (0o1777, 0o022, "", "true", "", "to connect takes the right to write"),
        (0o1777, 0o077, "", "true", "", "nor is anything else open"),
        (0o1777, 0o002, "ada", "true", "group", "members of the group connect"),
        (0o1777, 0o002, "", "true", "", "it has no other member"),
        (0o1777, 0o020, "", "true", "everybody", "others though not the group"),
        (0o700, 0o000, "", "true", "", "nobody gets there"),
        (0o1777, 0o000, "", "false", "", "over TCP Spark asks for a secret"),
        (0o1777, 0o000, "", None, "", "no worker of Spark"),
    ],
)
def test_a_worker_to_which_others_may_connect_is_refused(folder, monkeypatch, mode, mask, members, enabled, weak, why):
    folder.chmod(mode)
    group = SimpleNamespace(gr_name="g", gr_mem=[members] if members else [])
    monkeypatch.setattr(trust.grp, "getgrgid", lambda number: group)
    monkeypatch.setenv("PYTHON_WORKER_FACTORY_SOCK_DIR", str(folder))
    if enabled is None:
        monkeypatch.delenv("PYTHON_UNIX_DOMAIN_ENABLED", raising=False)
    else:
        monkeypatch.setenv("PYTHON_UNIX_DOMAIN_ENABLED", enabled)
    before = os.umask(mask)
    try:
        if weak:
            with pytest.raises(EnvironmentFault, match=f"{weak}.* {WEAK}") as caught:
                look_in_worker()
            assert str(folder) in caught.value.where, why
            assert "docs/install.md" in caught.value.todo
        else:
            look_in_worker()
    finally:
        os.umask(before)


FOREIGN = """
import json, os, sys
from functools import partial
from pyspark.sql import SparkSession
from strongroom.core.errors import StrongroomError
from strongroom.core.settings import Settings
from strongroom.stores.spark.error_translation import translate
from strongroom.stores.keys import keyring_of, open_keyring
from strongroom.stores.spark.session import open_session

def opened(handle, batches):
    keyring_of(handle)
    yield from batches

os.umask(int(sys.argv[1], 8))
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
    "spark.python.unix.domain.socket.enabled", "true").getOrCreate()
ring = open_keyring(f"file:{sys.argv[2]}/kek", f"{sys.argv[2]}/keyring.json", create=True)
said = []
for work in (
    lambda: open_session(Settings(file="", lake="", keys="", keyring="", policy="", contracts=""), spark),
    lambda: spark.range(1).mapInArrow(partial(opened, ring.handle), "id long").collect(),
):
    try:
        work()
        said.append("")
    except Exception as error:
        known = translate(error)
        said.append(f"{known.exit_code} {known}" if known else repr(error))
print(json.dumps(said))
"""


OURS = """
import os, sys
from strongroom.core.settings import Settings
from strongroom.stores.spark.session import open_session
os.umask(0)
nothing = dict.fromkeys(("file", "lake", "keys", "keyring", "policy", "contracts"), "")
spark = open_session(Settings(**nothing, spark={"spark.master": "local[1]"}))
assert spark.range(3).mapInArrow(lambda batches: batches, "id long").count() == 3
print(spark.conf.get("spark.python.unix.domain.socket.dir"), flush=True)
"""


@pytest.mark.slow
def test_a_session_that_a_program_opens_by_us_has_a_folder_of_its_own_too(folder):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "lib"),
        "PYSPARK_PYTHON": sys.executable,
        "TMPDIR": str(folder),
    }
    done = subprocess.run([sys.executable, "-c", OURS], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert Path(done.stdout.split()[-1]).parent == folder
    assert list(folder.iterdir()) == [], "and it went with the program"


@pytest.mark.slow
@pytest.mark.parametrize(("mask", "weak"), [("000", True), ("022", False)])
def test_a_session_that_somebody_else_made_is_refused_by_the_driver_and_by_the_worker(tmp_path, mask, weak):
    tmp_path.chmod(0o700)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib"), "PYSPARK_PYTHON": sys.executable}
    words = [sys.executable, "-c", FOREIGN, mask, str(tmp_path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    driver, worker = json.loads(done.stdout.strip().splitlines()[-1])
    assert (WEAK in driver, WEAK in worker) == (weak, weak), (driver, worker)
    assert [each[:2] for each in (driver, worker)] == (["4 ", "4 "] if weak else ["", ""])
