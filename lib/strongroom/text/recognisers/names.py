"""Persons, organisations, institutions, places: runs of words with capitals, judged by lists and by what is beside.

A run is words with a capital that follow each other, with small words of names (`de la`, `van`) between. Each run is
cut where a word is no name, and what is left is weighed: what the lists know of its words, a title before it, a word
before or after it that goes with persons or places.
"""

from collections.abc import Iterator
from typing import NamedTuple

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.spans import Span

_JOIN = {b" ", b"-", b"'"}
_AFTER_SHORT = {b". ", b"."}
_LONGEST = 8
_SENTENCE = b'.!?:\n\x84"(-*\x83;'


class Piece(NamedTuple):
    """Some words of a run: indices of the first and the last."""

    first: int
    last: int


class Names:
    """The judgement of one block; made once, then asked for spans."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.starts, self.ends = block.words
        self.known = block.lexicon.words
        beside = block.phrases(block.lexicon.beside_names)
        self.after_label = set(beside["name_label"][1])
        self.after_is = set(beside["name_is"][1])
        self.place_before = set(beside["place_before"][1])
        self.place_label = set(beside["place_label"][1])
        self.org_before = set(beside["org_before"][1])
        self.places = dict(zip(*beside["place"], strict=True))
        kinds = block.kinds
        self.capital = (kinds[self.starts] == 1).tolist() if self.starts else []
        self.doubts: list[tuple[int, int]] = []

    def word(self, at: int) -> bytes:
        return self.block.lower[self.starts[at] : self.ends[at]]

    def flags(self, at: int) -> int:
        return self.known.get(self.block.lower[self.starts[at] : self.ends[at]], 0)

    def gap(self, at: int) -> bytes:
        """What stands between a word and the next one."""
        return self.block.cased[self.ends[at] : self.starts[at + 1]]

    def runs(self) -> Iterator[list[int]]:
        """Words with capitals that belong together, small words between them left out."""
        run: list[int] = []
        count = len(self.starts)
        for at, capital in enumerate(self.capital):
            if not capital:
                continue
            if run and len(run) < _LONGEST and self._joined(run[-1], at):
                run.append(at)
            else:
                if run:
                    yield run
                run = [at]
        if run and count:
            yield run

    def _joined(self, last: int, at: int) -> bool:
        while last < at:
            gap = self.gap(last)
            if gap not in _JOIN and not (gap in _AFTER_SHORT and self._abbreviated(last)):
                return False
            last += 1
            if last < at and (not self.flags(last) & Word.PARTICLE or self.gap(last - 1) not in (b" ", b"'", b"-")):
                return False
        return True

    def _abbreviated(self, at: int) -> bool:
        return self.ends[at] - self.starts[at] <= 1 or bool(
            self.flags(at) & (Word.TITLE | Word.DEGREE) and self.ends[at] - self.starts[at] <= 4
        )

    def spans(self) -> Iterator[Span]:
        for run in self.runs():
            yield from self._judged(run)

    def _judged(self, run: list[int]) -> Iterator[Span]:
        flags = [self.flags(at) for at in run]
        if any(each & (Word.ORG | Word.INSTITUTION) for each in flags):
            span = self._organisation(run, flags)
            if span is not None:
                yield span
                run = [at for at in run if self.ends[at] <= span.start or self.starts[at] >= span.end]
                flags = [self.flags(at) for at in run]
        place = 0
        while place < len(run):
            end = self._phrase_of_place(run, place)
            if end > place:
                yield self._place(run[place], run[end - 1])
                run, flags = run[:place] + run[end:], flags[:place] + flags[end:]
                continue
            place += 1
        for piece, titled in self._pieces(run, flags):
            yield from self._weighed(piece, titled)

    def _phrase_of_place(self, run: list[int], place: int) -> int:
        """Past the last word of the run that belongs to a place of several words that starts here."""
        end = self.places.get(self.starts[run[place]])
        if end is None:
            return place
        last = place
        while last < len(run) and self.ends[run[last]] <= end:
            last += 1
        return last if last > place and self.ends[run[last - 1]] == end else place

    def _pieces(self, run: list[int], flags: list[int]) -> Iterator[tuple[list[int], int]]:
        """Pieces of a run without the words that are no names; with each the place of its title, or -1."""
        piece: list[int] = []
        title = -1
        for place, at in enumerate(run):
            known = flags[place]
            single = self.ends[at] - self.starts[at] == 1
            if piece and self._apart(piece[-1], at):
                yield piece, title
                piece, title = [], -1
            if known & Word.TITLE and not piece and place + 1 < len(run):
                title = at if title < 0 else title
            elif (known & Word.DEGREE and piece) or (
                known & Word.PARTICLE and not piece and title < 0 and self._leads(run, flags, place)
            ):
                piece.append(at)
            elif (
                not single
                and (
                    known & Word.NEVER
                    or (
                        known & (Word.COMMON | Word.MONTH | Word.WEEKDAY | Word.NATION)
                        and not known & (Word.GIVEN | Word.SURNAME)
                    )
                )
                and not (title >= 0 and not piece and not known & Word.NEVER)
            ):
                if piece:
                    yield piece, title
                piece, title = [], -1
            elif single and not piece and place + 1 == len(run):
                continue
            else:
                piece.append(at)
        if piece:
            yield piece, title

    def _leads(self, run: list[int], flags: list[int], place: int) -> bool:
        """Whether a small word with a capital begins a name: De Miguel, Van Dyck."""
        if place + 1 == len(run) or self._apart(run[place], run[place + 1]):
            return False
        following = flags[place + 1]
        return bool(following & (Word.GIVEN | Word.SURNAME)) and not following & (Word.NEVER | Word.TITLE | Word.COMMON)

    def _apart(self, last: int, at: int) -> bool:
        """Whether what was taken out of a run lies between two of its words."""
        return not self._joined(last, at)

    def _weighed(self, piece: list[int], title: int) -> Iterator[Span]:
        first, last = piece[0], piece[-1]
        start, end = self.starts[first], self.ends[last]
        if (
            title < 0
            and first
            and self.flags(first - 1) & Word.TITLE
            and self.gap(first - 1) in (b" ", b". ")
            and not self.capital[first - 1]
        ):
            title = first - 1
        flags = [self.flags(at) for at in piece]
        shout = self._shouted(piece)
        begins = self._begins(start)
        if title >= 0 and (len(piece) > 1 or not shout or flags[0] & (Word.GIVEN | Word.SURNAME)):
            yield Span(self.starts[title], self._with_degree(piece), "person", 0.95, "person.title")
            return
        labelled, named = self._before(start)
        says = self._says(last)
        owner = self.block.cased[end : end + 2] == b"'s"
        person = self._score(piece, flags, begins=begins, shout=shout)
        if labelled or named:
            fits = any(not each & (Word.COMMON | Word.PLACE) or each & Word.GIVEN for each in flags)
            person = max(
                person, (0.9 if fits else 0.55) if labelled and not shout else (0.85 if fits and not shout else person)
            )
        elif says or owner:
            person += 0.2 if not shout else 0
        where = self._place_score(piece, flags, start)
        if where > person and where >= 0.5:
            yield Span(start, end, "place", where, "place")
        elif person > 0:
            yield Span(start, self._with_degree(piece), "person", min(person, 0.95), "person")

    def _score(self, piece: list[int], flags: list[int], *, begins: bool, shout: bool) -> float:
        """How sure it is that the words alone name a person."""
        sure = [
            bool(each & Word.STRONG or (each & Word.GIVEN and not each & (Word.COMMON | Word.PLACE))) for each in flags
        ]
        family = [bool(each & Word.SURNAME and not each & (Word.COMMON | Word.PLACE)) for each in flags]
        other = [not each & (Word.COMMON | Word.PLACE | Word.NEVER) for each in flags]
        given = [bool(each & Word.GIVEN) for each in flags]
        ending = [
            not each & Word.COMMON
            and self.word(at).endswith(self.block.lexicon.surname_endings)
            and len(self.word(at)) > 4
            for each, at in zip(flags, piece, strict=True)
        ]
        letters = [self.ends[at] - self.starts[at] for at in piece]
        whole = [place for place, length in enumerate(letters) if length > 1 and not flags[place] & Word.DEGREE]
        if not whole:
            return 0.0
        if len(whole) == 1:
            only = whole[0]
            initials = len(piece) > 1 and any(length == 1 for length in letters)
            if initials:
                return 0.8 if (sure[only] or family[only] or other[only]) and not shout else 0.45
            if letters[only] < 3 and not sure[only]:
                return 0.1
            if sure[only]:
                return 0.55 if shout else 0.75
            if shout:
                return 0.2
            if family[only] or ending[only]:
                return 0.5 if not begins else 0.42
            if given[only] and not flags[only] & Word.PLACE:
                return 0.25 if begins else 0.4
            return 0.3 if other[only] and not begins else 0.2 if other[only] else 0.0
        first, last = whole[0], whole[-1]
        if sure[first]:
            rest = [place for place in whole[1:] if other[place] or given[place] or flags[place] & Word.SURNAME]
            return 0.9 if rest else 0.6
        if given[first] and (family[last] or other[last]):
            return 0.85
        if any(sure[place] for place in whole):
            return 0.75
        if family[last] or ending[last]:
            return 0.7 if other[first] or flags[first] & Word.SURNAME else 0.5
        if given[first] and flags[last] & Word.SURNAME:
            return 0.45 if begins or shout else 0.6
        if shout:
            return 0.2
        return 0.45 if all(other[place] for place in whole) else 0.3

    def _place_score(self, piece: list[int], flags: list[int], start: int) -> float:
        before = self._reaches(start, self.place_before, b" ", 1)
        label = self._reaches(start, self.place_label, b" :\n", 4)
        if len(piece) == 1 and flags[0] & Word.PLACE:
            known = 0.6 if flags[0] & Word.COMMON else 0.7
            return known + 0.2 * (before or label) - 0.3 * bool(flags[0] & (Word.STRONG | Word.COMMON))
        if label:
            return 0.7
        if before and not any(each & Word.GIVEN for each in flags) and not any(each & Word.NEVER for each in flags):
            return 0.5
        return 0.0

    def _place(self, first: int, last: int) -> Span:
        return Span(self.starts[first], self.ends[last], "place", 0.85, "place.list")

    def _organisation(self, run: list[int], flags: list[int]) -> Span | None:
        heads = [place for place, each in enumerate(flags) if each & (Word.ORG | Word.INSTITUTION)]
        first = 0
        while first < len(run) and (flags[first] & Word.NEVER and not flags[first] & (Word.INSTITUTION | Word.ORG)):
            first += 1
        last = heads[-1]
        institution = any(flags[place] & Word.INSTITUTION for place in heads)
        if institution and flags[0] & Word.INSTITUTION:
            last = len(run) - 1
        end = last
        at = run[end]
        if institution or flags[last] & Word.ORG:
            at = self._of_what(at)
        if at == run[first] or (first >= last and at == run[last]):
            return None
        start = self.starts[run[first]]
        return Span(start, self.ends[at], "institution" if institution else "organisation", 0.75, "organisation.head")

    def _of_what(self, at: int) -> int:
        """The last word of what follows with `of`, `de`, …: Court of Cassation, Ministry of the Interior."""
        step, end = at + 1, at
        while step < len(self.starts) and step - at < 9 and self.gap(step - 1) in (b" ", b"-", b". "):
            if self.capital[step] and self.gap(step - 1) != b". ":
                end = step
            elif (
                self.word(step)
                not in (
                    b"of",
                    b"de",
                    b"del",
                    b"la",
                    b"the",
                    b"for",
                    b"los",
                    b"las",
                    b"and",
                    b"y",
                    b"du",
                    b"des",
                    b"san",
                )
                or self.gap(step - 1) == b". "
            ):
                break
            step += 1
        return end if end > at and self.word(at + 1) in (b"of", b"de", b"del", b"for", b"du", b"des", b"la") else at

    def _with_degree(self, piece: list[int]) -> int:
        """The end of a name, a degree after it included."""
        last = piece[-1]
        while (
            last + 1 < len(self.starts)
            and self.gap(last) in (b" ", b", ")
            and self.flags(last + 1) & Word.DEGREE
            and self.capital[last + 1]
        ):
            last += 1
        end = self.ends[last]
        if last > piece[-1] or self.flags(last) & Word.DEGREE:
            while (
                self.block.cased[end : end + 1] == b"."
                and last + 1 < len(self.starts)
                and self.starts[last + 1] == end + 1
                and self.ends[last + 1] - end <= 3
            ):
                last += 1
                end = self.ends[last]
        return end

    def _begins(self, start: int) -> bool:
        """Whether a sentence begins here, where a capital says nothing."""
        before = self.block.cased[max(0, start - 3) : start].rstrip(b" ")
        return not before or before[-1] in _SENTENCE

    def _reaches(self, start: int, ends: set[int], signs: bytes, most: int) -> bool:
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

    def _before(self, start: int) -> tuple[bool, bool]:
        cased = self.block.cased
        labelled = self._reaches(start, self.after_label, b' :\n,."*\x83-#/=>', 8) and any(
            sign in b":\n,=>-" for sign in cased[max(0, start - 8) : start]
        )
        return labelled, self._reaches(start, self.after_is, b' :,."', 2)

    def _says(self, last: int) -> bool:
        return (
            last + 1 < len(self.starts)
            and self.gap(last) in (b" ", b", ", b"'")
            and bool(self.flags(last + 1) & Word.SAYS)
            and not self.capital[last + 1]
        )

    def _shouted(self, piece: list[int]) -> bool:
        """Whether the words are written in capitals alone, as acronyms are."""
        for at in piece:
            text = self.block.cased[self.starts[at] : self.ends[at]]
            if len(text) > 1 and not text.isupper():
                return False
        return any(self.ends[at] - self.starts[at] > 1 for at in piece)


def names(block: Block) -> Iterator[Span]:
    """Persons, places, organisations and institutions, the unsure ones with their low scores."""
    return Names(block).spans()
