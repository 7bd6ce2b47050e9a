"""Whatever is made of a table has no rows of people who said no, and says so again whenever it is read."""

import pytest

from strongroom.core.errors import StoreError
from strongroom.flows import curate, project, reveal
from strongroom.flows.read import read_table
from support.consents import Place, event
from support.lakes import ROOT

pytestmark = pytest.mark.spark
FOR = ("--purpose", "model_training")
GRANTS = """
grants:
  - role: role
    actions: [read]
    tables: [training.visits]
    purposes: [model_training]
    enforce: physical
  - role: engineer
    actions: [read, write, reveal]
    tables: [revealed.*, training.visits]
    purposes: [model_training]
"""


@pytest.fixture
def place(tmp_path, capsys):
    made = Place(tmp_path / "a", capsys)
    text = (ROOT / "conf/policy.yaml").read_text()
    text = text.replace("roles:\n", "roles:\n  role: {members: [user:rolf]}\n").replace("\ngrants:\n", GRANTS)
    (made.found.root / "policy.yaml").write_text(text.partition("\nexpect:")[0])
    made.imported(event(1), event(2), event(3))
    assert made.prepared().code == 0
    return made


def read(place, spark, table="training.visits", who="user:engineer"):
    rows = read_table(spark, table, who, "model_training", settings=str(place.found.settings))
    return told(rows.toPandas().to_dict("records"))


def told(rows):
    return sorted(row["page"] if "page" in row else f"p{row['mail'][0]}" for row in rows)


def test_files_of_a_role_follow_and_are_refused_until_they_have(place, spark, monkeypatch):
    def projected():
        done = place.found.run(project, "--contract", "visits")
        assert done.code == 0, done.err
        return sorted(row["page"] for row in place.found.rows("projected.role.model_training.training.visits"))

    assert projected() == ["p1", "p2", "p3"]
    assert read(place, spark, who="user:rolf") == ["p1", "p2", "p3"]
    assert place.says(monkeypatch, "withdraw", 2).code == 0
    with pytest.raises(StoreError) as caught:
        read(place, spark, who="user:rolf")
    assert caught.value.code == "projection.behind"
    assert projected() == ["p1", "p3"]
    assert read(place, spark, who="user:rolf") == ["p1", "p3"]
    assert place.says(monkeypatch, "give", 9).code == 0, "somebody of whom there is no row"
    assert place.says(monkeypatch, "give", 3, options=("--about", "newsletter")).code == 0
    place.found.edit("policy.yaml", "user:rolf]", "user:rolf, user:rita]")
    assert projected() == ["p1", "p3"]


def test_derived_tables_are_made_and_read_without_who_said_no(place, spark, monkeypatch):
    assert place.found.run(curate, "--contract", "visits").code == 0
    assert place.found.run(reveal, "--contract", "visits", "--columns", "mail", *FOR).code == 0
    for table in ("curated.visits", "revealed.visits"):
        assert read(place, spark, table) == ["p1", "p2", "p3"], table
    assert place.says(monkeypatch, "withdraw", 2).code == 0
    for table in ("curated.visits", "revealed.visits"):
        assert read(place, spark, table) == ["p1", "p3"], table
    assert place.found.run(reveal, "--contract", "visits", "--columns", "mail", *FOR).code == 0
    assert told(place.found.rows("revealed.visits")) == ["p1", "p3"]
    assert place.prepared().code == 0
    assert place.found.run(curate, "--contract", "visits").code == 0
    assert sorted(row["page"] for row in place.found.rows("curated.visits")) == ["p1", "p3"]
