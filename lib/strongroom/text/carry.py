"""What was found once is found everywhere in its row.

A person: by each part of the name alone, in capitals, with an ending, as initials, in an e-mail. A place, institution,
organisation, nationality, faith: as it was written.
"""

from collections.abc import Iterable, Iterator

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.recognisers.web import EMAIL, bordered
from strongroom.text.spans import Span

_ENDINGS = (
    b"s",
    b"es",
    b"n",
    b"en",
    b"a",
    b"u",
    b"om",
    b"em",
    b"in",
    b"un",
    b"ov",
    b"ova",
    b"in",
    b"i",
    b"e",
    b"nin",
    b"dan",
    b"den",
    b"ya",
    b"ye",
)
_STEM = 5
"""Letters that a part of a name has at least, to be found with an ending."""


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


class Part:
    """A word of names, by the rows that have it."""

    __slots__ = ("common", "rows", "sure")

    def __init__(self, common: bool) -> None:
        self.rows: dict[int, float] = {}
        self.common = common


def carried(block: Block, spans: Iterable[Span], *, least: float) -> Iterator[Span]:
    """The other mentions of the persons among these spans, each in its own row; not of those less sure than `least`."""
    parts, initials = _parts(block, spans, least)
    if not parts:
        return
    stems = {part[:_STEM] for part, known in parts.items() if len(part) >= _STEM and not known.common}
    starts, ends = block.words
    lower, cased = block.lower, block.cased
    text, row, following = -1, -1, 0
    for at, start in enumerate(starts):
        end = ends[at]
        word = lower[start:end]
        part = parts.get(word)
        if part is None:
            if word[:_STEM] not in stems:
                continue
            part = _inflected(word, parts)
            if part is None:
                continue
        while start >= following:
            text += 1
            row = block.rows[text]
            following = int(block.starts[text + 1]) if text + 1 < len(block.starts) else len(cased) + 1
        score = part.rows.get(row)
        if score is not None and _counts(block, part, at, parts, row):
            first = _from_initials(block, at)
            yield Span(first, end, "person", min(score, 0.85), "person.carried")
    yield from _in_emails(block, parts)
    yield from _initials(block, initials)


def _parts(
    block: Block, spans: Iterable[Span], least: float
) -> tuple[dict[bytes, Part], dict[bytes, dict[int, float]]]:
    words = block.lexicon.words
    parts: dict[bytes, Part] = {}
    initials: dict[bytes, dict[int, float]] = {}
    for span in spans:
        if span.entity != "person" or span.score < least:
            continue
        row = block.row_at(span.start)
        letters = []
        for word in block.plain[span.start : span.end].split():
            known = words.get(word, 0)
            if known & (Word.TITLE | Word.PARTICLE | Word.DEGREE) and not known & Word.STRONG:
                continue
            letters.append(word[:1])
            if len(word) < 3 or (known & Word.NEVER and not known & Word.STRONG):
                continue
            if word not in parts:
                parts[word] = Part(bool(known & Word.COMMON) and not known & Word.STRONG)
            parts[word].rows[row] = max(span.score, parts[word].rows.get(row, 0.0))
        if len(letters) > 1 or block.plain[span.start : span.end].endswith(b" " + b"".join(letters)):
            initials.setdefault(b".".join(letters), {})[row] = span.score
    return parts, initials


def _inflected(word: bytes, parts: dict[bytes, Part]) -> Part | None:
    for ending in _ENDINGS:
        if len(word) - len(ending) >= _STEM and word.endswith(ending):
            part = parts.get(word[: -len(ending)])
            if part is not None and not part.common:
                return part
    return None


def _counts(block: Block, part: Part, at: int, parts: dict[bytes, Part], row: int) -> bool:
    """Whether a word that is a part of a name stands for it here."""
    starts, ends = block.words
    start, end = starts[at], ends[at]
    capital = block.kinds[start] == 1
    if not capital:
        return end - start >= 6 and not part.common
    if not part.common:
        return True
    before = block.cased[max(0, start - 3) : start].rstrip(b" ")
    if before and before[-1] not in b'.!?:\n\x84"(-*':
        return True
    if at + 1 < len(starts):
        neighbour = parts.get(block.lower[starts[at + 1] : ends[at + 1]])
        if neighbour is not None and row in neighbour.rows and starts[at + 1] - end < 3:
            return True
    return False


def _from_initials(block: Block, at: int) -> int:
    """The start of a name with the initials and titles that stand before it."""
    starts, ends = block.words
    first = at
    while first and block.cased[ends[first - 1] : starts[first]] in (b". ", b".", b" "):
        before = block.cased[starts[first - 1] : ends[first - 1]]
        known = block.lexicon.words.get(before.lower(), 0)
        initial = len(before) == 1 and before.isupper() and block.cased[ends[first - 1] : ends[first - 1] + 1] == b"."
        if not initial and not (known & Word.TITLE and before[:1].isupper() and not known & Word.COMMON):
            break
        first -= 1
    return starts[first]


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
    at = 0
    while at < len(starts):
        if ends[at] - starts[at] == 1 and cased[ends[at] : ends[at] + 1] == b"." and block.kinds[starts[at]] == 1:
            last = at
            while (
                last + 1 < len(starts)
                and ends[last + 1] - starts[last + 1] == 1
                and cased[ends[last] : starts[last + 1]] in (b".", b". ")
                and block.kinds[starts[last + 1]] == 1
            ):
                last += 1
            if last > at or lower[starts[at] : ends[at]] in initials:
                key = b".".join(lower[starts[each] : ends[each]] for each in range(at, last + 1))
                if block.row_at(starts[at]) in initials.get(key, ()):
                    yield Span(
                        starts[at],
                        ends[last] + (cased[ends[last] : ends[last] + 1] == b"."),
                        "person",
                        0.7,
                        "person.initials",
                    )
            at = last + 1
            continue
        if 3 <= ends[at] - starts[at] <= 4 and cased[starts[at] : ends[at]].isupper():
            key = b".".join(bytes([byte]) for byte in lower[starts[at] : ends[at]])
            if block.row_at(starts[at]) in initials.get(key, ()):
                yield Span(starts[at], ends[at], "person", 0.6, "person.initials")
        at += 1
