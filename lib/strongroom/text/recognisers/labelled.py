"""Codes that only the words before them tell apart: passports, licences, records, plates, postcodes, coordinates."""

from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.linear import pattern
from strongroom.text.recognisers.web import bordered, span
from strongroom.text.spans import Span

_LINK = rb"(?:[ :.#\"'=-]|no\b|nr\b|num(?:ber|ero)?\b|is\b|es\b|ist\b|est\b|was\b|of\b|de\b|o\b){0,10}[ :.#\"'=]"
_CODE = pattern(rb"(?i)" + _LINK + rb"([a-z0-9](?:[a-z0-9]|[ ./-](?:[a-z]{0,2}[0-9])){3,22}[a-z]?)")
_PLATE = pattern(rb"(?i)" + _LINK + rb"([a-z0-9]{1,4}[ -]?[a-z0-9]{1,4}(?:[ -]?[a-z0-9]{1,4})?)")
_ZIP = pattern(
    rb"(?i)" + _LINK + rb"((?:[a-z]{1,2}-?)?[0-9]{2,6}(?:[ -][0-9]{2,4})?|[a-z]{1,2}[0-9][0-9a-z]? ?[0-9][a-z]{2}"
    rb"|[a-z][0-9][a-z] ?[0-9][a-z][0-9]|[0-9]{4} ?[a-z]{2})"
)
_PAIR = pattern(rb"[-+]?[0-9]{1,2}\.[0-9]{3,12} ?[,;/ ] ?[-+]?[0-9]{1,3}\.[0-9]{3,12}")
_ANGLE = rb"[0-9]{1,3} ?[\x83o] ?[0-9]{1,2} ?['\x83] ?(?:[0-9]{1,2}(?:\.[0-9]{1,6})? ?[\"'\x83]{1,2} ?)?[NSEWO]\b"
_DEGREES = pattern(_ANGLE + rb"(?:[ ,;]{0,3}" + _ANGLE + rb")?")
_CASE = pattern(rb"[0-9]{3,6}/[0-9]{2,4}")
_NUMBERED = pattern(rb"(?i)\b(?:applications?|cases?|files?|complaints?|petitions?|appeals?) \(?n(?:[or]s?|um)\.? ?$")
_ENTITY = {"passport": "passport", "licence": "driving_licence", "record": "medical_record", "national": "national_id",
           "tax": "tax_id", "bank": "bank_account"}  # fmt: skip
_DIGITS = {"passport": 4, "licence": 4, "record": 4, "national": 5, "tax": 6, "bank": 6}


def labelled(block: Block) -> Iterator[Span]:
    lower, cased = block.lower, block.cased
    phrases = block.phrases(block.lexicon.beside_numbers)
    for kind, entity in _ENTITY.items():
        for place in phrases[kind][1]:
            match = _CODE.match(lower, place, min(place + 60, len(lower)))
            if not match:
                continue
            start, end = match.span(1)
            end = _without_words(lower, start, end)
            code = lower[start:end]
            digits = sum(48 <= byte < 58 for byte in code)
            if (
                digits >= _DIGITS[kind]
                and bordered(block, start, end)
                and b"\x84" not in lower[place:end]
                and not _a_date(code)
            ):
                yield Span(start, end, entity, 0.8, f"labelled.{kind}")
    for place in phrases["plate"][1]:
        match = _PLATE.match(cased, place, min(place + 40, len(cased)))
        if match and bordered(block, *match.span(1)):
            code = match[1]
            if (
                any(48 <= byte < 58 for byte in code)
                and any(65 <= byte < 91 for byte in code)
                and not any(97 <= byte < 123 for byte in code)
            ):
                yield span(match, "vehicle_plate", 0.85, "labelled.plate", 1)
    for place in phrases["zip"][1]:
        match = _ZIP.match(lower, place, min(place + 30, len(lower)))
        if match and bordered(block, *match.span(1)):
            yield span(match, "address", 0.85, "labelled.zip", 1)


def case_numbers(block: Block) -> Iterator[Span]:
    """File numbers of courts, 12345/99: after their word, and in a row of them."""
    last = -100
    for match in _CASE.finditer(block.cased):
        start, end = match.span()
        row = start - last < 30 and b"\x84" not in block.cased[last:start]
        told = row or block.near("case", start, end, before=12)
        if bordered(block, start, end) and (told or _NUMBERED.search(block.cased[max(0, start - 24) : start])):
            yield span(match, "case_number", 0.85, "labelled.case")
            last = end
        elif block.cased[start - 1 : start] == b"(" and block.cased[end : end + 1] == b")":
            yield span(match, "case_number", 0.7, "case.brackets")


def _without_words(lower: bytes, start: int, end: int) -> int:
    """Where a code ends: after its last part that holds a digit."""
    while end > start and not 48 <= lower[end - 1] < 58:
        before = lower[end - 2 : end - 1]
        if before.isdigit() or (before.isalpha() and lower[end - 3 : end - 2].isdigit()):
            break
        end -= 1
    while end > start and lower[end - 1] in b" ./-":
        end -= 1
    return end


def _a_date(code: bytes) -> bool:
    return code.count(b"/") == 2


def coordinates(block: Block) -> Iterator[Span]:
    for match in _PAIR.finditer(block.cased):
        start, end = match.span()
        numbers = [float(part) for part in match[0].replace(b";", b",").replace(b"/", b",").replace(b",", b" ").split()]
        exact = min(
            len(part.split(b".")[1])
            for part in match[0].replace(b",", b" ").replace(b";", b" ").replace(b"/", b" ").split()
        )
        fits = len(numbers) == 2 and abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180 and bordered(block, start, end)
        if fits and ((exact >= 4 and b"," in match[0]) or block.near("geo", start, end, before=40)):
            yield Span(start, end, "coordinates", 0.85, "coordinates.decimal")
    if b"\x83" in block.cased:
        for match in _DEGREES.finditer(block.cased):
            yield span(match, "coordinates", 0.95, "coordinates.degrees")
