"""What a job says: to people on stderr and stdout, or to programs as JSON. Never a data value but those asked for.

Nothing else prints. What goes out here is made visible first, so that no name or path acts on a terminal.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TextIO

from strongroom.core.errors import ConfigError, Problem, Stopped, StoreError, StrongroomError, Terminated, UsageError
from strongroom.core.escaping import json_text, one_line, shell_word, visible, visible_lines
from strongroom.core.program import typed_here
from strongroom.core.run import Outcome

_COMMAND = re.compile(r"\./spark-submit\.sh [a-z]+\b")
_HEADLINES = {
    2: "usage",
    3: "configuration, contract or policy",
    4: "environment",
    5: "refused by policy",
    6: "the quality gate is closed",
    7: "source or target",
    130: "interrupted",
    143: "stopped",
}


@dataclass(frozen=True)
class Telling:
    """How one run ended.

    Args:
        job: its name; empty where none was found.
        run_id: its id; empty where none was given.
        as_json: whether stdout is JSON (docs/json.md), and people are told on stderr.
        verb: what of the job was run, where it has verbs.
        start: when it started, by `time.monotonic`.
        config: the settings file, where it is not the usual one: commands that are told of name it, too.
    """

    job: str
    run_id: str
    as_json: bool
    start: float
    config: str = ""
    verb: str = ""

    def done(self, outcome: Outcome) -> int:
        """Says what was done, and returns the exit code.

        Raises:
            StoreError: stdout takes no more; what was done stays done.
        """
        if self.as_json and outcome.lines is not None:
            for row in outcome.lines:
                with _answering(outcome):
                    tell(json_text(row, ascii_only=True))
        elif outcome.summary:
            with _answering(outcome):
                (say_lines if self.as_json else tell)(self._here(outcome.summary))
        with _answering(outcome):
            return self._end(outcome.status, code=outcome.exit_code, outcome=outcome)

    def failed(self, error: StrongroomError, *, code: int) -> int:
        """Says what is wrong, where and what to do, and returns the exit code."""
        say(f"{f'strongroom {self.job}'.strip()}: {_HEADLINES.get(code, 'stopped')} (exit {code})")
        if isinstance(error, ConfigError):
            for problem in error.problems:
                say(f"  {self._here(str(problem))}")
        else:
            for label, text in (("what", error.what), ("where", error.where), ("do", error.todo)):
                if text:
                    say(f"  {label + ':':<7}{self._here(text)}")
        return self._end(type(error).__name__, code=code, outcome=error.outcome, error=error)

    def stopped(self, stop: KeyboardInterrupt) -> int:
        """Says that somebody stopped it, and returns the exit code."""
        by, code = ("SIGTERM", Stopped.exit_code) if isinstance(stop, Terminated) else ("Ctrl-C", 130)
        stopped = Stopped(f"stopped by {by}; readers see the last whole version", todo="Run again.")
        return self.failed(stopped, code=code)

    def unread(self, message: str, *, code: int) -> int:
        """Ends a run whose command line nobody understood; people were told already."""
        return self._end("UsageError", code=code, outcome=None, error=UsageError(message, code="usage.options"))

    def bug(self, error: BaseException) -> int:
        """A bug keeps its stack trace, but not its message: that may quote a data value."""
        say(f"strongroom {self.job}: this is a bug in Strongroom (exit 1): {type(error).__name__}")
        for frame in traceback.extract_tb(error.__traceback__):
            say(f"  {frame.filename}:{frame.lineno} in {frame.name}")
        say("  The message is withheld, since it might quote data; STRONGROOM_DEBUG=1 shows it.")
        debug(error, say)
        return self._end(type(error).__name__, code=1, outcome=None, error=bug())

    def _here(self, text: str) -> str:
        """The text, its commands for the settings of this run."""
        named = f" --config {shell_word(self.config)}" if self.config else ""
        return _COMMAND.sub(lambda found: found[0] + named, text)

    def document(
        self, status: str, *, code: int, outcome: object, error: StrongroomError | None = None
    ) -> dict[str, object]:
        """How the run ended, for programs; docs/answers/ has its form."""
        found = outcome if isinstance(outcome, Outcome) else Outcome()
        in_files = isinstance(error, ConfigError)
        return {
            "job": self.job,
            "verb": self.verb,
            "run_id": self.run_id,
            "status": status,
            "exit_code": code,
            "problems": [_problem(each, in_file=in_files) for each in (error.problems if error else ())],
            "tables": dict(found.tables),
            "rows": dict(found.rows),
            "report": found.report,
            "seconds": round(time.monotonic() - self.start, 3),
            "answer": found.answer,
        }

    def _end(self, status: str, *, code: int, outcome: object, error: StrongroomError | None = None) -> int:
        if self.as_json:
            tell(json_text(self.document(status, code=code, outcome=outcome, error=error), ascii_only=True))
        return code


@contextmanager
def _answering(outcome: Outcome) -> Iterator[None]:
    """While a part of a job's answer goes to stdout, after all its work."""
    try:
        yield
    except OSError as error:
        versions: Any = (outcome.answer or {}).get("versions") or {}
        tables = ", ".join(f"{table} is at version {version}" for table, version in versions.items())
        done = f"the job has done its work{f' ({tables})' if tables else ''}"
        what = f"{done}, and only its answer cannot be written: {os.strerror(error.errno or 0)}"
        todo = "Make room where its output goes; what was done stays done."
        fault = StoreError(what, where="stdout", todo=todo, code="output.unwritable")
        fault.outcome = outcome
        raise fault from None


def bug() -> StrongroomError:
    """What programs are told of a bug."""
    return StrongroomError("this is a bug in Strongroom", code="run.bug")


def _problem(problem: Problem, *, in_file: bool) -> dict[str, object]:
    """The problem, and its file and line where it has those."""
    file, _, line = problem.where.rpartition(":") if in_file else ("", "", "")
    placed = {"file": file, "line": int(line)} if file and line.isdecimal() else {"file": None, "line": None}
    return {**asdict(problem), **placed}


def debug(error: BaseException, say: Callable[[str], None]) -> None:
    """All that libraries say of an error, values of the data included, where STRONGROOM_DEBUG asks for it."""
    if os.environ.get("STRONGROOM_DEBUG") == "1":
        for line in "".join(traceback.format_exception(error)).splitlines():
            say(line)


class Parser(argparse.ArgumentParser):
    """One whose messages, which quote what was typed, are made visible like all others; `wrong` is the last one."""

    wrong = ""

    def _print_message(self, message: str, file: Any = None) -> None:
        _write(file or sys.stderr, visible_lines(message.rstrip("\n")))

    def error(self, message: str) -> NoReturn:
        self.wrong = one_line(message)
        super().error(self.wrong)


def say(line: str) -> None:
    """A line to stderr, at once."""
    _write(sys.stderr, visible(line))


def say_lines(text: str) -> None:
    """Lines of ours to stderr."""
    _write(sys.stderr, visible_lines(text))


def tell(text: str) -> None:
    """Lines to stdout, where somebody may have stopped reading: `… | head`, or a JVM that was killed."""
    _write(sys.stdout, visible_lines(text))


def _write(stream: TextIO | None, text: str) -> None:
    """A text that is visible already, its commands as they are typed here.

    What the stream's encoding lacks is written by its number. A stream that takes no more is left alone from then on;
    of stderr that is all, since nobody is left to tell.

    Raises:
        OSError: stdout takes no more, and somebody still reads it: a full disk.
    """
    if stream is None:  # closed by whoever has started this process
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        print(typed_here(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):  # that is `… | head`
            raise
