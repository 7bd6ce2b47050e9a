"""The zones of a lake: the first part of each table's name, what lies there, and how pages call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone.

    Args:
        holds: what its tables hold, in words.
        title: of its table on the front page of a lake's reports; empty where that has none.
        derived: its tables are made from training tables, one or more a data set.
        protected: columns of the contract lie there as they left into the training table.
        ours: columns that no contract names are counts, names or places, and nobody's.
    """

    holds: str
    title: str = ""
    derived: bool = False
    protected: bool = False
    ours: bool = False


PROJECTED = "projected"
"""The one zone that others than a lake's owner may pass through, to what their group may open."""

ZONES: Mapping[str, Zone] = {
    "training": Zone("protected rows", "Prepared tables", protected=True),
    "quarantine": Zone("rows set aside, each sealed as a whole", ours=True),
    "curated": Zone("rows that are fit to train on", "Fit to train on", derived=True, protected=True, ours=True),
    "dropped": Zone(
        "keys of rows that are not fit to train on, and why", "Not fit to train on",
        derived=True, protected=True, ours=True,
    ),
    "corrections": Zone("what people had put right, each sealed", derived=True, ours=True),
    "features": Zone("vectors and keys", "Features", derived=True, protected=True, ours=True),
    "revealed": Zone("columns in clear", "Opened for a purpose", derived=True),
    PROJECTED: Zone("what a role is given", "What roles are given as files"),
}  # fmt: skip
"""Every zone of tables but `raw`, which is the sources', and `strongroom`, which is the lake's own."""

LAKES_OWN = "strongroom"
"""The zone of a lake's own tables."""

DERIVED = tuple(name for name, zone in ZONES.items() if zone.derived)
"""Zones in which a data set may have a table of its name that a job makes from its training table."""
PROTECTED = tuple(name for name, zone in ZONES.items() if zone.protected)
"""Zones in which values lie under a contract's keys, as they left into the training table; that one's is the first."""
OURS = (*(name for name, zone in ZONES.items() if zone.ours), LAKES_OWN)
"""Zones in which columns that no contract names are ours and hold nobody's data."""
