"""Features from a training table: who may make them, what is written, and what a second run changes."""

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.sql import functions as F
from sklearn.feature_extraction.text import TfidfVectorizer

from strongroom import run_job
from strongroom.core.contract.file import load_contract
from strongroom.core.errors import StoreError
from strongroom.core.run import Job, Run
from strongroom.core.settings.file import load_settings
from strongroom.flows import prepare, vectorize
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.derived import Origin, Target
from strongroom.flows.vectorize import tables as vectorize_tables
from strongroom.learn.features.tfidf import as_vector
from strongroom.learn.features.vocabulary import Vocabulary
from strongroom.stores.lake import Lake, commits
from support.lakes import ROOT, Installation, install

pytestmark = pytest.mark.spark
REVIEWS = ROOT.parent / "shared/data/reviews"
TEXTS = [
    ("positive", "Good sound and a good case."),
    ("negative", "Bad sound, bad case, bad everything!"),
    ("neutral", "The case is a case."),
    ("positive", "Quillfeather sold me a good one"),
    ("negative", "It's bad."),
]


@pytest.fixture
def place(tmp_path, capsys, spark):
    return laid(tmp_path / "a b", capsys)


@pytest.fixture(scope="module")
def vectorized(tmp_path_factory, spark):
    """One that has its features, by the run r1."""
    found = laid(tmp_path_factory.mktemp("vectorized") / "a b", None)
    assert run_job.run(vectorize, ["--config", str(found.settings), "--run-id", "r1"]) == 0
    return found


@pytest.fixture
def after(vectorized, tmp_path, capsys):
    """A copy of it."""
    shutil.copytree(vectorized.root, tmp_path / "a b")
    return Installation(tmp_path / "a b", capsys)


def laid(folder, capsys):
    """An installation whose training table is written by hand, with the columns that `prepare` gives it."""
    found = install(folder, capsys)
    plan = table_plans.training(load_contract(str(found.root / "contracts/reviews.yaml")))
    rows = [
        {"review_id": f"r-{place:06d}", "label": label, "text_content": text,
         "created_at": datetime(2025, 1, 1 + place, tzinfo=UTC)}
        for place, (label, text) in enumerate(TEXTS)
    ]  # fmt: skip
    commits.append(Lake(str(found.lake)), "training.reviews", pa.Table.from_pylist(rows, nullable(plan.schema)))
    return found


def nullable(schema):
    return pa.schema([field.with_nullable(True) for field in schema])


def versions(place):
    names = ("features.reviews", "features.reviews_vocabulary", "features.reviews_summary")
    return [place.delta(name).version() for name in names]


def dense(row):
    vector = np.zeros(row["features"]["size"])
    vector[row["features"]["indices"]] = row["features"]["values"]
    return vector


def test_features_vocabulary_summary_and_pipeline_are_written_and_fit_together(place, spark):
    done = place.run(vectorize, "--run-id", "r1")
    assert done.code == 0, done.err
    assert done.line["rows"] == {"read": 5, "written": 5, "quarantined": 0}
    words = place.rows("features.reviews_vocabulary", "index")
    assert [(row["term"], row["index"], row["documents"], row["count"]) for row in words] == [
        ("bad", 0, 2, 4), ("case", 1, 3, 4), ("good", 2, 2, 3), ("sound", 3, 2, 2),
    ]  # fmt: skip
    assert [row["idf"] for row in words] == pytest.approx([np.log(6 / 3), np.log(6 / 4), np.log(6 / 3), np.log(6 / 3)])
    rows = place.rows("features.reviews", "review_id")
    assert [(row["review_id"], row["label"]) for row in rows] == [
        (f"r-{place:06d}", label) for place, (label, _) in enumerate(TEXTS)
    ]
    assert [np.flatnonzero(dense(row)).tolist() for row in rows] == [[1, 2, 3], [0, 1, 3], [1], [2], [0]]
    assert [np.linalg.norm(dense(row)) for row in rows] == pytest.approx([1] * 5)
    assert place.rows("features.reviews_summary", "label") == [
        {"label": label, "count": len(days), "first": day(days[0]), "last": day(days[-1])}
        for label, days in [("negative", [2, 5]), ("neutral", [3]), ("positive", [1, 4])]
    ]
    model = PipelineModel.load(str(place.lake / "models/reviews/r1"))
    new = spark.createDataFrame([("A good, good sound",), ("unheard of",)], "text_content string")
    vectors = [row["features"].toArray() for row in model.transform(new).collect()]
    assert vectors[0] == pytest.approx(np.array([0, 0, 2, 1]) / np.sqrt(5))
    assert not vectors[1].any()
    assert "quillfeather" not in done.out.lower()


def day(number):
    return datetime(2025, 1, number, tzinfo=UTC)


def test_a_term_that_few_people_use_is_no_feature(place):
    plan = table_plans.training(load_contract(str(place.root / "contracts/reviews.yaml")))
    texts = ["shared rare", "shared rare", "shared often", "shared often twice", "twice often shared", "twice"]
    people = [1, 1, 2, 3, 4, None]  # two rows of the first are one person, the last one's row is nobody's
    rows = [
        {"review_id": f"s-{number:06d}", "label": "neutral", "text_content": text,
         "created_at": datetime(2025, 2, 1, tzinfo=UTC), "_subject": who and bytes([who]) * 16}
        for number, (text, who) in enumerate(zip(texts, people, strict=True))
    ]  # fmt: skip
    shutil.rmtree(place.lake / "training")
    commits.append(Lake(str(place.lake)), "training.reviews", pa.Table.from_pylist(rows, nullable(plan.schema)))
    terms = {}
    for fewest in (2, 3):
        done = place.run(vectorize, "--run-id", f"s{fewest}", "--set", f"vectorize.min_subjects={fewest}")
        assert done.code == 0, done.err
        terms[fewest] = {row["term"] for row in place.rows("features.reviews_vocabulary")}
        assert done.line["answer"]["withheld"] == 4 - len(terms[fewest])
    assert terms == {
        2: {"often", "shared", "twice"}, 3: {"often", "shared"},
    }  # fmt: skip
    place.edit("local.yaml", "  min_subjects: 1\n", "")
    assert place.run(vectorize).code == 7, "five by default, where the contract says whose rows are"


def test_min_subjects_asks_for_a_subject(place):
    place.edit("contracts/reviews.yaml", "          - {property: subject, value: true}\n", "")
    assert place.run(vectorize, "--set", "vectorize.min_subjects=2").code == 3
    assert place.run(vectorize, "--dry-run").code == 0


def test_each_table_has_a_report_that_names_what_it_was_made_from(vectorized):
    source, runs = vectorized.delta("training.reviews").version(), vectorized.rows("strongroom.runs")
    pages = {row["dataset"]: row["report"] for row in runs if row["dataset"].startswith("features.")}
    assert pages.keys() == {"features.reviews", "features.reviews_vocabulary", "features.reviews_summary"}
    for table, page in pages.items():
        assert table in Path(page).read_text()
        events = Path(page).with_suffix(".openlineage.jsonl").read_text().splitlines()
        start, end = map(json.loads, events)
        assert (start["run"]["runId"], end["eventType"]) == (end["run"]["runId"], "COMPLETE")
        (read,), (written,) = end["inputs"], end["outputs"]
        assert read["name"].endswith("training/reviews")
        assert read["facets"]["version"]["datasetVersion"] == str(source)
        assert written["facets"]["version"]["datasetVersion"] == str(vectorized.delta(table).version())
        assert written["outputFacets"]["outputStatistics"]["rowCount"] == len(vectorized.rows(table))
    events = [Path(page).with_suffix(".openlineage.jsonl").read_text() for page in pages.values()]
    assert len({json.loads(text.splitlines()[1])["run"]["runId"] for text in events}) == 3, "each completes once"


def test_spark_ml_trains_on_the_stored_features(vectorized, spark):
    stored = spark.read.format("delta").load(f"{vectorized.lake}/features/reviews")
    frame = stored.select(
        as_vector(F.col("features")).alias("features"), (F.col("label") == "positive").cast("int").alias("label")
    )
    model = LogisticRegression(maxIter=5).fit(frame)
    assert model.numFeatures == 4


def test_the_same_run_again_changes_nothing_and_another_one_replaces(after):
    before = versions(after)
    again = after.run(vectorize, "--run-id", "r1")
    assert (again.code, again.line["rows"], versions(after)) == (0, vectorize.NO_ROWS, before)
    assert after.run(vectorize, "--run-id", "r2", "--set", "vectorize.max_features=2").code == 0
    assert {row["features"]["size"] for row in after.rows("features.reviews")} == {2}
    assert len(after.rows("features.reviews")) == 5
    assert (after.lake / "models/reviews/r1").is_dir(), "an old pipeline stays: somebody may be using it"


def test_a_run_that_died_before_its_features_leaves_the_old_ones_and_can_be_run_again(after):
    shutil.copytree(after.lake / "features/reviews", after.lake / "kept")
    assert after.run(vectorize, "--run-id", "r2", "--set", "vectorize.max_features=2").code == 0
    shutil.rmtree(after.lake / "features/reviews")  # as if r2 had been killed after vocabulary and summary
    (after.lake / "kept").rename(after.lake / "features/reviews")
    assert {row["features"]["size"] for row in after.rows("features.reviews")} == {4}
    again = after.run(vectorize, "--run-id", "r2", "--set", "vectorize.max_features=2")
    assert again.code == 0, again.err
    assert {row["features"]["size"] for row in after.rows("features.reviews")} == {2}
    assert [row["term"] for row in after.rows("features.reviews_vocabulary", "index")] == ["bad", "case"]


@pytest.mark.parametrize(
    ("who", "options", "change", "said", "why"),
    [
        ("grace", [], None, "may not write features.reviews", "an analyst may not write"),
        ("eve", [], None, "may not read training.reviews", "nobody knows her"),
        ("ada", ["--purpose", "advertising"], None, "does not allow the purpose", "the contract says what for"),
        ("ada", ["--set", "vectorize.label=email"], None, "email", "a column that she may not read"),
        ("ada", [], ("{deny: [email]}", '{deny: [email], mask: {text_content: "null"}}'), "sees text_content masked",
         "there is nothing to learn from masks"),
    ],
)  # fmt: skip
def test_who_may_not_is_refused_before_anything_is_touched(place, who, options, change, said, why):
    place.edit("local.yaml", "user:engineer", f"user:{who}")
    if change:
        place.edit("policy.yaml", *change)
    refused = place.run(vectorize, *options)
    assert (refused.code, refused.line["status"]) == (5, "Refused"), why
    assert said in refused.err
    assert not (place.lake / "features").exists()
    assert not (place.lake / "models").exists()


def test_rows_that_a_principal_may_not_see_are_not_learnt_from(place):
    place.edit("local.yaml", "user:engineer", "user:ada")
    place.edit("policy.yaml", "columns: {deny: [email]}", "columns: {deny: [email]}\n    rows: label <> 'neutral'")
    done = place.run(vectorize)
    assert done.code == 0, done.err
    assert {row["label"] for row in place.rows("features.reviews")} == {"positive", "negative"}
    case = next(row for row in place.rows("features.reviews_vocabulary") if row["term"] == "case")
    assert (case["documents"], case["count"]) == (2, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "vectorize.text=text_contnet"], "text_content"),
        (["--set", "vectorize.text=email"], "a ciphertext has no words"),
        (["--set", "vectorize.text=user_id"], "a token has no words"),
        (["--set", "vectorize.text=rating"], "it is tinyint"),
        (["--set", "vectorize.text=rating", "--set", "vectorize.key=nothing"], "no column 'nothing'"),
    ],
)
def test_a_column_that_cannot_serve_is_named_with_the_reason(place, options, said):
    failed = place.run(vectorize, *options)
    assert failed.code == 3
    assert said in failed.err


def test_a_table_that_is_not_there_or_holds_no_words_is_an_error_of_the_source(place):
    assert place.run(vectorize, "--set", "vectorize.min_df=4").code == 7
    assert not (place.lake / "features").exists()
    shutil.rmtree(place.lake / "training")
    failed = place.run(vectorize)
    assert failed.code == 7
    assert "prepare" in failed.err


def test_a_dry_run_names_what_it_would_do_and_touches_nothing(place):
    done = place.run(vectorize, "--dry-run")
    assert done.code == 0
    assert "training.reviews: review_id, label, text_content, created_at" in done.out
    assert sorted(path.name for path in place.lake.iterdir()) == ["training"]


def test_the_tables_say_what_they_are_and_their_log_holds_nothing_of_a_text(vectorized):
    log = Path(vectorized.lake / "features/reviews/_delta_log")
    entries = [json.loads(line) for file in sorted(log.glob("*.json")) for line in file.read_text().splitlines()]
    added = [json.loads(entry["add"]["stats"]) for entry in entries if "add" in entry]
    assert added
    assert all(set(stats) == {"numRecords"} for stats in added)
    notes = [entry["commitInfo"] for entry in entries if "strongroom.source" in entry.get("commitInfo", {})]
    assert [note["strongroom.source"] for note in notes] == ["training.reviews version 1"]
    columns = {column.name: column.metadata for column in vectorized.delta("features.reviews").schema().fields}
    assert columns["features"]["strongroom.model"] == f"{vectorized.lake}/models/reviews/r1"
    assert columns["features"]["strongroom.classification"] == "internal", "as the text it was made of"
    term = vectorized.delta("features.reviews_vocabulary").schema().fields[0]
    assert (term.name, term.metadata["strongroom.classification"]) == ("term", "internal")
    assert vectorized.delta("features.reviews").metadata().configuration["strongroom.zone"] == "features"


def test_of_two_runs_at_once_one_wins_whole(place, spark):
    contract = load_contract(str(place.root / "contracts/reviews.yaml"))
    lake, words = Lake(str(place.lake)), Vocabulary(("a", "b"), (1, 1), (1, 2), 3)
    plan = vectorize_tables.vocabulary_plan(contract, text="text_content")
    before = lake.ensure("features.reviews_vocabulary", plan)
    settings, origin = load_settings(str(place.settings)), Origin(contract, {"training.reviews": 1}, "", {})
    one, other = (
        Target.of(
            Job(
                Run(name, "vectorize", "user:ada", "", datetime(2026, 1, 1, tzinfo=UTC)),
                settings, argparse.Namespace(), lambda: spark, print,
            ),
            lake, "features.reviews_vocabulary", origin, personal=False,
        )
        for name in ("r1", "r2")
    )  # fmt: skip
    frame = spark.createDataFrame(vectorize_tables.vocabulary_rows(words, (1.0, 2.0)))
    assert one.publish(frame, plan, rows=lambda: 2) == before.version() + 1
    with pytest.raises(StoreError, match="another run committed"):
        other.publish(frame.where("term = 'a'"), plan, rows=lambda: 1)
    assert len(place.rows("features.reviews_vocabulary")) == 2


@pytest.mark.skipif(not REVIEWS.is_dir(), reason=f"NO REAL REVIEWS in {REVIEWS}: the whole way is not tried on them")
def test_real_reviews_go_all_the_way_and_come_out_as_scikit_learn_would_have_them(tmp_path, capsys, spark):
    place = install(tmp_path, capsys)
    shutil.copy(ROOT / "tests/contracts/sentiment.yaml", place.root / "contracts/sentiment.yaml")
    shutil.copytree(REVIEWS, place.lake / "raw/sentiment")
    prepared = place.run(prepare, "--contract", "sentiment")
    assert prepared.code == 0, prepared.err
    done = place.run(vectorize, "--contract", "sentiment", "--set", "vectorize.profile=sklearn")
    assert done.code == 0, done.err
    theirs = TfidfVectorizer(max_features=100, stop_words="english")
    expected = theirs.fit_transform([row["reviews"] for row in place.rows("training.sentiment")]).toarray()
    words = place.rows("features.sentiment_vocabulary", "index")
    assert [row["term"] for row in words] == list(theirs.get_feature_names_out())
    assert [row["idf"] for row in words] == pytest.approx(theirs.idf_, abs=1e-9)
    rows = np.array([dense(row) for row in place.rows("features.sentiment")])
    assert rows.shape == (3_000, 100)
    mine, other = (found[np.lexsort(np.round(found, 7).T)] for found in (rows, expected))  # no key, so no order
    assert np.abs(mine - other).max() < 1e-9
    assert {row["label"]: row["count"] for row in place.rows("features.sentiment_summary")} == {0: 1_500, 1: 1_500}
