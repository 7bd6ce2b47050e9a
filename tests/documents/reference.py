"""The API reference of docs/python.md, made from docstrings; run as a script it writes it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs/python.md"
MARK = "## Reference\n<!-- made from docstrings by tests/documents/reference.py -->\n"
NAMES = (
    "strongroom.read", "strongroom.tables", "strongroom.Readable", "strongroom.notebook.run_flow",
    "strongroom.jupyter.notebook",
    "strongroom.functions.keys_of", "strongroom.functions.keys_of_role", "strongroom.functions.token",
    "strongroom.functions.encrypt", "strongroom.functions.decrypt",
)  # fmt: skip


def rendered() -> str:
    """The section as the page must have it."""
    return "\n".join([MARK, *(_entry(name) for name in NAMES)])


def _entry(name: str) -> str:
    module, _, word = name.rpartition(".")
    thing = getattr(importlib.import_module(module), word)
    text = inspect.cleandoc(thing.__doc__)
    first, *sections = re.split(r"\n\n(Args|Raises|Returns):\n", text)
    lines = [f"### `{name}{_signature(thing)}`", first]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        lines += ["", f"*{title}*", *_items(body)]
    return "\n".join([*lines, ""])


def _signature(thing: Any) -> str:
    if dataclasses.is_dataclass(thing):
        return f"({', '.join(field.name for field in dataclasses.fields(thing))})"
    signature = inspect.signature(thing)
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return re.sub(r"mappingproxy\((.*?)\)", r"\1", str(inspect.Signature(plain))).replace("'", '"')


def _items(body: str) -> list[str]:
    """`name: text` with its indented next lines, as a list."""
    items = [re.sub(r"\s*\n\s+", " ", item) for item in re.split(r"\n(?=    \S)", body)]
    return [re.sub(r"^\s*(\w+): ", r"- `\1`: ", item) for item in items]


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.partition(MARK)[0] + rendered(), encoding="utf-8")
