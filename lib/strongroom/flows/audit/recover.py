"""`audit recover`: the way back when the audit log is not what was signed. It is an entry of the log itself.

A log that was put back from a backup, cut, or written to by somebody is signed no more. Whoever may write the keys says
why and accepts it as it lies; what was found then stands in the log, and `audit verify` tells it for ever. A lake that
was put back is recorded by the same people in the same way, with the versions that its tables have now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from strongroom.audit.checkpoint import Checkpoint, log_name, open_checkpoint
from strongroom.audit.key_file import has_key, turn
from strongroom.audit.last_signed import SignedLogs, keep_signed, signed_logs
from strongroom.audit.log import AuditLog
from strongroom.audit.signing import head_of, known_log, last_signed, sign_head
from strongroom.audit.signing_keys import CHECKPOINT, former_keys, new_key, sound_key
from strongroom.audit.verify import read
from strongroom.core.audit_event import RECOVER, Event
from strongroom.core.errors import KeyFault, StoreError, UsageError
from strongroom.core.escaping import json_text
from strongroom.core.run import Job, Outcome
from strongroom.core.settings import Settings
from strongroom.flows.foundation.authorise import permit, policy_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.text_columns import tables_of

_KEYS = "strongroom.keys"
_LONGEST_REASON = 900
_ACCEPTED, _RESTORED = "accepted the log as it lies", "put the lake back"


def recover(job: Job, log: AuditLog) -> Outcome:
    """Accepts the log as it lies, for who may write the keys, records what was found, and signs anew.

    With `--lake` it records that the lake was put back, whether or not the log is whole.

    Raises:
        UsageError: no reason is given, or there is nothing to accept.
        Refused: who asks may not write the keys.
    """
    reason = job.args.reason.strip()
    if not 0 < len(reason) <= _LONGEST_REASON:
        todo = f"Give --reason TEXT: what happened, in at most {_LONGEST_REASON} characters."
        raise UsageError("A log is accepted for a reason.", where="--reason", todo=todo)
    decision = permit(job, "write", _KEYS)
    with turn(job.settings):
        fault, facts, goes_on = _found(log, job.settings)
        if job.args.lake:
            facts["tables"] = _versions(Lake(job.settings.lake))
        elif fault is None:
            todo = "Run audit verify; --lake records that the lake was put back."
            raise UsageError("The log is whole: there is nothing to accept.", todo=todo)
        did = _ACCEPTED if fault else _RESTORED
        if job.args.dry_run:
            summary = f"This would be recorded: {f'{did}: {fault.what}' if fault else did}"
            return Outcome(summary=summary, facts=facts, answer={**facts, "note": None})
        policy = policy_of(job)
        decided = Event.decided(job.run, decision, policy=policy)
        event = replace(decided, action=RECOVER, outcome="done", facts={"did": did, "reason": reason, **facts})
        if fault is None:  # the job's end signs it
            log.append(event)
            return Outcome(summary=f"Recorded: {did}.", facts=facts, answer={**facts, "note": None})
        note = _accept(log, job.settings, event, goes_on)
    return Outcome(summary=f"Recorded, and signed from now on:\n{note}", facts=facts, answer={**facts, "note": note})


def _versions(lake: Lake) -> dict[str, int]:
    """The version that each table of the lake has now."""
    opened = {name: lake.open(name) for name in tables_of(lake)}
    return {name: table.version() for name, table in opened.items() if table is not None}


def told(breaks: Iterable[tuple[int, Event]]) -> Iterator[str]:
    """A line for each time that the log was accepted as it lay, or the lake put back."""
    for index, event in breaks:
        found, why = (json_text(event.facts.get(name, "")) for name in ("fault", "reason"))
        did = _RESTORED if event.facts.get("did") == _RESTORED else f"accepted the log as it lay; found: {found}"
        yield f"Entry {index:,}: on {event.time:%Y-%m-%d} {event.principal} {did}; reason: {why}"


def plain(index: int, event: Event) -> dict[str, object]:
    """One such time, for programs."""
    told = {name: event.facts.get(name, "") for name in ("fault", "reason")}
    return {"entry": index, "time": event.time.isoformat(), "principal": event.principal, **told}


def _accept(log: AuditLog, settings: Settings, event: Event, origin: str) -> str:
    """Record it, keep the checkpoint of before, and sign. A log that is another than before gets a name of its own."""
    key = sound_key(log, settings) if has_key(settings) else new_key(settings)
    if _known(settings) is None:
        keep_signed(settings, SignedLogs())
    index = log.append(event)
    if before := log.note(CHECKPOINT):
        log.keep_note(f"{CHECKPOINT}-before-{index}", before)
    return sign_head(log, settings, key, read(log, {}), origin=origin or log_name(event.entry())).note


def _found(log: AuditLog, settings: Settings) -> tuple[StoreError | None, dict[str, object], str]:
    """What is wrong with the log, what to record of it, and its name, when it goes on from all that was signed."""
    fault: StoreError | None = None
    try:
        last_signed(log, settings, former_keys(settings))
    except StoreError as error:
        fault = error
    try:
        beside = open_checkpoint(log.note(CHECKPOINT), former_keys(settings))
    except ValueError:
        beside = None
    signed = known_log(log, _known(settings), beside)
    heads = {"what was signed last": head_of(signed)} if signed else {}
    heads |= {"the checkpoint in its folder": beside} if beside else {}
    found = read(log, heads)
    fault = fault or next(iter(found.faults), None)
    facts: dict[str, object] = {
        "fault": fault.what if fault else "",
        "found": _said(Checkpoint("", found.size, found.root)),
        "signed": _said(head_of(signed)) if signed else {},
        "checkpoint": _said(beside) if beside else {},
        "no_entries": len(found.flaws),
    }
    return fault, facts, signed.origin if signed and found.held else ""


def _known(settings: Settings) -> SignedLogs | None:
    """What is known of logs; what is damaged is not."""
    try:
        return signed_logs(settings)
    except KeyFault:
        return None


def _said(head: Checkpoint) -> dict[str, object]:
    return {"origin": head.origin, "size": head.size, "root": head.root.hex()}
