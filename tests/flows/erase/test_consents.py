"""An erased person comes back by a consent that was given after the request, and by no other."""

import shutil

import pytest

from strongroom.flows import erase, prepare
from support.consents import Place, event
from support.erasing import POLICY, erased, tag_of

OFFICER = "  - {role: officer, actions: [read, write], tables: ['*'], columns: {allow: ['*']}}\n"
"""Takes consents."""


@pytest.fixture
def place(tmp_path, capsys):
    made = Place(tmp_path / "a", capsys, "legitimate_interests")
    (made.found.root / "policy.yaml").write_text(POLICY + OFFICER)
    return made


def reread(place):
    """What was given before the request lies in the raw folder still, and is read once more."""
    file = str(place.found.lake / "raw/consent/events.json")
    assert place.found.run(prepare, "--contract", "consent", "--reread", file).code == 0
    assert place.prepared("--reread", str(place.found.lake / "raw/visits/a.json")).code == 0
    tag = tag_of(place.found, 2, contract="visits")
    return place.pages(), sum(row["_subject"] == tag for row in place.found.rows("training.consent"))


def test_no_consent_of_a_time_to_come_brings_an_erased_person_back(place):
    place.imported(event(1), event(2, days=400), event(2))
    assert place.prepared().code == 0
    assert "p2" in place.pages()
    assert erased(place.found, 2, contract="visits").code == 0
    pages, said = reread(place)
    assert ("p2" in pages, said) == (False, 0)


def test_one_that_is_given_now_does(place, monkeypatch):
    place.imported(event(1), event(2))
    assert place.prepared().code == 0
    assert erased(place.found, 2, contract="visits").code == 0
    assert place.says(monkeypatch, "give", 2).code == 0
    pages, said = reread(place)
    assert ("p2" in pages, said) == (True, 1)


@pytest.mark.parametrize(("purpose", "stays"), [("newsletter", False), ("model_training", True)])
def test_a_yes_to_something_else_keeps_nobody_in_a_table_put_back(place, tmp_path, monkeypatch, purpose, stays):
    place.imported(event(1), event(2))
    assert place.prepared().code == 0
    table, copy = place.found.lake / "training/visits", tmp_path / "copy"
    shutil.copytree(table, copy)
    assert erased(place.found, 2, contract="visits").code == 0
    assert place.says(monkeypatch, "give", 2, options=("--about", purpose)).code == 0
    shutil.rmtree(table)
    shutil.copytree(copy, table)
    assert place.found.run(erase, "run").code == 0
    tag = tag_of(place.found, 2, contract="visits")
    assert ("p2" in place.pages()) is stays
    assert [row["_subject"] for row in place.found.rows("training.consent")].count(tag) == 1, "what was said is kept"
