"""What is said of a person: nationality, religion, politics and sex, where it stands beside one."""

from bisect import bisect_left
from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.linear import pattern
from strongroom.text.spans import Span

_NEAR = 28
_STATE = pattern(rb" (?:nationals?|citizens?|[Gg]overnment|authorities)\b")
_SEX = pattern(rb"[ :=]{1,3}([a-z\x80-\x82]{1,10})\b")
_OLD = pattern(rb"(?:[0-9] ?y/?o|year[ -]old|jahriger?) $")
_BESIDE_AGE = pattern(
    rb"(?i)^(?: (?:caucasico|caucasica|adulto|adulta|sano|sana|de raza [a-z]+),?)? de [0-9]{1,3} (?:ano|mes|dia)"
)


def facts(block: Block) -> Iterator[Span]:
    beside = block.phrases(block.lexicon.beside_names)
    persons = beside["person_noun"][0]
    for kind, score in (("nationality", 0.8), ("religion", 0.75), ("politics", 0.7)):
        for start, end in zip(*beside[kind], strict=True):
            at = bisect_left(persons, start - _NEAR)
            near = at < len(persons) and persons[at] < end + _NEAR
            capital = 65 <= block.cased[start] < 91
            more = _STATE.match(block.cased, end, min(end + 16, len(block.cased)))
            if more and capital and kind == "nationality":
                yield Span(start, more.end(), kind, 0.75, "nationality.state")
            elif near and (capital or kind != "nationality" or "es" in block.lexicon.languages):
                yield Span(start, end, kind, score, f"{kind}.beside")
            elif capital and kind == "nationality":
                yield Span(start, end, kind, 0.45, f"{kind}.alone")
    for start, end in zip(*beside["nationality_noun"], strict=True):
        if 65 <= block.cased[start] < 91:
            yield Span(start, end, "nationality", 0.8, "nationality.noun")
    yield from _sex(block)


def _sex(block: Block) -> Iterator[Span]:
    """What follows `sex:`, and a word for it before or after an age."""
    for place in block.phrases(block.lexicon.beside_names)["sex_label"][1]:
        told = _SEX.match(block.lower, place, min(place + 16, len(block.lower)))
        if told and (told[1] in (b"h", b"m", b"f", b"v", b"w") or told[1] in block.lexicon.sexes):
            yield Span(told.start(1), told.end(1), "sex", 0.8, "sex.label")
    for start, end in zip(*block.phrases(block.lexicon.beside_names)["sex"], strict=True):
        if _BESIDE_AGE.match(block.lower[end : end + 40]) or _OLD.search(block.lower[max(0, start - 14) : start]):
            yield Span(start, end, "sex", 0.7, "sex.age")
