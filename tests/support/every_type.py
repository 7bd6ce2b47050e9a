"""A data set with a column of every type that a contract knows, and rows at the ends of what each can hold."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

LOGICAL = {
    "tinyint": "integer", "smallint": "integer", "int": "integer", "bigint": "integer", "decimal": "number",
    "float": "number", "double": "number", "string": "string", "binary": "string", "boolean": "boolean",
    "date": "date", "timestamp": "timestamp", "timestamp_ntz": "timestamp",
}  # fmt: skip
ARROW = {
    "id": (pa.int64(), "bigint"), "tiny": (pa.int8(), "tinyint"), "small": (pa.int16(), "smallint"),
    "order": (pa.int32(), "int"), "Big": (pa.int64(), "bigint"), "wide": (pa.decimal128(38, 10), "decimal(38,10)"),
    "narrow": (pa.decimal128(9, 2), "decimal(9,2)"), "single": (pa.float32(), "float"),
    "real": (pa.float64(), "double"), "text": (pa.string(), "string"), "bytes": (pa.binary(), "binary"),
    "flag": (pa.bool_(), "boolean"), "day": (pa.date32(), "date"), "at": (pa.timestamp("us", "UTC"), "timestamp"),
    "local": (pa.timestamp("us"), "timestamp_ntz"),
}  # fmt: skip
PLACE = pa.struct([("city", pa.string()), ("seen", pa.timestamp("us", "UTC"))])
SCHEMA = pa.schema(
    [*((name, kind) for name, (kind, _) in ARROW.items()), ("place", PLACE), ("moments", pa.list_(ARROW["at"][0]))]
)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
BEFORE_GREGORY = datetime(1582, 10, 10, 12)
INF = float("inf")


def row(number, *, sign, moment, text, real):
    at = moment.replace(tzinfo=UTC)
    return {
        "id": number, "tiny": sign * 127, "small": sign * 32767, "order": sign * (2**31 - 1), "Big": sign * (2**63 - 1),
        "wide": Decimal("9" * 28 + "." + "9" * 10).copy_sign(sign), "narrow": sign * Decimal("9999999.99"),
        "single": real, "real": real, "text": text, "bytes": text.encode(), "flag": sign > 0, "day": moment.date(),
        "at": at, "local": moment, "place": {"city": text, "seen": at}, "moments": [at, None, at],
    }  # fmt: skip


ROWS = [
    row(1, sign=1, moment=LAST, text="", real=INF),
    row(2, sign=-1, moment=FIRST, text="a\0b", real=-INF),
    row(3, sign=1, moment=BEFORE_GREGORY, text="Grüße 𝔘 \u202e", real=float("nan")),
    row(4, sign=-1, moment=datetime(1986, 1, 1, 0, 7), text="x" * 300, real=-0.0),
    {**dict.fromkeys(SCHEMA.names), "id": 5},
    {**dict.fromkeys(SCHEMA.names), "id": 6, "place": {"city": None, "seen": None}, "moments": []},
]
RULES = {
    "tiny": "{minimum: -127, maximum: 127}", "small": "{exclusiveMinimum: -32768}", "order": "{minimum: -2147483647}",
    "Big": "{exclusiveMinimum: -9223372036854775808, maximum: 9223372036854775807}",
}  # fmt: skip
KEEP = "customProperties: [{property: protect, value: {method: keep}}]"


def contract(name="types"):
    """The contract's text; its raw files lie in `raw/NAME`."""
    lines = [
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: {name}\nversion: 1.0.0\nstatus: active",
        f"servers:\n  - {{server: raw, type: local, path: raw/{name}/*.parquet, format: parquet}}",
        f"schema:\n  - name: {name}\n    properties:",
    ]
    for column, (_, ddl) in ARROW.items():
        rules = f", logicalTypeOptions: {RULES[column]}" if column in RULES else ""
        needed = ", primaryKey: true, required: true" if column == "id" else ""
        logical = LOGICAL[ddl.partition("(")[0]]
        lines.append(
            f"      - {{name: {column}, logicalType: {logical}, physicalType: '{ddl}'{needed}{rules}, {KEEP}}}"
        )
    lines += [
        "      - name: place\n        logicalType: object\n        properties:",
        f"          - {{name: city, logicalType: string, {KEEP}}}",
        f"          - {{name: seen, logicalType: timestamp, {KEEP}}}",
        f"      - name: moments\n        logicalType: array\n        items: {{logicalType: timestamp, {KEEP}}}",
        "customProperties: [{property: purposes, value: [model_training]}]",
    ]
    return "\n".join(lines) + "\n"


def put(place, name="types"):
    """The contract and one raw file of it into an installation."""
    (place.root / f"contracts/{name}.yaml").write_text(contract(name))
    (place.lake / f"raw/{name}").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(ROWS, SCHEMA), place.lake / f"raw/{name}/part-0.parquet")


def told(rows):
    """Rows in the order of their ids, each value in a form that compares whoever has read it: NaN is itself, -0.0 is
    not 0.0, and a moment with a zone is not one without.
    """
    return [{name: _told(value) for name, value in row.items()} for row in sorted(rows, key=lambda row: row["id"])]


def _told(value):
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_told(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else f"{value.astimezone(UTC).replace(tzinfo=None)} UTC"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return repr(value) if isinstance(value, float) else value
