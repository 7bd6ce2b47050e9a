"""Postal addresses: streets as each language writes them, flats and boxes, postcodes, and what goes on from there."""

import re
from collections.abc import Iterator
from functools import cache

from strongroom.text.block import Block
from strongroom.text.lexicon import Word, any_of
from strongroom.text.linear import pattern
from strongroom.text.recognisers.web import bordered
from strongroom.text.spans import Span

_CAP = rb"[A-Z\x80][A-Za-z\x80-\x82'-]*"
_SMALL = (
    rb"(?:de la |de los |de las |de l'|del |de |la |el |los |las |le |les |du |des |d'|l'|y |e |i |of |the |van der |"
    rb"van den |van |von |der |den |am |an der |zum |zur )"
)
_MORE = rb"(?:[ -]" + _SMALL + rb"{0,2}" + _CAP + rb"\.?)"
_NUMBER = rb"[0-9]{1,5}(?:[ -]?[A-Za-z]\b|[/-][0-9]{1,4})?"
_PART = rb"(?:" + _CAP + rb"\.?|[0-9]{1,5}[A-Za-z]?|(?i:ul|str|av)\b\.?|" + _SMALL[:-1] + rb"))"
_UNIT_FORM = (
    rb"\b(?:apt|apartment|suite|ste|unit|flat|room|p\.?o\.? ?box|box|psc|apdo|apartado(?: de correos)?|piso|puerta|"
    rb"bloque|portal|esc(?:alera)?|postfach)[.,]? ?(?:no\.? ?|#)?[0-9]{1,6}[a-z]?\b"
)
_UNIT = pattern(_UNIT_FORM, any_case=True)
_TO_UNIT = pattern(rb"\b[0-9]{1,5}[A-Za-z]?,? (?:" + _PART + rb"[ ,\n]{1,3}){1,7}(?i:" + _UNIT_FORM + rb")")
_CORNER = pattern(rb"(?:[Tt]he )?[Cc]orner of (?:" + _PART + rb" ){1,6}and " + _PART + rb"(?: " + _PART + rb"){0,4}")
_BARE = pattern(
    rb"\b(?:at|on|to|in|is|with|address|en|a|User)[: ]{1,2}((?:[0-9]{1,5}[A-Za-z]? )?" + _CAP + rb"\.?" + _MORE
    + rb"{0,3} [0-9]{1,4}[A-Za-z]?)\b"
)  # fmt: skip
_NEXT_LINE = pattern(
    rb"[ ,]{0,3}\n[ ,\n>?]{0,12}(?:" + _CAP + rb"\.?|[0-9][0-9-]{1,9}|[a-z]{1,3}\b|[ ,()'/-]){1,20}", any_case=False
)
_POSTCODE = pattern(
    rb"\b(?:[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}|[A-Z]{2},? [0-9]{5}(?:-[0-9]{4})?|[A-Z][0-9][A-Z] [0-9][A-Z][0-9])\b"
)
_NEXT_NUMBER = pattern(rb"[ ,\n-]{1,8}(?:[A-Z]{1,2}[- ]?)?[0-9]{2,6}(?:[- ][0-9A-Z]{2,4})?")
_NEXT_PLACE = pattern(rb"[ ,\n(-]{1,8}" + _CAP + rb"(?:[ '-]" + _SMALL + rb"?" + _CAP + rb"){0,4}")
_NEXT_SMALL = pattern(
    rb"[ ,]{1,3}(?:(?:n[.o]*|num(?:ero)?|nr|km|piso|planta|puerta|pta|bajo|bj|atico|esc(?:alera)?|bloque|portal|izda?|"
    rb"izq|dcha?|s/n|local|edificio|apt|apartment|suite|unit|flat|floor)\.? ?)?"
    rb"(?:[0-9]{1,4} ?(?:-|bis|[o\x83]\.?)? ?[a-z]?|[a-d]|bajo|s/n|izda|dcha|izq)\b",
    any_case=True,
)
_SHIP = pattern(
    rb"\b(?:(?:USS|USNS|USCGC|USNV|USCG) " + _CAP + _MORE + rb"{0,3}[ ,\n]{1,3})?(?:APO|FPO|DPO),? A[AEP] [0-9]{5}\b"
)
"""Post of the United States' forces: a ship, or an office of the post alone."""
_WORDS_TOO = (b"place ", b"route ", b"passage ", b"cours ", b"voie ", b"via ", b"local ", b"carrera ", b"barrio ")
"""Words for streets that are plain words, too: without a number they say nothing."""
_LABELLED = (
    pattern(rb"(?:" + _NUMBER + rb",? )" + _CAP + rb"\.?" + _MORE + rb"{0,4}(?: " + _NUMBER + rb")?"),
    pattern(_CAP + rb"\.?" + _MORE + rb"{0,4},? " + _NUMBER),
)


@cache
def _streets(languages: tuple[str, ...]) -> tuple[tuple[re.Pattern[bytes], float, str], ...]:
    """The forms of streets: word after the name, word before it, and word grown together with it."""
    before = any_of(tuple(language for language in languages if language in ("es", "fr")), "street") or b"calle"
    suffixed = (
        rb"\b(?:[0-9]{1,5} )?" + _NUMBER + rb",? (?:[NSEW]\.? |[0-9]{1,3}(?:st|nd|rd|th) )?(?:" + _CAP
        + rb"\.? ){0,4}(?i:"
        + (any_of(("en",), "street")) + rb")\b\.?(?: [NSEW]{1,2}\b)?"
    )  # fmt: skip
    prefixed = (
        rb"(?:\b[0-9]{4,6} )?(?:\b[0-9]{1,5}(?: ?(?:bis|ter|[A-Za-z]))?,? )?\b(?:(?i:" + before
        + rb") |(?i:c|av|avda|avd|ctra|pza|pl|pso|bd|urb|r)\. ?|[cC]/ ?)" + _SMALL + rb"{0,2}" + _CAP
        + rb"\.?" + _MORE + rb"{0,6}(?:,? ?(?i:n[.o]*|num\.?|numero)? ?" + _NUMBER + rb")?"
    )  # fmt: skip
    endings = any_of(tuple({*languages, "en"}), "street_ending")
    grown = rb"\b(?:[0-9]{3,6} )?" + _CAP + rb"(?: " + _CAP + rb")?(?i:" + endings + rb")\.? " + _NUMBER
    long = b"|".join(each for each in endings.split(b"|") if len(each) > 3)
    apart = rb"\b" + _CAP + rb"(?: " + _CAP + rb")?,? (?i:" + long + rb") " + _NUMBER
    elsewhere = (
        rb"\b(?:[0-9]{1,6} ){0,2}(?i:"
        + any_of(("en",), "street_before")
        + rb")\.? "
        + _CAP
        + _MORE
        + rb"{0,3},? "
        + _NUMBER
    )
    return (
        (pattern(suffixed), 0.8, "address.street"),
        (pattern(prefixed), 0.85, "address.street"),
        (pattern(grown), 0.8, "address.compound"),
        (pattern(apart), 0.8, "address.compound"),
        (pattern(elsewhere), 0.75, "address.street"),
        (_TO_UNIT, 0.85, "address.to_unit"),
        (_CORNER, 0.8, "address.corner"),
        (_UNIT, 0.7, "address.unit"),
        (_SHIP, 0.9, "address.ship"),
        (_POSTCODE, 0.75, "address.postcode"),
    )


def addresses(block: Block) -> Iterator[Span]:
    """Pieces of addresses; each takes along what follows it: floor, postcode, town, country."""
    reach = -1
    for start, end, score, found_by in sorted(_pieces(block)):
        end = _followed(block, max(end, reach) if start <= reach else end)
        reach = max(reach, end)
        yield Span(start, end, "address", score, found_by)


def _a_word(block: Block, match: bytes) -> bool:
    """Whether what ends like a street is a short word of a language: After 3."""
    word = match.rstrip(b"0123456789 .").split()[-1].lower()
    return len(word) < 8 and bool(block.lexicon.words.get(word, 0) & (Word.COMMON | Word.NEVER))


def _pieces(block: Block) -> Iterator[tuple[int, int, float, str]]:
    cased = block.cased
    for form, score, found_by in _streets(block.lexicon.languages):
        for match in form.finditer(cased):
            start, end = match.span()
            if not bordered(block, start, start) or (found_by == "address.compound" and _a_word(block, match[0])):
                continue
            if any(48 <= byte < 58 for byte in match[0]):
                yield start, end, score, found_by
            elif b" " in match[0] and len(match[0].split()[-1]) > 2 and not match[0].lower().startswith(_WORDS_TOO):
                yield start, end, 0.6, found_by
    for match in _BARE.finditer(cased):
        words = [
            block.lexicon.words.get(word, 0) for word in match[1].lower().replace(b"-", b" ").split() if word.isalpha()
        ]
        if not any(each & (Word.COMMON | Word.NEVER | Word.MONTH | Word.GIVEN | Word.TITLE) for each in words):
            yield match.start(1), match.end(1), 0.6, "address.bare"
    for place in block.phrases(block.lexicon.beside_names)["address_label"][1]:
        at = place
        while at - place < 6 and cased[at : at + 1] in (b" ", b":", b"\n", b",", b"."):
            at += 1
        for form in _LABELLED:
            told = form.match(cased, at, min(at + 200, len(cased)))
            if told and at > place:
                yield *told.span(), 0.8, "address.label"
                break


def _followed(block: Block, end: int) -> int:
    """How far an address goes on: small parts, then towns, postcodes and countries, each after a comma or a break."""
    cased = block.cased
    for _ in range(7):
        window = min(end + 90, len(cased))
        match = _NEXT_SMALL.match(cased, end, window) or _NEXT_NUMBER.match(cased, end, window)
        if match and bordered(block, match.start() + 1, match.end()) and b"\n\n\n" not in match[0]:
            end = match.end()
            continue
        match = _NEXT_LINE.match(cased, end, window)
        if (
            match
            and cased[match.end() : match.end() + 1] in (b"\n", b"")
            and any(65 <= byte < 91 or 48 <= byte < 58 for byte in match[0])
        ):
            end = match.end()
            continue
        match = _NEXT_PLACE.match(cased, end, window)
        if not match:
            break
        broken = b"\n" in match[0][:4] and cased[match.end() : match.end() + 6].strip(b" ,\n")[:1].isdigit()
        if not broken and not _town(block, match[0]):
            break
        end = match.end()
    return end


def _town(block: Block, text: bytes) -> bool:
    """Whether words with capitals may be a town: a list has one of them, or no list knows any as a word."""
    words = [word.strip(b".,'-(") for word in text.lower().replace(b"\n", b" ").replace(b",", b" ").split()]
    flags = [block.lexicon.words.get(word, 0) for word in words]
    if not words or len(words) > 5:
        return False
    never = Word.COMMON | Word.NEVER | Word.GIVEN
    return any(each & Word.PLACE for each in flags) or not any(each & never for each in flags)
