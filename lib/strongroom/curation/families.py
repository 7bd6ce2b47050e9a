"""Families of rules, one a file, each by its name in a contract: a block of texts → which rows fail which threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from strongroom.curation import c4, fineweb, gopher_quality, gopher_repetition
from strongroom.curation.texts import Flags, Texts

Found = Iterator[tuple[str, Flags]]
Rule = Callable[[Texts, Mapping[str, object]], Found]
"""Gives the name of each threshold that is asked for, and the rows that are not within it."""

FAMILIES: Mapping[str, Rule] = {
    "gopher_quality": gopher_quality.failing,
    "gopher_repetition": gopher_repetition.failing,
    "c4": c4.failing,
    "fineweb": fineweb.failing,
}
