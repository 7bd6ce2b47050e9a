"""Consents come in by a job, and whose rows are kept and read follows from them."""

from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.core.errors import ConfigError, Refused, StoreError
from strongroom.flows import access, consent, prepare
from strongroom.flows.foundation.erased import within_of
from strongroom.flows.read import read_table
from strongroom.stores.lake import Lake
from support.consents import BASIS, NOW, OFFICER, PURPOSES, SUBJECT, Place, event, lines


@pytest.fixture
def place(tmp_path, capsys):
    return Place(tmp_path / "a", capsys)


def test_rows_of_people_who_said_no_yes_wait_and_come_back(place, monkeypatch):
    place.imported(event(1), event(2), event(3), event(3, "withdrawn", days=-0.5), event(4, purpose="newsletter"))
    done = place.prepared()
    assert (done.code, place.pages()) == (0, ["p1", "p2"])
    assert "2 rows" in next(line for line in done.out.splitlines() if "left out" in line)
    assert place.found.rows("quarantine.visits") == [], "nothing of them is stored"
    given = place.says(monkeypatch, "give", 4)
    assert (given.code, "␤" in given.out) == (0, False), "a line of ours is a line"
    assert place.pages() == ["p1", "p2"], "not by itself"
    again = place.prepared("--reread", str(place.found.lake / "raw/visits/a.json"))
    assert (again.code, place.pages()) == (0, ["p1", "p2", "p4"]), again.err


def test_who_withdraws_is_not_read_from_that_second_on(place, monkeypatch):
    place.imported(*map(event, (1, 2, 3, 4)))
    assert place.prepared().code == 0
    assert place.people() == ["p1", "p2", "p3", "p4"]
    assert place.says(monkeypatch, "withdraw", 2).code == 0
    assert place.people() == ["p1", "p3", "p4"]
    assert place.people(at=NOW - timedelta(seconds=1)) == ["p1", "p2", "p3", "p4"], "as of before"
    assert place.pages() == ["p1", "p2", "p3", "p4"], "the table has them: nothing is erased"
    assert place.says(monkeypatch, "restrict", 3, options=()).code == 0
    assert place.people() == ["p1", "p4"]
    assert place.says(monkeypatch, "restrict-no-more", 3, options=()).code == 0
    assert place.people() == ["p1", "p3", "p4"]


def test_objection_and_restriction_where_nobody_was_asked(tmp_path, capsys, monkeypatch):
    place = Place(tmp_path / "a", capsys, "legitimate_interests")
    assert place.prepared().code == 0
    assert place.people() == ["p1", "p2", "p3", "p4"], "no consents are there, and none are needed"
    assert place.says(monkeypatch, "object", 1).code == 0
    assert place.says(monkeypatch, "restrict", 2, options=()).code == 0
    assert place.people() == ["p3", "p4"]
    assert place.prepared().code == 0
    assert place.pages() == ["p2", "p3", "p4"], "restriction takes nothing out, objection does"
    assert place.says(monkeypatch, "object-no-more", 1).code == 0
    assert place.people() == ["p3", "p4"]


def test_restriction_hides_where_the_law_asks_nobody_and_where_nothing_is_said(tmp_path, capsys, monkeypatch):
    place = Place(tmp_path / "a", capsys, "legal_obligation")
    assert place.prepared().code == 0
    assert place.says(monkeypatch, "object", 1).code == 0
    assert place.says(monkeypatch, "restrict", 2, options=()).code == 0
    assert place.people() == ["p1", "p3", "p4"]
    place.found.edit("contracts/visits.yaml", "  - {property: legalBasis, value: legal_obligation}\n", "")
    assert place.prepared().code == 0
    assert place.people("anything") == ["p1", "p3", "p4"]


def test_what_is_refused(place):
    with pytest.raises(AttributeError):
        place.people()
    assert place.prepared().code == 7, "a basis that asks, and no consents at all"
    place.imported(*map(event, (1, 2, 3, 4)))
    assert place.prepared().code == 0
    with pytest.raises(Refused) as caught:
        place.people("advertising")
    assert caught.value.code == "consent.no-basis"
    place.found.edit("contracts/consent.yaml", "domain: person", "domain: client")
    assert place.found.run(prepare, "--contract", "consent", *OFFICER).code == 0
    with pytest.raises(ConfigError) as caught:
        place.people()
    assert caught.value.problems[0].code == "consent.other-people"


def test_a_table_without_tags_is_refused_by_a_basis_that_asks(place):
    place.found.edit("contracts/visits.yaml", BASIS, "")
    place.found.edit("contracts/visits.yaml", SUBJECT, "")
    assert place.prepared().code == 0
    place.found.edit("contracts/visits.yaml", "domain: person}}\n", f"domain: person}}}}\n{SUBJECT}")
    place.found.edit("contracts/visits.yaml", PURPOSES, f"{PURPOSES}{BASIS}")
    assert within_of(Lake(str(place.found.lake)).open("training.visits")) is None
    with pytest.raises(StoreError) as caught:
        place.people()
    assert caught.value.code == "consent.untagged", "the contract counts at once"


def test_no_name_reaches_the_log_or_the_screen(place, monkeypatch):
    secret = "314159265"
    lines(place.found.lake / "raw/visits/b.json", [{"user_id": int(secret), "page": "q"}])
    place.imported(event(secret))
    said = place.says(monkeypatch, "withdraw", secret)
    shown = place.says(monkeypatch, "show", secret, options=("--json",))
    assert (said.code, shown.code) == (0, 0)
    (person,) = shown.line["answer"]["people"]
    assert [each["event"] for each in person["events"]] == ["withdrawn", "given"]
    assert person["now"] == {"model_training (consent)": False}
    logs = "".join(path.read_text() for path in (place.found.root / "audit").rglob("*.jsonl"))
    assert "withdrawn" in logs
    for text in (said.out, said.err, shown.out, shown.err, logs):
        assert secret not in text


EXPLAINED = [
    # what was said, the basis, whether it is read, what the reason names
    ([], "consent", False, "nothing was said"),
    ([event(1)], "consent", True, "given"),
    ([event(1), event(1, "withdrawn", days=-0.5)], "consent", False, "withdrawn"),
    ([event(1, valid_until="2020-01-01T00:00:00Z")], "consent", False, "until 2020-01-01 00:00:00 UTC"),
    ([event(1), event(1, "restricted", purpose=None)], "consent", False, "Art. 18"),
    ([event(1, "objected")], "legitimate_interests", False, "objected"),
    ([event(1, "objected")], "legal_obligation", True, "asks nobody"),
]


@pytest.mark.parametrize(("said", "basis", "read", "why"), EXPLAINED)
def test_why_a_persons_rows_are_or_are_not_read(tmp_path, capsys, said, basis, read, why):
    place = Place(tmp_path / "a", capsys, "contract")
    place.imported(event(9), *said)
    assert place.prepared().code == 0
    place.found.edit("contracts/visits.yaml", "legalBasis, value: contract", f"legalBasis, value: {basis}")
    (place.found.root / "who").write_text("1\n")
    asked = ("explain", "--table", "training.visits", "--purpose", "model_training", "--json", "--subject-from",
             str(place.found.root / "who"))  # fmt: skip
    done = place.found.run(access, *asked, *OFFICER)
    assert done.code == 0, done.err
    (person,) = done.line["answer"]["people"]
    assert (person["rows"], person["read"]) == (1, read)
    assert why in person["why"]
    assert place.found.run(access, *asked).code == 5, "an engineer may not see what a person has said"


@pytest.mark.spark
def test_readers_get_rows_of_who_said_yes_and_need_no_right_to_consents(place, monkeypatch, spark):
    place.imported(event(1), event(2), event(3))
    assert place.prepared().code == 0

    def read(who="user:ada"):
        rows = read_table(spark, "training.visits", who, "model_training", settings=str(place.found.settings))
        assert "_subject" not in rows.columns
        return sorted(row["page"] for row in rows.collect())

    assert read() == ["p1", "p2", "p3"]
    assert place.says(monkeypatch, "withdraw", 2).code == 0
    assert read() == ["p1", "p3"]
    with pytest.raises(Refused):
        read_table(spark, "training.consent", "user:ada", "model_training", settings=str(place.found.settings))


def test_one_person_consents_is_used_withdraws_and_comes_back(place, monkeypatch):
    """The part of a person's story that consent tells; the other parts are erasure's."""
    place.imported(event(2))
    assert place.prepared().code == 0
    assert place.pages() == ["p2"], "nobody came in without a reason"
    assert place.says(monkeypatch, "give", 1).code == 0
    assert place.prepared().code == 0
    assert place.people() == ["p1", "p2"]
    assert place.says(monkeypatch, "withdraw", 1).code == 0
    assert place.people() == ["p2"], "this afternoon"
    assert place.prepared().code == 0
    assert place.pages() == ["p2"], "and with the next night the row is gone"
    assert place.says(monkeypatch, "give", 1).code == 0
    assert place.prepared().code == 0
    assert place.people() == ["p1", "p2"], "back with a new consent"


def test_another_file_of_a_name_and_size_is_refused(place):
    place.imported(event(1))
    file = lines(place.found.root / "events.json", [event(2)])
    assert (place.found.lake / "raw/consent/events.json").stat().st_size == Path(file).stat().st_size
    done = place.found.run(consent, "import", file, *OFFICER)
    assert (done.code, done.line["problems"][0]["code"]) == (7, "store.fault"), done.err
    assert place.imported(event(1)).code == 0, "the same once more is nothing new"
