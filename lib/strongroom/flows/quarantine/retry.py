"""Quarantined rows, judged once more by today's contract: what now passes goes to training exactly once.

Both new states are staged before either is visible. First the quarantine becomes what still breaks a rule: that is
refused when others have changed it. Then the rows that pass are added to training, which goes through beside whatever
others do; when the run dies in between, `settle` does it before anything is planned.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, GateClosed, Problem, StoreError
from strongroom.core.escaping import preparing
from strongroom.core.run import RUN, Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.cross_row.rules import broken_rows, new_keys, permit_references
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.keyring import marked, ring_for
from strongroom.flows.prepare.evolve import add, evolution_of
from strongroom.flows.prepare.gate_facts import Judged, facts
from strongroom.flows.prepare.owner_rules import judge_owners
from strongroom.flows.prepare.unfinished_retry import FILES, MOVED, finish, settle
from strongroom.flows.quarantine.sealed_feed import COLUMNS, Sealed
from strongroom.flows.quarantine.sealed_feed import retry as retry_rows
from strongroom.flows.row_pass.inputs import Input, Road, held, road_of, with_places
from strongroom.flows.row_pass.passing import files_of, passed
from strongroom.flows.row_pass.people import with_gates
from strongroom.flows.row_pass.probe import probed
from strongroom.flows.row_pass.process import UNOPENED, PassPlan
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import judge_set
from strongroom.stores.keys import keyring_of, still_enabled
from strongroom.stores.lake import Lake, commits, owners, properties, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.table_files import files_at
from strongroom.stores.sources import RawFile, manifest
from strongroom.stores.sources.manifest import RETRY, Batch
from strongroom.stores.sources.origins import origins_of


def retry(job: Job, contract: Contract, lake: Lake) -> Outcome:
    """Tries every quarantined row again.

    Raises:
        ConfigError: the training table has other columns than the contract, or cannot be brought to it.
        GateClosed: with these rows a rule of the whole table would not hold; nothing was changed.
        StoreError: another run has taken over, or rows wait for their run to be published; nothing was changed.
    """
    training, aside = contract.training, contract.quarantine
    for table in (training, aside):
        permit(job, "write", table, contract=contract)
    permit_references(job, contract, lake)
    known = manifest.batches(lake, contract.name)
    settle(lake, contract, known)
    quarantine, onto = manifest.fence(lake, aside, known), manifest.fence(lake, training, known)
    evolved = evolution_of(contract, onto)
    if evolved.changes.keys() == {TAG}:  # a table of before rows were tagged
        onto = add(lake, training, evolved, onto)
    elif evolved.changes:
        what, first = f"the columns of {training} are not the contract's yet", preparing(contract.name, mode="append")
        raise ConfigError([Problem(what, contract.file, f"Bring them there first: {first}.", "table.contract")])
    _refuse_unpublished(lake, aside, known, onto)
    owners.refuse(training, onto, mode="append")
    owners.refuse(aside, quarantine, mode="overwrite")
    pinned = RawFile(f"{aside}@{quarantine.version()}", 0, 0)
    batch = Batch(contract.name, known[-1].number + 1 if known else 1, job.run.id, RETRY, (pinned,))
    manifest.plan(lake, batch, planned=job.run.started)
    keyring = ring_for(job.settings, lake, contract)
    plan, lying = PassPlan(contract, training, keyring.handle), files_at(lake, quarantine, aside)
    folder = staging.place(lake, training, batch.stage, stats=()).folder
    way = probed(
        job, road_of(job, size=lying.size, only_spark=bool(lying.why_not)), files=lying.paths[:1], folder=folder
    )
    plan = with_gates(job, plan, lake, folder=folder, reached=way.writes)
    staged = _stage(job, way, plan, lake=lake, batch=batch, quarantine=quarantine)
    tally = staged.tally
    if tally.kept:
        _judge(job, way, staged, lake=lake, batch=batch)
        still_enabled(job.settings.keyring, keyring.primary)
        _publish(job, way, plan, staged, lake=lake, batch=batch, onto=onto, quarantine=quarantine)
    for table, files in ((training, staged.good), (aside, staged.bad)):
        staging.drop_remains(lake, table, batch.stage, named=staging.names(files) if tally.kept else ())
    counts = {"read": tally.rows, "written": tally.kept, "quarantined": tally.bad}
    summary = f"{aside}: {counted(tally.rows, 'row')} tried, {tally.kept:,} now in {training}, {tally.bad:,} stay"
    if closed := tally.failed.get(UNOPENED, 0):
        summary += f"\n  {closed:,} of them cannot be opened: another keyring, or somebody changed them"
    facts = {"table": training, "batch": batch.number, **counts}
    return Outcome(
        rows=counts, summary=summary, facts=facts, answer={**facts, "unopened": tally.failed.get(UNOPENED, 0)}
    )


def _refuse_unpublished(lake: Lake, aside: str, known: Sequence[Batch], onto: DeltaTable) -> None:
    """Rows of a run that was not published must not get past its gate; the next run will read them again."""
    open_ones = {batch.number for batch in known if not manifest.published(batch, onto)}
    found = lake.read(aside, ["batch"])
    if found is not None and open_ones & set(found["batch"].unique().to_pylist()):
        what = "there are rows of a run that was not published: its gate was closed, or it died"
        again = preparing(aside.partition(".")[2])
        raise StoreError(
            what,
            where=aside,
            todo=f"Run {again} until it is published; then retry what is left.",
            code="run.unfinished",
        )


@dataclass(frozen=True, slots=True)
class _Retried:
    """The rows that were tried, and the staged files of those that pass and of those that stay."""

    rows: Judged
    good: tuple[AddAction, ...]
    bad: tuple[AddAction, ...]

    @property
    def tally(self) -> Tally:
        return self.rows.tally


def _stage(job: Job, way: Road, plan: PassPlan, *, lake: Lake, batch: Batch, quarantine: DeltaTable) -> _Retried:
    aside = files_at(lake, quarantine, plan.contract.quarantine)
    kept = origins_of(lake, plan.contract.name, _batches(lake, aside.name))
    forms = {key: origin.form for key, origin in kept.items() if origin.form is not None}
    if way.direct and not aside.why_not:
        inputs = [Input(Sealed(plan, forms, aside.paths), aside.size, count=len(aside.paths))]
    else:
        inputs = [Input(Sealed(plan, forms), aside.size, frame=with_places(held(way.spark(), aside), COLUMNS))]
    broken = broken_rows(job, way, plan, inputs, lake=lake, onto=True)
    done = passed(way, plan, inputs, lake=lake, batch=batch, broken=broken, function=retry_rows)
    judged = Judged(plan, inputs, files_of(lake, plan.table, done.good), done.answer.tally, onto=True)
    return _Retried(judged, done.good, done.bad)


def _batches(lake: Lake, aside: str) -> list[int]:
    rows = lake.read(aside, ["batch"])
    return [] if rows is None else sorted(rows["batch"].unique().to_pylist())


def _judge(job: Job, way: Road, tried: _Retried, *, lake: Lake, batch: Batch) -> None:
    """The gate: what the contract asks of the table as a whole is asked of the version that readers would get.

    Other set rules are about the rows of one run, and these are only a part of some.

    Raises:
        GateClosed: a rule of severity `error` does not hold; training and quarantine stay as they are.
    """
    plan = tried.rows.plan
    whole = replace(
        plan.contract,
        set_rules=tuple(rule for rule in plan.contract.set_rules if rule.metric == "sql"),
        quarantine_limit=None,
    )
    asked = replace(tried.rows, plan=replace(plan, contract=whole))
    onto = lake.open(plan.table)
    verdicts = judge_set(whole, tried.tally, facts=facts(job, way, asked, lake=lake))
    if onto is not None:
        verdicts += judge_owners(whole, lake, onto=onto, files=tried.good, tally=tried.tally)
    for verdict in verdicts:
        if not verdict.passed:
            job.say(f"{verdict.severity}: {verdict.sentence}  {verdict.where}")
    closing = next((verdict for verdict in verdicts if verdict.closes), None)
    if closing is None:
        return
    for table in (plan.table, whole.quarantine):
        staging.drop_stage(lake, table, batch.stage)
    discard = f"./spark-submit.sh quarantine discard --contract {whole.name} --run ID"
    todo = f"Nothing was moved. Mend the contract, or discard the rows of the run that has such: {discard}."
    raise GateClosed(closing.sentence, where=closing.where, todo=todo)


def _publish(
    job: Job, way: Road, plan: PassPlan, tried: _Retried, *, lake: Lake, batch: Batch, onto: DeltaTable,
    quarantine: DeltaTable,
) -> None:  # fmt: skip
    """Out of quarantine, into training. If training then does not take them, they go back."""
    contract, training, aside = plan.contract, plan.table, plan.contract.quarantine
    judge = new_keys(job, way, plan, lake=lake, good=tried.good)
    commits.look(lake, training, looked=onto, writers=batch.writers, whole=False, judge=judge)
    moved = tried.tally.kept
    names = json.dumps([file.path.rpartition("/")[2] for file in tried.good])
    note = {RUN: batch.run_id, "strongroom.contract": contract.fingerprint, MOVED: str(moved), FILES: names}
    still = Change(tried.bad, whole=True, schema=table_plans.QUARANTINE)
    version = commits.commit(lake, aside, still, looked=quarantine, writers=batch.writers, note=note)
    try:
        finish(lake, contract, batch, onto=onto, moved=moved, files=tried.good, judge=judge)
    except StoreError:
        now = lake.open(training)
        if now is None or not manifest.published(batch, now):  # else another run has settled it
            commits.take_back(lake, aside, version=version, writers=batch.writers)
            raise
    wanted = marked(table_plans.training(contract), keyring_of(plan.keys), contract)
    properties.bring(lake, training, wanted, say=job.say)
