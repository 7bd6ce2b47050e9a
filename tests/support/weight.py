"""Which test files run whole jobs or start programs, by what they import: these are marked `whole`.

A file is told without being imported, so that `tests/run.sh --fast` need not import what it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
HEAVY = ("support.lakes", "subprocess")
"""Whoever stands on one of these runs jobs from end to end, or programs."""

_IMPORT = re.compile(r"^\s*(?:from ([\w.]+) import (.+)|import ([\w.]+))", re.MULTILINE)


def _named(text: str) -> Iterator[str]:
    for source, names, module in _IMPORT.findall(text):
        yield module or source
        yield from (f"{source}.{name.split()[0]}" for name in names.strip("()").split(",") if source and name.split())


@cache
def whole_files() -> frozenset[Path]:
    """Every file under tests/ that stands on one of HEAVY, itself or through other files of tests/."""
    files = {".".join(path.relative_to(TESTS).with_suffix("").parts): path for path in TESTS.rglob("*.py")}
    needs = {name: frozenset(_named(path.read_text(encoding="utf-8"))) for name, path in files.items()}
    heavy = set(HEAVY)
    while more := {name for name, others in needs.items() if name not in heavy and others & heavy}:
        heavy |= more
    found = {files[name] for name in heavy if name in files}
    folders = [path.parent for path in found if path.name == "conftest.py"]  # whose fixtures all in the folder may use
    return frozenset(found | {path for path in files.values() if any(map(path.is_relative_to, folders))})


@cache
def needs_spark(path: Path) -> bool:
    """Whether a file may hold tests that are marked `spark`."""
    return "mark.spark" in path.read_text(encoding="utf-8")
