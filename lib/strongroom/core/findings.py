"""What is wrong in one file, noted where it stands, so that a reader goes on and tells all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partialmethod

from strongroom.core.errors import Problem
from strongroom.core.yaml import Node


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that changes nothing in a run, and why somebody should know.

    `left` is one that was to be checked; `warning` is the kind of one that nobody may have meant.
    """

    what: str
    where: str
    left: bool = False
    warning: str = ""


class Findings:
    """The problems found so far. The method says what kind they are: `missing` of a contract is `contract.missing`."""

    area = "contract"

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[Note] = []

    def add(self, node: Node, what: str, todo: str = "", kind: str = "invalid") -> None:
        """Note a problem at this place."""
        self.problems.append(node.problem(what, todo, f"{self.area}.{kind}"))

    def note(self, node: Node, what: str, *, left: bool = False, warning: str = "") -> None:
        """Note what is understood and changes nothing; `left`: it was to be checked, and an overlay leaves it."""
        self.notes.append(Note(what, node.where, left, warning))

    def _of(self, kind: str, node: Node, what: str, todo: str = "") -> None:
        self.add(node, what, todo, kind)

    unknown_field = partialmethod(_of, "unknown-field")  # a key or field that nobody knows here
    unknown_name = partialmethod(_of, "unknown-name")  # a word, column or role that is not among those there are
    missing = partialmethod(_of, "missing")
    twice = partialmethod(_of, "twice")
    wrong_type = partialmethod(_of, "wrong-type")  # a text where a list belongs, a number out of its bounds
    misfit = partialmethod(_of, "misfit")  # sound by itself, and not with the column or type that it is about
    contradicts = partialmethod(_of, "contradicts")
    not_run = partialmethod(_of, "not-run")  # the standard knows it, and nothing here would do it
