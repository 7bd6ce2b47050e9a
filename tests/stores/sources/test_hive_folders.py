"""What folders called `name=value` say of the rows below them, and what the contract has against them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from strongroom.core.contract import Column, Contract, Protect, Type
from strongroom.core.errors import StoreError
from strongroom.stores.sources.hive_folders import agrees, filled, folder_problems, folders_of, of_columns


def column(name, kind="string", **more):
    return Column(name, name, Type(kind), line=7, protect=Protect("keep"), **more)


LAKE = "/data/env=prod/lake/"
CASES = [
    (f"{LAKE}raw/t/date=2026-01-01/p.parquet", LAKE, {"date": "2026-01-01"}, "the usual one"),
    (f"{LAKE}raw/t/p.parquet", LAKE, {}, "no such folder"),
    (f"{LAKE}raw/y=1/x/m=02/p.json", LAKE, {"y": "1", "m": "02"}, "several, others between, text as it stands"),
    ("/data/env=prod/t/p.csv", "", {"env": "prod"}, "a whole path in the contract: its fixed part, too"),
    ("s3://b/env=prod/t/y=1/p.csv", "", {"env": "prod", "y": "1"}, "also in a bucket"),
    (f"{LAKE}t/a=b=c/p.csv", LAKE, {"a": "b=c"}, "the first sign parts name and value"),
    (f"{LAKE}t/=x/p.csv", LAKE, {}, "no name, no column"),
    (f"{LAKE}t/a=/p.csv", LAKE, {"a": None}, "the empty text is null, as an empty field is"),
    (f"{LAKE}t/a=__HIVE_DEFAULT_PARTITION__/p.csv", LAKE, {"a": None}, "Hive's null"),
    (f"{LAKE}t/a=x%2Fy%3A%20z/p.csv", LAKE, {"a": "x/y: z"}, "what a folder's name cannot hold is escaped"),
    (f"{LAKE}t/First%20Name=Ada/p.csv", LAKE, {"First Name": "Ada"}, "names, too"),
    (f"{LAKE}t/a=1+1/p.csv", LAKE, {"a": "1+1"}, "a plus is no blank"),
    (f"{LAKE}t/a=50%/b=%zz/p.csv", LAKE, {"a": "50%", "b": "%zz"}, "a sign that escapes nothing is itself"),
    (f"{LAKE}t/a=Z%C3%BCrich/b=Zürich/p.csv", LAKE, {"a": "Zürich", "b": "Zürich"}, "UTF-8, escaped or not"),
    (f"{LAKE}t/a=x%0Ay/b=u\nv/p.csv", LAKE, {"a": "x\ny", "b": "u\nv"}, "line breaks"),
    (f"{LAKE}t/a=1/b/a=1/p.csv", LAKE, {"a": "1"}, "twice the same is once"),
    (f"{LAKE}t/_x=1/p.csv", LAKE, {"_x": "1"}, "a name may begin so"),
    (f"{LAKE}t/a=1.csv", LAKE, {}, "a file is no folder"),
]


@pytest.mark.parametrize(("path", "fixed", "told", "why"), CASES, ids=[row[3] for row in CASES])
def test_folders_say(path, fixed, told, why):
    assert folders_of(path, fixed) == told, why


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/t/a=1/a=2/p.csv", "'a' two values"),
        ("/t/a=1/a=__HIVE_DEFAULT_PARTITION__/p.csv", "'a' two values"),
        ("/t/a=%FF/p.csv", "no UTF-8"),
    ],
)
def test_folders_that_cannot_be_trusted_are_refused_with_the_file(path, what):
    with pytest.raises(StoreError, match=what) as caught:
        folders_of(path, "")
    assert caught.value.exit_code == 7
    assert caught.value.where == path


@pytest.mark.parametrize(
    ("folders", "what", "todo", "why"),
    [
        ({"day": "x", "Vorname": None}, "", "", "both are known, by the source's name"),
        ({"dya": "x"}, "a column 'dya', by a folder, that c.yaml does not know", "Did you mean 'day'?", "a typo"),
        ({"first": "x"}, "'first'", "method drop", "our name is not the source's"),
        ({"tags": "x"}, "'tags' holds one text, and the column is of type array", "", "no list in a folder"),
    ],
)
def test_the_contract_knows_every_folder(folders, what, todo, why):
    tags = Column("tags", "tags", Type("array", item=column("item")), line=9)
    columns = (column("first", source="Vorname"), column("day", "date"), tags)
    found = folder_problems(folders, Contract("t", "t", "1", "c.yaml", "f", (), columns), path="/t/p")
    assert ([(what in one.what, todo in one.todo) for one in found] == [(True, True)]) if what else found == [], why
    told = of_columns({"Vorname": "Ada", "day": None, "more": "1"}, columns)
    assert told == {"first": "Ada", "day": None}, "a reader fills in our names"
    assert filled(2, told)["first"].to_pylist() == ["Ada", "Ada"]
    assert filled(2, told)["day"].to_pylist() == [None, None]


def test_a_column_in_folder_and_file_agrees_by_value():
    days = pa.array([1, None, 2], pa.int32())
    assert agrees(days, pa.scalar(1, pa.int32())).to_pylist() == [True, True, False], "the folder fills what is missing"
    assert agrees(days, pa.scalar(None, pa.int32())).to_pylist() == [False, True, False]
