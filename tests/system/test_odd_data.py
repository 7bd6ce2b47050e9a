"""Odd data ends in quarantine with its reasons, or stops the run with one clear message; then the next run is good."""

import gzip
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare
from strongroom.flows.row_pass import shape_check
from support.lakes import install
from system.contents import quarantined, training, unknown_files
from system.processes import run

OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
SECRET = "Quibblemarker"
ROW = {
    "review_id": "r-900001", "user_id": 7, "email": f"{SECRET}@marker.example", "rating": 4, "text_content": "Fine.",
    "label": "positive", "model_version": "v1.0", "training_date": "2025-01-02", "created_at": "2025-01-02T00:00:00Z",
    "device": {"ip": "203.0.113.9", "app": "web"}, "tags": ["a"],
}  # fmt: skip


def row(**changed):
    return json.dumps(ROW | changed).encode()


LINES = [
    # each with what it breaks; nothing means that it is good
    ("NUL as an escape", row(text_content="a\0b"), [], "it is a character like any other"),
    ("NUL as a byte", row(text_content="a~b").replace(b"~", b"\0"), ["row.parse"], "JSON has no such character"),
    ("invalid UTF-8", row(text_content="a~b").replace(b"~", b"\xff"), ["row.parse"], "no text in any encoding"),
    ("half a pair", row(text_content="~").replace(b"~", b"\\ud800"), ["row.parse"], "half a pair is no character"),
    ("beyond 64 bits", row(user_id=1 << 70), ["user_id.type"], "it must not wrap around"),
    ("far beyond", row(user_id=int("9" * 400)), ["user_id.type"], "nor overflow anything"),
    ("infinite", row(rating=1).replace(b'"rating": 1', b'"rating": 1e999'), ["rating.type"], "no integer"),
    ("a fraction", row(rating=4.5), ["rating.type"], "it must not be cut off"),
    ("beyond 8 bits", row(rating=260), ["rating.type"], "tinyint ends at 127"),
    ("year 0", row(training_date="0000-01-01"), ["training_date.type"], "there was none"),
    ("year 10000", row(training_date="10000-01-01"), ["training_date.type"], "dates end with 9999"),
    ("the last day", row(training_date="9999-12-31"), ["training_date.maximum"], "a date, though not a plausible one"),
    ("30 February", row(training_date="2025-02-30"), ["training_date.type"], "it must not become 2 March"),
    ("year 0 of an instant", row(created_at="0000-01-01T00:00:00Z"), ["created_at.type"], "likewise"),
    ("year 10000 of an instant", row(created_at="10000-01-01T00:00:00Z"), ["created_at.type"], "likewise"),
    ("a word for a number", row(user_id="seven"), ["user_id.type"], "the column changes its type"),
    ("an object for a number", row(rating={"a": 1}), ["rating.type"], "likewise"),
    ("a number for an object", row(device=5), None, "likewise; how it is told is the reader's"),
    ("a text for an array", row(tags="a"), None, "likewise"),
    ("null for a required one", row(user_id=None), ["user_id.required"], "nothing is not a value"),
    ("a torn line", row()[:70], ["row.parse"], "a writer was killed"),
    ("a number alone", b"42", None, "no row"),
    ("an empty list", b"[]", ["row.parse"], "a list is no row"),
    ("an empty object", b"{}", None, "a row without anything"),
    ("braces in a text", row(text_content="a}{b} {c"), [], "what looks like two rows is one"),
    ("a very long text", row(text_content="x" * 2_000_000), ["text_content.maxLength"], "two megabytes"),
    ("very deep", row(text_content="~").replace(b'"~"', b"[" * 1500 + b"]" * 1500), None, "deeper than parsers go"),
    ("two rows on a line", row() + b" " + row(user_id=8), ["row.parse"], "nobody knows which is meant"),
    ("words between two", row() + b' "words" ' + row(user_id=8), ["row.parse"], "and the line ends as a row does"),
    ("words behind a row", row() + b"words", ["row.parse"], "a row is all of its line"),
    ("a line of Windows", row() + b"\r", [], "a carriage return is white space"),
    ("nothing but blanks", row(text_content=" \t\n "), ["text_content.pattern"], "no text"),
]  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """An installation with one good run, and what its tables hold then."""
    place = install(tmp_path_factory.mktemp("odd") / "a", None, sample=100)
    place.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    place.edit("contracts/reviews.yaml", "raw/reviews/*.json", "raw/reviews/*")
    return place, {name: state(place, name) for name in ("reviews", "customers")}


@pytest.fixture
def place(good, capsys):
    """The installation, which must be as good after a test as it was before."""
    found, before = good
    files = set((found.lake / "raw").rglob("*"))
    yield type(found)(found.root, capsys)
    for file in sorted(set((found.lake / "raw").rglob("*")) - files, reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert {name: state(found, name) for name in before} == before, "the next good run"


def state(place, name):
    from strongroom import run_job

    assert run_job.run(prepare, ["--config", str(place.settings), "--contract", name, *OPEN_GATE]) == 0
    assert not any(unknown_files(place, f"{zone}.{name}") for zone in ("training", "quarantine"))
    return training(place, name), quarantined(place, name)


@pytest.mark.parametrize("engine", ["local", pytest.param("spark", marks=pytest.mark.spark)])
def test_each_odd_line_goes_where_it_belongs_with_its_reason(place, engine, request):
    """All in one run, a file each, so that the file's name tells which line a row came from."""
    for number, (_, line, *_) in enumerate(LINES):
        text = line.replace(b"r-900001", f"r-9{number:05d}".encode())
        (place.lake / f"raw/reviews/odd-{number:03d}.json").write_bytes(text + b"\n")
    if engine == "spark":
        request.getfixturevalue("spark")
    done = place.run(prepare, *OPEN_GATE, "--set", f"prepare.engine={engine}")
    assert done.code == 0, done.err
    aside = {}
    for line in quarantined(place, "reviews"):
        reasons, file, _ = json.loads(line)
        aside[file] = reasons
    kept = {json.loads(line)["review_id"] for line in training(place, "reviews")}
    found = {}
    for number, (name, _, wanted, _) in enumerate(LINES):
        reasons = aside.get(f"odd-{number:03d}.json", [] if f"r-9{number:05d}" in kept else "nowhere")
        found[name] = wanted if wanted is None and reasons not in ([], "nowhere") else reasons
    assert found == {name: wanted for name, _, wanted, _ in LINES}
    assert SECRET not in done.out + done.err


def put(name, data):
    def spoil(place):
        (place.lake / "raw" / name).write_bytes(data)

    return spoil


def pages(place):
    """A Parquet file of customers with a sound footer and torn pages."""
    table = pq.read_table(place.lake / "raw/customers/part-0000.parquet")
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="none", use_dictionary=False)
    data = bytearray(out.getvalue().to_pybytes())
    data[4:400] = os.urandom(396)
    (place.lake / "raw/customers/torn.parquet").write_bytes(bytes(data))


def cut(place):
    """A Parquet file of which the end, and so the footer, is missing."""
    data = (place.lake / "raw/customers/part-0000.parquet").read_bytes()
    (place.lake / "raw/customers/cut.parquet").write_bytes(data[: len(data) // 2])


HALF = gzip.compress(row())[:50]
STOPS = [
    ("torn pages", pages, ("--contract", "customers"), 7, ["torn.parquet"], "the footer is sound, the pages are not"),
    ("a cut Parquet file", cut, ("--contract", "customers"), 7, ["cut.parquet"], "its footer is missing"),
    ("packed, but not", put("reviews/odd.json.gz", SECRET.encode() * 9), (), 7, ["odd.json.gz"], "its name says gzip"),
    ("packed and cut", put("reviews/odd.json.gz", HALF), (), 7, ["odd.json.gz"], "the other half is missing"),
    ("unknown field", put("reviews/odd.json", row(shoe=SECRET)), (), 3, ["'shoe'"], "nobody said how to protect it"),
    ("a value as a name", put("reviews/odd.json", row(**{f"{SECRET} 1": 1})), (), 3, ["plain word"], "a map of people"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "options", "code", "said", "why"), STOPS, ids=[case[0] for case in STOPS])
def test_what_cannot_be_read_stops_the_run_with_one_clear_message(place, name, spoil, options, code, said, why):
    spoil(place)
    stopped(place, place.run(prepare, *OPEN_GATE, *options), code, said)


def stopped(place, done, code, said):
    assert done.code == code, done.err
    for words in said:
        assert words in done.err, done.err
    for never in ("Traceback", SECRET, "bug in Strongroom"):
        assert never not in done.out + done.err, done.err
    assert place.audit()[-1].outcome == "failed"
    assert SECRET not in (place.root / "audit/entries.jsonl").read_text()


def test_a_file_that_vanishes_during_the_run_stops_it(place, monkeypatch):
    file = place.lake / "raw/reviews/odd.json"
    file.write_bytes(row())
    look = shape_check.look

    def vanishing(source, files, contract, **more):
        found = look(source, files, contract, **more)
        file.unlink()
        return found

    monkeypatch.setattr(shape_check, "look", vanishing)
    stopped(place, place.run(prepare, *OPEN_GATE), 7, ["odd.json"])


def test_a_folder_in_a_file_s_place_is_its_files_and_an_empty_one_is_none(place):
    """As Spark writes `part-0009.parquet/part-….parquet`: nothing of it is passed over in silence."""
    folder = place.lake / "raw/customers/part-0009.parquet"
    folder.mkdir()
    assert place.run(prepare, "--contract", "customers", *OPEN_GATE).line["rows"]["read"] == 10
    table = pq.read_table(place.lake / "raw/customers/part-0000.parquet")
    pq.write_table(table.slice(0, 3), folder / "part-0000.parquet")
    assert place.run(prepare, "--contract", "customers", *OPEN_GATE).line["rows"]["read"] == 13


def test_an_empty_file_among_others_is_no_matter_and_nothing_else_closes_the_gate(place):
    (place.lake / "raw/reviews/odd.json").write_bytes(b"")
    assert place.run(prepare, *OPEN_GATE).code == 0
    place.edit("contracts/reviews.yaml", "raw/reviews/*", "raw/reviews/odd*")
    version = place.delta("training.reviews").version()
    try:
        closed = place.run(prepare, *OPEN_GATE)
    finally:
        place.edit("contracts/reviews.yaml", "raw/reviews/odd*", "raw/reviews/*")
    assert closed.code == 6
    assert "rowCount is 0" in closed.err
    assert place.delta("training.reviews").version() == version


@pytest.mark.slow
@pytest.mark.spark
def test_a_line_of_100_megabytes_goes_to_quarantine_in_the_memory_there_is(tmp_path):
    place = install(tmp_path / "a", None, sample=100, engine="spark")
    (place.lake / "raw/reviews/odd.json").write_bytes(row(text_content="x" * 100_000_000) + b"\n")
    enough = run(place, "prepare", *OPEN_GATE)
    assert enough.code == 0, enough.err
    reasons = {row["source_file"].rpartition("/")[2]: row["reasons"] for row in place.rows("quarantine.reviews")}
    assert reasons["odd.json"] == ["text_content.maxLength"], "a text like any other, and too long"
    (place.lake / "raw/reviews/odd.json").unlink()
    after = run(place, "prepare", *OPEN_GATE)
    assert (after.code, after.line["rows"]) == (0, {**enough.line["rows"], "read": enough.line["rows"]["read"] - 1,
                                                    "quarantined": enough.line["rows"]["quarantined"] - 1})  # fmt: skip
