"""What an answer tells beside the data: what for, until when, who read it, who holds copies, what was trained on it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from pathlib import Path

from strongroom.audit.log import AuditLog
from strongroom.core.contract import Contract
from strongroom.core.contract.legal_basis import articles
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import Problem, StoreError
from strongroom.core.lineage import LakeMap
from strongroom.core.person import Held, Model, Reader, Recipient
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import ask, permit
from strongroom.flows.foundation.role_keys import sealed_in
from strongroom.flows.foundation.subjects import Within
from strongroom.flows.foundation.tagged_rows import in_table
from strongroom.flows.person.opening import columns_of
from strongroom.flows.person.places import RAW, Lying
from strongroom.protect.tag_sets import TagSet
from strongroom.stores.lake import Lake

AUDIT = "strongroom.audit"
_Key = tuple[str, str, str, str, str]
_RAW_UNTIL = "whoever owns the files deletes them: no retention reaches raw files"
_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}


def held_of(lying: Lying, known: LakeMap, *, values: tuple[Mapping[str, object], ...], masked: int) -> Held:
    """A place of the answer, with all that map and contract say of it."""
    node, contract = lying.place.node, lying.place.contract
    shown, withheld = columns_of(lying)
    purposes = tuple(filter(None, node.made.purpose.split(",")))
    if lying.place.kind == RAW and contract is not None:
        purposes = contract.purposes
    basis = {} if contract is None else {p: f"{b}, {articles(b)}" for p, b in contract.legal_basis.items()}
    basis |= node.made.basis
    edges = [
        f"{edge.source}{'' if edge.version is None else f' version {edge.version}'}" for edge in known.into(node.name)
    ]
    return Held(
        place=node.name,
        holds=node.holds,
        version=node.version,
        rows=lying.count,
        columns=shown,
        withheld=withheld,
        purposes=purposes,
        basis={purpose: basis[purpose] for purpose in purposes if purpose in basis},
        made_from=tuple(edges) or ("files that came from its source",),
        until=_RAW_UNTIL if lying.place.kind == RAW else _until(contract),
        masked=masked,
        values=values,
    )


def _until(contract: Contract | None) -> str:
    """How long, as the contract says it."""
    kept = contract.retention if contract is not None else None
    if kept is None:
        return ""
    return f"{kept.amount} {_UNITS.get(kept.unit, kept.unit)}{'' if kept.amount == 1 else 's'} after {kept.path}"


def readers_of(job: Job, tables: Collection[str]) -> tuple[tuple[Reader, ...], tuple[Problem, ...]]:
    """Who read or opened these tables, as the audit log has it: it knows tables and columns, and no rows."""
    if not ask(job, "read", AUDIT).allowed:
        what, todo = "the policy does not let you read the audit log, so nobody is told who read", "Ask for a grant."
        return (), (Problem(what, AUDIT, todo, "person.refused"),)
    permit(job, "read", AUDIT, shows=True)
    wanted = {name.lower() for name in tables}
    found: dict[_Key, tuple[frozenset[str], str, str]] = {}
    for event in AuditLog.open(job.settings).read():
        if event.action not in ("read", "reveal") or event.outcome != "allowed" or event.run == job.run.id:
            continue
        if event.table.lower() in wanted:
            key = (event.principal, event.actor, event.action, event.purpose, event.table)
            at = event.time.astimezone(UTC).isoformat()
            runs, first, _ = found.get(key, (frozenset(), at, at))
            found[key] = (runs | {event.run}, first, at)
    return tuple(_reader(key, told) for key, told in sorted(found.items())), ()


def _reader(key: _Key, told: tuple[frozenset[str], str, str]) -> Reader:
    (principal, actor, action, purpose, table), (runs, first, last) = key, told
    return Reader(principal, actor, action, purpose, table, times=len(runs), first=first, last=last)


def recipients_of(
    known: LakeMap, lake: Lake, *, held: Collection[Held], contracts: Collection[Contract]
) -> tuple[Recipient, ...]:
    """Roles that hold copies of these tables, or keys of their columns, in files of their own."""
    names = {each.place.lower() for each in held}
    return (*_copies(known, lake, names), *_keys(known, names, contracts))


def _copies(known: LakeMap, lake: Lake, names: Collection[str]) -> Iterator[Recipient]:
    for node in known.nodes:
        sources = [edge.source for edge in known.into(node.name)]
        if node.kind == "projected" and any(source.lower() in names for source in sources):
            found = lake.open(node.name)
            columns = () if found is None else tuple(field.name for field in found.schema().fields)
            yield Recipient(node.name.split(".")[1], "copy", ", ".join(sources), columns)


def _keys(known: LakeMap, names: Collection[str], contracts: Collection[Contract]) -> Iterator[Recipient]:
    for node in known.nodes:
        if not node.name.startswith("role-keys/"):
            continue
        role, mine = node.name.removeprefix("role-keys/"), _keys_in(Path(node.places[0]))
        for contract in contracts:
            if contract.training.lower() in names:
                opened = tuple(each.path for each in sealed_in(contract) if each.key in mine)
                if opened:
                    yield Recipient(role, "keys", contract.training, opened)


def _keys_in(file: Path) -> frozenset[str]:
    try:
        return frozenset(json.loads(file.read_bytes())["keysets"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def models_of(
    known: LakeMap, lake: Lake, *, held: Collection[Held], tags: Mapping[Within, TagSet]
) -> tuple[Model, ...]:
    """The models made from these tables, and how many of the person's rows were in the version that was read."""
    names, found = {each.place for each in held}, list[Model]()
    for node in known.nodes:
        for edge in known.into(node.name) if node.kind == "models" else ():
            if edge.source in names:
                purposes = tuple(filter(None, node.made.purpose.split(",")))
                rows = _rows_then(lake, edge.source, edge.version, tags.get(node.whose.within))
                found.append(Model(node.name, edge.source, edge.version, purposes, rows))
    return tuple(found)


def _rows_then(lake: Lake, table: str, version: int | None, tags: TagSet | None) -> int | None:
    """The person's rows in an earlier version; None where that cannot be read any more."""
    then = None if version is None else lake.open_at(table, version)
    if then is None or tags is None or TAG not in [field.name for field in then.schema().fields]:
        return None
    try:
        return sum(int(batch.num_rows) for batch in in_table(lake, table, then, tags))
    except StoreError:
        return None
