"""What is said of a person: nationality, religion, politics, sex; each counts where it stands beside one."""

from bisect import bisect_left
from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.spans import Span

_NEAR = 28


def facts(block: Block) -> Iterator[Span]:
    beside = block.phrases(block.lexicon.beside_names)
    persons = beside["person_noun"][0]
    for kind, score in (("nationality", 0.8), ("religion", 0.75), ("politics", 0.7)):
        for start, end in zip(*beside[kind], strict=True):
            at = bisect_left(persons, start - _NEAR)
            near = at < len(persons) and persons[at] < end + _NEAR
            capital = 65 <= block.cased[start] < 91
            if near and (capital or kind != "nationality" or "es" in block.lexicon.languages):
                yield Span(start, end, kind, score, f"{kind}.beside")
            elif capital and kind == "nationality":
                yield Span(start, end, kind, 0.45, f"{kind}.alone")
