"""`keys wrap`: each role gets the keys of the columns that the policy gives it by keys, wrapped by the role's own.

What a role is to have is the policy's word today; what it had is the record beside the keyring. Whoever had a key may
have kept it, so taking a column or leaving a role makes a rotation due: docs/decisions/role-keys.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.errors import KeyFault
from strongroom.core.escaping import joined
from strongroom.core.keys.handed_out import Handed
from strongroom.core.keys.ring import Keyring, Status
from strongroom.core.policy import KEYS
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.keys.files import saved
from strongroom.flows.keys.rewrap import permitted, rewrapped
from strongroom.flows.keys.wrap_changes import Change, Wrapping, changes_of, columns_of
from strongroom.flows.keys.wrap_due import due_of, known_to
from strongroom.govern.levels.cryptographic import handing
from strongroom.stores.keys import new_key
from strongroom.stores.keys.handed_out_file import save_handed
from strongroom.stores.keys.role_files import write_files


def wrapped(job: Job, ring: Keyring) -> Outcome:
    """The roles' files as the policy has them today.

    Raises:
        KeyFault: a role's provider does not wrap, and nothing was changed; or all was done, and a rotation is due.
    """
    if job.args.rotate:
        ring = _rotated(job, ring)
    found = Wrapping.of(job, ring)
    changes = changes_of(job, found)
    record = _settled(job, found, changes)
    lines, due = [*_told(found, changes)], due_of(job, replace(found, record=record))
    would = "would " if job.args.dry_run else ""
    summary = joined((f"{len(changes):,} roles' keys {would}change" if changes else "nothing to do", *lines, *due))
    facts = {"roles": {each.role: len(each.given.keys) if each.given else 0 for each in changes}, "due": len(due)}
    answer = {"roles": [_plain(each) for each in changes], "due": [line.strip() for line in due]}
    outcome = Outcome(summary=summary, facts=facts, answer=answer)
    if due and not job.args.dry_run:
        fault = KeyFault(
            "a rotation is due", where="; ".join(due)[:900], todo="Run `keys wrap --rotate`.", code="key.due"
        )
        fault.outcome = outcome
        job.say(summary)
        raise fault
    return outcome


def _plain(each: Change) -> dict[str, object]:
    """A change for programs."""
    words = {"gains": list(each.gains), "loses": list(each.loses), "left": list(each.left)}
    return {"role": each.role, **words, "keys": len(each.given.keys) if each.given else 0}


def _rotated(job: Job, ring: Keyring) -> Keyring:
    """A new primary key, given to whoever is to have it before the first value lies under it; then every value moved.

    Raises:
        KeyFault: somebody who left a role still holds its key-encryption key, and would be given the new key, too.
    """
    found = Wrapping.of(job, ring)
    for each in found.wanted:
        if each.keys and (gone := found.strangers(each)):
            raise known_to(each, gone)
    permitted(job, ring)
    if job.args.dry_run:
        return ring
    key = new_key(ring.keys)
    ring = saved(job, replace(ring, primary=key.id, keys=(*ring.keys, key)))
    job.say(f"Key {key.name} is primary.")
    found = Wrapping.of(job, ring)
    _settled(job, found, changes_of(job, found))
    job.say(rewrapped(job, ring).summary)
    return ring


def _settled(job: Job, found: Wrapping, changes: Sequence[Change]) -> Handed:
    """The changes made: first in the audit log, then in the record, then in the files. A dry run only reckons."""
    record, wanted = found.record, {each.role.name: each for each in found.wanted}
    for each in changes:
        roles = {role: given for role, given in record.roles.items() if role != each.role}
        record = replace(record, roles=roles | ({each.role: each.given} if each.given else {}))
        if each.given:
            record = handing(record, wanted[each.role], each.given.ids, found.marks[each.role])
    there = {key.id for key in found.ring.keys if key.status is not Status.DESTROYED}
    record = replace(record, held={key: people for key, people in record.held.items() if key[1] in there})
    if job.args.dry_run or not changes:
        return record
    AuditLog.open(job.settings).append(*(_event(job, each) for each in changes))
    save_handed(job.settings.keyring, record, before=found.before)
    write_files(job.settings.role_keys, {each.role: each.data for each in changes})
    return record


def _event(job: Job, each: Change) -> Event:
    ids = [f"{key_id:08x}" for key_id in each.given.ids] if each.given else []
    facts = {
        "did": "wrapped" if each.given else "withdrawn", "level": KEYS, "keys": ids, "gains": list(each.gains),
        "loses": list(each.loses), "left": list(each.left), "members": list(each.given.members) if each.given else [],
    }  # fmt: skip
    return Event.made(
        job.run, "key", roles=(each.role,), table="strongroom.keys", columns=columns_of(each.given),
        policy=policy_of(job),
        facts={name: value for name, value in facts.items() if value},
    )  # fmt: skip


def _told(found: Wrapping, changes: Iterable[Change]) -> Iterable[str]:
    for change in changes:
        words = (("gains", change.gains), ("loses", change.loses), ("without", change.left))
        parts = [f"{verb} {', '.join(names)}" for verb, names in words if names]
        if change.left and change.given and not change.given.mark:
            parts.append(f"take who left out of those who may use {change.given.holder}")
        yield f"  {change.role}: {'; '.join(parts) or 'wrapped anew'}{'' if change.given else '; it holds no keys now'}"
    for each in found.wanted:
        for inside, outside in each.barred.values():
            yield (
                f"  {each.role.name}: not given {', '.join(inside)}, since the same key opens {', '.join(outside)}, "
                "which the policy does not give to all of its members in clear"
            )
