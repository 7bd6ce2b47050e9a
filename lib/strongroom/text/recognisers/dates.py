"""Dates, dates of birth and ages, in the words of each language."""

import re
from collections.abc import Iterator
from functools import cache

from strongroom.text.block import Block
from strongroom.text.lexicon import any_of
from strongroom.text.linear import pattern
from strongroom.text.recognisers.web import bordered, span
from strongroom.text.spans import Span

_NUMERIC = pattern(
    rb"(?:(?:1[6-9]|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:3[01]|[12][0-9]|0?[1-9])"
    rb"|(?:3[01]|[12][0-9]|0?[1-9])[-/.](?:3[01]|[12][0-9]|0?[1-9])[-/.](?:1[6-9]|20)[0-9]{2}"
    rb"|(?:3[01]|[12][0-9]|0?[1-9])[/-](?:3[01]|[12][0-9]|0?[1-9])[/-][0-9]{2})"
    rb"(?:[T ](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MONTH_YEAR = pattern(rb"(?:0[1-9]|1[0-2])/(?:19|20)[0-9]{2}")
_YEAR = pattern(rb"\b(?:1[89][0-9]{2}|20[0-4][0-9])s?\b")
_BEFORE_YEAR = pattern(
    rb"(?:in|since|during|until|till|by|from|of|before|after|around|about|between|and|to|year|born|circa|the|early|late|"
    rb"mid|for|on|dated|spring|summer|autumn|fall|winter|act of|en|de|desde|hasta|del|ano|el|durante|a|im|seit|jahr|en|"
    rb"depuis|annee)[ (-]{1,2}$"
)
_AGE = {
    "en": rb"(?i)([0-9]{1,3})(?:[ -](?:years?|yrs?)[ -](?:old|of age)| ?y/?o\b|[ -]year[ -]olds?|"
    rb" (?:months?|weeks?|days?)[ -]old)",
    "es": rb"(?i)([0-9]{1,3} (?:anos|meses|dias|semanas)(?: y [0-9]{1,2} meses)?)(?: de edad)?",
    "de": rb"(?i)([0-9]{1,3})(?: ?jahre alt|[ -]?jahrige[rsn]?| jahre)",
    "fr": rb"(?i)([0-9]{1,3} ans)",
}
_NUMBER = pattern(
    rb"[ :=]{1,3}(?:the age of |of |is |es |de |los |los |:)?([0-9]{1,3})(?: (anos|meses|dias|semanas|jahre|ans)\b)?"
)


@cache
def _named(languages: tuple[str, ...]) -> tuple[re.Pattern[bytes], re.Pattern[bytes], dict[str, re.Pattern[bytes]]]:
    months, days = any_of(languages, "month"), any_of(languages, "weekday")
    day = rb"(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|er|\.|o)?"
    year = rb"(?:,? (?:de |del |of )?(?:1[6-9]|20)[0-9]{2})"
    range_of_days = rb"(?:" + day + rb"(?: ?[-/&] ?| (?:and|y|to|a|et|und|bis) ))?" + day
    weekday = rb"(?:(?:" + days + rb"),? (?:the |el |den |le )?)?"
    dates = (
        rb"\b"
        + weekday
        + range_of_days
        + rb"[ -](?:of |de )?(?:"
        + months
        + rb")\b\.?(?:-[0-9]{2,4}\b|"
        + year
        + rb"\b)?"
        rb"|\b(?:" + months + rb")\.? " + day + rb"\b(?:(?: ?[-/&] ?| and )" + day + rb"\b)?" + year + rb"?"
        rb"|\b(?:" + months + rb")\.?" + year + rb"\b"
    )
    return (
        pattern(dates, any_case=True),
        pattern(rb"\b(?:" + days + rb")s?\b", any_case=True),
        {language: pattern(_AGE[language]) for language in languages},
    )


def dates(block: Block) -> Iterator[Span]:
    named, days, _ = _named(block.lexicon.languages)
    lower = block.lower
    for match in _NUMERIC.finditer(lower):
        if bordered(block, *match.span()) and not _part_of_more(lower, *match.span()) and _has_month(match[0]):
            yield _dated(block, *match.span(), 0.9, "date.numeric")
    for match in named.finditer(lower):
        start, end = match.span()
        while lower[end - 1] in b". ":
            end -= 1
        yield _dated(block, start, end, 0.9, "date.words")
    for match in _MONTH_YEAR.finditer(lower):
        if bordered(block, *match.span()) and not _part_of_more(lower, *match.span()):
            yield _dated(block, *match.span(), 0.6, "date.month")
    past = -1
    for match in _YEAR.finditer(lower):
        start, end = match.span()
        told = lower[past:start] == b", " or _BEFORE_YEAR.search(lower[max(0, start - 12) : start])
        if not _part_of_more(lower, start, end) and (told or _alone(lower, start, end)):
            past = end
            yield _dated(block, start, end, 0.6, "date.year")
    for match in days.finditer(lower):
        if 65 <= block.cased[match.start()] < 91:
            yield span(match, "date", 0.55, "date.weekday")


def _has_month(date: bytes) -> bool:
    """Whether a day and a month are among the three numbers."""
    numbers = [
        int(each) for each in date.split(b"t")[0].split()[0].replace(b".", b"-").replace(b"/", b"-").split(b"-")[:3]
    ]
    return sum(each <= 12 for each in numbers) >= 1


def _part_of_more(lower: bytes, start: int, end: int) -> bool:
    """Whether a number goes on beyond a sign: 1.2.3.2020, 10/2020/7, 12-34-2020-9."""
    return bool(
        (start > 1 and lower[start - 1] in b"./-_,:#" and lower[start - 2 : start - 1].isdigit())
        or (end + 1 < len(lower) and lower[end] in b"./-_,:" and lower[end + 1 : end + 2].isdigit())
        or lower[end : end + 1] in (b"%", b"$")
    )


def _alone(lower: bytes, start: int, end: int) -> bool:
    return lower[start - 1 : start] in (b"(", b"\x84", b"\n", b"") and lower[end : end + 1] in (b")", b"\n", b"", b".")


def _dated(block: Block, start: int, end: int, score: float, found_by: str) -> Span:
    """A date, or a date of birth where the row says so right before."""
    if block.near("birth", start, end, before=24):
        return Span(start, end, "date_of_birth", min(score + 0.08, 0.98), found_by)
    return Span(start, end, "date", score, found_by)


def ages(block: Block) -> Iterator[Span]:
    _, _, worded = _named(block.lexicon.languages)
    for language, worded_age in worded.items():
        for match in worded_age.finditer(block.lower):
            start, end = match.span(1)
            number = int(block.lower[start:end].split()[0])
            if (
                number < 125
                and bordered(block, start, end)
                and (language in ("en", "de") or _of_person(block, start, match.end()))
            ):
                yield Span(start, end, "age", 0.85, f"age.{language}")
    for place in block.phrases(block.lexicon.beside_numbers)["age_label"][1]:
        told = _NUMBER.match(block.lower, place, min(place + 24, len(block.lower)))
        if told and int(told[1]) < 125 and bordered(block, *told.span(1)):
            end = told.end(2) if told[2] else told.end(1)
            if block.lower[end : end + 1] not in (b"/", b"-", b"%", b",") or block.lower[end : end + 2] in (
                b", ",
                b"- ",
            ):
                yield Span(told.start(1), end, "age", 0.8, "age.label")


def _of_person(block: Block, start: int, end: int) -> bool:
    """Whether a duration is an age: `de edad` follows, or `edad`, `de` with a person, stands before."""
    after, before = block.lower[end - 9 : end + 9], block.lower[max(0, start - 26) : start]
    return (
        b"edad" in after
        or b"edad" in before
        or before.endswith((b" de ", b"on de ", b" tiene ", b"age de ", b"agee de ", b" a "))
    )
