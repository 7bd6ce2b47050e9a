"""`keys wrap`: each role gets the keys of the columns that the policy gives it by keys, wrapped by the role's own.

What a role is to have is the policy's word today; what it had is the record beside the keyring. Whoever had a key may
have kept it, so taking a column or leaving a role makes a rotation due: docs/decisions/role-keys.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.core.errors import KeyFault
from strongroom.core.event import Event
from strongroom.core.handed import Given, Handed
from strongroom.core.key import Key, Keyring, Status
from strongroom.core.policy import KEYS
from strongroom.core.run import Job, Outcome
from strongroom.flows.keys_files import saved
from strongroom.flows.keys_rewrap import permitted, rewrapped
from strongroom.flows.permit import engine_of
from strongroom.flows.role_keys import sealed_columns
from strongroom.govern.role_keys import RoleKeys, Sealed, handing, kept, role_keys, strangers
from strongroom.protect.coverage import rows_by_key
from strongroom.stores.audit import AuditLog
from strongroom.stores.keys import new_key
from strongroom.stores.keys_coverage import texts_of
from strongroom.stores.keys_handed import read_handed, save_handed
from strongroom.stores.keys_role import file_of, mark_of, wrapped_for, write_files
from strongroom.stores.lake import Lake


@dataclass(frozen=True, slots=True)
class Change:
    """What a run does with one role's file: `data` is the new one, None takes it away; no change is none."""

    role: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    left: tuple[str, ...]
    given: Given | None
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Everything that a run knows: what is wanted, whose key-encryption keys are whose, and the record of before."""

    ring: Keyring
    sealed: tuple[Sealed, ...]
    wanted: tuple[RoleKeys, ...]
    marks: Mapping[str, str]
    record: Handed
    before: bytes

    @classmethod
    def of(cls, job: Job, ring: Keyring) -> Wrapping:
        """Raises KeyFault when a role's key-encryption key is missing, or another's too."""
        engine, sealed = engine_of(job.settings.policy), sealed_columns(job.settings)
        wanted = role_keys(engine, sealed, at=job.run.started)
        record, before = read_handed(job.settings.keyring)
        return cls(ring, sealed, wanted, _marks(job, wanted), record, before)

    def strangers(self, each: RoleKeys) -> frozenset[str]:
        """Who holds the role's key-encryption key and is not in it."""
        return strangers(self.record, each, self.marks.get(each.role.name, ""))


def wrapped(job: Job, ring: Keyring) -> Outcome:
    """The roles' files as the policy has them today.

    Raises:
        KeyFault: a role's provider does not wrap, and nothing was changed; or all was done, and a rotation is due.
    """
    if job.args.rotate:
        ring = _rotated(job, ring)
    found = Wrapping.of(job, ring)
    changes = _changes(job, found)
    record = _settled(job, found, changes)
    lines, due = [*_told(found, changes)], _due(job, replace(found, record=record))
    would = "would " if job.args.dry_run else ""
    summary = "\n".join((f"{len(changes):,} roles' keys {would}change" if changes else "nothing to do", *lines, *due))
    facts = {"roles": {each.role: len(each.given.keys) if each.given else 0 for each in changes}, "due": len(due)}
    outcome = Outcome(summary=summary, facts=facts)
    if due and not job.args.dry_run:
        fault = KeyFault("a rotation is due", where="; ".join(due)[:900], todo="Run `keys wrap --rotate`.")
        fault.outcome = outcome
        job.say(summary)
        raise fault
    return outcome


def _rotated(job: Job, ring: Keyring) -> Keyring:
    """A new primary key, given to whoever is to have it before the first value lies under it; then every value moved.

    Raises:
        KeyFault: somebody who left a role still holds its key-encryption key, and would be given the new key, too.
    """
    found = Wrapping.of(job, ring)
    for each in found.wanted:
        if each.keys and (gone := found.strangers(each)):
            raise _known_to(each, gone)
    permitted(job, ring)
    if job.args.dry_run:
        return ring
    key = new_key(ring.keys)
    ring = saved(job, replace(ring, primary=key.id, keys=(*ring.keys, key)))
    job.say(f"Key {key.name} is primary.")
    found = Wrapping.of(job, ring)
    _settled(job, found, _changes(job, found))
    job.say(rewrapped(job, ring).summary)
    return ring


def _known_to(each: RoleKeys, gone: Iterable[str]) -> KeyFault:
    return KeyFault(
        f"{', '.join(sorted(gone))} left the role {each.role.name!r} and may still have its key-encryption key",
        where=each.role.where,
        todo="Name another one (`key:`) for the role, and give it to its members.",
    )


def _marks(job: Job, wanted: Iterable[RoleKeys]) -> Mapping[str, str]:
    """Role → the mark of its key-encryption key, of roles that are to hold something.

    Raises:
        KeyFault: two roles have the same one, or a role has the installation's: either opens more than it is to.
    """
    seen = {job.settings.keys: "the installation"}
    if own := mark_of(job.settings.keys):
        seen[own] = "the installation"
    found: dict[str, str] = {}
    for each in wanted:
        if not each.keys:
            continue
        mark = _mark(job, each)
        for name in filter(None, (each.role.key, mark)):
            if name in seen:
                what = f"the role {each.role.name!r} and {seen[name]} have one key-encryption key"
                raise KeyFault(what, where=each.role.where, todo="Give each a key of its own.")
            seen[name] = f"the role {each.role.name!r}"
        found[each.role.name] = mark
    return found


def _mark(job: Job, each: RoleKeys) -> str:
    """A key-encryption key that is missing is made where its kind can be; a dry run makes none."""
    try:
        return mark_of(each.role.key, create=not job.args.dry_run)
    except KeyFault:
        if job.args.dry_run:
            return ""
        raise


def _changes(job: Job, found: Wrapping) -> list[Change]:
    """What there is to do, with every file already made: a provider that says no stops all of it."""
    changes, wanted = [], {each.role.name: each for each in found.wanted}
    for role in dict.fromkeys((*found.record.roles, *wanted)):
        each, had = wanted.get(role), found.record.roles.get(role)
        if each is None or not each.keys:
            there = file_of(job.settings.role_keys, role).exists()
            if had is not None or there:
                changes.append(Change(role, (), _columns(had), _left(had, each), None))
            continue
        ids, mark = found.ring.enabled, found.marks[role]
        given = Given(each.keys, ids, each.members, each.role.key, mark, "")
        if had is not None and replace(had, digest="") == given and _lies(job, role) == had.digest:
            continue
        if _would_leak(found, each):
            continue
        if _same(had, given) and had is not None and _lies(job, role) == had.digest:
            data = file_of(job.settings.role_keys, role).read_bytes()  # only who is in it has changed
        else:
            data = b"" if job.args.dry_run else wrapped_for(role, each.role.key, _keysets(found.ring, each.keys))
        now, before = set(_columns(given)), set(_columns(had))
        changes.append(
            Change(
                role, tuple(sorted(now - before)), tuple(sorted(before - now)), _left(had, each),
                replace(given, digest=hashlib.sha256(data).hexdigest()), data,
            )
        )  # fmt: skip
    return changes


def _same(had: Given | None, given: Given) -> bool:
    """Whether only who is in the role has changed, or what a key opens: then the file stays as it is."""
    if had is None:
        return False
    before, now = ((each.ids, each.holder, each.mark, set(each.keys)) for each in (had, given))
    return before == now


def _would_leak(found: Wrapping, each: RoleKeys) -> bool:
    """Whether somebody who left the role would be given a key that they do not have yet."""
    gone, ids = found.strangers(each), found.ring.enabled
    return any(gone - found.record.held.get((name, key_id), frozenset()) for name in each.keys for key_id in ids)


def _keysets(ring: Keyring, names: Iterable[str]) -> dict[str, tuple[int, Sequence[Key]]]:
    """The keys of these names, derived from every master key that is enabled."""
    return {
        name: (
            ring.primary,
            [Key(id_, Status.ENABLED, ring.derive(name, length=64, key_id=id_)) for id_ in ring.enabled],
        )
        for name in names
    }


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
    return Event(
        time=job.run.started, run=job.run.id, job=job.run.job, principal=job.run.principal, actor=job.run.actor,
        action="key", outcome="allowed", roles=(each.role,), table="strongroom.keys", columns=_columns(each.given),
        purpose=job.run.purpose, policy=engine_of(job.settings.policy).policy.fingerprint,
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


def _due(job: Job, found: Wrapping) -> list[str]:
    """What is left to do before nobody who may not see a column any more can open what lies in it now."""
    lines = []
    for each in found.wanted:
        if each.keys and (gone := found.strangers(each)):
            fault = _known_to(each, gone)
            lines.append(f"  due: {fault.what} ({fault.where}). {fault.todo}")
    lake, opened = Lake(job.settings.lake), kept(found.record, found.wanted)
    for (name, key_id), people in sorted(opened.items()):
        columns = [each for each in found.sealed if each.key == name]
        lying = found.ring.primary == key_id or _lie(lake, columns, key_id)
        if lying:
            what = ", ".join(each.name for each in columns) or name
            lines.append(f"  due: {', '.join(sorted(people))} may have kept key {key_id:08x} of {what}")
    return lines


def _lie(lake: Lake, columns: Iterable[Sealed], key_id: int) -> bool:
    """Whether a value of these columns lies under that master key in a table's newest version."""
    tops: dict[str, set[str]] = {}
    for each in columns:
        for zone in ("training", "features"):
            tops.setdefault(f"{zone}.{each.table.partition('.')[2]}", set()).add(each.path.split(".")[0].split("[")[0])
    return any(
        rows_by_key(values, {key_id})
        for table, names in tops.items()
        for _, values in texts_of(lake, table, columns=names)
    )


def _columns(given: Given | None) -> tuple[str, ...]:
    return tuple(sorted(given.columns)) if given else ()


def _left(had: Given | None, each: RoleKeys | None) -> tuple[str, ...]:
    """Who was in the role when its file was written, and is not now."""
    now = set(each.members) if each else set()
    return tuple(sorted(set(had.members) - now)) if had else ()


def _lies(job: Job, role: str) -> str:
    """The SHA-256 of a role's file; empty when there is none."""
    file = file_of(job.settings.role_keys, role)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
