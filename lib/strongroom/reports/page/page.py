"""The page: one HTML file that a privacy officer and an auditor open. It loads nothing and runs nothing."""

from __future__ import annotations

from strongroom import __version__
from strongroom.core.report import Report, SourceFacts, share
from strongroom.core.suggest import counted
from strongroom.reports.markup import LONGEST_NAME, Markup, document, element, join, name, plain
from strongroom.reports.page import columns, distributions, readers, redaction
from strongroom.reports.page import rows as sections
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.style import STYLE
from strongroom.reports.phrases import NOT_MEASURED, duration, number, percent, size, verdict

_SIGNS = {"yes": "M6 12.5l4 4 8-9", "care": "M12 6.4v7m0 4v.01", "no": "M7.5 7.5l9 9m0-9l-9 9"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


LARGEST = 1_000_000
"""Bytes that a page stays under."""


def page(report: Report) -> str:
    """The whole page; tables are cut, and say so, until it is under `LARGEST`. The JSON beside it has every line."""
    for shown in (500, 100, 20):
        text = _page(report, shown=shown)
        if len(text.encode()) < LARGEST:
            return text
    return _page(report, shown=5)


def _page(report: Report, *, shown: int) -> str:
    parts = (
        ("rows", "Rows", sections.rows(report)),
        ("gate", "Gate", sections.gate(report, shown=shown)),
        ("rules", "Rules", sections.rules(report, shown=shown)),
        ("quarantine", "Quarantine", sections.quarantine(report, shown=shown)),
        ("label", "Label", columns.label(report, shown=shown)),
        ("nulls", "Nulls", columns.nulls(report, shown=shown)),
        ("distributions", "Distributions", distributions.distributions(report, shown=shown)),
        ("history", "Last runs", sections.history(report)),
        ("protection", "Protection", columns.protection(report, shown=shown)),
        ("redaction", "Redacted texts", redaction.redaction(report, shown=shown)),
        ("readers", "Readers", readers.readers(report, shown=shown)),
        ("columns", "Columns", columns.columns(report, shown=shown)),
        ("origin", "Origin", _origin(report, shown=shown)),
    )
    filled = [part for part in parts if part[2]]
    links = (element("li", element("a", words, href=f"#{anchor}")) for anchor, words, _ in filled)
    body = element(
        "body",
        element("a", "Skip to the figures", href="#main", class_="skip"),
        _summary(report, element("nav", element("ul", *links), aria_label="Sections")),
        element("main", *(markup for *_, markup in filled), id="main", tabindex="-1"),
        _foot(),
    )
    return document(f"{report.table}: {verdict(report).headline}", body, style=STYLE, policy=POLICY)


def _summary(report: Report, links: Markup) -> Markup:
    """What happened, and whether the table may be used."""
    answer = verdict(report)
    sign = element(
        "svg",
        Markup('<circle cx="12" cy="12" r="11" fill="currentColor"/>'),
        Markup(f'<path d="{_SIGNS[answer.answer]}" class="sign"/>'),
        viewBox="0 0 24 24",
        aria_hidden="true",
    )
    reasons = [element("li", reason) for reason in answer.reasons[:12]]
    if len(answer.reasons) > 12:
        reasons.append(element("li", f"{len(answer.reasons) - 12:,} more below."))
    told = element(
        "div",
        element("h2", answer.headline),
        element("p", answer.sentence),
        element("ul", *reasons) if reasons else "",
        element("p", "Next: ", report.todo) if report.todo else "",
    )
    when = element("time", f"{report.run.started:%-d %B %Y, %H:%M} UTC", datetime=report.run.started.isoformat())
    return element(
        "header",
        element("p", element("span", "Strongroom · a run of ", report.run.job), when, class_="over"),
        element("h1", element("bdi", plain(report.table, longest=LONGEST_NAME))),
        element("div", sign, told, class_=f"verdict {answer.answer}"),
        _tiles(report),
        links,
    )


def _tiles(report: Report) -> Markup:
    personal = [column for column in report.columns if column.personal]
    safe = sum(column.method != "keep" for column in personal)
    held = sum(rule.passed for rule in report.set_rules)
    files = [source.files for source in report.sources if source.files is not None]
    tiles = [
        ("Read", number(report.read), counted(sum(files), "file") if files else ""),
        ("Written", number(report.written), _part(report.written, report)),
        ("Quarantined", number(report.quarantined), _part(report.quarantined, report)),
        ("Set rules held", f"{held} of {len(report.set_rules)}" if report.set_rules else NOT_MEASURED, ""),
        (
            "Personal columns",
            f"{safe} of {len(personal)}" if report.columns else NOT_MEASURED,
            "protected" if report.columns else "",
        ),
        ("Took", duration(report.seconds), ""),
    ]
    return element(
        "dl",
        *(
            element("div", element("dt", word), element("dd", figure, element("small", detail) if detail else ""))
            for word, figure, detail in tiles
        ),
        class_="tiles",
    )


def _part(rows: int | None, report: Report) -> str:
    return "" if rows is None else percent(share(rows, report.read))


def _origin(report: Report, *, shown: int) -> Markup:
    """What ties this page to the run, the contract, the policy, the sources and the tables."""
    run, contract = report.run, report.contract
    who = join(name(run.principal), join(", typed by ", name(run.actor)) if run.actor else "")
    facts: list[tuple[str, Markup]] = [
        ("Run", name(run.id)),
        ("Started", element("time", f"{run.started:%Y-%m-%d %H:%M:%S} UTC", datetime=run.started.isoformat())),
        ("By", who),
        ("Purpose of the run", name(run.purpose) if run.purpose else Markup("not stated")),
        *((f"{purpose} rests on", join(basis)) for purpose, basis in contract.legal_basis.items()),
        ("Contract", join(name(contract.name), " ", contract.version, " · id ", name(contract.id))),
        ("Contract file", name(contract.file)),
        ("Contract SHA-256", name(contract.fingerprint)),
        *((f"Left out, {why}", Markup(counted(count, "row"))) for why, count in report.left_out.items() if count),
        ("Policy SHA-256", name(report.policy)),
        *((f"Table {word}", join(name(path), _version(report, word))) for word, path in report.tables.items()),
        ("Readers get", _readable(report)),
        ("Strongroom", Markup(__version__)),
    ]
    listing = element("dl", *(join(element("dt", word), element("dd", text)) for word, text in facts), class_="facts")
    heads = [("Source", ""), ("Format", ""), ("Path", ""), ("Files", "figure"), ("Bytes", "figure")]
    lines = (
        (_source(source), source.format, name(source.path), number(source.files), size(source.bytes))
        for source in report.sources[:shown]
    )
    sources = table("Sources read", heads, lines, told=True) if report.sources else Markup("")
    return section("origin", "Where this comes from", listing, sources)


def _source(source: SourceFacts) -> Markup:
    return join(name(source.name), "" if source.version is None else f" · version {source.version}")


def _version(report: Report, table: str) -> str:
    version = report.versions.get(table)
    return f" · version {version}" if version is not None else ""


def _readable(report: Report) -> Markup:
    """The version that readers get once the run has ended, and whose it is."""
    stands = report.readable
    if stands is None:
        return Markup("nothing yet")
    by = join(" of run ", name(stands.run)) if stands.run else ""
    when = f", {stands.published:%Y-%m-%d %H:%M:%S} UTC" if stands.published else ""
    return join(f"version {stands.version}", by, when)


def _foot() -> Markup:
    told = "No value of a personal or protected column is on this page, and it loads nothing from anywhere."
    return element("footer", element("p", told))
