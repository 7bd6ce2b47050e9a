"""Mistakes that anybody may make, generated: each ends in one of the documented exit codes, none as a bug of ours."""

from __future__ import annotations

import argparse
import os
import random

import pytest
from deltalake import DeltaTable

from strongroom import run_job
from strongroom.core.errors import ConfigError
from strongroom.core.settings import IDENTITY, JOBS, KNOWN
from strongroom.core.settings.file import load_settings
from strongroom.flows import (
    access,
    audit,
    check,
    doctor,
    keys,
    notebook,
    prepare,
    project,
    quarantine,
    reveal,
    sample,
    vectorize,
)  # fmt: skip
from support.lakes import SETTINGS, install

FLOWS = {
    each.__name__.rpartition(".")[2]: each
    for each in (access, audit, check, doctor, keys, notebook, prepare, project, quarantine, reveal, sample, vectorize)
}
VERBS = {
    "access": ["explain", "matrix", "diff", "lint", "export"],
    "audit": ["verify", "search", "prove", "report"],
    "keys": ["list", "rotate", "coverage", "rewrap", "destroy", "import", "export", "wrap"],
    "quarantine": ["list", "show", "discard"],
}
WORDS = {
    "empty": "",
    "blank": " ",
    "word": "nonsense",
    "number": "-1",
    "huge number": "9" * 400,
    "no number": "1e999",
    "not a number": "nan",
    "long": "x" * 5_000,
    "no such path": "/no/such/path",
    "a folder": "/tmp",
    "a device": "/dev/null",
    "signs": "é*?[1]#%20'\"`$()",
    "break": "a\nb",
    "half a character": "\udc80",
    "address": "s3a://nowhere/x",
    "YAML": "{a: [1",
    "dashes": "--",
    "principal": "user:nobody",
    "time": "2026-13-45",
    "dots": "../../..",
    "equals": "a=b=c",
}
LAKES = [
    "a b",
    "[1]",
    "x*",
    "q?",
    "a#b",
    "%20",
    "é",
    "a\nb",
    "a'b",
    'a"b',
    "a`b",
    "a;b",
    "a$b",
    "a,b",
    "a=b",
    "{a}",
    "a\\b",
    "-a",
]
VALUES = [
    "5",
    "-1",
    "null",
    "[]",
    "{}",
    "''",
    "nonsense",
    "/no/such/path",
    "s3a://nowhere/x",
    "true",
    "1e999",
    "2026-01-01",
]
CODES = {0, 2, 3, 4, 5, 6, 7}


def every_option():
    """(job, verb, option): the options of every job that take a value, and its positional words."""
    for name, flow in FLOWS.items():
        for verb in VERBS.get(name, [""]):
            for action in run_job.parser_of(name, flow)._actions:
                if action.nargs == 0 or isinstance(action, argparse._SubParsersAction):
                    continue
                yield name, verb, action.option_strings[-1] if action.option_strings else ""


def cases(of, *, per):
    """So many words for each: another choice each run, the same for one seed."""
    draw = random.Random(os.environ.get("STRONGROOM_SEED", "7"))
    return [(*each, why) for each in of for why in draw.sample(sorted(WORDS), per)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return install(tmp_path_factory.mktemp("mistakes"), None, sample=100)


def ended(flow, options, capsys, *, config):
    capsys.readouterr()
    code = run_job.run(flow, ["--config", str(config), *options])
    out, err = capsys.readouterr()
    assert code in CODES, f"{flow.__name__} {options}: {code}\n{err[-2000:]}"
    assert "bug in Strongroom" not in out + err
    return code


NEEDS_SPARK = {"prepare", "project", "reveal", "vectorize", "notebook"}


@pytest.mark.parametrize(("name", "verb", "option", "why"), cases(list(every_option()), per=2))
def test_an_option_with_anything(place, capsys, monkeypatch, tmp_path, name, verb, option, why):
    monkeypatch.chdir(tmp_path)
    words = [verb] if verb else []
    given = [f"{option}={WORDS[why]}"] if option else [WORDS[why]]
    dry = ["--dry-run"] if name in NEEDS_SPARK or verb in ("rewrap", "wrap") else []
    ended(FLOWS[name], [*words, *given, *dry], capsys, config=place.settings)


def every_setting():
    flat = [("", name) for name in KNOWN]
    return flat + [(section, name) for section, known in {"identity": IDENTITY, **JOBS}.items() for name in known]


@pytest.mark.parametrize(("section", "name"), every_setting())
def test_a_setting_of_anything(tmp_path, capsys, section, name):
    place = install(tmp_path, None)
    (tmp_path / "lake").mkdir()
    for value in VALUES:
        line = f"{section}: {{{name}: {value}}}" if section else f"{name}: {value}"
        rest = [
            old for old in SETTINGS.strip().splitlines() if not old.startswith((f"{section or name}:", "  contract"))
        ]
        rest = [old for old in rest if not old.startswith(("prepare:", "vectorize:"))]
        place.settings.write_text("\n".join([*rest, line, ""]))
        for flow, options in ((check, []), (prepare, ["--dry-run", "--contract=reviews"]), (audit, ["verify"])):
            ended(flow, options, capsys, config=place.settings)


@pytest.mark.parametrize("lake", LAKES)
def test_a_lake_of_any_name(tmp_path, capsys, lake):
    place = install(tmp_path, None)
    place.edit("local.yaml", "lake: lake", f"lake: {lake_of(lake)}")
    good = not set(lake) & set("[]^|%\\\n")
    assert ended(sample, ["--rows=100"], capsys, config=place.settings) == (0 if good else 3)
    assert ended(check, [], capsys, config=place.settings) == (0 if good else 3)
    assert (tmp_path / lake / "raw" / "reviews").is_dir() == good
    for flow, options in (
        (check, []), (doctor, []), (prepare, ["--dry-run"]), (access, ["matrix", "--out", str(tmp_path / "m.html")]),
        (access, ["lint"]), (audit, ["verify"]), (audit, ["report"]), (keys, ["list"]), (keys, ["coverage"]),
        (quarantine, ["list"]),
    ):  # fmt: skip
        ended(flow, options, capsys, config=place.settings)


def lake_of(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@pytest.mark.parametrize("there", ["file", "dangling link", "loop", "device"])
def test_something_else_where_the_lake_should_be(tmp_path, capsys, there):
    place = install(tmp_path, None)
    lake = tmp_path / "lake"
    {
        "file": lambda: lake.write_text("x"),
        "dangling link": lambda: lake.symlink_to(tmp_path / "nowhere"),
        "loop": lambda: lake.symlink_to(lake),
        "device": lambda: lake.symlink_to("/dev/null"),
    }[there]()
    for flow, options in (
        (sample, ["--rows=100"]), (check, []), (doctor, []), (prepare, ["--dry-run"]),
        (access, ["matrix", "--out", str(tmp_path / "m.html")]),
        (audit, ["verify"]), (keys, ["list"]), (keys, ["coverage"]), (quarantine, ["list"]),
    ):  # fmt: skip
        ended(flow, options, capsys, config=place.settings)


@pytest.mark.parametrize(
    ("lake", "code", "todo"),
    [
        ("s3a://bucket/lake", 0, ""),
        ("s3://bucket/lake", 0, ""),
        ("abfss://container@account.dfs.core.windows.net/lake", 0, ""),
        ("gs://bucket/lake", 0, ""),
        ("file:///tmp/lake", 0, ""),
        ("hdfs://host/lake", 3, "mount it"),
        ("hdfs:/lake", 3, "mount it"),
        ("dbfs:/lake", 3, "/Volumes/CATALOG/SCHEMA/NAME"),
        ("catalog:main", 3, "the path or URI of the lake's root"),
        ("abfs://c@a.dfs.core.windows.net/lake", 3, "abfss://"),
        ("ftp://host/lake", 3, "s3a://"),
    ],
)
def test_check_says_in_one_sentence_where_a_lake_is_not_served(tmp_path, capsys, lake, code, todo):
    place = install(tmp_path, None)
    place.edit("local.yaml", "lake: lake", f"lake: '{lake}'")
    capsys.readouterr()
    assert ended(check, [], capsys, config=place.settings) == code
    if code:
        with pytest.raises(ConfigError) as caught:
            load_settings(str(place.settings))
        assert [(each.code, todo in each.what) for each in caught.value.problems] == [("settings.not-run", True)]


class PanicException(BaseException):
    """As a library in Rust raises it: no Exception."""


def test_a_library_that_panics_is_told_like_any_error(place, capsys, monkeypatch):
    def panics(*_):
        raise PanicException("called `Option::unwrap()` on a value: Quibblemarker")

    monkeypatch.setattr(audit, "run", panics)
    assert ended(audit, ["verify"], capsys, config=place.settings) == 7
    figures = (place.lake / "reports/prometheus/attempt.audit_verify.prom").read_text()
    assert 'strongroom_attempt_exit_code{command="audit verify"} 7.0\n' in figures, "and counted as what it was"


@pytest.mark.parametrize("engine", ["local", pytest.param("spark", marks=pytest.mark.spark)])
@pytest.mark.parametrize("lake", ["a *?b", "é#", "a'b\"`$c"])
def test_prepare_in_a_lake_of_any_name(tmp_path, capsys, request, lake, engine):
    if engine == "spark":
        request.getfixturevalue("spark")
    place = install(tmp_path, None, engine=engine)
    place.edit("local.yaml", "lake: lake", f"lake: {lake_of(lake)}")
    assert ended(sample, ["--rows=1000"], capsys, config=place.settings) == 0
    assert ended(prepare, ["--contract=customers"], capsys, config=place.settings) == 0
    assert DeltaTable(str(tmp_path / lake / "training" / "customers")).version() == 1
