"""The report of a run: written beside the lake's tables, and told to receivers elsewhere.

What receivers are told: that the run began, how it ended, and its figures. That one is not reached ends no run.
"""

from __future__ import annotations

from collections.abc import Sequence

from strongroom.core.report import Report
from strongroom.core.report.front import Reader
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import engine_of
from strongroom.govern.review.readers import limited
from strongroom.govern.table import Table
from strongroom.reports import write
from strongroom.reports.feeds import openlineage, prometheus
from strongroom.reports.send import Delivery, Message, lineage_message, push_message
from strongroom.stores.lake import Lake


def begin(job: Job, dataset: str) -> Delivery | None:
    """Tells that a run about a data set or table began, and does not wait for it. None: nobody listens."""
    address = _text(job, "openlineage")
    if not address:
        return None
    return _deliver(job, "openlineage", [lineage_message(address, openlineage.start_event(job.run, dataset))])


def end(job: Job, report: Report, *, begun: Delivery | None = None) -> tuple[str, ...]:
    """Tells how the run ended, waits for a bounded time, and returns a note for each receiver that was not reached."""
    lineage, gateway = _text(job, "openlineage"), _text(job, "pushgateway")
    on_its_way: dict[str, Delivery] = {}
    if gateway and report.read is not None:
        figures = push_message(gateway, prometheus.document(report), group={"table": report.table})
        on_its_way["pushgateway"] = _deliver(job, "pushgateway", [figures])
    if lineage:
        # One that missed the beginning may be there by now; who knows the end only cannot tell how long it took.
        missed = begun is None or begun.outcome()
        started = [openlineage.start_event(report.run, report.dataset)] if missed else []
        events = [*started, openlineage.end_event(report)]
        on_its_way["openlineage"] = _deliver(job, "openlineage", [lineage_message(lineage, event) for event in events])
    notes = tuple(f"{name}: {reason}" for name, sent in on_its_way.items() if (reason := sent.outcome()))
    for note in notes:
        job.say(f"note: not sent to {note}; what it would have got is in the report's files")
    return notes


def _deliver(job: Job, name: str, messages: list[Message]) -> Delivery:
    seconds = float(_text(job, "send_seconds") or 5)
    return Delivery(messages, token=_text(job, f"{name}_token"), seconds=seconds)


def _text(job: Job, name: str) -> str:
    return str(job.settings.jobs["prepare"].get(name) or "")


def write_report(report: Report, *, lake: Lake) -> str:
    """Writes the report in every format and returns the page's path."""
    return write.write(report, reports_folder(lake)).html


def is_written(report: Report, *, lake: Lake) -> bool:
    """Whether the run has a report already."""
    return write.is_written(report, reports_folder(lake))


def reports_folder(lake: Lake) -> str:
    """Reports lie in the lake, wherever that is."""
    return f"{lake.root.rstrip('/')}/reports"


def readers_of(job: Job, table: Table, *, purposes: Sequence[str]) -> tuple[Reader, ...]:
    """The roles that may read some of a table now, for one of the purposes (none: for the run's own), and how much."""
    return limited(engine_of(job.settings.policy), table, purposes=purposes or (job.run.purpose,), at=job.run.started)


def roles_of(readers: Sequence[Reader]) -> tuple[str, ...]:
    """Each role once."""
    return tuple(dict.fromkeys(reader.role for reader in readers))
