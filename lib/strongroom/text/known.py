"""Values of other columns, looked for in the texts of their row."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from strongroom.text.block import Block, runs
from strongroom.text.carry import mid_sentence, shouted
from strongroom.text.letters import bare, seen
from strongroom.text.lexicon import LANGUAGES, Lexicon, Word, lines, plain
from strongroom.text.parts import ANY_CASE, LEAST, Named, name_of
from strongroom.text.recognisers.web import bordered
from strongroom.text.spans import Span

DIGITS = 6
"""Digits or signs of a number that is looked for."""
_SCORE = 0.97
_LOCAL = 0.6
_LONGEST_NUMBER = 40
_LONGEST = 400
"""Letters of an address that is looked for."""
_MOST_WORDS = 40
"""Words of a value that are compared."""
_NUMBERS = frozenset(
    (
        *("phone", "card", "iban", "bank_account", "national_id", "tax_id", "passport", "driving_licence"),
        *("medical_record", "vehicle_plate", "case_number", "mac", "ip", "date", "date_of_birth", "coordinates"),
    )
)
_EXACT = frozenset(("email", "url", "profile", "username", "secret", "wallet"))
_BETWEEN = b" .-/(),:\xa0"


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


_OfRow = dict[int, dict[tuple[bytes, ...], list[_Value]]]
"""By the number of words, or of letters, the values of a row that begin with one word."""


class Values:
    """What other columns say of some rows, ready to be looked for.

    Args:
        known: columns.
        lexicon: what is known of words.
        wanted: entities; values of others are left.
    """

    def __init__(self, known: Sequence[Known], lexicon: Lexicon, wanted: Container[str]) -> None:
        self._words = lexicon.words
        self.names: dict[int, list[Named]] = {}
        self._phrases: dict[bytes, dict[int, _OfRow]] = {}
        self._exact: dict[bytes, dict[int, _OfRow]] = {}
        self._numbers: dict[int, dict[bytes, str]] = {}
        self._begin: dict[int, set[bytes]] = {}
        """Of each row how its numbers begin: one sign, two, three."""
        short = []
        for column in known:
            if column.entity not in wanted:
                short.append(0)
                continue
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
        return bool(self.names or self._phrases or self._exact or self._numbers)

    def names_of(self, block: Block) -> Iterator[Named]:
        for row in dict.fromkeys(block.rows):
            yield from self.names.get(row, ())

    def _add(self, row: int, value: str, entity: str, *, shared: bool) -> bool:
        """Whether all of the value is looked for."""
        if entity == "person":
            name = name_of(value, row, shared=shared)
            self.names.setdefault(row, []).append(name)
            parts = [word for word in name.words if len(word) > 1 and not self._words.get(word, 0) & _SMALL]
            long = [len(word) >= LEAST for word in parts]
            return bool(long) and all(long)
        if entity in _EXACT:
            return self._add_exact(row, value, entity)
        written, _ = bare(value)
        signs = plain(seen(written).lower()).replace(b" ", b"")
        digits = sum(48 <= byte < 58 for byte in signs)
        if entity in _NUMBERS or digits >= DIGITS:
            for key in _keys(value, signs, entity) if len(signs) >= DIGITS and digits else ():
                self._numbers.setdefault(row, {}).setdefault(key, entity)
                self._begin.setdefault(row, set()).update((key[:1], key[:2], key[:3]))
            return len(signs) >= DIGITS and bool(digits)
        return self._add_phrase(row, seen(written), entity, shared=shared)

    def _add_exact(self, row: int, value: str, entity: str) -> bool:
        written = seen(bare(value)[0])
        self._look_for(row, written, entity, _SCORE)
        if entity == "email" and b"@" in written:
            written = written.partition(b"@")[0]
            if not self._words.get(written.lower(), 0) & Word.COMMON:
                self._look_for(row, written, entity, _LOCAL)
        return len(written) >= LEAST

    def _look_for(self, row: int, written: bytes, entity: str, score: float) -> None:
        words = plain(written.lower()).split()
        if len(written) >= LEAST and words and len(written) <= _LONGEST:
            written = written[written.lower().index(words[0]) :]
            one = _Value(entity, None if len(written) >= ANY_CASE else written, score=score)
            _put(self._exact, words[0], row, len(written), (written.lower(),), one)

    def _add_phrase(self, row: int, written: bytes, entity: str, *, shared: bool) -> bool:
        words = tuple(plain(written.lower()).split())[:_MOST_WORDS]
        letters = sum(map(len, words))
        if letters < LEAST:
            return False
        common = len(words) == 1 and bool(self._words.get(words[0], 0) & Word.COMMON)
        cased = b" ".join(plain(written).split()[:_MOST_WORDS])
        one = _Value(entity, None if letters >= ANY_CASE else cased, common or shared)
        _put(self._phrases, words[0], row, len(words), words, one)
        return True

    def spans(self, block: Block) -> Iterator[Span]:
        """Where values that are no names of persons stand in the texts of their rows."""
        if not (self._phrases or self._exact or self._numbers):
            return
        starts, ends = (edges.tolist() for edges in runs(block.kinds > 0))
        lower = block.lower
        text, row, following = -1, -1, 0
        numbers: dict[bytes, str] = {}
        begin: set[bytes] = set()
        for at, start in enumerate(starts):
            while start >= following:
                text += 1
                row = block.rows[text]
                following = int(block.starts[text + 1]) if text + 1 < len(block.starts) else len(lower) + 1
                numbers, begin = self._numbers.get(row, {}), self._begin.get(row, set())
            word = lower[start : ends[at]]
            exact = self._exact.get(word)
            if exact is not None and row in exact:
                yield from _exactly(block, start, exact[row])
            phrases = self._phrases.get(word)
            if phrases is not None and row in phrases:
                yield from _in_words(block, starts, ends, at, phrases[row])
            if numbers and (word[:3] in begin or word[0] == 48 or block.cased[start - 1 : start] == b"+"):
                yield from _in_numbers(block, starts, ends, at, numbers, begin)


_SMALL = Word.PARTICLE | Word.TITLE | Word.DEGREE


def _put(
    where: dict[bytes, dict[int, _OfRow]], first: bytes, row: int, length: int, key: tuple[bytes, ...], value: _Value
) -> None:
    values = where.setdefault(first, {}).setdefault(row, {}).setdefault(length, {}).setdefault(key, [])
    if value not in values:
        values.append(value)


def _exactly(block: Block, start: int, of_row: _OfRow) -> Iterator[Span]:
    for length, values in of_row.items():
        end = start + length
        for value in values.get((block.lower[start:end],), ()):
            there = value.written is None or value.written == block.cased[start:end]
            whole = value.score == _SCORE or block.cased[end : end + 1] != b"@"
            if there and whole and bordered(block, start, end):
                yield Span(start, end, value.entity, value.score, "known")


def _in_words(block: Block, starts: list[int], ends: list[int], at: int, of_row: _OfRow) -> Iterator[Span]:
    """Values whose words follow each other from here on, whatever signs stand between two of them."""
    for count, values in of_row.items():
        last = at + count - 1
        if last >= len(starts) or any(starts[each + 1] - ends[each] > 3 for each in range(at, last)):
            continue
        words = tuple(block.lower[starts[each] : ends[each]] for each in range(at, last + 1))
        start, end = starts[at], ends[last]
        for value in values.get(words, ()) if b"\x84" not in block.cased[start:end] else ():
            written = b" ".join(block.cased[starts[each] : ends[each]] for each in range(at, last + 1))
            if value.written is not None and value.written != written:
                continue
            capital = block.kinds[start] == 1 and mid_sentence(block, start) and not shouted(block, start, end)
            if capital or not value.careful:
                yield Span(start, end, value.entity, _SCORE, "known")


def _in_numbers(
    block: Block, starts: list[int], ends: list[int], at: int, numbers: dict[bytes, str], begin: set[bytes]
) -> Iterator[Span]:
    """Numbers that begin here, however their digits are set apart."""
    cased, last = block.cased, at
    run = block.lower[starts[at] : ends[at]]
    found = -1
    entity = ""
    abroad = cased[starts[at] - 1 : starts[at]] == b"+" if starts[at] else False
    phone = abroad or run[:1] == b"0"
    while phone or run[:3] in begin:
        each = numbers.get(run) or (phone and _phone(run, numbers, abroad=abroad))
        if each:
            found, entity = last, each
        gap = cased[ends[last] : starts[last + 1]] if last + 1 < len(starts) else b"\x84"
        if len(run) >= _LONGEST_NUMBER or len(gap) > 3 or gap.strip(_BETWEEN):
            break
        last += 1
        run += block.lower[starts[last] : ends[last]]
    if found >= 0:
        start = _from_prefix(block, starts, ends, at) if entity == "phone" else starts[at]
        yield Span(start, ends[found], entity, _SCORE, "known")


def _phone(run: bytes, numbers: dict[bytes, str], *, abroad: bool) -> str:
    """`phone` where a number without the country's is one of these."""
    tails = [run[2:]] if run[:2] == b"00" else [run] if abroad else []
    tails = [tail[cut:] for tail in tails for cut in (0, 1, 2, 3)] + ([run.lstrip(b"0")] if run[:1] == b"0" else [])
    for tail in tails:
        if len(tail) > DIGITS and numbers.get(tail) == "phone":
            return "phone"
    return ""


def _from_prefix(block: Block, starts: list[int], ends: list[int], at: int) -> int:
    """The start of a phone number with the country's number before it."""
    start = starts[at]
    if at and ends[at - 1] - starts[at - 1] <= 5 and starts[at] - ends[at - 1] <= 3:
        before = block.cased[starts[at - 1] : ends[at - 1]]
        plus = block.cased[max(0, starts[at - 1] - 1) : starts[at - 1]] == b"+"
        if before.isdigit() and (plus or before[:2] == b"00") and b"\n" not in block.cased[ends[at - 1] : starts[at]]:
            start = starts[at - 1]
    return start - 1 if block.cased[max(0, start - 1) : start] == b"+" else start


def _keys(value: str, signs: bytes, entity: str) -> Iterator[bytes]:
    """The ways in which a number may be written without what stands between its digits."""
    yield signs
    if entity == "phone":
        digits = bytes(byte for byte in signs if 48 <= byte < 58)
        abroad = value.lstrip(" (").startswith("+") or digits[:2] == b"00"
        digits = digits.lstrip(b"0")
        for cut in (0, 1, 2, 3) if abroad else (0,):
            if len(digits) - cut > DIGITS:
                yield digits[cut:]
    if entity in ("date", "date_of_birth"):
        yield from _days(value)


@cache
def _months() -> tuple[tuple[str, ...], ...]:
    """The names of each month in all languages, and their first letters."""
    listed = [
        seen(line.partition("\t")[2]).decode("latin-1").lower().replace("setiembre, ", "").split(", ")[:12]
        for language in LANGUAGES
        for line in lines(f"phrases_{language}.tsv")
        if line.startswith("month\t")
    ]
    return tuple(tuple(dict.fromkeys((*names, *(name[:3] for name in names)))) for names in zip(*listed, strict=True))


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
            yield from (f"{one}{name}{year}".encode(), f"{name}{one}{year}".encode(), f"{one}de{name}de{year}".encode())
