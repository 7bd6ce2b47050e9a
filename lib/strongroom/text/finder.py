"""The cascade: cheap tests of a block's bytes decide which recognisers run, what they find becomes spans by row."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from strongroom.text import model
from strongroom.text.block import Block, blocks
from strongroom.text.carry import carried, repeated
from strongroom.text.known import Values
from strongroom.text.lexicon import LANGUAGES, lexicon
from strongroom.text.linear import pattern
from strongroom.text.recognisers import (
    addresses,
    capitals,
    dates,
    descriptions,
    facts,
    labelled,
    names,
    numbers,
    organisations,
    quantities,
    secrets,
    web,
)
from strongroom.text.spans import SCHEMA, Span, merged


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A function from a block to spans, what it may find, and the bytes without which it need not run."""

    find: Callable[[Block], Iterable[Span]]
    entities: tuple[str, ...]
    needs: str = ""
    """`digit`, or any of these characters; empty when it always runs. Nothing it finds may do without them."""


RECOGNISERS = (
    Recogniser(web.emails, ("email",)),
    Recogniser(web.urls, ("url", "profile"), "/w"),
    Recogniser(web.addresses_of_machines, ("ip", "mac"), ":.-"),
    Recogniser(web.usernames, ("username",)),
    Recogniser(secrets.secrets, ("secret",)),
    Recogniser(secrets.wallets, ("wallet",), "digit"),
    Recogniser(numbers.numbers, ("card", "iban", "bank_account", "phone", "national_id", "tax_id"), "digit"),
    Recogniser(
        labelled.labelled,
        (
            "passport",
            "driving_licence",
            "medical_record",
            "national_id",
            "tax_id",
            "bank_account",
            "vehicle_plate",
            "address",
        ),
        "digit",
    ),
    Recogniser(labelled.case_numbers, ("case_number",), "/"),
    Recogniser(labelled.coordinates, ("coordinates",), "digit"),
    Recogniser(dates.dates, ("date", "date_of_birth")),
    Recogniser(dates.ages, ("age",), "digit"),
    Recogniser(addresses.addresses, ("address",)),
    Recogniser(facts.facts, ("nationality", "religion", "politics", "sex")),
    Recogniser(names.names, ("person", "place", "organisation", "institution")),
)
ENTITIES = tuple(dict.fromkeys(entity for recogniser in RECOGNISERS for entity in recogniser.entities))
"""What is found where nobody says what to find."""
BY_NAME = (
    Recogniser(quantities.quantities, ("quantity",)),
    Recogniser(descriptions.descriptions, ("occupation", "family", "health", "offence")),
    Recogniser(capitals.capitals, ("other_name",)),
)
COURT = (*ENTITIES, *(entity for recogniser in BY_NAME for entity in recogniser.entities))
"""All that the annotators of court decisions mask: beside names what a person may be known by. Asked for by name."""


@dataclass(frozen=True, slots=True)
class Finder:
    """What to find, in which languages. Made once, hashable and picklable; holds settings only.

    Args:
        entities: some of COURT.
        languages: whose lists and forms are used.
        least: what is less sure than this is left.
        model: whether the model of the extra `ner` looks at what stays in doubt; `find` then raises EnvironmentFault
            where it is not installed.
    """

    entities: tuple[str, ...] = ENTITIES
    languages: tuple[str, ...] = LANGUAGES
    least: float = 0.5
    model: bool = False

    def find(self, texts: pa.Array | pa.ChunkedArray) -> pa.Table:
        """The spans of each text: sorted by row and start, none over another; offsets count characters."""
        chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
        return table(self.in_rows([text for chunk in chunks for text in chunk.to_pylist()]))

    def in_rows(
        self,
        texts: Sequence[str | None],
        rows: Sequence[int] | None = None,
        wanted: Sequence[frozenset[str]] | None = None,
        known: Values | None = None,
    ) -> list[tuple[int, Span]]:
        """The place of the text and the span of all that is found, sorted; what one text shows is found in all its row.

        Args:
            texts: texts; those of a row follow each other.
            rows: the row of each text; a text is a row of its own where it is None.
            wanted: the entities of each text; those of the finder where it is None.
            known: values of other columns of these rows.
        """
        found: list[tuple[int, Span]] = []
        for block in blocks(texts, lexicon(self.languages), rows):
            found += self._of_block(block, wanted, known)
        return found

    def _of_block(
        self, block: Block, wanted_of: Sequence[frozenset[str]] | None, known: Values | None
    ) -> Iterator[tuple[int, Span]]:
        if wanted_of is None:
            wanted = frozenset(self.entities)
        else:
            wanted = frozenset().union(*(wanted_of[place] for place in block.places.tolist()))
        spans: list[Span] = []
        for recogniser in (*RECOGNISERS, *BY_NAME):
            if wanted & set(recogniser.entities) and _worth(block, recogniser.needs):
                spans += recogniser.find(block)
        if self.model and wanted & _DOUBTED:
            spans += model.found(block, model.windows(block, doubts(block, spans)))
        if "organisation" in wanted:
            spans += list(organisations.in_letterheads(block, spans))
        if "quantity" in wanted:
            spans += list(quantities.joined(block, spans))
        names = list(known.names_of(block)) if known else []
        if "person" in wanted:
            spans += list(carried(block, spans, names, least=self.least))
        spans += list(repeated(block, spans, least=_REPEATED))
        spans = [span for span in spans if span.score >= self.least and span.entity in wanted and span.end > span.start]
        if wanted_of is not None:
            spans = [span for span in spans if span.entity in wanted_of[block.places[block.text_at(span.start)]]]
        if known:
            everywhere = wanted_of is None or all("person" in wanted_of[place] for place in block.places.tolist())
            spans += () if everywhere and "person" in wanted else carried(block, (), names, least=self.least)
            spans += known.spans(block)
        kept = [_trimmed(block, span) for span in _touching(merged(spans)) if block.kinds[span.start : span.end].any()]
        before, past = -1, 0
        for span in kept:
            text = block.text_at(span.start)
            start, end = block.within(text, span.start, span.end)
            start = max(start, past) if text == before else start
            before, past = text, end
            if end > start:
                yield int(block.places[text]), span._replace(start=start, end=end)


_REPEATED = 0.7
"""What is surer than this is looked for again as it was written."""

_SURE = 0.86
_CAPITAL = pattern(rb"[a-z0-9\x80-\x82,] ([A-Z\x80][a-z\x80-\x82]{2,})")
_CHARACTERS_A_DOUBT = 2_000
_DOUBTED = {"person", "place", "address", "organisation", "institution"}


def doubts(block: Block, spans: list[Span]) -> Iterator[tuple[int, int]]:
    """Where lists and forms leave it open whether somebody is named.

    In a short text that is every capital in mid-sentence which nothing surely explains: a rule that says what is no
    name is no sure thing, and the model judges it. Of a long row only the most doubtful places, each word once, and no
    more than its length allows: the model costs some hundred times what everything else does.
    """
    sure = merged(span for span in spans if span.score >= _SURE)
    ends = [span.end for span in sure]
    for match in _CAPITAL.finditer(block.cased):
        start, end = match.span(1)
        row = block.text_at(start)
        at = bisect_right(ends, start)
        known = at < len(sure) and sure[at].start <= start
        if not known and block.ends[row] - block.starts[row] <= model.LONGEST:
            yield start, end
    left: dict[int, int] = {}
    seen: set[tuple[int, bytes]] = set()
    for span in sorted(spans, key=lambda span: (abs(span.score - 0.5), span)):
        if span.entity not in _DOUBTED or not 0.2 <= span.score < _SURE:
            continue
        at = bisect_right(ends, span.start)
        if at < len(sure) and sure[at].start <= span.start and span.end <= sure[at].end:
            continue
        row = block.text_at(span.start)
        length = int(block.ends[row] - block.starts[row])
        if length > model.LONGEST:
            key = (row, block.lower[span.start : span.end])
            allowed = left.setdefault(row, 1 + length // _CHARACTERS_A_DOUBT)
            if not allowed or key in seen or span.score >= 0.7:
                continue
            left[row] -= 1
            seen.add(key)
        yield span.start, span.end


def _touching(spans: list[Span]) -> Iterator[Span]:
    """Spans of one entity that follow each other without a gap as one: what is left of one that another overlaps."""
    last: Span | None = None
    for span in spans:
        if last and last.end == span.start and last.entity == span.entity:
            surer = last if last.score >= span.score else span
            last = surer._replace(start=last.start, end=span.end)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _trimmed(block: Block, span: Span) -> Span:
    """A span without blanks and commas at its ends."""
    written = block.cased[span.start : span.end]
    left = len(written) - len(written.lstrip(b" \n,;"))
    return span._replace(start=span.start + left, end=span.start + max(left, len(written.rstrip(b" \n,;"))))


def _worth(block: Block, needs: str) -> bool:
    """The cheap test."""
    if needs == "digit":
        return bool((block.kinds == 3).any())
    return not needs or any(sign.encode() in block.lower for sign in needs)


def table(found: list[tuple[int, Span]]) -> pa.Table:
    """Places of texts and spans as Arrow."""
    columns = zip(*((place, *span) for place, span in found), strict=True)
    return pa.table([list(values) for values in columns] if found else [[] for _ in SCHEMA], schema=SCHEMA)


def find(
    texts: pa.Array | pa.ChunkedArray, *, entities: Iterable[str] = ENTITIES, languages: Iterable[str] = LANGUAGES
) -> pa.Table:
    """The spans of personal data in texts; see Finder."""
    return Finder(tuple(entities), tuple(languages)).find(texts)
