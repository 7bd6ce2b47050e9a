"""The words of a block, and the runs of words with capitals among them."""

from collections.abc import Iterator

import numpy as np

from strongroom.text.block import Block
from strongroom.text.lexicon import Word

_JOIN = {b" ", b"-", b"'", b"  "}
_AFTER_SHORT = {b". ", b".", b".-"}
_LONGEST = 8
_CROWD = 3
_NAME = Word.GIVEN | Word.SURNAME | Word.PLACE


class Words:
    """Places of words, what the lists know of them, and which may be names by how they are written."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.starts, self.ends = block.words
        self.known = block.lexicon.words
        self.capital = self._capitals()
        self._crowded: list[bool] | None = None

    def _capitals(self) -> list[bool]:
        """Which words have a capital; in a row without any, which stand in a list of names and are no words."""
        block = self.block
        if not self.starts:
            return []
        capital = block.kinds[self.starts] == 1
        row = np.searchsorted(block.starts, self.starts, "right") - 1
        small = np.bincount(row, capital, len(block.starts))[row] == 0
        for at in np.flatnonzero(small).tolist():
            flags = self.flags(at)
            sure = flags & _NAME and not flags & (Word.COMMON | Word.NEVER | Word.TITLE | Word.PARTICLE)
            capital[at] = bool(sure and self.ends[at] - self.starts[at] > 3) or bool(flags & Word.STRONG)
        return capital.tolist()  # type: ignore[no-any-return]

    def word(self, at: int) -> bytes:
        return self.block.lower[self.starts[at] : self.ends[at]]

    def letters(self, at: int) -> int:
        return self.ends[at] - self.starts[at]

    def flags(self, at: int) -> int:
        return self.known.get(self.block.lower[self.starts[at] : self.ends[at]], 0)

    def gap(self, at: int) -> bytes:
        """What stands between a word and the next one."""
        return self.block.cased[self.ends[at] : self.starts[at + 1]]

    def runs(self) -> Iterator[list[int]]:
        """Words with capitals that belong together, small words between them left out."""
        run: list[int] = []
        for at, capital in enumerate(self.capital):
            if not capital:
                continue
            if run and len(run) < _LONGEST and self.joined(run[-1], at):
                run.append(at)
            else:
                if run:
                    yield run
                run = [at]
        if run:
            yield run

    def joined(self, last: int, at: int) -> bool:
        """Whether nothing but blanks, signs of names and small words of names stand between two words."""
        if at - last > 4:
            return False
        while last < at:
            gap = self.gap(last)
            if gap not in _JOIN and not (gap in _AFTER_SHORT and self._abbreviated(last)):
                return False
            last += 1
            if last < at and (not self.flags(last) & Word.PARTICLE or self.gap(last - 1) not in _JOIN):
                return False
        return True

    def _abbreviated(self, at: int) -> bool:
        letters = self.letters(at)
        return letters == 1 or (letters <= 4 and bool(self.flags(at) & (Word.TITLE | Word.DEGREE)))

    def crowded(self, at: int) -> bool:
        """Whether most words of the text have a capital, so that one tells nothing."""
        if self._crowded is None:
            text = np.searchsorted(self.block.starts, self.starts, "right") - 1
            count = np.bincount(text, minlength=len(self.block.starts))
            capitals = np.bincount(text, self.capital, minlength=len(self.block.starts))
            self._crowded = ((count >= _CROWD) & (2 * capitals > count))[text].tolist()
        return self._crowded[at]

    def begins(self, start: int) -> bool:
        """Whether a sentence begins here, where a capital says nothing."""
        before = self.block.cased[max(0, start - 3) : start].rstrip(b" ")
        return not before or before[-1] in b'.!?:\n\x84"(-*\x83;'

    def reaches(self, start: int, ends: set[int], signs: bytes, most: int) -> bool:
        """Whether one of these places lies right before, with nothing but a few signs between."""
        cased = self.block.cased
        at = start
        while at > 0 and start - at <= most:
            if at in ends:
                return True
            if cased[at - 1] not in signs:
                return False
            at -= 1
        return False

    def shouted(self, piece: list[int]) -> bool:
        """Whether the words are written in capitals alone, as acronyms are."""
        texts = [self.block.cased[self.starts[at] : self.ends[at]] for at in piece]
        return any(len(text) > 1 for text in texts) and all(len(text) == 1 or text.isupper() for text in texts)
