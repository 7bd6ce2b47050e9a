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

ROOT = Path(__file__).parents[2]
READY = Path(sys.prefix).parent
"""The home whose environment these tests run in: a launcher that uses it has nothing to install."""

JOBS = {
    "ends": '"""End with the code that is asked for."""\nimport sys\nprint(sys.argv[1:])\nsys.exit(int(sys.argv[1]))\n',
    "waits": '"""Wait to be stopped."""\nimport time\nprint("up", flush=True)\ntime.sleep(60)\n',
    "sparks": '"""Need Spark; see elsewhere."""\nimport sys\nprint("plain", sys.argv[1:])\n# main(flow, spark=True)\n',
}


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


def test_a_failure_before_the_job_ends_with_the_line_of_json_too(project):
    done = launch(project, "end", "--json")
    line = json.loads(done.stdout.splitlines()[-1])
    (problem,) = line.pop("problems")
    assert line == {
        "job": "", "run_id": "", "status": "UsageError", "exit_code": 2, "tables": {}, "rows": {}, "report": "",
        "seconds": pytest.approx(1, abs=5),
    }  # fmt: skip
    assert problem == {"what": "There is no job 'end'.", "where": "", "todo": "Did you mean 'ends'?"}


@pytest.mark.parametrize("words", [["--master", "sc://h:1", "sparks"], ["sparks", "--set", "spark.master=sc://h:1"]])
def test_a_client_of_a_connect_server_is_plain_python_without_java(project, words):
    done = launch(project, "--print", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--set spark.master=sc://h:1") == 1
    assert "bin/spark-submit" not in done.stdout
    assert "JAVA_HOME" not in done.stdout


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
        assert job.wait(timeout=30) == -number


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
    assert words[words.index("--master") - 1] == f"{READY}/venv/bin/spark-submit"
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
