"""Tables as people have them: forty files and more, each with what is odd of it, and what its columns really are."""

import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from support import every_type


@dataclass(frozen=True)
class Odd:
    """A file: its bytes, its name, its rows, and by path of a column its type in the words of Spark SQL."""

    data: bytes
    name: str
    rows: int
    types: Mapping[str, str]


def _csv(data: str, rows: int, /, *, file: str = "data.csv", encoding: str = "utf-8", **types: str) -> Odd:
    return Odd(data.encode(encoding), file, rows, types)


def _json(records: list, /, **types: str) -> Odd:
    return Odd("".join(json.dumps(record) + "\n" for record in records).encode(), "data.json", len(records), types)


def _parquet(table: pa.Table, **types: str) -> Odd:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return Odd(sink.getvalue(), "data.parquet", table.num_rows, types)


def _wide() -> Odd:
    """53 columns with names and birthdays, as an administration exports them."""
    names = ["Vorname", "Nachname", "Geburtsdatum", "E-Mail", "PLZ", *(f"Feld_{at}" for at in range(48))]
    lines = [";".join(names)]
    for row in range(300):
        day = f"{row % 28 + 1:02d}.{row % 12 + 1:02d}.{1940 + row % 60}"
        lines.append(
            ";".join(
                [
                    "Zoë",
                    f"Müller-{row % 50}",
                    day,
                    f"a{row}@example.org",
                    f"{row:05d}",
                    *(str(row * at) for at in range(48)),
                ]
            )
        )
    types = {"Vorname": "string", "Nachname": "string", "Geburtsdatum": "date", "E-Mail": "string", "PLZ": "string"}
    return Odd("\n".join(lines).encode("windows-1252"), "data.csv", 300, types | {"Feld_7": "bigint"})


DE = "name;betrag;datum\nMüller;1.234,50;31.12.2023\nJosé;12,5;01.02.2024\n"
ODD: Mapping[str, Odd] = {
    "plain": _csv("id,amount\n1,1.5\n2,2.25\n", 2, id="bigint", amount="double"),
    "no line end at the end": _csv("id,amount\n1,1.5\n2,2.25", 2, id="bigint", amount="double"),
    "CR LF": _csv("id,label\r\n1,a\r\n2,b\r\n", 2, id="bigint", label="string"),
    "semicolons, decimal comma": _csv("betrag;menge\n1,5;3\n12,75;4\n0,5;5\n", 3, betrag="double", menge="bigint"),
    "thousands": _csv("betrag;x\n1.234,50;1\n12,00;2\n", 2, betrag="double", x="bigint"),
    "thousands of others": _csv("price|x\n1,234,567|a\n89|b\n", 2, price="bigint", x="string"),
    "swiss thousands": _csv("price;x\n1'234.50;a\n89.00;b\n", 2, price="double", x="string"),
    "nobody knows the sign": _csv("price;x\n1,234;a\n5,678;b\n", 2, price="string", x="string"),
    "windows-1252": _csv(
        DE.replace("J", "€ J"), 2, encoding="windows-1252", name="string", betrag="double", datum="date"
    ),
    "latin-1": _csv(DE, 2, encoding="latin-1", name="string", betrag="double", datum="date"),
    "ISO-8859-15": _csv(DE.replace("J", "€"), 2, encoding="iso8859-15", name="string", betrag="double", datum="date"),
    "UTF-8 with a mark": _csv(DE, 2, encoding="utf-8-sig", name="string", betrag="double", datum="date"),
    "UTF-16 with a mark": _csv(DE, 2, encoding="utf-16", name="string", betrag="double", datum="date"),
    "UTF-16LE": _csv(DE, 2, encoding="utf-16-le", name="string", betrag="double", datum="date"),
    "tabs": _csv("id\tcity\n1\tOslo, Norway\n2\tRome\n", 2, file="data.tsv", id="bigint", city="string"),
    "quotes and breaks": _csv('id,text\n1,"a ""b"", c"\n2,"two\nlines"\n', 2, id="bigint", text="string"),
    "quotes escaped": _csv('id,text\n1,"a \\"b\\", c"\n2,"d"\n', 2, id="bigint", text="string"),
    "quotes that are text": _csv('id\ttext\n1\t"so" he said\n2\tsaid "no\n3\t"x\n', 3, id="bigint", text="string"),
    "blanks behind commas": _csv('id, text, n\n1, "a, b", 2\n2, "c", 3\n', 2, id="bigint", text="string", n="bigint"),
    "no header": _csv("1,a,2024-01-01\n2,b,2024-01-02\n", 2, column_1="bigint", column_2="string", column_3="date"),
    "a comment": _csv("# made by hand\nid,n\n1,2\n3,4\n", 2, id="bigint", n="bigint"),
    "one column": _csv("rating\n1\n2\n", 2, rating="bigint"),
    "one row": _csv("id,day\n7,2024-02-29\n", 1, id="bigint", day="date"),
    "leading zeros": _csv("code,n\n007,1\n012,2\n", 2, code="string", n="bigint"),
    "twenty digits": _csv("number,n\n12345678901234567890,1\n1,2\n", 2, number="string", n="bigint"),
    "mixed dates": _csv("day,n\n2024-01-05,1\n05.01.2024,2\n", 2, day="string", n="bigint"),
    "day or month": _csv("day,n\n03/04/2024,1\n05/06/2024,2\n", 2, day="string", n="bigint"),
    "days of america": _csv("day,n\n03/14/2024,1\n05/06/2024,2\n", 2, day="date", n="bigint"),
    "moments": _csv(
        "a,b,c\n2024-01-05T10:00:00Z,2024-01-05 10:00:00,05.01.2024 10:00\n"
        "2024-01-05T10:00:00+01:00,2023-01-05 10:00:00,31.01.2024 10:30\n",
        2,
        a="timestamp",
        b="timestamp_ntz",
        c="timestamp_ntz",
    ),
    "words for missing": _csv(
        "n,day,label\n?,N/A,a\n1, ,?\n2,2024-01-01,b\n-,NULL,a\n", 4, n="bigint", day="date", label="string"
    ),
    "booleans": _csv(
        "active,flag,ok\ntrue,yes,True\nfalse,no,False\n", 2, active="boolean", flag="string", ok="boolean"
    ),
    "an empty column": _csv("id,nothing,n\n1,,2\n2,,3\n", 2, id="bigint", nothing="string", n="bigint"),
    "names for people": _csv(
        'Kunden-Nr.,"First Name",größe (cm)\n1,Ann,170\n2,Bob,180\n',
        2,
        **{"Kunden-Nr": "bigint", "First_Name": "string", "größe_cm": "bigint"},
    ),
    "exponents": _csv("x,y\n1e5,0.30000000000000004\n-2.5E-3,.5\n", 2, x="double", y="double"),
    "large money": _csv("total,n\n12345678901234567.25,1\n1.5,2\n", 2, total="decimal(21,2)", n="bigint"),
    "overflow": _csv("x,n\n1e999,1\n2,2\n", 2, x="string", n="bigint"),
    "packed": Odd(gzip.compress(b"id,amount\n1,1.5\n2,2.25\n"), "data.csv.gz", 2, {"id": "bigint", "amount": "double"}),
    "53 columns": _wide(),
    "JSON lines": _json(
        [
            {"id": 1, "who": {"name": "Ann", "tags": ["a"]}, "day": "2024-01-01", "zip": "01234", "ok": True},
            {"id": 2, "who": {"name": "Bob", "tags": []}, "day": "2024-01-02", "zip": "99999", "more": 1.5},
        ],
        **{"id": "bigint", "who.name": "string", "who.tags[]": "string", "day": "date", "zip": "string"},
        ok="boolean",
        more="double",
    ),
    "a JSON document": Odd(
        json.dumps(
            [{"id": 12345678901234567890, "in": [{"x": [1, 2]}, {"x": []}]}, {"id": 1, "in": []}], indent=1
        ).encode(),
        "data.json",
        2,
        {"id": "string", "in[].x[]": "bigint"},
    ),
    "JSON in UTF-16": Odd(
        '{"id": 1, "name": "Zoë"}\n{"id": 2, "name": null}\n'.encode("utf-16"),
        "data.json",
        2,
        {"id": "bigint", "name": "string"},
    ),
    "JSON of several forms": _json([{"x": 1}, {"x": {"y": 2}}, {"x": [3]}, {"x": None}, {}], x="string"),
    "JSON with empty objects": _json(
        [{"id": 1, "meta": {}}, {"id": 2, "meta": {}}], id="bigint", **{"meta.empty": "string"}
    ),
    "JSON texts of numbers": _json([{"n": "12"}, {"n": "13"}], n="string"),
    "Parquet": _parquet(
        pa.table(
            {
                "id": pa.array([1, 2, None], pa.int16()),
                "code": ["001", "002", ""],
                "price": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(12, 2)),
                "ratio": pa.array([1.5, float("nan"), None], pa.float32()),
                "day": pa.array([date(2024, 1, 1), date(1999, 12, 31), None]),
                "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
                "raw": pa.array([b"\x00", b"a", None]),
                "in": pa.array([{"x": 1, "y": ["a"]}, None, {"x": None, "y": []}]),
                "huge": pa.array([2**64 - 1, 0, 1], pa.uint64()),
                "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
            }
        ),
        id="smallint",
        code="string",
        price="decimal(12,2)",
        ratio="float",
        day="date",
        at="timestamp",
        raw="binary",
        huge="decimal(20,0)",
        map="string",
        **{"in.x": "bigint", "in.y[]": "string"},
    ),
    "Parquet with every type at its ends": _parquet(
        pa.Table.from_pylist(every_type.ROWS, every_type.SCHEMA),
        **{name: ddl for name, (_, ddl) in every_type.ARROW.items()},
        **{"place.city": "string", "moments[]": "timestamp"},
    ),
    "Parquet with nanoseconds": _parquet(
        pa.table({"at": pa.array([1, 1_000], pa.timestamp("ns")), "n": [1, 2]}), at="string", n="bigint"
    ),
}
