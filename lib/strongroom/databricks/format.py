"""A notebook in Databricks' source format: a Python file whose comments divide it into cells.

Format: https://docs.databricks.com/en/notebooks/notebook-export-import.html. The first line says that the file is one;
`# COMMAND ----------` starts the next cell; `# MAGIC` lines hold what is not Python; `# DBTITLE` names a cell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from strongroom.core.errors import ConfigError, Problem

FIRST = "# Databricks notebook source"
_CUT = re.compile(r"# COMMAND -+\s*")
_MAGIC, _TITLE = "# MAGIC", re.compile(r"# DBTITLE \d+,\s*(.*)")
_INSTEAD = {
    "pip": "Add the package to requirements.in: the launcher installs it, and a cluster has its own list.",
    "conda": "Add the package to requirements.in: the launcher installs it, and a cluster has its own list.",
    "sql": "Write spark.sql(…) in a Python cell.",
    "run": "Put the code into lib/ and import it: workers cannot import what a notebook defines.",
    "sh": "Write it in Python, or make it a job in jobs/.",
    "fs": "Write it in Python: the tables of the lake are read through strongroom.flows.read.",
    "python": "Remove the line: every cell is Python.",
}
_WIDGETS = ("text", "dropdown")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `kind` is `markdown` or `python`, `line` is that of its first line in the file."""

    kind: str
    text: str
    line: int
    title: str = ""

    def code(self, file: str) -> tuple[CodeType, CodeType | None]:
        """What the cell does, and its last line alone when that is an expression, whose value a notebook shows.

        Line numbers are the file's. Raises SyntaxError when the cell is not Python.
        """
        tree = ast.parse("\n" * (self.line - 1) + self.text, filename=file)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        whole = compile(tree, file, "exec", dont_inherit=True)
        if not isinstance(last, ast.Expr):
            return whole, None
        return whole, compile(ast.Expression(last.value), file, "eval", dont_inherit=True)


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook that can be run here: every cell is Markdown or Python that compiles.

    Args:
        file: its path as the reader knows it; errors name it.
        cells: in order, empty ones left out.
        widgets: the names of its parameters, as far as they are written out.
    """

    file: str
    cells: tuple[Cell, ...]
    widgets: tuple[str, ...]


def parse_notebook(text: str, file: str) -> Notebook:
    """Reads a notebook and refuses what cannot run outside Databricks, before anything runs.

    Raises:
        ConfigError: every problem of the file, each with its line.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != FIRST:
        raise ConfigError(
            [
                Problem(
                    "This is no notebook in source format.",
                    f"{file}:1",
                    f"Start it with '{FIRST}'.",
                    "notebook.invalid",
                )
            ]
        )
    cells: list[Cell] = []
    problems: list[Problem] = []
    names: dict[str, None] = {}
    for start, block in _blocks(lines):
        cell = _cell(block, start, file=file, problems=problems)
        if cell is not None:
            cells.append(cell)
            names |= dict.fromkeys(_check(cell, file, problems))
    if problems:
        raise ConfigError(problems)
    return Notebook(file, tuple(cells), tuple(names))


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines of each cell, with the number of the first."""
    start, block = 2, list[str]()
    for number, line in enumerate(lines[1:], start=2):
        if _CUT.fullmatch(line):
            yield start, block
            start, block = number + 1, []
        else:
            block.append(line)
    yield start, block


def _cell(block: list[str], start: int, *, file: str, problems: list[Problem]) -> Cell | None:
    """The cell of some lines, or None when there is nothing in them or nothing that may run."""
    title = next((found[1].strip() for line in block if (found := _TITLE.fullmatch(line))), "")
    block = ["" if _TITLE.fullmatch(line) else line for line in block]
    while block and not block[0].strip():
        block, start = block[1:], start + 1
    if not block:
        return None
    if not any(line.startswith(_MAGIC) for line in block):
        return Cell("python", "\n".join(block).rstrip() + "\n", start, title)
    inner = [line.removeprefix(_MAGIC).removeprefix(" ") for line in block if line.startswith(_MAGIC)]
    mixed = next((n for n, line in enumerate(block) if line.strip() and not line.startswith(_MAGIC)), None)
    if mixed is not None:
        what = "A cell is Python or a magic command, not both."
        problems.append(
            Problem(what, f"{file}:{start + mixed}", "Divide it by '# COMMAND ----------'.", "notebook.invalid")
        )
        return None
    word, _, rest = inner[0].strip().removeprefix("%").partition(" ")
    if word not in ("md", "md-sandbox") or not inner[0].strip().startswith("%"):
        problems.append(_refused(word, f"{file}:{start}"))
        return None
    return Cell("markdown", "\n".join([rest, *inner[1:]]).strip() + "\n", start, title)


def _check(cell: Cell, file: str, problems: list[Problem]) -> Iterator[str]:
    """Notes what keeps a Python cell from running, and yields the names of the widgets that it makes."""
    if cell.kind != "python":
        return
    try:
        cell.code(file)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or cell.line
        found = cell.text.splitlines()[line - cell.line : line - cell.line + 1]
        sign = found[0].strip() if found else ""
        where = f"{file}:{line}"
        if sign.startswith(("%", "!")):
            problems.append(_refused("sh" if sign.startswith("!") else sign[1:].split(" ")[0], where))
        else:
            problems.append(Problem("This is not Python.", where, "Mend the line.", "notebook.invalid"))
        return
    for node in ast.walk(ast.parse(cell.text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in [f"dbutils.widgets.{kind}" for kind in _WIDGETS]:
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "name")]
            yield from (arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def _refused(word: str, where: str) -> Problem:
    known = word if word.isidentifier() else "…"
    todo = _INSTEAD.get(word, "Only Python and %md run outside Databricks: write it in Python.")
    return Problem(f"The magic command %{known} does not run here.", where, todo, "notebook.not-run")
