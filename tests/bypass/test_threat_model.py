"""docs/threat-model.md says of each attempt what the corpus shows, names every one of them, and no other."""

import re
from pathlib import Path

import pytest

from bypass.cases import CASES
from bypass.judge import LEAKS, NOTHING, REFUSED
from bypass.words import ADVISORY, CRYPTOGRAPHIC, PHYSICAL, PLATFORM

ROOT = Path(__file__).parents[2]
SECTIONS = {
    ADVISORY: "### What the advisory level leaks",
    PLATFORM: "### What the platform level does not stop",
    PHYSICAL: "### What the physical level stops and does not",
    CRYPTOGRAPHIC: "### What the cryptographic level stops and does not",
}
WORDS = {LEAKS: "**leaks**", REFUSED: "refused", NOTHING: "nothing there"}
WEAK = re.compile(r"^\*\*not stopped\*\*|\*\*opens\*\*|\*\*not told\*\*|^shown ")
"""What the page owns up to without a test."""
MAY_LEAK = {
    PHYSICAL: {
        "reading by path after the policy has changed", "a new folder at the lake's top", "kept columns of two roles",
        "guessing what a hash without key hides", "using for one purpose what was given for another",
        "counting rows and files of a projection",
    },
    CRYPTOGRAPHIC: {
        "by keys: a file kept, on versions of before the rotation",
        "by keys: keys another reader opened in one's process",
    },
}  # fmt: skip
"""What is given and cannot be taken back, or not before the next run: all that leaks where nothing else may."""


def rows(text, level):
    """Attempts and outcome of each row of a level's table."""
    section = text.partition(SECTIONS[level])[2].partition("\n#")[0]
    table = [line.strip("|").split(" | ") for line in section.split("\n") if line.startswith("| ")]
    assert len(table) > 3, "the section has a table"
    return [(first.strip(), outcome.strip()) for first, outcome in table[1:]]


def meant(words, level):
    """The cases that the first column names."""
    here = [case.name for case in CASES if level in case.at]
    found = []
    for word in words.split("; "):
        start = word.removesuffix("…")
        named = [name for name in here if name == word or (start != word and name.startswith(start))]
        if not named:
            return []
        found += named
    return found


def wrong(text, level):
    """Everything in which a level's table and the corpus differ."""
    ends, told, found = {case.name: case.at[level].outcome for case in CASES if level in case.at}, [], []
    for words, outcome in rows(text, level):
        names = meant(words, level)
        tests = re.findall(r"`(?:tests/[\w/]+/)?(test_\w+\.py)`", outcome)
        if not names and not tests and not WEAK.search(outcome):
            found.append(f"{words}: neither a case of this level nor a test shows it")
        found += [f"{test}: no such test" for test in tests if not list((ROOT / "tests").rglob(test))]
        found += [
            f"{name}: {ends[name]}, and not {outcome!r}" for name in names if not outcome.startswith(WORDS[ends[name]])
        ]
        told += names
    return found + [f"{name}: told {told.count(name)} times" for name in ends if told.count(name) != 1]


@pytest.mark.parametrize("level", SECTIONS)
def test_the_threat_model_says_what_the_corpus_shows(level):
    assert wrong((ROOT / "docs/threat-model.md").read_text(), level) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("; the clock set back | **leaks**", " | **leaks**", "one less"),
        ("; keys; listing", "; listing", "an attempt less"),
        ("; keys; listing", "; keyz; listing", "an attempt that there is not"),
        ("; keys; listing", "; keys; keys; listing", "told twice"),
        ("the clock set back | **leaks**", "the clock set back | refused", "another outcome"),
        ("| root, whoever may", "| an attempt of nobody | refused |\n| root, whoever may", "shown by nothing"),
    ],
)
def test_a_page_that_says_otherwise_is_found(old, new, why):
    text = (ROOT / "docs/threat-model.md").read_text()
    assert old in text
    assert wrong(text.replace(old, new), ADVISORY) + wrong(text.replace(old, new), PHYSICAL), why


@pytest.mark.parametrize("level", [PHYSICAL, CRYPTOGRAPHIC])
def test_nothing_that_is_withheld_leaks_where_it_must_not(level):
    assert {case.name for case in CASES if level in case.at and case.at[level].outcome == LEAKS} == MAY_LEAK[level]
