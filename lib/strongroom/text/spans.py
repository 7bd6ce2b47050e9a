"""Where something stands: spans, how those that overlap become one, and as Arrow."""

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("found_by", pa.string(), nullable=False),
    ]
)


class Span(NamedTuple):
    """Characters `start` to before `end`."""

    start: int
    end: int
    entity: str
    score: float
    found_by: str


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans without overlap: the surer one keeps its letters, of equals the longer, then the earlier one.

    What a less sure span holds beyond a surer one stays covered, as a span of its own entity.
    """
    taken: list[Span] = []
    for group in _overlapping(spans):
        taken += group if len(group) == 1 else _apart(group)
    return taken


def _overlapping(spans: Iterable[Span]) -> Iterable[list[Span]]:
    group: list[Span] = []
    reach = -1
    for span in sorted(spans):
        if group and span.start >= reach:
            yield group
            group = []
        group.append(span)
        reach = max(reach, span.end) if len(group) > 1 else span.end
    if group:
        yield group


def _apart(group: list[Span]) -> list[Span]:
    """Spans of one chain of overlaps, each letter given to its best span. Costs a sort by place and one by rank."""
    ranked = sorted(set(group), key=lambda span: (-span.score, span.start - span.end, span))
    cuts = sorted({edge for span in ranked for edge in (span.start, span.end)})
    at = {edge: place for place, edge in enumerate(cuts)}
    owner = [-1] * len(cuts)
    free = list(range(len(cuts) + 1))  # union-find over the pieces: the next piece that nobody has

    def following(place: int) -> int:
        while free[place] != place:
            free[place] = free[free[place]]
            place = free[place]
        return place

    for rank, span in enumerate(ranked):
        place = following(at[span.start])
        while place < at[span.end]:
            owner[place] = rank
            free[place] = place + 1
            place = following(place + 1)
    pieces: list[Span] = []
    for place, rank in enumerate(owner[:-1]):
        if rank < 0:
            continue
        if pieces and pieces[-1].end == cuts[place] and owner[place - 1] == rank:
            pieces[-1] = pieces[-1]._replace(end=cuts[place + 1])
        else:
            pieces.append(ranked[rank]._replace(start=cuts[place], end=cuts[place + 1]))
    return pieces
