"""Contracts and lines of JSON for the tests, and what a line means by the independent machine."""

import json
import random

import pyarrow as pa

from quality.reading import rfc8259
from strongroom.core.contract import Column, Read, Type, source_name
from strongroom.quality.reading.columns import read_columns

SCALARS = (
    "string", "boolean", "binary", "date", "tinyint", "smallint", "int", "bigint", "float", "double", "timestamp",
    "timestamp_ntz",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "1", "-1", "7", "127", "128", "-128", "300", "32768", "2147483648", "20260101", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "1.0", "1.10", "-0.0", "0.5", "1e2", "1E+2", "12e-1", "1e400",
    "1e39", "1e-400", "999.99", "1000", "123450e-2", "0.1234567890123456789012345",
    "12345678901234567890123456789012345678", "1e0000000002",
    "100e-0000002", "0e99", "1" * 39, "1" * 400, "0." + "0" * 60 + "1", "99.990", "3e38", "-1e-7",
    "5e-324",
)  # fmt: skip
TEXTS = (
    "", "a", "Grüße 𝔘", "1", "-1", "+1", " 1", "1 ", "1.10", "0", ".5", "5.", "007", "1e2", "true", "TRUE", "n/a",
    "null", "2026-01-01", "01.02.2026", "2026-01-01T10:00:00Z", "2026-01-01 10:00:00", "9999-12-31T23:59:59.999999Z",
    "aGk=", "5%", "55%%", "1kg", "\0", "{", "}{", 'say "hi"', "back\\slash", "\u2028", "x" * 300, "NaN", "Infinity",
    "0" * 50 + "1",
)  # fmt: skip
READS = (
    *[Read()] * 20, Read(trim=True), Read(missing=("n/a", "")), Read(missing=("-1", "0")), Read(remove_suffix="%"),
    Read(remove_suffix="0"), Read(trim=True, remove_suffix="kg", missing=("5.",)), Read(missing=("true",)),
    Read(remove_suffix="e"), Read(remove_suffix=".0"),
)  # fmt: skip


def leaf(name, kind, path="", **more):
    return Column(name, path or name, kind if isinstance(kind, Type) else Type(kind), **more)


def struct(name, *fields, path=""):
    return Column(name, path or name, Type("struct", fields=fields))


def array(name, item, path=""):
    return Column(name, path or name, Type("array", item=item))


def any_leaf(draw, name, path):
    kind = draw.choice((*SCALARS, "decimal", "decimal"))
    if kind == "decimal":
        precision = draw.choice((1, 5, 10, 38))
        kind = Type("decimal", precision=precision, scale=draw.choice((0, 1, precision // 2, precision)))
    read = draw.choice(READS)
    if kind == "date" and draw.random() < 0.5:
        read = Read(format=draw.choice(("%d.%m.%Y", "%Y%m%d")))
    return leaf(name, kind, path, read=read)


def any_columns(draw):
    """Some columns of a contract, of all types; names with a quote, a point or letters beyond ASCII among them."""
    names = draw.sample(("id", "a", "Id", "größe", "first name", "b_1", "value"), draw.randint(1, 5))
    return tuple(_any_column(draw, name, name, depth=0) for name in names)


def _any_column(draw, name, path, depth):
    chance = draw.random()
    if depth > 2 or chance < 0.7:
        return any_leaf(draw, name, path)
    if chance < 0.85:
        inner = draw.sample(("x", "y", "id"), draw.randint(1, 2))
        return struct(name, *(_any_column(draw, each, f"{path}.{each}", depth + 1) for each in inner), path=path)
    return array(name, _any_column(draw, "element", f"{path}[]", depth + 1), path)


class Writer:
    """Writes records as a program of one mind does: a leaf is mostly of one kind."""

    def __init__(self, draw, columns, odd=0.02):
        self.draw, self.columns, self.odd = draw, columns, odd
        self.kinds = {path.path: self._kind(path) for column in columns for path in column.leaves()}

    def _kind(self, column):
        name = column.type.name
        usual = "true" if name == "boolean" else "number" if name in ("decimal", "float", "double") else "text"
        usual = "whole" if "int" in name else usual
        return usual if self.draw.random() < 0.85 else self.draw.choice(("true", "number", "whole", "text"))

    def line(self):
        return self._object(self.columns).encode()

    def _object(self, columns):
        pairs = [
            f"{self._name(source_name(column))}:{self._blank()}{self._value(column)}"
            for column in columns
            if self.draw.random() < 0.9
        ]
        if self.draw.random() < 0.2:
            self.draw.shuffle(pairs)
        if self.draw.random() < self.odd / 4:
            pairs.append(self.draw.choice(('"more":1', '"ID":1', '"":{}', '"x y":[]', *pairs)))
        return "{" + f",{self._blank()}".join(pairs) + "}"

    def _blank(self):
        return self.draw.choice((" ", "\t", "  ", "\r")) if self.draw.random() < self.odd else ""

    def _name(self, name):
        if self.draw.random() < self.odd:
            return '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
        return json.dumps(name, ensure_ascii=self.draw.random() < 0.5)

    def _value(self, column):
        if self.draw.random() < self.odd:
            return self.draw.choice(
                ("{}", "[]", '{"x":1}', "[1]", "null", "true", "1", '"1"', "NaN", "-Infinity", "01", "1.")
            )
        if self.draw.random() < 0.05:
            return "null"
        if column.type.name == "struct":
            return self._object(column.type.fields)
        if column.type.item is not None:
            return "[" + ",".join(self._value(column.type.item) for _ in range(self.draw.randint(0, 3))) + "]"
        return self._leaf(column)

    def _leaf(self, column):
        kind = self.kinds[column.path]
        if kind == "true":
            return self.draw.choice(("true", "false"))
        if kind == "text":
            return json.dumps(self.draw.choice(TEXTS), ensure_ascii=self.draw.random() < 0.5)
        if self.draw.random() < self.odd * 2:
            return self.draw.choice(NUMBERS)
        fits = {"tinyint": 100, "decimal": 9}.get(column.type.name, 10_000)
        whole = str(self.draw.randint(-fits, fits))
        if kind == "whole" or (column.type.name == "decimal" and not column.type.scale):
            return whole
        return f"{whole}.{self.draw.randint(0, 9)}"


def mutated(draw, line):
    """A line with some bytes changed, doubled or gone."""
    found = bytearray(line)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(found) + 1)
        chance = draw.randrange(5)
        if chance == 0:
            del found[place : place + draw.randint(1, 5)]
        elif chance == 1:
            found[place:place] = draw.choice(
                (b'"', b"{", b"}", b",", b":", b"\\", b"\0", b"\t", b"0", b"-", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf",
                 b"\\ud800", b"\\udc00", b"\xef\xbb\xbf", b"/*x*/", b"'", b"e", b".", b" ", b"\r", b"]", b"[",
                 b"\xc3\xa9")
            )  # fmt: skip
        elif chance == 2 and place < len(found):
            found[place] = draw.randrange(256)
        elif chance == 3:
            found += bytes(found[:place] if draw.random() < 0.5 else found)
        else:
            found[place:place] = found[place : place + draw.randint(1, 20)]
    return bytes(found).replace(b"\n", b"")


def meaning(lines, columns):
    """The typed batch of the whole lines, its marks, the numbers of these lines, unknown paths, numbers of the torn."""
    records, numbers, torn, marks, unknown = [], [], [], {}, {}
    count = 0
    for line in lines:
        if not line.strip(b" \t\r"):
            continue
        count += 1
        found = rfc8259.record(line)
        wrong, strange = set(), []
        value = None if found is None else _as_texts(found, columns, wrong, strange, "")
        for path in strange:
            unknown.setdefault(path, count)
        if found is None or strange:
            torn.append(count)
            continue
        for path in wrong:
            marks.setdefault(path, set()).add(len(records))
        records.append(value)
        numbers.append(count)
    arrays = [pa.array([each[column.name] for each in records], text_type(column)) for column in columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    typed = read_columns(batch, columns)
    found = {path: {*mask.nonzero()[0].tolist()} for path, mask in typed.unreadable.items()}
    for path, rows in marks.items():
        found[path] = found.get(path, set()) | rows
    return typed.batch, {path: rows for path, rows in found.items() if rows}, numbers, unknown, torn


def text_type(column):
    if column.type.name == "struct":
        return pa.struct([pa.field(inner.name, text_type(inner)) for inner in column.type.fields])
    if column.type.item is not None:
        return pa.list_(pa.field("element", text_type(column.type.item)))
    return pa.string()


def _as_texts(value, columns, wrong, strange, within):
    names = {source_name(column): column for column in columns}
    for name in value:
        if name not in names:
            plain = name.replace("_", "a").replace("-", "a").isalnum() and not name[0].isdigit() and name[0] != "-"
            strange.append(within + (name if plain and len(name) < 65 else "(not a plain word)"))
    return {
        column.name: _as_text(value.get(name), column, wrong, strange, within + name) for name, column in names.items()
    }


def _as_text(value, column, wrong, strange, path):
    shape = dict if column.type.name == "struct" else list if column.type.item is not None else None
    if value is None:
        return None
    if shape is None:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return str(value)
    elif isinstance(value, shape):
        if shape is dict:
            return _as_texts(value, column.type.fields, wrong, strange, path + ".")
        return [_as_text(item, column.type.item, wrong, strange, path + "[]") for item in value]
    wrong.update(inner.path for inner in column.leaves())
    return None


def any_lines(draw, columns, rows):
    """Lines of one file: clean, with a few bad ones, or many."""
    writer = Writer(draw, columns, odd=draw.choice((0, 0, 0.002, 0.02, 0.3)))
    bad = draw.choice((0, 0, 0.01, 0.1, 0.5))
    lines = []
    for _ in range(rows):
        line = writer.line()
        if draw.random() < bad:
            line = draw.choice(
                (mutated(draw, line), mutated(draw, line), b"", b" \t\r", b"null", b"[]", line + line, b"{")
            )
        lines.append(line + (b"\r" if draw.random() < 0.05 else b""))
    return lines


def chunked(draw, lines):
    """The lines as arrays of any sizes, some of them slices."""
    arrays, at = [], 0
    while at < len(lines):
        count = draw.choice((1, 7, 64, len(lines)))
        before = draw.choice((0, 0, 2))
        arrays.append(pa.array([b"skip"] * before + lines[at : at + count], pa.binary()).slice(before))
        at += count
    return arrays


def seeded(number):
    return random.Random(number)
