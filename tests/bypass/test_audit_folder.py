"""Who can write the audit log's folder and holds no key: every attempt, what the next job and `audit verify` say of it.

docs/threat-model.md names each of them, with this outcome, and no other.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.audit.verify import check
from support.audit_places import (
    BREAK,
    FORGED,
    JOB,
    another_log,
    nothing,
    older_folder,
    own_key,
    shifted,
    signed_place,
    text,
    tree_file,
)

PAGE = Path(__file__).parents[2] / "docs/threat-model.md"
SECTION = "## Who can write the audit log's folder, and holds no key"
REFUSED, IN_VAIN, NOT_STOPPED = "refused", "in vain", "**not stopped**"
LOST, WRONG = "lost its last checkpoint", "audit log was"
DEPARTS, NO_ENTRY, NOT_OURS = "changed, or cut", "not as this log writes it", "cannot be trusted"


@dataclass(frozen=True)
class Case:
    """An attempt, as the page calls it.

    Args:
        name: what is done.
        how: does it.
        outcome: as the page has it.
        job: what the next job says of it, which it does whatever comes of it.
        verify: what `audit verify` says after that job.
    """

    name: str
    how: Callable
    outcome: str = REFUSED
    job: str = ""
    verify: str = ""


def lines(change):
    return lambda place: place.entries(change)


def away(name):
    return lambda place: (place.root / "audit" / name).unlink()


def fifo(place):
    away("checkpoint")(place)
    os.mkfifo(place.root / "audit/checkpoint")


def older_checkpoint(place):
    shutil.copy(place.root / "earlier/checkpoint", place.root / "audit")


CASES = [
    Case("an older log put back, with its checkpoint", older_folder, REFUSED, LOST, LOST),
    Case("another log in its place", another_log, REFUSED, LOST, LOST),
    Case("another log, signed with a key of one's own", own_key, REFUSED, NOT_OURS, NOT_OURS),
    Case("no log at all", away("entries.jsonl"), REFUSED, DEPARTS, WRONG),
    Case("the last entry cut off", lines(lambda all_: all_[:-1]), REFUSED, DEPARTS, WRONG),
    Case("half of the last entry cut off", lines(lambda all_: [*all_[:-1], all_[-1][:-9]]), REFUSED, DEPARTS, WRONG),
    Case("the first entry cut off", lines(lambda all_: all_[1:]), REFUSED, DEPARTS, WRONG),
    Case("an entry twice", lines(lambda all_: [all_[0], *all_]), REFUSED, DEPARTS, WRONG),
    Case("another entry in one's place", lines(lambda a: [*a[:-2], FORGED, a[-1]]), REFUSED, DEPARTS, WRONG),
    Case("an entry before, as much cut off behind", shifted, REFUSED, DEPARTS, WRONG),
    Case("a line that is no entry", lines(lambda all_: [*all_, b"hello\n"]), REFUSED, NO_ENTRY, NO_ENTRY),
    Case("the same, and one that accepts it", lines(lambda a: [*a, b"hello\n", BREAK]), REFUSED, NO_ENTRY, NO_ENTRY),
    Case("no checkpoint", away("checkpoint"), REFUSED, LOST, LOST),
    Case("an older checkpoint", older_checkpoint, REFUSED, LOST, LOST),
    Case("bytes for a checkpoint", text("checkpoint", b"\xff\xfe" * 99), REFUSED, NOT_OURS, NOT_OURS),
    Case("a huge checkpoint", text("checkpoint", b"a" * 9_000_000), REFUSED, NOT_OURS, NOT_OURS),
    Case("a pipe for a checkpoint", fifo, REFUSED, LOST, LOST),
    Case("a file that says where to go on", tree_file, IN_VAIN),
    Case("another public key", text("key.pub", b"\xff"), IN_VAIN),
    Case("an unfinished line", lines(lambda all_: [*all_, b'{"action"']), IN_VAIN),
    Case("an entry like ours at the end", lines(lambda all_: [*all_, FORGED]), NOT_STOPPED),
]


@pytest.fixture
def place(tmp_path, capsys):
    return signed_place(tmp_path, capsys)


@pytest.mark.parametrize("case", [Case("nothing", nothing, IN_VAIN), *CASES], ids=lambda case: case.name)
def test_no_false_log_is_signed(place, case):
    before, true = place.head(), list(place.log.entries())
    case.how(place)
    checkpoint = place.root / "audit/checkpoint"
    lay = checkpoint.read_bytes() if checkpoint.is_file() else None
    job = place.run(JOB)
    assert ("is not sealed" in job.err, case.job in job.err) == (case.outcome == REFUSED, True)
    assert case.verify in place.verify(7 if case.outcome == REFUSED else 0).err
    if case.outcome == REFUSED:
        assert (checkpoint.read_bytes() if checkpoint.is_file() else None) == lay, "nothing is signed"
    else:
        assert check(place.log, {"before": before, "now": place.head()}).size > before.size
        assert list(place.log.entries())[: len(true)] == true


def wrong(page):
    """In what the page's table and the cases differ."""
    section = page.partition(SECTION)[2].partition("\n#")[0]
    rows = [line.strip("|").split(" | ") for line in section.split("\n") if line.startswith("| ")][1:]
    told = [(name.strip(), outcome.strip()) for names, outcome in rows for name in names.split("; ")]
    ends = {case.name: case.outcome for case in CASES}
    found = [name for name in ends if [each for each, _ in told].count(name) != 1]
    for name, outcome in told:
        shown = re.search(r"`tests/[\w/]+/test_\w+\.py`", outcome) or outcome.startswith(NOT_STOPPED)
        if not (outcome.startswith(ends[name]) if name in ends else shown):
            found.append(f"{name}: {outcome}")
    return found


def test_the_threat_model_says_what_the_cases_show():
    assert wrong(PAGE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("no checkpoint; ", ""),
        ("no checkpoint; ", "no checkpoint; no checkpoint; "),
        ("| in vain", "| refused"),
        ("| an entry like ours at the end", "| an attempt of nobody | refused |\n| an entry like ours at the end"),
    ],
)
def test_a_page_that_says_otherwise_is_found(old, new):
    page = PAGE.read_text(encoding="utf-8")
    assert old in page
    assert wrong(page.replace(old, new)) != []
