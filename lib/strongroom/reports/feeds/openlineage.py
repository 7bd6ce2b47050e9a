"""The report as OpenLineage events: where the rows came from and went, with the data-quality facets.

Two lines of JSON, START and COMPLETE or FAIL, as https://openlineage.io/spec/2-0-2/OpenLineage.json describes them.
Written by hand rather than with `openlineage-python`: an event is a dictionary, and that client brings two HTTP
libraries to carry it. Its classes are the oracle of `tests/reports/test_lineage.py` instead.
Facets carry counts and names from the contract only: no smallest or largest value, not even of an open column.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from strongroom import __version__
from strongroom.core.jobs import job_of
from strongroom.core.lineage import LakeMap, Node
from strongroom.core.report import Report, SourceFacts
from strongroom.core.report.columns import ColumnFacts
from strongroom.core.run import Run
from strongroom.core.uris import plain_uri
from strongroom.reports.markup import plain

PRODUCER = f"urn:strongroom:{__version__}"
NAMESPACE = "strongroom"
"""Namespace of jobs, and of data sets whose path does not say where they are stored."""

_SPEC = "https://openlineage.io/spec"
_VERSIONS = {
    "SchemaDatasetFacet": "1-2-0",
    "DatasetVersionDatasetFacet": "1-0-1",
    "ColumnLineageDatasetFacet": "1-2-0",
    "DataQualityMetricsDatasetFacet": "1-0-1",
    "DataQualityMetricsInputDatasetFacet": "1-0-3",
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "ErrorMessageRunFacet": "1-0-1",
    "TagsDatasetFacet": "1-0-0",
}
_NO_DATA_SETS = ("reports", "keys", "audit")
_ENDS = {"failed": "FAIL", "gate closed": "FAIL"}

Fields = dict[str, object]


def document(report: Report) -> str:
    """The events of one run, one JSON object a line."""
    return "".join(f"{event}\n" for event in (start_event(report.run, report.dataset), end_event(report)))


def start_event(run: Run, dataset: str) -> str:
    """That the run has begun with a data set or a derived table; known before anything is read."""
    return json.dumps(_event(run, dataset, kind="START", when=run.started, facets={}), allow_nan=False)


def end_event(report: Report) -> str:
    """How the run ended, with what it read, what it found and what it wrote."""
    kind = _ENDS.get(report.status, "COMPLETE")
    facets: Fields = {}
    if kind == "FAIL":
        told = report.problem or f"The run ended with: {report.status}."
        facets["errorMessage"] = _facet("ErrorMessageRunFacet", message=told, programmingLanguage="PYTHON")
    when = report.run.started + timedelta(seconds=report.seconds)
    event = _event(report.run, report.dataset, kind=kind, when=when, facets=facets)
    looked_up: list[Fields] = [{**_place(path), "facets": {}, "inputFacets": {}} for path in report.references]
    event["inputs"] = [*(_input(report, source) for source in report.sources), *looked_up]
    event["outputs"] = [_output(report, name, path) for name, path in report.tables.items()]
    return json.dumps(event, allow_nan=False)


def map_events(found: LakeMap, *, at: datetime) -> Iterator[Fields]:
    """The map of a lake as static lineage: for each job and data set an event of what it reads and what it makes.

    Whose the rows are, what for, and by which tag a person is found, are tags of the data sets.
    """
    made: dict[str, list[Node]] = {}
    for node in found.nodes:
        if any(found.into(node.name)) and node.kind not in _NO_DATA_SETS:
            zone, _, rest = node.name.partition(".")
            by = job_of(zone)
            made.setdefault(f"{by}.{node.name}" if by else f"prepare.{rest}", []).append(node)
    for job, nodes in made.items():
        read = {edge.source: edge for node in nodes for edge in found.into(node.name)}
        sources = [(each, edge.version) for name, edge in read.items() if (each := found.node(name)) is not None]
        yield {
            "eventTime": at.isoformat(),
            "producer": PRODUCER,
            "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/JobEvent",
            "job": {"namespace": NAMESPACE, "name": job, "facets": {}},
            "inputs": [{**each, "inputFacets": {}} for source, version in sources for each in _stands(source, version)],
            "outputs": [{**each, "outputFacets": {}} for node in nodes for each in _stands(node, node.version)],
        }


def _stands(node: Node, version: int | None) -> Iterator[Fields]:
    """A data set of the map, wherever it lies, at a version, with whose its rows are."""
    tags = {"whose": node.whose.answer, "subject": node.whose.column, "within": " ".join(node.whose.within)}
    tags |= {"purpose": node.made.purpose, "refresh": node.made.refresh}
    told: list[Fields] = [{"key": key, "value": value, "source": "STRONGROOM"} for key, value in tags.items() if value]
    if node.whose.tag:
        told.append({"key": "subject", "value": "tag", "source": "STRONGROOM", "field": node.whose.tag})
    facets = {**_version(version), "tags": _facet("TagsDatasetFacet", tags=told)}
    yield from ({**_place(place), "facets": facets} for place in node.places or (node.name,))


def run_uuid(run_id: str, dataset: str = "") -> str:
    """The run's id as the UUID that OpenLineage wants; the same id gives the same UUID.

    One run may derive several tables, and a run of OpenLineage completes once: each table's is its own.
    """
    own = f":{dataset}" if "." in dataset else ""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{plain(run_id)}{own}"))


def _event(run: Run, dataset: str, *, kind: str, when: datetime, facets: Fields) -> Fields:
    return {
        "eventType": kind,
        "eventTime": when.isoformat(),
        "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_uuid(run.id, dataset), "facets": facets},
        "job": {"namespace": NAMESPACE, "name": f"{run.job}.{dataset}", "facets": {}},
    }


def _facet(kind: str, **fields: object) -> Fields:
    url = f"{_SPEC}/facets/{_VERSIONS[kind]}/{kind}.json#/$defs/{kind}"
    return {"_producer": PRODUCER, "_schemaURL": url, **fields}


def _place(path: str) -> Fields:
    """Namespace and name of a data set: storage and path for a URI or an absolute path. Hadoop's `s3a` is `s3`."""
    parts = urlsplit(plain_uri(path))
    if parts.scheme and parts.netloc:
        return {"namespace": f"{parts.scheme}://{parts.netloc}", "name": parts.path.lstrip("/") or "/"}
    return {"namespace": "file" if path.startswith("/") else NAMESPACE, "name": path}


def _input(report: Report, source: SourceFacts) -> Fields:
    """One source. Rows were judged all together, so their facets stand only where there is one source."""
    facets: Fields = {}
    if len(report.sources) == 1 and report.read is not None:
        columns = {column.path: _measured(nullCount=column.nulls_before) for column in report.columns}
        facets["dataQualityMetrics"] = _facet(
            "DataQualityMetricsInputDatasetFacet",
            **_measured(rowCount=report.read, bytes=source.bytes, fileCount=source.files),
            columnMetrics=columns,
        )
        facets["dataQualityAssertions"] = _facet(
            "DataQualityAssertionsDatasetFacet", assertions=[*_rules(report), *_set_rules(report)]
        )
    return {**_place(source.path), "facets": _version(source.version), "inputFacets": facets}


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
    """One table. Its rows are told for the report's own and the quarantine table; the rest for the report's own."""
    own = name == report.table
    rows = report.written if own else report.quarantined if name.split(".")[0] == "quarantine" else None
    stands = report.readable.version if report.readable and own else None
    facets = _version(report.versions.get(name, stands))
    if own and report.columns:
        kept = [column for column in report.columns if column.method != "drop"]
        facets["schema"] = _facet("SchemaDatasetFacet", fields=[{"name": c.path, "type": c.type} for c in kept])
        facets["columnLineage"] = _facet(
            "ColumnLineageDatasetFacet", fields={column.path: {"inputFields": _from(report, column)} for column in kept}
        )
        if report.status == "done":
            metrics = {c.path: _measured(nullCount=c.nulls_after, distinctCount=c.distinct) for c in kept}
            facets["dataQualityMetrics"] = _facet(
                "DataQualityMetricsDatasetFacet", rowCount=report.written, columnMetrics=metrics
            )
    statistics = _facet("OutputStatisticsOutputDatasetFacet", **_measured(rowCount=rows))
    return {**_place(path), "facets": facets, "outputFacets": {"outputStatistics": statistics}}


def _version(version: int | None) -> Fields:
    if version is None:
        return {}
    return {"version": _facet("DatasetVersionDatasetFacet", datasetVersion=str(version))}


def _from(report: Report, column: ColumnFacts) -> list[Fields]:
    """What a column is made of: the column of the same name in every source, as it is or protected."""
    kept = column.method == "keep"
    how: Fields = {"type": "DIRECT", "subtype": "IDENTITY" if kept else "TRANSFORMATION", "masking": not kept}
    if column.protection:
        how["description"] = column.protection
    return [{**_place(source.path), "field": column.path, "transformations": [how]} for source in report.sources]


def _severity(word: str) -> str:
    return "warn" if word == "warning" else word


def _measured(**figures: int | None) -> Fields:
    """The figures that were measured."""
    return {name: figure for name, figure in figures.items() if figure is not None}
