"""The report as OpenLineage events, held against OpenLineage's own classes and sent beside its own client."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from datetime import UTC, datetime

import pytest

from browser.report_demo import DEMOS, clean, closed, demo, failed
from strongroom.core.lineage import NOBODY, PEOPLE, UNKNOWN, Edge, LakeMap, Made, Node, Whose
from strongroom.core.report import Report
from strongroom.reports.feeds.openlineage import document as render_openlineage
from strongroom.reports.feeds.openlineage import end_event, map_events, start_event
from strongroom.reports.send import Delivery, lineage_message
from support.receiver import receiving, status

OUTCOMES = [(demo(), "COMPLETE"), (closed(), "FAIL"), (dataclasses.replace(demo(), status="failed"), "FAIL")]


@pytest.mark.parametrize(("report", "end"), OUTCOMES)
def test_openlineage_tells_start_and_end_of_one_run(report: Report, end: str) -> None:
    start, last = map(json.loads, render_openlineage(report).splitlines())
    assert (start["eventType"], last["eventType"]) == ("START", end)
    assert start["run"]["runId"] == last["run"]["runId"] == "109fdedd-862e-5ff3-832a-f49c82124b95"
    assert last["eventTime"] == "2026-03-04T02:15:44.300000+00:00"
    assert ("errorMessage" in last["run"]["facets"]) == (end == "FAIL")


def test_openlineage_has_quality_facets_and_no_bounds() -> None:
    last = json.loads(render_openlineage(demo()).splitlines()[1])
    (source,) = last["inputs"]
    metrics, checks = (source["inputFacets"][name] for name in ("dataQualityMetrics", "dataQualityAssertions"))
    assert (metrics["rowCount"], metrics["fileCount"], metrics["bytes"]) == (1_000_000, 48, 412_880_231)
    assert metrics["columnMetrics"]["email"] == {"nullCount": 31_870}
    written = last["outputs"][0]["facets"]["dataQualityMetrics"]
    assert written["rowCount"] == 994_000
    assert written["columnMetrics"]["email"] == {"nullCount": 31_804, "distinctCount": 176_030}
    assert written["columnMetrics"]["stars"] == {"nullCount": 0, "distinctCount": 7}, "bounds stay out"
    by_name = {check["name"]: check for check in checks["assertions"]}
    assert by_name["email.pattern"] == {
        "assertion": "pattern", "success": False, "column": "email", "severity": "error", "name": "email.pattern",
        "expected": "0", "actual": "2961",
    }  # fmt: skip
    assert (by_name["email.nullValues"]["success"], by_name["email.nullValues"]["severity"]) == (False, "warn")
    rows = {output["name"]: output["outputFacets"]["outputStatistics"]["rowCount"] for output in last["outputs"]}
    assert rows == {"lake/training/reviews": 994_000, "lake/quarantine/reviews": 6_000}
    fields = [field["name"] for field in last["outputs"][0]["facets"]["schema"]["fields"]]
    assert "phone" not in fields, "a dropped column is not in the table"


@pytest.mark.parametrize(
    ("path", "namespace", "name"),
    [
        ("raw/reviews/*.json", "strongroom", "raw/reviews/*.json"),
        ("/lake/raw", "file", "/lake/raw"),
        ("s3a://bucket/raw/reviews", "s3://bucket", "raw/reviews"),
    ],
)
def test_openlineage_names_data_sets_by_where_they_are(path: str, namespace: str, name: str) -> None:
    report = dataclasses.replace(demo(), sources=(dataclasses.replace(demo().sources[0], path=path),))
    (source,) = json.loads(render_openlineage(report).splitlines()[1])["inputs"]
    assert (source["namespace"], source["name"]) == (namespace, name)


def test_a_table_that_keys_were_looked_up_in_is_an_input_too() -> None:
    report = dataclasses.replace(demo(), references=("/lake/training/people", "s3://bucket/training/shops"))
    _, *others = json.loads(end_event(report))["inputs"]
    assert others == [
        {"namespace": "file", "name": "/lake/training/people", "facets": {}, "inputFacets": {}},
        {"namespace": "s3://bucket", "name": "training/shops", "facets": {}, "inputFacets": {}},
    ]


def test_a_column_is_said_to_come_from_the_column_of_its_name_and_how():
    training, quarantine = json.loads(end_event(demo()))["outputs"]
    lineage = training["facets"]["columnLineage"]["fields"]
    source = {"namespace": "strongroom", "name": "raw/reviews/*.json"}
    assert lineage["stars"]["inputFields"] == [
        {**source, "field": "stars", "transformations": [
            {"type": "DIRECT", "subtype": "IDENTITY", "masking": False, "description": "Kept"}]}
    ]  # fmt: skip
    (email,) = lineage["email"]["inputFields"]
    assert (email["field"], email["transformations"][0]["subtype"]) == ("email", "TRANSFORMATION")
    assert email["transformations"][0]["masking"] is True
    assert "phone" not in lineage, "a dropped column goes nowhere"
    assert "columnLineage" not in quarantine["facets"], "there the row is one sealed text"


@pytest.mark.parametrize(("report", "versions"), [(demo(), ["13", "14"]), (closed(), ["12", "14"]), (failed(), ["12"])])
def test_tables_are_told_with_their_versions(report: Report, versions: list[str]) -> None:
    """Of a run that gave readers nothing, the version that they keep."""
    outputs = json.loads(end_event(report))["outputs"]
    assert [output["facets"]["version"]["datasetVersion"] for output in outputs] == versions


def test_a_closed_gate_tells_no_figures_of_a_version_that_is_not_there():
    training = json.loads(end_event(closed()))["outputs"][0]
    assert "dataQualityMetrics" not in training["facets"]
    assert training["outputFacets"]["outputStatistics"]["rowCount"] == 0


# OpenLineage's own classes


@pytest.fixture(scope="module")
def theirs():
    why = "NOT HELD AGAINST OPENLINEAGE'S CLASSES: pip install openlineage-python"
    pytest.importorskip("openlineage.client", reason=why)
    from openlineage.client import facet_v2

    return {
        "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
        "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
        "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
        "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
        "dataQualityAssertions": facet_v2.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
        "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
        "facets.dataQualityMetrics": facet_v2.data_quality_metrics_dataset.DataQualityMetricsDatasetFacet,
        "inputFacets.dataQualityMetrics":
            facet_v2.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet,
    }  # fmt: skip


def shaped(kind, value, facets, where=""):
    """JSON as an object of their class, made through its checks. What they do not know, or of another type, raises."""
    import attr

    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        assert isinstance(value, list), where
        return [shaped(inner[0], each, facets, where) for each in value]
    if origin is dict:
        assert isinstance(value, dict), where
        return {
            name: shaped(facets.get(name) or facets.get(f"{where}.{name}") or inner[1], each, facets, name)
            for name, each in value.items()
        }
    if not attr.has(kind):
        plain = {float: (int, float), int: int, str: str, bool: bool}.get(kind, object)
        right = isinstance(value, plain) and (kind is bool or not isinstance(value, bool))
        assert right, f"{where}: {kind} {value!r}"
        return kind(value) if issubclass(kind, str) else value
    hints = typing.get_type_hints(kind)
    named = {field.name: field for field in attr.fields(kind)}
    assert value.keys() <= named.keys(), f"{kind.__name__} has no {value.keys() - named.keys()}"
    given = {
        (named[name].alias or name.lstrip("_")): shaped(hints[name], each, facets, name)
        for name, each in value.items()
        if named[name].init
    }
    made = kind(**given)
    for name in value.keys() & {"schemaURL", "_schemaURL"}:
        assert value[name] == getattr(made, name), "the version that they have"
    return made


def bare(value):
    """Without what is empty: their classes fill in empty lists and mappings."""
    if isinstance(value, dict):
        return {name: found for name, each in value.items() if (found := bare(each)) not in ({}, [], None)}
    return [bare(each) for each in value] if isinstance(value, list) else value


FAILED = dataclasses.replace(
    clean(), status="failed", problem="The source is gone.", columns=(), sources=(), label=None
)
EVENTS = {f"{word} end": end_event(make()) for word, make in DEMOS.items() if word != "hostile"} | {
    "start": start_event(demo().run, "reviews"),
    "failed": end_event(FAILED),
}


@pytest.mark.parametrize("word", EVENTS)
def test_their_classes_make_the_same_event(theirs, word):
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.serde import Serde

    event = json.loads(EVENTS[word])
    assert bare(Serde.to_dict(shaped(RunEvent, event, theirs))) == bare(event)


def test_their_classes_would_find_a_wrong_field(theirs):
    from openlineage.client.event_v2 import RunEvent

    event = json.loads(EVENTS["demo end"])
    event["inputs"][0]["inputFacets"]["dataQualityMetrics"]["rowCount"] = "1000000"
    with pytest.raises(AssertionError, match="rowCount"):
        shaped(RunEvent, event, theirs)
    with pytest.raises(AssertionError, match=r"has no \{'rowcount'\}"):
        shaped(theirs["outputStatistics"], {"rowcount": 1}, theirs)


PERSON = Whose(PEOPLE, "id", ("domain", "person"))
DRAWN = LakeMap(
    (
        Node("raw.a", "raw", "files", ("/lake/raw/a", "s3a://bucket/b"), PERSON),
        Node("training.a", "training", "rows", ("/lake/training/a",), dataclasses.replace(PERSON, tag="_subject"),
             Made("model_training", refresh="whole"), 3),
        Node("features.a", "features", "rows", ("/lake/features/a",), Whose(NOBODY), version=0),
        Node("models.a/r", "models", "a model", ("/lake/models/a/r",), Whose(UNKNOWN)),
        Node("reports/training.a", "reports", "counts", ("/lake/reports/training.a",), Whose(NOBODY)),
    ),
    (Edge("raw.a", "training.a"), Edge("training.a", "features.a", 2), Edge("training.a", "models.a/r", 2),
     Edge("training.a", "reports/training.a")),
)  # fmt: skip
AT = datetime(2026, 3, 4, tzinfo=UTC)


def test_the_map_of_a_lake_is_static_lineage_with_versions_and_whose_rows_are():
    by_job = {event["job"]["name"]: event for event in map_events(DRAWN, at=AT)}
    assert by_job.keys() == {"prepare.a", "vectorize.features.a", "vectorize.models.a/r"}, "reports are no data sets"
    features = by_job["vectorize.features.a"]
    ((source,), (made,)) = features["inputs"], features["outputs"]
    assert (source["name"], source["facets"]["version"]["datasetVersion"]) == ("/lake/training/a", "2"), (
        "as it was read"
    )
    assert made["facets"]["version"]["datasetVersion"] == "0"
    tags = {(tag["key"], tag["value"], tag.get("field")) for tag in source["facets"]["tags"]["tags"]}
    assert tags == {
        ("whose", "people", None), ("subject", "id", None), ("within", "domain person", None),
        ("purpose", "model_training", None), ("refresh", "whole", None), ("subject", "tag", "_subject"),
    }  # fmt: skip
    files = by_job["prepare.a"]["inputs"]
    assert [(each["namespace"], each["name"]) for each in files] == [("file", "/lake/raw/a"), ("s3://bucket", "b")]
    assert all("version" not in each["facets"] for each in files), "files have none"


def test_their_classes_make_the_same_events_of_the_map(theirs):
    from openlineage.client.event_v2 import JobEvent
    from openlineage.client.facet_v2 import tags_dataset
    from openlineage.client.serde import Serde

    known = {**theirs, "tags": tags_dataset.TagsDatasetFacet}
    events = list(map_events(DRAWN, at=AT))
    assert len(events) == 3
    for event in events:
        assert bare(Serde.to_dict(shaped(JobEvent, event, known))) == bare(event)


def test_a_server_is_asked_as_by_their_own_client(theirs):
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.transport.http import HttpConfig, HttpTransport

    event = EVENTS["demo end"]
    with receiving(status(201)) as receiver:
        assert Delivery([lineage_message(receiver.url, event)], token="", seconds=5).outcome() == ""
        client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=receiver.url)))
        client.emit(shaped(RunEvent, json.loads(event), theirs))
        client.close()
    ours, other = receiver.told
    assert (ours.method, ours.path) == (other.method, other.path)
    assert ours.headers["content-type"] == other.headers["content-type"]
    mine, their = (bare(json.loads(told.body)) for told in receiver.told)
    their["job"].pop("facets", None)
    their["run"].pop("facets", None)  # their client adds tags of its own
    assert mine == their
