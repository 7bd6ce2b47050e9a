"""Reading through the policy: only the columns and rows that are given, and every attempt in the audit log."""

import getpass
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import run_job
from strongroom.core.errors import Refused, StoreError
from strongroom.flows import prepare
from strongroom.flows.read import read_table
from support.lakes import Installation, install

NOBODYS = object()
"""No session at all: whoever is refused never comes to one."""
BEFORE, AFTER = datetime(2027, 6, 30, 23, tzinfo=UTC), datetime(2027, 7, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    found = install(tmp_path_factory.mktemp("prepared") / "a", None, sample=200)
    assert run_job.run(prepare, ["--config", str(found.settings)]) == 0
    return found


@pytest.fixture
def place(prepared, tmp_path, capsys):
    """A copy of the prepared lake."""
    shutil.copytree(prepared.root, tmp_path / "a")
    return Installation(tmp_path / "a", capsys)


@pytest.mark.spark
def test_each_reader_gets_what_the_policy_gives_and_no_more(place, spark):
    table, settings = "training.reviews", str(place.settings)
    ada = read_table(spark, table, "user:ada", "model_training", settings=settings, at=BEFORE)
    assert "email" not in ada.columns, "denied to data scientists"
    assert "text_content" in ada.columns
    assert ada.count() == len(place.rows(table))
    grace = read_table(spark, table, "user:grace", "", settings=settings, at=BEFORE)
    rows = grace.collect()
    assert {row["user_id"] for row in rows} == {None}, "masked to null"
    assert "neutral" not in {row["label"] for row in rows}, "the row filter"
    assert len(rows) == sum(row["label"] != "neutral" for row in place.rows(table))
    event = [event for event in place.audit() if event.action == "read"][-1]
    assert (event.principal, event.table, event.outcome) == ("user:grace", table, "allowed")


@pytest.mark.parametrize(
    ("principal", "purpose", "at", "why"),
    [
        ("user:ada", "advertising", BEFORE, "another purpose"),
        ("user:ada", "model_training", AFTER, "the grant has ended"),
        ("user:eve", "model_training", BEFORE, "nobody knows her"),
        ("user:ADA ", "model_training", BEFORE, "a name that only looks like hers"),
        ("", "model_training", BEFORE, "nobody is named"),
    ],
)
def test_a_refusal_is_raised_and_audited(place, principal, purpose, at, why):
    with pytest.raises(Refused):
        read_table(NOBODYS, "training.reviews", principal, purpose, settings=str(place.settings), at=at)
    assert place.audit()[-1].outcome == "refused", why


@pytest.mark.parametrize("name", ["delta.`/lake/training/reviews`", "training.*", "training.rеviews", "reviews\0"])
def test_what_is_no_name_is_refused_and_audited_like_any_other_table(place, name):
    with pytest.raises(Refused):
        read_table(NOBODYS, name, "user:ada", "model_training", settings=str(place.settings), at=BEFORE)
    event = place.audit()[-1]
    kept = name.replace("\0", "\\u0000")
    assert (event.principal, event.table, event.outcome) == ("user:ada", kept, "refused")
    assert event.facts["at"] == BEFORE.isoformat()
    assert datetime.now(UTC) - event.time < timedelta(minutes=1), "when it was asked, not what about"


@pytest.mark.spark
def test_what_is_withheld_is_below_the_frame_and_no_condition_reaches_it(place, spark):
    from pyspark.errors import AnalysisException

    found = read_table(spark, "training.reviews", "user:ada", "model_training", settings=str(place.settings), at=BEFORE)
    for asks in (lambda: found.where("email IS NOT NULL"), lambda: found.orderBy("email")):
        with pytest.raises(AnalysisException, match="UNRESOLVED_COLUMN"):
            asks().collect()


def test_a_table_that_is_not_there_is_no_secret_to_who_may_read_it(place):
    with pytest.raises(StoreError):
        read_table(NOBODYS, "training.nothing", "user:engineer", "model_training", settings=str(place.settings))


@pytest.mark.spark
def test_where_identity_is_proven_reading_for_somebody_else_takes_a_grant_to_act(place, spark):
    place.edit("local.yaml", "principal: user:engineer\n", "identity: {provider: system}\n")
    me = f"user:{getpass.getuser()}"

    def read():
        return read_table(
            spark, "training.reviews", "user:ada", "model_training", settings=str(place.settings), at=BEFORE
        )

    with pytest.raises(Refused, match=f"{me} may not act as user:ada"):
        read()
    place.edit("policy.yaml", "groups:\n", f"  deputy: {{members: [{me}]}}\n\ngroups:\n")
    place.edit(
        "policy.yaml",
        "grants:\n",
        "grants:\n  - {role: deputy, actions: [act], principals: [user:ada], reason: trying}\n",
    )
    assert read().count() == len(place.rows("training.reviews"))
    events = [(event.principal, event.actor, event.outcome) for event in place.audit() if event.action == "read"][-2:]
    assert events == [("user:ada", me, "refused"), ("user:ada", me, "allowed")]
