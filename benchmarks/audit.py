"""The audit log: appends per CPU second, and the time to check as many entries as there are rows (a million)."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import main, rounded, show
from strongroom.audit.log import AuditLog
from strongroom.audit.signing import seal
from strongroom.audit.verify import check
from strongroom.core.audit_event import Event
from strongroom.core.settings import Settings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def run(*, rows: int, rounds: int) -> None:
    events = [event(number) for number in range(1_000)]
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        place = Path(folder)
        settings = Settings("", "", "", str(place / "keys/ring.json"), "", "", audit=str(place / "audit"))
        log = AuditLog.open(settings)
        for batch, count in ((1, min(rows, 2_000)), (1_000, rows)):
            start = time.process_time()
            for first in range(0, count, batch):
                log.append(*events[first % 1_000 : first % 1_000 + batch])
            spent = time.process_time() - start
            aim = ">= 20000" if batch > 1 else ""
            show(f"appends per CPU second, {batch:,} at once", aim=aim, rows=count, value=round(count / spent))
        start, wall = time.process_time(), time.perf_counter()
        head = check(log, {})
        spent, took = time.process_time() - start, time.perf_counter() - wall
        show("check every entry, wall seconds", aim="<= 30", rows=head.size, value=rounded(took), cpu_s=rounded(spent))
        start = time.process_time()
        seal(log, settings)
        log.append(events[0])
        first, start = time.process_time() - start, time.process_time()
        seal(log, settings)
        show(
            "first seal and the next, CPU s",
            rows=head.size,
            first=rounded(first),
            value=rounded(time.process_time() - start),
        )


def event(number: int) -> Event:
    """As a read is kept."""
    return Event(
        NOON, f"run-{number}", "read_table", "user:ada", "read", "allowed", roles=("data_scientist",),
        table="training.reviews", columns=("user_id", "label", "text_content"), purpose="model_training",
        policy="3b5d5c3712955042212316173ccf37be", facts={"rules": ["policy.yaml:31"], "level": "advisory"},
    )  # fmt: skip


if __name__ == "__main__":
    main(run)
