"""C4's rules (JMLR 21, 20-074, section 2.2): a text must have enough sentences in lines that look like prose.

Nothing is cut out of a text here: a line that C4 would take out does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from strongroom.curation.characters import PUNCTUATION, STOP
from strongroom.curation.texts import Flags, Numbers, Parts, Texts

_ENDS = ".?!\"'"
_POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")


def failing(texts: Texts, thresholds: Mapping[str, object]) -> Iterator[tuple[str, Flags]]:
    """Each threshold and the rows beyond it; one that is false is not asked, and a line's then takes out no line."""
    asked: dict[str, Any] = dict(thresholds)
    lines = texts.stripped(texts.split_lines)
    good = np.ones(len(lines), bool)
    chunk_line = np.searchsorted(lines.starts, texts.chunks.starts, "right") - 1
    if asked["max_word_letters"] is not False:
        good[chunk_line[texts.chunks.lengths > asked["max_word_letters"]]] = False
    if asked["end_marks"]:
        good &= _ended(texts, lines, citations=asked["citations"])
    if asked["min_line_words"] is not False:
        good &= np.bincount(chunk_line, minlength=len(lines)) >= asked["min_line_words"]
    if asked["lorem_ipsum"]:
        yield "lorem_ipsum", _rows_with(texts, lines, good, texts.places("lorem ipsum", lower=True))
    if asked["javascript"]:
        good &= ~_with(lines, texts.places("javascript", lower=True))
    if asked["curly_brackets"]:
        yield "curly_brackets", _rows_with(texts, lines, good, np.flatnonzero(texts.points == ord("{")))
    if asked["policies"]:
        for phrase in _POLICIES:
            good &= ~_with(lines, texts.places(phrase, lower=True))
    if asked["min_sentences"] is not False:
        yield "min_sentences", _sentences(texts, lines, good) < asked["min_sentences"]


def _with(lines: Parts, places: Numbers) -> Flags:
    """Which lines have one of these places in them."""
    found = np.zeros(len(lines), bool)
    if len(places) and len(lines):
        at = np.searchsorted(lines.starts, places, "right") - 1
        found[at[(at >= 0) & (places < lines.ends[at])]] = True
    return found


def _rows_with(texts: Texts, lines: Parts, good: Flags, places: Iterable[int]) -> Flags:
    found = np.zeros(len(texts), bool)
    found[lines.row[good & _with(lines, np.asarray(places, np.int64))]] = True
    return found


def _ended(texts: Texts, lines: Parts, *, citations: bool) -> Flags:
    """Which lines end with a mark that ends a sentence, citations left out, and not with three points."""
    ends = lines.ends.copy()
    if citations and "[" in texts.text:
        gone = np.zeros(len(texts.points), bool)
        for match in _CITATION.finditer(texts.text):
            gone[match.start() : match.end()] = True
        kept = np.maximum.accumulate(np.where(~gone, np.arange(len(gone)), -1))
        ends = np.maximum(kept[np.maximum(ends - 1, 0)] + 1, lines.starts)
    cut = Parts(lines.starts, ends, lines.row)
    last = texts.points[np.maximum(ends - 1, 0)]
    marked = np.isin(last, [ord(mark) for mark in _ENDS]) & (cut.lengths > 0)
    return np.asarray(marked & ~texts.ends_with(cut, "..."))


def _sentences(texts: Texts, lines: Parts, good: Flags) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How many sentences each row has in good lines: one a line, and one more wherever a word follows a mark."""
    words = texts.words
    if not len(words) or not len(lines):
        return np.zeros(len(texts))
    line = np.searchsorted(lines.starts, words.starts, "right") - 1
    marks = texts.counted(texts.is_kind(PUNCTUATION))
    sign = marks[words.ends] - marks[words.starts] == words.lengths
    stop = (words.lengths == 1) & texts.is_kind(STOP)[words.starts]
    stops = np.cumsum(stop)
    at = np.flatnonzero(~sign & ~stop)
    first = np.searchsorted(line, np.arange(len(lines)))
    before = np.concatenate(([0], stops))[first]
    previous = np.concatenate(([0], stops[at[:-1]]))
    opens = np.diff(line[at], prepend=-1) != 0
    since = np.where(opens, before[line[at]], previous)
    begins = stops[at] > since
    found = good + np.bincount(line[at[begins]], minlength=len(lines)) * good
    return texts.per_row(lines.row, found)
