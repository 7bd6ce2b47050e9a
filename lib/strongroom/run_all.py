"""One job for every contract: for each a run of its own, in one session, and what came of all as one answer.

A run that fails costs the others nothing. Ctrl-C and SIGTERM end all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from strongroom.console import Telling, bug, say, say_lines
from strongroom.core.errors import StrongroomError
from strongroom.core.escaping import joined, one_line
from strongroom.core.run import Outcome
from strongroom.core.suggest import counted
from strongroom.stores.spark.error_translation import translate

GRAVEST = (1, 4, 3, 7, 5, 6)
"""Exit codes of single runs, the gravest first: a bug, then what all runs may share, then what is one data set's."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run of one contract ended."""

    contract: str
    code: int
    document: dict[str, object]
    outcome: Outcome
    what: str = ""
    dry_run: bool = False

    @property
    def line(self) -> tuple[str, ...]:
        """Its line of the summary, in parts."""
        rows = ", ".join(f"{count:,} {name}" for name, count in self.outcome.rows.items())
        told = self.what or rows or ", ".join(_would_read(self.outcome)) or "nothing is touched"
        well = "would run" if self.dry_run else "done"
        return self.contract, f"exit {self.code}" if self.code else well, told, self.outcome.report

    @property
    def plain(self) -> dict[str, object]:
        """The same for programs, and the document of the run."""
        answer = self.outcome.answer or {}
        return {
            "contract": self.contract,
            "table": f"training.{self.contract}",
            "status": self.document["status"],
            "exit_code": self.code,
            "versions": answer.get("versions", {}),
            "would_read": answer.get("would_read"),
            "document": self.document,
        }


def _would_read(outcome: Outcome) -> Iterator[str]:
    """What a dry run says of each source."""
    sources: Any = (outcome.answer or {}).get("would_read", ())
    for each in sources:
        yield f"would read {counted(each['files'], 'file')}, {each['bytes']:,} bytes of {one_line(each['path'])}"


def run_all(
    contracts: Sequence[str], circles: Sequence[Sequence[str]], *, job: str, run_id: str, config: str,
    one: Callable[[str], Outcome], dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Runs the job for each contract, in this order, and sums up.

    Args:
        contracts: their names.
        circles: those that refer to each other; told, since one of each is held against what was published before.
        job: its name.
        run_id: of all these runs: each is that of its own data set.
        config: the settings file, for commands that are told of.
        one: runs the job for the contract of a name.
        dry_run: nothing is touched, so nothing is told as done.
    """
    ended: list[Ended] = []
    for circle in circles:
        say(f"note: {' → '.join((*circle, circle[0]))} refer to each other; {circle[0]} is first")
    try:
        for number, name in enumerate(contracts, start=1):
            say(f"{name}: {number} of {len(contracts)}")
            telling = Telling(f"{job} --contract {name}", run_id, as_json=False, start=time.monotonic(), config=config)
            ended.append(replace(_ended(name, job, telling, one), dry_run=dry_run))
    except KeyboardInterrupt:
        say_lines(_summary(job, contracts, ended, dry_run=dry_run))
        raise
    gravest = min(ended, key=lambda each: _gravity(each.code))
    return Outcome(
        rows=_added(ended),
        summary=_summary(job, contracts, ended, dry_run=dry_run),
        answer={
            "runs": [each.plain for each in ended],
            "circles": [list(circle) for circle in circles],
        },
        exit_code=gravest.code,
        status=str(gravest.document["status"]),
    )


def _gravity(code: int) -> int:
    """0 is after all others, and a code that nobody foresaw before them."""
    return len(GRAVEST) if code == 0 else GRAVEST.index(code) if code in GRAVEST else -1


def _ended(name: str, job: str, telling: Telling, one: Callable[[str], Outcome]) -> Ended:
    """Runs one, and tells at once what is wrong with it."""
    try:
        outcome = one(name)
    except Exception as error:
        known = translate(error)
        code = telling.bug(error) if known is None else telling.failed(known, code=known.exit_code)
        fault = known or bug()
        left = fault.outcome if isinstance(fault.outcome, Outcome) else Outcome()
        document = telling.document(
            type(error if known is None else known).__name__, code=code, outcome=left, error=fault
        )
        return Ended(name, code, {**document, "job": job}, left, _sentence(fault))
    return Ended(name, 0, {**telling.document("done", code=0, outcome=outcome), "job": job}, outcome)


def _sentence(fault: StrongroomError) -> str:
    more = len(fault.problems) - 1
    return fault.problems[0].what + (f" (and {counted(more, 'more problem')})" if more > 0 else "")


def _added(ended: Sequence[Ended]) -> dict[str, int]:
    """The rows of all runs together."""
    total: dict[str, int] = {}
    for each in ended:
        for name, count in each.outcome.rows.items():
            total[name] = total.get(name, 0) + count
    return total


def _summary(job: str, contracts: Sequence[str], ended: Sequence[Ended], *, dry_run: bool) -> str:
    """A line a contract, also for the one that was stopped, and those that no run has come to."""
    lines = [each.line for each in ended]
    for name in contracts[len(ended) :]:
        lines.append((name, "not begun" if len(lines) > len(ended) else "stopped", "", ""))
    widths = [max(len(line[at]) for line in lines) for at in range(3)]
    done = sum(not each.code for each in ended)
    shown = ["  ".join(part.ljust(width) for part, width in zip(line, (*widths, 0), strict=True)) for line in lines]
    became = "would be prepared" if dry_run else "done"
    head = f"{job} --all: {done} of {counted(len(contracts), 'contract')} {became}"
    return joined([head, "", *(f"  {each}".rstrip() for each in shown)])
