"""Which columns a value may be bound to, and what is said of the others, at the line of `rowKey`."""
# ruff: noqa: E501 - a column is a line

import pytest

from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/visits/*.json, format: json}
schema:
  - name: visits
    properties:
      - {name: id, logicalType: string, required: true, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: who, logicalType: number, primaryKey: true, customProperties: [{property: protect, value: {method: hash}}]}
      - {name: maybe, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: score, logicalType: number, required: true, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: yes, logicalType: boolean, required: true, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: gone, logicalType: string, required: true, customProperties: [{property: protect, value: {method: drop}}]}
      - {name: dim, logicalType: string, required: true, customProperties: [{property: protect, value: {method: mask}}]}
      - {name: band, logicalType: date, required: true, customProperties: [{property: protect, value: {method: generalise, date: year}}]}
      - {name: safe, logicalType: string, required: true, customProperties: [{property: protect, value: {method: encrypt}}]}
      - {name: also, logicalType: string, required: true, customProperties: [{property: protect, value: {method: encrypt, rowKey: id}}]}
      - {name: tags, logicalType: array, required: true, items: {logicalType: string, required: true}, customProperties: [{property: protect, value: {method: encrypt, rowKey: id}}]}
      - name: place
        logicalType: object
        required: true
        properties:
          - {name: city, logicalType: string, required: true, customProperties: [{property: protect, value: {method: keep}}]}
      - name: email
        logicalType: string
        customProperties:
          - property: protect
            value:
              method: encrypt
              rowKey: id
customProperties: [{property: purposes, value: [training]}]
"""
LINE = CONTRACT[: CONTRACT.index("              rowKey: id")].count("\n") + 1


def contract(key, more=""):
    return parse_contract(CONTRACT.replace("              rowKey: id", f"              rowKey: {key}{more}"), "c.yaml")


@pytest.mark.parametrize("key", ["id", "who"])
def test_what_is_required_and_kept_or_hashed_can_be_one(key):
    leaves = {leaf.path: leaf for leaf in contract(key).leaves()}
    assert leaves["email"].protect.options == {"mode": "deterministic", "rowKey": key}
    assert leaves["tags[]"].protect.options["rowKey"] == "id"


@pytest.mark.parametrize(
    ("key", "what", "todo", "why"),
    [
        ("ids", "is no column", "'id'", "a typo"),
        ("zzz", "is no column", "id, who", "no such column"),
        ("place.city", "is inside another column", "id, who", "it could be null with all of its object"),
        ("tags", "it is an array", "id, who", "many values in a row"),
        ("place", "it is an object", "id, who", "no single value"),
        ("email", "bound to itself", "id, who", "what would open it?"),
        ("maybe", "not required", "id, who", "a row without a key could not be written"),
        ("score", "it is double", "id, who", "0.0 and -0.0 are one number and two texts"),
        ("yes", "it is boolean", "id, who", "it tells no rows apart"),
        ("gone", "'drop'", "id, who", "nobody could open a value again"),
        ("dim", "'mask'", "id, who", "it no longer tells rows apart"),
        ("band", "'generalise'", "id, who", "the same"),
        ("safe", "'encrypt'", "id, who", "it changes when keys do"),
        ("also", "'encrypt'", "id, who", "bound itself: there are no chains, and so no circles"),
        ("5", "is the name of a column", "", "a number is no name"),
    ],
)
def test_what_cannot_be_one_is_told_at_its_line(key, what, todo, why):
    with pytest.raises(ConfigError) as caught:
        contract(key)
    problem = next((one for one in caught.value.problems if what in one.what), None)
    assert problem is not None, f"{why}: {caught.value}"
    assert (problem.where, todo in problem.todo) == (f"c.yaml:{LINE}", True), problem


@pytest.mark.parametrize(
    ("more", "line", "what", "why"),
    [
        ("\n              minDistinct: 5", LINE + 1, "bound to their rows", "they are all different anyway"),
        (
            "\n          - {property: subject, value: true}",
            LINE + 1,
            "Nobody can be found",
            "so nobody is found by one",
        ),
        (
            "\n          - {property: role, value: text}",
            LINE + 1,
            "bound to its row",
            "features do not take the key along",
        ),
    ],
)
def test_what_a_bound_column_cannot_be_is_told(more, line, what, why):
    with pytest.raises(ConfigError) as caught:
        contract("id", more)
    assert [(one.where, what in one.what + one.todo) for one in caught.value.problems] == [(f"c.yaml:{line}", True)], (
        why
    )


def test_only_what_is_encrypted_can_be_bound():
    with pytest.raises(ConfigError, match="Unknown key 'rowKey'"):
        parse_contract(CONTRACT.replace("              method: encrypt", "              method: hash"), "c.yaml")
