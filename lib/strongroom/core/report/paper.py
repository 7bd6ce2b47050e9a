"""A paper for people who must answer: sections of facts and tables, and what only people can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strongroom.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its headings and lines of as many cells."""

    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A section.

    Args:
        title: its heading.
        law: the articles that ask for it; may be empty.
        facts: what is known, a sentence or a name and its value each.
        grid: a table of facts.
        open: questions that people have to answer.
    """

    title: str
    law: str = ""
    facts: tuple[str, ...] = ()
    grid: Grid | None = None
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole paper; `missing` is what was not said, where it would have been looked for, and how to say it."""

    title: str
    about: str
    written: datetime
    parts: tuple[Part, ...]
    missing: tuple[Problem, ...] = ()
