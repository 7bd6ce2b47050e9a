"""The doctor: each probe sees its own fault and names the command that mends it, and the rest is still told."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from strongroom import run_job
from strongroom.core.run import Outcome
from strongroom.flows import doctor
from strongroom.setup import java, probes
from strongroom.setup.home import Home

ROOT = Path(__file__).parents[2]
CONFIG = """lake: lake
keys: file:secret/local.kek
keyring: keys/keyring.json
policy: policy.yaml
contracts: contracts
audit: audit
"""


@pytest.fixture
def home(tmp_path):
    """A home with nothing in it, but of our own environment."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "venv").symlink_to(sys.prefix)
    return Home(tmp_path / "home")


def test_a_finding_is_one_line_that_ends_with_its_mend():
    assert str(probes.Finding("java", "17.0.1")) == "ok    java      17.0.1"
    assert str(probes.Finding("java", "none", "apt-get x")) == "fail  java      none → apt-get x"


def test_the_environment_is_told_from_another(home, tmp_path):
    assert probes.python(home).mend == ""
    assert probes.python(Home(tmp_path / "elsewhere")).mend == "./spark-submit.sh --setup-only"


def test_a_package_of_another_version_is_named(home, tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text("pytest==0.0.1 \\\n    --hash=sha256:0\nabsent-thing==2 \\\n")
    monkeypatch.setattr(probes, "ROOT", tmp_path)
    finding = probes.installed(home)
    assert "pytest" in finding.what
    assert "instead of 0.0.1, absent-thing none instead of 2" in finding.what
    assert finding.mend == f"rm {home.venv}/requirements.txt.installed && ./spark-submit.sh --setup-only"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo 'openjdk version \"17.0.1\"' >&2", "17.0.1"),
        ("exit 3", "ends with code 3"),
    ],
)
def test_java_is_believed_only_when_it_starts(tmp_path, monkeypatch, text, said):
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setattr(probes, "find_java", lambda: java.Java(tmp_path, 17))
    finding = probes.java()
    assert said in finding.what
    assert bool(finding.mend) == ("exit" in text)


def test_no_java_is_mended_by_installing_it(monkeypatch):
    monkeypatch.setattr(probes, "find_java", lambda: None)
    assert "17" in probes.java().mend


def test_a_jar_is_missing_changed_or_right(home, tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/jars.lock").write_text(f"g m 1 {hashlib.sha256(b'x').hexdigest()}\n")
    monkeypatch.setattr(probes, "ROOT", tmp_path)
    assert probes.delta(home).mend == "./spark-submit.sh --setup-only"
    home.jars.mkdir()
    (home.jars / "m-1.jar").write_bytes(b"y")
    assert probes.delta(home).mend == f"rm {home.jars}/m-1.jar && ./spark-submit.sh --setup-only"
    (home.jars / "m-1.jar").write_bytes(b"x")
    assert probes.delta(home).mend == ""
    (tmp_path / "conf/jars.lock").unlink()
    assert probes.delta(home).mend == "git checkout -- conf/jars.lock"


@pytest.mark.parametrize(
    ("folder", "well", "why"),
    [
        ("there", True, "a folder that is there"),
        ("there/not/yet", True, "it will be made"),
        ("file/below", False, "a file stands in the way"),
        ("/proc/self/x", False, "nothing can be made there"),
        ("s3a://bucket/lake", True, "another machine's affair"),
    ],
)
def test_a_folder_is_tried_and_left_as_it_was(tmp_path, folder, well, why):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    place = folder if ":" in folder else str(tmp_path / folder)
    finding = probes.writable("lake", place)
    assert (finding.mend == "") is well, why
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "there"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to somebody else")
def test_a_lake_of_somebody_else_is_told_line_by_line(tmp_path):
    """A process that root's rights to read everything are taken from, in front of another user's folders."""
    (tmp_path / "local.yaml").write_text(CONFIG)
    for name in ("lake", "secret", "keys", "audit"):
        (tmp_path / name / "inside").mkdir(parents=True)
        (tmp_path / name).chmod(0o700)
        os.chown(tmp_path / name, 65534, 65534)
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=0", "--clear-groups"]
    words += [str(ROOT / "spark-submit.sh"), "doctor", "--json", "--config", str(tmp_path / "local.yaml")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    checks = json.loads(done.stdout)["answer"]["checks"]
    assert {"lake", "keyring", "keys", "audit", "tables"} <= {each["name"] for each in checks if not each["ok"]}
    assert {"python", "loopback", "settings", "writers"} <= {each["name"] for each in checks}


def test_little_space_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1 << 30))
    finding = probes.space("disk", str(tmp_path / "not/yet"))
    assert (finding.what, bool(finding.mend)) == (f"1.0 GB free at {tmp_path}, less than 2 GB", True)


def test_loopback_answers_here():
    assert probes.loopback().mend == ""


def test_a_machine_without_an_address_is_told_how_to_get_one(monkeypatch):
    def unknown(name):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    monkeypatch.setattr(socket, "gethostname", lambda: "lone")
    assert probes.hostname().mend == 'echo "127.0.1.1 lone" | sudo tee -a /etc/hosts'


def run(config, monkeypatch, capsys, *words):
    monkeypatch.setenv("STRONGROOM_HOME", str(Path(sys.prefix).parent))
    code = run_job.run(doctor, ["--config", str(config), *words])
    done = capsys.readouterr()
    return code, done.out + done.err


def test_the_folders_of_the_settings_are_probed(tmp_path, monkeypatch, capsys):
    (tmp_path / "local.yaml").write_text(CONFIG)
    _, said = run(tmp_path / "local.yaml", monkeypatch, capsys)
    for name, folder in {"lake": "lake", "keyring": "keys", "keys": "secret", "audit": "audit"}.items():
        assert f"ok    {name:<10}{tmp_path / folder} can be written" in said


def test_a_log_that_cannot_be_signed_is_told(tmp_path, monkeypatch, capsys):
    config = tmp_path / "local.yaml"
    config.write_text(CONFIG)
    assert f"ok    sealing   nothing is in {tmp_path}/audit yet" in run(config, monkeypatch, capsys)[1]
    assert not (tmp_path / "audit").exists()
    job = SimpleNamespace(__name__="strongroom.flows.tried", __doc__="A job.", run=lambda job: Outcome())
    assert run_job.run(job, ["--config", str(config)]) == 0
    capsys.readouterr()
    assert f"ok    sealing   {tmp_path}/audit can be signed; 0 entries wait" in run(config, monkeypatch, capsys)[1]
    key = tmp_path / "keys/audit-signing.key"
    key.rename(tmp_path / "elsewhere")
    code, said = run(config, monkeypatch, capsys)
    assert code == 4
    assert "fail  sealing   The key that signed the last checkpoint is gone." in said
    assert not key.exists()
    (tmp_path / "elsewhere").rename(key)
    (tmp_path / "audit/checkpoint").unlink()
    code, said = run(config, monkeypatch, capsys)
    assert code == 4
    assert "fail  sealing   The audit log has lost its last checkpoint." in said
    assert f"→ ./spark-submit.sh audit verify --config {config}" in said
    (tmp_path / "keys/audit-signing.key").unlink()
    assert "fail  sealing   The audit log has lost its last checkpoint." in run(config, monkeypatch, capsys)[1]


@pytest.mark.parametrize("text", [None, "lake: [", "lakee: x\n"])
def test_with_broken_settings_the_rest_is_still_told(tmp_path, monkeypatch, capsys, text):
    config = tmp_path / "local.yaml"
    if text:
        config.write_text(text)
    code, said = run(config, monkeypatch, capsys)
    assert code == 4
    assert f"→ ./spark-submit.sh check --config {config}" in said
    assert "ok    python" in said
    assert "ok    loopback" in said
