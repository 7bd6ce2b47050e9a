"""An incident: what was frozen since when, who opened and closed it, and until when the authority must be told.

The clock is that of GDPR Art. 33(1): 72 hours after the controller became aware of a personal data breach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOTIFY_WITHIN = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; what has not happened yet is None or empty.

    Args:
        id: of the run that opened it.
        scope: what is frozen, in the words of who opened it: `table training.reviews`, `everything`, …
        reason: what happened, by whoever opened it.
        opened: when; aware, in UTC, like every other moment here.
        opened_by: who really typed it.
        aware: when the controller became aware.
        frozen: the tables that nobody reads meanwhile, by names and patterns.
        columns: where only columns of `frozen` are meant.
        evidence: the SHA-256 of the evidence's list of files.
        notified: when the authority was told.
        not_notified: why it is not told.
        closed: when reading went on.
        closed_by: who let it.
    """

    id: str
    scope: str
    reason: str
    opened: datetime
    opened_by: str
    aware: datetime
    frozen: tuple[str, ...]
    columns: tuple[str, ...] = ()
    evidence: str = ""
    notified: datetime | None = None
    not_notified: str = ""
    closed: datetime | None = None
    closed_by: str = ""

    @property
    def due(self) -> datetime:
        """Until when the authority must be told."""
        return self.aware + NOTIFY_WITHIN

    @property
    def ticks(self) -> bool:
        """Whether the authority is still to be told, or the reason why not to be written down."""
        return self.notified is None and not self.not_notified

    def clock(self, at: datetime) -> str:
        """What the clock shows at a moment, in words."""
        if self.notified is not None:
            late = " (late)" if self.notified > self.due else ""
            return f"authority told {moment(self.notified)}{late}"
        if self.not_notified:
            return "authority not told, with the reason"
        left = self.due - at
        hours, minutes = divmod(int(abs(left).total_seconds()) // 60, 60)
        return f"{hours} h {minutes:02} min {'left' if left >= timedelta() else 'over'} to tell the authority"


def moment(at: datetime) -> str:
    """A moment as people and programs read it: to the second, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
