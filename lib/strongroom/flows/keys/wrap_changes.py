"""What `keys wrap` has to do: which roles' files differ from what the policy gives them today, and the new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.core.errors import KeyFault
from strongroom.core.keys.handed_out import Given, Handed
from strongroom.core.keys.ring import Key, Keyring, Status
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.role_keys import sealed_columns
from strongroom.govern.levels.cryptographic import Holding, Sealed, role_keys, strangers
from strongroom.stores.keys.handed_out_file import read_handed
from strongroom.stores.keys.role_files import file_of, mark_of, wrapped_for


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
    wanted: tuple[Holding, ...]
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

    def strangers(self, each: Holding) -> frozenset[str]:
        """Who holds the role's key-encryption key and is not in it."""
        return strangers(self.record, each, self.marks.get(each.role.name, ""))


def _marks(job: Job, wanted: Iterable[Holding]) -> Mapping[str, str]:
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


def _mark(job: Job, each: Holding) -> str:
    """A key-encryption key that is missing is made where its kind can be; a dry run makes none."""
    try:
        return mark_of(each.role.key, create=not job.args.dry_run)
    except KeyFault:
        if job.args.dry_run:
            return ""
        raise


def changes_of(job: Job, found: Wrapping) -> list[Change]:
    """What there is to do, with every file already made: a provider that says no stops all of it."""
    changes, wanted = [], {each.role.name: each for each in found.wanted}
    for role in dict.fromkeys((*found.record.roles, *wanted)):
        each, had = wanted.get(role), found.record.roles.get(role)
        if each is None or not each.keys:
            there = file_of(job.settings.role_keys, role).exists()
            if had is not None or there:
                changes.append(Change(role, (), columns_of(had), _left(had, each), None))
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
        now, before = set(columns_of(given)), set(columns_of(had))
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


def _would_leak(found: Wrapping, each: Holding) -> bool:
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


def columns_of(given: Given | None) -> tuple[str, ...]:
    return tuple(sorted(given.columns)) if given else ()


def _left(had: Given | None, each: Holding | None) -> tuple[str, ...]:
    """Who was in the role when its file was written, and is not now."""
    now = set(each.members) if each else set()
    return tuple(sorted(set(had.members) - now)) if had else ()


def _lies(job: Job, role: str) -> str:
    """The SHA-256 of a role's file; empty when there is none."""
    file = file_of(job.settings.role_keys, role)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
