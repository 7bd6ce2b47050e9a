"""Brings the projections of one table to its newest version: one pass over the files that are new to them.

Projections that lack the same files share the pass. Each is then one commit: new files in, files whose source is gone
out; so a reader sees all of a refresh or nothing of it. Why this way: docs/decisions/projections.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Column, Contract
from strongroom.core.erasure import TURN
from strongroom.core.escaping import glob_words
from strongroom.core.keys.ring import Keyring
from strongroom.core.run import RUN, Job
from strongroom.core.sql_text import identifier
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.derived import BY_FILE, Origin, recorded
from strongroom.flows.foundation.erased import refuse_behind
from strongroom.flows.foundation.people_rows import marked_rows
from strongroom.flows.foundation.projections import protected
from strongroom.flows.foundation.table_plans import CLASSIFICATION, PROTECTION, TAGS
from strongroom.flows.project.rows import REPORT, ProjectionPlan, Target
from strongroom.flows.project.rows import projected as pass_over
from strongroom.govern.levels.physical import Projection
from strongroom.govern.sql.select import reading
from strongroom.protect.consents import Standing
from strongroom.protect.rekey import holds_tokens
from strongroom.stores.lake import Lake, properties
from strongroom.stores.lake.projections import Projected, Relaid, Written, holds, source_files
from strongroom.stores.spark.sql import columns_as, rows_where
from strongroom.stores.table_plan import TablePlan, plain_type, spark_schema

_FORM = 1
"""Of the files: another number makes every projection anew."""
_WITHOUT_VALUE = ("replace-with-null", "mask-to-fixed-value")
_NOTES = ("comment", CLASSIFICATION, TAGS, PROTECTION)


@dataclass(frozen=True, slots=True)
class ProjectedSource:
    """A table that projections are made of, at one version, and the files that it then has, by their ids.

    `people` are by purpose those whose rows may be used, None everybody; the empty purpose is any other.
    """

    lake: Lake
    table: str
    contract: Contract
    found: DeltaTable
    files: Mapping[str, str]
    people: Mapping[str, Standing | None]

    @classmethod
    def of(
        cls, lake: Lake, table: str, contract: Contract, found: DeltaTable, people: Mapping[str, Standing | None]
    ) -> ProjectedSource:
        return cls(lake, table, contract, found, source_files(lake, table), people)

    def people_of(self, projection: Projection) -> Standing | None:
        """Whose rows a projection has: of its purposes, which are told apart by just that."""
        return self.people.get(projection.purposes[0], self.people.get(""))


@dataclass(frozen=True, slots=True)
class Refresh:
    """What one projection lacks: ids of files that are new to it and that are gone; `anew`: nothing of it stays."""

    projection: Projection
    schema: pa.Schema
    tokens: Mapping[str, Column]
    content: tuple[str, str]
    anew: bool
    new: frozenset[str]
    gone: frozenset[str]

    @property
    def verb(self) -> str:
        return "made" if self.anew else "refreshed"

    @property
    def due(self) -> bool:
        return bool(self.anew or self.new or self.gone)

    def origin(self, source: ProjectedSource) -> Origin:
        """What the projection is made from, and for whom."""
        recipe = {"job": "project", "role": self.projection.role.name, "content": self.projection.content}
        purpose = ",".join(self.projection.purposes)
        return Origin(source.contract, {source.table: source.found.version()}, purpose, recipe, BY_FILE)

    def plan(self, source: ProjectedSource, run_id: str) -> TablePlan:
        """The table of the projection."""
        said = self.origin(source).properties("projected", run_id=run_id, schema=self.schema)
        what = f"what the role {self.projection.role.name} is given of {self.projection.source}"
        return TablePlan(self.schema, what, {**said, "strongroom.source": self.projection.source})


def plan(source: ProjectedSource, each: Projection, ring: Keyring | None) -> Refresh:
    """What has to be done for a projection. With tokens in it, it is of one key: a newer one makes it anew."""
    decision, columns = each.decision, protected(source.contract, source.table)
    fields = {field.name: field for field in pa.schema(source.found.schema().to_arrow())}
    schema = pa.schema([_field(fields[name], masked=name in decision.masks) for name in decision.columns])
    tokens = {
        name: columns[name]
        for name in decision.columns
        if name in columns and holds_tokens(columns[name]) and decision.masks.get(name) not in _WITHOUT_VALUE
    }
    made_of = [
        _FORM, str(source.found.metadata().id), each.content, ring.primary if tokens and ring else 0,
        [(name, [(leaf.path, leaf.protect.method) for leaf in column.leaves() if leaf.protect])
         for name, column in sorted(tokens.items())],
        [(field.name, str(field.type), sorted((field.metadata or {}).items())) for field in schema],
    ]  # fmt: skip
    made = hashlib.sha256(json.dumps(made_of, default=bytes.decode).encode()).hexdigest()
    there = source.lake.open(each.table)
    anew = not holds(there, made)
    known = {} if anew or there is None else Projected(source.lake, each.table, there, None).files()
    new, gone = frozenset(source.files.keys() - known.keys()), frozenset(known.keys() - source.files.keys())
    return Refresh(each, schema, tokens, (made, each.content), anew, new, gone)


def refresh(
    job: Job, source: ProjectedSource, due: Sequence[Refresh], *, ring: Keyring | None,
    groups: Mapping[str, int | None], again: bool = False,
) -> dict[str, int]:  # fmt: skip
    """Carries the plans out; returns the rows written to each projection.

    Where others have rewritten a projection's files meanwhile, it is planned once more, on what they left.

    Raises:
        StoreError: another run was faster, or the storage refused; what was committed before stays.
    """
    refuse_behind(job.settings, source.table, source.found)
    rows: dict[str, int] = {}
    relaid: list[Refresh] = []
    alike: dict[frozenset[str], list[Refresh]] = {}
    for each in due:
        alike.setdefault(each.new, []).append(each)
    for new, same in alike.items():
        wants = [each.plan(source, job.run.id) for each in same]
        tables = [
            Projected.open(source.lake, each.projection.table, wanted, group=groups[each.projection.role.name])
            for each, wanted in zip(same, wants, strict=True)
        ]
        stages = [table.stage(job.run.id) for table in tables]
        places = [table.begin(stage) for table, stage in zip(tables, stages, strict=True)]
        written = _written(job, source, same, new, places, ring) if new else {}
        for number, (each, table, stage, wanted) in enumerate(zip(same, tables, stages, wants, strict=True)):
            files = written.get(number, [])
            lacking = new - {file.source for file in files}
            files += [table.empty(stage, made_from, each.schema) for made_from in sorted(lacking)]
            rows[table.table] = sum(file.rows for file in files)
            _tell(job, source, each, rows=rows[table.table])
            try:
                version = table.commit(
                    stage, files, gone=each.gone, schema=each.schema, content=each.content, anew=each.anew,
                    at_ms=int(job.run.started.timestamp() * 1000), note={RUN: job.run.id},
                    free=source.found.transaction_version(TURN) or 0,
                    live=lambda: source_files(source.lake, source.table),
                )  # fmt: skip
            except Relaid:
                if again:
                    raise
                relaid.append(each)
                continue
            properties.bring(source.lake, table.table, wanted, say=job.say)
            recorded(job, source.lake, table.table, each.origin(source), version=version, rows=rows[table.table])
    if relaid:
        replanned = [plan(source, each.projection, ring) for each in relaid]
        rows |= refresh(job, source, replanned, ring=ring, groups=groups, again=True)
    return rows


def _tell(job: Job, source: ProjectedSource, each: Refresh, *, rows: int) -> None:
    """The audit log has it before anybody can read it."""
    decision = each.projection.decision
    facts: dict[str, object] = {
        "projection": each.projection.table, "did": each.verb, "level": decision.level,
        "version": source.found.version(), "rows": rows, "new": len(each.new), "gone": len(each.gone),
    }  # fmt: skip
    event = Event.made(
        job.run, "project", roles=(each.projection.role.name,), table=each.projection.source,
        columns=decision.columns, contract=source.contract.fingerprint, policy=policy_of(job), facts=facts,
    )  # fmt: skip
    AuditLog.open(job.settings).append(event)


def _written(
    job: Job,
    source: ProjectedSource,
    due: Sequence[Refresh],
    new: Iterable[str],
    places: Sequence[str],
    ring: Keyring | None,
) -> dict[int, list[Written]]:
    """One pass over some files of the source, into the stage of each projection; what was written for each."""
    spark, folder = job.spark(), source.lake.spark_path(source.table)
    lies = spark.read.format("delta").option("versionAsOf", source.found.version()).load(folder)
    paths = [glob_words(f"{folder}/{source.files[each]}") for each in sorted(new)]
    rows = spark.read.schema(lies.schema).parquet(*paths)
    rows, marks = _marked(rows, source, due)
    sql, targets = _Sql(), []
    for each, place in zip(due, places, strict=True):
        read = reading(each.projection.decision, dict(lies.dtypes))
        shown = zip(read.select, each.projection.decision.columns, strict=True)
        at = tuple(sql.place(text.removesuffix(f" AS {identifier(name)}")) for text, name in shown)
        given = [f"coalesce({read.where}, false)"] if read.where else []
        given += [marks[each.projection.people]] if each.projection.people else []
        flag = sql.place(" AND ".join(given)) if given else 0
        tokens = dict(each.tokens)
        targets.append(Target(place, each.projection.role.name, flag, at, tokens, each.schema))
    if all(target.flag for target in targets):  # rows that nobody is given do not travel
        rows = rows_where(rows, " OR ".join(sql.text(target.flag) for target in targets))
    carried = ProjectionPlan(source.table, tuple(targets), ring.handle if ring else None)
    reports = columns_as(rows, sql.select()).mapInArrow(partial(pass_over, carried), spark_schema(REPORT))
    found: dict[int, list[Written]] = {}
    for row in reports.collect():
        found.setdefault(row["target"], []).append(Written(row["source"], row["name"], row["size"], row["rows"]))
    return found


def _marked(rows: Any, source: ProjectedSource, due: Sequence[Refresh]) -> tuple[Any, dict[str, str]]:
    """The rows with a column for each different answer to whose rows are given, and which that is."""
    marks: dict[str, str] = {}
    for each in due:
        people = source.people_of(each.projection)
        if each.projection.people and people is not None and each.projection.people not in marks:
            mark = f"__people_{len(marks)}"
            rows = marked_rows(rows, people, mark)
            marks[each.projection.people] = identifier(mark)
    return rows, marks


class _Sql:
    """Expressions by their place in a batch; the same one is computed and carried once. The first is the row's file."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {"_metadata.file_path": 0}

    def place(self, text: str) -> int:
        return self._places.setdefault(text, len(self._places))

    def text(self, place: int) -> str:
        return list(self._places)[place]

    def select(self) -> Iterator[str]:
        return (f"{text} AS {identifier(str(place))}" for text, place in self._places.items())


def _field(have: Any, *, masked: bool) -> pa.Field:
    """A column as its projection has it: any of its rows may be withheld, and so be null."""
    notes = {key.decode(): value for key, value in (have.metadata or {}).items() if key.decode() in _NOTES}
    if masked and PROTECTION in notes:
        notes[PROTECTION] = b"mask"
    return pa.field(have.name, plain_type(have.type), nullable=True, metadata=notes)
