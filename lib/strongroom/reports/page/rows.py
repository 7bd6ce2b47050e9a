"""The sections on rows: where they went, what the gate said, which rules they break, and how earlier runs went."""

from __future__ import annotations

from collections.abc import Sequence

from strongroom.core.report import Report, RuleFacts, share
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, element, join, name
from strongroom.reports.page.layout import more, names, section, table
from strongroom.reports.page.pictures import Branch, bar, flow, sparkline, trend
from strongroom.reports.phrases import exact_percent, measured, number, percent, unaccounted


def rows(report: Report) -> Markup:
    """Where the rows went: read → written, quarantined, and what is left."""
    if report.read is None or report.written is None or report.quarantined is None:
        told = "Not measured: the run ended before its rows were counted."
        if report.written is not None:
            told = f"{counted(report.written, 'row')} written, made from the rows of another table."
        return section("rows", "Rows in, rows out", element("p", told))
    if not report.read:
        return section("rows", "Rows in, rows out", element("p", "No rows were read."))
    branches: list[Branch] = [("written", report.written, "good"), ("quarantined", report.quarantined, "bad")]
    left = unaccounted(report)
    if left is not None and left > 0:
        words = {"done": "not accounted for", "gate closed": "passed, held back by the gate", "failed": "not published"}
        branches.insert(1, (words.get(report.status, "passed, not written"), left, "idle"))
    return section("rows", "Rows in, rows out", flow("read", report.read, branches))


def gate(report: Report, *, shown: int) -> Markup:
    """Every set rule with what was measured and what was asked, and the quarantine limit."""
    ordered = sorted(report.set_rules, key=lambda rule: (rule.passed, rule.severity != "error"))
    lines = [
        (
            join(name(rule.id), element("small", *_about(rule.columns, rule.severity, rule.dimension))),
            _state(rule.passed, rule.severity),
            measured(rule),
            rule.bound,
        )
        for rule in ordered[:shown]
    ]
    if report.quarantine_limit is not None:
        part = percent(share(report.quarantined, report.read))
        asked = f"must be at most {exact_percent(report.quarantine_limit)}"
        lines.append((Markup("Rows in quarantine"), _state(not report.over_limit, "error"), part, asked))
    if not lines:
        return Markup("")
    heads = [("Rule on the whole set", ""), ("State", "keep"), ("Measured", "figure"), ("Asked", "asked")]
    lead = "When a rule of severity error fails here, the new version stays hidden and readers keep the previous one."
    listing = table("Rules on the whole set", heads, lines)
    return section("gate", "The gate", element("p", lead), listing, more(len(ordered), shown=shown))


def rules(report: Report, *, shown: int) -> Markup:
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
                join(
                    name(rule.id),
                    element("small", *_about(rule.columns, rule.words or rule.check, rule.dimension, _through(rule))),
                ),
                bar(rule.failures / largest, kind="bad" if rule.severity == "error" else "care"),
                number(rule.failures),
                percent(share(rule.failures, report.read)),
            )
            for rule in broken[:shown]
        )
        heads = [("Rule", ""), ("As bars", "pic"), ("Rows", "figure"), ("Of read", "figure")]
        parts += [table("Rows that break a rule", heads, lines), more(len(broken), shown=shown)]
    if kept:
        held = counted(len(kept), "rule") if broken else f"all {counted(len(kept), 'rule')}"
        parts += [element("p", f"Every row keeps {held}:"), names([rule.id for rule in kept], shown=shown)]
    lead = f"{counted(len(report.rules), 'rule')} judged on every row."
    return section("rules", "Failures by rule", element("p", lead), *parts)


def quarantine(report: Report, *, shown: int) -> Markup:
    """Why rows were set aside: the rules above, and what is none of them, or has set aside another number of rows."""
    if not report.quarantined:
        return Markup("")
    above = {(rule.id, rule.failures) for rule in report.rules}
    others = [reason for reason in report.reasons if (reason.rule, reason.rows) not in above]
    lead = f"{counted(report.quarantined, 'row')} set aside, encrypted, with all reasons; a row may have several."
    if drawn := len(report.reasons) - len(others):
        lead += f" {'The reason is' if drawn == 1 else f'{drawn:,} reasons are'} drawn above, as failures by rule."
    largest = max((reason.rows for reason in others), default=1)
    lines = (
        (
            name(reason.rule),
            bar(share(reason.rows, largest), kind="bad"),
            number(reason.rows),
            percent(share(reason.rows, report.quarantined)),
        )
        for reason in sorted(others, key=lambda reason: -reason.rows)[:shown]
    )
    heads = [("Reason", ""), ("As bars", "pic"), ("Rows", "figure"), ("Of quarantine", "figure")]
    listing = table("Quarantined rows by reason", heads, lines) if others else Markup("")
    return section("quarantine", "Quarantine by reason", element("p", lead), listing, more(len(others), shown=shown))


def history(report: Report) -> Markup:
    """The last runs as small lines, and as a table."""
    if not report.history or report.read is None or report.written is None or report.quarantined is None:
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
                    element("small", trend(values, [*(run.started[:10] for run in past), ""])),
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
    return section(
        "history", "Over the last runs", element("p", lead), lines, table("Latest runs", heads, listing, told=True)
    )


def _state(passed: bool, severity: str) -> Markup:
    if passed:
        return element("span", "✓ holds", class_="good-text")
    word, tone = ("✕ fails", "bad-text") if severity == "error" else ("! warns", "care-text")
    return element("span", word, class_=tone)


def _listed(paths: Sequence[str]) -> list[str]:
    shown = [part for path in paths[:8] for part in (", ", name(path))][1:]
    return [*shown, f" and {len(paths) - 8} more"] if len(paths) > 8 else shown


def _through(rule: RuleFacts) -> str:
    return "" if rule.severity == "error" else f"{rule.severity}: counted, not set aside"


def _about(paths: Sequence[str], *words: str) -> list[str]:
    return [*_listed(paths), *(part for word in words if word for part in (" · ", word))][0 if paths else 1 :]
