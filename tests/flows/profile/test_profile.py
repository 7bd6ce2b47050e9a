"""`profile`: from raw files to a contract by which `check` is content and `prepare` sets no row aside."""

import json
import random
import shutil
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from deltalake import write_deltalake

from flows.profile.odd_tables import ODD
from strongroom.core.contract.file import load_contract
from strongroom.flows import check, prepare, profile
from strongroom.flows.profile import sampling
from support.lakes import ROOT, install

DATA = ROOT.parent / "shared/data"
TABLES = [
    "adult", "reviews", *(f"arx/{path.name}" for path in sorted((DATA / "arx").glob("*"))),
    *(f"text/{path.name}" for path in sorted((DATA / "text").glob("*"))),
]  # fmt: skip
DEEP = [f"vectors/{path.name}" for path in sorted((DATA / "vectors").glob("*"))]
"""One row of four levels: whose contract the standard's own schema takes seconds to check."""


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path / "a", capsys)


def put(place, data, name="data.csv", table="odd"):
    file = place.lake / "raw" / table / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def profiled(place, source="raw.odd", *options, name="odd"):
    out = place.root / "contracts" / f"{name}.yaml"
    done = place.run(profile, source, "--out", str(out), *options)
    assert done.code == 0, done.err
    return out, done


def rows_of(place, name="odd"):
    """Read, written and set aside, once `check` has been content and `prepare` has run."""
    done = place.run(check, str(place.root / "contracts" / f"{name}.yaml"))
    assert done.code == 0, done.err
    done = place.run(prepare, "--contract", name)
    assert done.code == 0, done.err
    return done.line["rows"]


def types_of(out):
    return {leaf.path: leaf.type.ddl for leaf in load_contract(str(out)).leaves()}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_table_is_what_it_is_and_no_row_is_set_aside(place, odd):
    table = ODD[odd]
    put(place, table.data, table.name)
    out, done = profiled(place)
    found = types_of(out)
    assert {path: found.get(path) for path in table.types} == table.types
    assert done.line["answer"]["rows"] == {"seen": table.rows, "total": table.rows, "torn": 0}
    assert rows_of(place) == {"read": table.rows, "written": table.rows, "quarantined": 0}


def test_there_are_more_than_thirty_of_them():
    assert len(ODD) > 40


@pytest.mark.parametrize("name", [*TABLES, *(pytest.param(name, marks=pytest.mark.slow) for name in DEEP)])
def test_public_data_is_profiled_and_prepared_whole(place, name):
    source = DATA / name
    if source.is_dir():
        shutil.copytree(source, place.lake / "raw" / "odd")
    else:
        put(place, source.read_bytes(), source.name)
    profiled(place)
    rows = rows_of(place)
    assert rows["read"] > 0
    assert rows["quarantined"] == 0


@pytest.fixture
def known():
    if not DATA.is_dir():
        pytest.skip(f"LOUD: {DATA} is missing, so nothing is shown on real data here")


def test_types_are_those_of_the_contracts_that_were_written_by_hand(place, tmp_path):
    """Column by column, at any depth, by logical type; a census without a header by the columns' places."""
    sampled = install(tmp_path / "b", place.capsys, sample=3_000)
    same, all_ = 0, 0
    for name, by_hand in {
        "reviews": ROOT / "conf/contracts/reviews.yaml",
        "customers": ROOT / "conf/contracts/customers.yaml",
        "adult": ROOT / "tests/contracts/adult.yaml",
        "sentiment": ROOT / "tests/contracts/sentiment.yaml",
    }.items():
        if name in ("adult", "sentiment"):
            shutil.copytree(DATA / {"adult": "adult", "sentiment": "reviews"}[name], sampled.lake / "raw" / name)
        out, _ = profiled(sampled, f"raw.{name}", name=f"{name}_found")
        theirs = [(leaf.path, leaf.type) for leaf in load_contract(str(by_hand)).leaves()]
        ours = [(leaf.path, leaf.type) for leaf in load_contract(str(out)).leaves()]
        pairs = (
            zip(theirs, ours, strict=True)
            if name == "adult"
            else [(one, (one[0], dict(ours)[one[0]])) for one in theirs]
        )
        for (_, one), (_, other) in pairs:
            same += kind(one) == kind(other)
            all_ += 1
    assert all_ > 35
    assert same / all_ >= 0.95


def kind(type_):
    whole = ("tinyint", "smallint", "int", "bigint")
    return "whole" if type_.name in whole else type_.name
