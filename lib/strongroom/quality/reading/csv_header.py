"""The header of a CSV file against the contract: columns are found by their names, letter for letter, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from strongroom.core.contract import Column, source_name
from strongroom.core.errors import Problem, StoreError
from strongroom.core.suggest import unknown_column
from strongroom.quality.reading.csv_machine import BLANK, BROKEN, COMMENT, OPEN, TORN, Machine
from strongroom.quality.reading.dialect import Dialect

_LONGEST = 1 << 20
_MEND = "Mend the first line, or say in the contract how the file is quoted."


def header_of(lines: Iterable[pa.Array], dialect: Dialect) -> tuple[str, ...]:
    """The names of a file's columns, in its order: its first record, behind blank lines and comments.

    Args:
        lines: of the file from its start, as `lines.lines_of` gives them; no more are taken than needed.
        dialect: how the file is written.

    Raises:
        StoreError: there is no such record, or it cannot be read; without the file's name, which the caller knows.
    """
    machine, block = Machine(dialect), b""
    for array in lines:
        block += b"".join(line + b"\n" for line in array.to_pylist())
        at = 0
        while at < len(block):
            kind, fields, end = machine.record(block, at)
            if kind in (BLANK, COMMENT):
                at = end
                continue
            if kind == BROKEN or (kind == OPEN and len(block) - at > _LONGEST):
                raise StoreError("a quote in the header does not close as it should", todo=_MEND, code="source.header")
            if kind == TORN:
                todo = "Lines end with LF or CR LF: write the file so."
                raise StoreError(
                    "the first line has a carriage return in it, which ends no line", todo=todo, code="source.header"
                )
            if kind == OPEN:
                break
            return _names(fields)
        block = block[at:]
    if block:
        raise StoreError("a quote in the header does not close", todo=_MEND, code="source.header")
    raise StoreError(
        "the file has no header: nothing is in it", todo="Remove it, or write the header.", code="source.header"
    )


def _names(fields: Sequence[bytes | None]) -> tuple[str, ...]:
    try:
        return tuple((name or b"").decode() for name in fields)
    except UnicodeDecodeError:
        todo = "Say in the contract which encoding the file has."
        raise StoreError(
            "the header is not in the encoding of the contract", todo=todo, code="source.encoding"
        ) from None


def header_problems(names: Sequence[str], columns: Sequence[Column], *, where: str, contract: str) -> list[Problem]:
    """What keeps a file from being read by its header; a missing column that may be null is none.

    Args:
        names: of the header.
        columns: of the contract, at its top.
        where: the file.
        contract: the contract's file.
    """
    known = [source_name(column) for column in columns]
    if not set(names) & set(known):  # perhaps a row, and then its values are nobody's business
        what = f"the first line is no header: none of its {len(names)} names is one of {contract}."
        return [Problem(what, where, "Add the header, or set the option header to false.", "source.header")]
    problems = [_nameless(place, len(names), where) for place, name in enumerate(names, 1) if not name]
    for name, times in Counter(names).items():
        if name and times > 1:
            what = f"the header names the column {name[:80]!r} {times} times."
            problems.append(
                Problem(what, where, "Nobody knows which one is meant: rename or remove the others.", "source.header")
            )
        if name and name not in known:
            problems.append(_unknown(name, known, where, contract))
    for column in columns:
        if column.required and source_name(column) not in names:
            what = f"the required column {column.name!r} is missing in {where}"
            problems.append(Problem(what, f"{contract}:{column.line}", code="source.lacks"))
    return problems


def _nameless(place: int, count: int, where: str) -> Problem:
    """A column without a name is of somebody's making whom one can name."""
    if place == count:
        todo = "Remove the separator at the end of each line."
        return Problem(
            f"the header ends with a separator, so column {place} has no name.", where, todo, "source.header"
        )
    todo = "pandas writes its index so: write the file with index=False." if place == 1 else "Give it one."
    return Problem(f"column {place} has no name in the header.", where, todo, "source.header")


def _unknown(name: str, known: Sequence[str], where: str, contract: str) -> Problem:
    same = next((other for other in known if other.strip().lower() == name.strip().lower()), None)
    problem = unknown_column(name, () if same else known, contract, where=where)
    hint = f"It is called {same!r} there, and names are compared letter for letter. " if same else ""
    return replace(problem, todo=f"{hint}{problem.todo}")
