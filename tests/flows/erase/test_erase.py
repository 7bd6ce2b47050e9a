"""People go out of every table that was made of them, and stay out; what a request knew of them is gone then, too."""

import json

import pytest

from strongroom.flows import erase, prepare
from support.lakes import install

POLICY = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
grants:
  - {role: engineer, actions: [read, write, delete, reveal], tables: ["*"], columns: {allow: ["*", email]}}
  - {role: officer, actions: [erase], tables: ["*"]}
"""
PIA = ("--set", "principal=user:pia")


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=300)
    (made.root / "policy.yaml").write_text(POLICY)
    assert made.run(prepare).code == 0
    return made


def raw_rows(place):
    for file in sorted((place.lake / "raw/reviews").glob("*.json")):
        for line in file.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def somebody(place, at_least=2):
    """A person with some good rows."""
    users = [row.get("user_id") for row in raw_rows(place)]
    return next(user for user in users if isinstance(user, int) and user > 0 and users.count(user) >= at_least)


def request(place, *people, name="r-1"):
    file = place.root / "people.txt"
    file.write_text("\n".join(map(str, people)))
    return place.run(
        erase, "request", "--subject-from", str(file), "--reason", "asked", "--identity", "letter", "--run-id", name,
        "--contract", "reviews",
    )  # fmt: skip


def through(place, name="r-1"):
    for verb, *words in (("approve", f"erase-{name}", *PIA), ("run",), ("prove", f"erase-{name}")):
        done = place.run(erase, verb, *words)
        assert done.code == 0, (verb, done.err, done.out)
    return done


def test_rows_leave_training_and_come_back_by_no_file(place):
    user, rows = somebody(place), len(place.rows("training.reviews"))
    mine = sum(row.get("user_id") == user for row in raw_rows(place))
    assert request(place, user).code == 0
    assert through(place).line["answer"]["state"] == "proven"
    left = len(place.rows("training.reviews"))
    assert rows - mine <= left < rows
    again = place.run(prepare)
    assert again.code == 0
    assert len(place.rows("training.reviews")) == left
