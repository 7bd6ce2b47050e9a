"""Texts of a row without what names people: what was found is replaced, one thing by one sign in all of its row."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from strongroom.text.finder import COURT, ENTITIES, Finder, table
from strongroom.text.forms import canonical
from strongroom.text.known import Known, Values
from strongroom.text.letters import bare, fold
from strongroom.text.lexicon import lexicon
from strongroom.text.persons import grouped, simple
from strongroom.text.spans import Span

__all__ = ["REPLACEMENTS", "Known", "Redacted", "Text", "Tokens", "canonical", "counted", "redact"]

REPLACEMENTS = ("label", "token", "mask", "remove")
"""`[PERSON_1]`, numbered within the row; a keyed pseudonym; an asterisk for each letter and digit; nothing."""

Tokens = Callable[[pa.Array], pa.Array]
"""Names in their canonical form (`canonical`) to the pseudonyms of a domain; strings both, none of them null."""


@dataclass(frozen=True, slots=True)
class Text:
    """Texts of one column, and how they are redacted.

    Args:
        texts: strings, flat; nulls stay null.
        rows: the row of each text, ascending; a column of arrays has several texts a row.
        find: entities.
        replace: one of REPLACEMENTS.
        tokens: for `token`.
    """

    texts: pa.Array
    rows: np.ndarray
    find: tuple[str, ...] = ENTITIES
    replace: str = "label"
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """What came of some columns.

    Args:
        texts: of each column, as many as came in.
        spans: of each column, what was replaced: as `Finder.find` tells it, `row` the place of the text in its column.
        short: of each known column, how many of its values are too short to be looked for, wholly or in a part of a
            name; such a part is found beside a title or another part only.
    """

    texts: tuple[pa.Array, ...]
    spans: tuple[pa.Table, ...]
    short: tuple[int, ...] = ()


_OURS = re.compile(r"\[((?:" + "|".join(COURT).upper() + r")(?:_[0-9]+|:[^\[\]\s]*))\]")
"""What labels and pseudonyms look like."""

_POSSESSIVE = re.compile(r"^['’]s?\b")

_SHOWN_BY_MASK = frozenset("PSZC")
"""First letters of Unicode's categories for what a mask leaves: punctuation, signs, blanks."""

Place = tuple[int, Span]
"""A text of a column by its number, and what stands there."""


def redact(texts: Sequence[Text], known: Sequence[Known] = (), *, finder: Finder | None = None) -> Redacted:
    """The texts without what was found in them, column by column; what one text of a row shows is gone from all of it.

    `[PERSON_1]` in a raw text is no label of ours: its brackets become round ones.

    Args:
        texts: columns of the same rows.
        known: other columns of these rows.
        finder: how entities are found; what it looks for is what the columns name.
    """
    values = [column.texts.to_pylist() for column in texts]
    finder = finder or Finder()
    looked_for = Values(known, lexicon(finder.languages))
    places = _found(texts, values, finder, looked_for)
    things = _things(texts, values, places, looked_for.persons)
    numbers: dict[tuple[int, str, int | str], int] = {}
    last: dict[tuple[int, str], int] = {}
    done = []
    for column, out, found, meant in zip(texts, values, places, things, strict=True):
        tokens = _tokens(column, meant)
        written = []
        for (place, span), (thing, form) in zip(found, meant, strict=True):
            if column.replace in ("label", "token"):
                row = int(column.rows[place])
                key = (row, span.entity, thing)
                if key not in numbers:
                    numbers[key] = last[row, span.entity] = last.get((row, span.entity), 0) + 1
                token = tokens.get(form) if form is not None else None
                sign = f"_{numbers[key]}" if token is None else f":{token}"
                written.append(f"[{span.entity.upper()}{sign}]")
            else:
                written.append(_masked(out[place][span.start : span.end]) if column.replace == "mask" else "")
        done.append(pa.array(_replaced(out, found, written, column.replace), pa.string()))
    return Redacted(tuple(done), tuple(table(found) for found in places), looked_for.short)


def _found(texts: Sequence[Text], values: list[list[str | None]], finder: Finder, known: Values) -> list[list[Place]]:
    """What is found in each column, the texts of a row looked at together."""
    rows = np.concatenate([np.asarray(column.rows, np.int64) for column in texts] or [np.zeros(0, np.int64)])
    column_of = np.repeat(np.arange(len(texts)), [len(each) for each in values])
    place_of = np.concatenate([np.arange(len(each)) for each in values] or [np.zeros(0, np.int64)])
    order = np.argsort(rows, kind="stable")
    columns, numbers = column_of[order].tolist(), place_of[order].tolist()
    find = [frozenset(column.find) for column in texts]
    spans: list[list[Place]] = [[] for _ in texts]
    for at, span in finder.in_rows(
        [values[column][place] for column, place in zip(columns, numbers, strict=True)],
        rows[order].tolist(),
        [find[column] for column in columns],
        known or None,
    ):
        spans[columns[at]].append((numbers[at], span))
    return spans


def _things(
    texts: Sequence[Text], values: list[list[str | None]], places: list[list[Place]], known: dict[int, list[str]]
) -> list[list[tuple[int | str, str | None]]]:
    """Of each span what it is in its row, and the form that a pseudonym is made of; None where it fits several."""
    names: dict[int, list[str]] = {}
    for column, out, found in zip(texts, values, places, strict=True):
        for place, span in found:
            if span.entity == "person":
                names.setdefault(int(column.rows[place]), []).append(_written(out[place], span))
    who = {row: iter(grouped(_as_known(each, known.get(row, ())), known.get(row, ()))) for row, each in names.items()}
    phones = _Phones()
    things: list[list[tuple[int | str, str | None]]] = []
    for column, out, found in zip(texts, values, places, strict=True):
        of_column: list[tuple[int | str, str | None]] = []
        for place, span in found:
            if span.entity == "person":
                of_column.append(next(who[int(column.rows[place])]))
            else:
                form = canonical(_written(out[place], span), span.entity)
                thing = phones.of(int(column.rows[place]), form) if span.entity == "phone" else form
                of_column.append((thing, form))
        things.append(of_column)
    return things


def _as_known(names: list[str], known: Sequence[str]) -> list[str]:
    """Names as another column writes them, where only what stands between their letters and digits differs."""
    alike = {_squeezed(name): name for name in known}
    return [alike.get(_squeezed(name), name) for name in names] if alike else names


def _squeezed(name: str) -> str:
    return "".join(filter(str.isalnum, simple(name)))


class _Phones:
    """The phone numbers of each row: one with its country's number is the same as one without."""

    def __init__(self) -> None:
        self._without: dict[tuple[int, str], str] = {}
        self._with: dict[tuple[int, str], str] = {}

    def of(self, row: int, form: str) -> str:
        """What the number is called in its row."""
        digits = form.lstrip("+0")
        if not form.startswith("+"):
            same = self._with.get((row, digits))
            return same or self._without.setdefault((row, digits), form)
        if (row, form) not in self._with:
            tails = [digits[cut:] for cut in (1, 2, 3) if len(digits) - cut >= _PHONE]
            same = next(filter(None, [self._without.pop((row, tail), "") for tail in tails]), form)
            for each in (form, *tails):
                self._with.setdefault((row, each), same)
        return self._with[row, form]


_PHONE = 7
"""Digits of a phone number without its country."""


def _written(text: str | None, span: Span) -> str:
    letters = (text or "")[span.start : span.end]
    return letters + "@" if span.found_by in ("person.email", "person.code") else letters


def _tokens(column: Text, meant: list[tuple[int | str, str | None]]) -> dict[str, str]:
    """The pseudonym of each form, asked for once."""
    forms = list(dict.fromkeys(form for _, form in meant if form is not None))
    if column.replace != "token" or not forms:
        return {}
    if column.tokens is None:
        raise ValueError("replace: token needs Text.tokens")
    return dict(zip(forms, column.tokens(pa.array(forms, pa.string())).to_pylist(), strict=True))


def _replaced(texts: list[str | None], found: list[Place], written: list[str], replace: str) -> Iterator[str | None]:
    """Each text with its spans written anew."""
    at = 0
    for place, text in enumerate(texts):
        if text is None:
            yield None
            continue
        raw = _rounded(text)
        if at == len(found) or found[at][0] != place:
            yield raw
            continue
        pieces: list[str] = []
        end = 0
        while at < len(found) and found[at][0] == place:
            span = found[at][1]
            pieces += (raw[end : span.start], written[at])
            end, at = span.end, at + 1
        pieces.append(raw[end:])
        yield _rounded(_closed(pieces[::2])) if replace == "remove" else "".join(pieces)


def _rounded(text: str) -> str:
    """A text whose labels that look like ours have round brackets; as long as it was."""
    if text.isascii():
        return _OURS.sub(r"(\1)", text) if "[" in text else text
    plainly, places = bare(text.translate(_LOOK_ALIKE))
    found = list(_OURS.finditer(fold(plainly)))
    if not found:
        return text
    letters = list(text)
    for match in found:
        for at, sign in ((match.start(), "("), (match.end() - 1, ")")):
            letters[at if places is None else int(places[0][at])] = sign
    return "".join(letters)


_LOOK_ALIKE = str.maketrans(
    "АВСЕНІЈКМОРЅТХУԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧᏟᎠᎬ" + "【〔⟦［❲⦋" + "】〕⟧］❳⦌" + "＿ˍ‗" + "：։ː∶꞉",
    "ABCEHIJKMOPSTXYGQWABEZHIKMNOPTYXCDE" + "[[[[[[" + "]]]]]]" + "___" + ":::::",
)
"""Letters of other scripts and signs that look like those of a label."""


def _masked(letters: str) -> str:
    """An asterisk for each letter, digit and mark; blanks and signs stay."""
    return "".join(sign if unicodedata.category(sign)[0] in _SHOWN_BY_MASK else "*" for sign in letters)


def _closed(pieces: list[str]) -> str:
    """What stands around things that are gone, without the blanks that were there for them."""
    kept: list[str] = []
    for number, each in enumerate(pieces):
        piece = _POSSESSIVE.sub("", each) if number else each
        last = number == len(pieces) - 1
        if not kept or kept[-1].endswith("\n"):
            piece = piece.lstrip(" ") if number else piece
        elif (last if not piece else piece[0] in " ,.;:!?)\n") and kept[-1].endswith(" "):
            kept[-1] = kept[-1].rstrip(" ")
            piece = piece if kept[-1] or len(kept) > 1 else piece.lstrip(" ")
        if piece:
            kept.append(piece)
    return "".join(kept)


def counted(spans: pa.Table) -> dict[str, int]:
    """How many of which entity."""
    counts = spans.column("entity").value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in counts}
