"""The package as somebody has it who only has pip: built, installed into a fresh environment, and used there."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import strongroom
from documents.sandbox import Sandbox
from strongroom.core.jobs import JOBS

ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom")
PACKAGES = Path(sysconfig.get_path("purelib"))
SPARK = re.compile(r"(pyspark|py4j|delta)\b")


def run(*words, cwd=None, **variables):
    kept = {name: os.environ[name] for name in ("HOME", "JAVA_HOME", "LANG") if name in os.environ}
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(
        [*map(str, words)], cwd=cwd, env={**kept, **path, **{name: str(value) for name, value in variables.items()}},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A clean copy of the project, and the folder of what was built of it."""
    folder = tmp_path_factory.mktemp("built")
    Sandbox(folder / "project", folder / "kept").clone()
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", cwd=folder / "project")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


@dataclass(frozen=True)
class Environment:
    """A fresh environment with the package in it, and a home of its own for jars."""

    root: Path
    home: Path

    def run(self, *words, cwd=None):
        return run(
            *words, cwd=cwd or self.root, STRONGROOM_HOME=self.home, PATH=f"{self.root / 'venv/bin'}:/usr/bin:/bin"
        )


def installed(built, root, *, spark):
    """By pip, without its dependencies: those of the tests' own environment are lent, Spark's only if asked for."""
    lent, venv = root / "lent", root / "venv"
    lent.mkdir()
    for path in PACKAGES.iterdir():
        if spark or not SPARK.match(path.name):
            (lent / path.name).symlink_to(path)
    (wheel,) = built.glob("*.whl")
    for words in (
        (sys.executable, "-m", "venv", "--without-pip", venv),
        (sys.executable, "-m", "pip", "--python", venv / "bin/python", "install", "--no-deps", "--no-index", wheel),
    ):
        done = run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    (packages,) = (venv / "lib").glob("python3.*/site-packages")
    (packages / "lent.pth").write_text(f"{lent}\n")
    home = root / "home"
    (home / "jars").mkdir(parents=True)
    if spark:
        for jar in (HOME / "jars").glob("*.jar"):
            shutil.copy2(jar, home / "jars")
    return Environment(root, home)


@pytest.fixture(scope="module")
def bare(built, tmp_path_factory):
    """An environment without Spark."""
    return installed(built, tmp_path_factory.mktemp("bare"), spark=False)


@pytest.fixture(scope="module")
def begun(bare):
    """A folder that `init` has made there, in which the printed commands have been typed."""
    made = bare.run("strongroom", "init", "a b")
    assert made.returncode == 0, made.stderr
    commands = made.stdout.rpartition("next:\n")[2]
    done = bare.run("bash", "-ec", commands)
    assert done.returncode == 0, done.stdout + done.stderr
    return bare.root / "a b", made.stdout, done.stdout + done.stderr


def test_wheel_and_sdist_hold_what_they_need(built):
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    assert wheel.name == f"strongroom-{strongroom.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        told = archive.read(f"strongroom-{strongroom.__version__}.dist-info/METADATA").decode()
    ours = {str(path.relative_to(ROOT / "lib")) for path in (ROOT / "lib/strongroom").rglob("*.py")}
    conf = {f"strongroom/{path.relative_to(ROOT)}" for path in (ROOT / "conf").rglob("*") if path.is_file()}
    jobs = {f"strongroom/jobs/{name}.py" for name in JOBS}
    data = {"strongroom/py.typed", "strongroom/learn/features/stop_words.txt"}
    data |= {f"strongroom/core/contract/odcs-{edition}.json" for edition in ("v3.0.2", "v3.2.0")}
    lists = (ROOT / "lib/strongroom/text/data").iterdir()
    data |= {str(path.relative_to(ROOT / "lib")) for path in lists}
    assert {name for name in names if ".dist-info/" not in name} == ours | conf | jobs | data
    assert f"strongroom-{strongroom.__version__}.dist-info/licenses/LICENSE" in names
    assert re.findall(r"^License-Expression: (.*)$", told, re.MULTILINE) == ["Apache-2.0"]
    needs = re.findall(r'^Requires-Dist: ([\w.-]+)(?:\[[\w,]+\])?([^;\n]*)(?:; extra == "(\w+)")?$', told, re.MULTILINE)
    by_extra = {extra: {name for name, _, each in needs if each == extra} for _, _, extra in needs}
    assert (by_extra["spark"], by_extra["aws"]) == ({"pyspark", "delta-spark"}, {"boto3"})
    assert {"pyarrow", "deltalake"} <= by_extra[""]
    assert not by_extra[""] & by_extra["spark"], "a platform brings its own"
    assert all(version.startswith("==") for _, version, extra in needs if extra == "spark")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert {"spark-submit.sh", "requirements.txt", "LICENSE", "CHANGELOG.md", "docs/python.md"} <= files


@pytest.mark.parametrize(
    "words", [["strongroom"], ["python", "-m", "strongroom"], ["python", "-I", "-m", "strongroom"]]
)
def test_the_command_says_its_version_and_its_jobs(bare, words):
    assert bare.run(*words, "--version").stdout == f"strongroom {strongroom.__version__}\n"
    shown = bare.run(*words, "--help").stdout + bare.run(*words, "--help").stderr
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in JOBS)
    assert "spark-submit.sh" not in shown


def test_the_commands_that_init_prints_work_as_they_stand(begun):
    folder, made, done = begun
    assert "pyspark" in made, "what is missing for Spark is told"
    assert re.search(r"run by +local: without Spark", done), done
    assert f"settings of {folder}/conf/local.yaml" in done
    assert (folder / "lake/training/reviews/_delta_log").is_dir()
    assert (folder / ".strongroom/keys/local.kek").is_file(), "keys lie beside their settings"
    assert "spark-submit.sh" not in made + done


def test_nothing_is_written_where_the_package_lies(bare, begun):
    (package,) = (bare.root / "venv/lib").glob("python3.*/site-packages/strongroom")
    kinds = {path.suffix for path in package.rglob("*") if path.is_file()}
    assert kinds == {".json", ".py", ".pyc", ".tsv", ".txt", ".typed", ".yaml", ".lock", ".properties"}


def test_init_is_not_done_twice(bare, begun):
    folder, _, _ = begun
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert bare.run("strongroom", "init", "a b").returncode == 7
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_needs_spark_says_what_is_missing_and_what_brings_it(bare, begun):
    done = bare.run("strongroom", "prepare", "--set", "prepare.engine=spark", cwd=begun[0])
    assert done.returncode == 4
    brings = " ".join(done.stderr.split())
    assert re.search(r"-m pip install '?delta-spark==\S+ '?pyspark\[connect\]==\S+ ", f"{brings} ") or re.search(
        r"-m pip install '?pyspark\[connect\]==\S+ delta-spark==\S+ ", f"{brings} "
    )
    assert "strongroom --setup-only" in brings
    assert list((bare.home / "jars").iterdir()) == [], "and nothing is fetched"


def test_in_a_folder_without_settings_it_says_how_to_come_by_some(bare, tmp_path):
    done = bare.run("strongroom", "prepare", cwd=tmp_path)
    assert (done.returncode, "strongroom init FOLDER" in done.stderr) == (3, True)
    assert re.search(
        r"^fail +settings .*→ strongroom init FOLDER$", bare.run("strongroom", "doctor", cwd=tmp_path).stderr, re.M
    )


def test_the_doctor_runs_there_and_names_what_is_missing(bare, begun):
    done = bare.run("strongroom", "doctor", cwd=begun[0])
    assert done.returncode == 4
    failing = {line.split()[1] for line in done.stderr.splitlines() if line.startswith("fail")}
    assert failing - {"java", "hostname", "disk", "scratch"} == {"pyspark", "jars"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_settings_of_somebody_else_start_no_job(bare, tmp_path):
    """Their `environment` and their JVM options would be code of theirs, run by us."""
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf/local.yaml"
    file.write_text("lake: lake\nkeys: none\npolicy: p.yaml\ncontracts: c\nenvironment: {PYTHONSTARTUP: /theirs}\n")
    os.chown(file, 54321, 54321)
    for words in (["prepare"], ["sample"]):
        done = bare.run("strongroom", *words, cwd=tmp_path)
        assert (done.returncode, "belongs to user 54321" in done.stderr) == (3, True), done.stderr
    named = bare.run("strongroom", "check", "--config", file, cwd=tmp_path)
    assert "belongs to user" not in named.stderr, "who names them has looked at them"


def test_in_python_tables_needs_no_spark_and_read_says_what_it_lacks(bare, begun):
    code = """
import strongroom
for each in strongroom.tables(principal="user:ada"):
    print(each.name, each.purpose, *each.columns)
try:
    strongroom.read("training.reviews", purpose="model_training")
except Exception as error:
    print(type(error).__name__, error)
"""
    done = bare.run("python", "-c", code, cwd=begun[0])
    first, *rest = done.stdout.splitlines()
    assert first.startswith("training.reviews model_training "), done.stderr
    assert rest[-1].startswith("EnvironmentFault "), rest
    assert "pip install" in rest[-1]
    assert "strongroom --setup-only" in rest[-1]


@pytest.fixture(scope="module")
def whole(built, tmp_path_factory):
    """An environment with Spark, and a small lake in its folder `mine`."""
    place = installed(built, tmp_path_factory.mktemp("whole"), spark=True)
    for words in (("init", "mine"), ("sample", "--rows", "300"), ("prepare",)):
        done = place.run("strongroom", *words, cwd=place.root / ("mine" if words[0] != "init" else ""))
        assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.spark
@pytest.mark.slow
def test_with_spark_prepare_runs_on_it(whole):
    done = whole.run("strongroom", "prepare", "--set", "prepare.engine=spark", cwd=whole.root / "mine")
    assert done.returncode == 0, done.stderr
    assert re.search(r"run by +Spark", done.stdout)


@pytest.mark.spark
@pytest.mark.slow
def test_with_spark_read_makes_a_session_and_leaves_the_process_as_it_was(whole):
    code = """
import os, sys
before = dict(os.environ)
import strongroom
df = strongroom.read("training.reviews", purpose="model_training")
print(df.count(), *df.columns)
spark = df.sparkSession
print(spark.conf.get("spark.io.encryption.enabled"), spark.conf.get("spark.sql.session.timeZone"))
print(strongroom.read("training.reviews", purpose="model_training").sparkSession is spark)
print([name for name in before if os.environ.get(name) != before[name]], "TMPDIR" in os.environ)
print(sorted(each.name for each in strongroom.tables() if each.name.startswith("training.")))
"""
    done = whole.run("python", "-c", code, cwd=whole.root / "mine")
    rows, safe, again, env, names = done.stdout.splitlines() or [done.stderr]
    assert int(rows.split()[0]) > 200
    assert {"user_id", "email", "text_content"} <= set(rows.split()), "the engineer's columns"
    assert (safe, again, env, names) == ("true UTC", "True", "[] False", "['training.reviews']")
    said = [line for line in done.stderr.splitlines() if "incubator" not in line]
    assert said == [f"strongroom: settings of {whole.root}/mine/conf/local.yaml"], "Spark is as quiet as in a job"
