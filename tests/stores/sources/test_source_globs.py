"""Globs of a contract's server: which files they mean, and that none takes long."""

# ruff: noqa: E501 - a case is a line
import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom.core.contract import Source
from strongroom.core.errors import StoreError
from strongroom.stores.sources import fixed_of, list_files, location_of, place_of
from strongroom.stores.sources.delta import added_since, data_files
from strongroom.stores.sources.files import _listed
from strongroom.stores.sources.hive_folders import folders_of

FILES = (
    "raw/a/x.csv",
    "raw/a/y.json",
    "raw/a/b/z.csv",
    "raw/ac/w.csv",
    "raw/a/_tmp/t.csv",
    "raw/a/.h.csv",
    "raw/a+b/p.csv",
)
CASES = [
    ("raw/a", ("raw/a/b/z.csv", "raw/a/x.csv", "raw/a/y.json"), "a folder, without what is hidden"),
    ("raw/a/*.csv", ("raw/a/x.csv",), "a star stays in its folder"),
    ("raw/a/**/*.csv", ("raw/a/b/z.csv", "raw/a/x.csv"), "two stars are any folders, or none"),
    ("raw/*/x.csv", ("raw/a/x.csv",), "a star for a folder"),
    ("raw/a*", ("raw/a+b/p.csv", "raw/a/b/z.csv", "raw/a/x.csv", "raw/a/y.json", "raw/ac/w.csv"), "folders that match, with all in them"),
    ("raw/a+b/*", ("raw/a+b/p.csv",), "a plus is a plus"),
    ("raw/a/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", ("raw/a/" + "a" * 200 + "b",), "many stars, where backtracking would not end"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "meant", "why"), CASES)
def test_a_glob_means(tmp_path, path, meant, why):
    for name in (*FILES, "raw/a/" + "a" * 200 + "b", "raw/a/" + "a" * 240):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    if "a*a*" not in path:
        for name in ("a" * 200 + "b", "a" * 240):
            (tmp_path / "raw/a" / name).unlink()
    found = list_files(Source("s", "csv", path), str(tmp_path))
    assert tuple(file.path.removeprefix(f"{tmp_path}/") for file in found) == meant, why


ODD = (
    "a:b.csv", "a b.csv", "a%20b.csv", "50%.csv", "a#b.csv", "a?b.csv", "a[1].csv", "a{x}.csv", "a\\b.csv", "Zürich.csv",
    "a\nb.csv", "名.csv", "x=1/p.csv", "_x=1/p.csv", "a+b.csv", "a'b\".csv", "-a.csv", "a*b.csv",
)  # fmt: skip
HIDDEN = ("_x/p.csv", ".x=1/p.csv", "_x=1.csv", "x=1/_p.csv", "x=1/.p.csv", "x=1/_tmp/p.csv")


def test_odd_names_are_listed_and_can_be_opened_and_hidden_ones_are_not(tmp_path):
    for name in (*ODD, *HIDDEN):
        file = tmp_path / "raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    found = list_files(Source("s", "csv", "raw"), str(tmp_path))
    assert sorted(file.path.removeprefix(f"{tmp_path}/raw/") for file in found) == sorted(ODD)
    for file in found:
        filesystem, path = place_of(file.path)
        with filesystem.open_input_stream(path) as stream:
            assert stream.read().decode() == file.path.removeprefix(f"{tmp_path}/raw/")
    by_uri = list_files(Source("s", "csv", f"file://{tmp_path}/raw"), "/nowhere")
    assert [file.path for file in by_uri] == [f"file://{file.path}" for file in found]
    for file in by_uri:
        filesystem, path = place_of(file.path)
        assert filesystem.get_file_info(path).size == file.size
    assert list_files(Source("s", "csv", f"file://{tmp_path}/raw/a b.csv"), "/nowhere")[0].size == len("a b.csv")


def test_a_name_that_is_no_text_is_an_error_and_no_bug(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")).write_text("x")
    with pytest.raises(StoreError, match="no UTF-8"):
        list_files(Source("s", "csv", "*.csv"), str(tmp_path))
    # and the command of the advice finds it
    shown = subprocess.run(f"find {tmp_path} | LC_ALL=C.UTF-8 grep -axv '.*'", shell=True, capture_output=True)
    assert shown.stdout.endswith(b"a\xff.csv\n")


@pytest.mark.parametrize(
    ("location", "path", "inside", "listed"),
    [
        ("s3a://b/raw", "b/raw", "b/raw/x y.csv", "s3a://b/raw/x y.csv"),
        ("s3://b/raw/*.csv", "b/raw/*.csv", "b/raw/x.csv", "s3://b/raw/x.csv"),
        ("s3://b/", "b", "b/x.csv", "s3://b/x.csv"),
        ("abfss://c@a.net/raw", "c/raw", "c/raw/x.csv", "abfss://c@a.net/raw/x.csv"),
        ("hdfs://h:8020/raw", "/raw", "/raw/x.csv", "hdfs://h:8020/raw/x.csv"),
        ("/raw", "/raw", "/raw/x.csv", "/raw/x.csv"),
    ],
)
def test_a_file_is_called_as_its_source_is(location, path, inside, listed):
    assert _listed(inside, location, path) == listed


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_odd_names_in_an_object_store_are_listed_and_can_be_opened(bucket, scheme):
    client, name = bucket
    odd = [each for each in ODD if "\\" not in each and "\n" not in each]
    for key in (*odd, *HIDDEN):
        client.put_object(Bucket=name, Key=f"raw t%/{key}", Body=key.encode())
    found = list_files(Source("s", "csv", f"{scheme}://{name}/raw t%/**"), "/nowhere")
    assert [file.path for file in found] == sorted(f"{scheme}://{name}/raw t%/{key}" for key in odd)
    for file in found:
        filesystem, path = place_of(file.path)
        with filesystem.open_input_stream(path) as stream:
            assert file.path.endswith("/" + stream.read().decode())
    lake = list_files(Source("s", "csv", "raw t%"), f"{scheme}://{name}")
    assert lake == found, "a lake there has the same files"


def test_a_lake_by_its_uri_may_have_escapes(tmp_path):
    place = tmp_path / "a b/raw/x=1"
    place.mkdir(parents=True)
    (place / "p%20.csv").write_text("x")
    source, lake = Source("s", "csv", "raw"), f"file://{tmp_path}/a%20b"
    (file,) = list_files(source, lake)
    assert file.path == f"file://{tmp_path}/a b/raw/x=1/p%20.csv"
    assert folders_of(file.path, fixed_of(source, lake)) == {"x": "1"}
    write_deltalake(f"{tmp_path}/a b/raw/t", pa.table({"a": [1]}))
    location = location_of(Source("s", "delta", "raw/t"), lake)
    (found,) = data_files(location, 0)
    assert place_of(found.path)[0].get_file_info(place_of(found.path)[1]).size == found.size
    write_deltalake(f"{tmp_path}/a b/raw/t", pa.table({"a": [1]}), mode="append")
    assert len(added_since(location, since=0, version=1).files) == 1
