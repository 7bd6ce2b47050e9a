"""Lakes of every kind of place: what is planted is found, all of it and nothing else."""

import base64
import gzip
import io
import json
import random
import zipfile
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.proof import contents
from strongroom.proof import search as module
from strongroom.proof.decoys import decoys
from strongroom.proof.forms import Needle
from strongroom.proof.search import search

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def needles(count, draw):
    found = []
    for number in range(count):
        first, last = ("".join(draw.choices(LETTERS, k=draw.randrange(5, 9))).title() for _ in range(2))
        found += [
            Needle(number, "name", f"{first} {last}"),
            Needle(number, "email", f"{first}.{last}@example.org".lower(), kind="email"),
            Needle(number, "phone", f"+49{draw.randrange(10**9, 10**10)}"),
            Needle(number, "id", str(draw.randrange(10**8, 10**9))),
            Needle(number, "token", base64.urlsafe_b64encode(draw.randbytes(21)).decode(), kind="token"),
        ]
    return found


def zipped(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", data)
    return out.getvalue()


def in_parquet(value, draw):
    rows = [f"row {number}" for number in range(50)]
    rows[draw.randrange(50)] = value
    kind = draw.choice(("flat", "list", "struct", "few"))
    column = {
        "flat": lambda: pa.array(rows),
        "list": lambda: pa.array([rows[:20], None, rows[20:]]),
        "struct": lambda: pa.array([{"a": [{"b": row}]} for row in rows]),
        "few": lambda: pa.array(rows * 40).dictionary_encode(),
    }[kind]()
    out = io.BytesIO()
    codec = draw.choice(("snappy", "zstd", "gzip", "none"))
    pq.write_table(
        pa.table({"x": column}), out, compression=codec, row_group_size=7, write_statistics=draw.random() < 0.5
    )
    return out.getvalue()


PLACES = {
    "plain": lambda value, draw: value.encode(),
    "utf-16": lambda value, draw: value.encode("utf-16"),
    "hex": lambda value, draw: value.encode().hex().encode(),
    "base64": lambda value, draw: base64.b64encode(draw.randbytes(draw.randrange(4)) + value.encode() + b"rest"),
    "url": lambda value, draw: f"/x/name={quote(value, safe='')}/y".encode(),
    "json": lambda value, draw: json.dumps({"stats": json.dumps({"min": value})}).encode(),
    "gzip": lambda value, draw: gzip.compress(draw.randbytes(1_000) + value.encode()),
    "zip": lambda value, draw: zipped(gzip.compress(value.encode())),
    "parquet": in_parquet,
}


def test_a_thousand_people_with_five_values_each(tmp_path):
    draw = random.Random(20)
    wanted, others = needles(1_000, draw), needles(200, draw)
    lost = draw.sample(wanted, 3 * len(PLACES))
    for number, needle in enumerate([*lost, *others]):
        place = list(PLACES.values())[number % len(PLACES)]
        folder = tmp_path / draw.choice(("training/a", "_delta_log", ".hidden", "keys")) / str(number % 20)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}").write_bytes(place(needle.value, draw))
    report = search([str(tmp_path)], wanted, invented=decoys(wanted, 100, seed="r"))
    found = {(one.file.rpartition("/")[2], one.subject, one.name) for one in report.found}
    assert found == {(str(number), needle.subject, needle.name) for number, needle in enumerate(lost)}
    assert (report.unsearched, report.invented) == ((), ())
    assert (report.subjects, report.needles, report.decoys) == (1_000, 5_000, 500)
    assert len(report.files) == len(lost) + len(others)
    said = repr(report)
    assert not [needle for needle in wanted if needle.value in said]


@pytest.mark.parametrize("packed", [False, True])
def test_a_value_at_the_end_of_a_chunk(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(module, "_CHUNK", 100)
    monkeypatch.setattr(module, "WHOLE", 50)
    wanted = [Needle(0, "email", "olga@example.org", kind="email"), Needle(1, "code", "ab-123")]
    for before in range(70, 110):
        data = b"." * before + b"olga@example.org ab-123"
        (tmp_path / "f").write_bytes(gzip.compress(data) if packed else data)
        found = search([str(tmp_path)], wanted).found
        assert [(one.at, one.name, one.count) for one in found] == [(before, "email", 1), (before + 17, "code", 1)]
        joined = data + b"4"  # which is known in the next chunk only
        (tmp_path / "f").write_bytes(gzip.compress(joined) if packed else joined)
        assert [one.name for one in search([str(tmp_path)], wanted).found] == ["email"], before


def test_files_and_columns_are_read_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WHOLE", 1)
    monkeypatch.setattr(module.tables, "BATCH", 1)
    rows = [f"row {number}" for number in range(40)]
    rows[33] = "olga@example.org"
    table = pa.table({"x": rows, "l": [[row, row] for row in rows], "s": pa.array(rows).dictionary_encode()})
    pq.write_table(table, tmp_path / "f", row_group_size=20, compression="zstd", write_statistics=False)
    found = search([str(tmp_path)], [Needle(0, "email", "olga@example.org")]).found
    places = {(one.where, one.at, one.count) for one in found if one.where != "bytes"}
    assert {("row group 1, column x", 13, 1), ("row group 1, column s, dictionary", 33, 1)} <= places
    assert [count for where, _, count in places if where == "row group 1, column l[]"] == [2]


def test_a_bomb_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "EXPANDED", 1 << 20)
    monkeypatch.setattr(module, "RATIO", 2)
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(50 << 20)))
    (tmp_path / "nested").write_bytes(zipped(gzip.compress(bytes(50 << 20))))
    deep = b"olga@example.org"
    for _ in range(module.DEEPEST + 1):
        deep = gzip.compress(deep)
    (tmp_path / "deep").write_bytes(deep)
    report = search([str(tmp_path)], [Needle(0, "email", "olga@example.org")])
    assert {one.file.rpartition("/")[2] for one in report.unsearched} == {"bomb", "nested", "deep"}
    assert report.opened < 4 << 20


def test_a_zip_with_a_password(tmp_path):
    data = bytearray(zipped(b"something"))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + at] |= 1
    (tmp_path / "f").write_bytes(data)
    report = search([str(tmp_path)], [Needle(0, "email", "olga@example.org")])
    assert [(one.where, one.why) for one in report.unsearched] == [("member 0", "it is encrypted")]


@pytest.mark.parametrize("magic", contents._UNKNOWN)
def test_what_is_not_opened_is_told(tmp_path, magic):
    (tmp_path / "f").write_bytes(zipped(magic + b"." * 40))
    report = search([str(tmp_path)], [Needle(0, "email", "olga@example.org")])
    assert [one.where for one in report.unsearched] == ["member 0"]


def test_every_root_and_each_file_once(tmp_path):
    for folder in ("lake/a", "keys", "out"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f").write_bytes(b"to olga@example.org")
    roots = [str(tmp_path / "lake"), str(tmp_path / "lake/a"), f"file://{tmp_path}/keys", str(tmp_path / "out/f")]
    report = search(roots, [Needle(0, "email", "olga@example.org")])
    assert sorted(one.file for one in report.found) == sorted(f"{tmp_path}/{at}/f" for at in ("lake/a", "keys", "out"))
    assert report.roots == tuple(roots)
    assert len(search(roots[:1], [], without=[f"{tmp_path}/lake/a"]).files) == 0


def test_the_list_of_files_has_a_digest(tmp_path):
    (tmp_path / "f").write_bytes(b"one")
    first = search([str(tmp_path)], [])
    (tmp_path / "f").write_bytes(b"two")
    assert [one.size for one in first.files] == [3]
    assert first.files[0].sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert first.digest != search([str(tmp_path)], []).digest


@pytest.mark.parametrize("cut", ["read", "footer"])
def test_a_file_that_goes_or_cannot_be_read_is_told(tmp_path, cut):
    table = pa.table({"x": [f"row {number}" for number in range(10_000)]})
    pq.write_table(table, tmp_path / "f", compression="zstd")
    data = bytearray((tmp_path / "f").read_bytes())
    if cut == "read":
        data[40:400] = bytes(360)
    (tmp_path / "f").write_bytes(data if cut == "read" else data[:-20])
    report = search([str(tmp_path)], [Needle(0, "email", "olga@example.org")])
    assert {one.file.rpartition("/")[2] for one in report.unsearched} == {"f"}
    assert "row " not in report.unsearched[0].why
