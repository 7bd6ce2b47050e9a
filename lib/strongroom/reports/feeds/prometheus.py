"""The report as Prometheus text, for node exporter's textfile collector or a Pushgateway.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/. No sample has a time of its own (the collector
refuses them); the start of the run is a metric instead. Labels are names from the contract, never a data value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from strongroom.core.escaping import label
from strongroom.core.incident import Incident
from strongroom.core.report import Report
from strongroom.reports.markup import LONGEST_NAME, plain

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A family of samples: its name without our prefix, what it is, each sample's labels and value, and its kind."""

    name: str
    told: str
    samples: Iterable[Sample]
    kind: str = "gauge"


def document(report: Report) -> str:
    """Figures of the run of one table that came to its gate, with an end of line."""
    return text_of((Gauge(*each) for each in _gauges(report)), labels={"table": report.table})


def text_of(gauges: Iterable[Gauge], *, labels: Mapping[str, str]) -> str:
    """Families of samples that have some, as text; each sample has these labels, too."""
    return "".join(
        f"# HELP strongroom_{gauge.name} {gauge.told}\n# TYPE strongroom_{gauge.name} {gauge.kind}\n" + "".join(lines)
        for gauge in gauges
        if (lines := _lines(gauge.name, labels, gauge.samples))
    )


def incident_figures(incidents: Iterable[Incident]) -> str:
    """How many incidents are open, and until when the authority must be told of those whose clock ticks."""
    found = [each for each in incidents if each.closed is None]
    due = [({"incident": each.id}, each.due.timestamp()) for each in found if each.ticks]
    gauges = (
        Gauge("incidents_open", "Incidents that are open: something is frozen.", [({}, len(found))]),
        Gauge("incident_due_seconds", "When the 72 hours to tell the authority end, in seconds since 1970.", due),
    )
    return text_of(gauges, labels={})


def _gauges(report: Report) -> Iterable[tuple[str, str, Iterable[Sample]]]:
    rows = {"read": report.read, "written": report.written, "quarantined": report.quarantined}
    started = report.run.started.timestamp()
    yield (
        "gate_passed",
        "1 if readers got what the run made, 0 if they kept what they had.",
        [({}, int(report.status == "done"))],
    )
    yield "run_started_seconds", "Start of the run that these figures are of, in seconds since 1970.", [({}, started)]
    yield "run_duration_seconds", "Wall time of that run until its report.", [({}, report.seconds)]
    kinds = [({"kind": kind}, count) for kind, count in rows.items() if count is not None]
    yield "rows", "Rows of the run by what became of them.", kinds
    if report.readable is not None:
        yield "table_version", "The version that readers get.", [({}, report.readable.version)]
        if report.readable.published is not None:
            when = report.readable.published.timestamp()
            yield "table_published_seconds", "When a run last published it, in seconds since 1970.", [({}, when)]
    yield (
        "rule_failures",
        "Rows of the run that break the rule.",
        [({"rule": rule.id, "severity": rule.severity}, rule.failures) for rule in report.rules],
    )
    yield (
        "set_rule_passed",
        "1 if the rule on the whole set held, else 0.",
        [({"rule": rule.id, "severity": rule.severity}, int(rule.passed)) for rule in report.set_rules],
    )
    yield (
        "set_rule_measured",
        "What the rule on the whole set measured, in its own unit.",
        [({"rule": rule.id}, rule.measured) for rule in report.set_rules if rule.measured is not None],
    )
    yield (
        "quarantine_reason_rows",
        "Quarantined rows of the run that carry the reason.",
        [({"rule": reason.rule}, reason.rows) for reason in report.reasons],
    )
    yield (
        "column_nulls",
        "Nulls of the column among the rows read.",
        [
            ({"column": column.path}, column.nulls_before)
            for column in report.columns
            if column.nulls_before is not None
        ],
    )
    yield (
        "column_absent",
        "1 for a column that may be null and that no file has; lost is true where the last batch had it.",
        [({"column": each.column, "lost": str(each.lost).lower()}, 1) for each in report.absent],
    )
    yield (
        "column_redacted",
        "How many of an entity were replaced in the texts of the column.",
        [
            ({"column": facts.path, "entity": entity}, count)
            for facts in report.redactions
            for entity, count in facts.found.items()
        ],
    )
    yield (
        "column_leaks",
        "Texts of the column that hold a valid identifier or a known value of their row.",
        [({"column": facts.path}, facts.leaks) for facts in report.redactions],
    )
    yield (
        "redaction_miss_bound",
        "Share of planted persons or values that redaction misses at most, with 95 % confidence.",
        [({"entity": miss.entity}, miss.bound) for miss in report.misses],
    )
    files = [({"source": s.name}, s.files) for s in report.sources if s.files is not None]
    yield "source_files", "Files read from the source.", files
    sizes = [({"source": s.name}, s.bytes) for s in report.sources if s.bytes is not None]
    yield "source_bytes", "Bytes of the files read from the source.", sizes


def _lines(name: str, shared: Mapping[str, str], samples: Iterable[Sample]) -> list[str]:
    """Lines by label set: a second sample with the same labels would make the collector refuse the file."""
    lines: dict[str, str] = {}
    for labels, value in samples:
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in {**shared, **labels}.items())
        lines.setdefault(written, f"strongroom_{name}{{{written}}} {float(value)!r}\n")
    return list(lines.values())


def _escaped(text: str) -> str:
    return label(plain(text, longest=LONGEST_NAME))
