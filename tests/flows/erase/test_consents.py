"""An erased person comes back by a consent that was given after the request, and by no other."""

import pytest

from strongroom.flows import prepare
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
