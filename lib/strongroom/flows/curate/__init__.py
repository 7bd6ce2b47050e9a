"""Keep the rows of a training table that are fit to train on: quality, duplicates, licences, as the contract says.

The contract's word `curate` says what texts must be (docs/curation.md). What stays is curated.NAME; what does not
leaves its key and the reasons in dropped.NAME, never its text. A run with nothing new changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract import Column, Contract, Curation
from strongroom.core.contract.protection import METHODS, leaves_out
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError
from strongroom.core.escaping import joined
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.core.yaml import read_text
from strongroom.curation import language
from strongroom.curation.contamination import Contamination
from strongroom.flows.curate import metrics, verdicts
from strongroom.flows.curate import tables as out
from strongroom.flows.curate.increment import due
from strongroom.flows.curate.verdicts import FILE, PLACE, ROW, Judging
from strongroom.flows.foundation.authorise import ask, engine_of, permit, refused
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.derived import BY_BATCH, Origin, Target, tag_of
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.foundation.projections import reading_of
from strongroom.flows.read import Placed, read_to_derive
from strongroom.stores.lake import Lake, others
from strongroom.stores.spark.error_translation import at_version
from strongroom.stores.table_plan import TablePlan, spark_schema

NO_ROWS = {"read": 0, "written": 0, "dropped": 0}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to curate: the contract and what it asks, the columns of text and key (which may be empty), and the lake."""

    contract: Contract
    curation: Curation
    text: str
    key: str
    lake: Lake
    contaminated: Contamination | None = None

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

    def recipe(self, given: Decision, *, source: str, key_id: int) -> dict[str, object]:
        """What was asked, as far as it decides what comes out: of the contract, of the policy, of table and key."""
        asked = {name: value for name, value in asdict(self.curation).items() if name != "line"}
        shown = {"columns": given.columns, "masks": dict(given.masks), "rows": given.rows}
        shown["conditions"] = dict(given.conditions)
        runs = {} if self.contaminated is None else self.contaminated.runs
        asked["contamination"] = hashlib.sha256(b"".join(runs[size].tobytes() for size in sorted(runs))).hexdigest()
        return {
            "job": "curate", "text": self.text, "key": self.key, "of": source, "marks": key_id, "given": shown, **asked,
        }  # fmt: skip


def run(job: Job) -> Outcome:
    """Curates one data set.

    The curated table is written last; the same run id again changes nothing. What is new is added where that gives the
    tables that all rows together would give; else all of it is made anew.

    Raises:
        ConfigError: the contract asks for nothing, or a column or file cannot be read.
        EnvironmentFault: what tells languages apart is not installed.
        Refused: the policy or the contract's purposes said no.
        StoreError: a table cannot be read or written.
    """
    contract = contract_of(job, "curate")
    job = settle_purpose(job, contract)
    plan = _plan(job, contract)
    _authorise(job, plan)
    source = plan.lake.open(plan.source)
    if source is None:
        todo = f"./spark-submit.sh prepare --contract {contract.name}"
        raise StoreError("there is no such table yet", where=plan.source, todo=todo, code="table.missing")
    if job.args.dry_run:
        return _preview(job, plan)
    if plan.curation.languages or plan.curation.by_language:
        language.identifier()
    ring = ring_of(job.settings, plan.lake)
    recipe = plan.recipe(_given(job, plan, source), source=str(source.metadata().id), key_id=ring.primary)
    origin = Origin(
        contract, {plan.source: source.version()}, job.run.purpose, recipe, refresh=BY_BATCH, tag=tag_of(source)
    )
    targets = {what: Target.of(job, plan.lake, table, origin) for what, table in out.names(contract).items()}
    if targets["curated"].done:
        for target in targets.values():
            target.again()
        done = f"{contract.name}: this run is done already."
        return Outcome(plan.tables, {**NO_ROWS}, summary=done, answer=_none(plan))
    others.fit(plan.source, source)
    work = due(plan.lake, source, table=plan.source, targets=targets.values())
    if not work.files and not work.whole:
        same = f"{contract.name}: nothing is new in {plan.source}, version {source.version()}."
        return Outcome(plan.tables, {**NO_ROWS}, summary=same, answer=_none(plan))
    for target in targets.values():
        target.refuse(whole=work.whole)
    job.say(f"{contract.name}: judging {'' if work.whole else 'what is new in '}version {source.version()}")
    rows = read_to_derive(job, plan.source, version=source.version(), placed=Placed(FILE, ROW, work.files))
    judging = Judging(contract, plan.text, _carried(plan, rows), ring.handle, plan.contaminated)
    decided = _decided(rows, judging, known=None if work.whole else _index(job, plan, targets["index"])).persist()
    try:
        counts, reasons = _counts(decided)
        writing = Writing(plan, targets, counts, pa.schema(source.schema().to_arrow()), whole=work.whole)
        version = writing.publish(rows, decided)
    finally:
        decided.unpersist()
    metrics.write(job, plan.lake, plan.contract, counts, reasons)
    return _done(plan, counts, reasons, version=version, source=source.version(), whole=work.whole)


def _given(job: Job, plan: Plan, source: DeltaTable) -> Decision:
    """All that the principal is given of the table."""
    return engine_of(job.settings.policy).narrow(reading_of(source, plan.source, job.run))


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
    return Plan(contract, contract.curation, text.name, named, Lake(job.settings.lake), _contaminated(contract))


def _contaminated(contract: Contract) -> Contamination | None:
    """The runs of words of the file that the contract names, relative to its own folder.

    Raises:
        ConfigError: it cannot be read.
    """
    asked = contract.curation
    if asked is None or not asked.contamination:
        return None
    file = Path(contract.file).parent / Path(asked.contamination).expanduser()
    return Contamination.of(read_text(str(file)).splitlines(), words=asked.contamination_words)


def _unreadable(contract: Contract, column: Column) -> Problem | None:
    why = METHODS[column.method].unreadable
    if leaves_out(column) or why:
        what = f"{column.name!r} cannot be the text: {why}"
    elif column.type.name != "string":
        what = f"{column.name!r} cannot be the text: it is {column.type.ddl}"
    else:
        return None
    return Problem(what, f"{contract.file}:{column.line}", "Choose another column.")


def _authorise(job: Job, plan: Plan) -> None:
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


def _carried(plan: Plan, rows: Any) -> pa.Schema:
    """Key and tag, as far as rows have them."""
    from pyspark.sql.pandas.types import to_arrow_schema

    known = to_arrow_schema(rows.schema)
    return pa.schema([known.field(name) for name in dict.fromkeys((plan.key, TAG)) if name in known.names])


def _decided(rows: Any, judging: Judging, *, known: Any) -> Any:
    """A verdict for each row, once all are in their order, with those of before that are known to stay in front."""
    from pyspark.sql import functions as F

    columns = (judging.text, *judging.carried.names, *judging.curation.signals, FILE, ROW)
    looked = rows.select(*(F.col(identifier(name)) for name in dict.fromkeys(columns)))
    schema = spark_schema(judging.schema)
    each = looked.mapInArrow(partial(verdicts.judged, judging), schema)
    if known is not None:
        each = each.unionByName(known, allowMissingColumns=True)
    in_order = each.repartition(1).sortWithinPartitions(*PLACE)
    return in_order.mapInArrow(partial(verdicts.compared, judging.curation), schema)


def _index(job: Job, plan: Plan, index: Target) -> Any:
    """The rows of before that stay, as verdicts."""
    from pyspark.sql import functions as F

    version = index.before.version() if index.before is not None else 0
    rows = at_version(job.spark(), plan.lake.spark_path(index.table), version)
    columns = [F.col(called).alias(name) for name, called in out.INDEX.items()]
    nothing = F.array().cast("array<string>").alias(verdicts.REASONS)
    return rows.select(*columns, nothing, F.lit(True).alias(verdicts.KNOWN))


def _counts(decided: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Rows that were read and that stay, and how many each reason took."""
    from pyspark.sql import functions as F

    why = F.explode_outer(verdicts.REASONS).alias("why")
    each = decided.select(why).groupBy("why").count().collect()
    found = {str(row["why"]): int(row["count"]) for row in each if row["why"] is not None}
    kept = sum(int(row["count"]) for row in each if row["why"] is None)
    dropped = decided.where(F.size(verdicts.REASONS) > 0).count()
    return {"read": kept + dropped, "written": kept, "dropped": dropped}, dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written, and into which tables: first what is left of rows that go, last those that stay."""

    plan: Plan
    targets: Mapping[str, Target]
    counts: Mapping[str, int]
    source: pa.Schema
    whole: bool

    def publish(self, rows: Any, decided: Any) -> int:
        """Writes them; returns the version of the curated table."""
        from pyspark.sql import functions as F

        plan, contract, tag = self.plan, self.plan.contract, self.targets["curated"].origin.tag
        goes = F.size(verdicts.REASONS) > 0
        whose = [identifier(TAG)] if TAG in decided.columns else []
        key = [identifier(plan.key)] if plan.key else []
        left = decided.where(goes).select(*key, *whose, *_called(out.DROPPED))
        self._write("dropped", left, out.dropped_plan(contract, self.source, key=plan.key, tag=tag), "dropped")
        marks = decided.where(~goes).select(*whose, *_called(out.INDEX))
        self._write("index", marks, out.index_plan(contract, self.source, text=plan.text, tag=tag), "written")
        stays = decided.where(~goes).select(FILE, ROW)
        kept = rows.withColumn(FILE, _below(plan.source)).join(stays, on=[FILE, ROW], how="left_semi").drop(FILE, ROW)
        return self._write("curated", kept, out.curated_plan(contract, self.source, kept, tag=tag), "written")

    def _write(self, what: str, frame: Any, made: TablePlan, count: str) -> int:
        return self.targets[what].publish(frame, made, rows=lambda: self.counts[count], whole=self.whole)


def _called(names: Mapping[str, str]) -> list[Any]:
    """Columns of verdicts as they are called in a table."""
    from pyspark.sql import functions as F

    return [F.col(name).alias(called) for name, called in names.items()]


def _below(table: str) -> Any:
    """A file's path below the table's folder, as `verdicts.relative` has it."""
    from pyspark.sql import functions as F

    return F.url_decode(
        F.replace(F.substring_index(FILE, f"/{table.replace('.', '/')}/", -1), F.lit("+"), F.lit("%2B"))
    )


def _done(
    plan: Plan, counts: Mapping[str, int], reasons: Mapping[str, int], *, version: int, source: int, whole: bool
) -> Outcome:
    name = plan.contract.name
    lines = [
        f"{name} {plan.contract.version}: {counts['written']:,} of {counts['read']:,} rows stay, version {version}",
        "",
        f"  read          {'' if whole else 'what is new in '}{plan.source}, version {source}",
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
    duplicates = f"texts {asked.near:.0%} alike, and equal ones" if asked.near else "equal texts"
    lines = [
        f"{plan.contract.name} {plan.contract.version}: a dry run by {job.run.principal}; nothing is touched",
        f"  would read    {plan.source}: {', '.join(plan.columns)}",
        f"  would ask     {', '.join(asked.rules) or 'no rules'}",
        f"  would take out {duplicates if asked.exact else 'no duplicates'}",
        *(f"  would write   {table}  {path}" for table, path in plan.tables.items()),
    ]
    return Outcome(tables=plan.tables, summary=joined(lines), answer=_none(plan))


def _none(plan: Plan) -> dict[str, object]:
    """The answer of a run that makes no version."""
    return {"table": plan.contract.curated, "version": None}
