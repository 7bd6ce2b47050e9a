"""Marks tell equal protected values from different ones, and are spread evenly."""

import numpy as np
import pyarrow as pa
import pytest

from protect.ring import RING, column
from strongroom.core.contract import Column, Type
from strongroom.protect import protector
from strongroom.protect.equality_marks import leaving, marks_of, shows_equality


@pytest.mark.parametrize(
    ("leaf", "shown"),
    [
        (column("string", "hash"), True),
        (column("string", "encrypt"), True),
        (column("string", "encrypt", mode="deterministic"), True),
        (column("string", "encrypt", mode="randomised"), False),
        (column("string", "mask"), False),
        (column("string", "keep"), False),
    ],
)
def test_tokens_and_deterministic_values_show_which_rows_are_equal(leaf, shown):
    assert shows_equality(leaf) is shown


@pytest.mark.parametrize("method", ["hash", "encrypt"])
def test_equal_values_have_equal_marks_and_others_other_ones(method):
    values = pa.array([str(number % 1000) for number in range(5000)] + [None, "7"])
    marks = marks_of(protector(column("string", method), table="t", keyring=RING)(values))
    assert len(marks) == 5001
    assert len(np.unique(marks)) == 1000
    assert marks[-1] == marks[7] == marks[1007]
    shares = np.histogram(np.unique(marks).astype(float), bins=4, range=(0.0, 2.0**64))[0]
    assert shares.min() > 190, "a quarter of them in each quarter of the range"
    assert marks_of(protector(column("string", method), table="t", keyring=RING)(values[:0])).tolist() == []


def test_what_is_no_protected_value_has_no_mark():
    assert marks_of(pa.array(["short", None])).tolist() == []
    assert marks_of(pa.array([b"", b"x" * 20])).tolist() == []


def test_leaves_are_found_inside_structs_and_arrays():
    item = column("string", "encrypt", path="s.tags[]")
    struct = Column("s", "s", Type("struct", fields=(
        column("string", "drop", path="s.gone"), column("string", "keep", path="s.open"),
        Column("tags", "s.tags", Type("array", item=item)), column("int", "hash", path="s.id"),
    )))  # fmt: skip
    rows = pa.array([{"gone": "x", "open": "y", "tags": ["a", "b"], "id": 1}, None, {"tags": None, "id": 2}],
                    pa.struct([("gone", pa.string()), ("open", pa.string()), ("tags", pa.list_(pa.string())),
                               ("id", pa.int32())]))  # fmt: skip
    found = {leaf.path: values for leaf, values in leaving(struct, protector(struct, table="t", keyring=RING)(rows))}
    assert list(found) == ["s.open", "s.tags[]", "s.id"], "what is dropped does not leave"
    assert found["s.open"].to_pylist() == ["y", None, None]
    assert {path: len(marks_of(found[path])) for path in ("s.tags[]", "s.id")} == {"s.tags[]": 2, "s.id": 2}
