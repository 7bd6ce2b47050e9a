"""`strongroom-task`: a job in a process that somebody else has started, with its words and its exit code."""

import json
import logging
import tomllib

import pytest

from strongroom.task import main
from support.lakes import ROOT, install


@pytest.fixture
def place(tmp_path, capsys):
    yield install(tmp_path, capsys, sample=120)
    logging.captureWarnings(False)


def test_a_job_that_goes_well_lets_the_task_go_on(place, capsys):
    main(["prepare", "--config", str(place.settings), "--json"])
    assert json.loads(capsys.readouterr().out)["exit_code"] == 0
    assert place.rows("training.reviews")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["prepare", "--as", "user:ada"], 5), (["prepare", "--contract", "x"], 2), (["prepar"], 2), ([], 2)],
)
def test_any_other_ends_the_task_with_its_code(place, words, code):
    with pytest.raises(SystemExit) as ended:
        main([*words[:1], "--config", str(place.settings), *words[1:]] if words else words)
    assert ended.value.code == code


def test_it_is_a_command_of_the_package():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["strongroom-task"] == f"{main.__module__}:{main.__name__}"
