"""What describes a person without a name: trades and offices, family, illnesses, offences. Asked for by name."""

from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.lexicon import described
from strongroom.text.linear import pattern
from strongroom.text.spans import Span

_KINDS = (("office", "occupation"), ("kin", "family"), ("illness", "health"), ("offence", "offence"))
_MEDICAL = pattern(
    rb"\b[a-z]{4,16}(?:itis|osis|aemia|emia|opathy|ectomy|otomy|algia|plegia|phrenia|patia|emie|ose du foie)\b"
)


def descriptions(block: Block) -> Iterator[Span]:
    """Words and phrases of the lists, an office with what stands before it (`deputy`, `naval`)."""
    phrases = block.phrases(described(block.lexicon.languages))
    ranks = dict(zip(phrases["rank"][1], phrases["rank"][0], strict=True))
    for kind, entity in _KINDS:
        for start, end in zip(*phrases[kind], strict=True):
            while entity == "occupation" and start - 1 in ranks and block.cased[start - 1] in b" -":
                start = ranks[start - 1]
            yield Span(start, end, entity, 0.7, f"{entity}.list")
    for match in _MEDICAL.finditer(block.lower):
        yield Span(*match.span(), "health", 0.7, "health.ending")
