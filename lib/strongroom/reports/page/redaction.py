"""The section on redacted texts: what was replaced, what is left, what was missed, and what it did to use."""

from __future__ import annotations

from strongroom.core.report import Report, share
from strongroom.core.report.redaction import RedactionFacts
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, element, name
from strongroom.reports.page.layout import Head, more, section, table
from strongroom.reports.phrases import NOT_MEASURED, number, percent


def redaction(report: Report, *, shown: int) -> Markup:
    """Of each redacted column the counts; of each entity the misses."""
    if not report.redactions:
        return Markup("")
    heads: list[Head] = [("Column", ""), ("Texts", "figure"), ("Replaced", "says"), ("With something left", "figure")]
    heads += [("Different words", "figure"), ("Different texts", "figure")]
    lines = (
        (
            name(facts.path),
            number(facts.texts),
            _found(facts),
            percent(share(facts.leaks, facts.texts)),
            _moved(facts.words_before, facts.words_after),
            _moved(facts.texts_before, facts.texts_after),
        )
        for facts in report.redactions[:shown]
    )
    planted: list[Head] = [("Planted", ""), ("How many", "figure"), ("Missed", "figure")]
    planted += [("At most, with 95 % confidence", "figure")]
    missed = ((name(m.entity), number(m.planted), percent(m.rate), percent(m.bound)) for m in report.misses)
    lead = "Something left: a valid identifier, or a value of the row's other columns, found by a search of its own."
    return section(
        "redaction",
        "Redacted texts",
        element("p", lead),
        table("Texts and what was replaced in them", heads, lines),
        more(len(report.redactions), shown=shown),
        table("Invented persons sent through the same redaction", planted, missed, told=True),
        element("p", "Not looked for:"),
        element("ul", *(element("li", sentence) for sentence in report.not_looked_for)),
    )


def _found(facts: RedactionFacts) -> str:
    if not facts.redacted:
        return element("span", "kept as it is", class_="soft")
    most = sorted(facts.found.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} {entity}" for entity, count in most) or f"nothing in {counted(facts.texts, 'text')}"


def _moved(before: int | None, after: int | None) -> str:
    return NOT_MEASURED if before is None or after is None else f"about {before:,} → {after:,}"
