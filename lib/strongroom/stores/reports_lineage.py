"""The report as OpenLineage events: where the rows came from and went, with the data-quality facets.

Two lines of JSON, START and COMPLETE or FAIL, as https://openlineage.io/spec/2-0-2/OpenLineage.json describes them.
Written by hand rather than with a client library: an event is a dictionary, and telling it needs no further package.
Facets carry counts and names from the contract only: no smallest or largest value, not even of an open column.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from strongroom import __version__
from strongroom.core.report import Report, SourceFacts
from strongroom.stores.reports_markup import plain

PRODUCER = f"urn:strongroom:{__version__}"
NAMESPACE = "strongroom"
"""Namespace of jobs, and of data sets whose path does not say where they are stored."""

_SPEC = "https://openlineage.io/spec"
_VERSIONS = {
    "SchemaDatasetFacet": "1-2-0",
    "DataQualityMetricsInputDatasetFacet": "1-0-3",
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "ErrorMessageRunFacet": "1-0-1",
}
_ENDS = {"failed": "FAIL", "gate closed": "FAIL"}

Fields = dict[str, object]


def document(report: Report) -> str:
    """The events of one run, one JSON object a line."""
    end = report.run.started + timedelta(seconds=report.seconds)
    start = _event(report, "START", report.run.started.isoformat())
    last = _event(report, _ENDS.get(report.status, "COMPLETE"), end.isoformat())
    last["inputs"] = [_input(report, source) for source in report.sources]
    last["outputs"] = [_output(report, name, path) for name, path in report.tables.items()]
    return "".join(json.dumps(event, allow_nan=False) + "\n" for event in (start, last))


def run_uuid(run_id: str) -> str:
    """The run's id as the UUID that OpenLineage wants; the same id gives the same UUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{plain(run_id)}"))


def _event(report: Report, kind: str, when: str) -> Fields:
    facets: Fields = {}
    if kind == "FAIL":
        told = report.problem or f"The run ended with: {report.status}."
        facets["errorMessage"] = _facet("ErrorMessageRunFacet", message=told, programmingLanguage="PYTHON")
    return {
        "eventType": kind,
        "eventTime": when,
        "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_uuid(report.run.id), "facets": facets},
        "job": {"namespace": NAMESPACE, "name": f"{report.run.job}.{report.contract.name}", "facets": {}},
    }


def _facet(kind: str, **fields: object) -> Fields:
    url = f"{_SPEC}/facets/{_VERSIONS[kind]}/{kind}.json#/$defs/{kind}"
    return {"_producer": PRODUCER, "_schemaURL": url, **fields}


def _place(path: str) -> Fields:
    """Namespace and name of a data set: storage and path for a URI or an absolute path."""
    parts = urlsplit(path)
    if parts.scheme and parts.netloc:
        return {"namespace": f"{parts.scheme}://{parts.netloc}", "name": parts.path.lstrip("/") or "/"}
    return {"namespace": "file" if path.startswith("/") else NAMESPACE, "name": path}


def _input(report: Report, source: SourceFacts) -> Fields:
    """One source. Rows were judged all together, so their facets stand only where there is one source."""
    facets: Fields = {}
    if len(report.sources) == 1:
        columns = {
            column.path: _measured(nullCount=column.nulls_before, distinctCount=column.distinct)
            for column in report.columns
        }
        facets["dataQualityMetrics"] = _facet(
            "DataQualityMetricsInputDatasetFacet",
            **_measured(rowCount=report.read, bytes=source.bytes, fileCount=source.files),
            columnMetrics=columns,
        )
        facets["dataQualityAssertions"] = _facet(
            "DataQualityAssertionsDatasetFacet", assertions=[*_rules(report), *_set_rules(report)]
        )
    return {**_place(source.path), "facets": {}, "inputFacets": facets}


def _rules(report: Report) -> Iterable[Mapping[str, object]]:
    for rule in report.rules:
        yield {
            "assertion": rule.check,
            "success": rule.failures == 0,
            **({"column": rule.columns[0]} if len(rule.columns) == 1 else {}),
            "severity": _severity(rule.severity),
            "name": rule.id,
            "expected": "0",
            "actual": str(rule.failures),
        }


def _set_rules(report: Report) -> Iterable[Mapping[str, object]]:
    for rule in report.set_rules:
        yield {
            "assertion": "set_rule",
            "success": rule.passed,
            **({"column": rule.columns[0]} if len(rule.columns) == 1 else {}),
            "severity": _severity(rule.severity),
            "name": rule.id,
            "expected": rule.bound,
            **({} if rule.measured is None else {"actual": f"{rule.measured:.10g}"}),
        }


def _output(report: Report, name: str, path: str) -> Fields:
    """One table. Its rows are told for the training and the quarantine table, its schema for the training table."""
    zone = name.split(".")[0]
    rows = {"training": report.written, "quarantine": report.quarantined}.get(zone)
    facets: Fields = {}
    if zone == "training":
        fields = [{"name": c.path, "type": c.type} for c in report.columns if c.method != "drop"]
        facets["schema"] = _facet("SchemaDatasetFacet", fields=fields)
    statistics = _facet("OutputStatisticsOutputDatasetFacet", **_measured(rowCount=rows))
    return {**_place(path), "facets": facets, "outputFacets": {"outputStatistics": statistics}}


def _severity(word: str) -> str:
    return "warn" if word == "warning" else word


def _measured(**figures: int | None) -> Fields:
    """The figures that were measured."""
    return {name: figure for name, figure in figures.items() if figure is not None}
