"""`json`: one object a line, or a document whose elements are the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from strongroom.core.contract import Column, Contract
from strongroom.core.errors import Problem
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.json_document import json_document
from strongroom.quality.reading.json_lines import json_again, json_blocks
from strongroom.stores.sources.kinds import File, Kind, Looked, Text, text_items
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part


def look(of: File) -> tuple[Looked, list[Problem]]:
    """No header says what is in it; names that the contract does not know are found while it is read."""
    return Looked(of.file, of.folders), []


def form(_part: Part, _contract: Contract, encoding: str, mark: int) -> Form:
    """An object needs no more than the encoding to be read."""
    return Form("json", encoding, mark=mark)


def records(
    lines: Iterable[pa.Array], contract: Contract, _columns: Sequence[Column], _form: Form, seen: Seen,
    _first: bool, _last: bool,
) -> Iterator[Block]:  # fmt: skip
    """All columns are read, since a name that the contract does not know may stand anywhere."""
    return json_blocks(lines, contract.columns, seen)


def again(raw: pa.Array, columns: Sequence[Column], _form: Form) -> list[Block]:
    """Records by themselves."""
    return list(json_again(raw, columns))


def doubt(head: bytes) -> str:
    """Whether a file of which no line is a row begins as one document does."""
    head = head.lstrip()
    if head.startswith(b"[") or head.partition(b"\n")[0].rstrip() == b"{":
        return "looks like one JSON document, not like a row a line: document: true reads such files"
    return ""


KIND = Kind(
    look,
    Text(form, records, again, ("what holds the document together is broken", ""), json_document, doubt),
    items=text_items,
)
