"""Texts at the ends of what a type holds: refused in words, and a number is the one that was written."""

from __future__ import annotations

import pyarrow as pa
import pytest

from strongroom.core.contract.contradictions import MOST_ON_ONE
from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError
from strongroom.core.escaping import cell
from strongroom.core.expression import parse
from strongroom.stores.lake.file_rewrite import _as_declared

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/visits/*.json, format: json}]
schema:
  - name: visits
    properties:
      - name: at
        logicalType: timestamp
        OPTIONS
        customProperties: [{property: protect, value: {method: keep}}]
    quality: RULES
customProperties: [{property: purposes, value: [model_training]}]
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("at < timestamp '9999-12-31T23:59:59-12:00'", "in UTC it is after the year 9999"),
        ("at > timestamp '0001-01-01T00:00:00+12:00'", "in UTC it is before the year 1"),
        ("n < " + "9" * 5_000, "Python itself takes no number of so many digits"),
    ],
)
def test_a_condition_that_no_type_holds_is_refused(text, why):
    with pytest.raises(ConfigError):
        parse(text, where="c.yaml:1")


@pytest.mark.parametrize("bound", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_bound_that_utc_does_not_have_is_refused(bound):
    text = CONTRACT.replace("OPTIONS", f"logicalTypeOptions: {{minimum: '{bound}'}}").replace("RULES", "[]")
    with pytest.raises(ConfigError):
        parse_contract(text, "visits.yaml")


@pytest.mark.whole
def test_rules_without_number_on_one_number_are_refused_and_not_compared():
    rules = "".join(f"\n      - {{id: r{n}, metric: rowCount, mustBeGreaterThan: {n}}}" for n in range(2_000))
    with pytest.raises(ConfigError, match=f"2,000 rules on one 'rowCount', and {MOST_ON_ONE} are the most"):
        parse_contract(CONTRACT.replace("OPTIONS", "required: true").replace("RULES", rules), "visits.yaml")


def test_a_formula_behind_a_quote_is_no_formula_where_a_semicolon_parts_cells():
    assert cell("label <> 'x;\"=1+1;y'") == "label <> 'x;\"'=1+1;y'"


def test_texts_that_another_library_left_as_views_are_written_as_declared():
    views = pa.struct([("ip", pa.string_view()), ("raw", pa.list_(pa.binary_view()))])
    plain = pa.struct([("ip", pa.string()), ("raw", pa.list_(pa.binary()))])
    assert _as_declared(pa.schema([("device", views)]), pa.schema([("device", plain)])).field("device").type == plain
