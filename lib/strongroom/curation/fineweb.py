"""FineWeb's own rules (arXiv 2406.17557, section 3.6): how lines end, how long they are, and whether they repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from strongroom.curation.characters import STOP
from strongroom.curation.texts import Flags, Texts, repeated


def failing(texts: Texts, thresholds: Mapping[str, object]) -> Iterator[tuple[str, Flags]]:
    """Each threshold and the rows beyond it; a threshold that is false is not asked. A row without a line fails."""
    asked: dict[str, Any] = dict(thresholds)
    lines = texts.newline_lines
    lines = lines.pick(texts.stripped(lines).lengths > 0)
    count, ended = texts.per_row(lines.row), texts.is_kind(STOP)[lines.ends - 1]
    newlines = texts.per_row(texts.rows_at(np.flatnonzero(texts.points[: int(texts.ends[-1])] == 10))) - _borders(texts)
    _, again = repeated(texts.hashes_of(lines), lines.row)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (
            ("min_ended_lines", ~(texts.per_row(lines.row[ended]) / count >= asked["min_ended_lines"])),
            ("max_short_lines", _short(texts, asked["short_line"]) / count > asked["max_short_lines"]),
            (
                "max_duplicate_line_letters",
                texts.per_row(lines.row[again], lines.lengths[again]) / (texts.lengths - newlines)
                > asked["max_duplicate_line_letters"],
            ),
            ("max_line_breaks", newlines / texts.per_row(texts.words.row) > asked["max_line_breaks"]),
        )
    yield from ((name, rows) for name, rows in found if asked[name] is not False)


def _short(texts: Texts, most: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How many lines of each row are no longer than that; blank ones are none."""
    lines = texts.newline_lines
    return texts.per_row(lines.row[(texts.stripped(lines).lengths > 0) & (lines.lengths <= most)])


def _borders(texts: Texts) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What joins the rows is a line break, too, and none of theirs: of each row but the last."""
    found = np.ones(len(texts))
    found[-1] = 0
    return found
