"""What a set-up brings: jars of the right hash from a real server, one set-up at a time, packages as locked."""

import functools
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.setup import jars, java, os_packages, packages
from strongroom.setup.home import Home, alone
from strongroom.setup.jars import Jar

ROOT = Path(__file__).parents[2]
CONTENT = b"not really a jar"
JAR = Jar("org.example", "thing_2.13", "1.0", hashlib.sha256(CONTENT).hexdigest())


def unheard(line):
    pass


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A Maven repository on loopback; returns the file it serves."""
    root = tmp_path / "mirror"
    served = root / "org/example/thing_2.13/1.0/thing_2.13-1.0.jar"
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("STRONGROOM_MAVEN_MIRROR", f"http://127.0.0.1:{server.server_port}/")
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield served
        server.shutdown()


def fetch(folder):
    jars.fetch([JAR], folder, java=Path("/no/java"), ivy=Path("/no/ivy"), say=unheard)


def test_a_jar_from_the_mirror_is_checked_and_lies_alone(mirror, tmp_path):
    folder = tmp_path / "jars"
    folder.mkdir()
    (folder / ".fetch-of-a-killed-run").mkdir()
    fetch(folder)
    assert (folder / JAR.file).read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [JAR.file]
    assert jars.absent([JAR], folder) == jars.altered([JAR], folder) == ()


def test_another_file_under_the_name_of_the_jar_never_arrives(mirror, tmp_path):
    mirror.write_bytes(b"something else")
    with pytest.raises(EnvironmentFault, match="another sha256") as error:
        fetch(tmp_path / "jars")
    assert error.value.exit_code == 4
    assert list((tmp_path / "jars").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said", "why"),
    [
        ("http://127.0.0.1:9/", "Connection refused", "nobody listens there"),
        ("nonsense", "ValueError", "no URL at all"),
        ("file:///nowhere", "No such file", "a folder that is not there"),
    ],
)
def test_a_mirror_that_does_not_answer_is_told(tmp_path, monkeypatch, url, said, why):
    monkeypatch.setenv("STRONGROOM_MAVEN_MIRROR", url)
    with pytest.raises(EnvironmentFault, match=said) as error:
        fetch(tmp_path / "jars")
    assert error.value.where == "STRONGROOM_MAVEN_MIRROR", why


def test_a_mirror_may_be_a_folder(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("STRONGROOM_MAVEN_MIRROR", (tmp_path / "mirror").as_uri())
    fetch(tmp_path / "jars")
    assert (tmp_path / "jars" / JAR.file).read_bytes() == CONTENT


def test_where_ivy_cannot_its_own_address_is_tried(mirror, tmp_path, monkeypatch):
    url = f"{os.environ['STRONGROOM_MAVEN_MIRROR']}org/example/thing_2.13/1.0/{JAR.file}"
    monkeypatch.delenv("STRONGROOM_MAVEN_MIRROR")
    failing = tmp_path / "java"
    failing.write_text(f"#!/bin/sh\necho '==== public: tried'\necho '  {url}'\nexit 1\n")
    failing.chmod(0o755)
    jars.fetch([JAR], tmp_path / "jars", java=failing, ivy=Path("ivy.jar"), say=unheard)
    assert (tmp_path / "jars" / JAR.file).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("https_proxy", "http://proxy:3128", ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        ("HTTPS_PROXY", "http://user:word@proxy", ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=80"]),
        ("http_proxy", "proxy:8080", ["-Dhttp.proxyHost=proxy", "-Dhttp.proxyPort=8080"]),
        ("https_proxy", "", []),
    ],
)
def test_java_hears_of_the_proxy_and_of_no_password(monkeypatch, name, value, options):
    for other in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    assert jars._proxy_options() == options


def test_a_changed_jar_is_deleted_and_told(tmp_path):
    (tmp_path / JAR.file).write_bytes(CONTENT + b"!")
    with pytest.raises(EnvironmentFault, match=re.escape(JAR.file)):
        jars.verify([JAR], tmp_path)
    assert not (tmp_path / JAR.file).exists()
    (tmp_path / JAR.file).write_bytes(CONTENT)
    jars.verify([JAR], tmp_path)


@pytest.mark.parametrize(
    ("cloud", "count", "one"),
    [
        ("", 2, "delta-storage-4.4.0.jar"),
        ("s3", 37, "s3/hadoop-aws-3.4.2.jar"),
        ("azure", 4, "azure/hadoop-azure-3.4.2.jar"),
        ("gcs", 3, "gcs/gcs-connector-hadoop3-2.2.26-shaded.jar"),
    ],
)
def test_the_lock_names_deltas_jars_and_those_of_one_cloud(cloud, count, one):
    lock = jars.read_lock(ROOT / "conf/jars.lock", cloud)
    assert (len(lock), one in [jar.file for jar in lock]) == (count, True)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in lock)
    assert {jar.cloud for jar in lock} == {"", cloud}


def test_a_clouds_jar_gets_a_folder_of_its_own(tmp_path, monkeypatch):
    jar = jars.Jar("org.example", "thing", "1", hashlib.sha256(CONTENT).hexdigest(), "shaded", "gcs")
    (tmp_path / "mirror/org/example/thing/1").mkdir(parents=True)
    (tmp_path / "mirror/org/example/thing/1/thing-1-shaded.jar").write_bytes(CONTENT)
    monkeypatch.setenv("STRONGROOM_MAVEN_MIRROR", (tmp_path / "mirror").as_uri())
    jars.fetch([jar], tmp_path / "jars", java=Path("no-java"), ivy=Path("no-ivy"), say=unheard)
    assert (tmp_path / "jars/gcs/thing-1-shaded.jar").read_bytes() == CONTENT
    assert jars.absent([jar], tmp_path / "jars") == jars.altered([jar], tmp_path / "jars") == ()


def test_a_broken_lock_is_told_with_its_line(tmp_path):
    (tmp_path / "jars.lock").write_text("# why\ng m 1\n")
    with pytest.raises(EnvironmentFault, match=r"jars\.lock:2"):
        jars.read_lock(tmp_path / "jars.lock")
    with pytest.raises(EnvironmentFault, match="git checkout"):
        jars.read_lock(tmp_path / "absent.lock")


def test_set_ups_wait_for_each_other_and_a_dead_one_holds_nothing(tmp_path):
    home, said, order = Home(tmp_path / "home"), [], []

    def second():
        with alone(home, say=said.append):
            order.append("second")

    with alone(home, say=said.append):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not said:
            waiting.join(0.01)
        order.append("first")
    waiting.join()
    assert (order, said) == (["first", "second"], ["another set-up is running; waiting for it …"])

    code = "import os; from strongroom.setup.home import Home, alone; from pathlib import Path; import sys\n"
    code += "with alone(Home(Path(sys.argv[1])), say=print): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, home.folder], env={**os.environ, "PYTHONPATH": str(ROOT / "lib")})
    with alone(home, say=said.append):
        assert len(said) == 1


def test_an_environment_is_ready_only_with_the_stamps_of_these_locks(tmp_path):
    venv, root = tmp_path / "venv", tmp_path / "root"
    venv.mkdir()
    root.mkdir()
    for lock in (packages.BUILD, packages.RUNTIME, packages.TOOLS, packages.WEIGHTS):
        (root / lock).write_text(f"# {lock}\n")
    assert not packages.is_ready(venv, root)
    packages.stamp(venv).write_text(packages._fingerprint(root / packages.RUNTIME))
    assert packages.is_ready(venv, root)
    assert not packages.is_ready(venv, root, tools=True), "the tools have a stamp of their own"
    (root / packages.BUILD).write_text("# changed\n")
    assert not packages.is_ready(venv, root), "what builds a package is part of it"


@pytest.mark.slow
def test_an_environment_that_was_left_half_made_is_made_anew(tmp_path):
    venv, root, said = tmp_path / "venv", tmp_path / "root", []
    root.mkdir()
    for lock in (packages.BUILD, packages.RUNTIME, packages.TOOLS, packages.WEIGHTS):
        (root / lock).write_text("# nothing to install\n")
    packages.make_ready(venv, root, say=said.append)
    assert packages.is_ready(venv, root)
    assert not packages.unfinished(venv).exists()

    (venv / "left-over").touch()
    packages.make_ready(venv, root, tools=True, say=said.append)
    assert (venv / "left-over").exists(), "what is whole is only added to"
    packages.unfinished(venv).touch()
    packages.make_ready(venv, root, say=said.append)
    assert not (venv / "left-over").exists()
    assert packages.is_ready(venv, root)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that the lock"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying ... NewConnectionError('<...>: Failed')", "no network"),
        ("something new", "pip could not install"),
    ],
)
def test_what_pip_says_becomes_one_clear_line(tmp_path, log, said):
    error = packages._explain(log, tmp_path / "install.log")
    assert said in error.what
    assert error.exit_code == 4
    assert error.todo


@pytest.mark.parametrize(
    "lock", ["requirements-build.txt", "requirements.txt", "requirements-dev.txt", "requirements-ner.txt"]
)
def test_every_package_is_locked_by_hash_and_without_an_address(lock):
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_no_two_locks_disagree():
    versions = {}
    for lock in ("requirements-build.txt", "requirements.txt", "requirements-dev.txt", "requirements-ner.txt"):
        for name, version in re.findall(
            r"^([a-z0-9][^=\[]*)(?:\[.*\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE
        ):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.fixture
def runtime(tmp_path):
    """Makes a folder that looks like a Java runtime."""

    def make(name, release=None, said=""):
        program = tmp_path / name / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{said}\" 2026' >&2\n")
        program.chmod(0o755)
        if release:
            (tmp_path / name / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{release}"\n')
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("named", "on_path", "found", "why"),
    [
        ({"release": "17.0.1"}, {"release": "21.0.2"}, 17, "JAVA_HOME comes first"),
        ({"release": "11.0.2"}, {"release": "21.0.2"}, 21, "one that does not fit is passed over"),
        ({"said": "17.0.9"}, None, 17, "without a release file it is asked"),
        ({"said": "1.8.0_402"}, None, None, "old Java counts from 1.8"),
        ({"release": "25"}, None, None, "newer than Spark knows"),
        (None, None, None, "none at all"),
    ],
)
def test_the_first_java_that_fits_is_found(runtime, monkeypatch, tmp_path, named, on_path, found, why):
    monkeypatch.setattr(java, "_FOLDERS", ())
    monkeypatch.setenv("JAVA_HOME", str(runtime("named", **named)) if named else "")
    monkeypatch.setenv("PATH", str(runtime("path", **on_path) / "bin") if on_path else str(tmp_path))
    result = java.find_java()
    assert (result.release if result else None) == found, why


@pytest.mark.parametrize(
    ("manager", "need", "command"),
    [
        ("apt-get", "java", "apt-get install -y -q --no-install-recommends openjdk-17-jre-headless"),
        ("apt-get", "venv", f"apt-get install -y -q --no-install-recommends python3.{sys.version_info.minor}-venv"),
        ("dnf", "java", "dnf install -y -q java-17-openjdk-headless"),
        ("brew", "java", "brew install --quiet openjdk@17"),
        (None, "java", "install a Java 17 or 21 runtime"),
    ],
)
def test_what_the_system_must_bring_is_told_as_a_command(tmp_path, monkeypatch, manager, need, command):
    for name in filter(None, (manager, "apt-cache")):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert os_packages.by_hand(need).removeprefix("sudo ") == command
    with pytest.raises(EnvironmentFault, match="missing") as error:
        os_packages.install(need, say=unheard)
    assert command in error.value.todo


def test_a_package_that_the_system_does_not_know_gives_way_to_the_next(tmp_path, monkeypatch):
    answer = 'case "$2" in *17*) echo "  Candidate: (none)" ;; *) echo "  Candidate: 21.0.2" ;; esac'
    for name, text in (("apt-get", "exit 0"), ("apt-cache", answer)):
        (tmp_path / name).write_text(f"#!{shutil.which('sh')}\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert os_packages.by_hand("java").endswith("openjdk-21-jre-headless")
