"""`init`: a folder to start in, whole or not at all, over nothing that is there."""

import json
import re
import shlex
import subprocess

import pytest
import yaml

from strongroom import run_job
from strongroom.core.settings.file import load_settings
from strongroom.flows import check, init, prepare
from support.lakes import ROOT
from system.processes import environment


def run(capsys, *words):
    capsys.readouterr()
    code = run_job.run(init, [*map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_folder_has_sound_settings_a_policy_and_contracts(tmp_path, capsys):
    code, out, _ = run(capsys, tmp_path / "a b/new")
    place = tmp_path / "a b/new"
    assert code == 0
    assert list(contents(place)) == [
        ".gitignore", "conf/contracts/customers.yaml", "conf/contracts/reviews.yaml", "conf/local.yaml",
        "conf/policy.yaml",
    ]  # fmt: skip
    assert (place / "conf/policy.yaml").read_text() == (ROOT / "conf/policy.yaml").read_text()
    settings = load_settings(str(place / "conf/local.yaml"))
    assert (settings.lake, settings.jobs["prepare"]["sample"]) == (f"{place}/lake", True)
    assert settings.jobs["prepare"]["engine"] == "auto", "small work needs nothing but Python"
    assert run_job.run(check, ["--config", str(place / "conf/local.yaml")]) == 0
    assert f"'{place}/conf/local.yaml'" in out, "the commands that go on are for it"
    assert str(place / "conf/contracts") in out, "and what to delete"
    ignored = (place / ".gitignore").read_text().split()
    assert {"/lake/", "/.strongroom/"} <= set(ignored), "neither data nor keys"


def test_but_for_the_engine_the_settings_are_the_projects(tmp_path, capsys):
    run(capsys, tmp_path)
    made, ours = (yaml.safe_load((root / "conf/local.yaml").read_text()) for root in (tmp_path, ROOT))
    assert made["prepare"].pop("engine") == "auto"
    assert made == ours


@pytest.mark.parametrize("kind", ["folder", "file", "link to nowhere"])
def test_a_conf_that_is_there_stops_it_before_it_writes(tmp_path, capsys, kind):
    conf = tmp_path / "conf"
    if kind == "folder":
        conf.mkdir()
        (conf / "policy.yaml").write_text("mine")
    elif kind == "file":
        conf.write_text("mine")
    else:
        conf.symlink_to("nowhere")
    before = contents(tmp_path)
    code, out, err = run(capsys, tmp_path)
    assert (code, out) == (7, "")
    assert str(conf) in err
    assert contents(tmp_path) == before


def test_what_git_ignores_is_its_owners(tmp_path, capsys):
    (tmp_path / ".gitignore").write_text("mine\n")
    assert run(capsys, tmp_path)[0] == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_a_dry_run_makes_nothing(tmp_path, capsys):
    code, out, _ = run(capsys, tmp_path / "new", "--dry-run")
    assert (code, list(tmp_path.iterdir())) == (0, [])
    assert "conf/local.yaml" in out


def test_what_spark_lacks_is_told_with_the_command_that_brings_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("STRONGROOM_HOME", str(tmp_path / "bare"))
    _, out, _ = run(capsys, tmp_path / "new")
    assert re.search(r"fail +jars +.*delta-spark.* → \./spark-submit\.sh --setup-only", out)


def test_where_others_may_write_it_says_that_nobody_will_find_it(tmp_path, capsys):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    code, _, err = run(capsys, tmp_path / "shared")
    assert code == 0
    assert "warning: everybody may write" in err


def test_the_commands_that_it_prints_run_as_they_are_typed_in_any_folder(tmp_path):
    """Started by its path, and then from the new folder; of the sample few rows will do."""
    start = [ROOT / "spark-submit.sh", "init", "a b"]
    made = subprocess.run(start, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    commands = [line.strip() for line in made.stdout.partition("next:")[2].splitlines() if line.startswith("  ")]
    assert [shlex.split(command)[1:] for command in commands] == [
        [*job, "--config", str(tmp_path / "a b/conf/local.yaml")] for job in (["sample"], ["prepare"])
    ]
    for command in (f"{commands[0]} --rows 2000", commands[1], commands[1].replace(" prepare", " prepare --all")):
        done = subprocess.run(command, shell=True, cwd=tmp_path / "a b", env=environment(), capture_output=True)
        assert done.returncode == 0, done.stderr


def test_contracts_of_invented_data_beside_data_of_ones_own_say_what_to_do(tmp_path, capsys):
    run(capsys, tmp_path / "mine")
    (tmp_path / "mine/lake/raw/shop").mkdir(parents=True)
    code = run_job.run(prepare, ["--config", str(tmp_path / "mine/conf/local.yaml"), "--contract", "reviews"])
    said = capsys.readouterr().err
    assert code == 7
    assert "Or delete" in said
    with (tmp_path / "mine/conf/contracts/reviews.yaml").open("a") as file:
        file.write("# mine now\n")
    assert run_job.run(prepare, ["--config", str(tmp_path / "mine/conf/local.yaml"), "--contract", "reviews"]) == 7
    assert "Or delete" not in capsys.readouterr().err


def test_a_command_that_is_told_of_elsewhere_names_the_button_by_its_path(tmp_path):
    done = subprocess.run(
        [ROOT / "spark-submit.sh", "nothing"], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert " ./spark-submit.sh" not in done.stderr
    (tmp_path / "x").mkdir()
    words = [ROOT / "spark-submit.sh", "prepare", "--contract", "no", "--json"]
    done = subprocess.run(words, cwd=tmp_path / "x", env=environment(), capture_output=True, text=True)
    assert json.loads(done.stdout)["exit_code"] == done.returncode == 2
