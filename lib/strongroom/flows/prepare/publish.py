"""Publication: staged files become the tables' next versions. Why this way: docs/decisions/publication.md."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract.subject import people_of
from strongroom.core.run import RUN, Job
from strongroom.core.sql_text import Condition, one_of
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.erased import free_of_erased, within_in
from strongroom.flows.prepare import evolve, reread
from strongroom.flows.prepare.plan import Planned
from strongroom.flows.prepare.run_record import Done
from strongroom.flows.prepare.unfinished_retry import drop_replaced
from strongroom.protect.subject_tags import aside_tagger
from strongroom.stores.keys import open_keyring, still_enabled
from strongroom.stores.lake import Lake, commits, owners, properties, staging
from strongroom.stores.lake.commits import Change, Judge
from strongroom.stores.sources.manifest import Batch


def look_again(lake: Lake, planned: Planned) -> None:
    """Ends a run early that could not publish any more.

    Raises:
        StoreError: another run has taken over, or others changed what this one would replace.
    """
    batch = planned.batch
    for zone, looked in (("training", planned.onto), ("quarantine", planned.quarantine)):
        name, wider = f"{zone}.{batch.dataset}", planned.evolved is not None and bool(planned.evolved.rewritten)
        whole = batch.mode == "overwrite" or (zone == "training" and wider)
        commits.look(lake, name, looked=looked, writers=batch.writers, whole=whole)


def publish_quarantine(job: Job, done: Done, *, lake: Lake, planned: Planned) -> int:
    """The bad rows become the data set's quarantine (overwrite) or are added to it (append, or where the gate is
    closed), each exactly once.

    Returns:
        The version that they made.
    """
    still_enabled(job.settings.keyring, done.key)
    name, batch = done.contract.quarantine, done.batch
    table, plan, files = planned.quarantine, table_plans.quarantine(done.contract), done.bad
    # Where the gate is closed readers keep a version whose own rows lie here: they stay beside those of this run.
    whole = batch.mode == "overwrite" and not done.closed
    if not whole and planned.stale:
        table = commits.without(lake, name, where=_of(planned.stale))
    change = Change(files, whole=whole, schema=table_plans.QUARANTINE if whole else None)
    note = {RUN: batch.run_id, "strongroom.contract": done.contract.fingerprint}
    free = free_of_erased(
        job.settings, lake, name, change, within=people_of(done.contract), known=done.known,
        aside=lambda: aside_tagger(open_keyring(job.settings.keys, job.settings.keyring, create=False)),
    )  # fmt: skip
    version = commits.commit(lake, name, free, looked=table, writers=batch.writers, note=note)
    properties.bring(lake, name, plan, say=job.say)
    staging.drop_unnamed(lake, name, batch.stage, version=version)
    return version


def publish_training(job: Job, done: Done, *, lake: Lake, planned: Planned, judge: Judge | None) -> int:
    """One metadata commit: from here on readers see this run. Nothing before it is visible to them.

    `judge` looks at rows that others have added since the pass.

    Raises:
        KeyFault: the run's key is not enabled any more: the table would be one that nobody opens.
    """
    name, batch, plan = done.contract.training, done.batch, done.plan or table_plans.training(done.contract)
    note = {
        RUN: batch.run_id,
        "strongroom.contract": f"{done.contract.id} {done.contract.version}",
        "strongroom.fingerprint": done.contract.fingerprint,
    }
    still_enabled(job.settings.keyring, done.key)
    change, writers = _change(job, done, lake=lake, planned=planned)
    widened = planned.evolved is not None and bool(planned.evolved.rewritten)  # rows of before no gate has seen
    free = free_of_erased(
        job.settings, lake, name, change, within=within_in(plan.schema, plan.properties),
        known=() if widened else done.known,
    )  # fmt: skip
    version = commits.commit(lake, name, free, looked=planned.onto, writers=writers, note=note, judge=judge)
    drop_replaced(lake, batch)
    if barer := bare_before(planned.onto, plan.schema):
        todo = f"VACUUM {name} once nobody reads those versions"
        job.say(f"note: versions before {version} still hold {', '.join(barer)} as it came: {todo}")
    properties.bring(lake, name, plan, say=job.say)
    evolve.note(lake, name, plan.schema)
    staging.drop_unnamed(lake, name, batch.stage, version=version)
    return version


def bare_before(onto: DeltaTable | None, schema: pa.Schema) -> list[str]:
    """Columns of which a table keeps some value as it came, and of which it will not any more."""
    if onto is None:
        return []
    before = ((field.name, _methods(field)) for field in pa.schema(onto.schema().to_arrow()))
    now = {field.name: _methods(field) for field in schema}
    return [name for name, methods in before if "keep" in methods and "keep" not in now.get(name, ())]


def _methods(field: pa.Field) -> list[str]:
    said: bytes = (field.metadata or {}).get(table_plans.PROTECTION.encode(), b"")
    return said.decode().split(",")


def _change(
    job: Job, done: Done, *, lake: Lake, planned: Planned
) -> tuple[Change | Callable[[DeltaTable], Change], dict[str, int]]:
    """What the run's commit does, and the writers that it leaves in the log."""
    contract, batch, evolved = done.contract, done.batch, planned.evolved
    name, when = contract.training, int(job.run.started.timestamp() * 1000)
    files, replaced = done.good, planned.replaced
    if batch.mode == "overwrite":
        schema = owners.with_notes(table_plans.training(contract).schema, planned.onto)
        return Change(files, whole=True, schema=schema), batch.writers
    if evolved is not None and evolved.rewritten:
        stage = "" if replaced is None else replaced.stage
        rewrite = evolve.widened(job, contract, lake, evolved=evolved, without=stage)
        if replaced is not None:
            reread.check_replaceable(name, replaced, known=planned.known, table=rewrite.onto)
        adds = [*files, *(new for _, new in rewrite.pairs)]
        schema = owners.with_notes(evolved.schema, planned.onto)
        return Change(adds, whole=True, schema=schema), {**batch.writers, **rewrite.writers}
    if replaced is None:
        return Change(files), batch.writers

    def change(now: DeltaTable) -> Change:
        reread.check_replaceable(name, replaced, known=planned.known, table=now)
        return Change(files, reread.removes(now, replaced.stage, when=when))

    return change, batch.writers


def _of(stale: tuple[Batch, ...]) -> Condition | None:
    """Rows that unpublished batches left: their files are read again, so they would stand twice."""
    return one_of("batch", (batch.number for batch in stale)) if stale else None
