"""The figure of the audit log, beside those of the tables."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from strongroom.core.settings import Settings
from strongroom.stores.reports_prometheus import audit_document
from strongroom.stores.whole_file import write_whole

_FILE = "strongroom_audit.prom"


def keep_gauge(settings: Settings, *, unsealed: bool) -> None:
    """Whether the audit log could be signed, for who collects the folder of the tables' figures, once there is one.

    A job is done when it comes here: that the figure cannot be written ends nothing.
    """
    folder = Path(settings.lake) / "reports" / "prometheus"
    if "://" not in settings.lake and folder.is_dir():
        with suppress(OSError):
            write_whole({folder / _FILE: audit_document(settings.audit, unsealed=unsealed).encode()}, mode=0o644)
