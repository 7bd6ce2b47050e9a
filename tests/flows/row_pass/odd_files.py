"""Random odd files for whole runs: each case is a contract, and files as various programs write them."""

from __future__ import annotations

import bz2
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: NAME
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: PATH, format: FORM, customProperties: [{property: options, value: OPTIONS}]}
schema:
  - name: NAME
    properties:
"""
COLUMNS = """\
      - {name: id, logicalType: integer, unique: true, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: person, logicalType: string,
         customProperties: [{property: protect, value: {method: hash, domain: person}}]}
      - {name: mail, logicalType: string, customProperties: [{property: protect, value: {method: encrypt}}]}
      - {name: n, logicalType: integer, required: true, logicalTypeOptions: {minimum: 0},
         customProperties: [{property: protect, value: {method: keep}}]}
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: text, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
"""
NESTED = """\
      - name: addr
        logicalType: object
        properties:
          - {name: city, logicalType: string, customProperties: [{property: protect, value: {method: redact}}]}
          - {name: zip, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
      - name: tags
        logicalType: array
        items: {logicalType: string, customProperties: [{property: protect, value: {method: redact}}]}
"""
TYPED = """\
      - {name: at, logicalType: timestamp, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: price, logicalType: number, physicalType: "decimal(9,2)",
         customProperties: [{property: protect, value: {method: keep}}]}
      - {name: small, logicalType: integer, physicalType: smallint,
         customProperties: [{property: protect, value: {method: keep}}]}
      - {name: gone, logicalType: string, customProperties: [{property: protect, value: {method: drop}}]}
"""
TAIL = "customProperties: [{property: purposes, value: [model_training]}, {property: quarantineLimit, value: 1}]\n"
FIELDS = ("id", "person", "mail", "n", "day", "text")
TEXTS = (
    "plain", "", "with, comma", 'a "quoted" word', "two\nlines", "two\r\nlines of Windows", "Ren\u00e9",
    "tab\there", " blank ",
    "x" * 200, "#no comment", "'single'", "1,2,3\n4,5,6,7,8,9", "end with quote\"", "\\", "null", "NaN",
)  # fmt: skip

NAMED = "ask Dr. Olga Petrova"
"""What is redacted where it stands in an address or a tag."""


@dataclass(frozen=True)
class Case:
    """A data set: its contract, and what writes its raw files below a lake's root.

    Args:
        name: the data set's.
        contract: the file.
        write: writes the raw files, given the folder `raw/NAME`.
        code: how a run ends.
    """

    name: str
    contract: str
    write: Callable[[Path], None]
    code: int = 0


def contract(name, form, columns, *, options="{}", path=""):
    path = path or f"raw/{name}/**/*.{form}*"
    head = HEAD.replace("NAME", name).replace("PATH", f'"{path}"').replace("FORM", form).replace("OPTIONS", options)
    if options == "{}":
        head = head.replace(", customProperties: [{property: options, value: {}}]", "")
    return head + columns + TAIL


def values(r: random.Random):
    """A row, as texts; sometimes one that breaks a rule."""
    return {
        "id": r.choice(["", *(str(r.randrange(60)) for _ in range(9))]),
        "person": r.choice(["ada", "bob", "Ren\u00e9", "", "cy"]),
        "mail": r.choice(["a@x.example", "b@x.example", ""]),
        "n": r.choice(["1", "2", "007", "-1", "x", "", "3", "4", "99"]),
        "day": r.choice(["2026-01-02", "", "2026-02-30", "1969-12-31"]),
        "text": r.choice(TEXTS),
    }  # fmt: skip


def ends(r):
    return r.choice([b"\n", b"\n", b"\r\n"])


def json_line(r: random.Random) -> bytes:
    row = {name: value or None for name, value in values(r).items()}
    if r.random() < 0.5 and row["n"] and row["n"].lstrip("-").isdigit():
        row["n"] = int(row["n"])
    if r.random() < 0.3:
        row["addr"] = {"city": r.choice([NAMED, None]), "zip": r.choice([1, "2", None, "x", 1 << 70])}
    if r.random() < 0.3:
        row["tags"] = r.choice([[], ["a", None], ["b", NAMED], None])
    if r.random() < 0.3:
        del row[r.choice(["day", "text", "mail"])]
    line = json.dumps(row, ensure_ascii=r.random() < 0.5).encode()
    kind = r.random()
    if kind < 0.7:
        return line
    odd = [
        line[: r.randrange(1, len(line))],
        line[:-1] + b', "n": 5}',
        line.replace(b"plain", b"pl\xffin") if b"plain" in line else b'{"id": 1, "n": 2, "text": "\xff"}',
        b'{"id": 1, "n": 2, "text": {"a": "b"}}',
        b'{"id": 1, "n": 2, "addr": "Oslo"}',
        b'{"id": 1, "n": 2, "text": "\\ud800"}',
        b'{"id": 1, "n": NaN}',
        b"[1, 2]",
        b"7",
        b"{}",
        b"",
        b"  ",
        line + b" " + line,
        b'{"id": 1, "n": 2, "tags": ["a", {"b": 1}]}',
        b'{"id": 1, "n": 1e999}',
        b'{"id": 1.5, "n": true}',
        b"\t" + line + b"  ",
        b'{"id": 1, "n": 2, "text": "' + b"y" * 900 + b'"}',
        b"\x00",
        line.replace(b"{", b"{ ", 1),
    ]
    return r.choice(odd)


def json_file(r) -> bytes:
    lines = b"".join(json_line(r) + ends(r) for _ in range(r.randrange(1, 40)))
    mark = b"\xef\xbb\xbf" if r.random() < 0.2 else b""
    return mark + (lines.rstrip(b"\r\n") if r.random() < 0.3 else lines)


def in_utf16(r) -> bytes:
    return b"\xff\xfe" + json_file(r).decode("utf-8-sig", "replace").encode("utf-16-le")


def as_documents(r):
    """Documents of JSON: an array, on one line or many, or one object."""
    rows = []
    for _ in range(r.randrange(0, 12)):
        row = {name: value or None for name, value in values(r).items()}
        if r.random() < 0.3:
            row["addr"] = {"city": "Oslo", "zip": r.choice([1, "x"])}
        rows.append(row)
    document = rows if len(rows) != 1 else rows[0]
    return json.dumps(document, indent=r.choice([None, 2]), ensure_ascii=r.random() < 0.5).encode()


def csv_field(r, text, *, always=False):
    if always or any(sign in text for sign in ',"\n\r') or (text and r.random() < 0.2):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_text(r: random.Random, *, comment=False, names=FIELDS, quotes=True) -> str:
    lines = [",".join(names)]
    for _ in range(r.randrange(1, 40)):
        row = values(r)
        kind = r.random()
        line = ",".join(csv_field(r, row[name]) for name in names)
        if kind > 0.95:
            line = ",".join(["1"] * r.choice([1, len(names) - 1, len(names) + 1]))
        elif kind > 0.92:
            line = ",".join('5"' if name == "text" else row[name].replace("\n", "").replace('"', "").replace(",", "")
                            for name in names).replace("\r", "")  # fmt: skip
        elif kind > 0.89:
            line = ""
        elif kind > 0.86 and comment:
            line = '#a comment, "open'
        elif kind > 0.83:
            line = ",".join("a\rb" if name == "text" else "1" for name in names)
        lines.append(line)
    end = r.choice(["\n", "\r\n"])
    return end.join(lines) + (end if r.random() < 0.7 else "")


def spoiled(r, data: bytes) -> bytes:
    """With a byte here and there that is no character of UTF-8."""
    return data.replace(b"plain", b"pl\xe9in", 1) if r.random() < 0.4 else data


MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def typed_table(r: random.Random, rows: int, *, nanos=False) -> pa.Table:
    def some(make, share=0.2):
        return [None if r.random() < share else make() for _ in range(rows)]

    texts = some(lambda: r.choice(TEXTS))
    moments = some(lambda: MOMENT + timedelta(seconds=r.randrange(10**6), microseconds=r.randrange(10**6)))
    at = pa.array(moments, pa.timestamp("us", "UTC"))
    if nanos:
        at = pa.array([None if m is None else int(m.timestamp()) * 10**9 + r.choice([0, 1000, 1]) for m in moments],
                      pa.timestamp("ns", "UTC"))  # fmt: skip
    return pa.table({
        "id": pa.array(some(lambda: r.randrange(80)), r.choice([pa.int64(), pa.int32()])),
        "person": some(lambda: r.choice(["ada", "bob", "Ren\u00e9"])),
        "mail": pa.array(some(lambda: r.choice(["a@x.example", "b@x.example"])), pa.string()),
        "n": pa.array(some(lambda: r.randrange(-2, 50), 0.05), pa.int64()),
        "day": pa.array(some(lambda: (MOMENT + timedelta(days=r.randrange(-30000, 3000))).date()), pa.date32()),
        "text": pa.array(texts, pa.string()),
        "addr": pa.array(some(lambda: {"city": r.choice([NAMED, None]), "zip": r.choice([1, None])}),
                         pa.struct([("city", pa.string()), ("zip", pa.int64())])),
        "tags": pa.array(some(lambda: r.choice([[], ["a", None], ["b"]])), pa.list_(pa.string())),
        "at": at,
        "price": pa.array(some(lambda: Decimal(r.randrange(10**7)) / 100), pa.decimal128(9, 2)),
        "small": pa.array(some(lambda: r.choice([1, 2, 3])), pa.int16()),
    })  # fmt: skip


def parquet(r, file: Path, table, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file, row_group_size=r.choice([3, 7, 100]), **options)


def text_files(r, name, make, suffix, pack=bytes):
    contents = [pack(make(r)) for _ in range(r.randrange(1, 4))]

    def write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(contents):
            (folder / f"{name}-{number}.{suffix}").write_bytes(content)

    return write


def csv_case(r, name, *, encoding="UTF-8", pack=bytes, suffix="csv", options="", comment=False, mark=b"", **more):
    order = list(FIELDS)
    if r.random() < 0.5:
        r.shuffle(order)
    if r.random() < 0.3:
        order.remove(r.choice(["day", "mail"]))

    def make(r):
        text = csv_text(r, comment=comment, names=order)
        data = mark + text.encode(encoding, "replace")
        return spoiled(r, data) if encoding == "UTF-8" else data

    said = {"UTF-8": "", "UTF-16-LE": ", encoding: UTF-16", "UTF-16-BE": ", encoding: UTF-16"}.get(
        encoding, f", encoding: {encoding}"
    )
    told = "{header: true" + said + options + (", comment: '#'" if comment else "") + "}"
    return Case(name, contract(name, "csv", COLUMNS, options=told), text_files(r, name, make, suffix, pack), **more)


def drawn(seed: int) -> list[Case]:
    """The cases of a seed."""
    r = random.Random(seed)
    cases = [
        Case("jsonl", contract("jsonl", "json", COLUMNS + NESTED), text_files(r, "jsonl", json_file, "json")),
        Case("jsongz", contract("jsongz", "json", COLUMNS + NESTED),
             text_files(r, "jsongz", json_file, "json.gz", gzip.compress)),
        Case("jsonutf16", contract("jsonutf16", "json", COLUMNS + NESTED, options="{encoding: UTF-16}"),
             text_files(r, "jsonutf16", in_utf16, "json")),
        Case("jsondoc", contract("jsondoc", "json", COLUMNS + NESTED, options="{document: true}"),
             text_files(r, "jsondoc", as_documents, "json")),
        Case("jsondocgz", contract("jsondocgz", "json", COLUMNS + NESTED, options="{document: true}"),
             text_files(r, "jsondocgz", as_documents, "json.gz", gzip.compress)),
        csv_case(r, "csv", mark=r.choice([b"", b"\xef\xbb\xbf"])),
        csv_case(r, "csvcomment", comment=True),
        csv_case(r, "csvgz", pack=gzip.compress, suffix="csv.gz"),
        csv_case(r, "csvbz", pack=bz2.compress, suffix="csv.bz2"),
        csv_case(r, "csvutf16le", encoding="UTF-16-LE", mark=b"\xff\xfe"),
        csv_case(r, "csvutf16begz", encoding="UTF-16-BE", mark=b"\xfe\xff", pack=gzip.compress, suffix="csv.gz"),
        csv_case(r, "csv1252", encoding="windows-1252"),
        csv_case(r, "csv885915", encoding="ISO-8859-15"),
        csv_case(r, "csvrest", options=", onBrokenQuote: quarantineRest", pack=torn(r)),
        csv_case(r, "csvstop", pack=torn(r, always=True), code=7),
        csv_case(r, "csvkeep", options=", emptyText: keep"),
    ]  # fmt: skip
    line = b'{"id": 1, "n": 2, "NEW": 5}\n{"id": 2, "n": 2, "addr": {"City": 1}}\n'
    unknown = text_files(r, "jsonunknown", lambda r: json_file(r).rstrip(b"\r\n") + b"\n" + line + json_file(r), "json")
    cases.append(Case("jsonunknown", contract("jsonunknown", "json", COLUMNS + NESTED), unknown, code=3))
    cases += typed_cases(r)
    cut = text_files(random.Random(4), "jsoncut", lambda r: gzip.compress(json_file(r))[:-9], "json.gz")
    cases.append(Case("jsoncut", contract("jsoncut", "json", COLUMNS + NESTED), cut, code=7))
    broken = text_files(random.Random(4), "docbroken", lambda _: b'[{"id": 1, "n": 1}, {"id": 2', "json")
    options = "{document: true}"
    cases.append(Case("docbroken", contract("docbroken", "json", COLUMNS, options=options), broken, code=7))
    return cases


def torn(r, always=False):
    """Has a file end with a record whose quote is broken, and what looks like rows behind it."""
    behind = r.choice(['1,"ada"x,2\n', '1,"ada,2,3\n', '\n"a\n'])
    rest = "".join(f"{n},ada,a@x.example,{n},,t{n}\n" for n in range(r.randrange(1, 20)))
    odd = always or r.random() < 0.7

    def pack(data):
        return data.rstrip(b"\r\n") + ("\n" + behind + rest).encode() if odd else data

    return pack


def typed_cases(r) -> list[Case]:
    columns = COLUMNS + NESTED + TYPED
    tables = [typed_table(r, r.randrange(1, 60)) for _ in range(3)]

    def plain_parquet(folder):
        for number, table in enumerate(tables):
            parquet(random.Random(number), folder / f"p-{number}.parquet", table)

    def int96(folder):
        parquet(random.Random(1), folder / "p.parquet", tables[0], use_deprecated_int96_timestamps=True)

    nano = typed_table(r, 30, nanos=True)

    def nanos(folder):
        parquet(random.Random(1), folder / "p.parquet", nano)

    wide = tables[1].set_column(10, "small", pa.array([n * 30000 for n in range(tables[1].num_rows)], pa.int64()))
    wide = wide.set_column(9, "price", wide["price"].cast(pa.decimal128(20, 4)))
    wide = wide.set_column(0, "id", wide["id"].cast(pa.decimal128(19, 0)))
    wide = wide.append_column("gone", pa.array(range(wide.num_rows), pa.int64()))

    def widened(folder):
        parquet(random.Random(1), folder / "a.parquet", wide)
        parquet(random.Random(1), folder / "b.parquet", tables[0])

    few = tables[2].select(["n", "id", "text"])

    def missing(folder):
        parquet(random.Random(1), folder / "a.parquet", few)

    def hive(folder):
        for number, day in enumerate(["2026-01-01", "__HIVE_DEFAULT_PARTITION__", "no%2Fday"]):
            table = tables[number].drop_columns(["day"])
            parquet(random.Random(number), folder / f"day={day}" / "p.parquet", table)
        both = tables[0].set_column(4, "day", pa.array([MOMENT.date()] * tables[0].num_rows))
        parquet(random.Random(5), folder / "day=2026-01-02" / "both.parquet", both)

    delta = [table.set_column(0, "id", table["id"].cast(pa.int64())) for table in tables]

    def as_delta(folder):
        for table in delta:
            write_deltalake(str(folder), table, mode="append")

    def partitioned(folder):
        for table in delta:
            write_deltalake(str(folder), table, mode="append", partition_by=["person"])

    csvs = [csv_text(r, names=[name for name in FIELDS if name != "person"]).encode() for _ in range(3)]

    def hive_csv(folder):
        for person, data in zip(("ada", "Ren%C3%A9", "a%20b"), csvs, strict=True):
            (folder / f"person={person}").mkdir(parents=True)
            (folder / f"person={person}" / "a.csv").write_bytes(data)

    lines = [json_file(r) for _ in range(2)]

    def hive_json(folder):
        for person, data in zip(("ada", "__HIVE_DEFAULT_PARTITION__"), lines, strict=True):
            (folder / f"person={person}").mkdir(parents=True)
            (folder / f"person={person}" / "a.json").write_bytes(data)

    def one(name, write, form="parquet", **more):
        path = f"raw/{name}" if form == "delta" else ""
        return Case(name, contract(name, form, columns, path=path), write, **more)

    return [
        one("parquet", plain_parquet),
        one("int96", int96),
        one("nanos", nanos),
        one("wide", widened),
        one("missing", missing),
        one("hive", hive),
        one("delta", as_delta, "delta"),
        one("deltapart", partitioned, "delta"),
        Case("hivecsv", contract("hivecsv", "csv", COLUMNS, options="{header: true}"), hive_csv),
        Case("hivejson", contract("hivejson", "json", COLUMNS + NESTED), hive_json),
    ]
