from pathlib import Path

import pyarrow as pa
import pytest

from protect.ring import RING, column
from strongroom.arrow.types import arrow_type
from strongroom.core.contract import Column, Type
from strongroom.core.contract.protection import METHODS
from strongroom.core.errors import ConfigError
from strongroom.protect import output_ddl, output_type, protector
from support.opened import decrypt


def struct(name, *fields, path=None):
    return Column(name, path or name, Type("struct", fields=fields))


def array(name, item, *, path=None):
    return Column(name, path or name, Type("array", item=item))


PERSON = struct(
    "person",
    column("string", "hash", path="person.name", domain="p"),
    column("int", "drop", path="person.age"),
    array("tags", column("string", "mask", path="person.tags[]"), path="person.tags"),
)
ROWS = pa.array(
    [
        {"name": "ada", "age": 1, "tags": ["x", None, "yy"]},
        None,
        {"name": None, "age": 2, "tags": None},
        {"name": "ada", "age": None, "tags": []},
    ],
    arrow_type(PERSON.type),
)


def test_structs_and_arrays_are_protected_leaf_by_leaf():
    token = protector(PERSON.type.fields[0], table="t", keyring=RING)(pa.array(["ada"]))[0].as_py()
    want = [
        {"name": token, "tags": ["*", None, "**"]},
        None,
        {"name": None, "tags": None},
        {"name": token, "tags": []},
    ]
    protect = protector(PERSON, table="t", keyring=RING)
    for start, stop in ((0, 4), (1, 4), (2, 3), (0, 0), (3, 4)):
        made = protect(ROWS[start:stop])
        made.validate(full=True)
        assert made.to_pylist() == want[start:stop]
        assert made.type == output_type(PERSON)


def test_the_types_of_what_leaves():
    assert output_type(PERSON) == pa.struct([("name", pa.string()), ("tags", pa.list_(pa.string()))])
    assert output_ddl(PERSON) == "struct<`name`:string,`tags`:array<string>>"


def test_a_value_hidden_behind_a_null_struct_does_not_leave():
    field = struct("s", column("string", "keep", path="s.a"))
    hidden = pa.StructArray.from_arrays([pa.array(["secret", "seen"])], names=["a"], mask=pa.array([True, False]))
    made = protector(field, table="t", keyring=RING)(hidden)
    assert made.field(0).to_pylist() == [None, "seen"]


def test_a_value_hidden_behind_a_null_array_does_not_leave():
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 1, 2], pa.int32()), pa.array(["secret", "seen"]), mask=pa.array([True, False])
    )
    made = protector(array("a", column("string", "keep", path="a[]")), table="t", keyring=RING)(hidden)
    assert made.values.to_pylist() == ["seen"]
    assert made.to_pylist() == [None, ["seen"]]


@pytest.mark.parametrize(
    "field",
    [
        column("string", "drop"),
        struct("s", column("string", "drop", path="s.a")),
        array("a", column("string", "drop", path="a[]")),
        array("a", struct("", column("string", "drop", path="a[].b"), path="a[]")),
    ],
)
def test_what_is_dropped_whole_has_no_type(field):
    assert output_type(field) is None
    assert output_ddl(field) == ""
    values = pa.nulls(2, arrow_type(field.type))
    assert protector(field, table="t", keyring=RING)(values).to_pylist() == [None, None]


def test_arrays_of_arrays_and_of_structs():
    deep = array("a", array("", column("int", "encrypt", path="a[][]"), path="a[]"))
    made = protector(deep, table="t", keyring=RING)(pa.array([[[1, 2], None], None, [[]]], arrow_type(deep.type)))
    made.validate(full=True)
    leaf = deep.type.item.type.item
    assert decrypt(made.values.values, leaf, table="t", keyring=RING)[0].to_pylist() == [1, 2]
    shape = [row and [items and len(items) for items in row] for row in made.to_pylist()]
    assert shape == [[2, None], None, [[]]]


@pytest.mark.parametrize("method", ["rot13", ""])
def test_an_unknown_method_is_refused_with_the_known_ones(method):
    with pytest.raises(ConfigError, match=r"column c.*keep, drop, hash"):
        protector(column("string", method), table="t", keyring=RING)


def test_a_column_that_says_nothing_is_refused():
    with pytest.raises(ConfigError, match="no known protection"):
        protector(Column("c", "c", Type("string")), table="t", keyring=RING)


@pytest.mark.parametrize("type_", ["string", "int", "timestamp", "binary"])
def test_keep_keeps(type_):
    col = column(type_, "keep")
    values = pa.nulls(2, arrow_type(col.type))
    assert protector(col, table="t", keyring=RING)(values).equals(values)
    assert (output_type(col), output_ddl(col)) == (arrow_type(col.type), col.type.ddl)


def test_each_method_is_a_file_and_a_test():
    here, lib = Path(__file__).parent, Path(__file__).parents[2] / "lib"
    for method in METHODS:
        assert (lib / f"strongroom/protect/methods/{method}.py").is_file()
        assert method in ("keep", "drop") or (here / f"methods/test_{method}.py").is_file()
