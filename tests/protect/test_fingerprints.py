"""Fingerprints of keys: alike for what SQL calls equal, under the key of one run, and never a token."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from protect.ring import RING
from strongroom.core.contract import Type
from strongroom.core.keys.ring import purpose_info
from strongroom.protect.fingerprints import fingerprints

CASES = [
    # one column, another, their types, alike, why
    ([7], [7], "int", "bigint", True, "whole numbers of any width"),
    ([0.0], [-0.0], "double", "double", True, "both are zero"),
    ([7], [8], "int", "int", False, "another number"),
    (["a"], ["A"], "string", "string", False, "case counts"),
    ([""], ["a"], "string", "string", False, "the empty text is a value"),
    ([date(2024, 2, 29)], [date(2024, 2, 29)], "date", "date", True, "one day"),
]
WIDTH = {"int": pa.int32(), "bigint": pa.int64(), "double": pa.float64(), "string": pa.string(), "date": pa.date32()}


def key_of(run):
    return RING.derive(purpose_info("fingerprint", run), length=32)


@pytest.mark.parametrize(("one", "other", "kind", "kind_of_other", "alike", "why"), CASES, ids=[c[-1] for c in CASES])
def test_what_is_alike(one, other, kind, kind_of_other, alike, why):
    first = fingerprints([pa.array(one, WIDTH[kind])], [Type(kind)], key=key_of("r"))
    second = fingerprints([pa.array(other, WIDTH[kind_of_other])], [Type(kind_of_other)], key=key_of("r"))
    assert (first.tolist() == second.tolist()) is alike


def test_of_several_columns_their_order_and_borders_count():
    def of(*columns):
        return fingerprints(
            [pa.array([text]) for text in columns], [Type("string")] * len(columns), key=key_of("r")
        ).tolist()

    found = [of("ab", "c"), of("a", "bc"), of("c", "ab"), of("abc", ""), of("abc")]
    assert all(found.count(each) == 1 for each in found)
    assert of("ab", "c") == found[0]


def test_each_run_has_its_own():
    values = [pa.array([Decimal("1.50"), Decimal("2.00")])], [Type("decimal", precision=3, scale=2)]
    one, other = (fingerprints(*values, key=key_of(run)).tolist() for run in ("20260101T000000-a", "20260101T000000-b"))
    assert not {tuple(each) for each in one} & {tuple(each) for each in other}
