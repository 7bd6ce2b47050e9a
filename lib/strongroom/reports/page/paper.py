"""A paper as one page to read and to print. It loads nothing."""

from __future__ import annotations

from strongroom import __version__
from strongroom.core.report.paper import Grid, Paper, Part
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, document, element, join, name, whole
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.style import STYLE

_STYLE = """
header, main, footer { max-width: 84rem; }
.questions li { list-style: none; margin: .35rem 0; padding-left: 1.6em; text-indent: -1.6em; }
.questions li::before { content: "☐ "; color: var(--bad); }
.told li { margin: .2rem 0; }
"""


def page(paper: Paper) -> str:
    """The page."""
    when = element("time", f"{paper.written:%-d %B %Y, %H:%M} UTC", datetime=paper.written.isoformat())
    open_ = sum(len(part.open) for part in paper.parts)
    counts = f"{counted(open_, 'question')} for people; {counted(len(paper.missing), 'thing')} nobody has said."
    body = element(
        "body",
        element("a", "Skip to the first section", href="#main", class_="skip"),
        element(
            "header",
            element("p", element("span", "Strongroom · accountability"), when, class_="over"),
            element("h1", paper.title),
            element("p", paper.about),
            element("p", counts),
        ),
        element(
            "main",
            *(_part(part, f"part-{place}") for place, part in enumerate(paper.parts, 1)),
            _missing(paper),
            id="main",
            tabindex="-1",
        ),
        element("footer", element("p", f"Strongroom {__version__}. No value of any row is on this page.")),
    )
    return document(paper.title, body, style=STYLE + _STYLE, policy=POLICY)


def _part(part: Part, anchor: str) -> Markup:
    facts, open_ = _list(part.facts, "told"), _list(part.open, "questions")
    grid = _grid(part.title, part.grid) if part.grid is not None else Markup("")
    law = element("p", element("small", part.law)) if part.law else Markup("")
    empty = Markup("") if part.facts or part.open or part.grid else element("p", "Nothing.")
    return section(anchor, part.title, join(law, facts, grid, open_, empty))


def _list(lines: tuple[str, ...], kind: str) -> Markup:
    """Each of them in full: a paper that leaves a recipient out is none."""
    return element("ul", *(element("li", whole(line)) for line in lines), class_=kind) if lines else Markup("")


def _grid(title: str, grid: Grid) -> Markup:
    return table(title, [(head, "") for head in grid.heads], [tuple(map(whole, line)) for line in grid.lines])


def _missing(paper: Paper) -> Markup:
    if not paper.missing:
        return Markup("")
    lines = [(each.what, name(each.where), each.todo) for each in paper.missing]
    heads = [("Not said", ""), ("Where to say it", ""), ("How", "")]
    return section("missing", "What nobody has said", table("What nobody has said", heads, lines))
