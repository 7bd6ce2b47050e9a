"""`prepare --all`: a run for each contract, whatever becomes of the others, and one answer for all."""

import json

import pytest

from strongroom.core.errors import (
    ConfigError,
    EnvironmentFault,
    GateClosed,
    Problem,
    Refused,
    StoreError,
    Terminated,
)  # fmt: skip
from strongroom.core.run import Outcome
from strongroom.flows import prepare
from strongroom.run_all import run_all
from support.lakes import ROOT, install

VISITS = ROOT / "tests/contracts/visits.yaml"


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path / "a b", capsys, sample=500)


def runs(done):
    return {run["contract"]: run["document"] for run in done.line["answer"]["runs"]}


def figures(place):
    found = {}
    for file in (place.lake / "reports/prometheus").glob("attempt.*.prom"):
        found |= {
            line.split("contract=")[1].split('"')[1]: float(line.split()[-1])
            for line in file.read_text().splitlines()
            if line.startswith("strongroom_attempt_exit_code")
        }
    return found


def test_every_contract_is_run_and_each_leaves_what_a_run_of_its_own_leaves(place):
    done = place.run(prepare, "--all", "--run-id", "night")
    assert done.code == 0, done.err
    assert list(runs(done)) == ["customers", "reviews"]
    assert {(row["run_id"], row["dataset"], row["status"]) for row in place.rows("strongroom.runs")} == {
        ("night", "customers", "done"), ("night", "reviews", "done"),
    }  # fmt: skip
    for name, document in runs(done).items():
        assert document["report"].endswith(f"reports/training.{name}/night.html")
        assert len(place.rows(f"training.{name}")) == document["rows"]["written"]
    assert done.line["rows"]["written"] == sum(document["rows"]["written"] for document in runs(done).values())
    assert figures(place) == {"customers": 0, "reviews": 0}
    events = [(event.outcome, event.facts.get("dataset")) for event in place.audit() if event.action == "run"]
    assert events == [("started", "customers"), ("done", None), ("started", "reviews"), ("done", None)]
    lines = [line.split() for line in done.out.split("\n{")[0].splitlines() if line.startswith("  ")]
    assert [line[:2] for line in lines] == [["customers", "done"], ["reviews", "done"]]
    for run in done.line["answer"]["runs"]:
        table = f"training.{run['contract']}"
        assert (run["table"], run["status"], run["exit_code"]) == (table, "done", 0)
        assert run["versions"][table] == place.delta(table).version()
    again = place.run(prepare, "--all", "--run-id", "night")
    assert again.line["rows"]["written"] == 0, "the same id again is the same runs"


def test_a_failure_stops_no_other_and_the_gravest_code_is_the_answer(place):
    (place.root / "contracts/broken.yaml").write_text("kind: DataContract\napiVersion: v3.1.0\n")
    visits = VISITS.read_text()
    (place.root / "contracts/visits.yaml").write_text(visits)  # it has no raw files
    place.edit("contracts/customers.yaml", "value: [model_training]", "value: [billing]")
    done = place.run(prepare, "--all", "--purpose", "model_training")
    assert {name: document["exit_code"] for name, document in runs(done).items()} == {
        "broken": 3, "customers": 5, "reviews": 0, "visits": 7,
    }  # fmt: skip
    assert (done.code, done.line["status"], done.line["exit_code"]) == (3, "ConfigError", 3)
    assert runs(done)["customers"]["status"] == "Refused"
    assert [problem["code"] for problem in runs(done)["customers"]["problems"]] == ["policy.purpose"]
    assert "strongroom prepare --contract broken: configuration, contract or policy (exit 3)" in done.err
    assert figures(place) == {"broken": 3, "customers": 5, "reviews": 0, "visits": 7}
    assert [row["dataset"] for row in place.rows("strongroom.runs") if row["status"] == "done"] == ["reviews"]


def test_a_dry_run_touches_nothing(place):
    before = sorted(place.root.rglob("*"))
    done = place.run(prepare, "--all", "--dry-run")
    assert done.code == 0, done.err
    assert [run["would_read"][0]["files"] > 0 for run in (each["answer"] for each in runs(done).values())] == [True] * 2
    told = done.line["answer"]["runs"]
    assert all(run["would_read"] == run["document"]["answer"]["would_read"] for run in told)
    lines = [line.split() for line in done.out.split("\n{")[0].splitlines() if line.startswith("  ")]
    assert [line[:5] for line in lines] == [
        [name, "would", "run", "would", "read"] for name in ("customers", "reviews")
    ]
    assert "2 of 2 contracts would be prepared" in done.out
    assert " done" not in done.out.split("\n{")[0]
    assert sorted(place.root.rglob("*")) == before


def test_no_server_is_named_for_all_of_them(place):
    done = place.run(prepare, "--all", "--server", "raw", "--dry-run")
    assert (done.code, done.line["problems"][0]["code"]) == (2, "usage.unused")


def test_contracts_that_refer_to_each_other_are_told(place):
    (place.root / "contracts/visits.yaml").write_text(VISITS.read_text())
    place.edit(
        "contracts/customers.yaml", "        primaryKey: true # required and unique\n",
        "        primaryKey: true # required and unique\n        relationships: [{to: visits.user_id}]\n",
    )  # fmt: skip
    done = place.run(prepare, "--all", "--dry-run")
    assert done.line["answer"]["circles"] == [["customers", "visits"]]
    assert "customers → visits → customers" in done.err


ERRORS = {
    1: ValueError("ada@example.com"),
    3: ConfigError([Problem("odd"), Problem("again")]), 4: EnvironmentFault("no Java"),
    5: Refused("no"), 6: GateClosed("shut"), 7: StoreError("gone"),
}  # fmt: skip


@pytest.mark.parametrize("codes", [(0, 0), (0, 6), (6, 5, 0), (5, 7, 6), (7, 3), (3, 0, 4), (4, 1, 3)])
def test_the_gravest_is_a_bug_then_what_all_share_then_what_is_one_s(codes, capsys):
    order = [0, 6, 5, 7, 3, 4, 1]
    done = summed(codes)
    assert done.exit_code == max(codes, key=order.index)
    assert [run["document"]["exit_code"] for run in done.answer["runs"]] == list(codes)
    assert [run["exit_code"] for run in done.answer["runs"]] == list(codes)
    assert (done.status == "done") == (done.exit_code == 0)
    assert done.status in {run["status"] for run in done.answer["runs"] if run["exit_code"] == done.exit_code}
    said = capsys.readouterr()
    assert "ada@" not in said.out + said.err + done.summary + json.dumps(done.answer)


def summed(codes):
    names = [f"c{at}" for at in range(len(codes))]

    def one(name):
        code = codes[names.index(name)]
        if code:
            raise ERRORS[code] if code not in (2, 130) else KeyboardInterrupt
        return Outcome(rows={"read": 2})

    return run_all(names, (), job="prepare", run_id="r", config="", one=one)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Terminated])
def test_a_stop_ends_all_of_it_and_says_how_far_it_came(stop, capsys):
    begun = []

    def one(name):
        begun.append(name)
        if name == "b":
            raise stop
        return Outcome(rows={"read": 2})

    with pytest.raises(stop):
        run_all(["a", "b", "c"], (), job="prepare", run_id="r", config="", one=one)
    assert begun == ["a", "b"]
    told = [line.split()[:2] for line in capsys.readouterr().err.splitlines() if line.startswith("  ")]
    assert told == [["a", "done"], ["b", "stopped"], ["c", "not"]]


def test_the_process_ends_with_130_and_the_figures_say_so(place, monkeypatch):
    monkeypatch.setattr("strongroom.flows.prepare._steps", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    done = place.run(prepare, "--all")
    assert done.code == 130
    assert figures(place) == {"customers": 130}
