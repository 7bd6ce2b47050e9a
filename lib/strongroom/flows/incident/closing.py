"""Closes an incident: another person lets reading go on, and says why."""

from __future__ import annotations

from datetime import datetime

from strongroom.audit import incidents as kept
from strongroom.audit.incident_log import logged
from strongroom.core.errors import Refused, StoreError, UsageError
from strongroom.core.escaping import joined
from strongroom.core.incident import Incident, moment
from strongroom.core.policy.freezes import file_of
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.incidents import INCIDENTS, plain, record, told


def close(job: Job, *, notified: datetime | None) -> Outcome:
    """Takes the freeze away, last of all. A denial that beats every grant is not lifted by who could have set it to
    hide something: it takes another person than who opened it, as approving an erasure does.

    Raises:
        Refused: the policy does not let this principal delete `strongroom.incidents`, or the same person opened it.
        UsageError: it is closed, no reason is given, or nothing says whether the authority was told.
        StoreError: the evidence is not what was kept, or the freeze cannot be taken away; it stays.
    """
    incident = kept.incident_of(job.settings, job.args.incident)
    if incident.closed is not None and not file_of(job.settings.policy, incident.id).exists():
        raise UsageError("this incident is closed", where=incident.id, todo="Open another one.")
    if not job.args.reason:
        raise UsageError("Why may reading go on?", where="--reason", todo="Say it in a sentence: --reason TEXT.")
    if incident.ticks and notified is None and not job.args.not_notified:
        todo = "Give --notified MOMENT, or --not-notified TEXT with the reason (GDPR Art. 33(1) and (5))."
        raise UsageError("Was the authority told?", where=incident.id, todo=todo)
    permit(job, "delete", INCIDENTS)
    who = job.run.actor or job.run.principal
    said = logged(job.settings).get(incident.id)
    if who == incident.opened_by or (said is not None and who in said.openers):
        todo = "Let somebody else close it who may delete strongroom.incidents."
        raise Refused("who opened an incident does not close it", where=incident.id, todo=todo, code="incident.opener")
    kept.check_evidence(job.settings, incident)
    if job.args.dry_run:
        answer = {"incident": plain(incident, at=job.run.started, frozen=True)}
        return Outcome(summary=f"incident {incident.id} would be closed", answer=answer)
    if notified is not None:
        record_notified(job, incident, notified)
    closed = {"closed": moment(job.run.started), "closed_by": who, "not_notified": job.args.not_notified}
    kept.keep(job.settings, incident.id, kept.CLOSED, {name: said for name, said in closed.items() if said})
    facts: dict[str, object] = {"incident": incident.id, "did": "closed", "reason": job.args.reason[:900]}
    record(job, facts)
    _thaw(job, incident)
    told(job)
    done = kept.incident_of(job.settings, incident.id)
    closes = f"incident {done.id} is closed, reading goes on; {done.clock(job.run.started)}"
    summary = joined([closes, "next: project, where roles have files of their own"])
    return Outcome(summary=summary, facts=facts, answer={"incident": plain(done, at=job.run.started, frozen=False)})


def record_notified(job: Job, incident: Incident, at: datetime) -> None:
    """Writes down when the authority was told, in the record and in the audit log."""
    kept.keep(job.settings, incident.id, kept.NOTIFIED, {"notified": moment(at)})
    record(job, {"incident": incident.id, "did": "notified", "notified": moment(at)})


def _thaw(job: Job, incident: Incident) -> None:
    file = file_of(job.settings.policy, incident.id)
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        what = f"reading does not go on yet: {error.strerror or type(error).__name__}"
        todo = "Make the policy's folder writable for this user, and close it again."
        raise StoreError(what, where=str(file), todo=todo, code="freeze.unwritable") from error
