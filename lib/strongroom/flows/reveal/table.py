"""What `reveal` writes: one table of clear values, counted and in the audit log before anybody can read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.audit.log import AuditLog
from strongroom.core import workers
from strongroom.core.audit_event import Event
from strongroom.core.contract import Column, Contract
from strongroom.core.escaping import joined
from strongroom.core.keys.ring import KeyHandle
from strongroom.core.no_values import no_values
from strongroom.core.policy.decision import Decision
from strongroom.core.run import RUN, Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.core.suggest import counted
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.authorise import engine_of
from strongroom.govern.table import methods_of
from strongroom.protect import revealed_type, revealer
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake, commits, owners, properties, staging
from strongroom.stores.lake.clear_tables import close_to_others, drop_former
from strongroom.stores.lake.commits import Change
from strongroom.stores.table_plan import TablePlan, spark_schema

UNOPENED = "__unopened_"
"""Prefix of the boolean columns that say whether a column of the row did not open; what follows is its place."""

VERDICT = "_unopened"
"""The column that names what of a row did not open; null when all of it did."""

ROW_KEY = "__row_key_"
"""Prefix of the columns that values are bound to; what follows is its place in `row_keys_of` the opened columns."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Columns of a table, and the table that they are opened into. It travels to workers, with no key in clear."""

    columns: tuple[Column, ...]
    table: str
    target: str
    keys: KeyHandle

    @property
    def schema(self) -> pa.Schema:
        """The opened columns."""
        return pa.schema([pa.field(column.name, revealed_type(column)) for column in self.columns])


def opened(plan: Opening, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of the columns as they lie in, row keys behind them; the columns in clear out, and which did not open."""
    workers.settle()
    with no_values("the opening"):
        keyring, schema = keyring_of(plan.keys), plan.schema
        openers = [revealer(column, table=plan.table, keyring=keyring) for column in plan.columns]
        flags = [f"{UNOPENED}{place}" for place in range(len(openers))]
        bound = row_keys_of(plan.columns)
        for batch in batches:
            row_keys = dict(zip(bound, batch.columns[len(openers) :], strict=True))
            found = [open_(array, row_keys) for open_, array in zip(openers, batch.columns, strict=False)]
            bad = [pc.invert(fine) for _, fine in found]
            clear = [array.cast(field.type) for (array, _), field in zip(found, schema, strict=True)]
            yield pa.RecordBatch.from_arrays([*clear, *bad], names=[*schema.names, *flags])


def publish(job: Job, rows: Any, plan: Opening, *, decision: Decision, contract: Contract) -> Outcome:
    """Staged, counted, written to the audit log, and only then there to be read."""
    lake, target = Lake(job.settings.lake), plan.target
    wanted = _plan(job, contract, plan)
    close_to_others(lake, target)
    onto = lake.ensure(target, wanted)
    owners.refuse(target, onto, mode="overwrite")
    number, writer = (onto.transaction_version(target) or 0) + 1, f"{target}/{job.run.id}"
    if onto.transaction_version(writer):
        drop_former(lake, target)  # which it may have died before
        answer = {"table": target, "version": None}
        return Outcome({target: lake.folder(target)}, summary=f"{target}: this run is done already.", answer=answer)
    stage = f"stage-{number:06d}-{job.run.id}"
    staging.drop_stage(lake, target, stage)  # of this very run, killed just before its commit
    try:
        counts = _staged(rows, plan, path=staging.spark_path(lake, target, stage))
        event = Event.decided(
            job.run, decision, policy=engine_of(job.settings.policy).policy.fingerprint, contract=contract.fingerprint
        )
        facts = {**event.facts, "into": target, "rows": counts[0], "unopened": counts[1]}
        AuditLog.open(job.settings).append(replace(event, facts=facts))
        change = Change(staging.staged(lake, target, stage), whole=True, schema=wanted.schema)
        writers, note = {target: number, writer: number}, {RUN: job.run.id}
        version = commits.commit(lake, target, change, looked=onto, writers=writers, note=note)
    except BaseException:
        staging.drop_stage(lake, target, stage)
        raise
    properties.bring(lake, target, wanted, say=job.say)
    drop_former(lake, target)
    return _outcome(plan, counts, version=version, path=lake.folder(target))


def _staged(rows: Any, plan: Opening, *, path: str) -> tuple[int, dict[str, int]]:
    """The opened rows in the stage; how many they are, and how many did not open, by column."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    flags = [f"{UNOPENED}{place}" for place in range(len(plan.columns))]
    schema = pa.schema([*plan.schema, *(pa.field(flag, pa.bool_()) for flag in flags)])
    clear, seen = rows.mapInArrow(partial(opened, plan), spark_schema(schema)), Observation()
    counted = clear.observe(
        seen, F.count(F.lit(1)).alias("rows"), *(F.count_if(F.col(flag)).alias(flag) for flag in flags)
    )
    names = [F.when(F.col(flag), F.lit(column.name)) for column, flag in zip(plan.columns, flags, strict=True)]
    verdict = F.array_compact(F.array(*names))
    shown = [F.col(identifier(name)) for name in plan.schema.names]
    staging.write(counted.select(*shown, F.when(F.size(verdict) > 0, verdict).alias(VERDICT)), path, stats=())
    found = seen.get
    unopened = {column.name: int(found[flag]) for column, flag in zip(plan.columns, flags, strict=True)}
    return int(found["rows"]), {name: count for name, count in unopened.items() if count}


def _plan(job: Job, contract: Contract, plan: Opening) -> TablePlan:
    """The table; what the contract says of a column holds for its clear values too, and no bounds go to the log."""
    known = table_plans.training(contract).schema
    notes = {"comment": f"opened from {plan.table} for {job.run.purpose}"}
    fields = [
        pa.field(column.name, revealed_type(column), metadata={**(known.field(column.name).metadata or {}), **notes,
            table_plans.PROTECTION: _methods(column)})
        for column in plan.columns
    ]  # fmt: skip
    fields.append(pa.field(VERDICT, pa.list_(pa.string()), metadata={"comment": "columns whose value did not open"}))
    properties = {**table_plans.properties(contract, "revealed"), "strongroom.purposes": job.run.purpose}
    return TablePlan(pa.schema(fields), f"columns of {plan.table} in clear", properties=properties)


def _methods(column: Column) -> str:
    """The methods of what a column holds once it is opened: what was encrypted lies in clear."""
    return ",".join(sorted({"keep" if method == "encrypt" else method for method in methods_of(column)}))


def _is_encrypted(leaf: Column) -> bool:
    return leaf.protect is not None and leaf.protect.method == "encrypt"


def _outcome(plan: Opening, counts: tuple[int, dict[str, int]], *, version: int, path: str) -> Outcome:
    (rows, unopened), target = counts, plan.target
    clear = [column.name for column in plan.columns if any(map(_is_encrypted, column.leaves()))]
    lying = [name for name in plan.schema.names if name not in clear]
    lines = [
        f"{target}, version {version}: {counted(rows, 'row')} of {plan.table}",
        f"  in clear   {', '.join(clear)}",
        *([f"  as it lies {', '.join(lying)} (what is hashed or masked stays so)"] if lying else []),
        *(
            f"  unopened   {name}: {counted(count, 'value')}; null, and named in {VERDICT}"
            for name, count in unopened.items()
        ),
        f"  table      {path}",
        "  Delete it when its purpose is served; what it held before is gone.",
    ]
    facts = {"table": target, "version": version, "rows": rows, "unopened": unopened}
    return Outcome(
        {target: path},
        {"read": rows, "written": rows, "quarantined": 0},
        summary=joined(lines),
        facts=facts,
        answer=facts,
    )
