"""The measure of every benchmark: ways that take turns in one run, and one line of JSON a figure.

A benchmark is a file in this folder with a function `run` and a last line `main(run)`; `run.sh` then knows it by name:

    def run(*, rows: int, rounds: int) -> None:
        costs = interleaved({"ours": ours, "theirs": theirs}, rounds=rounds)     # functions without arguments
        show("ours", rows=rows, **costs["ours"].medians())                       # cpu_s, wall_s
        show("ours ÷ theirs, CPU", aim="<= 1.1", **ratio(costs["ours"].cpu, costs["theirs"].cpu))

CPU seconds are those of this process and all its descendants: the JVM and its Python workers. Ratios are taken within
a round, so that a busy minute of the machine falls on both sides; the figure is their median, and the spread stands by.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Way = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Costs:
    """What one way took, round by round."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    def medians(self) -> dict[str, float]:
        return {"cpu_s": rounded(statistics.median(self.cpu)), "wall_s": rounded(statistics.median(self.wall))}


def interleaved(ways: Mapping[str, Way], *, rounds: int, warmups: int = 1) -> dict[str, Costs]:
    """Each way once a round, in turn; warm-up rounds are not counted, and what a way prints is thrown away.

    Raises:
        Whatever a way raises: a way that does not do its work is no measure.
    """
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(warmups + rounds):
        for name, way in ways.items():
            spent, started = cpu_seconds(), time.perf_counter()
            silent(way)
            took = time.perf_counter() - started
            if turn >= warmups:
                cpu[name].append(cpu_seconds() - spent)
                wall[name].append(took)
    return {name: Costs(tuple(cpu[name]), tuple(wall[name])) for name in ways}


def silent(way: Way) -> None:
    """Runs a way; what it prints shows only when it fails."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            way()
        except BaseException:
            print(out.getvalue(), file=sys.__stderr__)
            raise


def ratio(above: Iterable[float], below: Iterable[float], *, times: float = 1.0) -> dict[str, Any]:
    """`value`, the median of the ratios within each round, and their `spread`; `times` the ratio when given."""
    each = [times * one / other for one, other in zip(above, below, strict=True)]
    return {"value": rounded(statistics.median(each)), "spread": [rounded(min(each)), rounded(max(each))]}


def show(figure: str, *, aim: str = "", **facts: Any) -> None:
    """One line of JSON. `aim` is `<= number` or `>= number` for the fact `value`; the line says whether it is met."""
    line: dict[str, Any] = {"benchmark": Path(sys.argv[0]).stem, "figure": figure, **facts}
    if aim:
        sign, bound = aim.split()
        value = float(facts["value"])
        line |= {"aim": aim, "met": value <= float(bound) if sign == "<=" else value >= float(bound)}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def main(run: Callable[..., None], *, rows: int = 1_000_000, rounds: int = 5) -> None:
    """Runs a benchmark with the rows and rounds that the command line names."""
    parser = argparse.ArgumentParser(description=sys.modules[run.__module__].__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--rounds", type=int, default=rounds)
    given = parser.parse_args()
    run(rows=given.rows, rounds=given.rounds)


def rounded(number: float) -> float:
    """Three significant digits, and whole numbers from a hundred on."""
    return float(f"{number:.3g}") if abs(number) < 100 else float(round(number))


def cpu_seconds() -> float:
    """CPU seconds of this process and every descendant, dead ones included once their parent has seen them go."""
    own = os.times()
    others = [sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK") for pid in descendants()]
    return time.process_time() + own.children_user + own.children_system + sum(others)


def descendants() -> list[int]:
    """Process ids of all that this process has started, and they in turn."""
    parents = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found, grew = {os.getpid()}, True
    while grew:
        more = {pid for pid, stat in parents.items() if stat and int(stat[1]) in found} - found
        grew, found = bool(more), found | more
    return sorted(found - {os.getpid()})


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5)); none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return []
