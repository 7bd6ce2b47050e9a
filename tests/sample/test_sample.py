import argparse
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from strongroom.core.errors import StoreError, UsageError
from strongroom.core.run import Job, Run
from strongroom.core.settings import Settings
from strongroom.flows import sample
from strongroom.sample.lake import make_sample

ROWS = 2_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    return root, make_sample(str(root), rows=ROWS)


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def lines(root: Path) -> list[str]:
    return [
        line for file in sorted((root / "raw/reviews").glob("*.json")) for line in file.read_text().split("\n")[:-1]
    ]


def reviews(root: Path) -> list[dict]:
    rows = []
    for line in lines(root):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


ADDRESS = re.compile(r"[a-z0-9.]+@example\.(com|org)")
FOUND = {  # an independent reading of each promise: fault → does this row show it?
    "missing_user_id": lambda row: row.get("user_id") is None,
    "missing_email": lambda row: row.get("email") is None,
    "missing_text": lambda row: row.get("text_content") is None,
    "missing_label": lambda row: row.get("label") is None,
    "empty_text": lambda row: row.get("text_content", "x") is not None and not row.get("text_content", "x").strip(),
    "malformed_email": lambda row: row.get("email") is not None and not ADDRESS.fullmatch(row["email"]),
    "impossible_date": lambda row: not is_date(row["training_date"]),
    "unknown_label": lambda row: row.get("label") not in (None, "positive", "negative", "neutral"),
    "rating_out_of_range": lambda row: isinstance(row["rating"], int) and not 1 <= row["rating"] <= 5,
    "rating_as_text": lambda row: not isinstance(row["rating"], int),
    "long_text": lambda row: len(row.get("text_content") or "") == 100_000,
    "non_latin_text": lambda row: bool(re.match(r"[^\x00-ɏ]", row.get("text_content") or "")),
}


def test_each_planted_fault_is_found_as_often_as_it_is_told(lake):
    root, facts = lake
    rows = reviews(root)
    found = {fault: sum(map(shows, rows)) for fault, shows in FOUND.items()}
    found["duplicate_review_id"] = len(rows) - len({row["review_id"] for row in rows})
    found["corrupt_line"] = len(lines(root)) - len(rows)
    assert found == facts["planted"]
    assert min(found.values()) >= 1


def test_a_row_has_one_fault_at_most(lake):
    assert all(sum(shows(row) for shows in FOUND.values()) <= 1 for row in reviews(lake[0]))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(lake, tmp_path):
    make_sample(str(tmp_path / "same"), rows=ROWS)
    make_sample(str(tmp_path / "other"), rows=ROWS, seed=8)
    assert files(tmp_path / "same") == files(lake[0])
    assert files(tmp_path / "other") != files(lake[0])


def test_the_default_sample_has_twenty_thousand_reviews_within_seconds(tmp_path):
    started = time.process_time()
    facts = make_sample(str(tmp_path))
    assert time.process_time() - started < 10
    assert len({row["review_id"] for row in reviews(tmp_path)}) == facts["reviews"] == 20_000
    assert len(list((tmp_path / "raw/reviews").iterdir())) == 4
    texts = Counter(row.get("text_content") for row in reviews(tmp_path))
    assert len(texts) > 15_000  # varied: few texts come twice


def test_words_tell_the_label(lake):
    by_label = {"positive": Counter(), "negative": Counter()}
    for row in reviews(lake[0]):
        if row.get("label") in by_label and row.get("text_content"):
            by_label[row["label"]].update(set(re.findall(r"\w+", row["text_content"].lower())))
    for word, label, other in [("love", "positive", "negative"), ("refund", "negative", "positive")]:
        assert by_label[label][word] > 3 * by_label[other][word]


def test_no_address_number_or_domain_belongs_to_anybody(lake):
    reserved = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]  # RFC 5737
    fiction = re.compile(r"\+1 \d{3} 555 01\d\d|\+44 7700 900\d{3}|\+44 1632 960\d{3}")  # NANPA, Ofcom
    for row in reviews(lake[0]):
        assert any(ipaddress.ip_address(row["device"]["ip"]) in net for net in reserved)
    people = pq.read_table(lake[0] / "raw/customers").to_pylist()
    assert all(fiction.fullmatch(person["phone"]) for person in people)
    everything = "\n".join([*lines(lake[0]), *(f"{person['email']} {person['notes']}" for person in people)])
    assert set(re.findall(r"@+([\w.-]+\.\w{2,})", everything)) == {"example.com", "example.org"}


def test_customers_have_their_types_and_every_review_a_customer(lake):
    root, facts = lake
    people = pq.read_table(root / "raw/customers")
    assert {field.name: str(field.type) for field in people.schema} == {
        "user_id": "int64", "name": "string", "email": "string", "phone": "string", "birth_date": "date32[day]",
        "postcode": "string", "country": "string", "income": "double", "balance": "decimal128(12, 2)",
        "consent": "bool", "notes": "string",
    }  # fmt: skip
    known = set(people["user_id"].to_pylist())
    assert known == set(range(1, facts["customers"] + 1))
    assert {row["user_id"] for row in reviews(root) if row.get("user_id") is not None} <= known
    rows = people.to_pylist()
    assert sum(row["email"] is None for row in rows) == facts["planted_customers"]["missing_email"]
    assert sum(row["notes"] == "" for row in rows) == facts["planted_customers"]["empty_notes"]
    assert sum(row["income"] is None for row in rows) == facts["planted_customers"]["missing_income"]
    wrong = [row for row in rows if row["email"] is not None and not ADDRESS.fullmatch(row["email"])]
    assert len(wrong) == facts["planted_customers"]["malformed_email"]
    assert 0.5 < sum(row["name"].split()[0] in row["notes"] for row in rows) / len(rows) < 0.95  # notes name people


def test_a_second_run_touches_nothing(lake):
    root = lake[0]
    before = {file: file.stat().st_mtime_ns for file in (root / "raw").rglob("*")}
    assert make_sample(str(root), rows=ROWS) == {}
    assert {file: file.stat().st_mtime_ns for file in (root / "raw").rglob("*")} == before


def test_what_a_killed_run_left_is_swept_and_other_raw_data_stays(lake, tmp_path):
    (tmp_path / ".sample-left/raw/reviews").mkdir(parents=True)
    (tmp_path / "raw/others").mkdir(parents=True)
    make_sample(str(tmp_path), rows=ROWS)
    assert files(tmp_path) == files(lake[0])
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_dir()) == [
        "customers",
        "others",
        "raw",
        "reviews",
    ]


def test_a_run_killed_half_way_leaves_no_raw_folder(tmp_path):
    code = f"from strongroom.sample.lake import make_sample; make_sample({str(tmp_path)!r})"
    environment = os.environ | {"PYTHONPATH": "lib"}
    child = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=Path(__file__).parents[2])
    while not list(tmp_path.glob(".sample-*/raw/customers")) and child.poll() is None:
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("name", ["reviews", "customers"])
def test_data_of_somebody_else_is_never_touched_nor_mixed_with_ours(tmp_path, name):
    mine = tmp_path / "raw" / name / "mine.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}\n")
    assert make_sample(str(tmp_path), rows=ROWS) == {}
    assert files(tmp_path) == {f"raw/{name}/mine.json": b"{}\n"}


def test_a_disk_that_refuses_is_an_error_of_the_target(tmp_path):
    (tmp_path / "lake").write_text("a file, not a folder")
    with pytest.raises(StoreError, match="lake"):
        make_sample(str(tmp_path / "lake"), rows=ROWS)


@pytest.mark.parametrize(
    ("lake", "rows", "why"),
    [
        ("s3://bucket/lake", 1_000, "a bucket is not a local disk"),
        ("lake", 99, "every fault needs a row of its own"),
    ],
)
def test_what_cannot_be_made_is_refused(lake, rows, why):
    with pytest.raises(UsageError):
        make_sample(lake, rows=rows)


def run_flow(root, *options):
    settings = Settings(file="", lake=f"{root}/", keys="", keyring="", policy="", contracts="")
    run = Run("1", "sample", "user:ada", "", datetime(2026, 1, 1, tzinfo=UTC))
    parser = argparse.ArgumentParser()
    parser.add_argument("--dry-run", action="store_true")
    sample.arguments(parser)
    args = parser.parse_args(["--rows", "500", *options])
    return sample.run(
        Job(run=run, settings=settings, args=args, spark=lambda: pytest.fail("no Java"), say=lambda _: None)
    )


def test_the_flow_tells_where_and_what(tmp_path):
    tables = {f"raw.{name}": f"{tmp_path}/lake/raw/{name}" for name in ("customers", "reviews")}
    dry = run_flow(tmp_path / "lake", "--dry-run")
    assert dry.tables == tables
    assert not (tmp_path / "lake").exists()
    made = run_flow(tmp_path / "lake")
    assert made.tables == tables
    assert made.rows == {"read": 0, "written": len(lines(tmp_path / "lake")) + 50, "quarantined": 0}
    assert "corrupt line" in made.summary
    again = run_flow(tmp_path / "lake")
    assert again.rows == {"read": 0, "written": 0, "quarantined": 0}
    assert "already" in again.summary
