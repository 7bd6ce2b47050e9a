"""The regulator's report over what real jobs have left in the log."""

from datetime import UTC, datetime

import pytest

from strongroom.flows import audit, prepare, quarantine, reveal, vectorize
from strongroom.flows.read import read_table
from support.lakes import install

pytestmark = pytest.mark.spark
PIA = ("--set", "principal=user:pia", "--purpose", "data_subject_request")
ACTS = """
  - role: steward
    actions: [act]
    principals: [user:ada]
    approval: user:pia
    reason: a test
"""


@pytest.fixture
def place(tmp_path, capsys, spark):
    made = install(tmp_path / "x", capsys, sample=200)
    made.edit("policy.yaml", "\ndenies:\n", ACTS + "\ndenies:\n")
    return made


def rows(section):
    """A table's rows by their first three cells."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {(who, roles, table): rest for who, roles, table, *rest in found[2:]}


def test_every_read_of_personal_data_by_a_real_job_is_in_the_report(place, spark):
    for job, options in (
        (prepare, ()),
        (vectorize, ()),
        (reveal, ("--columns", "review_id,email", *PIA)),
        (quarantine, ("show", *PIA)),
    ):
        assert place.run(job, *options).code == 0
    assert place.run(reveal, "--columns", "email", "--purpose", "model_training").code == 5
    settings = str(place.settings)
    read_table(spark, "training.reviews", "user:grace", "", settings=settings)
    shown = place.run(audit, "report", "--month", f"{datetime.now(UTC):%Y-%m}", "--set", "principal=user:pia")
    sections = {part.partition("\n")[0]: part for part in shown.out.split("\n## ")}
    reads = rows(sections["Who read personal data, and for what"])
    personal = "user_id, email, device"
    assert reads["user:engineer", "engineer", "raw.reviews"] == [personal, "model_training", "1"]
    assert reads["user:pia", "privacy_officer", "training.reviews"] == ["email", "data_subject_request", "1"]
    assert reads["user:pia", "privacy_officer", "quarantine.reviews"][1] == "data_subject_request"
    assert reads["user:grace", "analyst", "training.reviews"] == ["user_id (replace-with-null), device", "(none)", "1"]
    refusals = rows(sections["What was refused"])
    assert ("user:engineer", "reveal", "training.reviews") in refusals
    assert "- user:noor as user:ada (" in sections["Who may act as somebody else"]
    could = sections[next(name for name in sections if name.startswith("Who could"))]
    assert "| user:pia | read | revealed.reviews | email | in clear |" in could, "what was opened, and how it lies"
    refused = next(event for event in place.audit() if event.action == "reveal" and event.outcome == "refused")
    assert (refused.table, refused.columns, bool(refused.policy)) == ("training.reviews", ("email",), True)
