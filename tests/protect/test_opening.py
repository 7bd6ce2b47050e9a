"""Opening whole columns, nested ones too, with a verdict for each row."""

import pyarrow as pa
import pytest

from protect.methods.test_encrypt import CASES
from protect.ring import RING, column
from strongroom.arrow.types import arrow_type
from strongroom.core.contract import Column, Type
from strongroom.protect import protector, revealed_type, revealer

PERSON = Column(
    "p",
    "p",
    Type(
        "struct",
        fields=(
            column("string", "encrypt", path="p.name"),
            column("int", "drop", path="p.age"),
            column("string", "hash", path="p.id", domain="x"),
            Column("when", "p.when", Type("array", item=column("date", "encrypt", path="p.when[]"))),
        ),
    ),
)
KIND = pa.struct([("name", pa.string()), ("age", pa.int32()), ("id", pa.string()), ("when", pa.list_(pa.date32()))])
ROWS = pa.array(
    [
        {"name": "ada", "age": 1, "id": "7", "when": [1, None]},
        None,
        {"name": None, "age": 2, "id": None, "when": None},
        {"name": "bo", "age": None, "id": "8", "when": []},
        {"name": "cy", "age": None, "id": "9", "when": [3]},
    ],
    KIND,
)


def sealed():
    return protector(PERSON, table="t", keyring=RING)(ROWS)


def test_what_was_encrypted_is_clear_again_and_the_rest_is_as_it_lies():
    lies = sealed()
    for start, stop in ((0, 5), (1, 4), (2, 3), (0, 0)):
        clear, fine = revealer(PERSON, table="t", keyring=RING)(lies[start:stop])
        clear.validate(full=True)
        assert clear.type == revealed_type(PERSON)
        assert fine.to_pylist() == [True] * (stop - start)
        for was, lay, now in zip(ROWS.to_pylist(), lies.to_pylist(), [None] * start + clear.to_pylist(), strict=False):
            if now is not None:
                assert now == {"name": was["name"], "id": lay["id"], "when": was["when"]}


@pytest.mark.parametrize(
    ("field", "row", "why"),
    [("name", 3, "a field of a struct"), ("when", 4, "one item of an array inside it")],
)
def test_a_part_that_does_not_open_is_null_and_its_row_is_told(field, row, why):
    rows = sealed().to_pylist()
    spoilt = rows[row][field]
    rows[row][field] = spoilt[:-1] + b"!" if isinstance(spoilt, bytes) else [spoilt[0][:-1] + b"!"]
    clear, fine = revealer(PERSON, table="t", keyring=RING)(pa.array(rows, sealed().type))
    assert fine.to_pylist() == [place != row for place in range(5)], why
    assert clear[row].as_py()[field] in (None, [None])


@pytest.mark.parametrize("options", [{}, {"mode": "randomised"}, {"rowKey": "id"}], ids=str)
@pytest.mark.parametrize(("type_", "values"), CASES)
def test_every_type_comes_back_from_inside_structs_and_arrays(type_, values, options):
    leaf = column(type_, "encrypt", path="c.x[].y", **options)
    inner = Column("x[]", "c.x[]", Type("struct", fields=(leaf,)))
    nested = Column("c", "c", Type("struct", fields=(Column("x", "c.x", Type("array", item=inner)),)))
    kind, scalars = arrow_type(nested.type), pa.array([*values, None], arrow_type(leaf.type))
    items = pa.StructArray.from_arrays([scalars], names=["y"], mask=pa.array([False] * len(values) + [True]))
    lists = pa.ListArray.from_arrays(pa.array([0, 1, None, 1, len(items), len(items)], pa.int32()), items)
    rows = pa.StructArray.from_arrays([lists], names=["x"]).cast(kind)
    for part in (rows, rows[1:], rows[:0]):
        keys = {"id": pa.array(["r-1", "r-2", "r-3", "r-4", "r-5"])[len(rows) - len(part) :][: len(part)]}
        lies = protector(nested, table="t", keyring=RING)(part, keys)
        clear, fine = revealer(nested, table="t", keyring=RING)(lies, keys)
        clear.validate(full=True)
        assert fine.to_pylist() == [True] * len(part)
        assert clear.type == kind
        assert repr(clear.to_pylist()) == repr(part.to_pylist()), "repr: NaN is itself, and zero has a sign"


def test_nothing_is_left_of_a_column_that_was_dropped():
    assert revealed_type(column("int", "drop")) is None
    assert revealed_type(Column("s", "s", Type("struct", fields=(column("int", "drop", path="s.a"),)))) is None
