"""What a run tells receivers elsewhere: that it began, how it ended, and its figures. Nothing here can end a run."""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.core.contract import Contract
from strongroom.core.report import Report
from strongroom.core.run import Job
from strongroom.reports.feeds import openlineage, prometheus
from strongroom.reports.send import Delivery, Message, lineage_message, push_message


@dataclass(frozen=True, slots=True)
class Begun:
    """The event that a run began, on its way to who listens; `delivery` is None when nobody does."""

    event: str
    delivery: Delivery | None = None


def begin(job: Job, contract: Contract) -> Begun:
    """Tells that the run began; the run does not wait for it."""
    event = openlineage.start_event(job.run, contract.name)
    address = _text(job, "openlineage")
    return Begun(event, _deliver(job, "openlineage", [lineage_message(address, event)]) if address else None)


def end(job: Job, report: Report, *, begun: Begun) -> tuple[str, ...]:
    """Tells how the run ended, waits for a bounded time, and returns a note for each receiver that was not reached."""
    lineage, gateway = _text(job, "openlineage"), _text(job, "pushgateway")
    on_its_way: dict[str, Delivery] = {}
    if gateway and report.read is not None:
        figures = push_message(gateway, prometheus.document(report), group={"table": report.table})
        on_its_way["pushgateway"] = _deliver(job, "pushgateway", [figures])
    if lineage:
        # One that missed the beginning may be there by now; who knows the end only cannot tell how long it took.
        missed = begun.delivery is None or begun.delivery.outcome()
        events = [*([begun.event] if missed else []), openlineage.end_event(report)]
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
