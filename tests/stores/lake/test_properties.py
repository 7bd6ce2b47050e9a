"""A table's properties and constraints follow the contract, and what its owner has set stays or is named."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.stores.lake import Lake, properties
from strongroom.stores.table_plan import OURS, TablePlan

TABLE = "training.t"
SCHEMA = pa.schema([("id", pa.int64()), ("order", pa.int32()), ("Rating", pa.int32()), ("text", pa.string())])
ROWS = pa.table({"id": [1, 2], "order": [1, None], "Rating": [None, 5], "text": ["a", "b"]}, SCHEMA)
CHECKS = {
    "id_minimum": "`id` IS NULL OR `id` >= 0",
    "order_maximum": "`order` IS NULL OR `order` <= 9",
    "Rating_minimum": "`Rating` IS NULL OR `Rating` >= 1",
}


def plan(checks=None, **more):
    return TablePlan(SCHEMA, more.get("description", "what it is"), more.get("properties", {}), ("id",), checks or {})


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "the lake"))


@pytest.fixture
def said():
    return []


@pytest.fixture
def table(lake):
    """A table of before constraints let nulls pass, and before it said which of them are ours."""
    made = lake.ensure(TABLE, plan())
    write_deltalake(made, ROWS, mode="append")
    old = {name: text.rpartition(" OR ")[2] for name, text in CHECKS.items()}
    set_by(lake, **{"delta.minWriterVersion": "3"} | {f"delta.constraints.{name}": old[name] for name in old})
    return lake.open(TABLE)


def set_by(lake, **values):
    lake.open(TABLE).alter.set_table_properties(values, raise_if_not_exists=False)


def configuration(lake):
    return lake.open(TABLE).metadata().configuration


def constraints(lake):
    found = configuration(lake)
    return {key.split(".")[2]: text for key, text in found.items() if key.startswith("delta.constraints.")}


def test_a_new_table_has_what_the_plan_says_and_then_there_is_nothing_to_do(lake, said):
    lake.ensure(TABLE, plan(CHECKS))
    assert constraints(lake) == CHECKS
    properties.bring(lake, TABLE, plan(CHECKS), say=said.append)
    assert (lake.open(TABLE).version(), said) == (0, [])


def test_constraints_of_before_are_replaced_in_one_commit_and_the_table_can_be_changed_again(lake, table, said):
    before = table.version()
    properties.bring(lake, TABLE, plan(CHECKS), say=said.append)
    assert constraints(lake) == CHECKS
    assert (lake.open(TABLE).version(), said) == (before + 1, [])
    found = lake.open(TABLE)
    found.update(updates={"text": "'c'"}, predicate="id = 1")
    source = pa.table({"id": [2], "text": ["d"]})
    merge = found.merge(source, "t.id = s.id", source_alias="s", target_alias="t")
    merge.when_matched_update({"text": "s.text"}).execute()
    found.delete("id = 1")
    assert lake.read(TABLE).to_pylist() == [{"id": 2, "order": None, "Rating": 5, "text": "d"}]


@pytest.mark.parametrize("column", ["id", "order", "Rating"])
def test_what_breaks_a_constraint_is_kept_out_by_others_writers_too(lake, table, column):
    properties.bring(lake, TABLE, plan(CHECKS), say=print)
    bad = {"id": 1, "order": 1, "Rating": 1, "text": ""} | {column: 10 if column == "order" else -1}
    with pytest.raises(Exception, match="1 rows failed validation check"):
        write_deltalake(lake.open(TABLE), pa.Table.from_pylist([bad], SCHEMA), mode="append")


@pytest.mark.parametrize(
    ("condition", "wanted", "told", "why"),
    [
        ("id >= -5", "id >= -5", "", "a bound that was loosened must not stay: rows may break it"),
        ("id >= 1", "id >= 1", "", "one that was tightened, and that all rows keep"),
        ("id >= 2", "id >= 0", "1 older row", "one that older rows break cannot hold for the table"),
    ],
)
def test_a_constraint_whose_condition_changed_follows_as_far_as_rows_allow(lake, said, condition, wanted, told, why):
    write_deltalake(lake.ensure(TABLE, plan({"id_minimum": "id >= 0"})), ROWS, mode="append")
    properties.bring(lake, TABLE, plan({"id_minimum": condition}), say=said.append)
    assert constraints(lake) == {"id_minimum": wanted}, why
    assert told in "".join(said)


def test_a_constraint_that_older_rows_break_is_left_out_and_one_the_contract_lost_goes(lake, table, said):
    properties.bring(lake, TABLE, plan({"order_minimum": "`order` IS NULL OR `order` > 1"}), say=said.append)
    assert constraints(lake) == {}
    assert said == [f"note: {TABLE}: 1 older row would break the constraint order_minimum, so it is not made"]


OWNERS = {
    "delta.constraints.short": "length(text) < 9",
    "delta.constraints.id_minimum": "`id` > -7",
    "delta.appendOnly": "false",
    "delta.deletedFileRetentionDuration": "interval 90 days",
    "delta.checkpointInterval": "50",
    "team": "blue",
}


def test_what_the_owner_set_stays(lake, said):
    """Also a constraint that is called as one of ours: the table says that it made none of that name."""
    write_deltalake(lake.ensure(TABLE, plan({"order_maximum": CHECKS["order_maximum"]})), ROWS, mode="append")
    set_by(lake, **OWNERS)
    properties.bring(lake, TABLE, plan(CHECKS, description="another"), say=said.append)
    found = configuration(lake)
    assert OWNERS.items() <= found.items()
    assert found[OURS] == "Rating_minimum,order_maximum"
    assert said == [f"note: {TABLE}: the constraint id_minimum is its owner's and stays; the contract's is not made"]
    properties.bring(lake, TABLE, plan({}), say=said.append)
    assert constraints(lake) == {"short": "length(text) < 9", "id_minimum": "`id` > -7"}


def test_what_erasure_stands_on_is_set_back_and_said(lake, said):
    lake.ensure(TABLE, plan())
    set_by(lake, **{"delta.dataSkippingStatsColumns": "id,text"})
    properties.bring(lake, TABLE, plan(properties={"strongroom.contract": "b"}), say=said.append)
    assert configuration(lake)["delta.dataSkippingStatsColumns"] == "`id`"
    assert configuration(lake)["strongroom.contract"] == "b"
    assert said == [f"note: {TABLE}: the property delta.dataSkippingStatsColumns is set back to what the contract asks"]


def test_a_table_whose_protocol_knows_no_constraints_learns_them(lake, tmp_path):
    DeltaTable.create(lake.folder(TABLE), SCHEMA)
    assert lake.open(TABLE).protocol().min_writer_version < 3
    properties.bring(lake, TABLE, plan(CHECKS), say=print)
    assert constraints(lake) == CHECKS
    assert lake.open(TABLE).protocol().min_writer_version == 3
