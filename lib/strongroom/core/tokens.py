"""Tokens of a small language, one at a time. Length, depth and number of parts are bounded, and with them the stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from strongroom.core.errors import ConfigError, Problem

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Language:
    """What a text is made of.

    Args:
        subject: what messages call the text.
        pattern: a token, after blanks, in one of the groups `number`, `text`, `name`, `quoted`, `sign`, `end`.
        words: names that mean something, in lower case.
        longest: characters of a text.
        deepest: levels of brackets.
        most: parts of a tree.
        todo: what to do about a text that is too large.
        code: of every problem of such a text.
    """

    subject: str
    pattern: re.Pattern[str]
    words: Collection[str]
    longest: int
    deepest: int
    most: int
    todo: str
    code: str


class Tokens:
    """The token at hand: its `kind`, as `written`, as `word` (names in lower case), and where (`at`, from 1)."""

    language: Language

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.end, self.depth, self.made = text, where, 0, 0, 0
        if len(text) > self.language.longest:
            raise self.problem(f"is longer than {self.language.longest} characters", todo=self.language.todo)
        self.step()

    def problem(self, what: str, *, todo: str = "", at: int = 0) -> ConfigError:
        place = f", character {at}" if at else ""
        return ConfigError([Problem(f"{self.language.subject}{place}: {what}.", self.where, todo, self.language.code)])

    def step(self) -> None:
        """Read the next token."""
        match = self.language.pattern.match(self.text, self.end)
        if match is None or match.lastgroup is None:
            at = len(self.text) - len(self.text[self.end :].lstrip())
            todo = "Text stands in single quotes, a quote inside it twice." if self.text[at] in "'\"" else ""
            raise self.problem(f"{self.text[at]!r} has no meaning here", todo=todo, at=at + 1)
        self.kind, self.at, self.end = match.lastgroup, match.start(match.lastgroup) + 1, match.end()
        self.written = match[self.kind]
        self.word = self.written.lower() if self.kind == "name" else self.written
        if self.kind == "name" and self.word in self.language.words:
            self.kind = "word"

    def takes(self, *words: str) -> str:
        """Step over one of these words or signs and say which; an empty text when the token is another."""
        if self.kind not in ("word", "sign") or self.word not in words:
            return ""
        word = self.word
        self.step()
        return word

    def expect(self, word: str) -> None:
        if not self.takes(word):
            raise self.unexpected(f"{word!r} is expected")

    def unexpected(self, what: str, todo: str = "") -> ConfigError:
        found = f", not {self.written!r}" if self.written else " at the end"
        return self.problem(what + found, todo=todo, at=self.at)

    def moment_of(self, kind: str) -> date | datetime:
        """The date or timestamp that a text is, and the next token; a time without a zone is UTC's."""
        text = unquoted(self.written)
        try:
            value = date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
            if isinstance(value, datetime):
                value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # the latter before year 1 or after 9999 in UTC
            raise self.problem(f"this is no {kind}", todo="Write it as ISO 8601 does.", at=self.at) from None
        self.step()
        return value

    def made_of(self, node: _Made) -> _Made:
        self.made += 1
        if self.made > self.language.most:
            raise self.problem(f"has more than {self.language.most} parts", todo=self.language.todo)
        return node

    def nested(self, read: Callable[[], _Made]) -> _Made:
        self.depth += 1
        if self.depth > self.language.deepest:
            raise self.problem(f"is nested deeper than {self.language.deepest}", at=self.at)
        node = read()
        self.depth -= 1
        return node


def unquoted(text: str) -> str:
    """What stands in single quotes, where a quote is doubled."""
    return text[1:-1].replace("''", "'")
