"""A file's footer held against the contract: which of the file's columns each leaf is read from, and what does not fit.

Names are compared letter for letter, at every depth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Column, Contract, source_name
from strongroom.core.contract.protection import leaves_out
from strongroom.core.errors import Problem
from strongroom.core.suggest import nearest
from strongroom.quality.reading import parquet_types
from strongroom.quality.reading.parquet_calendar import Calendar, calendars, first_plain

ASKED = "A rule asks for this column, so method drop does not leave it out. "


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of the contract and where the file has it.

    Args:
        column: with its name and type.
        found: the file's type of it; None: it is not read, so that every value is null.
        leaves: numbers of the file's leaf columns that are read for it.
        inner: of a struct's fields, or of a list's item.
        empty: the footer says that it holds nothing but nulls, and its type would not fit otherwise.
        int96: the file has it as INT96.
        uuid: the file says that its 16 bytes are a UUID.
    """

    column: Column
    found: pa.DataType | None = None
    leaves: tuple[int, ...] = ()
    inner: tuple[Pair, ...] = ()
    empty: bool = False
    int96: bool = False
    uuid: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What is held against what, and the problems that came up.

    Args:
        footer: of the file, or None where only a schema is known.
        path: of the file.
        contract: the contract's file, for messages.
        asked: paths of columns that rules ask, which are read even if they are dropped.
        unread: paths of columns that are not read at all.
        problems: found so far.
    """

    footer: pq.FileMetaData | None
    path: str
    contract: str
    asked: Collection[str] = ()
    unread: Collection[str] = ()
    problems: list[Problem] = field(default_factory=list)

    def add(self, what: str, column: Column | None = None, todo: str = "", code: str = "source.unknown") -> None:
        where = self.path if column is None or not column.line else f"{self.contract}:{column.line}"
        self.problems.append(Problem(what, where, todo, code))


def asked_by(contract: Contract) -> frozenset[str]:
    """Paths that some rule but `type` needs, so that the column is read whatever becomes of it."""
    asked = [rule.columns for rule in contract.rules if rule.check != "type"]
    asked += [rule.columns for rule in contract.set_rules]
    return frozenset(path for columns in asked for path in columns)


def pairs(schema: pa.Schema, columns: Sequence[Column], look: Look) -> tuple[Pair, ...]:
    """Every column of the contract with its place in the file; what does not fit is added to `look`."""
    return _fields(list(schema), columns, look, above="", leaf=0)


def _fields(
    found: Sequence[pa.Field], columns: Sequence[Column], look: Look, *, above: str, leaf: int
) -> tuple[Pair, ...]:
    """The fields of a struct, or of the whole file; the first of them begins at a leaf."""
    _names([entry.name for entry in found], columns, look, above=above)
    places: dict[str, tuple[pa.Field, int]] = {}
    for entry in found:
        places.setdefault(entry.name, (entry, leaf))
        leaf += parquet_types.leaves(entry.type)
    read = []
    for column in columns:
        if source_name(column) not in places:
            read.append(Pair(column))
            if column.required:
                look.add(
                    f"the required column {column.path!r} is missing in {look.path}",
                    column,
                    code="source.lacks",
                )
        else:
            entry, first = places[source_name(column)]
            read.append(_pair(entry.type, column, look, leaf=first))
    return tuple(read)


def _names(names: Sequence[str], columns: Sequence[Column], look: Look, *, above: str) -> None:
    """Names that the contract does not know, and names that are one but for case."""
    known = [source_name(column) for column in columns]
    prefix = f"{above}." if above else ""
    lower: dict[str, str] = {}
    for name in names:
        other = lower.setdefault(name.lower(), name)
        if other is not name:
            what = f"the file has two columns {prefix + other[:80]!r} and {prefix + name[:80]!r}"
            look.add(f"{what}, which are one name", todo="Write it again with one of them, or with two names.")
        elif name not in known:
            near = nearest(name, known)
            hint = f"Did you mean {near!r}? " if near else ""
            what = f"the data has a column {(prefix + name)[:80]!r} that {look.contract} does not know."
            look.add(what, todo=f"{hint}Add it to the contract; method drop keeps it out.")


def _pair(kind: pa.DataType, column: Column, look: Look, *, leaf: int) -> Pair:
    """One column that the file has."""
    kind = parquet_types.plain(kind)
    width = parquet_types.leaves(kind)
    if column.path in look.unread:
        return Pair(column)
    if column.type.name == "struct" and pa.types.is_struct(kind):
        inside = replace(look, problems=[])
        inner = _fields(list(kind), column.type.fields, inside, above=column.path, leaf=leaf)
        return _unless_dropped(Pair(column, kind, _of(inner) or (leaf,), inner), inside, look)
    if column.type.item is not None and parquet_types.is_list(kind):
        inside = replace(look, problems=[])
        inner = (_pair(kind.value_type, column.type.item, inside, leaf=leaf),)
        return _unless_dropped(Pair(column, kind, _of(inner) or (leaf,), inner), inside, look)
    int96, uuid = _written_as(look.footer, leaf) if width == 1 else (False, False)
    pair = Pair(column, kind, tuple(range(leaf, leaf + width)), int96=int96, uuid=uuid)
    inside = replace(look, problems=[])
    scalar = not column.type.fields and column.type.item is None
    if scalar and parquet_types.suits(kind, column.type, uuid=uuid, bits=column.read.bits):
        _old(pair, inside)
    elif pa.types.is_null(kind) or _all_null(look.footer, pair.leaves):
        pair = replace(pair, empty=True)
    else:
        found = parquet_types.written(kind, uuid=uuid)
        what = f"column {column.path!r} is {found} in {look.path}, not {column.type.ddl}"
        hint = ASKED if _is_dropped(column) else ""
        inside.add(what, column, hint + parquet_types.advice(kind, column.type, uuid=uuid), code="source.type")
    return _unless_dropped(pair, inside, look)


def _unless_dropped(pair: Pair, inside: Look, look: Look) -> Pair:
    """The pair; nothing of it is read where it does not fit and is dropped anyway."""
    useless = bool(inside.problems) or (bool(pair.inner) and not _of(pair.inner))
    if useless and _is_dropped(pair.column) and not _is_asked(pair.column, look.asked):
        return Pair(pair.column)
    look.problems.extend(inside.problems)
    return pair


def _of(inner: Iterable[Pair]) -> tuple[int, ...]:
    return tuple(leaf for pair in inner for leaf in pair.leaves)


def _is_dropped(column: Column) -> bool:
    return all(map(leaves_out, column.leaves()))


def _is_asked(column: Column, asked: Collection[str]) -> bool:
    inside = (f"{column.path}.", f"{column.path}[")
    return any(path == column.path or path.startswith(inside) for path in asked)


def _written_as(footer: pq.FileMetaData | None, leaf: int) -> tuple[bool, bool]:
    """Whether a leaf is INT96, and whether it is a UUID."""
    if footer is None:
        return False, False
    written = footer.schema.column(leaf)
    return written.physical_type == "INT96", written.logical_type.type == "UUID"


def _all_null(footer: pq.FileMetaData | None, leaves: Sequence[int]) -> bool:
    """Whether the footer says that these leaf columns hold no value."""
    if footer is None:
        return False
    for group in range(footer.num_row_groups):
        for leaf in leaves:
            chunk = footer.row_group(group).column(leaf)
            counts = chunk.statistics if chunk.is_stats_set else None
            if counts is None or not counts.has_null_count or counts.null_count != chunk.num_values:
                return False
    return True


def _old(pair: Pair, look: Look) -> None:
    """Whether the footer's statistics tell of values that nobody can place in our calendar."""
    kind = pair.found
    if look.footer is None or kind is None or not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return
    dates = pa.types.is_date(kind)
    calendar = calendar_of(pair, look.footer)
    if calendar is not Calendar.UNKNOWN:
        return
    first = first_plain(calendar, dates=dates) or 0
    scale = 1 if dates else {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit] * 86_400
    for group in range(look.footer.num_row_groups):
        chunk = look.footer.row_group(group).column(pair.leaves[0])
        ends = chunk.statistics if chunk.is_stats_set else None
        if ends is not None and ends.has_min_max and isinstance(ends.min_raw, int) and ends.min_raw < first * scale:
            look.add(*too_old(pair))
            return


def calendar_of(pair: Pair, footer: pq.FileMetaData) -> Calendar:
    """The calendar in which the file has a date or timestamp."""
    all_three = calendars(footer)
    return all_three.int96 if pair.int96 else all_three.days if pa.types.is_date(pair.found) else all_three.moments


def too_old(pair: Pair) -> tuple[str, None, str]:
    """What is wrong with old values of no calendar, and what to do, as `Look.add` takes it."""
    before = "dates from before 1582-10-15" if pa.types.is_date(pair.found) else "timestamps from before 1900"
    what = f"column {pair.column.path!r} holds {before}, and the file does not say how they are to be read"
    todo = (
        "Read the file with Spark (spark.sql.parquet.datetimeRebaseModeInRead and int96RebaseModeInRead: LEGACY if"
        " Spark 2 or Hive wrote it, else CORRECTED) and write it again: Spark 3 and later mark their files."
    )
    return what, None, todo
