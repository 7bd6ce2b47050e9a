"""What a page of the documentation lets its reader run, in the page's order.

A fenced or indented block and a command in backticks each become a `Step`. `<!-- shown: REASON -->` in the line before
a block, or anywhere in the paragraph of a command, says that it is only shown, and why; with words after the reason,
only commands that begin with these are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REASONS = ("cluster", "platform", "set-up", "tests")
"""It needs a cluster, somebody else's platform, or an empty machine; or it runs tests, these among them."""

_SHOWN = re.compile(r"<!-- shown: ([\w-]+) ?(.*?) ?-->")
_INLINE = re.compile(r"`(\./spark-submit\.sh [^`]+)`")
_EXIT = re.compile(r"#.*\bexit (\d+)")


@dataclass(frozen=True)
class Step:
    """One thing to run, or to hold against what ran before it.

    Args:
        where: page and line.
        kind: the word after the fence; `sh` of an indented block and of backticks, empty of an output.
        target: the rest of that line: the file that the block is about.
        text: what stands there.
        shown: why it is not run; empty when it is.
        only: with `shown`: the beginning of the commands that are not run; empty for all.
    """

    where: str
    kind: str
    target: str
    text: str
    shown: str = ""
    only: str = ""

    @property
    def runs(self) -> bool:
        return not self.shown or bool(self.only)

    def commands(self) -> list[tuple[str, int]]:
        """The commands to run with their exit codes; one that ends in a backslash goes on in the next line."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return [
            (line, int(found[1]) if (found := _EXIT.search(line)) else 0)
            for line in lines
            if not (self.shown and line.startswith(self.only))
        ]


def pages() -> list[str]:
    """Every page that has a step."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for file in files if steps_of(page := file.relative_to(ROOT).as_posix())]


def steps_of(page: str) -> list[Step]:
    """The steps of a page, named from the project's root."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found: list[Step] = []
    at = 0
    while at < len(lines):
        line, where, end = lines[at], f"{page}:{at + 1}", at + 1
        if line.startswith("```"):
            end = next(end for end in range(at + 1, len(lines)) if lines[end].startswith("```"))
            kind, _, target = line[3:].partition(" ")
            found.append(Step(where, kind, target, "\n".join(lines[at + 1 : end]), *_shown(lines[at - 1])))
            end += 1
        elif line.startswith(("    ./", "    tests/")) and not lines[at - 1].strip():
            end = next((end for end in range(at, len(lines)) if not lines[end].startswith("    ")), len(lines))
            above = next(each for each in reversed(lines[:at]) if each.strip())
            found.append(Step(where, "sh", "", "\n".join(each[4:] for each in lines[at:end]), *_shown(above)))
        else:
            shown = _shown(_paragraph(lines, at))
            found += [Step(where, "sh", "", command, *shown) for command in _INLINE.findall(line)]
        at = end
    return found


def _shown(text: str) -> tuple[str, ...]:
    found = _SHOWN.search(text)
    return found.groups() if found else ()


def _paragraph(lines: list[str], at: int) -> str:
    """The lines around one, up to the next empty ones; of a table the row alone."""
    if lines[at].startswith("|"):
        return lines[at]
    start = next((up for up in range(at, -1, -1) if not lines[up].strip()), -1)
    end = next((down for down in range(at, len(lines)) if not lines[down].strip()), len(lines))
    return "\n".join(lines[start + 1 : end])
