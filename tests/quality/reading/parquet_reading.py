"""A file read as one column `a` of a contract, down to what the rule `type` sees."""

import io
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Contract, Protect, Type
from strongroom.core.errors import StrongroomError
from strongroom.flows.row_pass.row_json import as_json
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.reading.parquet_rows import Reading, fits, footer_of, parquet_blocks


class Refused(NamedTuple):
    """The whole file is, with these words."""

    words: str


class Bad:
    """A value that breaks `type` in its row, and that quarantine writes so."""

    def __init__(self, written):
        self.written = written

    def __repr__(self):
        return f"Bad({self.written!r})"


def column(kind, name="a", above="", method="keep", **more):
    """`kind`: a name, `("decimal", 5, 1)`, `[kind of items]`, or `{field: kind}`; `drop` is anything, dropped."""
    path = f"{above}{name}"
    if kind == "drop":
        kind, method = "int", "drop"
    if isinstance(kind, list):
        type_ = Type("array", item=column(kind[0], "[]", path, method))
    elif isinstance(kind, dict):
        type_ = Type("struct", fields=tuple(column(inner, name, f"{path}.", method) for name, inner in kind.items()))
    else:
        type_ = Type(*((kind,) if isinstance(kind, str) else kind))
    protect = None if isinstance(kind, list | dict) else Protect(method)
    return Column(name, path, type_, line=7, protect=protect, **more)


def contract(*columns):
    return Contract("t", "t", "1", "t.yaml", "f", (), columns)


def blocks(content, columns, *, groups=None, first=0, **how):
    """All blocks of a file, or of some row groups."""
    source = pa.BufferReader(content)
    footer = footer_of(source, path="x.parquet")
    seen = Seen()
    groups = range(footer.num_row_groups) if groups is None else groups
    how = Reading("x.parquet", "t.yaml", **how)
    found = list(parquet_blocks(source, columns, seen, groups=groups, first=first, how=how))
    assert seen.records == sum(len(block.numbers) for block in found)
    return found


def read(content, kind):
    """The values of the column `a`, `Bad` where the row goes to quarantine, or `Refused`."""
    columns = [kind if isinstance(kind, Column) else column(kind)]
    try:
        footer = footer_of(pa.BufferReader(content), path="x.parquet")
        if problems := fits(footer, columns, path="x.parquet", contract="t.yaml"):
            return Refused("\n".join(map(str, problems)))
        found = blocks(content, columns)
    except StrongroomError as error:
        return Refused(str(error))
    values = []
    for block in found:
        assert block.rows.schema.names == ["a"]
        typed = read_batch(block.rows, contract(*columns))
        bad = np.any([np.zeros(len(block.numbers), bool), *typed.unreadable.values()], axis=0)
        raw = as_json(block.rows).to_pylist()
        fine = typed.batch.column(0).to_pylist()
        values += [Bad(line.decode()) if wrong else value for line, wrong, value in zip(raw, bad, fine, strict=True)]
    return values


def agree(found, expected):
    """Whether what was read is what a table of cases says."""
    if isinstance(expected, Refused) or isinstance(found, Refused):
        return isinstance(expected, Refused) and isinstance(found, Refused) and expected.words in found.words
    return len(found) == len(expected) and all(map(_same, found, expected))


def _same(one, other):
    if isinstance(one, Bad) or isinstance(other, Bad):
        return isinstance(one, Bad) and isinstance(other, Bad) and one.written == f'{{"a": {other.written}}}'
    return (one == other and type(one) is type(other)) or (one != one and other != other)


def written(table, **options):
    """A table as pyarrow writes it."""
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(text):
    return datetime.fromisoformat(text)


def day(text):
    return date.fromisoformat(text)
