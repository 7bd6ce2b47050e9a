"""Persons, organisations, institutions, places: runs of words with capitals, judged by lists and by what is beside.

A run is words with a capital that follow each other, with small words of names (`de la`, `van`) between. Each run is
cut where a word is no name, and what is left is weighed: what the lists know of its words, a title before it, a word
before or after it that goes with persons or places.
"""

import functools
import operator
from collections.abc import Iterator

from strongroom.text.block import Block
from strongroom.text.lexicon import Word
from strongroom.text.linear import pattern
from strongroom.text.recognisers import organisations
from strongroom.text.runs import Words
from strongroom.text.spans import Span

_PLAIN = Word.COMMON | Word.MONTH | Word.WEEKDAY
_FACT = Word.NATION | Word.FAITH | Word.PARTY
_AND = {b"and", b"y", b"und", b"et"}
_STATE = pattern(rb" (?:Government|nationals?|citizens?)\b")


class Names:
    """The judgement of one block."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.words = Words(block)
        self.starts, self.ends = block.words
        beside = block.phrases(block.lexicon.beside_names)
        self.ended = {
            kind: set(beside[kind][1])
            for kind in ("name_label", "name_is", "place_before", "place_label", "org_before")
        }
        offices = (at for at in beside["address_label"][0] if block.lower.startswith(b"office", at))
        self.org_after = {*beside["org_after"][0], *offices}
        self.places = dict(zip(*beside["place"], strict=True))

    def spans(self) -> Iterator[Span]:
        for run in self.words.runs():
            yield from self._judged(run)
        yield from organisations.in_forms(self.block)

    def _judged(self, run: list[int]) -> Iterator[Span]:
        flags = [self.words.flags(at) for at in run]
        if len(run) == 1 and self._begins_nothing(run[0], flags[0]):
            return
        together = functools.reduce(operator.or_, flags)
        if together & (Word.ORG | Word.INSTITUTION):
            span = organisations.of_run(self.words, run, flags)
            if span is not None:
                yield span
                run = [at for at in run if self.ends[at] <= span.start or self.starts[at] >= span.end]
                flags = [self.words.flags(at) for at in run]
        for at, known in zip(run, flags, strict=True) if together & Word.HEAD else ():
            end = organisations.of_what(self.words, at) if known & Word.HEAD else at
            if end > at:
                yield Span(self.starts[at], self.ends[end], "institution", 0.7, "organisation.of")
        place = 0
        while place < len(run):
            end = self._phrase_of_place(run, place)
            if end > place:
                last = self.places[self.starts[run[place]]]
                state = _STATE.match(self.block.cased, last, min(last + 14, len(self.block.cased)))
                yield Span(self.starts[run[place]], state.end() if state else last, "place", 0.85, "place.list")
                run, flags = run[:place] + run[end:], flags[:place] + flags[end:]
                continue
            place += 1
        for piece, title in self._pieces(run, flags):
            yield from self._weighed(piece, title)

    def _begins_nothing(self, at: int, known: int) -> bool:
        """Whether a word with a capital that stands alone is no part of any name: what most sentences begin with."""
        maybe = Word.STRONG | Word.ORG | Word.INSTITUTION | Word.HEAD | Word.PARTICLE
        never = known & Word.NEVER and not known & maybe
        return bool(never and self.words.letters(at) > 1 and self.starts[at] not in self.places)

    def _phrase_of_place(self, run: list[int], place: int) -> int:
        """Past the last word of the run that belongs to a place of several words that starts here."""
        end = self.places.get(self.starts[run[place]])
        if end is None:
            return place
        last = place
        while last < len(run) and self.ends[run[last]] <= end:
            last += 1
        return last if last > place and (self.ends[run[last - 1]] == end or last == len(run)) else place

    def _pieces(self, run: list[int], flags: list[int]) -> Iterator[tuple[list[int], int]]:
        """Pieces of a run without the words that are no names; with each the place of its title, or -1."""
        words = self.words
        piece: list[int] = []
        title = -1
        for place, at in enumerate(run):
            known = flags[place]
            if piece and not words.joined(piece[-1], at):
                yield piece, title
                piece, title = [], -1
            if known & Word.TITLE and not piece and place + 1 < len(run):
                title = at if title < 0 else title
            elif self._belongs(run, flags, place, piece, title):
                piece.append(at)
            else:
                if piece:
                    yield piece, title
                piece, title = [], -1
        if piece:
            yield piece, title

    def _belongs(self, run: list[int], flags: list[int], place: int, piece: list[int], title: int) -> bool:
        """Whether a word of a run may be a part of a name."""
        words, at, known = self.words, run[place], flags[place]
        following = flags[place + 1] if place + 1 < len(run) and words.joined(at, run[place + 1]) else Word.NEVER
        a_name = bool(following & (Word.GIVEN | Word.SURNAME)) and not following & (Word.NEVER | Word.TITLE)
        if words.letters(at) == 1:  # an initial: before a name, or with its full stop after one
            letter = self.block.cased[self.starts[at] : self.ends[at] + 1]
            if not piece and (letter == b"I " or (letter == b"A " and words.begins(self.starts[at]))):
                return False
            return following != Word.NEVER or (
                bool(piece) and self.block.cased[self.ends[at] : self.ends[at] + 1] == b"."
            )
        if following & Word.PLACE and known & Word.COMMON and self.ends[at] in self.ended["place_before"]:
            return False  # Southern Switzerland
        if known & Word.PARTICLE:
            return a_name if piece or title >= 0 else a_name and not following & Word.COMMON
        if known & Word.DEGREE and piece:
            return True
        if known & (Word.NEVER | _FACT) and not known & Word.STRONG:
            return False
        if known & _PLAIN and not known & (Word.GIVEN | Word.SURNAME | Word.PLACE):
            initial = len(piece) > 1 and words.letters(piece[-1]) == 1  # Jildau S Bouts
            return bool(title >= 0 and not piece) or (bool(piece) and (initial or self._sure(words.flags(piece[0]))))
        return True

    @staticmethod
    def _sure(known: int) -> bool:
        """Whether a word is a given name and hardly anything else."""
        return bool(known & Word.STRONG or (known & Word.GIVEN and not known & (Word.COMMON | Word.PLACE)))

    def _weighed(self, piece: list[int], title: int) -> Iterator[Span]:
        words = self.words
        first, last = piece[0], piece[-1]
        start, end = self.starts[first], self.ends[last]
        if (
            title < 0
            and first
            and words.flags(first - 1) & Word.TITLE
            and words.gap(first - 1) in (b" ", b". ")
            and not words.capital[first - 1]
        ):
            title = first - 1
        flags = [words.flags(at) for at in piece]
        shout = words.shouted(piece)
        if title >= 0 and (
            len(piece) > 1 or not shout or flags[0] & (Word.GIVEN | Word.SURNAME) or words.letters(first) == 1
        ):
            yield Span(self.starts[title], self._with_degree(piece), "person", 0.95, "person.title")
            return
        begins = words.begins(start) or words.crowded(first)
        person = self._score(piece, flags, begins=begins, shout=shout)
        person = self._with_neighbours(piece, flags, person, shout=shout)
        where = self._place_score(piece, flags, begins=begins)
        if where > person and where >= 0.5:
            yield Span(start, end, "place", where, "place")
        elif person < 0.5 and organisations.beside(
            words, piece, flags, before=self.ended["org_before"], after=self.org_after
        ):
            yield Span(start, end, "organisation", 0.5, "organisation.beside")
        elif person > 0:
            yield Span(start, self._with_degree(piece), "person", min(person, 0.95), "person")
        elif where > 0:
            yield Span(start, end, "place", where, "place")

    def _with_neighbours(self, piece: list[int], flags: list[int], person: float, *, shout: bool) -> float:
        """The score of a person with what stands before and after it."""
        words, start, end = self.words, self.starts[piece[0]], self.ends[piece[-1]]
        labelled = words.reaches(start, self.ended["name_label"], b' :\n,."*\x83-#/=>', 8) and any(
            sign in b":\n,=>-" for sign in self.block.cased[max(0, start - 8) : start]
        )
        named = words.reaches(start, self.ended["name_is"], b' :,."', 2)
        if shout:
            return person
        if not (labelled or named) and self._like_a_thing(piece, flags):
            much = self._quoted(piece) or any(each & Word.BRAND for each in flags)
            return max(min(person, 0.2), person - (0.4 if much else 0.15))
        if labelled or named:
            fits = any(not each & (Word.COMMON | Word.PLACE) or each & Word.GIVEN for each in flags)
            return max(person, (0.9 if labelled else 0.85) if fits else 0.55 if labelled else person)
        if person < 0.55 and len(piece) == 1 and flags[0] & Word.SURNAME and self._beside_one(piece[0]):
            return 0.55
        last = piece[-1]
        says = (
            last + 1 < len(self.starts) and words.gap(last) in (b" ", b", ", b"'") and words.flags(last + 1) & Word.SAYS
        )
        if says and words.word(last + 1) in _AND:  # Anna and Peter, not: pho and rice
            says = last + 2 < len(self.starts) and words.capital[last + 2]
        belongs = self.block.cased[end : end + 2] == b"'s"
        if ((says and not words.capital[last + 1]) or belongs) and not flags[-1] & Word.COMMON:
            return person + (0.2 if says or any(each & (Word.GIVEN | Word.SURNAME) for each in flags) else 0.1)
        return person

    def _beside_one(self, first: int) -> bool:
        """Whether a word alone stands behind `and` and a surname that is nothing else: Bowman and White."""
        words = self.words
        if first < 2 or words.word(first - 1) not in _AND:
            return False
        other = words.flags(first - 2)
        endings = self.block.lexicon.surname_endings
        surname = other & Word.SURNAME or (not other and words.word(first - 2).endswith(endings))
        plain = other & (Word.COMMON | Word.PLACE | Word.GIVEN | Word.NEVER | Word.BRAND)
        between = words.gap(first - 2) == words.gap(first - 1) == b" "
        return bool(between and words.capital[first - 2] and surname and not plain)

    def _like_a_thing(self, piece: list[int], flags: list[int]) -> bool:
        """Whether an article or `my` stands before words of which none is surely a given name, or a number after."""
        words, first = self.words, piece[0]
        if any(each & Word.BRAND for each in flags):
            return True
        if any(self._sure(each) for each in flags):
            return False
        if self._quoted(piece):
            return True
        before = first - 1
        if before > 0 and words.flags(before) & Word.NEVER and not words.capital[before] and words.gap(before) == b" ":
            before -= not words.flags(before) & Word.DETERMINER  # my new Palm
        if before >= 0 and words.flags(before) & Word.DETERMINER and words.gap(before) == b" ":
            return True
        return self._numbered(piece)

    def _quoted(self, piece: list[int]) -> bool:
        """Whether the words stand between quotation marks, as titles of works do."""
        cased, start, end = self.block.cased, self.starts[piece[0]], self.ends[piece[-1]]
        return cased[max(0, start - 1) : start] == b'"' and cased[end : end + 1] == b'"'

    def _numbered(self, piece: list[int]) -> bool:
        """Whether a number or a code follows, as the model of a product does."""
        end = self.ends[piece[-1]]
        after = self.block.cased[end : end + 4].lstrip(b" -")[:2]
        return self.block.cased[end : end + 1] in (b" ", b"-") and any(48 <= byte < 58 for byte in after)

    def _score(self, piece: list[int], flags: list[int], *, begins: bool, shout: bool) -> float:
        """How sure it is that the words alone name a person."""
        words = self.words
        whole = [
            place
            for place, at in enumerate(piece)
            if words.letters(at) > 1 and not flags[place] & (Word.DEGREE | Word.PARTICLE)
        ]
        if not whole:
            return 0.0
        sure = [self._sure(each) for each in flags]
        other = [not each & (Word.COMMON | Word.PLACE | Word.NEVER) for each in flags]
        endings = self.block.lexicon.surname_endings
        family = [
            ok and bool(each & Word.SURNAME or (words.letters(at) > 4 and words.word(at).endswith(endings)))
            for each, at, ok in zip(flags, piece, other, strict=True)
        ]
        first, last = whole[0], whole[-1]
        given = bool(flags[first] & Word.GIVEN)
        if first == last:
            initials = len(piece) > 1 and any(words.letters(at) == 1 for at in piece)
            if initials:
                return 0.8 if (sure[first] or other[first]) and not shout else 0.45
            if words.letters(piece[first]) < 3 and not sure[first]:
                return 0.1
            if sure[first]:
                return 0.45 if shout else 0.75
            if shout:
                return 0.2
            if family[first]:
                return 0.42 if begins else 0.5
            if given and not flags[first] & Word.PLACE:
                return 0.25 if begins else 0.4
            return 0.0 if not other[first] else 0.2 if begins else 0.3
        if sure[first]:
            return (
                0.9 if any(other[place] or flags[place] & (Word.GIVEN | Word.SURNAME) for place in whole[1:]) else 0.7
            )
        if given and other[last]:
            return 0.85
        if len(piece) == 3 and words.letters(piece[1]) == 1 and not words.shouted(piece[2:]) and any(other):
            return 0.75
        if any(sure[place] for place in whole):
            return 0.75
        if family[last]:
            return 0.7 if other[first] or flags[first] & Word.SURNAME else 0.5
        if given and flags[last] & Word.SURNAME:
            return 0.45 if begins or shout or all(each & Word.COMMON for each in flags) else 0.6
        if shout:
            return 0.2
        return (0.45 if begins else 0.5) if all(other[place] for place in whole) else 0.3

    def _place_score(self, piece: list[int], flags: list[int], *, begins: bool) -> float:
        words, start, end = self.words, self.starts[piece[0]], self.ends[piece[-1]]
        before = words.reaches(start, self.ended["place_before"], b" ", 1)
        label = words.reaches(start, self.ended["place_label"], b" :\n", 4)
        if len(piece) == 1 and flags[0] & Word.PLACE:
            if not (label or before) and flags[0] & (Word.COMMON | Word.BRAND):
                return 0.3
            if label or before:
                return 0.6 if flags[0] & Word.STRONG else 0.9
            known = 0.7 if not flags[0] & (Word.COMMON | Word.STRONG) else 0.5
            return known - 0.2 * (begins and known < 0.7)
        if label:
            return 0.7
        other = Word.GIVEN | Word.NEVER | Word.COMMON | Word.BRAND
        after = piece[-1] + 1
        language = after < len(self.starts) and words.flags(after) & Word.NATION and words.capital[after]  # Old English
        if before and not language and not any(each & other for each in flags):
            return 0.0 if end - start < (6 if words.shouted(piece) else 4) or self._numbered(piece) else 0.5
        return 0.0

    def _with_degree(self, piece: list[int]) -> int:
        """The end of a name, a degree after it included."""
        words, last = self.words, piece[-1]
        while (
            last + 1 < len(self.starts)
            and words.gap(last) in (b" ", b", ")
            and words.flags(last + 1) & Word.DEGREE
            and words.capital[last + 1]
        ):
            last += 1
        end = self.ends[last]
        if last > piece[-1] or words.flags(last) & Word.DEGREE:
            while (
                self.block.cased[end : end + 1] == b"."
                and last + 1 < len(self.starts)
                and self.starts[last + 1] == end + 1
                and self.ends[last + 1] - end <= 3
            ):
                last += 1
                end = self.ends[last]
        return end


def names(block: Block) -> Iterator[Span]:
    """Persons, places, organisations and institutions, the unsure ones with their low scores."""
    return Names(block).spans()
