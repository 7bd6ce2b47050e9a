"""Rows of a training table that are fit to train on: what stays, what is left of the others, and what a run changes."""

import json
import random
import shutil
from collections import Counter
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.flows import check, curate, keys, prepare
from strongroom.flows.foundation import table_plans
from strongroom.stores.lake import Lake, commits
from support.lakes import Quiet, copied, install

pytestmark = pytest.mark.spark
CURATE = """  - property: curate
    value:
      rules: {gopher_quality: {min_words: 3, min_mean_letters: 2, min_stop_words: false}}
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
        ("r-000001", 1, ["gopher_quality.min_alphabetic", "gopher_quality.min_words"]),
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


SAID = "the battery lasts long and its case feels solid while every button works as one would wish on a cold day"
WORDS = SAID.split()


def raw(place, name, texts, *, first):
    """A raw file of reviews, in the order of these texts."""
    folder = place.lake / "raw/reviews"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"review_id": f"r-{number:06d}", "user_id": number // 2 + 1, "email": f"u{number}@example.org",
         "text_content": text, "rating": 3, "label": "neutral", "model_version": "v1.0", "training_date": "2025-01-01",
         "created_at": "2025-01-01T00:00:00Z"}
        for number, text in enumerate(texts, first)
    ]  # fmt: skip
    (folder / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in rows))


def made_of(random, count, before):
    """Texts of which some are near an earlier one, and some are equal to one."""
    texts = list(before)
    for _ in range(count):
        text = random.choices(WORDS, k=random.choice((2, 40, 80)))
        if texts and random.random() < 0.6:
            text = random.choice(texts).split()
            for _ in range(random.choice((0, 1, 1, 2, 5))):
                text[random.randrange(len(text))] = random.choice(WORDS)
        texts.append(" ".join(text))
    return texts[len(before) :]


def content(place):
    """All three tables, as far as they are the same whichever files the rows lie in."""
    return {
        table: sorted(map(repr, place.rows(table)))
        for table in ("curated.reviews", "dropped.reviews", "curated.reviews_index")
    }


@pytest.fixture
def filled(tmp_path, capsys, spark):
    """An installation whose training table `prepare` makes; batches come in by `more`."""
    return installed(tmp_path / "filled", capsys)


def installed(folder, capsys):
    found = install(folder, capsys)
    contract = found.root / "contracts/reviews.yaml"
    head, _, _ = contract.read_text().partition("  - property: curate")
    contract.write_text(head + CURATE.replace("duplicates: {}", "duplicates: {near: 0.7, words: 3}"))
    return found


def more(place, name, texts, *, first):
    raw(place, name, texts, first=first)
    done = place.run(prepare, "--set", "prepare.mode=append")
    assert done.code == 0, done.err


def test_an_increment_gives_what_all_rows_at_once_would(filled):
    chance, texts = random.Random(5), list[str]()
    for number in range(3):
        new = made_of(chance, 60, texts)
        more(filled, f"part{number}", new, first=len(texts))
        texts += new
        done = filled.run(curate, "--contract", "reviews", "--run-id", f"r{number}")
        assert done.code == 0, done.err
        assert done.line["rows"]["read"] == 60, "what is new, and nothing else"
        assert filled.delta("curated.reviews").metadata().configuration["strongroom.refresh"] == "by batch"
    added, reasons = (
        content(filled),
        Counter(reason for row in filled.rows("dropped.reviews") for reason in row["reasons"]),
    )
    assert reasons["duplicate.near"] > 10
    assert reasons["duplicate.exact"] > 10
    shutil.rmtree(filled.lake / "curated")
    whole = filled.run(curate, "--contract", "reviews", "--run-id", "whole")
    assert whole.line["rows"]["read"] == 180
    assert content(filled) == added
    assert filled.run(curate, "--contract", "reviews").line["rows"] == curate.NO_ROWS


def test_of_a_row_that_goes_nothing_is_left_of_its_text(filled):
    secret = "Quillfeather wrote this one text about everything that she owns and nobody may train on it"
    texts = [f"{SAID} today", f"{secret} today", f"{secret} today", "Zzyzx."]
    more(filled, "one", texts, first=0)
    contract = "contracts/reviews.yaml"
    filled.edit(contract, "signals: {model_version: [v1.0]}", "signals: {label: [positive]}")
    assert filled.run(curate).code == 0
    assert {tuple(row["reasons"][:1]) for row in filled.rows("dropped.reviews")} == {("signal.label",)}
    written = [
        path
        for folder in ("lake/curated", "lake/dropped", "lake/reports", "lake/strongroom", "audit")
        for path in (filled.root / folder).rglob("*")
        if path.is_file()
    ]
    assert len(written) > 10
    for path in written:
        held = path.read_bytes()
        if path.suffix == ".parquet":
            held = repr(pa.parquet.read_table(path).to_pylist()).encode()
        assert b"Quillfeather" not in held, path
        assert b"Zzyzx" not in held, path


def test_each_table_says_what_it_is_and_the_run_leaves_its_figures(filled):
    more(filled, "one", [SAID, SAID, "Bad."], first=0)
    assert filled.run(curate, "--run-id", "r1").code == 0
    for table in ("curated.reviews", "dropped.reviews", "curated.reviews_index"):
        said = filled.delta(table).metadata().configuration
        assert json.loads(said["strongroom.sources"]) == {
            "training.reviews": filled.delta("training.reviews").version()
        }
        assert json.loads(said["strongroom.subject"])["tag"] == "_subject"
        log = (filled.lake / table.replace(".", "/") / "_delta_log").glob("*.json")
        added = [json.loads(line).get("add") for file in log for line in file.read_text().splitlines()]
        assert {tuple(json.loads(each["stats"])) for each in added if each} == {("numRecords",)}, "no value in the log"
    found = {(row["name"], row["metric"]): row["value"] for row in filled.rows("strongroom.metrics")
             if row["dataset"] == "curated.reviews"}  # fmt: skip
    assert found == {
        ("curated.reviews", "read"): 3, ("curated.reviews", "written"): 1, ("curated.reviews", "dropped"): 2,
        ("duplicate.exact", "dropped"): 1, ("gopher_quality.min_words", "dropped"): 1,
        ("gopher_quality.min_alphabetic", "dropped"): 1,
    }  # fmt: skip
    marks = [each for each in filled.delta("curated.reviews_index").schema().fields if each.name in ("exact", "sketch")]
    assert {each.metadata["strongroom.classification"] for each in marks} == {"internal"}, "as their text"
    untold = filled.run(check, "--lake")
    assert untold.code == 0, untold.err


@pytest.fixture(scope="module")
def curated(tmp_path_factory, spark):
    """A first batch that was curated: made once, copied for each test."""
    found = installed(tmp_path_factory.mktemp("curated") / "filled", Quiet())
    more(found, "one", [SAID, f"{SAID} a", "Bad."], first=0)
    assert found.run(curate, "--run-id", "r1").code == 0
    return found


@pytest.mark.parametrize("change", ["contract", "rows", "batch", "died", "key"])
def test_what_an_increment_could_not_tell_makes_all_anew(curated, tmp_path, capsys, change):
    filled = copied(curated, tmp_path / "copy", capsys)
    before = {table: filled.delta(table).version() for table in ("curated.reviews", "dropped.reviews")}
    if change == "contract":
        filled.edit("contracts/reviews.yaml", "near: 0.7", "near: 0.99")
        assert filled.run(prepare, "--set", "prepare.mode=append").code == 0
    elif change == "rows":
        commits.altered(
            Lake(str(filled.lake)), "training.reviews",
            lambda now, props: now.delete("review_id = 'r-000000'", commit_properties=props),
        )  # fmt: skip
    elif change == "batch":  # its file goes, and nothing comes in its place
        more(filled, "two", [f"{SAID} a b c d e f g"], first=3)
        assert filled.run(curate, "--run-id", "r2").code == 0
        commits.altered(
            Lake(str(filled.lake)), "training.reviews",
            lambda now, props: now.delete("review_id = 'r-000003'", commit_properties=props),
        )  # fmt: skip
    elif change == "died":  # after the first of its three tables
        shutil.copytree(filled.lake / "curated", filled.lake / "kept")
        more(filled, "two", [f"{SAID} a b c d e f g"], first=3)
        assert filled.run(curate, "--run-id", "r2").code == 0
        shutil.rmtree(filled.lake / "curated")
        (filled.lake / "kept").rename(filled.lake / "curated")
    else:
        assert filled.run(keys, "rotate", "--set", "principal=user:kim").code == 0
    done = filled.run(curate, "--run-id", "r3")
    assert done.code == 0, done.err
    rows = len(filled.rows("training.reviews"))
    assert done.line["rows"]["read"] == rows
    assert len(filled.rows("curated.reviews")) + len(filled.rows("dropped.reviews")) == rows
    assert all(filled.delta(table).version() > version for table, version in before.items())
    if change == "rows":
        assert [row["review_id"] for row in filled.rows("curated.reviews")] == ["r-000001"], "its like stays now"


@pytest.mark.parametrize(
    ("who", "options", "change", "code", "why"),
    [
        ("grace", [], None, 5, "an analyst may not write"),
        ("eve", [], None, 5, "nobody knows her"),
        ("ada", [], None, 5, "reads, and may not write curated tables"),
        ("engineer", ["--purpose", "advertising"], None, 5, "the contract says what for"),
        ("ada", [], ("policy.yaml", "{deny: [email]}", '{deny: [email], mask: {text_content: "null"}}'), 5,
         "of masks nothing can be told"),
        ("engineer", [], ("contracts/reviews.yaml", "property: curate", "property: curated_by_others"), 3,
         "nobody has said what is asked"),
        ("engineer", [], ("contracts/reviews.yaml", "duplicates: {}", "contamination: {file: gone.txt}"), 3,
         "no such file"),
        ("engineer", [], ("contracts/reviews.yaml", "{property: role, value: text}", "{property: role, value: label}"),
         3, "there is no text"),
    ],
)  # fmt: skip
def test_who_may_not_or_asks_for_nothing_is_refused_before_anything_is_touched(place, who, options, change, code, why):
    place.edit("local.yaml", "user:engineer", f"user:{who}")
    if change:
        place.edit(*change)
    refused = place.run(curate, *options)
    assert refused.code == code, (why, refused.err)
    assert not {"curated", "dropped"} & {path.name for path in place.lake.iterdir()}, why
    assert ("masked" in refused.err) == (why == "of masks nothing can be told")


def test_a_dry_run_says_what_it_would_do_and_touches_nothing(place):
    done = place.run(curate, "--dry-run")
    assert done.code == 0
    assert "training.reviews: text_content, review_id, model_version" in done.out
    assert sorted(path.name for path in place.lake.iterdir()) == ["training"]


def test_a_table_that_is_not_there_is_missing_and_one_without_rows_gives_none(place):
    commits.altered(
        Lake(str(place.lake)), "training.reviews", lambda now, props: now.delete(None, commit_properties=props)
    )
    done = place.run(curate)
    assert (done.code, done.line["rows"]) == (0, {"read": 0, "written": 0, "dropped": 0}), done.err
    shutil.rmtree(place.lake / "training")
    assert place.run(curate).code == 7
