"""Keep the rows of a training table that are fit to train on: quality, duplicates, licences, as the contract says.

The contract's word `curate` says what texts must be (docs/curation.md). What stays is curated.NAME; what does not
leaves its key and the reasons in dropped.NAME, never its text. A run with nothing new changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from strongroom.core.contract import Column, Contract, Curation
from strongroom.core.contract.protection import METHODS, leaves_out
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError
from strongroom.core.escaping import joined
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.flows.curate import tables as out
from strongroom.flows.curate import verdicts
from strongroom.flows.curate.verdicts import FILE, PLACE, ROW, Judging
from strongroom.flows.foundation.authorise import ask, permit, refused
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.derived import Origin, Target, tag_of
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.read import Placed, read_to_derive
from strongroom.stores.lake import Lake, others
from strongroom.stores.table_plan import spark_schema

NO_ROWS = {"read": 0, "written": 0, "dropped": 0}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to curate: the contract and what it asks, the columns of text and key (which may be empty), and the lake."""

    contract: Contract
    curation: Curation
    text: str
    key: str
    lake: Lake

    @property
    def source(self) -> str:
        return self.contract.training

    @property
    def columns(self) -> list[str]:
        """Every column that is looked at, once."""
        return list(dict.fromkeys(name for name in (self.text, self.key, *self.curation.signals) if name))

    @property
    def tables(self) -> dict[str, str]:
        """Each table that is written, and its folder."""
        return {name: self.lake.folder(name) for name in out.names(self.contract).values()}

    def recipe(self, decision: Decision, *, key_id: int) -> dict[str, object]:
        """What was asked, as far as it decides what comes out: of the contract, and of the policy."""
        asked = {name: value for name, value in asdict(self.curation).items() if name != "line"}
        given = {"columns": decision.columns, "masks": dict(decision.masks), "rows": decision.rows}
        return {"job": "curate", "text": self.text, "key": self.key, "marks": key_id, **asked, **given}


def run(job: Job) -> Outcome:
    """Curates one data set.

    The curated table is written last, each as a whole; the same run id again changes nothing.

    Raises:
        ConfigError: the contract asks for nothing, or a column cannot be read.
        Refused: the policy or the contract's purposes said no.
        StoreError: a table cannot be read or written.
    """
    contract = contract_of(job, "curate")
    job = settle_purpose(job, contract)
    plan = _plan(job, contract)
    decision = _authorise(job, plan)
    source = plan.lake.open(plan.source)
    if source is None:
        todo = f"./spark-submit.sh prepare --contract {contract.name}"
        raise StoreError("there is no such table yet", where=plan.source, todo=todo, code="table.missing")
    if job.args.dry_run:
        return _preview(job, plan)
    ring = ring_of(job.settings, plan.lake)
    recipe = plan.recipe(decision, key_id=ring.primary)
    origin = Origin(contract, {plan.source: source.version()}, job.run.purpose, recipe, tag=tag_of(source))
    targets = {what: Target.of(job, plan.lake, table, origin) for what, table in out.names(contract).items()}
    for target in targets.values():
        target.refuse()
    if targets["curated"].done:
        for target in targets.values():
            target.again()
        done = f"{contract.name}: this run is done already."
        return Outcome(plan.tables, {**NO_ROWS}, summary=done, answer=_none(plan))
    if all(target.made_so for target in targets.values()):
        same = f"{contract.name}: nothing is new in {plan.source}, version {source.version()}."
        return Outcome(plan.tables, {**NO_ROWS}, summary=same, answer=_none(plan))
    others.fit(plan.source, source)
    files = tuple(others.files_of(source))
    rows = read_to_derive(job, plan.source, version=source.version(), placed=Placed(FILE, ROW, files))
    carried = _carried(plan, rows)
    judging = Judging(contract, plan.text, carried, ring.handle)
    job.say(f"{contract.name}: judging version {source.version()}")
    decided = _decided(rows, judging).persist()
    try:
        counts, reasons = _counts(decided)
        version = _publish(
            plan, rows, decided, targets=targets, counts=counts, source=pa.schema(source.schema().to_arrow())
        )
    finally:
        decided.unpersist()
    return _done(plan, counts, reasons, version=version, source=source.version())


def _plan(job: Job, contract: Contract) -> Plan:
    """The contract's word `curate`, with the columns that it is about.

    Raises:
        ConfigError: there is none, or the text cannot be read.
    """
    text, key = contract.role("text"), contract.role("key")
    key = key or next((column for column in contract.columns if column.subject), None)
    if contract.curation is None:
        todo = "Say in its customProperties what texts must be: docs/curation.md."
        raise ConfigError([Problem("the contract does not say 'curate'", contract.file, todo, "contract.missing")])
    if text is None:
        todo = "Give it the role text."
        raise ConfigError([Problem("no column is the text", contract.file, todo, "contract.missing")])
    if problem := _unreadable(contract, text):
        raise ConfigError([problem])
    named = key.name if key is not None and not leaves_out(key) and key.name != text.name else ""
    return Plan(contract, contract.curation, text.name, named, Lake(job.settings.lake))


def _unreadable(contract: Contract, column: Column) -> Problem | None:
    why = METHODS[column.method].unreadable
    if leaves_out(column) or why:
        what = f"{column.name!r} cannot be the text: {why}"
    elif column.type.name != "string":
        what = f"{column.name!r} cannot be the text: it is {column.type.ddl}"
    else:
        return None
    return Problem(what, f"{contract.file}:{column.line}", "Choose another column.")


def _authorise(job: Job, plan: Plan) -> Decision:
    """Ask before anything starts: to read each column that is looked at, in clear, and to write.

    Rows and columns that the principal may not see are left out; that is no reason to refuse.
    """
    decision = ask(job, "read", plan.source, columns=plan.columns, contract=plan.contract)
    if not decision.allowed:
        raise refused(job, decision, plan.contract)
    masked = [name for name in plan.columns if name in decision.masks or name in decision.conditions]
    if masked:
        todo = "Run as somebody who may read them in clear."
        raise Refused(f"{decision.request.principal} sees {', '.join(masked)} masked", where=plan.source, todo=todo)
    for table in out.names(plan.contract).values():
        permit(job, "write", table, contract=plan.contract)
    return decision


def _carried(plan: Plan, rows: Any) -> pa.Schema:
    """Key and tag, as far as rows have them."""
    from pyspark.sql.pandas.types import to_arrow_schema

    known = to_arrow_schema(rows.schema)
    return pa.schema([known.field(name) for name in dict.fromkeys((plan.key, TAG)) if name in known.names])


def _decided(rows: Any, judging: Judging) -> Any:
    """A verdict for each row, once all are in their order."""
    from pyspark.sql import functions as F

    curation = judging.contract.curation
    columns = (judging.text, *judging.carried.names, *(curation.signals if curation else ()), FILE, ROW)
    looked = rows.select(*(F.col(identifier(name)) for name in dict.fromkeys(columns)))
    schema = spark_schema(judging.schema)
    each = looked.mapInArrow(partial(verdicts.judged, judging), schema)
    in_order = each.repartition(1).sortWithinPartitions(*PLACE)
    return in_order.mapInArrow(verdicts.compared, schema)


def _counts(decided: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Rows that were read and that stay, and how many each reason took."""
    from pyspark.sql import functions as F

    why = F.explode_outer(verdicts.REASONS).alias("why")
    each = decided.select(why).groupBy("why").count().collect()
    found = {str(row["why"]): int(row["count"]) for row in each if row["why"] is not None}
    kept = sum(int(row["count"]) for row in each if row["why"] is None)
    dropped = decided.where(F.size(verdicts.REASONS) > 0).count()
    return {"read": kept + dropped, "written": kept, "dropped": dropped}, dict(sorted(found.items()))


def _publish(
    plan: Plan, rows: Any, decided: Any, *, targets: Mapping[str, Target], counts: Mapping[str, int], source: pa.Schema
) -> int:
    """First what is left of rows that go, then those that stay."""
    from pyspark.sql import functions as F

    tag = targets["curated"].origin.tag
    goes = F.size(verdicts.REASONS) > 0
    whose = [identifier(name) for name in dict.fromkeys((plan.key, TAG)) if name and name in decided.columns]
    left = decided.where(goes).select(
        *whose, *(F.col(name).alias(called) for name, called in out.PLACES.items()),
        F.col(verdicts.REASONS).alias(out.REASONS),
    )  # fmt: skip
    made = out.dropped_plan(plan.contract, source, key=plan.key, tag=tag)
    targets["dropped"].publish(left, made, rows=lambda: counts["dropped"])
    stays = decided.where(~goes).select(FILE, ROW)
    given = rows.withColumn(FILE, _below(plan.source))
    kept = given.join(stays, on=[FILE, ROW], how="left_semi").drop(FILE, ROW)
    made = out.curated_plan(plan.contract, source, kept, tag=tag)
    return targets["curated"].publish(kept, made, rows=lambda: counts["written"])


def _below(table: str) -> Any:
    """A file's path below the table's folder, as `verdicts.relative` has it."""
    from pyspark.sql import functions as F

    return F.url_decode(
        F.replace(F.substring_index(FILE, f"/{table.replace('.', '/')}/", -1), F.lit("+"), F.lit("%2B"))
    )


def _done(plan: Plan, counts: Mapping[str, int], reasons: Mapping[str, int], *, version: int, source: int) -> Outcome:
    name = plan.contract.name
    lines = [
        f"{name} {plan.contract.version}: {counts['written']:,} of {counts['read']:,} rows stay, version {version}",
        "",
        f"  read          {plan.source}, version {source}",
        *_table("dropped", (f"{count:,} by {why}" for why, count in reasons.items())),
        *_table("tables", (f"{table}  {path}" for table, path in plan.tables.items())),
    ]  # fmt: skip
    answer = {
        "table": plan.contract.curated, "version": version, "source": f"{plan.source} version {source}",
        "kept": counts["written"], "dropped": counts["dropped"], "reasons": dict(reasons),
    }  # fmt: skip
    facts = {**answer, "reasons": json.dumps(dict(reasons)), "contract": plan.contract.fingerprint}
    return Outcome(tables=plan.tables, rows=dict(counts), summary=joined(lines), facts=facts, answer=answer)


def _table(head: str, told: Iterable[str]) -> Iterator[str]:
    """Lines below one word."""
    return (f"  {head if not place else '':<14}{each}" for place, each in enumerate(told))


def _preview(job: Job, plan: Plan) -> Outcome:
    asked = plan.curation
    duplicates = "equal texts" if asked.exact else "none"
    lines = [
        f"{plan.contract.name} {plan.contract.version}: a dry run by {job.run.principal}; nothing is touched",
        f"  would read    {plan.source}: {', '.join(plan.columns)}",
        f"  would ask     {', '.join(asked.rules) or 'no rules'}",
        f"  duplicates    {duplicates}",
        *(f"  would write   {table}  {path}" for table, path in plan.tables.items()),
    ]
    return Outcome(tables=plan.tables, summary=joined(lines), answer=_none(plan))


def _none(plan: Plan) -> dict[str, object]:
    """The answer of a run that makes no version."""
    return {"table": plan.contract.curated, "version": None}
