"""Which tests a change can touch, by the import graph: for `tests/run.sh --changed`.

    python tests/changed.py [FILE…]    names of test files, one a line; `all` when anything may be touched

Without files, it is what differs from the commit that HEAD and main have in common, and what is not committed. An edge
of the graph is an import, wherever it stands in a module; a name of ours in a string (`strongroom.flows.prepare`, also
as the beginning of one); and, of a test that starts a program of the project, every module. A file that is no module of
the graph (a document apart), or that many tests stand on without importing it, touches everything.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALL = "all"
_NAME = re.compile(r"strongroom(?:\.\w+)+\.?")
_STARTS = ("spark-submit.sh", "jobs/", '"-m", "strongroom', "dying.py")
"""Words of a test, or of what it imports, by which it starts a program of the project, which may load any module."""
_VERSION = "strongroom.__version__"
_OF_PROGRAMS = ("strongroom.run_job",)
"""What loads modules by their name only when it is started as a program."""
_DOCUMENTS = ("docs/", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
_OF_DOCUMENTS = ("tests/documents", "tests/core/contract/test_words.py", "tests/quality/reading", "tests/bypass",
                 "tests/reports", "tests/test_sinks.py", "tests/test_house.py")  # fmt: skip
"""Tests that read documents."""


@cache
def modules(root: Path = ROOT) -> Mapping[str, Path]:
    """Every module by its dotted name: those of lib, of tests and of benchmarks."""
    found = {}
    for top, prefix in ((root / "lib", ""), (root / "tests", ""), (root / "benchmarks", "benchmarks.")):
        for path in top.rglob("*.py"):
            parts = path.relative_to(top).with_suffix("").parts
            found[(prefix + ".".join(parts)).removesuffix(".__init__")] = path
    return found


def needed(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules that a module names, by imports and in strings."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            if node.module != "strongroom" or not all(each in known or each == _VERSION for each in names):
                yield node.module
            yield from names
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and name not in _OF_PROGRAMS:
            yield from _in_string(node.value, known)
    if not name.startswith("strongroom") and "subprocess" in text and any(word in text for word in _STARTS):
        yield from (each for each in known if each.startswith("strongroom"))


def _in_string(text: str, known: Mapping[str, Path]) -> Iterator[str]:
    """`strongroom.a.b` in a text is that module; `strongroom.a.`, which something is put behind, each in it."""
    for match in _NAME.findall(text):
        if match.endswith(".") and match != "strongroom.":  # which begins properties, too
            yield from (name for name in known if name.startswith(match))
        else:
            yield match


def touched(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """The test files that these changed files (paths from the root) can touch; `[ALL]` where that is not known."""
    known = modules(root)
    at = {str(path.relative_to(root)): name for name, path in known.items()}
    tests = sorted(path for path in at if Path(path).name.startswith("test_"))
    mine, found = set[str](), set[str]()
    for path in changed:
        if path.startswith(_DOCUMENTS):
            found |= {test for test in tests if test.startswith(_OF_DOCUMENTS)}
        elif path not in at or path in ("tests/conftest.py", "tests/changed.py", "lib/strongroom/__init__.py"):
            return [ALL]
        else:
            mine.add(at[path])
    users = _users(root)
    reached, left = set(mine), list(mine)
    while left:
        for user in users.get(left.pop(), ()):
            if user not in reached:
                reached.add(user)
                left.append(user)
    of_tests = {str(known[name].relative_to(root)) for name in reached}
    found |= {test for test in tests if test in of_tests}
    if mine and not found:
        return [ALL]
    if any(name.startswith("strongroom") for name in mine):
        found |= {"tests/test_house.py", "tests/test_sinks.py"}  # which read every module
    return sorted(found)


@cache
def _users(root: Path) -> Mapping[str, set[str]]:
    """The edges backwards: module → the modules that name it, or something in it."""
    known, users = modules(root), dict[str, set[str]]()
    for name, path in known.items():
        for other in needed(name, path, known):
            for each in _upwards(other, known):
                users.setdefault(each, set()).add(name)
    return users


def _upwards(name: str, known: Mapping[str, Path]) -> Iterator[str]:
    """A name is its module and, since they run first, the packages above it; but for the project's own, which does
    nothing by itself and gives its few functions to whoever names it alone."""
    yield from (name,) if name in known else ()
    while "." in (name := name.rpartition(".")[0]):
        if name in known:
            yield name


def differing() -> list[str]:
    """What differs from main, and what is not committed, deleted files and both names of moved ones included."""

    def git(*words: str) -> list[str]:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    try:
        base = git("merge-base", "HEAD", "main")[0]
    except (subprocess.CalledProcessError, IndexError):
        base = "HEAD"
    return [*git("diff", "--name-only", "--no-renames", base), *git("ls-files", "--others", "--exclude-standard")]


if __name__ == "__main__":
    print("\n".join(touched(sys.argv[1:] or differing())))
