"""Errors are told apart by codes that stay: well formed, and listed in docs/errors.md as the source gives them."""

import pickle

import pytest

from documents.error_codes import CLASSES, FORM, PAGE, page, sites
from strongroom.core.errors import INVALID, ConfigError, Problem, StoreError


@pytest.fixture(scope="module", autouse=True)
def _read():
    sites()


def test_codes_are_well_formed():
    wrong = [site for site in sites() if not FORM.fullmatch(site.code)]
    assert not wrong
    assert all(FORM.fullmatch(kind.code) for kind in CLASSES.values())


def test_each_class_has_a_code_of_its_own():
    assert len({kind.code for kind in CLASSES.values()}) == len(CLASSES)


def test_every_problem_of_settings_policy_and_contracts_says_of_what_kind_it_is():
    """What reads files is under core; elsewhere a problem may be one that nobody tells from others."""
    assert not [site for site in sites() if site.code == INVALID and site.where.startswith(("core/", "govern/"))]


def test_the_page_lists_them():
    assert PAGE.read_text() == page(), "run: PYTHONPATH=lib:tests python tests/documents/error_codes.py"


def test_an_error_is_the_same_in_another_process():
    """Workers send theirs."""
    for error in (StoreError("w", where="x", code="table.gone"), ConfigError([Problem("w", "f:1", "t", "yaml.twice")])):
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.problems, again.code) == (str(error), error.problems, error.code)


def test_what_is_wrong_and_what_to_do_are_two_sentences():
    told = {site.what.strip() for site in sites() if site.what.strip("….: ")}
    assert len(told) > 500
    for what in told:
        said = str(Problem(what, "f:1", "Do it."))
        assert said.startswith(f"f:1: {what}")
        assert said.removesuffix(" Do it.").endswith((".", "?", "!", ":", "…", '."', ".)")), said
        assert not said.removesuffix(" Do it.").endswith(("..", ".:")), said


@pytest.mark.parametrize(
    ("what", "todo", "said"),
    [
        ("the lake cannot be read", "Check its folder.", "the lake cannot be read. Check its folder."),
        ("It is not.", "Check it.", "It is not. Check it."),
        ("Which table?", "Give --table.", "Which table? Give --table."),
        ("it is not", "", "it is not"),
        ("", "Check it.", "Check it."),
        ("it is closed (0700)", "./spark-submit.sh doctor", "it is closed (0700). ./spark-submit.sh doctor"),
    ],
)
def test_a_full_stop_stands_where_nobody_wrote_one(what, todo, said):
    assert str(Problem(what, "", todo)) == said
    assert str(StoreError(what, todo=todo)) == said


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_what_is_raised_has_its_code(kind):
    error = kind([]) if kind is ConfigError else kind("w")
    assert error.code == kind.code
