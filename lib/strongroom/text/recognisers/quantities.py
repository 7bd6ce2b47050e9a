"""Sums of money, durations, times of day, measures and counts: what a known event can be told by.

Asked for by name: a person who redacts reviews does not want every number gone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from strongroom.text.block import Block
from strongroom.text.lexicon import any_of, lines
from strongroom.text.linear import pattern
from strongroom.text.recognisers.web import bordered
from strongroom.text.spans import Span

_DIGITS = rb"(?:[0-9]{1,3}(?:[ .,'][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]+(?:[.,][0-9]+)?)"
_CLOCK = rb"(?:[01]?[0-9]|2[0-3])(?:(?:[.:][0-5][0-9])(?: ?[ap]\.? ?m\b\.?| hours\b| ?h\b)?| ?[ap]\.? ?m\b\.?)"
_DATED = frozenset(("date", "date_of_birth", "quantity"))
_BETWEEN = pattern(
    rb"(?:,? (?:and|to|until|or|at|on|in|y|al?|und|bis|et|au) (?:about |the )?|, ?"
    rb"| ?-{1,2} ?|/| | ?\(| hours on |, at | a las )"
)
_BEFORE = pattern(
    rb"(?i)(?:between|from|until|entre|desde|zwischen|von|depuis|the years|years|night of|summer of|end of|"
    rb"beginning of|during|not later than|early|late|mid)[ -]$"
)
_REFERENCE = pattern(
    rb"(?:articles?|sections?|rules?|paragraphs?|nos?\.?|numbers?|pages?|p\.?|chapters?|protocol|act|law|series|vol\.?|"
    rb"\x83|articulos?|art\.?|artikel|lines?|annex|cases?|schedule|point|v\.?) ?$"
)


@cache
def _patterns(languages: tuple[str, ...]) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    def these(kind: str) -> bytes:
        return b"(?:" + any_of(languages, kind) + b")"

    word = these("number_word")
    number = rb"(?:" + _DIGITS + rb"|" + word + rb"(?:(?:[ -]| and | y | und )" + word + rb"){0,5}\b)"
    number += rb"(?: ?(?:million|billion|thousand)\b)?(?: and a half)?"
    numbers = number + rb"(?:(?:, | and | or | to | ?- ?| y | o )" + number + rb"){0,5}"
    about = rb"\b(?:" + these("about") + rb" )?"
    duration = numbers + rb"[ -](?:[a-z\x80-\x82]{4,14}[ -])?" + these("duration") + rb"\b'?"
    count = word + rb"(?:(?:[ -]| and )" + word + rb")*|[1-9][0-9]{0,2}|[0-9]{1,3}(?:[ ,][0-9]{3})+"
    counted = rb"(?:" + these("counted") + rb"|[a-z\x80-\x82]{3,15}[^s\W]s)\b"
    worded = (
        about + rb"(?:" + _CLOCK
        + rb"|" + duration + rb"(?:(?:,| and| y| et| und)? " + number + rb"[ -]" + these("duration") + rb"\b'?){0,3}"
        + rb"|" + numbers + rb" (?:[a-z\x80-\x82]{2,12} ){0,2}" + these("money") + rb"\b"
        + rb"|" + numbers + rb" ?(?:%|" + these("measure") + rb"\b\.?(?: ?m\b)?))"
    )  # fmt: skip
    counts = about + rb"(?:" + count + rb") (?:[a-z\x80-\x82]{3,15} )?" + counted
    codes = "|".join(lines("currency_codes.txt")).encode()
    amount = _DIGITS + rb"(?: (?:million|billion|thousand))?"
    coded = (
        rb"(?:(?:\b[A-Z]{2})?[$\x83] ?" + amount + rb"|\b(?:" + codes + rb") ?" + amount
        + rb"|" + amount + rb" ?(?:" + codes + rb"\b|[$\x83]))"
    )  # fmt: skip
    return pattern(worded), pattern(counts), pattern(coded)


def quantities(block: Block) -> Iterator[Span]:
    """Quantities one by one; see `joined` for those that belong together."""
    worded, counts, coded = _patterns(block.lexicon.languages)
    for form, score in ((worded, 0.8), (counts, 0.6)):
        for match in form.finditer(block.lower):
            start, end = match.span()
            if bordered(block, start, end) and not _REFERENCE.search(block.lower[max(0, start - 12) : start]):
                yield Span(start, end, "quantity", score, "quantity.words")
    for match in coded.finditer(block.cased):
        start, end = match.span()
        signs = [at for at in range(start, end) if block.cased[at] == 0x83]
        if bordered(block, start, end) and all(unicodedata.category(block.text[at]) == "Sc" for at in signs):
            yield Span(start, end, "quantity", 0.85, "quantity.code")


def joined(block: Block, spans: Iterable[Span]) -> Iterator[Span]:
    """Dates and quantities that follow each other as one, with the words that make a span of time of two of them.

    The days themselves stay dates for whoever asks for these alone.
    """
    first: Span | None = None
    end, many = -1, 0
    for span in sorted(span for span in spans if span.entity in _DATED):
        if first and span.end <= end:
            continue
        gap = block.cased[end : span.start]
        if first and (span.start <= end or (len(gap) < 12 and _BETWEEN.fullmatch(gap))):
            end, many = max(end, span.end), many + 1
            continue
        if first:
            yield from _whole(block, first, end, many)
        first, end, many = span, span.end, 1
    if first:
        yield from _whole(block, first, end, many)


def _whole(block: Block, first: Span, end: int, many: int) -> Iterator[Span]:
    before = _BEFORE.search(block.cased[max(0, first.start - 20) : first.start])
    start = first.start - len(before[0]) if before else first.start
    start = start if bordered(block, start, start) else first.start
    if many > 1 or start < first.start:
        yield Span(start, end, "quantity", 0.97, "quantity.joined")
