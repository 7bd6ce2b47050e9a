"""`init`: a folder to start in, whole or not at all, over nothing that is there."""

import re

import pytest
import yaml

from strongroom import run_job
from strongroom.core.settings.file import load_settings
from strongroom.flows import check, init
from support.lakes import ROOT


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
