"""The one error tree. Every error says what is wrong, where, and what to do; none carries a data value or a key.

    StrongroomError            exit 1   never raised itself
    ├── UsageError             exit 2   the command line
    ├── ConfigError            exit 3   settings, contract or policy: all problems of a file at once
    ├── EnvironmentFault       exit 4   Java, jars, session, missing packages
    ├── Stopped                exit 143 somebody ended the job, or the JVM that it came from, by SIGTERM
    ├── Refused                exit 5   the policy said no
    ├── GateClosed             exit 6   a set rule or the quarantine limit failed; readers keep the previous version
    └── StoreError             exit 7   a source, a table or another outside thing cannot be read or written
        └── KeyFault           exit 7   a key or its provider is missing, unreadable, wrong or disabled

Anything else that reaches the top is a bug: exit 1, with a stack trace. Ctrl-C ends with 130.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: `what`, `where` (`file:line`), and `todo` (may be empty)."""

    what: str
    where: str = ""
    todo: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.where}:" if self.where else "", self.what, self.todo) if part)


class StrongroomError(Exception):
    """What, where and what to do, as three sentences.

    Args:
        what: what is wrong, without any data value.
        where: file:line, table, column or rule it happened at.
        todo: the next thing for the reader to do, as an imperative.
    """

    exit_code = 1
    outcome: object = None  # a job that ends in an error and yet leaves something (a closed gate) says here what

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        self.problems: tuple[Problem, ...] = (Problem(what, where, todo),)
        super().__init__(str(self.problems[0]))


class UsageError(StrongroomError):
    exit_code = 2


class ConfigError(StrongroomError):
    """Every problem of a settings, contract or policy file, reported together."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in found))
        self.problems = found


class EnvironmentFault(StrongroomError):
    exit_code = 4


class Stopped(StrongroomError):
    exit_code = 143


class Refused(StrongroomError):
    exit_code = 5


class GateClosed(StrongroomError):
    exit_code = 6


class StoreError(StrongroomError):
    exit_code = 7


class KeyFault(StoreError):
    """A key or its provider is missing, unreadable, wrong or disabled."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: a job is left as Ctrl-C leaves it, wherever it is."""
