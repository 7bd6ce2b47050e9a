"""What of incidents other flows need: which are not frozen any more, their figures, and the front page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from strongroom.audit.incidents import incidents
from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.incident import Incident, moment
from strongroom.core.run import Job
from strongroom.flows.foundation import front_page
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.reporting import reports_folder
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.reports.feeds.prometheus import incident_figures
from strongroom.stores.artefacts.report_files import put
from strongroom.stores.lake import Lake

INCIDENTS = "strongroom.incidents"
"""What is no table but is granted like one: `write` opens and assesses, `delete` closes, `read` lists."""
FIGURES = "incidents"
"""The file of figures, below `reports/prometheus`."""


def plain(incident: Incident, *, at: datetime, frozen: bool) -> dict[str, object]:
    """An incident for programs."""
    return {
        "id": incident.id,
        "scope": incident.scope,
        "reason": incident.reason,
        "tables": list(incident.frozen),
        "columns": list(incident.columns),
        "opened": moment(incident.opened),
        "opened_by": incident.opened_by,
        "aware": moment(incident.aware),
        "due": moment(incident.due),
        "seconds_left": int((incident.due - at).total_seconds()) if incident.ticks else None,
        "notified": moment(incident.notified) if incident.notified else "",
        "not_notified": incident.not_notified,
        "closed": moment(incident.closed) if incident.closed else "",
        "closed_by": incident.closed_by,
        "evidence": incident.evidence,
        "frozen": frozen and incident.closed is None,
    }


def record(job: Job, facts: Mapping[str, object]) -> None:
    """What was done about an incident, in the audit log."""
    event = Event.made(job.run, "incident", "done", table=INCIDENTS, policy=policy_of(job), facts=facts)
    AuditLog.open(job.settings).append(event)


def told(job: Job) -> None:
    """Brings figures and front page up to date. What cannot be written costs a note: the incident stands."""
    lake = Lake(job.settings.lake)
    try:
        found = incidents(job.settings)
        put(f"{reports_folder(lake)}/prometheus/{FIGURES}.prom", incident_figures(found), mode=0o644)
        rows = lake.read(RUNS, front_page.COLUMNS)
        front_page.write(job, lake, [] if rows is None else rows.to_pylist())
    except Exception as error:  # whatever a store's library says
        job.say(f"note: figures and front page do not tell of the incident yet ({type(error).__name__})")
