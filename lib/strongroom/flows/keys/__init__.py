"""The keys of an installation: which there are, a new one, one less, and their way in and out.

keys list                             ids and states; never a key
keys rotate                           a new primary: what is written from now on uses it, what is there stays readable
keys disable 1a2b3c4d | enable …      values under it do not open for a while
keys coverage                         rows under each key, by table and column
keys rewrap                           what is encrypted under old keys, under the primary one; file by file, resumable
keys wrap                             each role's keys under the role's own: what the policy gives it by keys
keys wrap --rotate                    the same, and nothing of what a role lost opens any more by keys it kept
keys destroy 1a2b3c4d                 for ever; refused while any row of the lake lies under it
keys export FILE --column email --contract reviews    one column's keys, for any Tink
keys export FILE                      every master key in clear, as a Tink keyset: whoever has it has everything
keys import FILE [--primary]          master keys from such a file

The policy sees these as the table `strongroom.keys`: list and coverage read it; rotate, disable, enable, import, wrap
and rewrap write it (rewrap and wrap --rotate the tables, too); destroy deletes from it; export reveals it, or the
column.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from strongroom.core.errors import KeyFault, UsageError
from strongroom.core.escaping import joined
from strongroom.core.keys.ring import SUBJECTS, Key, Keyring, Status
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.keys.files import exported, imported, permit_column, saved
from strongroom.flows.keys.rewrap import rewrapped
from strongroom.flows.keys.wrap import wrapped
from strongroom.protect.key_coverage import OTHERS, rows_by_key
from strongroom.stores.keys import inventory, new_key, open_keyring
from strongroom.stores.keys.handed_out_file import read_handed
from strongroom.stores.lake import Lake
from strongroom.stores.lake.text_columns import tables_of, texts_of

TABLE = "strongroom.keys"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `keys` takes besides the options of every job."""
    parser.add_argument("verb", choices=tuple(VERBS))
    parser.add_argument("what", metavar="KEY|FILE", nargs="?", default="", help="a key's id, or a file")
    parser.add_argument(
        "--column", metavar="PATH", default="", help="export: just this column's keys (with --contract)"
    )
    parser.add_argument("--primary", action="store_true", help="import: the file's primary key becomes ours")
    parser.add_argument("--rotate", action="store_true", help="wrap: under a new primary key, and move every value")


def run(job: Job) -> Outcome:
    """Does what the verb says.

    Raises:
        Refused: the policy said no.
        UsageError: there is no such key, file or column.
        KeyFault: keyring or provider cannot be used, or rows still lie under a key that is to be destroyed.
    """
    action, work = VERBS[job.args.verb]
    if job.args.column:
        permit_column(job)
    else:
        permit(job, action, TABLE, shows=action == "read")
    return work(job)


def listed(job: Job) -> Outcome:
    """One line a key; none is opened."""
    found = inventory(job.settings.keyring)
    primary, words = (
        f"{found.primary:08x}",
        {found.primary: "  primary", SUBJECTS: "  tags data subjects; never rotated"},
    )
    lines = [f"{id_:08x}  {state}{words.get(id_, '')}" for id_, state in found.states.items()]
    keys = [
        {"key": f"{id_:08x}", "state": str(state), "primary": id_ == found.primary, "subjects": id_ == SUBJECTS}
        for id_, state in found.states.items()
    ]
    facts = {"primary": primary, "keys": len(keys)}
    return Outcome(summary=joined(lines), facts=facts, answer={"primary": primary, "keys": keys})


def rotated(job: Job) -> Outcome:
    """A new primary key; a keyring that was only made now has one already."""
    ring = _ring(job) if job.args.dry_run else ring_of(job.settings, Lake(job.settings.lake))
    if ring.notice:
        facts = {"primary": f"{ring.primary:08x}"}
        return Outcome(summary=ring.notice, facts=facts, answer={**facts, "before": None})
    key = new_key(ring.keys)
    done = saved(job, replace(ring, primary=key.id, keys=(*ring.keys, key)))
    then = _of_roles(job, "Run `keys wrap` before anything is written under it; until then it opens for none of")
    facts = {"primary": f"{done.primary:08x}", "before": f"{ring.primary:08x}"}
    return Outcome(
        summary=f"Key {key.name} is primary. Tokens made from now on differ from those made before, and do not join "
        f"with them; values under {ring.primary:08x} stay readable.{then}",
        facts=facts,
        answer=facts,
    )


def disabled(job: Job, ring: Keyring) -> Outcome:
    """Values under the key do not open until it is enabled again."""
    key = _named(job, ring, Status.ENABLED)
    saved(job, _with(ring, replace(key, status=Status.DISABLED)))
    then = _of_roles(job, "Run `keys wrap` to take it out of the files of")
    return Outcome(
        summary=f"Key {key.name} is disabled. What runs already opens values with it until it ends.{then}",
        facts={"key": key.name},
        answer={"key": key.name, "state": str(Status.DISABLED)},
    )


def enabled(job: Job, ring: Keyring) -> Outcome:
    """Values under the key open again."""
    key = _named(job, ring, Status.DISABLED)
    saved(job, _with(ring, replace(key, status=Status.ENABLED)))
    answer = {"key": key.name, "state": str(Status.ENABLED)}
    return Outcome(summary=f"Key {key.name} is enabled.", facts={"key": key.name}, answer=answer)


def covered(job: Job) -> Outcome:
    """Rows under each key, by table and column; no key is opened."""
    known = {id_: state for id_, state in inventory(job.settings.keyring).states.items() if id_ != SUBJECTS}
    found = rows_under(job, set(known))
    strange = {place: rows for place, rows in found.items() if place[0] == OTHERS}
    lines = [
        f"{key_id:08x}  {table}.{column}  {rows:,}"
        for (key_id, table, column), rows in sorted(found.items())
        if key_id != OTHERS
    ]
    lines = lines or ["No row of the lake lies under any key of this keyring."]
    lines += [
        f"unknown   {table}.{column}  {rows:,}  look protected, under keys that are not in this keyring"
        for (_, table, column), rows in sorted(strange.items())
    ]
    totals = {f"{id_:08x}": sum(rows for (key_id, *_), rows in found.items() if key_id == id_) for id_ in known}
    facts: dict[str, object] = {"rows": totals}
    places = [
        {"key": None if key_id == OTHERS else f"{key_id:08x}", "table": table, "column": column, "values": rows}
        for (key_id, table, column), rows in sorted(found.items())
    ]
    facts |= {"unknown": sum(strange.values())} if strange else {}
    return Outcome(summary=joined(lines), facts=facts, answer={"values": totals, "places": places})


def destroyed(job: Job, ring: Keyring) -> Outcome:
    """The key is gone for ever. Table versions before the newest are not counted: what lies under it there is lost."""
    key = _named(job, ring, Status.ENABLED, Status.DISABLED)
    found = {place: rows for place, rows in rows_under(job, {key.id}).items() if place[0] == key.id}
    if found:
        (_, table, column), rows = max(found.items(), key=lambda item: item[1])
        raise KeyFault(
            f"{sum(found.values()):,} values still lie under key {key.name}",
            where=f"{table}.{column} ({rows:,}){f' and {len(found) - 1} more' if len(found) > 1 else ''}",
            todo="Run `keys rewrap` for what is encrypted, prepare tokens anew from raw files, or delete the rows.",
            code="key.in-use",
        )
    saved(job, _with(ring, Key(key.id, Status.DESTROYED, None)))
    then = _of_roles(job, "Run `keys wrap` to take what was derived from it out of the files of")
    return Outcome(
        summary=f"Key {key.name} is destroyed here. It lives on in copies of the keyring, and older versions of tables "
        f"can no longer be opened.{then}",
        facts={"key": key.name},
        answer={"key": key.name, "state": str(Status.DESTROYED)},
    )


Verb = Callable[[Job], Outcome]


def _ring(job: Job) -> Keyring:
    return open_keyring(job.settings.keys, job.settings.keyring, create=False)


def _opened(work: Callable[[Job, Keyring], Outcome]) -> Verb:
    return lambda job: work(job, _ring(job))


VERBS: dict[str, tuple[str, Verb]] = {
    "list": ("read", listed),
    "coverage": ("read", covered),
    "rotate": ("write", rotated),
    "disable": ("write", _opened(disabled)),
    "enable": ("write", _opened(enabled)),
    "import": ("write", _opened(imported)),
    "rewrap": ("write", _opened(rewrapped)),
    "wrap": ("write", _opened(wrapped)),
    "export": ("reveal", _opened(exported)),
    "destroy": ("delete", _opened(destroyed)),
}
"""What each verb asks of the policy, and what it does."""


def rows_under(job: Job, keys: set[int]) -> dict[tuple[int, str, str], int]:
    """Values under each key (and under `OTHERS`), by table and column, in the newest version of every table.

    A value counts by its form alone, whatever contract it came from, so that copies in other tables count too.
    """
    lake, found = Lake(job.settings.lake), dict[tuple[int, str, str], int]()
    for table in tables_of(lake):
        job.say(f"counting {table}")
        for column, values in texts_of(lake, table):
            for key_id, rows in rows_by_key(values, keys).items():
                found[key_id, table, column] = found.get((key_id, table, column), 0) + rows
    return found


def _named(job: Job, ring: Keyring, *states: Status) -> Key:
    """The key that the command names, in one of these states and not the primary one."""
    key = next((key for key in ring.keys if key.name == job.args.what.lower()), None)
    if key is None:
        raise UsageError("there is no such key", todo=f"Give one of {', '.join(key.name for key in ring.keys)}.")
    if key.id == SUBJECTS:
        what, todo = f"key {key.name} tags data subjects, and stays", "See docs/decisions/subject-tags.md."
        raise UsageError(what, todo=todo)
    if key.id == ring.primary:
        raise UsageError(f"key {key.name} is the primary key", todo="Make another one with `keys rotate` first.")
    if key.status not in states:
        raise UsageError(f"key {key.name} is {key.status}", todo=f"`keys {job.args.verb}` is for others.")
    return key


def _of_roles(job: Job, what: str) -> str:
    """A reminder about roles that hold keys of their own; empty when none does."""
    roles = ", ".join(read_handed(job.settings.keyring)[0].roles)
    return f" {what} {roles}." if roles else ""


def _with(ring: Keyring, key: Key) -> Keyring:
    return replace(ring, keys=tuple(key if old.id == key.id else old for old in ring.keys))
