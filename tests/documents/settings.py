"""The settings as the source gives them; run as a program it writes docs/settings.md anew.

What a setting is stands in the comment beside it, or in the lines above it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

from strongroom.core.settings import IDENTITY, JOBS, KNOWN, model
from strongroom.core.settings.model import Setting

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
MARK = "<!-- made from lib/strongroom/core/settings/model.py by tests/documents/settings.py -->\n"
SECTIONS: Mapping[str, Mapping[str, Setting]] = {"": KNOWN, "identity": IDENTITY, **JOBS}


def comments() -> dict[tuple[str, str], str]:
    """Section and key → what its comment says."""
    text = Path(model.__file__).read_text(encoding="utf-8")
    beside = {
        token.start[0]: (token.string.lstrip("# "), token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    return {
        (section, name): said for section, name, node in _settings(ast.parse(text)) if (said := _said(node, beside))
    }


def _settings(tree: ast.Module) -> Iterator[tuple[str, str, ast.expr]]:
    dicts = {
        node.target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
    }
    for name, section in (("KNOWN", ""), ("IDENTITY", "identity")):
        yield from ((section, key.value, key) for key in dicts[name].keys)
    for section, keys in zip(dicts["JOBS"].keys, dicts["JOBS"].values, strict=True):
        yield from ((section.value, key.value, key) for key in keys.keys)


def _said(node: ast.expr, beside: Mapping[int, tuple[str, bool]]) -> str:
    if node.lineno in beside:
        return beside[node.lineno][0]
    above, at = [], node.lineno - 1
    while at in beside and beside[at][1]:
        above, at = [beside[at][0], *above], at - 1
    return " ".join(above)


def rendered() -> str:
    """What the page must have below its mark."""
    said, lines = comments(), []
    for section, known in SECTIONS.items():
        lines += [f"## `{section}:`" if section else "## Of the installation"]
        lines += ["| setting | takes | default | what it is |", "|---|---|---|---|"]
        lines += [
            f"| `{name}` | {_takes(setting)} | {_default(setting)} | {said.get((section, name), '')} |"
            for name, setting in known.items()
        ]
        lines.append("")
    return "\n".join(lines)


def _takes(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{word}`" for word in setting.choices)
    return setting.kind + (f", {setting.least:g} or more" if setting.least is not None else "")


def _default(setting: Setting) -> str:
    if setting.required:
        return "**required**"
    if setting.default is None or setting.default in ("", ()):
        return ""
    return f"`{str(setting.default).lower() if isinstance(setting.default, bool) else setting.default}`"


def kinds() -> set[str]:
    """The words under *takes* that the page must explain."""
    return {each.kind for known in SECTIONS.values() for each in known.values() if not each.choices}


def explained() -> set[str]:
    """Those that it does."""
    return set(re.findall(r"^\| `?(\w+)`? \|", PAGE.read_text(encoding="utf-8").partition(MARK)[0], re.MULTILINE))


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.partition(MARK)[0] + MARK + rendered(), encoding="utf-8")
