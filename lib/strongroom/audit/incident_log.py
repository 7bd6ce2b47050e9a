"""What the audit log says of incidents: the records beside it can be written anew, the log is only added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from strongroom.audit.log import AuditLog
from strongroom.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Logged:
    """An incident in the log.

    Args:
        openers: everybody who has opened it, by their own names.
        opened: the facts of the newest opening.
        closed: whether anybody has closed it.
    """

    openers: frozenset[str]
    opened: Mapping[str, object]
    closed: bool = False


def logged(settings: Settings) -> dict[str, Logged]:
    """Every incident that the log knows, by its id.

    Raises:
        StoreError: the log cannot be read.
    """
    found = dict[str, Logged]()
    if not Path(settings.audit).is_dir():  # nobody has done anything yet, and who only asks makes no folder
        return found
    for event in AuditLog.open(settings).read():
        if event.job != "incident" or event.action != "incident":
            continue
        name, did = str(event.facts.get("incident", "")), event.facts.get("did")
        before = found.get(name, Logged(frozenset(), {}))
        if did == "opened":
            openers = before.openers | {event.actor or event.principal}
            found[name] = Logged(openers, event.facts, before.closed)
        elif did == "closed":
            found[name] = Logged(before.openers, before.opened, closed=True)
    return found


def differing(said: Logged | None, seen: Mapping[str, object], opener: str) -> list[str]:
    """What of a record is not what the log says of it; a log of an older version says less."""
    if said is None or not said.opened:
        return ["opened"]
    wrong = [name for name, value in seen.items() if name in said.opened and said.opened[name] != value]
    return wrong if opener in said.openers else [*wrong, "opened_by"]
