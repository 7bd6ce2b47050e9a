"""The command line of a Spark job: which setting wins, what travels to a cluster, and what a machine alone gets."""

import sys
import zipfile
from pathlib import Path

import pytest

from strongroom import launcher
from strongroom.core.settings.file import load_settings
from strongroom.launcher import Request, set_up
from strongroom.setup import class_archive, spark_submit
from strongroom.setup.home import Home
from strongroom.setup.jars import Jar
from strongroom.setup.java import Java
from strongroom.setup.spark_submit import is_local, plain, read_settings, submitted, zip_modules
from strongroom.stores.spark.settings import JVM

ROOT = Path(__file__).parents[2]
FOLDER = Path("/tmp/sr-12345678")
JARS = [Jar("g", "one", "1", "00"), Jar("g", "two", "2", "00")]


def conf_of(command):
    words = command.words
    pairs = [words[at + 1].partition("=") for at, word in enumerate(words) if word == "--conf"]
    return {name: value for name, _, value in pairs}


def of(tmp_path, **settings):
    settings = {name.replace("__", "."): value for name, value in settings.items()}
    home = Home(tmp_path)
    return submitted(
        home, ["job.py", "--x"], settings={"spark.master": "local[2]", **settings}, jars=JARS, java=None, folder=FOLDER
    )


@pytest.mark.parametrize(
    ("master", "local"),
    [
        ("local", True),
        ("local[4]", True),
        ("local[*, 3]", True),
        ("local-cluster[2,1,1024]", False),
        ("spark://localhost:7077", False),
        ("yarn", False),
    ],
)
def test_a_local_master_is_one_process(master, local):
    assert is_local(master) is local


def test_on_one_machine_the_jars_are_on_the_class_path(tmp_path):
    command = of(tmp_path)
    conf = conf_of(command)
    assert command.words[-2:] == ("job.py", "--x")
    assert command.words[1:3] == ("--master", "local[2]")
    assert conf["spark.driver.extraClassPath"] == f"{tmp_path}/jars/one-1.jar:{tmp_path}/jars/two-2.jar"
    assert conf["spark.sql.extensions"] == "io.delta.sql.DeltaSparkSessionExtension"
    assert "-XX:TieredStopAtLevel=1" in conf["spark.driver.extraJavaOptions"]
    assert command.environment["SPARK_LOCAL_IP"] == "127.0.0.1"
    assert conf["spark.authenticate"] == "true", "every user of the machine reaches that address"
    assert not {"--jars", "--py-files"} & set(command.words)


def test_to_a_cluster_jars_and_modules_travel(tmp_path):
    command = of(tmp_path, spark__master="spark://host:7077")
    words = command.words
    assert words[words.index("--jars") + 1] == f"{tmp_path}/jars/one-1.jar,{tmp_path}/jars/two-2.jar"
    assert words[words.index("--py-files") + 1] == f"{tmp_path}/strongroom.zip"
    assert "-XX" not in conf_of(command)["spark.driver.extraJavaOptions"]
    assert "SPARK_LOCAL_IP" not in command.environment


def test_the_settings_file_beats_us_and_java_options_are_added(tmp_path):
    ours = conf_of(of(tmp_path))
    conf = conf_of(
        of(
            tmp_path,
            spark__driver__memory="8g",
            spark__driver__extraJavaOptions="-XX:TieredStopAtLevel=4",
            spark__driver__extraClassPath="/a.jar",
        )
    )
    assert conf["spark.driver.memory"] == "8g"
    common = ours["spark.driver.extraJavaOptions"].removesuffix(JVM)
    assert conf["spark.driver.extraJavaOptions"] == f"{common}-XX:TieredStopAtLevel=4 {JVM}", "one language has the end"
    assert conf["spark.executor.extraJavaOptions"] == JVM
    assert conf["spark.driver.extraClassPath"].endswith(":/a.jar")
    assert "spark.master" not in conf


@pytest.mark.parametrize("master", ["local[2]", "yarn"])
def test_sockets_and_temporary_files_are_in_the_folder_of_the_run(tmp_path, master):
    command = of(tmp_path, spark__master=master)
    assert command.environment["TMPDIR"] == str(FOLDER)
    assert f"-Djava.io.tmpdir={FOLDER}" in conf_of(command)["spark.driver.extraJavaOptions"].split()
    there = conf_of(command).get("spark.python.unix.domain.socket.dir")
    assert there == (str(FOLDER) if master == "local[2]" else None), "executors elsewhere have no such folder"


def test_every_process_of_a_job_is_the_environments_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_HOME", "/another/spark")
    monkeypatch.setenv("PYTHONPATH", f"/mine:{ROOT / 'lib'}:")
    environment = of(tmp_path).environment
    assert environment["SPARK_HOME"] == str(Home(tmp_path).spark)
    assert environment["PYSPARK_PYTHON"] == environment["PYSPARK_DRIVER_PYTHON"] == str(tmp_path / "venv/bin/python")
    assert environment["PYTHONPATH"] == plain(Home(tmp_path), ()).environment["PYTHONPATH"] == f"{ROOT / 'lib'}:/mine"


@pytest.mark.parametrize("name", ["local.yaml", "cluster.yaml"])
def test_before_the_set_up_our_settings_files_are_read_alike(name):
    file = ROOT / "conf" / name
    overrides = ["spark.spark.sql.a=1", "spark.sql.b=2", "lake=elsewhere"]
    assert spark_submit._spark_lines(file, overrides) == dict(load_settings(str(file), overrides).spark)


def test_before_the_set_up_quotes_and_comments_are_no_part_of_a_value(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(
        "spark:\n  spark.a: 'x # y'  # why\n  spark.b: \"\"\n  spark.c: a#b\n  # spark.d: no\nkeys: spark.e: no\n"
    )
    assert spark_submit._spark_lines(file, []) == {"spark.a": "x # y", "spark.b": "", "spark.c": "a#b"}


def test_without_a_yaml_parser_the_plain_reader_serves(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "strongroom.core.settings.file", None)
    assert read_settings(str(tmp_path / "absent.yaml"), []).spark == {}


def test_the_modules_zip_alike_and_an_equal_zip_is_left_alone(tmp_path):
    home = Home(tmp_path)
    zip_modules(home)
    first = home.modules.stat().st_mtime_ns, home.modules.read_bytes()
    zip_modules(home)
    assert (home.modules.stat().st_mtime_ns, home.modules.read_bytes()) == first
    names = zipfile.ZipFile(home.modules).namelist()
    assert "strongroom/core/errors.py" in names
    assert not [name for name in names if "__pycache__" in name]
    home.modules.write_bytes(b"old")
    zip_modules(home)
    assert home.modules.read_bytes() == first[1]
    assert [path.name for path in tmp_path.iterdir()] == ["strongroom.zip"]


def test_an_archive_of_classes_serves_only_what_it_was_made_with(tmp_path):
    home, java = Home(tmp_path / "home"), Java(tmp_path / "java", 17)
    (home.spark / "jars").mkdir(parents=True)
    home.jars.mkdir()
    java.home.mkdir()
    (java.home / "release").write_text('JAVA_VERSION="17.0.1"\n')
    assert class_archive.is_missing(home, java)
    assert class_archive.java_options(home, java) == class_archive.FAST_START

    class_archive._path(home, java).write_bytes(b"classes")
    assert not class_archive.is_missing(home, java)
    assert any("SharedArchiveFile" in option for option in class_archive.java_options(home, java))
    assert class_archive.java_options(home, None) == class_archive.FAST_START, "whose classes are not known"

    class_archive._path(home, java).write_bytes(b"")
    assert class_archive.java_options(home, java) == class_archive.FAST_START, "making it failed: never tried again"
    assert not class_archive.is_missing(home, java)

    (home.jars / "another.jar").write_bytes(b"")
    assert class_archive.is_missing(home, java), "another class path"
    (java.home / "release").write_text('JAVA_VERSION="17.0.2"\n')
    assert class_archive.java_options(home, java) == class_archive.FAST_START, "another Java"
    assert not class_archive.is_missing(Home(tmp_path / "a home"), java), "of such a path Java archives next to nothing"


def test_a_set_up_for_the_tests_brings_the_jars_of_the_cloud_that_they_ask_and_the_archive(tmp_path, monkeypatch):
    made, java = [], Java(tmp_path, 17)
    monkeypatch.setattr(launcher, "ensure_spark", lambda *_, cloud, **__: made.append(cloud) or java)
    monkeypatch.setattr(launcher, "ensure_archive", lambda *_, **__: made.append("archive"))
    for request in (Request("", (), setup_only=True, tools=True), Request("", (), setup_only=True)):
        set_up(request, Home(tmp_path))
    assert made == ["s3", "archive", "", "archive"]
