"""Columns that no file of a batch has."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strongroom.core.contract import Column, Contract, Protect, Type
from strongroom.core.report.columns import AbsentColumn
from strongroom.core.run import Run
from strongroom.flows.prepare.absent import absent_before, absent_columns, absent_values, in_words
from strongroom.flows.prepare.run_record import Done, write_metrics
from strongroom.quality.counts.tally import Tally
from strongroom.stores.lake import Lake
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.manifest import Batch


def column(name, **more):
    return Column(name, name, Type("string"), line=7, protect=Protect("keep"), **more)


COLUMNS = (column("id", required=True), column("mail", source="E-Mail"), column("city"), column("day"))
CONTRACT = Contract("t", "t", "1", "t.yaml", "f", (), COLUMNS)
A, B = (RawFile(name, 1, 1) for name in "ab")


@pytest.mark.parametrize(
    ("names", "before", "absent", "why"),
    [
        ({"a": {"id", "E-Mail", "city", "day"}, "b": {"id"}}, {}, (), "one file that has them is enough"),
        ({"a": {"id", "E-Mail", "day"}, "b": {"id", "E-Mail"}}, {}, (("city", "city", "", False),), "none has it"),
        ({"a": {"id", "city", "E Mail", "day"}, "b": set()}, {}, (("mail", "E-Mail", "E Mail", False),), "near"),
        ({"a": {"E-Mail", "city", "day"}, "b": set()}, {}, (), "a required one is a rule's business"),
        (
            {"a": {"id", "E-Mail"}, "b": {"id"}},
            {"city": False, "day": True, "mail": False},
            (("city", "city", "", True), ("day", "day", "", False)),
            "the last batch had one of them",
        ),
        ({"a": {"id"}}, {}, None, "of b nobody knows before it is read"),
    ],
)
def test_a_column_that_no_file_has_is_told(names, before, absent, why):
    known = {path: frozenset(some) for path, some in names.items()}
    found = absent_columns(CONTRACT, (A, B), known, before=before)
    assert found == (None if absent is None else tuple(AbsentColumn(*each) for each in absent)), why


def test_what_is_kept_says_it_of_each_column_that_may_be_null():
    assert absent_values(CONTRACT, [AbsentColumn("city", "city")]) == [("mail", 0.0), ("city", 1.0), ("day", 0.0)]


def test_it_is_told_with_the_nearest_name_and_whether_it_is_new():
    assert in_words(AbsentColumn("mail", "E-Mail", "E Mail", lost=True)) == (
        "warning: in no file, so null in every row; the nearest name there is 'E Mail'; the last batch had it"
    )
    assert in_words(AbsentColumn("city", "city")) == "in no file, so null in every row"


def test_what_the_last_batch_had_is_kept_in_the_metrics(tmp_path):
    lake = Lake(str(tmp_path))
    assert absent_before(lake, CONTRACT) == {}, "no run yet"
    verdicts, run = (), Run("r", "prepare", "user:a", "p", datetime(2026, 1, 1, tzinfo=UTC))
    for number, absent in enumerate([None, (), (AbsentColumn("city", "city"),), None], 1):
        batch = Batch("t", number, f"r{number}", "append", ())
        write_metrics(Done(run, CONTRACT, batch, Tally(), verdicts, 1, absent=absent), lake=lake)
        told = {1: {}, 2: {"mail": False, "city": False, "day": False}}
        assert absent_before(lake, CONTRACT) == told.get(number, {"mail": False, "city": True, "day": False}), number
