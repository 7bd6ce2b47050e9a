"""Gopher's quality rules (arXiv 2112.11446, section A1.1): how many words, how long, and how many are words at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from strongroom.curation.characters import LETTER, SIGN
from strongroom.curation.texts import Flags, Numbers, Texts


def failing(texts: Texts, thresholds: Mapping[str, object]) -> Iterator[tuple[str, Flags]]:
    """Each threshold and the rows beyond it; a threshold that is false is not asked."""
    words = texts.words
    signs, letters = texts.counted(~texts.is_kind(SIGN)), texts.counted(texts.is_kind(LETTER))
    real = signs[words.ends] > signs[words.starts]
    count = texts.per_row(words.row[real])
    total = texts.per_row(words.row)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = texts.per_row(words.row[real], words.lengths[real]) / count
        ellipses = texts.per_row(texts.rows_at(_ellipses(texts)))
        hashes = texts.per_row(texts.rows_at(np.flatnonzero(texts.points == ord("#"))))
        alphabetic = texts.per_row(words.row[letters[words.ends] > letters[words.starts]]) / total
        lines = texts.split_lines
        of_lines = texts.per_row(lines.row)
        bullets = texts.per_row(lines.row[_bullets(texts)]) / of_lines
        ended = texts.stripped(lines)
        open_ends = texts.per_row(lines.row[texts.ends_with(ended, "...") | texts.ends_with(ended, "…")]) / of_lines
        symbols = np.maximum(hashes, ellipses) / total
    asked: dict[str, Any] = dict(thresholds)
    yield from (
        (name, found)
        for name, found in (
            ("min_words", count < asked["min_words"]),
            ("max_words", count > asked["max_words"]),
            ("min_mean_letters", mean < asked["min_mean_letters"]),
            ("max_mean_letters", mean > asked["max_mean_letters"]),
            ("max_symbols", symbols > asked["max_symbols"]),
            ("max_bullet_lines", bullets > asked["max_bullet_lines"]),
            ("max_ellipsis_lines", open_ends > asked["max_ellipsis_lines"]),
            ("min_alphabetic", alphabetic < asked["min_alphabetic"]),
        )
        if thresholds[name] is not False
    )
    if thresholds["min_stop_words"] is not False:
        stop_words = cast("Iterable[str]", thresholds["stop_words"])
        yield "min_stop_words", _different(texts, stop_words) < asked["min_stop_words"]


def _ellipses(texts: Texts) -> Numbers:
    """Where one begins: three points (of six, two begin), or the sign for it."""
    points = texts.points
    found = [np.flatnonzero(points == ord("…"))] if points.dtype.itemsize > 1 else []
    at, places = -3, list[int]()
    while (at := texts.text.find("...", at + 3)) >= 0:
        places.append(at)
    return np.concatenate((*found, np.array(places, np.int64)))


def _bullets(texts: Texts) -> Flags:
    """Which lines begin with one."""
    stripped = texts.stripped(texts.split_lines)
    first = texts.points[np.minimum(stripped.starts, len(texts.points) - 1)]
    return np.asarray((stripped.lengths > 0) & ((first == ord("-")) | (first == ord("•"))))


def _different(texts: Texts, wanted: Iterable[str]) -> npt.NDArray[np.int64]:
    """How many different ones of these words each row has."""
    each = Texts.of(sorted(set(wanted)))
    hashes = np.sort(each.hashes_of(each.whole))
    at = np.minimum(np.searchsorted(hashes, texts.hashes), len(hashes) - 1)
    hit = hashes[at] == texts.hashes
    pairs = np.unique(texts.words.row[hit] * len(hashes) + at[hit])
    return np.bincount(pairs // len(hashes), minlength=len(texts))
