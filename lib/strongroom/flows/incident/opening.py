"""Opens an incident: the freeze first, then the evidence, then everything that tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from strongroom.audit import incidents as kept
from strongroom.audit import signing
from strongroom.audit.log import AuditLog
from strongroom.audit.signing_keys import CHECKPOINT
from strongroom.core.errors import StoreError, StrongroomError, UsageError
from strongroom.core.escaping import joined, json_text
from strongroom.core.incident import Incident
from strongroom.core.lineage import LakeMap
from strongroom.core.names import canonical, matcher, means
from strongroom.core.policy.freezes import Frozen, file_of, folder_of, written
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import did_you_mean
from strongroom.core.zones import LAKES_OWN, ZONES
from strongroom.flows.foundation.authorise import permit, policy_of
from strongroom.flows.foundation.incidents import INCIDENTS, plain, record, told
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.foundation.lake_tables import fields_of
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.stores.lake import Lake
from strongroom.stores.lake.projections import close, existing
from strongroom.stores.whole_file import write_whole

_NOT_TOLD = ("lineage.unread", "lineage.untold", "lineage.strange")
"""Gaps of tables of which nobody can tell that they were not made from what is frozen."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is frozen, and how that is said."""

    told: str
    parts: tuple[Frozen, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table and pattern."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.tables))

    def means(self, table: str) -> bool:
        """Whether a table, or a column of it, is frozen."""
        name = canonical(table)
        return any(
            any(means(matcher(each, deny=True), name) for each in part.tables)
            and not any(means(matcher(each), name) for each in part.spares)
            for part in self.parts
        )


def open_(job: Job, *, aware: datetime) -> Outcome:
    """Freezes reading, keeps evidence and starts the clock. The same run again goes on where it was killed.

    Raises:
        Refused: the policy does not let this principal write `strongroom.incidents`; nothing is frozen.
        UsageError: there is no such table, zone or column.
        StoreError: the freeze or the record cannot be written.
    """
    if not job.args.reason:
        raise UsageError("What happened?", where="--reason", todo="Say it in a sentence: --reason TEXT.")
    permit(job, "write", INCIDENTS)
    scope = _scope(job)
    columns = tuple(dict.fromkeys(name for part in scope.parts for name in part.columns))
    incident = Incident(
        job.run.id, scope.told, job.args.reason, job.run.started, job.run.actor or job.run.principal, aware,
        scope.tables, columns,
    )  # fmt: skip
    if (before := _opened_before(job, incident)) is not None:
        return before
    if job.args.dry_run:
        return Outcome(
            summary=joined(["would be frozen:", *_frozen(scope)]), answer=_answer(job, incident, frozen=False)
        )
    freeze = written(incident.id, scope.parts)
    _put(file_of(job.settings.policy, incident.id), freeze)
    closed = _closed_projections(job, scope)
    fingerprint, unsigned = kept.keep_evidence(job.settings, incident.id, dict(_evidence(job, scope)))
    incident = replace(incident, evidence=fingerprint)
    facts: dict[str, object] = {
        "incident": incident.id, "did": "opened", "scope": scope.told[:900], "evidence": fingerprint,
        "freeze": sha256(freeze).hexdigest(), "aware": aware.isoformat(), "signed": not unsigned,
        "frozen": len(scope.tables), "projections_closed": len(closed),
    }  # fmt: skip
    record(job, facts)  # before the record itself, which is held against it: killed here, the same run opens it again
    kept.keep_opened(job.settings, incident, freeze)
    told(job)
    lines = [
        f"incident {incident.id} is open; nobody reads:",
        *_frozen(scope),
        f"evidence {fingerprint}, {f'not signed: {unsigned}' if unsigned else 'signed'}",
        *(f"closed to its role: {name}" for name in closed),
        f"{incident.clock(job.run.started)} (until {incident.due:%Y-%m-%d %H:%M} UTC)",
        "next: incident assess; what a freeze does not reach: docs/accountability.md",
    ]
    answer = _answer(job, incident) | {"signed": not unsigned, "projections": closed}
    return Outcome(summary=joined(lines), facts=facts, answer=answer)


def _answer(job: Job, incident: Incident, *, frozen: bool = True) -> dict[str, object]:
    return {"incident": plain(incident, at=job.run.started, frozen=frozen)}


def _opened_before(job: Job, incident: Incident) -> Outcome | None:
    """The same run again: an incident that is open is frozen as it was, and one that is closed stays closed."""
    if not (kept.place_of(job.settings, incident.id) / f"{kept.OPENED}.json").is_file():
        return None
    before = kept.incident_of(job.settings, incident.id)
    if before.closed is not None:
        raise UsageError("this incident is closed", where=before.id, todo="Open another one, with a new --run-id.")
    if not job.args.dry_run:
        _put(file_of(job.settings.policy, before.id), kept.freeze_of(job.settings, before.id))
        told(job)
    return Outcome(
        summary=f"incident {before.id} is open; {before.clock(job.run.started)}",
        answer=_answer(job, before),
    )


def _frozen(scope: Scope) -> Iterator[str]:
    for part in scope.parts:
        columns = f": {', '.join(part.columns)}" if part.columns else ""
        spared = f" but {', '.join(part.spares)}" if part.spares else ""
        yield from (f"  {name}{columns}{spared}" for name in part.tables)


def _scope(job: Job) -> Scope:
    """What the command line asks to freeze.

    Raises:
        UsageError: it asks for nothing, for several things, or for what is not there.
    """
    asked = [name for name in ("table", "zone", "everything") if getattr(job.args, name)]
    if len(asked) != 1:
        raise UsageError("What is to be frozen?", todo="Give one of --table NAME, --zone ZONE, --everything.")
    if job.args.columns and not job.args.table:
        raise UsageError("--columns are those of a table.", where="--columns", todo="Give --table, too.")
    if job.args.everything:
        return Scope("everything", (Frozen(("*",), spares=(f"{LAKES_OWN}.*",)),))
    if job.args.zone:
        return _zones(job)
    return _table(job)


def _zones(job: Job) -> Scope:
    """Zones with all that was made from their tables."""
    known, asked = map_of(job.settings), tuple(filter(None, job.args.zone.lower().split(",")))
    zones = dict.fromkeys((*ZONES, "raw", *(node.name.partition(".")[0].lower() for node in known.nodes)))
    for zone in asked:
        if zone not in zones or zone == LAKES_OWN:
            raise UsageError(f"there is no zone {zone!r}", where="--zone", todo=did_you_mean(zone, zones))
    inside = [node.name for node in known.nodes if node.name.partition(".")[0].lower() in asked]
    below = [name for each in inside for name in known.below(each)]
    more = [name for name in _tables(known, below) if name.partition(".")[0].lower() not in asked]
    return Scope(f"zone {', '.join(asked)}", (Frozen((*(f"{zone}.*" for zone in asked), *more)),))


def _table(job: Job) -> Scope:
    """A table with all that was made from it; of columns, what has them, and as a whole what does not."""
    tables = {table.name.lower(): table for table in known_tables(job.settings).tables}
    table = tables.get(job.args.table.lower())
    if table is None or table.name.startswith(f"{LAKES_OWN}."):
        raise UsageError(
            f"there is no table {job.args.table!r}", where="--table", todo=did_you_mean(job.args.table, tables)
        )
    known = map_of(job.settings)
    below = _tables(known, known.below(table.name))
    columns = tuple(filter(None, job.args.columns.split(",")))
    if not columns:
        return Scope(f"table {table.name}", (Frozen((table.name, *below)),))
    for column in columns:
        if table.columns and not table.top(column):
            todo = did_you_mean(column, table.columns)
            raise UsageError(f"{table.name} has no column {column!r}", where="--columns", todo=todo)
    lake = Lake(job.settings.lake)
    having = [name for name in below if _has(lake, name, columns)]
    whole = [name for name in below if name not in having]
    parts = [Frozen((table.name, *having), columns), *([Frozen(tuple(whole))] if whole else [])]
    return Scope(f"columns {', '.join(columns)} of {table.name}", tuple(parts))


def _tables(known: LakeMap, below: Sequence[str]) -> list[str]:
    """The tables among what was made from something, and those that do not say what they were made from."""
    unsaid = {gap.where for gap in known.gaps if gap.code in _NOT_TOLD}
    nodes = [node for node in known.nodes if node.name in below or node.name in unsaid]
    return [node.name for node in nodes if canonical(node.name) and node.kind not in ("raw", "models", "reports")]


def _has(lake: Lake, table: str, columns: Sequence[str]) -> bool:
    """Whether a table has all of these columns by their names, so that freezing them there is enough."""
    try:
        found = lake.open(table)
    except StoreError:
        return False
    names = {str(each["name"]).lower() for each in fields_of(found)} if found is not None else set()
    return all(column.partition(".")[0].lower() in names for column in columns)


def _put(file: Path, freeze: bytes) -> None:
    """The freeze, for every reader of the policy to read."""
    try:
        file.parent.mkdir(mode=0o755, exist_ok=True)
        write_whole({file: freeze}, mode=0o644)
    except OSError as error:
        what = f"nothing is frozen: {error.strerror or type(error).__name__}"
        todo = "Make the policy's folder writable for who opens incidents, or take the policy's grants away by hand."
        raise StoreError(what, where=str(file), todo=todo, code="freeze.unwritable") from error


def _closed_projections(job: Job, scope: Scope) -> list[str]:
    """The projections that are closed to their roles: their files are open to a group whatever the policy says."""
    lake, closed = Lake(job.settings.lake), []
    try:
        for name in existing(lake):
            if scope.means(name) or scope.means(name.split(".", 3)[3]):
                close(lake, name)
                closed.append(name)
    except (OSError, StrongroomError) as error:
        job.say(f"warning: not every projection is closed to its role ({type(error).__name__}); run project")
    return closed


def _evidence(job: Job, scope: Scope) -> Iterator[tuple[str, bytes]]:
    """Files of this moment: names, counts and fingerprints, and the policy; what cannot be had says why."""
    yield "audit.json", _text(_audit_head(job))
    yield "policy.yaml", Path(job.settings.policy).read_bytes()
    lake = Lake(job.settings.lake)
    try:
        rows = lake.read(RUNS)
        kept_rows = [] if rows is None else rows.to_pylist()
    except StrongroomError as fault:
        kept_rows = [{"unread": fault.code}]
    yield "runs.jsonl", b"".join(_text(row, line=True) for row in kept_rows)
    yield "tables.jsonl", b"".join(_text(row, line=True) for row in _versions(job, scope))
    keyring = Path(job.settings.keyring)
    fingerprint = sha256(keyring.read_bytes()).hexdigest() if keyring.is_file() else ""
    yield "keys.json", _text({"keyring_sha256": fingerprint, "policy": policy_of(job)})
    yield "freezes.txt", "".join(f"{each.name}\n" for each in sorted(folder_of(job.settings.policy).iterdir())).encode()


def _audit_head(job: Job) -> dict[str, object]:
    """How far the audit log goes, signed now where there is a key, else with what was signed last."""
    log = AuditLog.open(job.settings)
    try:
        sealed = signing.seal(log, job.settings)
        return {"entries": sealed.head.size, "root": sealed.head.root.hex(), "checkpoint": sealed.note, "fault": ""}
    except StrongroomError as fault:
        size = sum(1 for _ in log.entries())
        return {"entries": size, "root": "", "checkpoint": log.note(CHECKPOINT), "fault": fault.code}


def _versions(job: Job, scope: Scope) -> Iterator[dict[str, object]]:
    """The version of every table that is frozen."""
    try:
        known = map_of(job.settings)
    except StrongroomError as fault:
        yield {"unread": fault.code}
        return
    for node in known.nodes:
        if node.version is not None and scope.means(node.name):
            yield {
                "table": node.name, "version": node.version, "run": node.made.run, "contract": node.made.fingerprint,
            }  # fmt: skip


def _text(value: object, *, line: bool = False) -> bytes:
    plain_value = json.loads(json.dumps(value, default=str))
    return (json_text(plain_value, compact=line, indent=None if line else 1) + "\n").encode()
