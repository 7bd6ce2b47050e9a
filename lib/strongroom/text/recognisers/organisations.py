"""Organisations and institutions: by the words that head or end their names, by their legal form, by their partners."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.linear import pattern
from strongroom.text.runs import Words
from strongroom.text.spans import Span

_FORM_OF_COMPANY = pattern(
    rb"\b[A-Z\x80][A-Za-z\x80-\x82-]+(?:(?: | & | y | e )[A-Z\x80][A-Za-z\x80-\x82-]+){0,4},? (?:"
    rb"S\.A\.U?\.?|S\.L\.U?\.?|S\.C\.|B\.V\.|N\.V\.|S\.p\.A\.|S\.[rR]\.[lL]\.|L\.L\.C\.|P\.L\.C\.|e\.V\.|& Co\b\.?)"
)
_FIRM = pattern(rb"[A-Z0-9\x80][A-Za-z0-9\x80-\x82&.'-]{2,25}(?: [A-Za-z0-9\x80-\x82&.'-]{1,20}){0,4}")
_MARKS = b"> ?\x83"
_LONGEST_LINES = 160
_LIST = pattern(rb"(?i)\b([a-z\x80-\x82]{3,20}), ([a-z\x80-\x82]{3,20}),? (?:and|y|&) ([a-z\x80-\x82]{3,20})\b")
_ARTICLES = frozenset(
    b"the a an this that his her their our el la los las un una der die das le les in on at en de when as".split()
)
_OF = {b"of", b"de", b"del", b"for", b"du", b"des", b"la"}
_WITHIN = _OF | {b"the", b"los", b"las", b"and", b"y", b"san", b"e"}


def of_run(words: Words, run: list[int], flags: list[int]) -> Span | None:
    heads = [place for place, each in enumerate(flags) if each & (Word.ORG | Word.INSTITUTION)]
    first = 0
    while first < len(run) and words.word(run[first]) in _ARTICLES:
        first += 1
    if words.shouted(run) and all(each & (Word.COMMON | Word.NEVER) for each in flags):
        return None
    institution = any(flags[place] & Word.INSTITUTION for place in heads)
    last = len(run) - 1 if institution and flags[0] & Word.INSTITUTION else heads[-1]
    end = of_what(words, run[last])
    begin = _from_what(words, run[first]) if first <= last else run[last]
    if end == begin or first > last:
        return None
    entity = "institution" if institution else "organisation"
    return Span(words.starts[begin], words.ends[end], entity, 0.75, "organisation.head")


def of_what(words: Words, at: int) -> int:
    """The last word of what follows with `of`, `de`, …: Court of Cassation, Ministry of the Interior."""
    step, end = at + 1, at
    if step >= len(words.starts) or words.word(step) not in _OF:
        return at
    while step < len(words.starts) and step - at < 9 and words.gap(step - 1) in (b" ", b"-"):
        if words.capital[step]:
            end = step
        elif words.word(step) not in _WITHIN:
            break
        step += 1
    return end


def _from_what(words: Words, at: int) -> int:
    """The first word of what leads here with `and`: Foreign and Commonwealth Office."""
    if at < 2 or words.word(at - 1) not in (b"and", b"y") or not words.gap(at - 2) == words.gap(at - 1) == b" ":
        return at
    fits = words.capital[at - 2] and not words.begins(words.starts[at - 2])
    return at - 2 if fits and not words.flags(at - 2) & (Word.NEVER | Word.GIVEN) else at


def beside(words: Words, piece: list[int], flags: list[int], *, before: set[int], after: set[int]) -> bool:
    """Whether a word that goes with firms stands beside words that are no names of people.

    Args:
        words: those of the block.
        piece: words with capitals.
        flags: what the lists know of these.
        before: where phrases end that stand before a firm.
        after: where phrases start that stand behind one.
    """
    start, end, first = words.starts[piece[0]], words.ends[piece[-1]], piece[0]
    if words.shouted(piece):
        return False
    behind = end + 1 in after
    if behind and first and words.flags(first - 1) & Word.DETERMINER:  # the Clean Power Finance office
        known = all(each & Word.COMMON for each in flags)
        return not known and not any(each & (Word.NEVER | Word.PLACE | Word.GIVEN) for each in flags)
    people = any(words.known.get(words.word(at)[:-1], 0) & Word.NATION for at in piece)  # Americans
    other = Word.NEVER | Word.PLACE | Word.GIVEN | Word.COMMON
    return (behind or words.reaches(start, before, b" :", 2)) and not people and not any(each & other for each in flags)


def in_letterheads(block: Block, spans: Iterable[Span]) -> Iterator[Span]:
    """The line between a person's and an address: a firm."""
    known = [span for span in spans if span.score >= 0.5]
    ends = {span.end for span in known if span.entity == "person"}
    covered = sorted((span.start, span.end) for span in known)
    cased = block.cased
    for start in sorted({span.start for span in known if span.entity == "address"}):
        line = _line_before(cased, start)
        if line is None:
            continue
        first, last, before = line
        at = bisect_left(covered, (last, 0)) - 1
        free = at < 0 or covered[at][1] <= first
        if free and before in ends and _FIRM.fullmatch(cased, first, last):
            yield Span(first, last, "organisation", 0.6, "organisation.letterhead")


def _line_before(cased: bytes, start: int) -> tuple[int, int, int] | None:
    """Start and end of the line before the one that starts here, and the end of the line before that."""
    low = max(0, start - _LONGEST_LINES)
    head = cased[low:start].rstrip(_MARKS)
    if not head.endswith(b"\n"):
        return None
    last = low + len(head.rstrip(b" \n"))
    first = cased.rfind(b"\n", low, last) + 1
    if head.count(b"\n", last - low) > 1 or first <= low:
        return None
    first += len(cased[first:last]) - len(cased[first:last].lstrip(_MARKS))
    return first, last, low + len(cased[low:first].rstrip(_MARKS + b"\n"))


def in_forms(block: Block) -> Iterator[Span]:
    """Firms by the names of their partners: Barnett, Melton and Garcia."""
    known = block.lexicon.words
    for match in _FORM_OF_COMPANY.finditer(block.cased):
        yield Span(match.start(), match.end(), "organisation", 0.96, "organisation.form")
    for match in _LIST.finditer(block.cased):
        flags = [known.get(each.lower(), 0) for each in match.groups()]
        names = sum(bool(each & Word.SURNAME and not each & (Word.COMMON | Word.GIVEN)) for each in flags)
        written = all(each[:1].isupper() for each in match.groups())
        if (names or written) and all(each & Word.SURNAME for each in flags):
            yield Span(match.start(), match.end(), "organisation", 0.96, "organisation.partners")
