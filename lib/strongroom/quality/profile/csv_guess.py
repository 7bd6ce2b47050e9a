"""How a text file is probably written: its character set, and of CSV its signs, and whether its first line
names columns.

A guess is one of a few candidates, best first; which of them reads the whole file is for whoever reads it to say.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from strongroom.core.errors import StoreError
from strongroom.quality.profile.names import is_known
from strongroom.quality.profile.written import MISSING
from strongroom.quality.reading.csv_machine import BLANK, BROKEN, COMMENT, OPEN, RECORD, TORN, Machine
from strongroom.quality.reading.dialect import Dialect
from strongroom.text.cells import name_persons

_SEPS = (",", ";", "\t", "|", "^", "~", "\x1f")
_CLEARER = {",": ";\t|", ";": "\t|", "|": "\t", "\t": "", "^": ",;\t|", "~": ",;\t|", "\x1f": ""}
"""What in a field tells that another separator is meant."""
_QUOTES = (('"', ""), ('"', "\\"), ("", ""))
_COMMENTS = "#|%!;"
_RECORDS, _COMPARED = 500, 50
_UNDEFINED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
"""Bytes that windows-1252 has no sign for."""
_FEW = 20
"""So many letters with accents may be a few names; more of them than plain ones are no Western text."""
_EURO = re.compile(rb"[0-9][ \xa0]?\xa4|\xa4[ \xa0]?[0-9]")
_LETTER = re.compile(rb"[a-z\xdf-\xff][\xa8\xb8\xbd][a-z\xdf-\xff]")
"""What only ISO-8859-15 makes sense of: a sign of the euro beside a number; \u0161, \u017e or \u0153 within a word."""


@dataclass(slots=True)
class Bytes:
    """What the bytes of a file say of its character set; pieces are added in order.

    `head` is how it begins, `counts` how often each byte came, `utf8` that all is UTF-8 so far, `latin9` that something
    in it is of ISO-8859-15 alone.
    """

    head: bytes = b""
    counts: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    utf8: bool = True
    latin9: bool = False
    _last: bytes = b""
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, piece: bytes, *, last: bool = False) -> None:
        """The next piece; an empty one ends the file."""
        self.head = (self.head + piece)[:4096] if len(self.head) < 4096 else self.head
        self.counts += np.bincount(np.frombuffer(piece, np.uint8), minlength=256)
        joined = self._last + piece
        self._last = joined[-2:]
        if not self.latin9 and not joined.isascii():
            self.latin9 = bool(_EURO.search(joined) or _LETTER.search(joined))
        if self.utf8 and not (piece.isascii() and not self._decoder.getstate()[0]):
            try:
                self._decoder.decode(piece, last)
            except UnicodeDecodeError:
                self.utf8 = False

    @property
    def encoding(self) -> str:
        """The character set, by the name that a contract has for it.

        Raises:
            StoreError: it is one that is not read or known, or no text.
        """
        if self.head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise StoreError("the file is in UTF-32", todo="Write it as UTF-8.", code="source.encoding")
        if self.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "UTF-16"
        pairs = np.frombuffer(self.head[: len(self.head) & ~1], np.uint8).reshape(-1, 2)
        zeros = pairs == 0
        beside = pairs[zeros.any(axis=1)].max(axis=1, initial=0)
        letters = np.mean((beside >= 27) | ((beside >= 9) & (beside < 14))) > 0.9 if len(beside) else False
        if letters and len(zeros) and zeros.any(axis=0).any() and zeros.mean() > 0.2:
            return "UTF-16LE" if zeros[:, 1].mean() > zeros[:, 0].mean() else "UTF-16BE"
        if int(self.counts[:9].sum() + self.counts[14:27].sum()) * 20 > int(self.counts.sum()):
            raise StoreError(
                "this is no text, nor a format that is read",
                todo="Give CSV, JSON, Parquet or Delta.",
                code="source.type",
            )
        if self.utf8:
            return "UTF-8"
        foreign, plain = int(self.counts[0xC0:].sum()), int(self.counts[65:91].sum() + self.counts[97:123].sum())
        if foreign > max(plain, _FEW):
            raise StoreError(
                "most letters of this file are of an alphabet that it does not name",
                todo="Write it as UTF-8, or say its character set with --option encoding=NAME.",
                code="source.encoding",
            )
        if self.counts[0x80:0xA0].any():
            return "ISO-8859-1" if self.counts[list(_UNDEFINED)].any() else "windows-1252"
        return "ISO-8859-15" if self.latin9 else "windows-1252"  # of whose letters ISO-8859-1 has the same


@dataclass(frozen=True, slots=True)
class _Look:
    """What a dialect makes of a sample."""

    dialect: Dialect
    records: tuple[tuple[bytes | None, ...], ...]
    width: int
    share: float
    dirty: float
    broken: bool


def candidates(sample: bytes, *, whole: bool) -> list[Dialect]:
    """Dialects that fit a sample, the likeliest first; never none.

    Args:
        sample: the beginning of a file, in UTF-8 as far as it can be, without a mark.
        whole: it is the whole file.
    """
    if not sample.endswith(b"\n"):
        sample = sample + b"\n" if whole else sample[: sample.rfind(b"\n") + 1]
    looks = []
    for place, (quote, escape) in enumerate(_QUOTES):
        if escape and b'\\"' not in sample:
            continue
        for sep in _SEPS:
            if sep.encode() in sample:
                look = _look(sample, Dialect(sep=sep, quote=quote, escape=escape), whole=whole)
                look = _with_comment(sample, _with_blanks(sample, look, whole=whole), whole=whole)
                if look.width > 1 and look.share > 0.5 and not look.broken:
                    looks.append((place, look))
    looks.sort(key=lambda each: (-round(each[1].share, 3), each[1].dirty > 0.02, each[0], -each[1].width))
    found = [look.dialect for at, (_, look) in enumerate(looks) if look.share > 0.9 or not at]
    single = [
        Dialect(sep=sep, quote=quote)
        for quote in ('"', "")
        for sep in (*_SEPS, "\x1e", "\x01")
        if sep.encode() not in sample
    ]
    if found and looks[0][1].share < 0.9:  # sentences with commas are no columns
        found = [*single[:2], *found]
    return list(dict.fromkeys((*found, *single[:1], *[one for one in single if not one.quote][:1], Dialect())))[:8]


def _look(sample: bytes, dialect: Dialect, *, whole: bool) -> _Look:
    records, widths, broken = [], Counter[int](), False
    for kind, fields in _records(sample, dialect):
        if kind == RECORD:
            records.append(tuple(fields))
            widths[len(fields)] += 1
        elif kind == TORN:
            widths[0] += 1
        elif kind == BROKEN or (kind == OPEN and (whole or len(sample) > 1 << 20)):
            broken = True
    width = max(widths, key=lambda each: (widths[each], each)) if widths else 0
    share = widths[width] / max(1, widths.total())
    if records and len(records[0]) != width:
        share = min(share, 0.5)  # the first record names the columns, or is one of them
    clearer = _CLEARER[dialect.sep].encode() if dialect.sep in _CLEARER else b""
    cells = [cell for record in records for cell in record if cell]
    dirty = sum(any(sign in cell for sign in clearer) for cell in cells) / max(1, len(cells))
    return _Look(dialect, tuple(records), width, share, dirty, broken)


def _records(sample: bytes, dialect: Dialect) -> Iterator[tuple[int, list[bytes | None]]]:
    machine, at = Machine(dialect), 0
    for _ in range(_RECORDS):
        if at >= len(sample):
            return
        kind, fields, end = machine.record(sample, at)
        if kind not in (BLANK, COMMENT):
            yield kind, fields
        if kind in (OPEN, BROKEN):
            return
        at = end


def _with_comment(sample: bytes, look: _Look, *, whole: bool) -> _Look:
    """The same with a sign for comments, where all records of another width begin with one, and no others."""
    odd = {record[0][:1] for record in look.records if len(record) != look.width and record[0]}
    even = {record[0][:1] for record in look.records if len(record) == look.width and record[0]}
    signs = [sign for sign in odd - even if sign.decode("latin-1") in _COMMENTS and sign != look.dialect.sep.encode()]
    if len(odd) != 1 or not signs:
        return look
    return _look(sample, replace(look.dialect, comment=signs[0].decode()), whole=whole)


def _with_blanks(sample: bytes, look: _Look, *, whole: bool) -> _Look:
    """The same with blanks left out, where one stands before nearly every field: `a, "b", c`."""
    inner = [cell for record in look.records for cell in record[1:] if cell]
    if not sum(cell.startswith(b" ") for cell in inner) > 0.9 * len(inner) > 0:
        return look
    behind = any(cell.endswith(b'" ') for cell in inner)
    return _look(sample, replace(look.dialect, trim_left=True, trim_right=behind), whole=whole)


_NUMBER = re.compile(r"[+-]?[0-9][0-9.,' ]*(?:[eE][+-]?[0-9]+)?%?")
_DATE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}.*|[0-9]{1,2}:[0-9]{2}.*")
_VALUE = re.compile(r".*@.*\..*|(?i:true|false|yes|no)|[0-9a-f]{8}-[0-9a-f]{4}-.*|https?://.*|.*[*?<>!=].*")
_NAME = re.compile(r"\S.{0,79}")
_CODE = re.compile(r"[0-9]").search


def has_header(sample: bytes, dialect: Dialect, *, whole: bool) -> bool:
    """Whether the first record names the columns: only where something tells so, for names are shown."""
    if not sample.endswith(b"\n"):
        sample = sample + b"\n" if whole else sample[: sample.rfind(b"\n") + 1]
    records = [
        [(cell or b"").decode("utf-8", "replace").strip() for cell in fields]
        for kind, fields in _records(sample, dialect)
        if kind == RECORD
    ]
    if not records:
        return False
    first, rest = records[0], [record for record in records[1:] if len(record) == len(records[0])]
    named = [cell for cell in first if cell]
    if not named or len({*named}) < len(named) or any(not _NAME.fullmatch(cell) or _is_value(cell) for cell in named):
        return False
    if MISSING & {*named} or name_persons(named, strict=True):
        return False  # names are shown: one that may be a person's is none of a column
    known = sum(map(is_known, named)) / len(named)
    if not rest:
        return known >= 0.5
    cells = {cell for record in rest[:_COMPARED] for cell in record if cell and not _is_value(cell)}
    if known <= 2 * sum(map(is_known, cells)) / max(1, len(cells)):
        known = 0.0  # the lines below have as many such words
    columns = [{record[at] for record in rest if record[at]} - MISSING for at in range(len(first))]
    again = sum(cell in values for cell, values in zip(first, columns, strict=True) if cell)
    if again:
        return False
    other = any(cell and values and all(map(_is_value, values)) for cell, values in zip(first, columns, strict=True))
    lengths = [{len(value) for value in values} for values in columns]
    regular = any(
        len(values) > 2 and len(sizes) == 1 and len(cell) not in sizes and all(map(_CODE, values)) and not _CODE(cell)
        for cell, values, sizes in zip(first, columns, lengths, strict=True)
    )
    written = sum("_" in cell or bool(re.search(r"[a-z][A-Z]", cell)) for cell in named) * 2 >= len(named)
    return other or known >= 0.5 or regular or (written and known > 0)


def _is_value(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in (_NUMBER, _DATE, _VALUE))
