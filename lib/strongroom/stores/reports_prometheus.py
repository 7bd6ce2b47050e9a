"""The report as Prometheus text, for node exporter's textfile collector or a Pushgateway.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/. No sample has a time of its own (the collector
refuses them); the start of the run is a metric instead. Labels are names from the contract, never a data value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from strongroom.core.escaping import label
from strongroom.core.report import Report
from strongroom.stores.reports_markup import LONGEST_NAME, plain

Sample = tuple[Mapping[str, str], float]


def document(report: Report) -> str:
    """Gauges of the last run of one table, with an end of line."""
    return "".join(
        f"# HELP strongroom_{name} {told}\n# TYPE strongroom_{name} gauge\n" + "".join(lines)
        for name, told, samples in _gauges(report)
        if (lines := _lines(name, report.table, samples))
    )


def audit_document(log: str, *, unsealed: bool) -> str:
    """The gauge of an audit log, by its folder: whether it could not be signed."""
    told = "1 if the audit log could not be signed when a job ended last, else 0; ask audit verify why."
    head = f"# HELP strongroom_audit_unsealed {told}\n# TYPE strongroom_audit_unsealed gauge\n"
    return f'{head}strongroom_audit_unsealed{{log="{_escaped(log)}"}} {float(unsealed)!r}\n'


def _gauges(report: Report) -> Iterable[tuple[str, str, Iterable[Sample]]]:
    rows = {"read": report.read, "written": report.written, "quarantined": report.quarantined}
    yield "run_succeeded", "1 if the last run ended well, else 0.", [({}, _truth(report.status in _WELL))]
    yield "run_started_seconds", "Start of the last run, in seconds since 1970.", [({}, report.run.started.timestamp())]
    yield "run_duration_seconds", "Wall time of the last run.", [({}, report.seconds)]
    yield "rows", "Rows of the last run by what became of them.", [({"kind": kind}, n) for kind, n in rows.items()]
    yield (
        "rule_failures",
        "Rows of the last run that break the rule.",
        [({"rule": rule.id, "severity": rule.severity}, rule.failures) for rule in report.rules],
    )
    yield (
        "set_rule_passed",
        "1 if the rule on the whole set held, else 0.",
        [({"rule": rule.id, "severity": rule.severity}, _truth(rule.passed)) for rule in report.set_rules],
    )
    yield (
        "set_rule_measured",
        "What the rule on the whole set measured, in its own unit.",
        [({"rule": rule.id}, rule.measured) for rule in report.set_rules if rule.measured is not None],
    )
    yield (
        "quarantine_reason_rows",
        "Quarantined rows of the last run that carry the reason.",
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
    files = [({"source": s.name}, s.files) for s in report.sources if s.files is not None]
    yield "source_files", "Files read from the source.", files
    sizes = [({"source": s.name}, s.bytes) for s in report.sources if s.bytes is not None]
    yield "source_bytes", "Bytes of the files read from the source.", sizes


_WELL = ("done", "unchanged", "dry run")


def _lines(metric: str, table: str, samples: Iterable[Sample]) -> list[str]:
    """Lines by label set: a second sample with the same labels would make the collector refuse the file."""
    lines: dict[str, str] = {}
    for labels, value in samples:
        written = ",".join(f'{name}="{_escaped(text)}"' for name, text in {"table": table, **labels}.items())
        lines.setdefault(written, f"strongroom_{metric}{{{written}}} {float(value)!r}\n")
    return list(lines.values())


def _escaped(text: str) -> str:
    return label(plain(text, longest=LONGEST_NAME))


def _truth(value: bool) -> int:
    return int(value)
