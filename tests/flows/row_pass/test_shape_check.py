"""Headers and footers are held against the contract before a row is read."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.contract import Column, Contract, Protect, Source, Type
from strongroom.core.errors import ConfigError, StoreError
from strongroom.flows.row_pass.shape_check import look
from strongroom.stores.sources import list_files
from strongroom.stores.sources.kinds.parquet import footers
from strongroom.stores.sources.work_items import Part, split_parquet


def column(name, kind="string", **more):
    return Column(name, name, Type(kind), line=7, protect=Protect("keep"), **more)


COLUMNS = (column("id", "bigint", required=True), column("text"))
CONTRACT = Contract("t", "t", "1", "t.yaml", "f", (), COLUMNS)


def problems(tmp_path, source, contract=CONTRACT):
    try:
        look(source, list_files(source, str(tmp_path)), contract)
    except ConfigError as error:
        return [problem.what for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("table", "expected", "why"),
    [
        ({"id": pa.array([1]), "text": ["a"]}, None, "as the contract says"),
        ({"id": pa.array([1], pa.int32()), "text": ["a"]}, None, "a narrower number widens"),
        ({"id": pa.array([2**40], pa.uint64())}, None, "what single values do not fit is their rows' business"),
        ({"id": pa.array([1]), "text": pa.nulls(1)}, None, "nothing but nulls"),
        ({"id": pa.array([1]), "ID": [2]}, "'id' and 'ID', which are one name", "as Spark would take them"),
        ({"id": pa.array([1])}, None, "an optional column may be missing"),
        ({"text": ["a"]}, "the required column 'id' is missing", "a required one may not"),
        ({"id": pa.array([1.5]), "text": ["a"]}, "'id' is double", "another type"),
        ({"id": pa.array([1]), "txt": ["a"]}, "a column 'txt'", "a column the contract does not know"),
    ],
)
def test_parquet_footers(tmp_path, table, expected, why):
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    found = problems(tmp_path, Source("raw", "parquet", "*.parquet"))
    assert (len(found) == 1 and expected in found[0]) if expected else found == [], why


def test_every_file_is_looked_at(tmp_path):
    pq.write_table(pa.table({"id": [1], "text": ["a"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": ["1"], "text": ["a"]}), tmp_path / "b.parquet")
    assert "b.parquet" in problems(tmp_path, Source("raw", "parquet", "*.parquet"))[0]


@pytest.mark.parametrize(
    ("header", "options", "expected", "why"),
    [
        ("id,text", {"header": True}, None, "as the contract says"),
        ("text,id", {"header": True}, None, "another order is the same columns"),
        ("id", {"header": True}, None, "an optional column may be missing"),
        ("text", {"header": True}, "the required column 'id' is missing", "a required one may not"),
        ("id,text,id", {"header": True}, "'id' 2 times", "nobody knows which is meant"),
        (",id,text", {"header": True}, "column 1 has no name", "pandas' index"),
        ("id,text,", {"header": True}, "ends with a separator", "a trailing one"),
        ("id,text,more", {"header": True}, "a column 'more'", "one the contract does not know"),
        ("id\ttext", {"header": True, "sep": "\t"}, None, "tabs"),
        ('"id","text"', {"header": True}, None, "quotes"),
        ("anything", {"header": False}, None, "no header, nothing to compare"),
        ("\ufeffid,text", {"header": True}, None, "a byte order mark is no part of a name"),
    ],
)
def test_csv_headers(tmp_path, header, options, expected, why):
    (tmp_path / "a.csv").write_text(header + "\n1,a\n", encoding="utf-8")
    found = problems(tmp_path, Source("raw", "csv", "*.csv", options))
    assert (len(found) == 1 and expected in found[0]) if expected else found == [], why


RENAMED = replace(
    CONTRACT, columns=(column("id", "bigint", required=True, source="Nr."), column("text", source="First Name"))
)


@pytest.mark.parametrize(
    ("names", "expected", "why"),
    [
        (("Nr.", "First Name"), None, "the source's names count"),
        (("id", "First Name"), "a column 'id'", "and ours do not"),
        (("nr.", "First Name"), "a column 'nr.'", "letter by letter"),
    ],
)
def test_columns_are_called_as_the_source_calls_them(tmp_path, names, expected, why):
    pq.write_table(pa.table({names[0]: pa.array([1]), names[1]: ["a"]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text(",".join(names) + "\n1,a\n")
    for source in (Source("raw", "parquet", "*.parquet"), Source("raw", "csv", "*.csv", {"header": True})):
        found = problems(tmp_path, source, RENAMED)
        assert any(expected in each for each in found) if expected else found == [], (source.format, why)


@pytest.mark.parametrize(
    ("folder", "expected", "why"),
    [
        ("id=1", None, "the folder has the required column"),
        ("id=1/day=2", "a column 'day', by a folder", "one that the contract does not know"),
        ("Id=1", "a column 'Id', by a folder", "letter by letter"),
    ],
)
def test_folders_are_columns(tmp_path, folder, expected, why):
    place = tmp_path / "day=7/lake/raw" / folder  # what the lake lies in is none
    place.mkdir(parents=True)
    pq.write_table(pa.table({"text": ["a"]}), place / "a.parquet")
    (place / "a.csv").write_text("text\na\n")
    (place / "a.json").write_text('{"text": "a"}')
    root = str(tmp_path / "day=7/lake")
    for kind in ("parquet", "csv", "json"):
        source = Source("raw", kind, f"raw/**/*.{kind}", {"header": True} if kind == "csv" else {})
        found = []
        try:
            look(source, list_files(source, root), CONTRACT, lake=root)
        except ConfigError as error:
            found = [problem.what for problem in error.problems]
        assert any(expected in each for each in found) if expected else found == [], (kind, why)


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(StoreError, match=r"a\.parquet"):
        problems(tmp_path, Source("raw", "parquet", "*.parquet"))


def test_files_are_found_by_folder_and_glob_without_hidden_ones(tmp_path):
    for name in ("a.json", "b.json", "c.txt", "_SUCCESS", ".a.json.crc", "deep/d.json", "set.json/part-0.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    def names(path):
        found = list_files(Source("r", "json", path), str(tmp_path))
        return [file.path.removeprefix(f"{tmp_path}/") for file in found]

    assert names("a.json") == ["a.json"]
    assert names("*.json") == ["a.json", "b.json", "set.json/part-0.json"], "a folder of that name is a data set"
    assert names("**/*.json") == ["a.json", "b.json", "deep/d.json", "set.json/part-0.json"]
    assert names("deep") == ["deep/d.json"]
    with pytest.raises(StoreError, match="no file"):
        names("*.csv")


def test_footers_say_rows_bytes_and_names(tmp_path):
    table = pa.table({"a": list(range(10)), "b.c": ["x"] * 10, "s": [{"u": 1, "v": 2}] * 10})
    pq.write_table(table, tmp_path / "a", row_group_size=4)
    pq.write_table(table.slice(0, 0), tmp_path / "b")
    files = [str(tmp_path / name) for name in ("a", "b", "a")]
    one, empty, same = footers(files)
    assert one == same
    assert one.rows == (4, 4, 2)
    assert one.names == empty.names == ("a", "b.c", "s")
    assert sum(empty.rows) == 0
    whole = (tmp_path / "a").stat().st_size
    assert 0.1 * whole < sum(one.sizes) < whole
    assert split_parquet([(Part(0, "b"), empty)]) != []
    (tmp_path / "a").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(StoreError, match="not a readable Parquet file"):
        footers(files)
