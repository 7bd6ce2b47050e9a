"""Rows of a training table that are fit to train on: what stays, what is left of the others, and what a run changes."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.flows import curate
from strongroom.flows.foundation import table_plans
from strongroom.stores.lake import Lake, commits
from support.lakes import install

pytestmark = pytest.mark.spark
CURATE = """  - property: curate
    value:
      rules: {gopher_quality: {min_words: 3, min_stop_words: false}}
      duplicates: {}
      signals: {model_version: [v1.0]}
"""
TEXTS = [
    ("Good sound and a good case.", "v1.0"),
    ("Bad.", "v1.0"),
    ("The case is a case.", "v9.9"),
    ("Good sound and a good case.", "v1.0"),
    ("Terrible sound all of it, all of it.", "v1.0"),
]


@pytest.fixture
def place(tmp_path, capsys, spark):
    found = install(tmp_path / "a b", capsys)
    contract = found.root / "contracts/reviews.yaml"
    head, _, _ = contract.read_text().partition("  - property: curate")
    contract.write_text(head + CURATE)
    add(found, TEXTS)
    return found


def add(place, texts, *, first=0):
    plan = table_plans.training(load_contract(str(place.root / "contracts/reviews.yaml")))
    rows = [
        {"review_id": f"r-{number:06d}", "text_content": text, "model_version": version,
         "_subject": bytes([number]) * 16,
         "created_at": datetime(2025, 1, 1, tzinfo=UTC)}
        for number, (text, version) in enumerate(texts, first)
    ]  # fmt: skip
    schema = pa.schema([field.with_nullable(True) for field in plan.schema])
    commits.append(Lake(str(place.lake)), "training.reviews", pa.Table.from_pylist(rows, schema))


def test_what_is_fit_stays_and_the_rest_leaves_its_key_and_reasons(place):
    done = place.run(curate, "--contract", "reviews", "--run-id", "r1")
    assert done.code == 0, done.err
    assert done.line["rows"] == {"read": 5, "written": 2, "dropped": 3}
    rows = place.rows("curated.reviews", "review_id")
    assert [(row["review_id"], row["text_content"]) for row in rows] == [
        ("r-000000", TEXTS[0][0]), ("r-000004", TEXTS[4][0]),
    ]  # fmt: skip
    assert [row["_subject"][0] for row in rows] == [0, 4]
    left = place.rows("dropped.reviews", "review_id")
    assert [(row["review_id"], row["_subject"][0], row["reasons"]) for row in left] == [
        ("r-000001", 1, ["gopher_quality.min_words", "gopher_quality.min_alphabetic"]),
        ("r-000002", 2, ["signal.model_version"]),
        ("r-000003", 3, ["duplicate.exact"]),
    ]
    assert set(left[0]) == {"review_id", "_subject", "batch", "file", "row", "reasons"}


def versions(place):
    return [place.delta(table).version() for table in ("curated.reviews", "dropped.reviews")]


def test_the_same_run_again_and_one_with_nothing_new_change_nothing(place):
    assert place.run(curate, "--contract", "reviews", "--run-id", "r1").code == 0
    before = versions(place)
    for options in (("--run-id", "r1"), ("--run-id", "r2")):
        again = place.run(curate, "--contract", "reviews", *options)
        assert (again.code, again.line["rows"], again.line["answer"]) == (
            0, curate.NO_ROWS, {"table": "curated.reviews", "version": None},
        )  # fmt: skip
    assert versions(place) == before
