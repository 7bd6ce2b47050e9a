"""Values of other columns, looked for in the texts of their row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from strongroom.text.block import Block
from strongroom.text.carry import mid_sentence, shouted
from strongroom.text.letters import bare, seen
from strongroom.text.lexicon import LANGUAGES, Lexicon, Word, lines, plain
from strongroom.text.parts import ANY_CASE, LEAST, Named, name_of
from strongroom.text.pieces import Letters, letters_of
from strongroom.text.recognisers.web import bordered
from strongroom.text.spans import Span

DIGITS = 6
"""Letters and digits of a code that is looked for."""
SYLLABLES = 2
"""Characters of a value in a script without word borders that is looked for."""
_SCORE = 0.97
_LOCAL = 0.6
_LONGEST = 400
"""Letters of a value that are compared."""
_PREFIX = 4
"""Letters by which values are told apart at first."""
_EXACT = frozenset(("email", "url", "profile", "secret", "wallet"))
"""What counts with its own signs only."""


@dataclass(frozen=True, slots=True)
class Known:
    """Values of another column, which are looked for in the texts of their row.

    Args:
        values: strings, flat; nulls are left.
        rows: the row of each value, ascending.
        entity: what they are: one of ENTITIES.
        shared: which of them so many rows share that they name nobody by themselves; None for no value.
    """

    values: pa.Array
    rows: np.ndarray
    entity: str = "person"
    shared: np.ndarray | None = None


class _Value(NamedTuple):
    """A value that is looked for, by its small letters.

    Args:
        entity: what it is.
        written: as what alone it counts; None where any case does.
        careful: whether it counts only in mid-sentence capitals.
        score: of a span.
    """

    entity: str
    written: bytes | None
    careful: bool = False
    score: float = _SCORE


_OfRow = dict[int, dict[bytes, list[_Value]]]
"""By the number of their letters, the values of a row that begin alike."""


class Values:
    """What other columns say of some rows, ready to be looked for.

    Args:
        known: columns.
        lexicon: what is known of words.
    """

    def __init__(self, known: Sequence[Known], lexicon: Lexicon) -> None:
        self._words = lexicon.words
        self.names: dict[int, list[Named]] = {}
        self.persons: dict[int, list[str]] = {}
        """Of each row the names of persons as they are written."""
        self._whole: dict[bytes, dict[int, _OfRow]] = {}
        self._exact: dict[bytes, dict[int, _OfRow]] = {}
        short = []
        for column in known:
            shared = np.zeros(len(column.values), np.bool_) if column.shared is None else column.shared
            count = 0
            for row, value, common in zip(
                column.rows.tolist(), column.values.to_pylist(), shared.tolist(), strict=True
            ):
                if value and value.strip():
                    count += not self._add(row, value.strip(), column.entity, shared=common)
            short.append(count)
        self.short = tuple(short)
        """Of each column how many values are too short to be looked for, wholly or in a part of a name."""

    def __bool__(self) -> bool:
        return bool(self.names or self._whole or self._exact)

    def names_of(self, block: Block) -> Iterator[Named]:
        for row in dict.fromkeys(block.rows):
            yield from self.names.get(row, ())

    def _add(self, row: int, value: str, entity: str, *, shared: bool) -> bool:
        """Whether all of the value is looked for."""
        if entity == "email":
            self._add_local(row, value.rpartition("@")[0], shared=shared)
        if entity in _EXACT:
            return self._add_exact(row, value, entity)
        letters = letters_of(bare(value)[0])
        code = any(key.isdigit() for key in letters.keys)
        if entity == "person" and not code:
            return self._add_name(row, value, letters, shared=shared)
        for key in _phones(value) if entity == "phone" else ():
            self._put(row, key, _Value(entity, None))
        if _DAY.match(value):
            entity = entity if entity == "date_of_birth" else "date"
            for key in _days(value):
                self._put(row, key, _Value(entity, None))
        elif entity == "person":
            self.persons.setdefault(row, []).append(value)
        exact = entity == "username" and self._add_exact(row, value, entity)
        return self._add_whole(row, letters, entity, shared=shared) or exact

    def _add_name(self, row: int, value: str, letters: Letters, *, shared: bool) -> bool:
        name = name_of(value, row, shared=shared)
        self.names.setdefault(row, []).append(name)
        self.persons.setdefault(row, []).append(value)
        for word in value.split() if "-" in value else ():
            if "-" in word:
                self._add_whole(row, letters_of(bare(word)[0]), "person", shared=shared)
        whole = len(letters.keys) > 1 and self._add_whole(row, letters, "person", shared=shared)
        if whole and not letters.borderless:
            for turned in (letters.turned(1), letters.turned(-1)):
                self._add_whole(row, turned, "person", shared=shared)
        parts = [word for word in name.words if len(word) > 1 and not self._words.get(word, 0) & _SMALL]
        long = [len(word) >= LEAST for word in parts]
        return (bool(long) and all(long)) or (whole and letters.borderless)

    def _add_whole(self, row: int, letters: Letters, entity: str, *, shared: bool) -> bool:
        """Whether a value is long enough to be looked for as a whole."""
        letters = letters.until(_LONGEST)
        digits = sum(len(key) for key in letters.keys if key.isdigit())
        enough = letters.signs >= DIGITS or letters.signs - digits >= LEAST
        if not enough and not (letters.borderless and letters.signs >= SYLLABLES):
            return False
        common = len(letters.keys) == 1 and bool(self._words.get(letters.keys[0], 0) & Word.COMMON)
        cased = b"".join(letters.cased)
        written = cased if letters.signs < ANY_CASE and cased.isascii() else None
        careful = digits < DIGITS and (common or shared)
        self._put(row, b"".join(letters.keys), _Value(entity, written, careful))
        return True

    def _put(self, row: int, key: bytes, value: _Value) -> None:
        _put(self._whole, key[:_PREFIX], row, key, value)

    def _add_exact(self, row: int, value: str, entity: str) -> bool:
        written = seen(bare(value)[0])
        self._look_for(row, written, entity, _SCORE)
        if entity == "email" and b"@" in written:
            written = written.partition(b"@")[0]
            if not self._words.get(written.lower(), 0) & Word.COMMON and written.lower() not in _ROLES:
                self._look_for(row, written, entity, _LOCAL)
        return len(written) >= LEAST

    def _add_local(self, row: int, local: str, *, shared: bool) -> None:
        """The words of the local part of an e-mail as parts of a name."""
        kept = [
            word
            for word in _WORD.findall(bare(local)[0])
            if len(word) == 1 or (not self._words.get(key := seen(word).lower(), 0) & _NOBODYS and key not in _ROLES)
        ]
        if any(len(word) >= LEAST for word in kept):
            written = " ".join(kept)
            self.names.setdefault(row, []).append(name_of(written, row, shared=shared)._replace(small=False))
            self.persons.setdefault(row, []).append(written)

    def _look_for(self, row: int, written: bytes, entity: str, score: float) -> None:
        words = plain(written.lower()).split()
        if len(written) >= LEAST and words and len(written) <= _LONGEST:
            written = written[written.lower().index(words[0]) :]
            one = _Value(entity, None if len(written) >= ANY_CASE else written, score=score)
            _put(self._exact, words[0][:1], row, written.lower(), one)

    def spans(self, block: Block) -> Iterator[Span]:
        """Where values stand in the texts of their rows; of names of persons those that stand there as a whole."""
        if not (self._whole or self._exact):
            return
        pieces = block.pieces
        exact, whole, signs, offsets = self._exact, self._whole, pieces.signs, pieces.offsets
        for at, start in enumerate(pieces.starts):
            offset = offsets[at]
            rows = whole.get(signs[offset : offset + _PREFIX])
            if rows is not None:
                yield from _whole(block, at, 0, rows)
            if signs[offset : offset + 1] in _BEFORE_PHONES or block.cased[start - 1 : start] == b"+":
                for skipped in _before_phones(block, at):
                    rows = whole.get(signs[offset + skipped : offset + skipped + _PREFIX])
                    yield from () if rows is None else _whole(block, at, skipped, rows)
            if exact:
                rows = exact.get(block.lower[start : start + 1])
                of_row = None if rows is None else rows.get(block.row_at(start))
                yield from () if of_row is None else _exactly(block, start, of_row)


_WORD = re.compile(r"[^\W\d_]+")
_NOBODYS = Word.COMMON | Word.NEVER | Word.TITLE | Word.ORG
_ROLES = frozenset(
    (b"admin", b"webmaster", b"postmaster", b"noreply", b"newsletter", b"helpdesk", b"hello", b"email", b"mailer")
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,Z+-]*)?$")
_IN_WORDS = (
    *("{day}{month}{year}", "{month}{day}{year}", "{year}{month}{day}", "{day}de{month}de{year}"),
    *("{day}de{month}del{year}", "{day}of{month}{year}", "{day}er{month}{year}"),
    *(f"{how}" for end in ("st", "nd", "rd", "th") for how in
      (f"{{day}}{end}{{month}}{{year}}", f"{{day}}{end}of{{month}}{{year}}", f"{{month}}{{day}}{end}{{year}}")),
)  # fmt: skip
"""How a day is said, without what stands between."""
_SMALL = Word.PARTICLE | Word.TITLE | Word.DEGREE
_BEFORE_PHONES = frozenset((b"0",))


def _put(where: dict[bytes, dict[int, _OfRow]], first: bytes, row: int, key: bytes, value: _Value) -> None:
    values = where.setdefault(first, {}).setdefault(row, {}).setdefault(len(key), {}).setdefault(key, [])
    if value not in values:
        values.append(value)


def _exactly(block: Block, start: int, of_row: _OfRow) -> Iterator[Span]:
    for length, values in of_row.items():
        end = start + length
        for value in values.get(block.lower[start:end], ()):
            there = value.written is None or value.written == block.cased[start:end]
            whole = value.score == _SCORE or block.cased[end : end + 1] != b"@"
            if there and whole and bordered(block, start, end):
                yield Span(start, end, value.entity, value.score, "known")


def _whole(block: Block, at: int, skipped: int, rows: dict[int, _OfRow]) -> Iterator[Span]:
    """Values that begin here, whatever few signs stand between their letters and digits.

    Args:
        block: texts.
        at: a piece.
        skipped: digits that stand before a phone number in this piece.
        rows: values by row.
    """
    pieces = block.pieces
    start, offset = pieces.starts[at], pieces.offsets[at] + skipped
    text = block.text_at(start)
    for length, values in rows.get(block.rows[text], {}).items():
        those = values.get(pieces.signs[offset : offset + length])
        last = -1 if those is None else pieces.last(at, offset + length)
        if those is None or last < 0 or pieces.ends[last] > block.ends[text]:
            continue
        end = pieces.ends[last]
        for value in those:
            if skipped and value.entity != "phone":
                continue
            if value.written is not None and value.written != _cased(block, at, last):
                continue
            capital = block.kinds[start] == 1 and mid_sentence(block, start) and not shouted(block, start, end)
            if capital or not value.careful:
                begin = _from_prefix(block, at) if value.entity == "phone" else start
                yield Span(begin, end, value.entity, value.score, "known")


def _cased(block: Block, at: int, last: int) -> bytes:
    starts, ends = block.pieces.starts, block.pieces.ends
    return b"".join(block.cased[starts[each] : ends[each]] for each in range(at, last + 1))


def _before_phones(block: Block, at: int) -> tuple[int, ...]:
    """How many digits of a piece may be those of a country, or zeros, before the number that a column holds."""
    start, end = block.pieces.starts[at], block.pieces.ends[at]
    digits = block.lower[start:end]
    if not digits.isdigit():
        return ()
    zeros = len(digits) - len(digits.lstrip(b"0"))
    if block.cased[start - 1 : start] == b"+" and start:
        return (1, 2, 3)
    return (2, 3, 4, 5) if zeros > 1 else (zeros,) if zeros else ()


def _from_prefix(block: Block, at: int) -> int:
    """The start of a phone number with the country's number before it."""
    starts, ends = block.pieces.starts, block.pieces.ends
    start = starts[at]
    if at and ends[at - 1] - starts[at - 1] <= 5 and starts[at] - ends[at - 1] <= 3:
        before = block.cased[starts[at - 1] : ends[at - 1]]
        plus = block.cased[max(0, starts[at - 1] - 1) : starts[at - 1]] == b"+"
        if before.isdigit() and (plus or before[:2] == b"00") and b"\n" not in block.cased[ends[at - 1] : starts[at]]:
            start = starts[at - 1]
    return start - 1 if block.cased[max(0, start - 1) : start] == b"+" else start


def _phones(value: str) -> Iterator[bytes]:
    """The digits of a phone number with and without its country."""
    digits = bytes(byte for byte in seen(value) if 48 <= byte < 58)
    abroad = value.lstrip(" (").startswith("+") or digits[:2] == b"00"
    digits = digits.lstrip(b"0")
    for cut in (0, 1, 2, 3) if abroad else (0,):
        if len(digits) - cut > DIGITS:
            yield digits[cut:]


@cache
def _months() -> tuple[tuple[str, ...], ...]:
    """The names of each month in all languages, and their first letters."""
    listed = [
        seen(line.partition("\t")[2]).decode("latin-1").lower().replace("setiembre, ", "").split(", ")[:12]
        for language in LANGUAGES
        for line in lines(f"phrases_{language}.tsv")
        if line.startswith("month\t")
    ]
    return tuple(
        tuple(dict.fromkeys((*names, *(name[:most] for name in names for most in (3, 4)))))
        for names in zip(*listed, strict=True)
    )


def _days(value: str) -> Iterator[bytes]:
    """A day of ISO 8601 as people write it."""
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return
    year, month, number = str(day.year), str(day.month), str(day.day)
    for one in dict.fromkeys((number, number.zfill(2))):
        for two in dict.fromkeys((month, month.zfill(2))):
            yield from (f"{one}{two}{year}".encode(), f"{two}{one}{year}".encode(), f"{year}{two}{one}".encode())
        for name in _months()[day.month - 1]:
            for how in _IN_WORDS:
                yield how.format(day=one, month=name, year=year).encode()
