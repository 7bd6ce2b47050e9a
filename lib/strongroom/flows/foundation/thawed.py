"""Which incidents are not frozen any more, though nobody has closed them.

`check` asks this each time, so nothing heavy is loaded here.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from strongroom.audit.incident_log import logged
from strongroom.core.policy.freezes import file_of
from strongroom.core.settings import Settings


def thawed(settings: Settings) -> frozenset[str]:
    """Incidents that nobody has closed, by the log, and whose freeze is gone or is not the one that was set."""
    return frozenset(
        name
        for name, said in logged(settings).items()
        if not said.closed and not _stands(file_of(settings.policy, name), str(said.opened.get("freeze", "")))
    )


def _stands(freeze: Path, known: str) -> bool:
    return freeze.is_file() and known in ("", sha256(freeze.read_bytes()).hexdigest())
