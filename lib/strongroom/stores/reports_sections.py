"""The sections of the page below its summary: the report in, markup out, or nothing where there are no facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from strongroom.core.report import ColumnFacts, LabelCount, Report, RuleFacts, share
from strongroom.stores.reports_markup import Markup, element, join, name
from strongroom.stores.reports_pictures import Branch, bar, before_after, flow, named, scale_of, sparkline, trend
from strongroom.stores.reports_words import count, measured, number, percent, unaccounted

SHOWN = 300
"""Most lines of one table; the JSON beside the page has them all. It keeps the page under a megabyte."""

Head = tuple[str, str]
"""A column's heading and its class: `figure` for numbers, `pic` for a picture, or empty."""


def section(anchor: str, title: str, *children: str) -> Markup:
    """A section with its heading, which the list at the top of the page links to."""
    return element("section", element("h2", title, id=anchor), *children, aria_labelledby=anchor)


def table(caption: str, heads: Sequence[Head], lines: Iterable[Sequence[str]]) -> Markup:
    """A table whose first cell of a line names it; scrolls sideways by itself, with the keyboard too."""
    kinds = [kind or None for _, kind in heads]
    body = [
        element(
            "tr",
            *(
                element("td" if place else "th", cell, class_=kind, scope=None if place else "row")
                for place, (cell, kind) in enumerate(zip(line, kinds, strict=True))
            ),
        )
        for line in lines
    ]
    head = element("tr", *(element("th", word, class_=kind or None, scope="col") for word, kind in heads))
    whole = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", whole, class_="wide", role="region", aria_label=caption, tabindex="0")


def more(total: int) -> Markup:
    """Says how many lines were left out, if any were."""
    return (
        element("p", f"{total - SHOWN:,} more are in the JSON file beside this page.") if total > SHOWN else Markup("")
    )


def names(words: Sequence[str]) -> Markup:
    """Names in columns, for what needs no numbers."""
    listing = element("ul", *(element("li", name(word)) for word in words[:SHOWN]), class_="names")
    return join(listing, more(len(words)))


def rows(report: Report) -> Markup:
    """Where the rows went: read → written, quarantined, and what is left."""
    branches: list[Branch] = [("written", report.written, "good"), ("quarantined", report.quarantined, "bad")]
    left = unaccounted(report)
    if left > 0:
        words = {"done": "not accounted for", "gate closed": "passed, held back by the gate", "failed": "not published"}
        branches.insert(1, (words.get(report.status, "passed, not written"), left, "idle"))
    return section("rows", "Rows in, rows out", flow("read", report.read, branches))


def gate(report: Report) -> Markup:
    """Every set rule with what was measured and what was asked, and the quarantine limit."""
    lines = [
        (
            _state(rule.passed, rule.severity),
            join(name(rule.id), _columns(rule.columns)),
            measured(rule),
            rule.bound,
            rule.severity,
        )
        for rule in sorted(report.set_rules, key=lambda rule: (rule.passed, rule.severity != "error"))[:SHOWN]
    ]
    if report.quarantine_limit is not None:
        part = percent(share(report.quarantined, report.read))
        asked = f"must be at most {percent(report.quarantine_limit)}"
        lines.append((_state(not report.over_limit, "error"), Markup("Rows in quarantine"), part, asked, "error"))
    if not lines:
        return Markup("")
    heads = [("State", "keep"), ("Rule", ""), ("Measured", "figure"), ("Asked", ""), ("Severity", "")]
    lead = "Rules on the whole set. One of severity error that fails keeps the new version from readers."
    return section(
        "gate", "The gate", element("p", lead), table("Set rules", heads, lines), more(len(report.set_rules))
    )


def rules(report: Report) -> Markup:
    """Failures by rule as bars, largest first, then the rules that every row keeps."""
    if not report.rules:
        return Markup("")
    broken = sorted((rule for rule in report.rules if rule.failures), key=lambda rule: -rule.failures)
    kept = [rule for rule in report.rules if not rule.failures]
    parts: list[Markup] = []
    if broken:
        largest = broken[0].failures
        lines = (
            (
                join(name(rule.id), element("small", *_about(rule))),
                bar(rule.failures / largest, kind="bad" if rule.severity == "error" else "care"),
                number(rule.failures),
                percent(share(rule.failures, report.read)),
            )
            for rule in broken[:SHOWN]
        )
        heads = [("Rule", ""), ("", "pic"), ("Rows", "figure"), ("Share of read", "figure")]
        parts += [table("Rows that break a rule", heads, lines), more(len(broken))]
    if kept:
        held = count(len(kept), "rule") if broken else f"all {count(len(kept), 'rule')}"
        parts += [element("p", f"Every row keeps {held}:"), names([rule.id for rule in kept])]
    lead = f"{count(len(report.rules), 'rule')} judged on every row."
    return section("rules", "Failures by rule", element("p", lead), *parts)


def quarantine(report: Report) -> Markup:
    """Why rows were set aside."""
    if not report.quarantined:
        return Markup("")
    lead = f"{count(report.quarantined, 'row')} set aside, encrypted, with all reasons; a row may have several."
    largest = max((reason.rows for reason in report.reasons), default=1)
    lines = (
        (
            name(reason.rule),
            bar(share(reason.rows, largest), kind="bad"),
            number(reason.rows),
            percent(share(reason.rows, report.quarantined)),
        )
        for reason in sorted(report.reasons, key=lambda reason: -reason.rows)[:SHOWN]
    )
    heads = [("Reason", ""), ("", "pic"), ("Rows", "figure"), ("Of quarantine", "figure")]
    shown = table("Quarantined rows by reason", heads, lines) if report.reasons else Markup("")
    return section("quarantine", "Quarantine by reason", element("p", lead), shown, more(len(report.reasons)))


def nulls(report: Report) -> Markup:
    """Nulls per column before and after, for the columns that have some."""
    known = [column for column in report.columns if column.nulls_before is not None or column.nulls_after is not None]
    if not known:
        return Markup("")
    holed = [column for column in known if column.nulls_before or column.nulls_after]
    full = [column.path for column in known if not (column.nulls_before or column.nulls_after)]
    holed.sort(key=lambda column: -max(column.nulls_before or 0, column.nulls_after or 0))
    shares = [(share(c.nulls_before, report.read), share(c.nulls_after, report.written)) for c in holed]
    scale = scale_of([part for pair in shares for part in pair])
    parts: list[Markup] = []
    if holed:
        lines = (
            (
                name(column.path),
                before_after(*pair, scale=scale),
                number(column.nulls_before),
                number(column.nulls_after),
            )
            for column, pair in islice(zip(holed, shares, strict=True), SHOWN)
        )
        heads = [("Column", ""), (f"Share of rows; a full bar is {percent(scale)}", "pic")]
        heads += [("Read", "figure"), ("Written", "figure")]
        parts += [table("Nulls per column among the rows read and written", heads, lines), more(len(holed))]
    if full:
        parts += [element("p", f"No nulls in {count(len(full), 'column')}:"), names(full)]
    return section("nulls", "Nulls before and after", *parts)


def label(report: Report) -> Markup:
    """How the label is distributed among the rows read and the rows written."""
    balance = report.label
    if balance is None or not balance.values:
        return Markup("")
    listing = [*sorted(balance.values, key=lambda value: -value.before)[:SHOWN]]
    listing += [balance.others] if balance.others else []
    whole_before, whole_after = sum(v.before for v in listing), sum(v.after for v in listing)
    shares = [(share(v.before, whole_before), share(v.after, whole_after)) for v in listing]
    scale = scale_of([part for pair in shares for part in pair])
    lines = (
        (
            Markup("others") if value is balance.others else _value(value),
            before_after(*pair, scale=scale),
            number(value.before),
            number(value.after),
        )
        for value, pair in zip(listing, shares, strict=True)
    )
    heads = [("Value", ""), (f"Share of rows; a full bar is {percent(scale)}", "pic"), ("Read", "figure")]
    heads.append(("Written", "figure"))
    lead = join("Column ", name(balance.column), f". {_moved(shares)}")
    return section("label", "Label before and after", element("p", lead), table("Label values", heads, lines))


def history(report: Report) -> Markup:
    """The last runs as small lines, and as a table."""
    if not report.history:
        return Markup("")
    past = report.history[-29:]
    series: Sequence[tuple[str, list[float], str]] = (
        ("Rows read", [*(float(run.read) for run in past), report.read], "idle"),
        ("Rows written", [*(float(run.written) for run in past), report.written], "good"),
        ("Rows in quarantine", [*(float(run.quarantined) for run in past), report.quarantined], "bad"),
        ("Rule failures", [*(float(run.failures) for run in past), report.failures], "bad"),
    )
    lines = element(
        "dl",
        *(
            element(
                "div",
                element("dt", words),
                element(
                    "dd",
                    sparkline(values, title=f"{words} over {len(values)} runs", kind=kind),
                    element("strong", number(values[-1])),
                    element("small", trend(values)),
                ),
            )
            for words, values, kind in series
        ),
        class_="sparks",
    )
    now = (report.run.id, f"{report.run.started:%Y-%m-%d %H:%M}", report.read, report.written)
    told = [(r.run_id, r.started[:16].replace("T", " "), r.read, r.written, r.quarantined, r.failures) for r in past]
    told.append((*now, report.quarantined, report.failures))
    heads = [("Run", ""), ("Started", "keep"), ("Read", "figure"), ("Written", "figure"), ("Quarantined", "figure")]
    heads.append(("Failures", "figure"))
    listing = ((name(run), when, *(number(figure) for figure in figures)) for run, when, *figures in told[:-11:-1])
    lead = f"The last {len(past) + 1} runs, the oldest left, each line from zero."
    return section("history", "Over the last runs", element("p", lead), lines, table("Latest runs", heads, listing))


def protection(report: Report) -> Markup:
    """How each column leaves, personal ones first."""
    if not report.columns:
        return Markup("")
    personal = [column for column in report.columns if column.personal]
    ordered = [*personal, *(column for column in report.columns if not column.personal)]
    heads = [("Column", ""), ("Class", ""), ("How it leaves", ""), ("Key", "")]
    lines = (
        (
            named(column.path, column.type),
            _class(column),
            join(column.protection or column.method, element("small", f"Why: {column.why}") if column.why else ""),
            name(column.key) if column.key else Markup("none"),
        )
        for column in ordered[:SHOWN]
    )
    changed = sum(column.method != "keep" for column in personal)
    lead = f"{changed} of {count(len(personal), 'personal column')} protected, of {len(report.columns):,} in all."
    return section(
        "protection",
        "How each column is protected",
        element("p", lead),
        table("Columns and their protection", heads, lines),
        more(len(report.columns)),
    )


def columns(report: Report) -> Markup:
    """What was measured per column; bounds for open columns only."""
    if not any(c.nulls_before is not None or c.distinct is not None or c.empty is not None for c in report.columns):
        return Markup("")
    heads: list[Head] = [("Column", ""), ("Nulls", "figure"), ("Empty", "figure"), ("Different, about", "figure")]
    heads += [("Smallest", "figure"), ("Largest", "figure"), ("Length", "figure")]
    lines = (
        (
            named(column.path, column.type),
            percent(share(column.nulls_before, report.read)),
            number(column.empty),
            number(column.distinct),
            *_bounds(column),
        )
        for column in report.columns[:SHOWN]
    )
    lead = "Among the rows read. Bounds and lengths are never kept for personal or protected columns."
    return section(
        "columns",
        "Columns in numbers",
        element("p", lead),
        table("Columns in numbers", heads, lines),
        more(len(report.columns)),
    )


def _state(passed: bool, severity: str) -> Markup:
    if passed:
        return element("span", "✓ holds", class_="good-text")
    word, tone = ("✕ fails", "bad-text") if severity == "error" else ("! warns", "care-text")
    return element("span", word, class_=tone)


def _columns(paths: tuple[str, ...]) -> Markup:
    return element("small", *_listed(paths)) if paths else Markup("")


def _listed(paths: Sequence[str]) -> list[str]:
    shown = [part for path in paths[:8] for part in (", ", name(path))][1:]
    return [*shown, f" and {len(paths) - 8} more"] if len(paths) > 8 else shown


def _about(rule: RuleFacts) -> list[str]:
    words = [rule.check, *([rule.dimension] if rule.dimension else [])]
    words += [] if rule.severity == "error" else [f"{rule.severity}: these rows went through"]
    return [*_listed(rule.columns), " · " if rule.columns else "", " · ".join(words)]


def _class(column: ColumnFacts) -> Markup:
    word = column.classification or ("personal" if column.personal else "none")
    return element("span", word, class_="chip personal" if column.personal else "chip")


def _bounds(column: ColumnFacts) -> tuple[str, str, str]:
    if not column.open:
        return ("withheld",) * 3
    lengths = "–" if column.max_length is None else f"{number(column.min_length)} to {number(column.max_length)}"
    smallest, largest = ("–" if text is None else name(text) for text in (column.minimum, column.maximum))
    return smallest, largest, lengths


def _value(value: LabelCount) -> Markup:
    if value.value is None:
        return element("span", "missing", class_="soft")
    return name(value.value) if value.value else element("span", "empty text", class_="soft")


def _moved(shares: Sequence[tuple[float | None, float | None]]) -> str:
    moves = [abs(after - before) for before, after in shares if before is not None and after is not None]
    return f"The share that moved most moved by {100 * max(moves):.2g} points." if moves else ""
