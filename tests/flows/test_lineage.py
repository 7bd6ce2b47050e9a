"""The job as whoever runs it sees it: for whom, in which forms, and what it ends with where the map has a hole."""

import json

import pytest

from strongroom.flows import lineage, prepare
from strongroom.flows.foundation.run_rows import RUNS
from support.answers import form
from support.derived_tables import derive, model
from support.lakes import install


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=300)
    for name in ("customers", "reviews"):
        assert made.run(prepare, "--contract", name).code == 0
    derive(made, "features.reviews")
    model(made)
    return made


def test_a_tree_begins_at_the_raw_files_and_says_whose_rows_are_where(place):
    done = place.run(lineage)
    assert done.code == 0, done.err
    lines = {line.strip("│├└─ ").split("  ")[0]: line for line in done.out.split("\n")}
    assert lines["raw.reviews"].startswith("raw.reviews"), "a root"
    assert "tag _subject" in lines["training.reviews"]
    assert lines["features.reviews"].index("features") > lines["training.reviews"].index("training")
    assert "from version 1" in lines["features.reviews"]
    assert "nobody's" in lines["strongroom.metrics"]


def test_of_a_table_only_what_it_is_made_from_and_into(place):
    answer = place.run(lineage, "TRAINING.reviews").line["answer"]
    names = {node["name"] for node in answer["nodes"]}
    assert names == {
        "raw.reviews", "training.reviews", "features.reviews", "models.reviews/test-1", "reports/training.reviews",
    }  # fmt: skip
    (edge,) = [edge for edge in answer["edges"] if edge["target"] == "features.reviews"]
    assert (edge["source"], edge["version"], edge["whose"]["tag"]) == ("training.reviews", 1, "_subject")
    assert (edge["purpose"], edge["run"], edge["refresh"]) == ("model_training", "test-1", "whole")
    wrong = place.run(lineage, "training.reviws")
    assert (wrong.code, "training.reviews" in wrong.err) == (2, True)


def test_who_may_not_read_what_runs_did_sees_no_map_and_both_are_audited(place):
    refused = place.run(lineage, "--as", "user:grace")
    assert (refused.code, "raw.reviews" in refused.out) == (5, False)
    event = next(event for event in reversed(place.audit()) if event.outcome == "refused" and event.table)
    assert (event.job, event.action, event.table, event.principal) == ("lineage", "read", RUNS, "user:grace")
    assert place.run(lineage).code == 0
    done, asked = place.audit()[-1], place.audit()[-2]
    assert (asked.action, asked.table, asked.outcome) == ("read", RUNS, "allowed")
    assert done.facts["nodes"] > 10
    assert place.run(lineage, "--dry-run").code == 0
    assert place.audit()[-1].outcome == "allowed", "a dry run shows what the right is about"


def test_a_hole_in_the_map_is_told_and_ends_with_7(place):
    (place.lake / "training/reviews/_delta_log/00000000000000000001.json").write_text("{")
    done = place.run(lineage)
    assert (done.code, done.line["status"]) == (7, "StoreError")
    assert [(gap["code"], gap["where"]) for gap in done.line["answer"]["gaps"]] == [
        ("lineage.unread", "training.reviews")
    ]
    assert "training.customers" in done.out, "the rest is there"


def test_openlineage_is_an_event_a_line(place):
    done = place.run(lineage, "--openlineage")
    events = [json.loads(line) for line in done.out.strip().split("\n")[:-1]]
    by_job = {event["job"]["name"]: event for event in events}
    assert by_job.keys() == {
        "prepare.customers", "prepare.reviews", "vectorize.features.reviews", "vectorize.models.reviews/test-1",
    }  # fmt: skip
    made = by_job["vectorize.features.reviews"]
    assert made["inputs"][0]["facets"]["version"]["datasetVersion"] == "1"
    form("lineage.schema.json#/$defs/row").validate(made)


def test_the_page_loads_nothing_and_escapes_names(place, tmp_path):
    file = tmp_path / "map.html"
    done = place.run(lineage, "--html", str(file))
    assert (done.code, done.line["report"]) == (0, str(file))
    text = file.read_text()
    assert "default-src 'none'" in text
    assert "training.<wbr>reviews" in text
    assert "<script" not in text
    assert place.run(lineage, "--html", str(tmp_path / "none/map.html")).code == 7


def test_no_value_of_a_row_is_in_any_form(place, tmp_path):
    file = tmp_path / "map.html"
    told = place.run(lineage, "--html", str(file)).out + file.read_text() + place.run(lineage, "--openlineage").out
    rows = place.rows("training.reviews")
    values = {str(row[name]) for row in rows for name in ("review_id", "user_id", "text_content", "_subject")}
    assert len(values) > 300
    assert [value for value in values if value in told] == []
