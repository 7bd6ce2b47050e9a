"""The one error tree. Every error says what is wrong, where, and what to do; none carries a data value or a key.

Programs tell errors apart by `code`, a stable name (`table.missing`); docs/errors.md lists them. A class has one for
all that nobody needs to tell apart.

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

INVALID = "config.invalid"
"""The code of a problem that programs need not tell from others."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: `what`, `where` (`file:line`), `todo` (may be empty), and `code` for programs."""

    what: str
    where: str = ""
    todo: str = ""
    code: str = INVALID

    def __str__(self) -> str:
        told = sentences(self.what, self.todo)
        return f"{self.where}: {told}" if self.where else told


def sentences(*parts: str) -> str:
    """Parts that were written apart as one text: each ends where the next one begins."""
    said = [part for part in map(str.strip, parts) if part]
    return " ".join([*(part if part.endswith(_ENDS) else f"{part}." for part in said[:-1]), *said[-1:]])


_ENDS = (".", "?", "!", ":", "…", '."', ".)")


class StrongroomError(Exception):
    """What, where and what to do, as three sentences.

    Args:
        what: what is wrong, without any data value.
        where: file:line, table, column or rule it happened at.
        todo: the next thing for the reader to do, as an imperative.
        code: what kind of fault it is, where programs tell it from others of its class.
    """

    exit_code = 1
    code = "run.failed"
    outcome: object = None  # a job that ends in an error and yet leaves something (a closed gate) says here what

    def __init__(self, what: str, *, where: str = "", todo: str = "", code: str = "") -> None:
        self.what, self.where, self.todo, self.code = what, where, todo, code or self.code
        self.problems: tuple[Problem, ...] = (Problem(what, where, todo, self.code),)
        super().__init__(str(self.problems[0]))
        self.add_note(_codes(self.problems))


def _codes(problems: tuple[Problem, ...]) -> str:
    """What a traceback says below the error: from Spark's workers one arrives as that text."""
    return "code: " + " ".join(problem.code for problem in problems)


class UsageError(StrongroomError):
    exit_code = 2
    code = "usage.invalid"


class ConfigError(StrongroomError):
    """Every problem of a settings, contract or policy file, reported together; its code is that of the first."""

    exit_code = 3
    code = INVALID

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in found), code=found[0].code if found else "")
        self.problems = found
        self.__notes__ = [_codes(found)]

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,), self.__dict__


class EnvironmentFault(StrongroomError):
    exit_code = 4
    code = "environment.fault"


class Stopped(StrongroomError):
    exit_code = 143
    code = "run.stopped"


class Refused(StrongroomError):
    exit_code = 5
    code = "policy.refused"


class GateClosed(StrongroomError):
    exit_code = 6
    code = "gate.closed"


class StoreError(StrongroomError):
    exit_code = 7
    code = "store.fault"


class KeyFault(StoreError):
    """A key or its provider is missing, unreadable, wrong or disabled."""

    code = "key.fault"


class Terminated(KeyboardInterrupt):
    """SIGTERM: a job is left as Ctrl-C leaves it, wherever it is."""
