"""What has capitals in mid-sentence and is nothing else: works, events, laws, acronyms of parties.

Asked for by name: nothing tells an event that identifies from a heading or a product.
"""

from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.lexicon import Word, described
from strongroom.text.linear import pattern
from strongroom.text.runs import Words
from strongroom.text.spans import Span

_ACRONYM = pattern(rb"\b[A-Z][A-Z\x80]{1,5}(?:[-/][A-Z\x80][A-Za-z\x80-\x82]{1,10})?\b")
_LETTER = pattern(rb"\b(?:[A-Z]\.-?){1,3}[A-Z]\b\.?|\b[B-HJ-Z]\b\.?")
_FOREIGN = pattern(rb"\(([a-z\x80-\x82][A-Za-z\x80-\x82 -]{3,60}|[A-Z\x80][A-Za-z\x80-\x82 -]{3,60})\)")
_LITTLE = Word.NEVER | Word.DETERMINER


def capitals(block: Block) -> Iterator[Span]:
    words = Words(block)
    phrases = block.phrases(described(block.lexicon.languages))
    formal = {at for start, end in zip(*phrases["formal"], strict=True) for at in range(start, end)}
    for run in words.runs():
        kept = [at for at in run if words.starts[at] not in formal and not words.flags(at) & _LITTLE]
        if not kept or words.crowded(run[0]):
            continue
        first, last = kept[0], kept[-1]
        alone = first == last
        if alone and (words.begins(words.starts[first]) or words.letters(first) < 3):
            continue
        if words.begins(words.starts[first]) and all(words.flags(at) & Word.COMMON for at in kept[1:]):
            continue
        yield Span(words.starts[first], words.ends[last], "other_name", 0.5, "other_name.capitals")
    for match in _ACRONYM.finditer(block.cased):
        start, end = match.span()
        if not _shouts(block, start, end) and start not in formal:
            yield Span(start, end, "other_name", 0.55, "other_name.acronym")
    for match in _LETTER.finditer(block.cased):
        start, end = match.span()
        if not words.begins(start) and not _shouts(block, start, end):
            yield Span(start, end, "other_name", 0.5, "other_name.letters")
    for match in _FOREIGN.finditer(block.cased):
        told = match[1].lower().split()
        known = [words.known.get(each, 0) & Word.EN for each in told]
        if 2 * sum(map(bool, known)) <= len(known) - (len(known) == 1):
            yield Span(*match.span(1), "other_name", 0.55, "other_name.foreign")


def _shouts(block: Block, start: int, end: int) -> bool:
    """Whether more capitals stand beside."""
    before, after = block.cased[max(0, start - 8) : start].rstrip(b" \"'"), block.cased[end : end + 8].lstrip(b" \"'")
    return (before[-2:].isalpha() and before[-2:].isupper() and len(before) > 1) or (
        len(after) > 1 and after[:2].isalpha() and after[:2].isupper()
    )
