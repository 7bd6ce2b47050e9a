"""People go out of every table that was made of them, and stay out; what a request knew of them is gone then, too."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom.audit.signing_keys import former_keys
from strongroom.core.contract.file import load_contract
from strongroom.core.contract.subject import people_of
from strongroom.core.erasure import due
from strongroom.core.errors import StoreError
from strongroom.core.settings.file import load_settings
from strongroom.flows import audit, check, erase, prepare, quarantine
from strongroom.flows.erase import running
from strongroom.flows.foundation.erased import refuse_behind
from strongroom.proof.certificate import verify
from strongroom.stores.erasures import Erasures
from support.erasing import PIA, POLICY, erased, files_with, raw_rows, request, tag_of
from support.lakes import install

TRAINING, ASIDE = "training.reviews", "quarantine.reviews"


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=300)
    (made.root / "policy.yaml").write_text(POLICY)
    assert made.run(prepare).code == 0
    return made


def settings_of(place):
    return load_settings(str(place.settings), ())


def contract_of(place):
    return load_contract(str(place.root / "contracts/reviews.yaml"))


def people(place):
    """User → rows in raw files."""
    found = {}
    for row in raw_rows(place):
        found.setdefault(row["user_id"], []).append(row)
    return found


def whose(place):
    """User → rows in training, by their tags."""
    tags = [row["_subject"] for row in place.rows(TRAINING)]
    return {user: tags.count(tag_of(place, user)) for user in people(place)}


def add_raw(place, *lines, name="more.json"):
    (place.lake / "raw/reviews" / name).write_text("\n".join(lines) + "\n")


def bad_row(user, **more):
    """A row of somebody that breaks a rule: there is no rating of 9."""
    row = {"review_id": "r-9000001", "user_id": user, "email": "olga.petrova@example.org", "text_content": "fine",
           "rating": 9, "label": "positive", "model_version": "v1.0", "training_date": "2026-01-02",
           "created_at": "2026-01-02T03:04:05Z"}  # fmt: skip
    return json.dumps({**row, **more})


def test_rows_leave_training_and_come_back_by_no_file(place):
    before = whose(place)
    user = max(before, key=before.get)
    assert before[user] > 0
    done = erased(place, user)
    assert done.line["answer"]["state"] == "proven"
    assert whose(place) == {**before, user: 0}
    again = place.run(prepare)
    assert again.code == 0
    assert whose(place) == {**before, user: 0}
    assert again.line["answer"]["left_out"] == {"person.erased": len(people(place)[user])}


def test_a_row_set_aside_goes_by_its_tag_and_a_torn_one_by_what_the_request_knows(place):
    add_raw(place, bad_row(777), bad_row(778, review_id="r-9000002"), '{"review_id": "r-9000003", "olga@example.org')
    assert place.run(prepare).code == 0
    rows = len(place.rows(ASIDE))
    tags = [row["_whose"] for row in place.rows(ASIDE)]
    assert len({*tags}) > 2
    assert tag_of(place, 777) not in tags
    done = erased(place, {"user_id": "777", "email": "olga@example.org"}, prove=False)
    told = {each["place"]: each for each in done.line["answer"]["places"]}
    assert told[ASIDE]["rows"] == 2
    assert len(place.rows(ASIDE)) == rows - 2
    shown = place.run(quarantine, "show", "--limit", "1000", "--contract", "reviews")
    assert shown.code == 0
    assert "olga@example.org" not in shown.out
    assert "r-9000002" in shown.out


def test_a_proof_forgets_the_people_and_leaves_a_certificate_that_verifies(place):
    user = max(people(place))
    email = people(place)[user][0]["email"]
    request(place, {"user_id": user, "email": email, "name": "Olga Petrova Canary"})
    folder = place.root / "keys/erasures"
    assert files_with(place.root, "Olga Petrova Canary", email, without=("raw",)) == []
    place.run(erase, "approve", "erase-r-1", *PIA)
    assert place.run(erase, "run").code == 0
    sealed = (folder / "erase-r-1.sealed").read_bytes()
    key = (folder / "erase-r-1.key").read_bytes()
    done = place.run(erase, "prove", "erase-r-1")
    assert done.code == 0, done.err
    assert done.line["answer"]["hits"] == 0
    assert done.line["answer"]["files"] > 10
    assert sorted(path.name for path in folder.glob("erase-r-1.*")) == [
        f"erase-r-1.{end}" for end in ("cert", "json", "tags")
    ]
    for path in (path for path in place.root.rglob("*") if path.is_file()):
        assert not any(secret in path.read_bytes() for secret in (sealed, key)), path
    text = (folder / "erase-r-1.cert").read_text()
    verdict = verify(text, former_keys(settings_of(place)))
    assert verdict.state == "ok"
    assert verdict.statement["subject_request_id"] == "erase-r-1"
    assert place.run(audit, "verify").code == 0
    events = [event for event in place.audit() if event.action == "erase" and event.outcome == "done"]
    assert {event.table for event in events} >= {TRAINING, ASIDE}
    log = (place.root / "audit/entries.jsonl").read_bytes()
    for secret in (email.encode(), b"Olga", tag_of(place, user).hex().encode()):
        assert secret not in log


def test_who_took_a_request_does_not_approve_it_and_nothing_runs_before(place):
    user = max(people(place))
    request(place, user)
    (place.root / "policy.yaml").write_text(POLICY.replace("members: [user:pia]", "members: [user:pia, user:engineer]"))
    mine = place.run(erase, "approve", "erase-r-1")
    assert (mine.code, mine.line["problems"][0]["code"]) == (5, "erasure.own")
    before = place.delta(TRAINING).version()
    assert place.run(erase, "run").code == 0
    assert place.delta(TRAINING).version() == before
    early = place.run(erase, "prove", "erase-r-1")
    assert (early.code, early.line["problems"][0]["code"]) == (2, "erasure.state")


def test_from_the_request_on_nobody_comes_back_until_it_is_withdrawn(place):
    before = whose(place)
    user = max(before, key=before.get)
    request(place, user)
    place.run(prepare)
    assert whose(place) == {**before, user: 0}
    assert place.run(erase, "withdraw", "erase-r-1").code == 0
    place.run(prepare)
    assert whose(place) == before
    assert list((place.root / "keys/erasures").glob("erase-*")) == []


def test_a_plan_names_every_place_what_stays_and_changes_nothing(place):
    user = max(people(place))
    request(place, user)
    before = {table: place.delta(table).version() for table in (TRAINING, ASIDE)}
    done = place.run(erase, "plan", "erase-r-1")
    answer = done.line["answer"]
    told = {each["place"]: each for each in answer["places"]}
    assert told[TRAINING]["rows"] == whose(place)[user]
    assert told[TRAINING]["todo"] == "rewrite"
    assert told["raw.reviews"] | {"rows": 0, "files": 0, "bytes": 0} == {
        "place": "raw.reviews", "kind": "raw", "rows": 0, "files": 0, "bytes": 0, "todo": "report",
    }  # fmt: skip
    assert "strongroom.metrics" in {each["place"] for each in answer["stays"]}
    assert [each["place"] for each in answer["unreached"]] == [ASIDE]  # lines that are none, and a short number only
    assert {table: place.delta(table).version() for table in before} == before


def test_what_the_law_keeps_stays_and_is_named(place):
    user = max(people(place))
    rows = whose(place)[user]
    denied = "denies:\n  - {role: '*', actions: [erase], tables: [training.*], reason: kept ten years}\n"
    (place.root / "policy.yaml").write_text(POLICY + denied)
    done = erased(place, user, prove=False)
    assert done.code == 0
    assert whose(place)[user] == rows
    kept = place.run(erase, "list").line["answer"]["requests"][0]["kept"]
    assert list(kept) == [TRAINING]
    assert kept[TRAINING].startswith("kept ten years (")


def test_older_versions_go_from_the_disk_and_stages_of_a_run_at_work_stay(place):
    place.run(prepare)
    user = max(people(place))
    folder = place.lake / "training/reviews"
    old = {path for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts}
    flying = folder / "_stage-000099-other" / "part.parquet"
    flying.parent.mkdir()
    shutil.copy(next(iter(old)), flying)
    done = erased(place, user, prove=False)
    left = {path for path in folder.rglob("*") if path.is_file() and "_delta_log" not in path.parts}
    named = {folder / path for path in place.delta(TRAINING).to_pyarrow_dataset().files}
    assert {str(path) for path in left} == {str(path) for path in named} | {str(flying)}
    assert done.line["answer"]["in_flight"] == [f"{TRAINING}/_stage-000099-other"]


class Killed(BaseException):
    pass


def test_killed_at_any_step_and_run_again_it_ends_the_same(place, monkeypatch, tmp_path, capsys):
    user = max(people(place))
    request(place, user)
    place.run(erase, "approve", "erase-r-1", *PIA)
    shutil.copytree(place.root, tmp_path / "before", copy_function=shutil.copy)
    steps = []
    monkeypatch.setattr(running, "step", steps.append)
    assert place.run(erase, "run").code == 0
    wanted = rows_of(place)
    assert len(steps) > 8
    for number, name in enumerate(steps):
        shutil.rmtree(place.root)
        shutil.copytree(tmp_path / "before", place.root, copy_function=shutil.copy)
        left = iter(range(number))

        def step(_, left=left):
            if next(left, None) is None:
                raise Killed

        monkeypatch.setattr(running, "step", step)
        with pytest.raises(Killed):
            place.run(erase, "run")
        monkeypatch.setattr(running, "step", lambda _: None)
        assert Erasures.of(settings_of(place)).all()[0].state in ("approved", "running"), name
        assert place.run(erase, "run").code == 0, name
        assert rows_of(place) == wanted, name
        assert place.run(erase, "prove", "erase-r-1").code == 0, name


def rows_of(place):
    return [sorted(map(str, place.rows(table))) for table in (TRAINING, ASIDE)]


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_run_that_read_the_person_before_does_not_bring_him_back(place, monkeypatch, mode):
    before = whose(place)
    user = max(before, key=before.get)
    add_raw(
        place,
        bad_row(user),
        bad_row(user, rating=3, review_id="r-9000008"),
        bad_row(1, rating=3, review_id="r-9000009"),
    )
    judge, done = prepare.judge_set, []

    def while_it_judges(*args, **kwargs):
        done.append(erased(place, user, prove=False))
        return judge(*args, **kwargs)

    monkeypatch.setattr(prepare, "judge_set", while_it_judges)
    again = place.run(prepare, "--set", f"prepare.mode={mode}", "--set", "prepare.quarantine_limit=0.9")
    assert (again.code, done[0].code) == (0, 0), again.err
    now = whose(place)
    assert (now[user], now[1]) == (0, before.get(1, 0) + 1)
    shown = place.run(quarantine, "show", "--limit", "1000", "--contract", "reviews")
    rows = [json.loads(line).get("row") for line in shown.out.splitlines() if line.startswith('{"reasons"')]
    assert rows
    assert user not in [row.get("user_id") for row in rows if isinstance(row, dict)]
    assert place.run(check, "--lake").code == 0
    assert place.run(erase, "prove", "erase-r-1").code == 0


def test_a_lake_put_back_from_before_has_it_done_again_before_anybody_reads(place, tmp_path):
    before = whose(place)
    user = max(before, key=before.get)
    shutil.copytree(place.lake, tmp_path / "copy")
    erased(place, user)
    shutil.rmtree(place.lake)
    shutil.copytree(tmp_path / "copy", place.lake)
    assert whose(place)[user] == before[user]
    settings, within = settings_of(place), people_of(contract_of(place))
    with pytest.raises(StoreError) as fault:
        refuse_behind(settings, TRAINING, place.delta(TRAINING))
    assert fault.value.code == "erasure.behind"
    assert place.run(quarantine, "show", "--contract", "reviews").line["problems"][0]["code"] == "erasure.behind"
    done = place.run(erase, "run")
    assert done.code == 0
    assert done.line["answer"]["again"] == 1
    assert whose(place) == {**before, user: 0}
    refuse_behind(settings, TRAINING, place.delta(TRAINING))
    refuse_behind(settings, ASIDE, place.delta(ASIDE), within)


@pytest.mark.parametrize(
    ("received", "months", "day"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_the_last_day_is_a_month_on_or_that_months_last(received, months, day):
    from datetime import datetime

    assert due(datetime.fromisoformat(received), months=months).isoformat() == day


def test_what_the_log_names_goes_and_the_log_stays(place):
    """A DELETE by others puts its condition into the log, and a table without our property minima and maxima."""
    table, email = str(place.lake / TRAINING.replace(".", "/")), "olga.canary@example.org"
    rows = place.delta(TRAINING).to_pyarrow_table().slice(0, 2)
    place_of_text = rows.schema.get_field_index("text_content")
    rows = rows.set_column(place_of_text, "text_content", pa.array([email, email]))
    place.delta(TRAINING).alter.set_table_properties({"delta.dataSkippingStatsColumns": "`text_content`"})
    write_deltalake(table, rows, mode="append")
    place.delta(TRAINING).create_checkpoint()
    place.delta(TRAINING).delete(f"text_content = '{email}'")
    folder = place.lake / "training/reviews/_delta_log"
    (folder / ".00000000000000000003.json.crc").write_bytes(b"crc\0" + email.encode())
    assert len(files_with(folder, email)) > 1
    before, versions = whose(place), place.delta(TRAINING).version()
    user = max(before, key=before.get)
    done = erased(place, {"user_id": user, "email": email})
    assert done.code == 0, done.err
    assert files_with(folder, email) == []
    assert whose(place) == {**before, user: 0}
    history = place.delta(TRAINING).history()
    assert len(history) == versions + 2
    assert place.run(prepare, "--set", "prepare.mode=append").code == 0


def test_ten_thousand_open_requests_are_listed_in_a_second(place):
    request(place, max(people(place)))
    store = Erasures.of(settings_of(place))
    one = store.all()[0]
    for number in range(10_000):
        (store.folder / f"e-{number}.json").write_text(replace(one, id=f"e-{number}").to_json())
    start = time.process_time()
    assert len(store.all()) == 10_001
    assert time.process_time() - start < 1
    done = place.run(erase, "list")
    assert done.line["answer"]["open"] == 10_001


@pytest.mark.slow
def test_killed_at_random_moments_and_run_again_it_ends_the_same(place, tmp_path):
    user = max(people(place))
    place.edit("local.yaml", "prepare:", "erase: {raw: rewrite}\nprepare:")
    request(place, user)
    place.run(erase, "approve", "erase-r-1", *PIA)
    shutil.copytree(place.root, tmp_path / "before", copy_function=shutil.copy2)
    code = "import sys; from strongroom import run_job; from strongroom.flows import erase; "
    code += "sys.exit(run_job.run(erase, sys.argv[1:]))"
    command = [sys.executable, "-c", code, "--config", str(place.settings), "run"]
    state = place.root / "keys/erasures/erase-r-1.json"

    def begun():
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while b'"running"' not in state.read_bytes():
            time.sleep(0.005)
        return child

    child, start = begun(), time.monotonic()
    assert child.wait() == 0
    took, wanted, raw, killed = time.monotonic() - start, rows_of(place), raw_text(place), 0
    for _ in range(20):
        shutil.rmtree(place.root)
        shutil.copytree(tmp_path / "before", place.root, copy_function=shutil.copy2)
        child = begun()
        time.sleep(random.uniform(0, took))
        child.kill()
        killed += child.wait() == -signal.SIGKILL
        assert place.run(erase, "run").code == 0
        assert (rows_of(place), raw_text(place)) == (wanted, raw)
        assert place.run(erase, "prove", "erase-r-1").code == 0
        assert place.run(audit, "verify").code == 0
    assert killed > 10


def raw_text(place):
    return {path.name: path.read_text() for path in (place.lake / "raw/reviews").glob("*.json")}


def test_all_that_a_request_tells_of_one_person_is_looked_for(place):
    user, mails = next(iter(people(place))), ("ida.first@left.example", "ida.second@left.example")
    done = erased(place, *({"user_id": user, "email": mail} for mail in mails), prove=False)
    assert (done.code, Erasures.of(settings_of(place)).get("erase-r-1").people) == (0, 1)
    (place.lake / "raw/notes.txt").write_text(mails[0])
    left = place.run(erase, "prove", "erase-r-1")
    assert [each["file"] for each in left.line["answer"]["places"]] == [str(place.lake / "raw/notes.txt")]
    (place.lake / "raw/notes.txt").write_text(mails[1])
    assert place.run(erase, "prove", "erase-r-1").line["answer"]["hits"] == 1


@pytest.mark.parametrize(
    "known",
    [
        '"email": ["a@left.example", "b@left.example"]',
        '"email": {"work": "a@left.example"}',
        '"email": "a@left.example", "email": "b@left.example"',
        '"email": true',
        '"email": ' + "[" * 100_000,
    ],
)
def test_what_cannot_be_looked_for_is_refused(place, known):
    done = request(place, f'{{"user_id": 1080, {known}}}')
    assert done.code == 2
    assert not Erasures.of(settings_of(place)).names()
    assert "left.example" not in done.out + done.err
