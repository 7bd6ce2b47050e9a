"""The sections on columns: nulls, the label, how each column is protected, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from strongroom.core.report import Report, share
from strongroom.core.report.columns import AbsentColumn, ColumnFacts, LabelCount
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, element, join, name, plain
from strongroom.reports.page.layout import Head, more, names, section, table
from strongroom.reports.page.pictures import before_after, scale_of
from strongroom.reports.phrases import NOT_MEASURED, exact_percent, number, percent


def nulls(report: Report, *, shown: int) -> Markup:
    """Nulls per column before and after, for the columns that have some."""
    known = [column for column in report.columns if column.nulls_before is not None or column.nulls_after is not None]
    if not known and not report.absent:
        return Markup("")
    holed = [column for column in known if column.nulls_before or column.nulls_after]
    full = [column.path for column in known if not (column.nulls_before or column.nulls_after)]
    holed.sort(key=lambda column: -max(column.nulls_before or 0, column.nulls_after or 0))
    shares = [(share(c.nulls_before, report.read), share(c.nulls_after, report.passed)) for c in holed]
    scale = scale_of([part for pair in shares for part in pair])
    parts: list[Markup] = []
    if holed:
        lines = (
            (
                name(c.path),
                before_after((before, c.nulls_before), (after, c.nulls_after), scale=scale, gone=c.method == "drop"),
            )
            for c, (before, after) in islice(zip(holed, shares, strict=True), shown)
        )
        heads = [("Column", ""), (f"Nulls among the rows; a full bar is {exact_percent(scale)}", "wider")]
        parts += [
            table("Nulls per column among the rows read and written", heads, lines),
            more(len(holed), shown=shown),
        ]
    if full:
        parts += [element("p", f"No nulls in {counted(len(full), 'column')}:"), names(full, shown=shown)]
    if report.absent:
        lead = f"In no file of this run, so null in every row: {counted(len(report.absent), 'column')}."
        lines = ((name(each.column), _near(each)) for each in report.absent[:shown])
        heads = [("Column", ""), ("The nearest name in the files", "")]
        parts += [element("p", lead), table("Columns that no file has", heads, lines)]
        parts += [more(len(report.absent), shown=shown)]
    return section("nulls", "Nulls before and after", *parts)


def _near(absent: AbsentColumn) -> Markup:
    near = name(absent.near) if absent.near else element("span", "none", class_="soft")
    return join(near, " (the last batch had the column)") if absent.lost else near


def label(report: Report, *, shown: int) -> Markup:
    """How the label is distributed among the rows read and the rows written."""
    balance = report.label
    if balance is None or not balance.values:
        return Markup("")
    others = [balance.others] if balance.others else []
    whole_before = sum(value.before for value in (*balance.values, *others))
    whole_after = sum(value.after for value in (*balance.values, *others))
    listing = sorted(balance.values, key=lambda value: -value.before)[:shown] + others
    shares = [(share(v.before, whole_before), share(v.after, whole_after)) for v in listing]
    scale = scale_of([part for pair in shares for part in pair])
    lines = (
        (
            element("span", "other values", class_="soft") if value is balance.others else _value(value),
            before_after((before, value.before), (after, value.after), scale=scale),
        )
        for value, (before, after) in zip(listing, shares, strict=True)
    )
    heads = [("Value", ""), (f"Rows with the value; a full bar is {exact_percent(scale)}", "wider")]
    lead = join("Column ", name(balance.column), f". {_moved(shares)}")
    left = more(len(balance.values), shown=shown)
    return section("label", "Label before and after", element("p", lead), table("Label values", heads, lines), left)


def protection(report: Report, *, shown: int) -> Markup:
    """How each column leaves, personal ones first."""
    if not report.columns:
        return Markup("")
    personal = [column for column in report.columns if column.personal]
    ordered = [*personal, *(column for column in report.columns if not column.personal)]
    heads = [("Column", ""), ("Class", ""), ("How it leaves", "says"), ("Key", "")]
    lines = (
        (
            join(name(column.path), element("small", column.type)),
            _class(column),
            _leaves(column),
            name(column.key) if column.key else element("span", "none", class_="soft"),
        )
        for column in ordered[:shown]
    )
    kept = sum(column.method == "keep" for column in personal)
    lead = (
        f"{len(personal) - kept} of {counted(len(personal), 'personal column')} protected"
        if personal
        else "None is personal"
    )
    lead += f"; {kept} kept as it is, for the reason below." if kept else "."
    return section(
        "protection",
        "How each column is protected",
        element("p", lead),
        table("Columns and their protection", heads, lines),
        more(len(report.columns), shown=shown),
    )


def columns(report: Report, *, shown: int) -> Markup:
    """What was measured per column; bounds for open columns only."""
    if not any(c.nulls_before is not None or c.distinct is not None or c.empty is not None for c in report.columns):
        return Markup("")
    heads: list[Head] = [("Column", ""), ("Nulls", "figure"), ("Empty", "figure"), ("Different", "figure")]
    heads += [("Smallest", "figure"), ("Largest", "figure"), ("Length", "figure")]
    lines = [
        (
            join(name(column.path), element("small", column.type)),
            percent(share(column.nulls_before, report.read)),
            number(column.empty),
            _distinct(column),
            *_bounds(column),
        )
        for column in report.columns[:shown]
    ]
    told = [place for place in range(len(heads)) if any(line[place] not in (NOT_MEASURED, _WITHHELD) for line in lines)]
    heads = [heads[place] for place in told]
    lead = "Among the rows read; different values among those kept, estimates (about) with 95 % confidence. "
    lead += "Bounds and lengths are never kept for personal or protected columns."
    return section(
        "columns",
        "Columns in numbers",
        element("p", lead),
        table("What was measured per column", heads, ([line[place] for place in told] for line in lines)),
        more(len(report.columns), shown=shown),
    )


_WITHHELD = element("span", "withheld", class_="soft")


def _class(column: ColumnFacts) -> Markup:
    word = column.classification or ("personal" if column.personal else "unclassified")
    return element("span", plain(word, longest=40), class_="chip personal" if column.personal else "chip")


def _leaves(column: ColumnFacts) -> Markup:
    words = column.protection or column.method
    words = words[:1].upper() + words[1:]
    if column.open:
        return element("span", words, class_="soft")
    kept = column.method == "keep"
    told = element("span", f"! {words}", class_="care-text") if kept else words
    return join(told, element("small", f"Why: {column.why}") if column.why else "")


def _distinct(column: ColumnFacts) -> str:
    """The number of different values, how far it may be off, and that of the whole table after an increment."""
    if column.distinct is None:
        return NOT_MEASURED
    about = "about " if column.distinct_low is not None and column.distinct_high is not None else ""
    told = [join(about, number(column.distinct))]
    if column.distinct and column.distinct_low is not None and column.distinct_high is not None:
        off = max(column.distinct_high - column.distinct, column.distinct - column.distinct_low) / column.distinct
        told.append(element("small", f"± {percent(off)}"))
    if column.distinct_table is not None:
        told.append(element("small", f"about {number(column.distinct_table)} in the table"))
    return join(*told)


def _bounds(column: ColumnFacts) -> tuple[str, str, str]:
    if not column.open:
        return (_WITHHELD,) * 3
    lengths = " to ".join(dict.fromkeys((number(column.min_length), number(column.max_length))))
    smallest, largest = (NOT_MEASURED if text is None else name(text) for text in (column.minimum, column.maximum))
    return smallest, largest, lengths


def _value(value: LabelCount) -> Markup:
    if value.value is None:
        return element("span", "missing", class_="soft")
    return name(value.value) if value.value else element("span", "empty text", class_="soft")


def _moved(shares: Sequence[tuple[float | None, float | None]]) -> str:
    moves = [abs(after - before) for before, after in shares if before is not None and after is not None]
    return f"Largest change of a share: {100 * max(moves):.2g} percentage points." if moves else ""
