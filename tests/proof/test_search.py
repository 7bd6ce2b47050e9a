"""A value that is planted somewhere in a lake is found there, and what is no value is not."""

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import os
import zipfile
from urllib.parse import quote

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from strongroom.proof.decoys import decoys
from strongroom.proof.forms import Needle, reach
from strongroom.proof.search import search

EMAIL, NAME, NUMBER = "olga.petrova@example.org", "Ölga Pé'trova", "12345678"
TAG = bytes(range(100, 116))
TOKEN = base64.urlsafe_b64encode(TAG).decode().rstrip("=")
NEEDLES = [
    Needle(7, "email", EMAIL, kind="email"),
    Needle(7, "name", NAME),
    Needle(7, "number", NUMBER),
    Needle(7, "token", TOKEN, kind="token"),
    Needle(7, "code", "ab-123"),
    Needle(7, "city", "Bonn"),
    Needle(7, "birthday", "1980-02-03", shared=True),
]


def found_in(folder, **options):
    report = search([str(folder)], NEEDLES, **options)
    assert all(one.subject == 7 for one in report.found)
    return {(one.file.removeprefix(f"{folder}/"), one.where, one.form, one.name) for one in report.found}


def names_in(folder, **options):
    return {(where.removesuffix(", dictionary"), name) for _, where, _, name in found_in(folder, **options)}


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def framed_snappy(data):
    body = b"\0\0\0\0" + pa.compress(data, "snappy", asbytes=True)
    return b"\xff\x06\0\0sNaPpY" + b"\0" + len(body).to_bytes(3, "little") + body


def lz4(data):
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "lz4") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


TEXT = b"xx " * 3000 + EMAIL.encode() + b" yy" * 3000


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        (TEXT, "bytes", "as it is"),
        (gzip.compress(TEXT), "content", "gzip, whatever the name"),
        (gzip.compress(b"first") + gzip.compress(TEXT), "content", "a second member"),
        (bz2.compress(TEXT), "content", "bzip2"),
        (lzma.compress(TEXT), "content", "xz"),
        (pa.compress(TEXT, "zstd", asbytes=True), "content", "zstd"),
        (lz4(TEXT), "content", "LZ4"),
        (framed_snappy(TEXT), "content", "framed Snappy"),
        (zipped(a=b"nothing", b=TEXT), "member 1", "a member of a zip"),
        (zipped(a=gzip.compress(TEXT)), "member 0, content", "gzip in a zip"),
        (gzip.compress(zipped(a=TEXT)), "content, member 0", "a zip in gzip"),
        (gzip.compress(gzip.compress(TEXT)), "content, content", "twice"),
    ],
    ids=lambda each: each if isinstance(each, str) else "bytes",
)
def test_what_is_compressed_is_opened(tmp_path, data, where, why):
    (tmp_path / ".hidden").write_bytes(data)
    assert (".hidden", where, "utf-8", "email") in found_in(tmp_path), why


@pytest.mark.parametrize(
    ("data", "form", "name"),
    [
        (EMAIL.encode(), "utf-8", "email"),
        (EMAIL.upper().encode(), "utf-8", "email"),
        (NAME.encode("utf-16-le"), "utf-16-le", "name"),
        (NAME.encode("utf-16-be"), "utf-16-be", "name"),
        (NAME.encode("latin-1"), "latin-1", "name"),
        (NAME.encode().hex().encode(), "hex", "name"),
        (NAME.encode().hex().upper().encode(), "hex", "name"),
        (base64.b64encode(b"abc" + NAME.encode()), "base64", "name"),
        (base64.b64encode(b"abcd" + NAME.encode() + b"e"), "base64", "name"),
        (base64.urlsafe_b64encode(b"abcde" + NAME.encode() + b"ef"), "base64", "name"),
        (quote(NAME).encode(), "url", "name"),
        (quote(NAME).lower().replace("%c3", "%c3").encode(), "", "name"),
        (json.dumps({"a": NAME}).encode(), "json-escaped", "name"),
        (html.escape(NAME).encode(), "html", "name"),
        (NAME.encode("ascii", "xmlcharrefreplace"), "html", "name"),
        (TAG, "raw", "token"),
        (TAG.hex().encode(), "hex", "token"),
        (base64.b64encode(TAG), "base64", "token"),
        (b"x ab-123.", "utf-8", "code"),
    ],
)
def test_every_form_is_found(tmp_path, data, form, name):
    (tmp_path / "f").write_bytes(b"..." + data + b"...")
    forms = {one for _, _, one, who in found_in(tmp_path) if who == name}
    assert (form in forms) if form else not forms


def test_what_is_short_stands_by_itself(tmp_path):
    (tmp_path / "f").write_bytes(b"xab-123 ab-1234 ab-123_ " + "éab-123".encode())
    assert found_in(tmp_path) == set()
    (tmp_path / "f").write_bytes("ab-123".encode("utf-16-le"))
    assert found_in(tmp_path) == {("f", "bytes", "utf-16-le", "code")}


def test_a_name_is_searched_and_not_told(tmp_path):
    (tmp_path / f"email={quote(EMAIL)}").mkdir()
    (tmp_path / f"email={quote(EMAIL)}" / "f").write_bytes(b"nothing")
    report = search([str(tmp_path)], NEEDLES)
    assert [(one.file, one.where) for one in report.found] == [(f"{tmp_path}/…/f", "name")]
    assert EMAIL.partition("@")[0] not in repr(report)


def table_of(folder, table, *, where="t/training/reviews", **options):
    (folder / where).mkdir(parents=True)
    pq.write_table(table, folder / where / "part", **{"compression": "zstd", "write_statistics": False, **options})


COLUMNS = {
    "text": pa.array(["a", EMAIL]),
    "large": pa.array(["a", EMAIL], pa.large_string()),
    "binary": pa.array([b"a", EMAIL.encode()]),
    "few": pa.array(["a", EMAIL]).dictionary_encode(),
    "items": pa.array([["a"], ["b", EMAIL]]),
    "inner": pa.array([None, {"a": {"b": EMAIL}}]),
    "map": pa.array([[("k", "v")], [(EMAIL, "v")]], pa.map_(pa.string(), pa.string())),
    "deep": pa.array([[], [{"a": [EMAIL]}]]),
    "tag": pa.array([b"a" * 16, TAG], pa.binary(16)),
    "bigint": pa.array([1, 12345678]),
    "small": pa.array([1, 12345678], pa.int32()),
    "double": pa.array([0.5, 12345678.0]),
    "decimal": pa.array([1, 12345678], pa.decimal128(20, 2)),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_are_decoded(tmp_path, column):
    table_of(tmp_path, pa.table({"x": COLUMNS[column]}))
    paths = {"items": "x[]", "inner": "x.a.b", "map": "x.key", "deep": "x[].a[]"}
    names = {"tag": "token", "bigint": "number", "small": "number", "double": "number", "decimal": "number"}
    wanted = (f"row group 0, column {paths.get(column, 'x')}", names.get(column, "email"))
    assert wanted in names_in(tmp_path)
    for written in ("orc", "ipc", "stream"):
        if written == "orc" and column in ("few", "tag"):
            continue
        file = tmp_path / written
        table = pa.table({"x": COLUMNS[column]})
        if written == "orc":
            orc.write_table(table, file, compression="zlib")
        else:
            make = pa.ipc.new_file if written == "ipc" else pa.ipc.new_stream
            with make(file, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as out:
                out.write_table(table)
        found = {
            (where.removesuffix(", dictionary"), name) for at, where, _, name in found_in(tmp_path) if at == written
        }
        assert any(where.endswith(wanted[0].partition(", ")[2]) and name == wanted[1] for where, name in found), written


def test_two_values_side_by_side_make_no_third(tmp_path):
    cut = [EMAIL[:9], EMAIL[9:], "ab-1", "23"]
    table_of(
        tmp_path,
        pa.table(
            {
                "x": cut,
                "l": [[EMAIL[:3], EMAIL[3:]]] * 4,
                "b": pa.array([b"olga.petro", b"va@example"] * 2, pa.binary(10)),
            }
        ),
    )
    assert found_in(tmp_path) == set()


def test_short_and_shared_values_are_compared_in_named_columns_only(tmp_path):
    days = pa.array(["1980-02-03", "1990-01-01"])
    table_of(
        tmp_path,
        pa.table({"city": ["Bonn", "Bonner"], "other": ["Bonn", "x"], "born": days.cast(pa.date32()), "text": days}),
    )
    options = {"lake": str(tmp_path / "t"), "columns": {"training.reviews": ["city", "born", "gone"]}}
    assert names_in(tmp_path) == set()
    assert names_in(tmp_path, **options) == {
        ("row group 0, column city", "city"),
        ("row group 0, column born", "birthday"),
    }
    report = search([str(tmp_path)], NEEDLES, **options)
    assert report.by_column == {"city": 1, "birthday": 1}
    assert report.columns == ("training.reviews: born", "training.reviews: city")
    assert [(one.file, one.where) for one in report.unsearched] == [("training.reviews", "column gone")]


def test_footers_are_searched(tmp_path):
    table_of(tmp_path, pa.table({"n": [5, 12345678], "t": ["a", EMAIL]}), write_statistics=True)
    assert {("row group 0, statistics, column n", "number"), ("bytes", "email")} <= names_in(tmp_path)


def test_what_cannot_be_searched_is_told(tmp_path):
    whole = gzip.compress(os.urandom(300_000) + TEXT)
    (tmp_path / "cut").write_bytes(whole[:200_000])
    (tmp_path / "avro").write_bytes(b"Obj\x01....")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "part").write_bytes(b"PAR1" + b"broken" * 9)
    report = search([str(tmp_path), str(tmp_path / "not")], NEEDLES)
    told = {one.file.rpartition("/")[2] for one in report.unsearched}
    assert told == {"cut", "avro", "link", "part", "not", ""}  # the last: nothing to compare short values with
    assert {one.file.rpartition("/")[2] for one in report.files} == {"cut", "avro", "part"}


def test_decoys_are_people_that_never_were(tmp_path):
    one, again, other = (decoys(NEEDLES, 50, seed=seed) for seed in ("a", "a", "b"))
    assert [each.value for each in one] == [each.value for each in again] != [each.value for each in other]
    assert len(one) == 50 * len(NEEDLES)
    assert not {each.value for each in one} & {each.value for each in NEEDLES}
    assert all(reach(each) == reach(like) for each, like in zip(one, NEEDLES * 50, strict=True))
    (tmp_path / "f").write_text(str(one[0].value))
    report = search([str(tmp_path)], NEEDLES, invented=one)
    assert (report.found, report.decoys, len(report.invented)) == ((), len(one), 1)
    assert report.false_hits == 1 / len(one)
