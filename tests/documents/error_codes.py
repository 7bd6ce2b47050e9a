"""The codes of errors and problems, as the source gives them; run as a program it writes docs/errors.md anew."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache, partialmethod
from pathlib import Path
from typing import NamedTuple

from strongroom.core import errors
from strongroom.core.findings import Findings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
FORM = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.StrongroomError)
}
KINDS = {name for name, method in vars(Findings).items() if isinstance(method, partialmethod)}
AREAS = {"core/contract/": "contract", "core/policy/": "policy", "core/settings/": "settings", "core/yaml.py": "yaml"}
SAME = {"contract": "invalid", "policy": "invalid", "settings": "wrong-type", "yaml": "not-run"}
"""The kind of what says none: of `Findings.add`, of a setting's value, and of what YAML has and we do not read."""


class Site(NamedTuple):
    """A place of the source that makes an error or a problem."""

    code: str
    exit_code: int
    what: str
    where: str


@cache
def sites() -> list[Site]:
    """Every place, in the order of the source."""
    root = ROOT / "lib" / "strongroom"
    return [
        site
        for path in sorted(root.rglob("*.py"))
        for site in _sites(ast.parse(path.read_text()), str(path.relative_to(root)))
    ]


def _sites(tree: ast.AST, file: str) -> Iterator[Site]:
    area = next((name for prefix, name in AREAS.items() if file.startswith(prefix)), "")
    for around, call in _calls(tree, None):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        exit_code, what, code = 3, call.args[0] if call.args else None, ""
        if name in CLASSES and name != "ConfigError":
            code, exit_code = _text(given.get("code"), CLASSES[name].code), CLASSES[name].exit_code
        elif name == "Problem":
            code = _text(_at(call, 3, given.get("code")), errors.INVALID)
        elif name == "problem":
            code = _text(_at(call, 2, given.get("code")), "")
        elif area and name in KINDS:
            code, what = f"{area}.{name.replace('_', '-')}", _at(call, 1, None)
        elif area and name == "add" and len(call.args) > 1:
            kind, what = _text(_at(call, 3, given.get("kind")), SAME[area]), call.args[1]
            code = f"{area}.{kind}" if kind else ""
        elif area and name == "Unfit":
            code = f"{area}.{_text(_at(call, 2, given.get('kind')), SAME[area])}"
        elif name in ("Language", "add"):
            code = _text(given.get("code"), "")
        if code:  # where none is written, somebody else's is handed on
            yield Site(code, exit_code, _said(what, around), f"{file}:{call.lineno}")


def _calls(node: ast.AST, around: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Call):
            yield around, inner
        yield from _calls(inner, inner if isinstance(inner, ast.FunctionDef) else around)


def _at(call: ast.Call, place: int, named: ast.expr | None) -> ast.expr | None:
    return call.args[place] if len(call.args) > place else named


def _text(node: ast.AST | None, without: str = "") -> str:
    """The text that is written there; `without` where nothing is, and empty where it is anything else."""
    if node is None:
        return without
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _said(node: ast.AST | None, around: ast.AST | None) -> str:
    """The sentence, with an ellipsis for what it is filled with; empty where it comes from elsewhere."""
    if isinstance(node, ast.Name) and around is not None:
        named = [each for each in ast.walk(around) if isinstance(each, ast.Assign) and each.lineno < node.lineno]
        given = [each.value for each in named if [getattr(to, "id", "") for to in each.targets] == [node.id]]
        node = given[-1] if given else None
    if isinstance(node, ast.IfExp):
        node = node.body
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    return _text(node)


def page() -> str:
    """The page as it should be."""
    found: dict[str, list[Site]] = {}
    for site in sites():
        found.setdefault(site.code, []).append(site)
    lines = [
        f"| `{code}` | {', '.join(map(str, sorted({site.exit_code for site in some})))} | {_example(some)} |"
        for code, some in sorted(found.items())
    ]
    head = PAGE.read_text().partition("| code |")[0]
    return head + "\n".join(["| code | exit | for example |", "|---|---|---|", *lines, ""])


def _example(some: list[Site]) -> str:
    told = next((site.what for site in some if site.what.strip("….: ")), "")
    return told.replace("|", "\\|").replace("<", "&lt;") or "in words of its own"


if __name__ == "__main__":
    PAGE.write_text(page())
