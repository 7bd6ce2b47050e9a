"""A paper as Markdown: what comes from outside is escaped, so that it is neither markup nor a link."""

from __future__ import annotations

from collections.abc import Iterator

from strongroom.core.escaping import markdown_cell
from strongroom.core.report.paper import Grid, Paper, Part


def markdown(paper: Paper) -> str:
    """The whole paper."""
    return "\n".join(_lines(paper)) + "\n"


def _lines(paper: Paper) -> Iterator[str]:
    yield f"# {markdown_cell(paper.title)}"
    yield ""
    yield f"{markdown_cell(paper.about)} Written {paper.written:%Y-%m-%d %H:%M} UTC."
    for part in paper.parts:
        yield from section(part)
    if paper.missing:
        heads = ("Not said", "Where to say it", "How")
        lines = tuple((each.what, each.where, each.todo) for each in paper.missing)
        yield from section(Part("What nobody has said", grid=Grid(heads, lines)))


def section(part: Part) -> Iterator[str]:
    """A section with an empty line before it."""
    yield ""
    yield f"## {markdown_cell(part.title)}{f' ({markdown_cell(part.law)})' if part.law else ''}"
    yield ""
    if not (part.facts or part.grid or part.open):
        yield "Nothing."
    yield from (f"- {markdown_cell(fact)}" for fact in part.facts)
    if part.grid is not None:
        if part.facts:
            yield ""
        yield f"| {' | '.join(map(markdown_cell, part.grid.heads))} |"
        yield f"|{'---|' * len(part.grid.heads)}"
        yield from (f"| {' | '.join(map(markdown_cell, line))} |" for line in part.grid.lines)
    if part.open:
        if part.facts or part.grid:
            yield ""
        yield from (f"- [ ] {markdown_cell(question)}" for question in part.open)
