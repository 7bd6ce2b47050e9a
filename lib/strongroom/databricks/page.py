"""A notebook that was run, as one HTML page: what its cells say and show. It loads nothing and runs no script.

The page holds what its reader was allowed to see, rows of tables among it, so that only its owner may open the file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom import __version__
from strongroom.core.errors import StoreError
from strongroom.core.run import Run
from strongroom.databricks.dbutils import SHOWN, Html, Output, Picture, Table
from strongroom.databricks.format import Cell
from strongroom.reports.markup import Markup, document, element, join, lines, name, picture
from strongroom.reports.page.layout import table
from strongroom.reports.page.style import STYLE
from strongroom.stores.whole_file import write_whole

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
main { padding-top: 1rem; }
main > h2 { margin-top: 2.5rem; } main h3 { font: 600 1.1rem var(--sans); margin: 1.5rem 0 .3rem; }
pre { font: .8125rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; margin: .8rem 0; }
pre.code, pre.said { background: var(--sheet); padding: .8rem 1rem; border-radius: 2px; }
code { font: .9em var(--mono); }
details { margin: .8rem 0; } summary { color: var(--soft); font-size: .8125rem; cursor: pointer; }
img { display: block; max-width: 100%; height: auto; margin: 1rem 0; border-radius: 2px; }
main table { width: auto; min-width: 40%; }
td.figure + td, th.figure + th { padding-left: 1.5rem; }
.html { margin: 1rem 0; overflow-x: auto; }
.stop { border-left: 4px solid var(--bad); background: var(--sheet); padding: .9rem 1.2rem; margin: 1rem 0; }
@media print { details { display: none; } img { break-inside: avoid; } }
"""
_LINE, _LONGEST = 2_000, 2_000
"""Most characters of a line, and most lines of a text, that are shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """A notebook and what came of it; `error` is what stopped it, if anything did."""

    run: Run
    file: str
    cells: tuple[Cell, ...]
    outputs: tuple[tuple[Output, ...], ...]
    error: str = ""


def write_page(page: Page, file: Path) -> None:
    """Writes the page, whole or not at all, for its owner only.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole({file: render_page(page).encode()}, mode=0o600)
    except OSError as error:
        todo = "Make the folder writable."
        raise StoreError(
            f"the page cannot be written: {error.strerror}", where=str(file), todo=todo, code="output.unwritable"
        ) from error


def render_page(page: Page) -> str:
    """The page's HTML."""
    title = Path(page.file).stem
    when = element("time", f"{page.run.started:%-d %B %Y, %H:%M} UTC", datetime=page.run.started.isoformat())
    run = page.run
    typed, purpose = join(", typed by ", name(run.actor)), join(" for ", name(run.purpose))
    who = join(name(run.principal), purpose if run.purpose else "", typed if run.actor else "")
    body = element(
        "body",
        element("header", element("p", element("span", "Strongroom · a notebook run by ", who), when, class_="over")),
        element("main", *_cells(page)),
        element("footer", element("p", f"Run {page.run.id} of {page.file}, Strongroom {__version__}. ", _NOTE)),
    )
    return document(title, body, style=STYLE + _STYLE, policy=_POLICY)


_NOTE = "This page shows what its reader was allowed to see: treat it as you would the tables themselves."


def _cells(page: Page) -> list[Markup]:
    parts: list[Markup] = []
    for cell, outputs in zip(page.cells, page.outputs, strict=False):  # the cells after an error have none
        if cell.title:
            parts.append(element("h3", cell.title))
        if cell.kind == "markdown":
            parts.append(markdown(cell.text))
            continue
        code = element("pre", _lines(cell.text), class_="code")
        parts += [element("details", element("summary", f"code, line {cell.line}"), code), *map(_output, outputs)]
    if page.error:
        parts.append(
            element("div", element("h2", "It stopped here"), element("pre", _lines(page.error)), class_="stop")
        )
    return parts


def _output(output: Output) -> Markup:
    match output:
        case Table():
            return _table(output)
        case Picture():
            source = f"data:image/png;base64,{base64.b64encode(output.png).decode()}"
            return picture(source, title=output.title)
        case Html():
            return element("div", Markup(output.text), class_="html")
    return element("pre", _lines(output.rstrip("\n")), class_="said")


def _table(found: Table) -> Markup:
    heads = [(head, "figure" if figure else "") for head, figure in zip(found.heads, found.figures, strict=True)]
    drawn = table("Output", heads, found.rows)
    return join(drawn, element("p", f"Only the first {SHOWN} rows are shown.", class_="soft")) if found.cut else drawn


def _lines(text: str) -> Markup:
    return lines(text, longest=_LINE, most=_LONGEST)


_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


def markdown(text: str) -> Markup:
    """The part of Markdown that notebooks here use: headings, paragraphs, lists, `code` and **strong**."""
    parts: list[Markup] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        marks = len(lines[0]) - len(lines[0].lstrip("#"))
        if 0 < marks <= 3 and lines[0][marks : marks + 1] == " ":
            parts.append(element(f"h{marks}", _inline(lines.pop(0)[marks + 1 :])))
        if not lines:
            continue
        if all(line.startswith(("- ", "  ")) for line in lines):
            items = re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
            parts.append(element("ul", *(element("li", _inline(item)) for item in items)))
        else:
            parts.append(element("p", _inline("\n".join(lines))))
    return join(*parts)


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    flat: Sequence[str] = text.split()
    text = " ".join(flat)
    for found in _INLINE.finditer(text):
        parts.append(join(text[end : found.start()]))
        parts.append(element("code", found[1]) if found[1] else element("strong", found[2]))
        end = found.end()
    return join(*parts, _lines(text[end:]))
