"""What was found once is found everywhere in its row.

A person: by each part of the name alone, in capitals, with an ending, as initials, in an e-mail. A place, institution,
organisation, nationality, faith: as it was written.
"""

import re
from collections.abc import Iterable, Iterator

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.parts import ANY_CASE, Named, Names, Part, key_of, named
from strongroom.text.persons import STEM
from strongroom.text.recognisers.web import EMAIL, bordered
from strongroom.text.spans import Span

_CAPITALS_BEFORE = re.compile(rb"[A-Z]{2}[ ,.!?-]{1,3}$")
_INITIALS = 6
_SMALL_WORDS = 4
_SMALL_GAPS = {b" ", b"  ", b"-", b"'", b"_"}

_AS_WRITTEN = {"place", "institution", "organisation", "nationality", "religion", "politics"}


def repeated(block: Block, spans: Iterable[Span], *, least: float) -> Iterator[Span]:
    """Other mentions of places, organisations and the like, in the letters they were found in, each in its own row."""
    rows: dict[bytes, dict[int, Span]] = {}
    for span in spans:
        if span.entity in _AS_WRITTEN and span.score >= least and 3 <= span.end - span.start <= 80:
            written = block.cased[span.start : span.end]
            if 65 <= written[0] < 91 and written[-1:].isalnum():
                rows.setdefault(written, {}).setdefault(block.row_at(span.start), span)
    if not rows:
        return
    phrases = list(rows)
    automaton = BytesAhoCorasick(phrases, matchkind=MatchKind.LeftmostLongest)
    for which, start, end in automaton.find_matches_as_indexes(block.cased):
        span_of = rows[phrases[which]].get(block.row_at(start))
        if span_of is not None and bordered(block, start, end):
            yield Span(start, end, span_of.entity, min(span_of.score, 0.7), f"{span_of.entity}.carried")


def _found(block: Block, spans: Iterable[Span], least: float) -> Iterator[Named]:
    """The names that these spans show."""
    for span in spans:
        if span.entity == "person" and span.score >= least:
            text, lower = block.text[span.start : span.end], block.lower[span.start : span.end]
            yield named(block.row_at(span.start), text, lower, span.score)


def carried(block: Block, spans: Iterable[Span], known: Iterable[Named] = (), *, least: float) -> Iterator[Span]:
    """The other mentions of persons, each in its own row.

    Args:
        block: texts.
        spans: what was found; persons less sure than `least` are left.
        known: names of these rows that stand elsewhere.
        least: of a score.
    """
    all_names = [*known, *_found(block, spans, least)]
    if not all_names:
        return
    names = Names(all_names, block)
    if not names.parts:
        return
    yield from _joined(block, names, _mentions(block, names))
    yield from _in_codes(block, names)
    yield from _in_emails(block, names.parts)
    yield from _initials(block, names.initials)


def _mentions(block: Block, names: Names) -> Iterator[tuple[int, int, float, bool]]:
    """Number, row and score of each word that stands for a name of its row, and whether it is a user name."""
    parts = names.parts
    stems = {part[:STEM] for part in (*parts, *names.handles) if len(part) >= STEM}
    ascii_only = block.lower.isascii()
    starts, ends = block.words
    lower = block.lower
    text, row, following = -1, -1, 0
    for at in _beginning_alike(block, names):
        start, end = starts[at], ends[at]
        word = lower[start:end]
        if not ascii_only and not word.isascii():
            word = key_of(block.text, word, start)
        part = parts.get(word)
        inflected = part is None
        if part is None:
            if word[:STEM] not in stems:
                continue
            if word in names.handles:
                row = block.row_at(start)
                if row in names.handles[word]:
                    yield at, row, names.handles[word][row], True
                continue
            part = names.inflected(word)
            if part is None:
                continue
        while start >= following:
            text += 1
            row = block.rows[text]
            following = int(block.starts[text + 1]) if text + 1 < len(block.starts) else len(lower) + 1
        score = part.rows.get(row)
        if score is None or (inflected and part.careful[row]):
            continue
        if _counts(block, names, part, at, row, text):
            yield at, row, score, False


def _beginning_alike(block: Block, names: Names) -> list[int]:
    """The words that begin as a name does, by three letters, and those that are not all Latin: a quick first look."""
    starts, ends = block.words
    lower = block.lower
    three = {part[:3] for part in (*names.parts, *names.handles) if len(part) > 2}
    found = [at for at, start in enumerate(starts) if lower[start : start + 3] in three]
    short = {part for part in names.parts if len(part) < 3}
    if short:
        found += [at for at, start in enumerate(starts) if ends[at] - start < 3 and lower[start : ends[at]] in short]
    if not lower.isascii():
        other = np.concatenate(([0], np.cumsum(np.frombuffer(lower, np.uint8) > 127)))
        found += np.flatnonzero(other[ends] > other[starts]).tolist()
    elif not short:
        return found
    return sorted(set(found))


def _joined(block: Block, names: Names, mentions: Iterable[tuple[int, int, float, bool]]) -> Iterator[Span]:
    """Mentions as spans, words of one name that follow each other as one."""
    starts, ends = block.words
    first, last, of, surest = -1, -1, -1, 0.0
    for at, row, score, code in mentions:
        if code:
            yield Span(starts[at], ends[at], "person", min(score, 0.7), "person.code")
            continue
        if of == row and first >= 0 and _together(block, names, last, at, row):
            last, surest = at, max(surest, score)
            continue
        if first >= 0:
            yield Span(
                _from_initials(block, names, first, of), ends[last], "person", min(surest, 0.85), "person.carried"
            )
        first, last, of, surest = at, at, row, score
    if first >= 0:
        yield Span(_from_initials(block, names, first, of), ends[last], "person", min(surest, 0.85), "person.carried")


def _together(block: Block, names: Names, last: int, at: int, row: int) -> bool:
    """Whether two words of names are words of one: blanks, initials and small words of names between, or turned."""
    starts, ends = block.words
    if at - last > 4:
        return False
    if at - last == 1 and block.cased[ends[last] : starts[at]] == b", ":
        return (row, block.lower[starts[last] : ends[last]], block.lower[starts[at] : ends[at]]) in names.turned
    for word in range(last, at):
        gap = block.cased[ends[word] : starts[word + 1]]
        if word > last:
            between = block.lower[starts[word] : ends[word]]
            initial = len(between) == 1 and gap in (b". ", b".", b" ")
            if not initial and not block.lexicon.words.get(between, 0) & Word.PARTICLE:
                return False
            gap = b" " if initial else gap
        if gap not in (b" ", b"  ", b"-", b"_"):
            return False
    return True


def _counts(block: Block, names: Names, part: Part, at: int, row: int, text: int) -> bool:
    """Whether a word that is a part of a name stands for it here."""
    starts, ends = block.words
    start, end = starts[at], ends[at]
    capital, careful, letters = block.kinds[start] == 1, part.careful[row], end - start
    if careful > 0:
        careful &= names.spoken(block, text)
    if not capital:
        alone = (letters >= ANY_CASE or row in part.small) and not careful
        return alone or _in_order(block, names, at, at + 1, row) or _in_order(block, names, at - 1, at, row)
    if not careful:
        return True
    parts = names.parts
    if letters > 2 and mid_sentence(block, start) and not shouted(block, start, end):
        return True
    return _beside(block, at, at + 1, parts, row) or _beside(block, at - 1, at, parts, row) or _titled(block, at)


def _in_order(block: Block, names: Names, one: int, two: int, row: int) -> bool:
    """Whether two words follow each other as in a name, not both of them common ones."""
    starts, ends = block.words
    if one < 0 or two >= len(starts) or block.cased[ends[one] : starts[two]] not in (b" ", b"-"):
        return False
    pair = block.lower[starts[one] : ends[one]], block.lower[starts[two] : ends[two]]
    return (row, *pair) in names.pairs and not all(names.parts[each].careful[row] for each in pair)


def _beside(block: Block, one: int, two: int, parts: dict[bytes, Part], row: int) -> bool:
    """Whether a word of a name stands right beside a word of a name of the same row."""
    starts, ends = block.words
    if one < 0 or two >= len(starts) or starts[two] - ends[one] > 2:
        return False
    pair = (parts.get(block.lower[starts[each] : ends[each]]) for each in (one, two))
    return all(part is not None and row in part.rows for part in pair) and block.kinds[starts[one]] == 1


def _titled(block: Block, at: int) -> bool:
    starts, ends = block.words
    before = block.lexicon.words.get(block.lower[starts[at - 1] : ends[at - 1]], 0) if at else 0
    return bool(before & Word.TITLE) and block.cased[ends[at - 1] : starts[at]] in (b" ", b". ")


def mid_sentence(block: Block, start: int) -> bool:
    """Whether words of the same sentence stand before a place."""
    before = block.cased[max(0, start - 3) : start].rstrip(b" ")
    return bool(before) and before[-1] not in b'.!?:\n\x84"(-*'


def shouted(block: Block, start: int, end: int) -> bool:
    """Whether words stand in capitals beside another one that does: there a capital tells nothing."""
    if end - start < 2 or not block.cased[start:end].isupper():
        return False
    before, after = (
        _CAPITALS_BEFORE.search(block.cased[max(0, start - 24) : start]),
        block.cased[end : end + 4].lstrip(b" ,.!?-"),
    )
    return bool(before) or (len(after) > 1 and after[:2].isalpha() and after[:2].isupper())


def _from_initials(block: Block, names: Names, at: int, row: int) -> int:
    """The start of a name with its small words, and the initials and titles that stand before it."""
    starts, ends = block.words
    first = at
    while first and at - first < _SMALL_WORDS and block.cased[ends[first - 1] : starts[first]] in _SMALL_GAPS:
        small = block.lower[starts[first - 1] : ends[first - 1]]
        joined = len(small) > 1 or block.cased[starts[first] - 1 : starts[first]] == b"'"
        if not joined or (row, small) not in names.beside:
            break
        first -= 1
    while first and block.cased[ends[first - 1] : starts[first]] in (b". ", b".", b" "):
        before = block.cased[starts[first - 1] : ends[first - 1]]
        known = block.lexicon.words.get(before.lower(), 0)
        initial = len(before) == 1 and before.isupper() and block.cased[ends[first - 1] : ends[first - 1] + 1] == b"."
        if not initial and not (known & Word.TITLE and before[:1].isupper() and not known & Word.COMMON):
            break
        first -= 1
    return starts[first]


def _in_codes(block: Block, names: Names) -> Iterator[Span]:
    """Names as user names are made of them: kowalczyk77, jkowalczyk, jankowalczyk."""
    handles, lower = names.handles, block.lower
    for start, end in zip(*block.codes, strict=True):
        word = lower[start:end].strip(b"0123456789")
        row = block.row_at(start) if word else -1
        part = names.parts.get(word)
        known = part is not None and row in part.rows and not part.careful[row] and len(word) >= STEM
        if known or row in handles.get(word, ()):
            yield Span(start, end, "person", 0.7, "person.code")


def _in_emails(block: Block, parts: dict[bytes, Part]) -> Iterator[Span]:
    """Local parts of e-mails that hold a part of a name of their row."""
    long = [part for part in parts if len(part) > 3]
    if b"@" not in block.cased or not long:
        return
    automaton = BytesAhoCorasick(long, matchkind=MatchKind.Standard)
    for match in EMAIL.finditer(block.lower):
        local, _, _ = match[0].partition(b"@")
        row = block.row_at(match.start())
        found = automaton.find_matches_as_indexes(local, overlapping=True)
        if any(row in parts[long[which]].rows for which, _, _ in found):
            yield Span(match.start(), match.start() + len(local), "person", 0.8, "person.email")


def _initials(block: Block, initials: dict[bytes, dict[int, float]]) -> Iterator[Span]:
    """`J.R.S.` and `J. R. S.` of a person, `JRS` where there are three letters."""
    if not initials:
        return
    starts, ends = block.words
    cased, lower = block.cased, block.lower
    past = -1
    for at in _short_capitals(block):
        if at < past:
            continue
        if ends[at] - starts[at] == 1:
            last = at
            while (
                last + 1 < min(len(starts), at + _INITIALS)
                and ends[last + 1] - starts[last + 1] == 1
                and cased[ends[last] : starts[last + 1]] in (b".", b". ")
                and block.kinds[starts[last + 1]] == 1
            ):
                last += 1
            past = last + 1
            while last > at:
                key = b".".join(lower[starts[each] : ends[each]] for each in range(at, last + 1))
                if block.row_at(starts[at]) in initials.get(key, ()):
                    after = ends[last] + (cased[ends[last] : ends[last] + 1] == b".")
                    yield Span(starts[at], after, "person", 0.7, "person.initials")
                    break
                last -= 1
        elif cased[starts[at] : ends[at]].isupper():
            key = b".".join(bytes([byte]) for byte in lower[starts[at] : ends[at]])
            if block.row_at(starts[at]) in initials.get(key, ()):
                yield Span(starts[at], ends[at], "person", 0.6, "person.initials")


def _short_capitals(block: Block) -> list[int]:
    """The words that begin with a capital and have three or four letters, or one and a full stop behind it."""
    starts, ends = (np.asarray(places, np.int64) for places in block.words)
    letters = ends - starts
    view = np.frombuffer(block.cased + b" ", np.uint8)
    short = ((letters == 1) & (view[ends] == ord("."))) | (letters == 3) | (letters == 4)
    return np.flatnonzero(short & (block.kinds[starts] == 1)).tolist()
