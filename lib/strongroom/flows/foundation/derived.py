"""Tables made from others: published as a whole, and each says what it was made from, for what, and whose its rows are.

A job that derives a table brings its transformation only. It reads through the policy, with the tags of data subjects
carried along (`flows/read: read_to_derive`), and gives the rows to a `Target`, which publishes, records and tells. What
a derived table carries and why: docs/decisions/derived-tables.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG, domain_of, subject_of
from strongroom.core.errors import StoreError
from strongroom.core.report import ContractFacts, Report, SourceFacts
from strongroom.core.run import RUN, Job
from strongroom.flows.foundation import reporting, run_rows, table_plans
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.erased import free_of_erased, within_in
from strongroom.flows.foundation.table_plans import SUBJECT as SUBJECT
from strongroom.govern.table import Table
from strongroom.protect import subject_tags
from strongroom.stores.artefacts.report_files import put
from strongroom.stores.lake import Lake, commits, filesystem_of, owners, properties, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.others import REWRAP
from strongroom.stores.lake.publication import readable
from strongroom.stores.table_plan import TablePlan

SOURCES, PURPOSE, PURPOSES, RECIPE, REFRESH, MADE_BY = (
    f"strongroom.{word}" for word in ("sources", "purpose", "purposes", "recipe", "refresh", "run")
)
"""Properties of a derived table: JSON of each source table's version; what for (twice: as the table's own purpose, and
among those that may read it); the fingerprint of what was asked; how it is brought up to date; and the run that last
wrote it. `SUBJECT` is whose its rows are."""
FINGERPRINT = "strongroom.contract_fingerprint"
"""The property of every table of a data set that says by which contract it was made."""
WHOLE, BY_FILE, BY_BATCH = "whole", "by file", "by batch"
"""How a table is brought up to date: made anew; file by file of its source, which it follows at once; or what is new is
added, and all of it made anew once something has left its source."""
NOBODY = "nobody"
MADE_FROM = "made-from.json"
"""In a folder that is no table (a fitted model): what it was made from, in the same words, and its own files."""
FILES = "files"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a table is made from, and how.

    Args:
        contract: of the data set that it comes from.
        sources: table → the version that was read.
        purpose: what it is made for.
        recipe: what was asked: options by name, in JSON's types. Equal ones have one fingerprint.
        refresh: `WHOLE`, `BY_FILE` or `BY_BATCH`.
        tag: the column of tags as the source has it, whose words count: the contract may have changed since.
    """

    contract: Contract
    sources: Mapping[str, int]
    purpose: str
    recipe: Mapping[str, object]
    refresh: str = WHOLE
    tag: pa.Field | None = None

    def properties(self, zone: str, *, run_id: str, schema: pa.Schema, personal: bool = True) -> dict[str, str]:
        """What the table says of itself. `personal`: its rows belong to the subjects of the source's rows."""
        return {
            **table_plans.properties(self.contract, zone),
            SOURCES: _json(dict(self.sources)),
            PURPOSE: self.purpose,
            PURPOSES: self.purpose,
            RECIPE: hashlib.sha256(_json(dict(self.recipe)).encode()).hexdigest(),
            SUBJECT: self.whose(schema) if personal else NOBODY,
            REFRESH: self.refresh,
            MADE_BY: run_id,
        }

    def whose(self, schema: pa.Schema) -> str:
        """Whose the rows are: the subject's column, within what it is one person, and the column of tags, if any."""
        subject, there = subject_of(self.contract), TAG if TAG in schema.names else ""
        if self.tag is not None:
            said = json.loads(self.tag.metadata[table_plans.MADE.encode()])[TAG][2]
        elif subject is not None:
            said = {"column": subject.path, "within": list(domain_of(subject, table=self.contract.training))}
        else:
            return NOBODY
        return _json({**said, "tag": there})


def say_beside(folder: str, origin: Origin, *, run_id: str) -> None:
    """A folder of files that is no table says in one beside them what it was made from, and which files are its own.

    Raises:
        StoreError: it cannot be written.
    """
    filesystem, inside = filesystem_of(folder)
    infos = filesystem.get_file_info(pafs.FileSelector(inside, recursive=True))
    files = {info.path.removeprefix(inside).lstrip("/"): info.size for info in infos if info.is_file}
    said = origin.properties("models", run_id=run_id, schema=pa.schema([]))
    try:
        put(f"{folder}/{MADE_FROM}", json.dumps({**said, FILES: files}, indent=1, sort_keys=True) + "\n")
    except OSError:
        todo = "Check free space and permission; then run again."
        raise StoreError("a model cannot be written", where=folder, todo=todo, code="output.unwritable") from None


def tag_of(source: DeltaTable) -> pa.Field | None:
    """The column of tags of a table that is made from, where it has one."""
    schema = pa.schema(source.schema().to_arrow())
    return schema.field(TAG).with_type(subject_tags.TYPE) if TAG in schema.names else None


@dataclass(frozen=True, slots=True)
class Target:
    """A derived table that a run is to write: what it was before (None: not there), and what it is made from."""

    job: Job
    lake: Lake
    table: str
    before: DeltaTable | None
    origin: Origin
    note: Mapping[str, str]
    personal: bool = True

    @classmethod
    def of(cls, job: Job, lake: Lake, table: str, origin: Origin, *, personal: bool = True) -> Target:
        """The table as it is now; nothing is made."""
        sources = ", ".join(f"{name} version {version}" for name, version in origin.sources.items())
        said = {
            RUN: job.run.id, "strongroom.fingerprint": origin.contract.fingerprint, "strongroom.source": sources,
            SOURCES: _json(dict(origin.sources)),
        }  # fmt: skip
        return cls(job, lake, table, lake.open(table), origin, said, personal)

    @property
    def done(self) -> bool:
        """Whether this very run has written the table already."""
        return self.before is not None and bool(self.before.transaction_version(self._writer))

    @property
    def _writer(self) -> str:
        return f"{self.table}/{self.job.run.id}"

    def made_of(self, source: str) -> int | None:
        """The version of the source that the table was made of, where it was made as this run would, or else None."""
        if self.before is None:
            return None
        have, wanted = self.before.metadata().configuration, self.planned(TablePlan(pa.schema([]))).properties
        same = all(have.get(key) == wanted[key] for key in (RECIPE, PURPOSE, FINGERPRINT, REFRESH))
        if not same or have.get(MADE_BY) != newest_run(self.before):
            return None
        version: int | None = json.loads(have.get(SOURCES, "{}")).get(source)
        return version

    def refuse(self, *, whole: bool = True) -> None:
        """Makes sure that the table can be replaced (or added to), as its owner has set it up.

        Raises:
            StoreError: it cannot.
        """
        if self.before is not None:
            owners.refuse(self.table, self.before, mode="overwrite" if whole else "append")

    def publish(self, frame: Any, plan: TablePlan, *, rows: Callable[[], int], whole: bool = True) -> int:
        """The frame becomes the table's next version, or is added to it, as a whole; returns that version.

        Args:
            frame: the rows, in the plan's columns.
            plan: what the table is to be; what it says of its origin is added here.
            rows: is called when the rows are staged and nobody can read them yet: tells the audit log what it must
                know before, and gives their number.
            whole: whether the rows of before go.

        Raises:
            StoreError: another run has written the table since this one started; nothing is changed.
        """
        plan = self.planned(plan)
        onto = self.before if self.before is not None else self.lake.ensure(self.table, plan)
        number = (onto.transaction_version(self.table) or 0) + 1
        # The number keeps a second try of a killed run away from files that the first one may have committed.
        stage = f"stage-{number:06d}-{self.job.run.id}"
        staging.drop_stage(self.lake, self.table, stage)
        try:
            staging.write(frame, staging.spark_path(self.lake, self.table, stage), stats=plan.stats)
            written = rows()
            schema = owners.with_notes(plan.schema, onto)
            files = staging.staged(self.lake, self.table, stage)
            change = free_of_erased(
                self.job.settings, self.lake, self.table,
                Change(files, whole=True, schema=schema) if whole else Change(files),
                within=within_in(plan.schema, plan.properties),
            )  # fmt: skip
            writers = {self.table: number, self._writer: number}
            version = commits.commit(self.lake, self.table, change, looked=onto, writers=writers, note=self.note)
        except BaseException:
            if not replace(self, before=self.lake.open(self.table)).done:  # else it was stopped right after its commit
                staging.drop_stage(self.lake, self.table, stage)
            raise
        staging.drop_unnamed(self.lake, self.table, stage, version=version)
        self.finish(plan, version=version, rows=written)
        return version

    def planned(self, plan: TablePlan) -> TablePlan:
        """The plan, with what the table says of its origin."""
        zone = self.table.partition(".")[0]
        said = self.origin.properties(zone, run_id=self.job.run.id, schema=plan.schema, personal=self.personal)
        return replace(plan, properties={**plan.properties, **said})

    def again(self) -> None:
        """What this very run has left undone, if it died right after its commit; the sources may be newer by now."""
        if self.before is None or run_rows.holds(self.lake, run_id=self.job.run.id, dataset=self.table):
            return
        mine = (each[SOURCES] for each in self.before.history() if each.get(RUN) == self.job.run.id and SOURCES in each)
        then = replace(self, origin=replace(self.origin, sources=json.loads(next(mine, self.note[SOURCES]))))
        plan = then.planned(TablePlan(pa.schema(self.before.schema().to_arrow())))
        then.finish(plan, version=self.before.version(), rows=self.before.count())

    def finish(self, plan: TablePlan, *, version: int, rows: int) -> None:
        """After the commit: the table says what it is made from, and the run has its row."""
        properties.bring(self.lake, self.table, plan, say=self.job.say)
        recorded(self.job, self.lake, self.table, self.origin, version=version, rows=rows)


def newest_run(found: DeltaTable) -> str:
    """The run that last gave the table rows, as far as history still tells; `keys rewrap` gives it none."""
    return next((str(entry[RUN]) for entry in found.history() if RUN in entry and REWRAP not in entry), "")


def recorded(job: Job, lake: Lake, table: str, origin: Origin, *, version: int, rows: int) -> None:
    """The run's report about a table that it wrote, what receivers are told, and the run's row."""
    report = _report(job, lake, table, origin, version=version, rows=rows)
    page, notes = reporting.write_report(report, lake=lake), reporting.end(job, report)
    run_rows.append(
        lake, job, origin.contract, table, status="done", mode=origin.refresh, rows_written=rows,
        table_version=version, report=page, notes=notes,
    )  # fmt: skip
    job.say(f"report: {page}")


def _report(job: Job, lake: Lake, table: str, origin: Origin, *, version: int, rows: int | None) -> Report:
    found, purposes = lake.open(table), tuple(origin.purpose.split(","))
    names = () if found is None else tuple(field.name for field in found.schema().fields)
    may_read = reporting.readers_of(job, Table(table, names), purposes=purposes)
    return Report(
        run=job.run,
        contract=replace(ContractFacts.of(origin.contract), purposes=purposes),
        policy=policy_of(job),
        table=table,
        status="done",
        read=None,
        written=rows,
        quarantined=None,
        seconds=run_rows.seconds_of(job.run),
        sources=tuple(
            SourceFacts(name, "delta", lake.folder(name), version=read) for name, read in origin.sources.items()
        ),
        tables={table: lake.folder(table)},
        versions={table: version},
        readable=readable(lake, table),
        audience=reporting.roles_of(may_read),
        readers=may_read,
    )


def _json(found: Mapping[str, object]) -> str:
    return json.dumps(found, sort_keys=True, separators=(",", ":"))
