"""Quarantined rows, judged once more by today's contract: what now passes goes to training exactly once.

Both new states are staged before either is visible. The commit to training is the moment of truth and carries the
batch's writer. The quarantine follows; when the run dies in between, `settle` finishes it before anything is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce

from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, GateClosed, Problem, StoreError
from strongroom.core.run import Job, Outcome
from strongroom.core.words import counted
from strongroom.flows import fuse, tables
from strongroom.flows.permit import permit
from strongroom.flows.prepare_facts import facts
from strongroom.flows.prepare_hashes import Rows
from strongroom.flows.prepare_marks import mark_rows, permit_references
from strongroom.flows.prepare_owners import judge_owners
from strongroom.quality.gate import judge_set
from strongroom.quality.tally import Tally
from strongroom.stores import manifest, owners, properties, stages
from strongroom.stores.keys import open_keyring, still_enabled
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import RETRY, Batch
from strongroom.stores.sources import RawFile
from strongroom.stores.table_plan import same_columns, spark_schema


def retry(job: Job, contract: Contract, lake: Lake) -> Outcome:
    """Tries every quarantined row again.

    Raises:
        ConfigError: the training table has other columns than the contract.
        GateClosed: with these rows a rule of the whole table would not hold; nothing was changed.
        StoreError: another run has taken over, or rows wait for their run to be published; nothing was changed.
    """
    training, aside = f"training.{contract.name}", f"quarantine.{contract.name}"
    for table in (training, aside):
        permit(job, "write", table, contract=contract)
    permit_references(job, contract, lake)
    known = manifest.batches(lake, contract.name)
    settle(lake, contract, known)
    onto, quarantine = manifest.fence(lake, training, known), manifest.fence(lake, aside, known)
    if not same_columns(onto, tables.training(contract).schema):
        what, todo = (
            f"the columns of {training} are no longer the contract's",
            "Run prepare with mode overwrite instead.",
        )
        raise ConfigError([Problem(what, contract.file, todo)])
    _refuse_unpublished(lake, aside, known, onto)
    owners.refuse(training, onto, mode="append")
    owners.refuse(aside, quarantine, mode="overwrite")
    pinned = RawFile(f"{aside}@{quarantine.version()}", 0, 0)
    batch = Batch(contract.name, known[-1].number + 1 if known else 1, job.run.id, RETRY, (pinned,))
    manifest.plan(lake, batch, planned=job.run.started)
    keyring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    rows = _rows(job, fuse.Pass(contract, training, keyring.handle, textual=True), lake=lake)
    tally = _stage(job, rows, lake=lake, batch=batch)
    if tally.kept:
        _judge(job, rows, lake=lake, batch=batch, tally=tally)
        still_enabled(job.settings.keyring, keyring.primary)
        _publish(job, contract, lake, batch=batch, onto=onto)
        finish(lake, contract, batch, quarantine)
    for table in (training, aside):
        stages.drop_remains(lake, table, batch.stage)
    counts = {"read": tally.rows, "written": tally.kept, "quarantined": tally.bad}
    summary = f"{aside}: {counted(tally.rows, 'row')} tried, {tally.kept:,} now in {training}, {tally.bad:,} stay"
    if closed := tally.failed.get(fuse.UNOPENED, 0):
        summary += f"\n  {closed:,} of them cannot be opened: another keyring, or somebody changed them"
    return Outcome(rows=counts, summary=summary, facts={"table": training, "batch": batch.number, **counts})


def _refuse_unpublished(lake: Lake, aside: str, known: Sequence[Batch], onto: DeltaTable) -> None:
    """Rows of a run that was not published must not get past its gate; the next run will read them again."""
    open_ones = {batch.number for batch in known if not manifest.published(batch, onto)}
    found = lake.read(aside, ["batch"])
    if found is not None and open_ones & set(found["batch"].unique().to_pylist()):
        what = "there are rows of a run that was not published: its gate was closed, or it died"
        raise StoreError(what, where=aside, todo="Run prepare until it is published; then retry what is left.")


def settle(lake: Lake, contract: Contract, known: Sequence[Batch]) -> None:
    """Finishes a retry that died after its rows had reached training and before they had left the quarantine."""
    last = known[-1] if known else None
    table, quarantine = lake.open(f"training.{contract.name}"), lake.open(f"quarantine.{contract.name}")
    if last is None or last.mode != RETRY or table is None or quarantine is None:
        return
    if manifest.published(last, table) and not manifest.published(last, quarantine):
        finish(lake, contract, last, quarantine)


def finish(lake: Lake, contract: Contract, batch: Batch, quarantine: DeltaTable) -> None:
    """The rows that still break a rule, staged before, become all that is in quarantine."""
    name = f"quarantine.{contract.name}"
    note = {"strongroom.run": batch.run_id, "strongroom.contract": contract.fingerprint}
    files = stages.staged(lake, name, batch.stage)
    lake.commit(
        name, onto=quarantine, files=files, mode="overwrite", schema=tables.QUARANTINE, writers=batch.writers, note=note
    )


def _rows(job: Job, plan: fuse.Pass, *, lake: Lake) -> Rows:
    """All that is in quarantine, sealed, and to be added to the table."""
    from pyspark.sql import functions as F

    aside = lake.spark_path(f"quarantine.{plan.contract.name}")
    rows = job.spark().read.format("delta").load(aside).drop("run_id", "batch")
    if "source_position" not in rows.columns:  # of before positions were kept
        rows = rows.withColumn("source_position", F.lit(None).cast("string"))
    return Rows(rows, plan, sealed=True, onto=True)


def _stage(job: Job, rows: Rows, *, lake: Lake, batch: Batch) -> Tally:
    from pyspark.sql import functions as F

    training, aside = rows.plan.table, f"quarantine.{rows.plan.contract.name}"
    schema = spark_schema(fuse.stage_schema(rows.plan.contract))
    judged = mark_rows(job, rows, lake=lake).mapInArrow(partial(fuse.retry, rows.plan), schema)
    verdict = F.coalesce(F.col(fuse.EXTRA)["verdict"], F.lit("good"))
    path, stats = lake.spark_path(training, batch.stage), tables.training(rows.plan.contract).stats
    stages.write(judged.withColumn("verdict", verdict), path, stats=stats, by="verdict")
    lines = stages.staged_rows(lake, training, f"{batch.stage}/verdict=tally", column=fuse.EXTRA)
    tally = reduce(Tally.merge, (Tally.from_json(line["tally"]) for line in lines), Tally())
    if tally.bad and tally.kept:
        bad = job.spark().read.parquet(lake.spark_path(training, f"{batch.stage}/verdict=bad"))
        still = tables.set_aside(bad, run_id=batch.run_id, batch=batch.number, extra=fuse.EXTRA)
        stats = tables.quarantine(rows.plan.contract).stats
        stages.write(still, lake.spark_path(aside, batch.stage), stats=stats)
    return tally


def _judge(job: Job, rows: Rows, *, lake: Lake, batch: Batch, tally: Tally) -> None:
    """The gate: what the contract asks of the table as a whole is asked of the version that readers would get.

    Other set rules are about the rows of one run, and these are only a part of some.

    Raises:
        GateClosed: a rule of severity `error` does not hold; training and quarantine stay as they are.
    """
    whole = replace(
        rows.plan.contract,
        set_rules=tuple(rule for rule in rows.plan.contract.set_rules if rule.metric == "sql"),
        quarantine_limit=None,
    )
    good = lake.spark_path(rows.plan.table, f"{batch.stage}/verdict=good")
    asked = replace(rows, plan=replace(rows.plan, contract=whole))
    onto, stage = lake.open(rows.plan.table), f"{batch.stage}/verdict=good"
    verdicts = judge_set(whole, tally, facts=facts(job, asked, staged=good, tally=tally, lake=lake))
    if onto is not None:
        verdicts += judge_owners(whole, lake, onto=onto, stage=stage, tally=tally)
    for verdict in verdicts:
        if not verdict.passed:
            job.say(f"{verdict.severity}: {verdict.sentence}  {verdict.where}")
    closing = next((verdict for verdict in verdicts if verdict.closes), None)
    if closing is None:
        return
    for table in (rows.plan.table, f"quarantine.{whole.name}"):
        stages.drop_stage(lake, table, batch.stage)
    todo = "Nothing was moved. Mend the contract, or discard the rows that break the rule (quarantine discard)."
    raise GateClosed(closing.sentence, where=closing.where, todo=todo)


def _publish(job: Job, contract: Contract, lake: Lake, *, batch: Batch, onto: DeltaTable) -> None:
    name = f"training.{contract.name}"
    note = {"strongroom.run": batch.run_id, "strongroom.contract": f"{contract.id} {contract.version}"}
    files = stages.staged(lake, name, f"{batch.stage}/verdict=good")
    lake.commit(name, onto=onto, files=files, mode="append", writers=batch.writers, note=note)
    properties.bring(lake, name, tables.training(contract), say=job.say)
