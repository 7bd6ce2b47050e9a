"""Reads the audit log and holds it against what was signed of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from strongroom.audit.checkpoint import Checkpoint
from strongroom.audit.last_signed import Signed
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import Tree, leaf_hash
from strongroom.core.audit_event import RECOVER, Event, well_formed
from strongroom.core.errors import StoreError

KEEP = (
    "Keep the folder as it is and find out who wrote to it; then './spark-submit.sh audit recover' goes on from there."
)


@dataclass(slots=True)
class Reading:
    """What a log holds, as far as it was read.

    Args:
        tree: over all of its entries.
        end: the byte at which they end.
        covered: how many of them signed heads cover.
        held: whether it goes on from every signed head.
        breaks: entries that record that the log was accepted as it lay, by their number.
        flaws: numbers of entries that are not as this log writes them.
        faults: what is wrong with it, the first thing first.
    """

    tree: Tree = field(default_factory=Tree)
    end: int = 0
    covered: int = 0
    held: bool = True
    breaks: list[tuple[int, Event]] = field(default_factory=list)
    flaws: list[int] = field(default_factory=list)
    faults: list[StoreError] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many entries."""
        return self.tree.size

    @property
    def root(self) -> bytes:
        """The head over all of them."""
        return self.tree.root()

    def add(self, entry: bytes) -> None:
        """The next entry."""
        if not well_formed(entry):
            self.flaws.append(self.size)
        elif b'"action":"recover"' in entry and (event := Event.of(entry)).action == RECOVER:
            self.breaks.append((self.size, event))
        self.tree.add(leaf_hash(entry))
        self.end += len(entry) + 1

    def flaw(self) -> int | None:
        """The first entry that is none, and that nobody accepted: no signed head covers a later record of that."""
        accepted = max((index for index, _ in self.breaks if index < self.covered), default=-1)
        return next((index for index in self.flaws if index > accepted), None)


def check(log: AuditLog, heads: Mapping[str, Checkpoint], *, since: Signed | None = None) -> Reading:
    """Read the log, and return what it holds.

    Args:
        log: every entry is parsed, and must be written exactly as this log writes it.
        heads: checkpoints to hold it against, by a name for messages.
        since: read only what came after this; without it, all.

    Raises:
        StoreError: says which entry is none, or which checkpoint the log does not continue.
    """
    found = read(log, heads, since=since)
    if found.faults:
        raise found.faults[0]
    return found


def read(log: AuditLog, heads: Mapping[str, Checkpoint], *, since: Signed | None = None) -> Reading:
    """The same, and what is wrong is told in the answer."""
    found, where = Reading(), str(log.folder)
    if since is not None:
        if log.tail(since.end) != since.tail:
            what = "The audit log was changed, or cut: it does not go on where it was signed last"
            found.faults.append(
                StoreError(f"{what}, after {since.size} entries.", where=where, todo=KEEP, code="audit.changed")
            )
            return found
        found.tree = Tree(map(bytes.fromhex, since.heads), size=since.size)
        found.end, found.covered = since.end, since.size
    due: dict[int, list[str]] = {}
    for name, head in heads.items():
        if head.size:
            due.setdefault(head.size, []).append(name)
    _hold(found, heads, due.pop(found.size, ()), where=where)
    for entry in log.entries(start=found.end):
        found.add(entry)
        if found.size in due:
            _hold(found, heads, due.pop(found.size), where=where)
    for size, names in sorted(due.items()):
        found.held = False
        what = f"The audit log was cut: it has {found.size} entries, and {names[0]} saw {size}."
        found.faults.append(StoreError(what, where=where, todo=KEEP, code="audit.changed"))
    if (flaw := found.flaw()) is not None:
        what = "An entry of the audit log is not as this log writes it."
        found.faults.append(StoreError(what, where=f"{where}, entry {flaw}", todo=KEEP, code="audit.changed"))
    return found


def _hold(found: Reading, heads: Mapping[str, Checkpoint], names: Iterable[str], *, where: str) -> None:
    """Compare the root with those of the checkpoints of this size."""
    for name in names:
        if found.root != heads[name].root:
            found.held = False
            what = f"The audit log was changed: its first {found.size} entries are not those of {name}."
            found.faults.append(StoreError(what, where=where, todo=KEEP, code="audit.changed"))
        else:
            found.covered = found.size
