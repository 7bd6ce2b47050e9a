"""`csv`: records of fields, as RFC 4180 and the contract's options say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa

from strongroom.core.contract import Column, Contract, source_name
from strongroom.core.errors import Problem
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.csv_header import header_of, header_problems
from strongroom.quality.reading.csv_records import csv_blocks
from strongroom.quality.reading.csv_rows import csv_again
from strongroom.quality.reading.dialect import Dialect, dialect_of
from strongroom.quality.reading.lines import lines_of
from strongroom.stores.sources.files import RawFile, place_of
from strongroom.stores.sources.kinds import File, Kind, Looked, Text, text_items
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part

_STEP = 64 << 10
_BROKEN = ("a quote is broken", ", or write onBrokenQuote: quarantineRest among the source's options")


def look(of: File) -> tuple[Looked, list[Problem]]:
    """Its header, where it has one."""
    dialect = dialect_of(of.source)
    if not dialect.header:
        return Looked(of.file, of.folders, has=frozenset(map(source_name, of.contract.columns))), []
    names = header_of(_lines(of.file, dialect.encoding), dialect)
    asked = [column for column in of.contract.columns if source_name(column) not in of.folders]
    known = [*asked, *(column for column in of.contract.columns if source_name(column) in {*of.folders} & {*names})]
    wrong = header_problems(names, known, where=of.file.path, contract=of.contract.file)
    return Looked(of.file, of.folders, names, has=frozenset(names)), wrong


def _lines(file: RawFile, encoding: str) -> Iterator[pa.Array]:
    filesystem, path = place_of(file.path)
    with filesystem.open_input_stream(path, compression="detect") as stream:
        yield from lines_of(iter(lambda: stream.read(_STEP), b""), encoding=encoding)


def form(part: Part, contract: Contract, encoding: str, mark: int) -> Form:
    """The dialect, and the names of the fields: the header's, else the contract's that no folder says."""
    dialect = asdict(dialect_of(contract.sources[part.source]))
    names = part.names or tuple(source_name(each) for each in contract.columns if each.name not in dict(part.folders))
    return Form("csv", encoding, dialect, names, mark)


def records(
    lines: Iterable[pa.Array], _contract: Contract, columns: Sequence[Column], form: Form, seen: Seen,
    first: bool, last: bool,
) -> Iterator[Block]:  # fmt: skip
    """Only the columns that are asked for are read."""
    start = form.mark if first else 0
    return csv_blocks(lines, columns, _dialect(form), seen, names=form.names, first=first, last=last, start=start)


def again(raw: pa.Array, columns: Sequence[Column], form: Form) -> list[Block]:
    """Records by themselves."""
    return [csv_again(raw, columns, _dialect(form), names=form.names)]


def _dialect(form: Form) -> Dialect:
    return Dialect(**form.dialect)  # type: ignore[arg-type]


KIND = Kind(look, Text(form, records, again, _BROKEN), items=text_items)
