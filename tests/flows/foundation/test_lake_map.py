"""What a lake says of itself, put together; and what it does not say is a gap with a code."""

import json
import shutil

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core.lineage import NOBODY, PEOPLE, UNKNOWN
from strongroom.core.settings.file import load_settings
from strongroom.flows import prepare
from strongroom.flows.foundation.lake_map import OWN, map_of
from strongroom.stores.lake.listing import Listing
from support.derived_tables import derive, model
from support.lakes import Installation, Quiet, install


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("map"), Quiet(), sample=300)
    for name in ("customers", "reviews"):
        done = made.run(prepare, "--contract", name)
        assert done.code == 0, done.err
    return made


@pytest.fixture
def place(prepared, tmp_path, capsys):
    shutil.copytree(prepared.root, tmp_path / "x")
    return Installation(tmp_path / "x", capsys)


def drawn(place):
    return map_of(load_settings(str(place.settings), ()))


def codes(found):
    return sorted((gap.code, gap.where) for gap in found.gaps)


def test_what_prepare_made_is_on_the_map_with_whose_it_is(place):
    found = drawn(place)
    assert codes(found) == []
    person = {"raw.reviews": "", "training.reviews": "_subject", "quarantine.reviews": ""}
    for name, tag in person.items():
        whose = found.node(name).whose
        assert (whose.answer, whose.column, whose.within, whose.tag) == (PEOPLE, "user_id", ("domain", "person"), tag)
    node = found.node("training.reviews")
    assert node.version == place.delta("training.reviews").version()
    assert (node.made.purpose, node.made.contract_version) == ("model_training", "1.0.0")
    assert node.made.run in {entry["run_id"] for entry in place.rows("strongroom.runs")}
    assert found.above("training.reviews") == ("raw.reviews",)
    assert {*found.below("raw.reviews")} == {"training.reviews", "quarantine.reviews", "reports/training.reviews"}
    assert {name: found.node(name).whose.answer for name in OWN} == dict.fromkeys(OWN, NOBODY)


def test_what_is_derived_says_its_source_its_version_and_whose_it_is(place):
    origin = derive(place, "features.reviews")
    derive(place, "features.reviews_vocabulary", personal=False, columns=["text_content"])
    model(place)
    found = drawn(place)
    assert codes(found) == []
    (edge,) = found.into("features.reviews")
    assert (edge.source, edge.version) == ("training.reviews", origin.sources["training.reviews"])
    node = found.node("features.reviews")
    assert (node.whose.column, node.whose.tag, node.made.refresh, node.made.run) == (
        "user_id", "_subject", "whole", "test-1",
    )  # fmt: skip
    assert len(node.made.recipe) == 64
    assert found.node("features.reviews_vocabulary").whose.answer == NOBODY
    (edge,) = found.into("models.reviews/test-1")
    assert (edge.source, edge.version) == ("training.reviews", origin.sources["training.reviews"])
    assert found.node("models.reviews/test-1").whose.column == "user_id", "whoever it was trained on"


def strange(place):
    write_deltalake(str(place.lake / "copies/reviews"), pa.table({"n": [1]}))


def unsaid(place):
    write_deltalake(str(place.lake / "features/old"), pa.table({"n": [1]}))


def another_run(place):
    derive(place, "features.reviews")
    table = DeltaTable(str(place.lake / "features/reviews"))
    table.alter.set_table_properties({"strongroom.sources": "no words of ours"}, raise_if_not_exists=False)


def no_source(place):
    derive(place, "features.reviews")
    (place.lake / "training/reviews").rename(place.root / "moved")


def broken(place):
    (place.lake / "training/reviews/_delta_log/00000000000000000001.json").write_text("{")


def no_contract(place):
    (place.root / "contracts/customers.yaml").unlink()


def raw_folder(place):
    (place.lake / "raw/orders").mkdir()


def value_in_a_name(place):
    (place.lake / "raw/customer=ada").mkdir()
    write_deltalake(str(place.lake / "copies/customer=ada"), pa.table({"n": [1]}))


def bare_model(place):
    (model(place) / "made-from.json").unlink()


def notebooks(place):
    (place.lake / "reports/notebooks/x").mkdir(parents=True)


CASES = [
    # what was done, (code, where) of each gap
    (strange, [("lineage.strange", "copies.reviews")]),
    (unsaid, [("lineage.untold", "features.old")]),
    (another_run, [("lineage.untold", "features.reviews")]),
    (no_source, [("lineage.gone", "training.reviews")]),
    (broken, [("lineage.unread", "training.reviews")]),
    (no_contract, [("lineage.strange", "raw.customers"), ("lineage.untold", "quarantine.customers"),
                   ("lineage.untold", "training.customers")]),
    (raw_folder, [("lineage.strange", "raw.orders")]),
    (value_in_a_name, [("lineage.strange", "raw.customer=*"), ("lineage.unread", "copies.customer=*")]),
    (bare_model, [("lineage.untold", "models.reviews/test-1")]),
    (notebooks, [("lineage.untold", "reports/notebooks")]),
]  # fmt: skip


@pytest.mark.parametrize(("does", "gaps"), CASES, ids=[case[0].__name__ for case in CASES])
def test_what_nobody_can_tell_is_a_gap_and_never_left_out(place, does, gaps):
    does(place)
    found = drawn(place)
    assert codes(found) == gaps
    for _, where in gaps:
        told = PEOPLE if where == "training.customers" else UNKNOWN  # its rows still carry their tags
        assert found.node(where).whose.answer == told


def test_a_folder_that_cannot_be_looked_into_is_a_gap(place, monkeypatch):
    listing = Listing(("training.reviews",), (("training.other", "Permission denied"),))
    monkeypatch.setattr("strongroom.flows.foundation.lake_map.tables_in", lambda *_, **__: listing)
    assert codes(drawn(place)) == [("lineage.unread", "training.other")]


def test_no_row_is_read(place, monkeypatch):
    monkeypatch.setattr("strongroom.stores.lake.Lake.rows", lambda *_, **__: pytest.fail("rows were read"))
    derive_free = drawn(place)
    assert derive_free.node("training.reviews") is not None


def test_a_name_is_told_and_no_value(place):
    derive(place, "features.reviews")
    text = json.dumps([repr(node) for node in drawn(place).nodes])
    values = {str(row["text_content"]) for row in place.rows("training.reviews")} | {
        str(row["user_id"]) for row in place.rows("training.reviews")
    }
    assert len(values) > 100
    assert not [value for value in values if len(value) > 8 and value in text]
