"""What lies in the lake is looked at, by whoever asks the policy: without Java, and what is not known is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom.core.contract.file import load_contract
from strongroom.core.settings.file import load_settings
from strongroom.flows import access, audit, check
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.vectorize.tables import VECTOR
from strongroom.reports.phrases import seen_as
from strongroom.stores.lake import Lake
from strongroom.stores.table_plan import TablePlan
from support.lakes import install
from support.matrix import lines_of

MODEL = ("--as", "user:ada", "--purpose", "model_training")


@pytest.fixture
def place(tmp_path, capsys):
    """A lake with the reviews' tables as the jobs make them, but for their rows."""
    made = install(tmp_path / "x", capsys)
    lake, contract = Lake(str(made.lake)), load_contract(str(made.root / "contracts/reviews.yaml"))
    training = table_plans.training(contract)
    lake.ensure("training.reviews", training)
    lake.ensure("quarantine.reviews", table_plans.quarantine(contract))
    fields = [training.schema.field(name) for name in ("user_id", "label")]
    schema = pa.schema([*fields, pa.field("features", VECTOR)])
    lake.ensure("features.reviews", TablePlan(schema, properties=table_plans.properties(contract, "features")))
    write_deltalake(lake.folder("sandbox.mine"), pa.table({"a": [1]}))
    return made


def known(place):
    return known_tables(load_settings(str(place.settings)))


def matrix(place, *options):
    place.run(access, "matrix", "--out", str(place.root / "m.html"), *options)
    page = (place.root / "m.html").read_text()
    return lines_of(page), page


def test_a_reader_of_features_is_told_yes_and_how_each_column_lies(place):
    shown = place.run(access, "explain", *MODEL, "--table", "features.reviews").out
    assert "user:ada may read features.reviews for model_training: " in shown
    for line in ("user_id: token", "label: in clear", "features: in clear"):
        assert f"  {line}\n" in shown
    assert "email" not in shown
    assert "not known" not in shown


@pytest.mark.parametrize(
    ("name", "lines", "why"),
    [
        ("training.reviews", ["user_id: token", "label: in clear", "device: in clear and token"], "by the method"),
        ("features.customers", ["other columns: unknown", "withheld, should it have them: email\n",
          "not known: features.customers is not made yet, "],
         "a table that is not there has no columns that anybody knows"),
        ("training.rewiews", ["not known: training.rewiews is no table of the lake or of a contract. Did you mean"],
         "a slip of the pen"),
    ],
)  # fmt: skip
def test_explain_says_how_columns_lie_and_what_is_not_known(place, name, lines, why):
    shown = place.run(access, "explain", *MODEL, "--table", name).out
    for line in lines:
        assert f"  {line}" in shown, why


def test_a_table_that_cannot_be_read_is_said_to_be_unknown(place):
    for log in (place.lake / "features/reviews/_delta_log").glob("*.json"):
        log.write_text("{")
    shown = place.run(access, "explain", *MODEL, "--table", "features.reviews").out
    assert "  not known: features.reviews cannot be read, so which columns it has and how they lie" in shown
    assert "  other columns: unknown\n" in shown
    assert "Not read, so columns and what is in them are not known: features.reviews." in matrix(place)[1]


def test_a_lake_that_cannot_be_looked_into_is_said_to_be_unknown(place):
    settings = replace(load_settings(str(place.settings)), lake="s3://127.0.0.1:1/none")
    found = known_tables(replace(settings, lake=str(place.root / "local.yaml")))  # a file, and no folder
    assert [place_ for place_, _ in found.unread] == [str(place.root / "local.yaml")]
    assert {table.state for table in found.tables if table.name.startswith("training.")} == {"cannot be read"}


def test_columns_of_the_table_as_it_lies_count_and_not_those_of_a_newer_contract(place):
    place.edit("contracts/reviews.yaml", "- name: model_version", "- name: version_of")
    found = known(place).find("training.reviews")
    assert "model_version" in found.columns
    assert "version_of" not in found.columns
    assert found.way("model_version") == "in clear"


def test_of_a_table_of_an_older_contract_that_says_nothing_of_methods_nothing_is_guessed(place):
    schema = pa.schema([pa.field("user_id", pa.string()), pa.field("label", pa.string())])
    older = table_plans.properties(load_contract(str(place.root / "contracts/reviews.yaml")), "training")
    Lake(str(place.lake)).ensure("training.customers", TablePlan(schema, properties={
        **older, "strongroom.contract_fingerprint": "0" * 64
    }))  # fmt: skip
    assert known(place).find("training.customers").way("user_id") == "unknown"


def test_the_matrix_has_every_zone_and_every_action(place):
    lines, page = matrix(place)
    given = {(line.may, line.table) for line in lines}
    assert {
        ("read", "features.reviews"), ("write", "features.reviews"), ("delete", "quarantine.reviews"),
        ("open what is protected", "quarantine.reviews"), ("read", "revealed.reviews"), ("write", "revealed.reviews"),
        ("read", "strongroom.audit"), ("write", "strongroom.keys"), ("change who may what", "strongroom.policy"),
        ("write", "projected.analyst"), ("change who may what", "sandbox.mine"), ("read", "raw.reviews"),
    } <= given  # fmt: skip
    how = {(line.may, column): line.shown for line in lines if line.table == "training.reviews" and "ada" in line.people
           for column in line.columns}  # fmt: skip
    assert how["read", "user_id"] == seen_as("token")
    assert ("read", "email") not in how
    assert "Nothing else is given." in page
    assert "Not made yet: " in page
    assert "as stored" not in page


def test_a_matrix_of_a_part_says_that_it_is_one(place):
    page = matrix(place, "--table", "training.reviews", "--action", "read")[1]
    assert "Only what is given of training.reviews, by read." in page
    assert "Nothing else is given." not in page


def test_a_pattern_without_any_table_is_in_the_matrix_too(place):
    place.edit("policy.yaml", "tables: [projected.*]", "tables: [projected.*, archived.*]")
    assert ("write", "archived.*") in [(line.may, line.table) for line in matrix(place)[0]]


def test_nested_fields_are_known_everywhere(place):
    place.edit("policy.yaml", "columns: {deny: [email], mask:", "columns: {deny: [email, device.ip], mask:")
    assert place.run(access, "lint").code == 0
    assert place.run(check).line["answer"]["notes"] == []
    words = ("explain", "--as", "user:grace", "--table", "training.reviews", "--columns")
    assert (
        "user:grace may not read training.reviews (device.ip): denied by" in place.run(access, *words, "device.ip").out
    )
    shown = place.run(access, *words, "device.app").out
    assert "user:grace may read training.reviews: " in shown
    assert "  not by read_table, which reads whole columns: device.app\n" in shown
    assert "  not in training.reviews: device2.app\n" in place.run(access, *words, "device2.app").out
    grace = [line for line in matrix(place)[0] if "grace" in line.people and line.table == "training.reviews"]
    assert grace
    assert all("device" not in line.columns for line in grace)
    place.edit("policy.yaml", "[email, device.ip]", "[email, device.pi]")
    assert "'device.pi'. Did you mean 'device.ip'?" in place.run(access, "lint").err


def test_the_audit_report_names_no_table_that_does_not_exist(place):
    month = f"{datetime.now(UTC):%Y-%m}"
    shown = place.run(audit, "report", "--month", month, "--set", "principal=user:pia").out
    could = next(part for part in shown.split("\n## ") if part.startswith("Who could have read personal data"))
    named = {line.split("|")[3].strip() for line in could.splitlines() if line.startswith("| user:")}
    assert named == {"training.reviews", "quarantine.reviews", "features.reviews"}
    assert "| user:ada | read | training.reviews | user_id | token |" in could
    assert "Not known, so not told: what is personal in sandbox.mine." in could


def test_other_stores_are_looked_into_by_the_same_way(tmp_path, capsys):
    """A URI, as an object store has one; what answers is a folder."""
    made = install(tmp_path / "x", capsys)
    write_deltalake(str(made.lake / "features/reviews"), pa.table({"label": ["a"]}))
    settings = replace(load_settings(str(made.settings)), lake=f"file://{made.lake}")
    assert known_tables(settings).find("features.reviews").columns == ("label",)
