"""The answer to a person as one page to read (GDPR Art. 15): the data in full, and what for, from where, until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from strongroom import __version__
from strongroom.core.errors import Problem
from strongroom.core.escaping import json_text
from strongroom.core.person import Answer, Held, Model, Reader, Recipient
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, document, element, join, name, whole
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.style import STYLE

_STYLE = """
dl.facts, dl.row { display: grid; grid-template-columns: minmax(8rem, 14rem) minmax(0, 1fr); gap: .25rem 1.25rem;
  margin: .75rem 0; }
dl.row { padding: .75rem 1rem; background: var(--sheet); border-left: 3px solid var(--line); }
dl.facts dt, dl.row dt { color: var(--soft); }
dl.facts dd, dl.row dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
section.place h3 { font: 600 1rem var(--sans); margin: 1.25rem 0 .25rem; }
@media (max-width: 40rem) { dl.facts, dl.row { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.row dd { margin-bottom: .4rem; } }
@media print { dl.row { break-inside: avoid; } }
"""
RIGHTS = (
    "You may ask for what is wrong here to be put right (Art. 16), to be erased (Art. 17) or restricted (Art. 18); you "
    "may object to its use (Art. 21), and take it along: answer.json beside this page is for that (Art. 20). You may "
    "complain to a supervisory authority (Art. 77)."
)
_READERS = [("Who", ""), ("What", ""), ("What for", ""), ("How often", "figure"), ("First", ""), ("Last", "")]
_RECIPIENTS = [("Who", ""), ("What", ""), ("Of", ""), ("Columns", "")]
_MODELS = [("Model", ""), ("Made from", ""), ("What for", ""), ("Your rows in it", "figure")]
_GAPS = [("Where", ""), ("What", ""), ("Code", "")]


def page(answer: Answer, *, at: datetime) -> str:
    """The page. It loads nothing, and holds values: it is for one reader."""
    when = element("time", f"{at:%-d %B %Y, %H:%M} UTC", datetime=at.isoformat())
    told = f"{counted(answer.rows, 'row')} in {counted(len(answer.held), 'place')}."
    body = element(
        "body",
        element("a", "Skip to the data", href="#main", class_="skip"),
        element(
            "header",
            element("p", element("span", "Strongroom · for one person only"), when, class_="over"),
            element("h1", "What is held about you"),
            element("p", told, " Each place says what is held, what for, on which basis, from where, and how long."),
            element("p", RIGHTS),
            *(() if answer.whole else (element("p", _NOT_WHOLE, class_="bad-text"),)),
        ),
        element(
            "main",
            *(_place(number, each) for number, each in enumerate(answer.held, 1)),
            *_beside(answer),
            id="main",
            tabindex="-1",
        ),
        element("footer", element("p", f"Strongroom {__version__}. Keep this page: nobody can close it again.")),
    )
    return document("What is held about you", body, style=STYLE + _STYLE, policy=POLICY)


_NOT_WHOLE = "This answer is not whole: what is missing stands at its end."


def _place(number: int, held: Held) -> Markup:
    rows = (_row(held, at, row) for at, row in enumerate(held.values, 1))
    anchor = f"place-{number}"
    return element(
        "section", element("h2", name(held.place), id=anchor), _facts(held), *rows, class_="place",
        aria_labelledby=anchor,
    )  # fmt: skip


def _facts(held: Held) -> Markup:
    """What is told of a place."""
    basis = held.basis or {}
    purposes = [f"{one}: {basis.get(one, 'the contract names no legal basis')}" for one in held.purposes]
    facts = [
        ("Held", f"{counted(held.rows, 'row')}, {held.holds}"),
        ("What for, and on which basis", "\n".join(purposes) or "nothing says it"),
        ("From where", "\n".join(held.made_from)),
        ("Until when", held.until or "the contract does not say it"),
        *((("Left out", "\n".join(f"{each.name}: {each.why}" for each in held.withheld)),) if held.withheld else ()),
        *((("Others in texts", f"{counted(held.masked, 'name')} taken out"),) if held.masked else ()),
    ]
    return element("dl", *(part for what, text in facts for part in _pair(what, text)), class_="facts")


def _row(held: Held, number: int, row: object) -> Markup:
    values = row if isinstance(row, dict) else {}
    how = {each.name: each.how for each in held.columns}
    pairs = (
        part
        for column, value in values.items()
        for part in (
            element("dt", name(str(column)), element("small", how.get(column, ""))),
            element("dd", _lines(_told(value))),
        )
    )
    return join(element("h3", f"Row {number} of {held.rows}"), element("dl", *pairs, class_="row"))


def _told(value: object) -> str:
    """A value in full; what has parts as JSON."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else json_text(value)


def _pair(what: str, text: str) -> Iterator[Markup]:
    yield element("dt", what)
    yield element("dd", _lines(text))


def _lines(text: str) -> Markup:
    """A text in full, each of its lines on its own."""
    first, *more = text.split("\n")
    return join(whole(first), *(part for line in more for part in (Markup("<br>"), whole(line))))


def _beside(answer: Answer) -> Iterator[Markup]:
    """Who read it, who has copies, what was trained on it, and what is missing."""
    yield section(
        "readers",
        "Who read it",
        element("p", "The log knows who read which table, not which rows: these may have read yours."),
        table("Readers", _READERS, map(_reader, answer.readers)) if answer.readers else element("p", "Nobody."),
    )
    yield section(
        "recipients",
        "Who was given copies or keys",
        table("Recipients", _RECIPIENTS, map(_recipient, answer.recipients))
        if answer.recipients
        else element("p", "Nobody, as far as this lake knows."),
    )
    yield section(
        "models",
        "What was trained on it",
        element("p", "Whether a decision about you was made by such a model (Art. 22) tells whoever uses it."),
        table("Models", _MODELS, map(_model, answer.models)) if answer.models else element("p", "Nothing."),
    )
    if answer.limits:
        lines = (element("li", whole(limit)) for limit in answer.limits)
        yield section("limits", "What nobody can tell", element("ul", *lines))
    if answer.gaps:
        yield section("gaps", "What is missing", table("Gaps", _GAPS, map(_gap, answer.gaps)))


def _reader(one: Reader) -> tuple[str, ...]:
    who = join(name(one.principal), element("small", "typed by ", name(one.actor)) if one.actor else "")
    what = join(one.action, " ", name(one.table))
    return who, what, name(one.purpose), str(one.times), one.first[:16], one.last[:16]


def _recipient(one: Recipient) -> tuple[str, ...]:
    return name(one.role), one.kind, name(one.table), whole(", ".join(one.columns))


def _model(one: Model) -> tuple[str, ...]:
    version = "" if one.version is None else f" version {one.version}"
    return (
        name(one.model),
        join(name(one.table), version),
        ", ".join(one.purposes),
        "?" if one.rows is None else str(one.rows),
    )


def _gap(gap: Problem) -> tuple[str, ...]:
    return name(gap.where), gap.what, name(gap.code)
