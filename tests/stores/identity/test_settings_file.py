"""Settings that are only found: which ones, and that nobody else can have put them there."""

import os
from pathlib import Path

import pytest

from strongroom.core import program
from strongroom.core.errors import ConfigError
from strongroom.stores.identity.settings_file import found, nearest, settings_file

ANOTHER = 54321
"""The number of a user who is not us, nor root."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder with a project in it, its settings and a folder below."""
    place = tmp_path / "home"
    (place / "project/conf").mkdir(parents=True)
    (place / "project/below/deep").mkdir(parents=True)
    (place / "project/conf/local.yaml").write_text("lake: lake\n")
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.delenv("STRONGROOM_CONFIG", raising=False)
    monkeypatch.chdir(place / "project/below")
    return place


def taken(said=None):
    return found(say=(said if said is not None else []).append)


@pytest.mark.parametrize(
    ("at", "also", "want", "why"),
    [
        ("project", (), "project/conf/local.yaml", "in the working folder"),
        ("project/below/deep", (), "project/conf/local.yaml", "above it"),
        ("project/below", ("project/below/conf/local.yaml",), "project/below/conf/local.yaml", "the nearest"),
        ("project/below", ("project/below/.git/HEAD",), "", "not above the project's folder"),
        ("project", ("project/.git/HEAD",), "project/conf/local.yaml", "in the project's folder itself"),
        (".", ("../conf/local.yaml",), "", "not above the home folder"),
        (".", ("conf/local.yaml",), "conf/local.yaml", "in the home folder itself"),
    ],
)
def test_the_nearest_up_to_the_projects_or_the_home_folder(home, monkeypatch, at, also, want, why):
    for name in also:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("")
    monkeypatch.chdir(home / at)
    assert nearest() == (home / want if want else None), why


def test_which_was_taken_is_told(home):
    said = []
    assert taken(said) == str(home / "project/conf/local.yaml")
    assert said == [f"settings of {home}/project/conf/local.yaml"]


def test_without_any_it_says_how_to_come_by_some(home, monkeypatch):
    monkeypatch.chdir(home)
    with pytest.raises(ConfigError, match="init FOLDER") as error:
        taken()
    assert error.value.problems[0].where == str(home)


def test_a_working_folder_that_is_gone_has_none(home, monkeypatch):
    (home / "gone").mkdir()
    monkeypatch.chdir(home / "gone")
    (home / "gone").rmdir()
    with pytest.raises(ConfigError, match="no settings here"):
        taken()


def open_(path, mode):
    path.chmod(mode)


def give(path, mode):
    os.chown(path, ANOTHER, ANOTHER, follow_symlinks=False)


def group(path, mode):
    os.chown(path, -1, ANOTHER)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("what", "how", "mode", "why"),
    [
        ("project/conf/local.yaml", open_, 0o666, "everybody writes the file"),
        ("project/conf", open_, 0o777, "everybody puts another file in its place"),
        ("project", open_, 0o777, "everybody puts another conf in its place"),
        (".", open_, 0o777, "everybody puts another project in its place"),
        pytest.param("project/conf/local.yaml", group, 0o660, "a group does", marks=as_root),
        pytest.param("project", group, 0o770, "a group puts another conf in its place", marks=as_root),
        pytest.param("project/conf/local.yaml", give, 0, "another user's file", marks=as_root),
        pytest.param("project/conf", give, 0, "another user's folder", marks=as_root),
        pytest.param(".", give, 0, "another user's folder on the way", marks=as_root),
    ],
)
def test_what_others_can_have_put_there_is_not_taken(home, what, how, mode, why):
    assert taken(), "as it was"
    how(home / what, mode)
    said = []
    with pytest.raises(ConfigError) as error:
        taken(said)
    (problem,) = error.value.problems
    assert (problem.where, said) == (str(home / "project/conf/local.yaml"), []), why
    place = (home / what).resolve()
    assert f"{place} belongs to user {ANOTHER}" in problem.what or f"may write {place} " in problem.what, why
    assert (error.value.exit_code, "STRONGROOM_CONFIG" in problem.todo) == (3, True)


def test_refused_settings_do_not_give_way_to_others_above(home):
    (home / "conf").mkdir()
    (home / "conf/local.yaml").write_text("lake: lake\n")
    (home / "project/conf/local.yaml").chmod(0o666)
    with pytest.raises(ConfigError):
        taken()


def test_a_link_is_followed_to_where_it_leads(home):
    file = home / "project/conf/local.yaml"
    (home / "kept").mkdir()
    file.rename(home / "kept/mine.yaml")
    file.symlink_to("../../kept/mine.yaml")
    assert taken() == str(file)
    (home / "kept").chmod(0o777)
    with pytest.raises(ConfigError, match="kept"):
        taken()


@as_root
def test_another_users_link_is_theirs_wherever_it_leads(home):
    file = home / "project/conf/local.yaml"
    file.rename(home / "mine.yaml")
    file.symlink_to(home / "mine.yaml")
    give(file, 0)
    with pytest.raises(ConfigError, match=f"local.yaml belongs to user {ANOTHER}"):
        taken()


@pytest.mark.parametrize("whose", ["mine", pytest.param("theirs", marks=as_root)])
def test_in_a_folder_like_tmp_only_ones_own_are_taken(home, monkeypatch, whose):
    """Who works below /tmp must not be given the settings that somebody else has put into /tmp."""
    shared = home / "shared"
    (shared / "conf").mkdir(parents=True)
    (shared / "conf/local.yaml").write_text("lake: lake\n")
    (shared / "me").mkdir()
    shared.chmod(0o1777)
    monkeypatch.chdir(shared / "me")
    if whose == "mine":
        assert taken() == str(shared / "conf/local.yaml")
        return
    for path in (shared / "conf", shared / "conf/local.yaml"):
        give(path, 0)
    with pytest.raises(ConfigError, match=f"belongs to user {ANOTHER}"):
        taken()


def test_a_link_to_nowhere_and_a_circle_are_not_passed_over(home):
    file = home / "project/conf/local.yaml"
    file.unlink()
    file.symlink_to("local.yaml")
    assert nearest() == file


@pytest.mark.parametrize(
    ("named", "installed", "want", "why"),
    [
        ("/else/where.yaml", False, "/else/where.yaml", "the variable names them, whoever may write there"),
        ("/else/where.yaml", True, "/else/where.yaml", "the same"),
        ("", False, str(Path(__file__).parents[3] / "conf/local.yaml"), "a project's jobs take the project's"),
        ("", True, "{home}/project/conf/local.yaml", "an installed package has none of its own"),
    ],
)
def test_a_job_takes_the_variables_else_the_projects_else_the_nearest(home, monkeypatch, named, installed, want, why):
    monkeypatch.setattr(program, "INSTALLED", installed)
    if named:
        monkeypatch.setenv("STRONGROOM_CONFIG", named)
    assert settings_file(say=lambda _: None) == want.format(home=home), why
