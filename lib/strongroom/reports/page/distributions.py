"""The section on distributions: how the values of each open column spread, now and before the run."""

from __future__ import annotations

from collections.abc import Sequence

from strongroom.core.report import Report
from strongroom.core.report.columns import ColumnFacts
from strongroom.core.report.distribution import Spread, ValueShare
from strongroom.reports.markup import Markup, element, name
from strongroom.reports.page.layout import more, section
from strongroom.reports.page.pictures import bar_and_mark, histogram
from strongroom.reports.phrases import percent


def distributions(report: Report, *, shown: int) -> Markup:
    """A small picture per open column: bars of its most frequent values, or a histogram of numbers or lengths.

    The label has its own section, and a column whose values are all alike is told in words.
    """
    told = report.label.column if report.label is not None and report.label.values else ""
    drawn = [column for column in report.columns if (column.spread is not None or column.top) and column.path != told]
    if not drawn:
        return Markup("")
    past = any(_has_past(column) for column in drawn)
    lead = "Of the rows that this run kept, in open columns only: personal and protected ones have no picture."
    keys = [element("span", "", class_="key"), "this run"]
    if past:
        keys += [" · ", element("span", "", class_="key was"), "what readers had before it"]
    listing = element("ul", *(element("li", *_one(column)) for column in drawn[:shown]), class_="spreads")
    return section(
        "distributions",
        "How values spread",
        element("p", lead),
        element("p", *keys),
        listing,
        more(len(drawn), shown=shown),
    )


def _one(column: ColumnFacts) -> Sequence[Markup]:
    title = element("p", name(column.path), class_="called")
    if column.top:
        return title, element("small", f"{column.type}, most frequent values"), *map(_line, column.top)
    spread = column.spread
    if spread is None:
        return (title,)
    what = "characters of a text" if spread.of == "lengths" else column.type
    now, before = [bin.now for bin in spread.bins], [bin.before for bin in spread.bins]
    if len(spread.bins) == 1 and spread.bins[0].low == spread.bins[0].high and not any(before):
        return title, element("small", what), element("p", "always ", name(spread.bins[0].low))
    return (
        title,
        element("small", what),
        histogram(now, before, title=_told(column.path, spread)),
        element(
            "div",
            element("span", spread.bins[0].low),
            element("span", f"median {spread.median}" if spread.median else "no value now"),
            element("span", spread.bins[-1].high),
            class_="ends",
        ),
    )


def _line(value: ValueShare) -> Markup:
    shown = name(value.value) if value.value else element("span", "empty text", class_="soft")
    was = f", before {percent(value.before)}" if value.before is not None else ""
    return element(
        "div",
        shown,
        bar_and_mark(value.now, value.before),
        element("span", percent(value.now), element("span", was, class_="unseen") if was else "", class_="figure"),
        class_="line",
    )


def _told(path: str, spread: Spread) -> str:
    """The picture in a sentence, for who does not see it."""
    full = [bin for bin in spread.bins if bin.now is not None]
    if not full or not spread.median:
        return f"{path}: no value in this run"
    most = max(full, key=lambda bin: bin.now or 0.0)
    of = "lengths" if spread.of == "lengths" else "values"
    told = (
        f"{path}: {of} from {spread.smallest} to {spread.largest}, half of them from {spread.lower} to {spread.upper}"
    )
    where = f"at {most.low}" if most.low == most.high else f"from {most.low} to {most.high}"
    return f"{told}; most, {percent(most.now)}, {where}"


def _has_past(column: ColumnFacts) -> bool:
    bins = column.spread.bins if column.spread else ()
    return any(bin.before is not None for bin in bins) or any(value.before is not None for value in column.top)
