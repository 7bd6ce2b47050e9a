"""Publication: staged files become the tables' next versions. Why this way: docs/decisions/publication.md."""

from __future__ import annotations

from strongroom.core.run import Job
from strongroom.flows import fuse, tables
from strongroom.flows.prepare_plan import Planned
from strongroom.flows.prepare_record import Done
from strongroom.stores import stages
from strongroom.stores.keys import still_enabled
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch


def publish_quarantine(job: Job, done: Done, *, lake: Lake, planned: Planned) -> int:
    """The bad rows become the data set's quarantine (overwrite) or are added to it (append), each exactly once.

    Returns:
        The version that they made.
    """
    still_enabled(job.settings.keyring, done.key)
    name, batch = f"quarantine.{done.contract.name}", done.batch
    table, files = planned.quarantine, []
    if done.tally.bad:
        bad = job.spark().read.parquet(lake.spark_path(f"training.{done.contract.name}", f"{batch.stage}/verdict=bad"))
        rows = tables.set_aside(bad, run_id=batch.run_id, batch=batch.number, extra=fuse.EXTRA)
        rows.write.mode("overwrite").parquet(lake.spark_path(name, batch.stage))
        files = stages.staged(lake, name, batch.stage)
    if batch.mode == "append":
        table = lake.without(name, table, where=_of(planned.stale))
    note = {"strongroom.run": batch.run_id, "strongroom.contract": done.contract.fingerprint}
    version = lake.commit(
        name, onto=table, files=files, mode=batch.mode, writers=batch.writers, note=note, schema=tables.QUARANTINE
    )
    lake.sync_properties(name, tables.quarantine(done.contract))
    return version


def publish_training(job: Job, done: Done, *, lake: Lake, planned: Planned) -> int:
    """One metadata commit: from here on readers see this run. Nothing before it is visible to them.

    Raises:
        KeyFault: the run's key is not enabled any more: the table would be one that nobody opens.
    """
    name, batch, plan = f"training.{done.contract.name}", done.batch, tables.training(done.contract)
    note = {
        "strongroom.run": batch.run_id,
        "strongroom.contract": f"{done.contract.id} {done.contract.version}",
        "strongroom.fingerprint": done.contract.fingerprint,
    }
    files = stages.staged(lake, name, f"{batch.stage}/verdict=good")
    still_enabled(job.settings.keyring, done.key)
    version = lake.commit(
        name, onto=planned.onto, files=files, mode=batch.mode, schema=plan.schema, writers=batch.writers, note=note
    )
    lake.sync_properties(name, plan)
    stages.drop_remains(lake, name, batch.stage)
    return version


def _of(stale: tuple[Batch, ...]) -> str:
    """Rows that unpublished batches left: their files are read again, so they would stand twice."""
    return f"batch in ({', '.join(str(batch.number) for batch in stale)})" if stale else ""
