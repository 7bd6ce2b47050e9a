"""What of a training table is to be read: its new files where that gives what all of it would, or else all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deltalake import DeltaTable

from strongroom.flows.curate.verdicts import batch_of
from strongroom.flows.foundation.derived import Target
from strongroom.stores.lake import Lake
from strongroom.stores.lake.others import files_of


@dataclass(frozen=True, slots=True)
class Due:
    """The files to read, as the table's log names them; `whole`: what was made before is made anew."""

    files: tuple[str, ...]
    whole: bool


def due(lake: Lake, source: DeltaTable, *, table: str, targets: Iterable[Target]) -> Due:
    """What is new since the tables were made.

    All of it is, unless they all were made of one version in this very way, all of that version's files are still
    there, and all new ones are of later batches: only then does each row come after those before it in any case.
    """
    now = files_of(source)
    versions = {target.made_of(table) for target in targets}
    version = versions.pop() if len(versions) == 1 else None
    before = None if version is None else lake.open_at(table, version)
    if before is None:
        return Due(tuple(now), whole=True)
    then = files_of(before)
    new = tuple(sorted(now.keys() - then.keys()))
    last = max(map(batch_of, then), default=0)
    if then.keys() - now.keys() or any(batch_of(path) <= last for path in new):
        return Due(tuple(now), whole=True)
    return Due(new, whole=False)
