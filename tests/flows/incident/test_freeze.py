"""While an incident is open nobody reads, on every road; where nobody can tell what is frozen, nobody reads at all."""

import json
import os
import shutil
from datetime import UTC, datetime

import pytest

from strongroom.core.errors import ConfigError, Refused
from strongroom.core.policy.freezes import Frozen, file_of, folder_of, freezes_beside, written
from strongroom.core.settings.file import load_settings
from strongroom.flows import access, incident, prepare, quarantine, reveal
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.read import read_table
from strongroom.python import tables
from support.derived_tables import derive
from support.lakes import Installation, install

ADA = ("user:ada", "model_training")
AS_PIA, AS_KIM = ("--set", "principal=user:pia"), ("--set", "principal=user:kim")
EXPORTED = """
roles:
  scientist: {members: [user:ada]}
  steward: {members: [user:noor]}
  officer: {members: [user:pia]}
grants:
  - {role: scientist, actions: [read], tables: [training.customers]}
  - {role: steward, actions: [grant], tables: [strongroom.policy]}
  - {role: officer, actions: [write], tables: [strongroom.incidents]}
"""


class Quiet:
    def readouterr(self):
        return "", ""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("lake"), Quiet(), sample=300)
    for name in ("customers", "reviews"):
        assert made.run(prepare, "--contract", name).code == 0
    derive(made, "features.reviews")
    return made


@pytest.fixture
def place(prepared, tmp_path, capsys):
    shutil.copytree(prepared.root, tmp_path / "x")
    return Installation(tmp_path / "x", capsys)


def opened(place, *scope, run="inc-1"):
    done = place.run(incident, "open", *scope, "--reason", "a test", "--run-id", run, *AS_PIA)
    assert done.code == 0, done.err
    return done


def refused(place, table="training.reviews"):
    """Whether a read is refused; Spark is never asked, since the policy is first."""
    try:
        read_table(None, table, *ADA, settings=str(place.settings))
    except Refused:
        return True
    except AttributeError:  # past the policy, where no session is
        return False
    raise AssertionError("neither")


def listed(place):
    return {each.name for each in tables(principal="user:ada", settings=place.settings)}


def test_every_road_is_closed_and_opens_again(place):
    before = (place.root / "policy.yaml").read_bytes()
    asked = ("explain", "--as", "user:ada", "--purpose", "model_training", "--columns", "label", "--exit-code")
    assert (refused(place), "training.reviews" in listed(place)) == (False, True)
    opened(place, "--table", "training.reviews")
    assert refused(place), "python, notebooks"
    assert not listed(place) & {"training.reviews", "features.reviews"}, "tables()"
    assert place.run(access, *asked, "--table", "training.reviews").code == 5
    assert place.run(access, *asked, "--table", "training.customers").code == 0, "the others go on"
    shown = place.run(access, "matrix", "--table", "training.reviews", "--action", "read").line["answer"]["views"]
    assert shown == [], "the matrix, and what is exported of it"
    pia = ("--purpose", "data_subject_request", "--columns", "email", *AS_PIA)
    told = place.run(reveal, *pia, "--contract", "reviews")
    assert told.code == 5
    assert ("incident inc-1" in told.line["problems"][0]["todo"], "steward" in told.err) == (True, False), "who helps"
    assert (place.root / "policy.yaml").read_bytes() == before, "the policy itself is as it was"
    closed = place.run(incident, "close", "inc-1", "--reason", "over", "--not-notified", "no risk", *AS_KIM)
    assert closed.code == 0, closed.err
    assert (refused(place), "features.reviews" in listed(place)) == (False, True)


def test_an_export_takes_away_what_is_frozen(place):
    (place.root / "policy.yaml").write_text(EXPORTED)
    to = ("--to", "unity-catalog", "--out", str(place.root / "out"), "--only", "read", "--table", "training.customers")

    def granted():
        done = place.run(access, "export", *to, "--set", "principal=user:noor")
        assert done.code == 0, done.err
        return "GRANT SELECT" in (place.root / "out" / "unity-catalog" / "grants.sql").read_text()

    assert granted()
    opened(place, "--table", "training.customers")
    assert not granted(), "the same policy file, another answer"


@pytest.mark.parametrize(
    ("scope", "closed", "left", "why"),
    [
        (
            ("--table", "training.reviews"),
            {"training.reviews", "features.reviews"},
            {"training.customers"},
            "and below",
        ),
        (("--zone", "features"), {"features.reviews"}, {"training.reviews", "training.customers"}, "nothing above"),
        (("--zone", "training"), {"training.reviews", "training.customers", "features.reviews"}, set(), "and below"),
        (("--everything",), {"training.reviews", "training.customers", "features.reviews"}, set(), "all"),
    ],
)
def test_a_scope_closes_what_it_names_and_what_was_made_of_it(place, scope, closed, left, why):
    assert listed(place) >= closed | left
    opened(place, *scope)
    assert not listed(place) & closed, why
    assert listed(place) >= left, why
    assert all(refused(place, table) for table in closed)
    may = place.run(access, "explain", "--table", "strongroom.audit", "--exit-code", *AS_PIA)
    assert may.code == 0, "who looks into it reads the audit log"


def test_a_new_table_of_no_zone_is_frozen_with_everything(place):
    place.edit("policy.yaml", "grants:\n", "grants:\n  - {role: analyst, actions: [read], tables: [mine.*]}\n")
    asked = ("explain", "--as", "user:grace", "--table", "mine.new", "--columns", "a", "--exit-code")
    assert place.run(access, *asked).code == 0
    opened(place, "--everything")
    assert place.run(access, *asked).code == 5


def test_of_columns_the_others_go_on_and_tables_without_them_do_not(place):
    derive(place, "curated.reviews", columns=["review_id", "label"])
    opened(place, "--table", "training.reviews", "--columns", "text_content")
    found = {each.name: each.columns for each in tables(principal="user:ada", settings=place.settings)}
    assert "text_content" not in found["training.reviews"]
    assert "label" in found["training.reviews"]
    assert "text_content" not in found["features.reviews"], "a table that has the column goes on without it"
    assert "curated.reviews" not in found, "of one that has it not, nobody can tell what of it went in"


def test_two_incidents_hold_each_by_itself(place):
    opened(place, "--table", "training.reviews", run="a")
    opened(place, "--zone", "training", run="b")
    end = ("--reason", "over", "--not-notified", "no risk", *AS_KIM)
    assert place.run(incident, "close", "b", *end).code == 0
    assert (refused(place), refused(place, "training.customers")) == (True, False)


@pytest.mark.parametrize(
    "what", ["empty", "no json", "no freeze", "other id", "no table", "folder", "link", "stranger", "file"]
)
def test_what_cannot_be_read_closes_everything(place, what):
    opened(place, "--table", "features.reviews")
    file = file_of(str(place.root / "policy.yaml"), "inc-1")
    whole = file.read_bytes()
    file.unlink()
    match what:
        case "empty":
            file.write_bytes(b"")
        case "no json":
            file.write_bytes(whole[: len(whole) // 2])
        case "no freeze":
            file.write_text(json.dumps({"incident": "inc-1", "frozen": []}))
        case "other id":
            file.write_bytes(whole.replace(b"inc-1", b"inc-2"))
        case "no table":
            file.write_bytes(whole.replace(b"features.reviews", b"features reviews"))
        case "folder":
            file.mkdir()
        case "link":
            (place.root / "elsewhere").write_bytes(whole)
            file.symlink_to(place.root / "elsewhere")
        case "stranger":
            file.write_bytes(whole)
            (file.parent / "note.txt").write_text("?")
        case "file":
            file.parent.rmdir()
            file.parent.write_bytes(whole)
    with pytest.raises(ConfigError) as error:
        read_table(None, "training.customers", *ADA, settings=str(place.settings))
    assert error.value.code == "freeze.unreadable"
    with pytest.raises(ConfigError):
        listed(place)
    assert place.run(quarantine, "list").code == 3
    assert place.run(prepare).code == 3, "nor is anything made of raw files"


def test_a_draft_that_somebody_writes_at_this_moment_is_no_freeze(tmp_path):
    policy = str(tmp_path / "policy.yaml")
    folder_of(policy).mkdir()
    (folder_of(policy) / ".a.json.0123456789ab").write_bytes(b"{")
    assert freezes_beside(policy) == ()
    file_of(policy, "a").write_bytes(written("a", [Frozen(("training.*",), ("email",), ("training.x",))]))
    (deny,) = freezes_beside(policy)
    assert (deny.tables, deny.columns, deny.spares, deny.actions) == (
        ("training.*",), ("email",), ("training.x",), ("read", "reveal"),
    )  # fmt: skip


def test_an_engine_that_is_there_sees_a_freeze_that_comes_and_goes(place):
    policy = load_settings(str(place.settings)).policy
    file = file_of(policy, "a")

    def denies():
        return len(engine_of(policy).policy.denies)

    before, now = denies(), datetime.now(UTC)
    file.parent.mkdir()
    file.write_bytes(written("a", [Frozen(("training.a",))]))
    assert denies() == before + 1
    same = file.stat()
    _other(file, written("a", [Frozen(("training.b",))])).replace(file)
    os.utime(file, ns=(same.st_atime_ns, same.st_mtime_ns))
    assert engine_of(policy).policy.denies[-1].tables == ("training.b",), "of the same size and time"
    file.unlink()
    assert (denies(), now.tzinfo) == (before, UTC)


def _other(file, data):
    other = file.with_name("x")
    other.write_bytes(data)
    return other
