"""What `reveal` writes: one table of clear values, counted and in the audit log before anybody can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.audit.log import AuditLog
from strongroom.core import workers
from strongroom.core.audit_event import Event
from strongroom.core.contract import Column
from strongroom.core.contract.protection import METHODS, opens
from strongroom.core.contract.subject import TAG
from strongroom.core.escaping import joined
from strongroom.core.keys.ring import KeyHandle
from strongroom.core.no_values import no_values
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.core.suggest import counted
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.derived import Origin, Target
from strongroom.govern.table import methods_of
from strongroom.protect import revealed_type, revealer, subject_tags
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.clear_tables import close_to_others, drop_former
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
    tagged: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The opened columns."""
        return pa.schema([pa.field(column.name, revealed_type(column)) for column in self.columns])

    @property
    def tag(self) -> pa.Schema:
        """Whose row it is, where the table says so."""
        return pa.schema([pa.field(TAG, subject_tags.TYPE)] if self.tagged else [])


def opened(plan: Opening, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of the columns as they lie in, row keys behind them; the columns in clear out, and which did not open."""
    workers.settle()
    with no_values("the opening"):
        keyring, schema = keyring_of(plan.keys), plan.schema
        openers = [revealer(column, table=plan.table, keyring=keyring) for column in plan.columns]
        flags = [f"{UNOPENED}{place}" for place in range(len(openers))]
        bound = row_keys_of(plan.columns)
        for batch in batches:
            row_keys = dict(zip(bound, batch.columns[len(openers) :], strict=False))
            tag = [plain(batch.column(name)) for name in plan.tag.names]
            found = [open_(array, row_keys) for open_, array in zip(openers, batch.columns, strict=False)]
            bad = [pc.invert(fine) for _, fine in found]
            clear = [array.cast(field.type) for (array, _), field in zip(found, schema, strict=True)]
            yield pa.RecordBatch.from_arrays([*clear, *bad, *tag], names=[*schema.names, *flags, *plan.tag.names])


def publish(job: Job, rows: Any, plan: Opening, *, decision: Decision, origin: Origin) -> Outcome:
    """Staged, counted, written to the audit log, and only then there to be read."""
    lake, name, wanted = Lake(job.settings.lake), plan.target, _plan(origin, plan)
    close_to_others(lake, name)
    target = Target.of(job, lake, name, origin)
    target.refuse()
    if target.done:
        target.again()
        drop_former(lake, name)  # which it may have died before
        answer = {"table": name, "version": None}
        return Outcome({name: lake.folder(name)}, summary=f"{name}: this run is done already.", answer=answer)
    clear, counted_ = _opened(rows, plan)
    counts = (0, dict[str, int]())

    def rows_told() -> int:
        nonlocal counts
        counts = counted_()
        _tell(job, plan, decision, origin, counts)
        return counts[0]

    version = target.publish(clear, wanted, rows=rows_told)
    drop_former(lake, name)
    return _outcome(plan, counts, version=version, path=lake.folder(name))


def _tell(job: Job, plan: Opening, decision: Decision, origin: Origin, counts: tuple[int, dict[str, int]]) -> None:
    """The audit log has it before anybody can read it."""
    policy, contract = policy_of(job), origin.contract.fingerprint
    event = Event.decided(job.run, decision, policy=policy, contract=contract)
    facts = {**event.facts, "into": plan.target, "rows": counts[0], "unopened": counts[1]}
    AuditLog.open(job.settings).append(replace(event, facts=facts))


def _opened(rows: Any, plan: Opening) -> tuple[Any, Callable[[], tuple[int, dict[str, int]]]]:
    """The opened rows; and what tells, once they are written, how many they are and how many did not open."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    flags = [f"{UNOPENED}{place}" for place in range(len(plan.columns))]
    schema = pa.schema([*plan.schema, *(pa.field(flag, pa.bool_()) for flag in flags), *plan.tag])
    clear, seen = rows.mapInArrow(partial(opened, plan), spark_schema(schema)), Observation()
    observed = clear.observe(
        seen, F.count(F.lit(1)).alias("rows"), *(F.count_if(F.col(flag)).alias(flag) for flag in flags)
    )
    names = [F.when(F.col(flag), F.lit(column.name)) for column, flag in zip(plan.columns, flags, strict=True)]
    verdict = F.array_compact(F.array(*names))
    shown = [F.col(identifier(name)) for name in plan.schema.names]
    told = F.when(F.size(verdict) > 0, verdict).alias(VERDICT)

    def counts() -> tuple[int, dict[str, int]]:
        found = seen.get
        unopened = {column.name: int(found[flag]) for column, flag in zip(plan.columns, flags, strict=True)}
        return int(found["rows"]), {name: count for name, count in unopened.items() if count}

    return observed.select(*shown, told, *plan.tag.names), counts


def _plan(origin: Origin, plan: Opening) -> TablePlan:
    """The table; what the contract says of a column holds for its clear values too, and no bounds go to the log."""
    known = table_plans.training(origin.contract).schema
    notes = {"comment": f"opened from {plan.table} for {origin.purpose}"}
    fields = []
    for column in plan.columns:
        told = {key.decode(): value.decode() for key, value in known.field(column.name).metadata.items()}
        said = {**told, **notes, table_plans.PROTECTION: _methods(column)}
        fields.append(pa.field(column.name, revealed_type(column), metadata=said))
    fields.append(pa.field(VERDICT, pa.list_(pa.string()), metadata={"comment": "columns whose value did not open"}))
    fields += [origin.tag] if origin.tag is not None and plan.tagged else []
    return TablePlan(pa.schema(fields), f"columns of {plan.table} in clear")


def _methods(column: Column) -> str:
    """The methods of what a column holds once it is opened: what was encrypted lies in clear."""
    return ",".join(sorted({"keep" if METHODS[method].opens else method for method in methods_of(column)}))


def _outcome(plan: Opening, counts: tuple[int, dict[str, int]], *, version: int, path: str) -> Outcome:
    (rows, unopened), target = counts, plan.target
    clear = [column.name for column in plan.columns if any(map(opens, column.leaves()))]
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
