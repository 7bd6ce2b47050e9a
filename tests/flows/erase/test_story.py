"""One person through all of it: consent given, used, asked for, withdrawn, erased, proven, and back with a new one."""

import pytest

from strongroom.flows import audit, erase, person
from support.consents import OFFICER, Place, event
from support.erasing import request

PAGE = "p2"


POLICY = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
grants:
  - {role: engineer, actions: [read, write, delete], tables: ["*"]}
  - {role: officer, actions: [erase, read, write, reveal], tables: ["*"], columns: {allow: ["*"]}}
"""


@pytest.fixture
def place(tmp_path, capsys):
    made = Place(tmp_path / "a", capsys)
    (made.found.root / "policy.yaml").write_text(POLICY)
    return made


def held(place):
    """How many rows the person is told to be in."""
    who = place.found.root / "who"
    who.write_text("2\n")
    done = place.found.run(person, "show", "--subject-from", str(who), "--purpose", "model_training", *OFFICER)
    return sum(each["rows"] for each in done.line["answer"]["held"] if each["place"] == "training.visits")


def test_one_person_through_all_of_it(place, monkeypatch):
    here = place.found
    place.imported(*map(event, (1, 2, 3, 4)))
    assert place.prepared().code == 0
    assert PAGE in place.people()
    assert held(place) == 1
    assert place.says(monkeypatch, "withdraw", 2).code == 0
    assert PAGE not in place.people()
    assert request(here, 2, contract="visits").code == 0
    for verb, *words in (("approve", "erase-r-1", *OFFICER), ("run",), ("prove", "erase-r-1")):
        done = here.run(erase, verb, *words)
        assert done.code == 0, (verb, done.err, done.out)
    assert place.pages() == ["p1", "p3", "p4"]
    assert held(place) == 0
    assert place.prepared().code == 0
    assert place.pages() == ["p1", "p3", "p4"], "no file brings the person back"
    again = place.imported(event(2, days=-3), name="old.json")
    assert again.code == 0
    assert place.prepared().code == 0
    assert place.pages() == ["p1", "p3", "p4"], "nor an old consent"
    assert place.says(monkeypatch, "give", 2).code == 0
    assert place.prepared().code == 0
    assert place.pages() == ["p1", "p2", "p3", "p4"], "a new consent does"
    assert PAGE in place.people()
    assert here.run(erase, "run").code == 0
    assert place.prepared().code == 0
    assert place.pages() == ["p1", "p2", "p3", "p4"], "and no later run takes the person out again"
    assert here.run(audit, "verify").code == 0
