"""Families of rules, one a file, each by its name in a contract: a block of texts → which rows fail which threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from strongroom.curation import gopher_quality
from strongroom.curation.texts import Flags, Texts

Found = Iterator[tuple[str, Flags]]
Rule = Callable[[Texts, Mapping[str, object]], Found]
"""Gives the name of each threshold that is asked for, and the rows that are not within it."""

FAMILIES: Mapping[str, Rule] = {
    "gopher_quality": gopher_quality.failing,
}
