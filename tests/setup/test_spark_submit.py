"""spark-submit.sh as its user meets it: by options, exit codes and messages. Nothing is installed, no Java starts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from strongroom.setup.home import Home
from support.answers import check_document

ROOT = Path(__file__).parents[2]
READY = Path(sys.prefix).parent
"""The home whose environment these tests run in: a launcher that uses it has nothing to install."""

JOBS = {  # a button, whose first line is its title
    "ends": '"""End with the code that is asked for."""\nimport sys\nprint(sys.argv[1:])\nsys.exit(int(sys.argv[1]))\n',
    "waits": '"""Wait to be stopped, as every job does: with signals that were held back until then."""\n'
    'import time\nfrom strongroom.core import signals\nprint("up", flush=True)\nsignals.hear()\ntime.sleep(60)\n',
    "tells": '"""Tell what reaches a job."""\nimport json, os\nprint(json.dumps([dict(os.environ), os.umask(0)]))\n',
    "sparks": '"""Need Spark."""\nimport sys\nprint("plain", sys.argv[1:])\n',
}

SPARK = {"sparks": "always"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in a folder with a blank in its name, with jobs of its own."""
    root = tmp_path_factory.mktemp("a project")
    shutil.copytree(ROOT / "lib", root / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "conf", root / "conf")
    for path in [ROOT / "spark-submit.sh", *ROOT.glob("requirements*.txt")]:
        shutil.copy2(path, root)
    (root / "jobs").mkdir()
    for name, text in JOBS.items():
        (root / "jobs" / f"{name}.py").write_text(text)
    rows = [
        f"{name!r}: JobEntry({text.split('.')[0][3:]!r}, {SPARK.get(name, 'never')!r})," for name, text in JOBS.items()
    ]
    with (root / "lib/strongroom/core/jobs.py").open("a") as table:
        table.write("\nJOBS = {\n" + "\n".join(rows) + "\n}\n")
    return root


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STRONGROOM", "PYTHON", "SPARK"))}
    return {**kept, "STRONGROOM_HOME": str(READY), **{name: str(value) for name, value in more.items()}}


def launch(project, *words, script=None, cwd=None, **more):
    return subprocess.run(
        [script or project / "spark-submit.sh", *words],
        capture_output=True,
        text=True,
        cwd=cwd or project,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "code", "said", "why"),
    [
        ([], 2, "No job is named", "no job: the usage, and how to go on"),
        (["--help"], 0, "End with the code", "help lists every job with its first line"),
        (["-h"], 0, "--setup-only", "help lists the options"),
        (["end"], 2, "Did you mean 'ends'?", "a slip of the pen"),
        (["xyzzy"], 2, "sparks      Need Spark", "nothing is near: the list of jobs"),
        (["../jobs/ends"], 2, "There is no job", "a job is a name, not a path"),
        (["--dry-run", "ends"], 2, "stand after its name", "a job's option in the launcher's place"),
        (["--master"], 2, "--master", "an option without its value"),
        (["--mast", "local", "ends"], 2, "--mast", "options are not guessed"),
        (
            ["sparks", "--config", "absent.yaml", "--print"],
            0,
            "plain",
            "the job tells of broken settings, in its own way",
        ),
        (["--print", "sparks", "--config", "absent.yaml"], 3, "absent.yaml", "no command without settings"),
        (["--print", "sparks", "--set", "lakee=x"], 3, "Did you mean 'lake'", "the settings' own problems are shown"),
        (["ends", "0"], 0, "['0']", "done"),
        (
            ["ends", "6", "--contract", "a b", "*"],
            6,
            "['6', '--contract', 'a b', '*']",
            "words and code pass unchanged",
        ),
        (["sparks", "--dry-run"], 0, "plain ['--dry-run']", "a dry run touches nothing, so it needs no Java"),
        (["sparks", "--help"], 0, "plain ['--help']", "help needs no Java"),
    ],
)
def test_each_command_line_has_its_exit_code_and_its_words(project, words, code, said, why):
    done = launch(project, *words)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr, why
    assert "Traceback" not in done.stderr


def test_a_failure_before_the_job_ends_with_its_document_too(project):
    document = json.loads(launch(project, "end", "--json").stdout)
    check_document(document)
    assert (document["job"], document["status"], document["exit_code"]) == ("", "UsageError", 2)
    (problem,) = document["problems"]
    assert (problem["code"], problem["what"]) == ("usage.invalid", "There is no job 'end'.")
    assert problem["todo"] == "Did you mean 'ends'?"


@pytest.mark.parametrize("words", [["--master", "sc://h:1", "sparks"], ["sparks", "--set", "spark.master=sc://h:1"]])
def test_a_client_of_a_connect_server_is_plain_python_without_java(project, words):
    done = launch(project, "--print", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--set spark.master=sc://h:1") == 1
    assert "bin/spark-submit" not in done.stdout
    assert "JAVA_HOME" not in done.stdout


def settings_of(folder, *, identity="", more=""):
    """A settings file there, over a lake there."""
    text = "lake: lake\nkeys: env:KEK\npolicy: p.yaml\ncontracts: c\naudit: audit\n"
    (folder / "s.yaml").write_text(text + (f"identity: {identity}\n" if identity else "") + more)
    return folder / "s.yaml"


HOSTILE = {
    "PYTHONPATH": "/mine", "PYTHONHOME": "/mine", "PYTHONSTARTUP": "/mine", "PYSPARK_PYTHON": "/mine",
    "SPARK_CONF_DIR": "/mine", "SPARK_HOME": "/mine", "SPARK_SUBMIT_OPTS": "-Dmine", "SPARK_LOCAL_DIRS": "/mine",
    "JAVA_TOOL_OPTIONS": "-Dmine", "_JAVA_OPTIONS": "-Dmine", "JAVA_HOME": "/mine", "HADOOP_CONF_DIR": "/mine",
    "AWS_ENDPOINT_URL": "https://mine.example", "AWS_CONFIG_FILE": "/mine", "https_proxy": "http://mine.example",
    "TMPDIR": "/mine", "HOME": "/mine", "MINE": "/mine",
}  # fmt: skip
PROVEN = {"identity": "{provider: system}", "more": f"environment: {{STRONGROOM_HOME: '{READY}'}}\n"}


def test_where_identity_is_proven_a_job_has_no_variable_of_its_callers_but_who_they_are(project, tmp_path):
    more = f"environment: {{STRONGROOM_HOME: '{READY}', HADOOP_CONF_DIR: /etc/hadoop}}\n"
    config = settings_of(tmp_path, identity="{provider: system}", more=more)
    given = HOSTILE | {"KEK": "kek", "AWS_ACCESS_KEY_ID": "me"}
    done = launch(project, "tells", "--config", config, **given)
    assert done.returncode == 0, done.stderr
    found, _ = json.loads(done.stdout)
    assert [name for name, value in found.items() if "mine" in value] == []
    assert found["PYTHONPATH"] == str(project / "lib")
    assert (found["KEK"], found["AWS_ACCESS_KEY_ID"], found["HADOOP_CONF_DIR"]) == ("kek", "me", "/etc/hadoop")


def test_where_nothing_is_proven_a_job_has_them_but_for_those_no_job_runs_with(project, tmp_path):
    config = settings_of(tmp_path, more="environment: {HADOOP_CONF_DIR: /etc/hadoop, AWS_REGION: }\n")
    found, _ = json.loads(launch(project, "tells", "--config", config, **HOSTILE, SPARK_REMOTE="sc://mine").stdout)
    assert {name: found.get(name) for name in HOSTILE} == HOSTILE | {
        "PYTHONPATH": f"{project / 'lib'}:/mine", "HADOOP_CONF_DIR": "/etc/hadoop", "PYTHONHOME": None,
    }  # fmt: skip
    assert "SPARK_REMOTE" not in found


def test_code_of_the_callers_own_does_not_run_before_the_settings_are_read(project, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    done = launch(project, "tells", "--config", settings_of(tmp_path, **PROVEN), PYTHONPATH=tmp_path)
    assert (done.returncode, (tmp_path / "ran").exists()) == (0, False), done.stderr


def test_where_identity_is_proven_packages_come_from_where_the_settings_say(project, tmp_path):
    done = launch(project, "tells", "--config", settings_of(tmp_path, identity="{provider: system}"))
    assert done.returncode == 4
    assert "STRONGROOM_HOME is not for the caller to say" in done.stderr


@pytest.mark.parametrize(
    ("master", "code", "why"),
    [
        ("sc://mine:15002", 3, "a server of one's own would get rows and keys"),
        ("local[7]", 3, "nor more of the machine"),
        ("yarn", 0, "of the list"),
        ("sc://there:1", 0, "of the list, and a client"),
        ("spark://h:1", 0, "the settings' own"),
    ],
)
def test_where_identity_is_proven_a_job_goes_to_a_master_of_the_settings(project, tmp_path, master, code, why):
    masters = "masters: [yarn, 'sc://there:1']\nspark: {spark.master: 'spark://h:1'}\n"
    config = settings_of(tmp_path, identity=PROVEN["identity"], more=PROVEN["more"] + masters)
    for option, words in (
        ("--master", ["--master", master, "sparks"]),
        ("--set spark.master", ["sparks", "--set", f"spark.master={master}"]),
    ):
        done = launch(project, "--print", *words, "--config", config, KEK="kek", MINE="x")
        assert done.returncode == code, f"{why}: {done.stderr}"
        assert (option in done.stderr) is bool(code)
        if code == 0:
            shown = done.stdout.splitlines()[0]
            assert ("env -i " in shown, 'KEK="$KEK"' in shown, "MINE" in shown) == (True, True, False)
            assert master in done.stdout
    really = launch(project, "--master", "sc://mine:15002", "sparks", "--config", config)
    assert (really.returncode, really.stdout) == (3, ""), "the job itself is not told of --master, and so not run"


@pytest.mark.parametrize(
    ("own", "lake", "audit", "mask", "why"),
    [
        (0o000, None, None, 0o077, "a lake that is not there yet is made for its owner"),
        (0o022, 0o755, None, 0o022, "a lake that others read stays so"),
        (0o000, 0o755, None, 0o022, "and nobody else writes there"),
        (0o000, 0o777, None, 0o002, "whatever its mode, it is not for everybody to write"),
        (0o002, 0o2770, None, 0o007, "a group's lake stays the group's"),
        (0o022, 0o2770, None, 0o027, "as far as the caller lets it"),
        (0o077, 0o755, None, 0o077, "who keeps their files to themselves goes on to"),
        (0o022, 0o711, None, 0o077, "to pass through to projections is not to read"),
        (0o022, 0o700, 0o750, 0o027, "auditors go on reading the log; the lake's own mode guards the lake"),
    ],
)
def test_what_a_run_writes_is_open_to_whom_the_folders_let_in(project, tmp_path, own, lake, audit, mask, why):
    config = settings_of(tmp_path)
    for name, mode in (("lake", lake), ("audit", audit)):
        if mode is not None:
            (tmp_path / name).mkdir()
            (tmp_path / name).chmod(mode)
    script = tmp_path / "masked"
    script.write_text(f'#!/bin/sh\numask {own:o}\nexec "{project}/spark-submit.sh" "$@"\n')
    script.chmod(0o755)
    done = launch(project, "tells", "--config", config, script=script)
    assert done.returncode == 0, done.stderr
    assert f"{json.loads(done.stdout)[1]:o}" == f"{mask:o}", why
    done = launch(project, "--print", "sparks", "--config", config, script=script)
    assert f"spark.hadoop.fs.permissions.umask-mode={mask:03o}" in done.stdout, "Hadoop has a mask of its own"


@pytest.mark.parametrize("way", ["link", "link to a link", "relative link", "elsewhere"])
def test_it_runs_from_anywhere(project, tmp_path, way):
    (tmp_path / "one").symlink_to(project / "spark-submit.sh")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "three").symlink_to("../two")
    script = {"link": "one", "link to a link": "two", "relative link": "bin/three"}.get(way)
    done = launch(project, "ends", "0", script=script and tmp_path / script, cwd=tmp_path, CDPATH=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_job_itself(project, number):
    words = [project / "spark-submit.sh", "waits"]
    with subprocess.Popen(
        words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as job:
        assert job.stdout.readline() == "up\n"
        job.send_signal(number)
        job.wait(timeout=30)
    assert job.returncode == (-signal.SIGINT if number == signal.SIGINT else 1), "of Python's own: nobody catches it"


def test_print_shows_a_command_that_a_shell_reads_as_it_is_meant(project):
    done = launch(project, "--print", "sparks", "--contract", "it's")
    words = subprocess.run(
        ["sh", "-c", f"set -- {done.stdout.rstrip()}; printf '%s\\n' \"$@\""],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert words[0] == "env"
    assert f"PYSPARK_PYTHON={READY}/venv/bin/python" in words
    assert words[words.index("--master") - 1] == str(Home(READY).submit)
    assert words[-3:] == [str(project / "jobs/sparks.py"), "--contract", "it's"]


def test_print_makes_nothing_and_needs_no_package(project, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "python3").symlink_to(os.path.realpath(sys._base_executable))  # a Python without any package
    home = tmp_path / "home"
    path = f"{bare}:/usr/bin:/bin"
    done = launch(
        project, "--print", "sparks", "--set", "spark.sql.shuffle.partitions=7", STRONGROOM_HOME=home, PATH=path
    )
    assert done.returncode == 0, done.stderr
    assert "--master 'local[*]'" in done.stdout
    assert "spark.sql.shuffle.partitions=7" in done.stdout
    assert not home.exists()


def test_the_launcher_is_loaded_before_any_package_is_there():
    """`-S`: whatever the machine's own Python has been given stays out."""
    words = ["-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'lib')!r}); import strongroom.launcher"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def tools(tmp_path):
    """A PATH that holds what the script itself calls, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("bash", "dirname", "readlink", "env"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


@pytest.mark.parametrize(
    ("manager", "hint"),
    [
        ("apt-get", "sudo apt-get install python3 python3-venv"),
        ("dnf", "sudo dnf install python3.12"),
        ("brew", "brew install python@3.13"),
        (None, "Install it"),
    ],
)
@pytest.mark.parametrize("old", [False, True])
def test_without_a_fitting_python_it_says_what_to_do(project, tools, tmp_path, manager, hint, old):
    for name, code in (("python3", 1 if old else None), (manager, 0)):
        if name and code is not None:
            (tools / name).write_text(f"#!{shutil.which('bash')}\nexit {code}\n")
            (tools / name).chmod(0o755)
    done = launch(project, "doctor", PATH=tools, STRONGROOM_HOME=tmp_path / "home")
    assert done.returncode == 4
    assert "Python 3.11 or newer is missing." in done.stderr
    assert hint in done.stderr


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self").exists(), reason="needs a folder nobody can write")
def test_a_home_that_cannot_be_written_is_told_with_its_name(project):
    home = "/proc/self/strongroom" if Path("/proc/self").exists() else "/strongroom"
    done = launch(project, "ends", "0", STRONGROOM_HOME=home, PATH=f"{Path(sys._base_executable).parent}:/usr/bin:/bin")
    assert done.returncode == 4
    assert f"where: {home}" in done.stderr
    assert "STRONGROOM_HOME" in done.stderr


def test_a_second_run_costs_less_than_a_tenth_of_a_second_of_work(project):
    launch(project, "--setup-only", "--no-spark")
    before = os.times()
    start = time.monotonic()
    done = launch(project, "--setup-only", "--no-spark")
    used = os.times()
    assert done.returncode == 0, done.stderr
    spent = used.children_user + used.children_system - before.children_user - before.children_system
    assert spent < 0.25, f"{spent:.2f} s of CPU, {time.monotonic() - start:.2f} s of time"  # 0.06 alone on a machine
