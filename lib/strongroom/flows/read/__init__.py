"""Reads a table through the policy: the columns and rows a principal may have, masked where the policy says so,
of the people whose rows may be used for that purpose now.

Where the grants are advisory, the table is read and the policy applied here: that binds whoever comes through here, not
whoever holds the files. Where they are physical, the role's projection is read, by its path and as it lies. Where they
are cryptographic, encrypted columns are opened by keys that the role itself holds, and no keyring is touched.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import Refused, StoreError
from strongroom.core.escaping import glob_words, preparing
from strongroom.core.policy import PHYSICAL
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.run import Caller, Job, Run
from strongroom.core.settings import Settings
from strongroom.core.settings.file import load_settings
from strongroom.core.sql_text import identifier
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.consents import people_of, readable_people, readers_people
from strongroom.flows.foundation.people_rows import rows_of
from strongroom.flows.foundation.projections import contract_for, projections_of, reading_of
from strongroom.flows.foundation.role_keys import openable
from strongroom.flows.read.by_role_keys import in_clear
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import Projection, projection_for
from strongroom.govern.review.explain import refusal
from strongroom.govern.sql.select import reading
from strongroom.stores.identity import whoami
from strongroom.stores.lake import Lake
from strongroom.stores.lake.projections import holds
from strongroom.stores.spark.error_translation import at_version
from strongroom.stores.spark.session import check_reading
from strongroom.stores.spark.sql import columns_as, rows_where


def read_table(
    spark: Any,
    table: str,
    principal: str,
    purpose: str,
    *,
    settings: Settings | str = "conf/local.yaml",
    at: datetime | None = None,
) -> Any:
    """A DataFrame of what the principal may read of a table for that purpose, now or at a given time.

    Args:
        spark: the session.
        table: for example `training.reviews`.
        principal: `user:NAME`. Where the settings have identity proven, being somebody else takes a grant of `act`, and
            the audit log keeps both names; where it is asserted, this name is as good as that.
        purpose: one word that a grant names.
        settings: the settings, or their file.
        at: the time that grants are weighed at; aware.

    Raises:
        Refused: the policy gives no column of it (the audit log keeps the attempt), the purpose has no legal basis, or
            nothing proves who is asking.
        EnvironmentFault: the session is set to give other rows or values than those that were written.
        StoreError: there is no such table.
    """
    found = load_settings(settings) if isinstance(settings, str) else settings
    run = run_of(whoami(found, lambda: spark), principal or NOBODY, purpose)
    return _read(spark, table, found, run, at=at or run.started, theirs=True)


def read_mine(spark: Any, table: str, purpose: str, *, settings: Settings, principal: str = "") -> Any:
    """`read_table` for whoever this process speaks for, unless somebody else is named."""
    caller = whoami(settings, lambda: spark)
    run = run_of(caller, principal or caller.principal, purpose)
    return _read(spark, table, settings, run, at=run.started, theirs=True)


def run_of(caller: Caller, principal: str, purpose: str) -> Run:
    """A read as the audit log tells it; where the caller's name is proven, it stands beside another's."""
    now = datetime.now(UTC)
    return Run(
        f"read-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", "read_table", principal, purpose, now,
        actor=caller.principal if caller.proof and caller.principal != principal else "",
        proof=caller.proof,
    )  # fmt: skip


def read_as(job: Job, table: str) -> Any:
    """The same for a job that shows rows: its run says who reads, for what, and when."""
    return _read(job.spark(), table, job.settings, job.run, at=job.run.started)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where rows lie, as two columns more: their file, as Spark names it, and their number in it.

    Args:
        file: what the one column is called.
        row: what the other is called.
        files: the files that are read, as the table's log names them; what they hold are the table's rows (`fit`).
    """

    file: str
    row: str
    files: tuple[str, ...]

    def rows(self, spark: Any, folder: str, lies: Any) -> Any:
        """The rows of the files, in the columns of the table; a Delta table itself does not tell their numbers."""
        if not self.files:
            return lies.where("false").selectExpr("*", "struct('' AS file_path, 0L AS row_index) AS _metadata")
        paths = [glob_words(f"{folder}/{unquote(file)}") for file in self.files]
        return spark.read.schema(lies.schema).parquet(*paths)

    def select(self) -> tuple[str, ...]:
        """The columns as SQL."""
        return f"_metadata.file_path AS {identifier(self.file)}", f"_metadata.row_index AS {identifier(self.row)}"


def read_to_derive(job: Job, table: str, *, version: int, placed: Placed | None = None) -> Any:
    """The same of one version, for a job that makes a table of it, and for no other.

    The tags of data subjects come along, where the table has them and is read itself: the policy gives them to nobody
    here, and what is derived has to carry them on. `placed` asks where each row lies, too.
    """
    return _read(
        job.spark(), table, job.settings, job.run, at=job.run.started, version=version, carried=(TAG,), placed=placed
    )


def _read(
    spark: Any, table: str, settings: Settings, run: Run, *, at: datetime, version: int | None = None,
    theirs: bool = False, carried: tuple[str, ...] = (), placed: Placed | None = None,
) -> Any:  # fmt: skip
    """The rows as the policy gives them.

    `theirs` is a session that nobody has looked at yet, `carried` are columns that come along though nobody has them.
    """
    lake, engine = Lake(settings.lake), engine_of(settings.policy)
    found, fault = _opened(lake, table, version)
    request = replace(reading_of(found, table, run), at=at)
    answer = answer_to(request, engine, settings, lies=found is not None, there=found)
    decision, projection = answer.decision, answer.projection
    people, baseless = None, None
    if decision.allowed and found is not None and projection is None:
        try:
            people = readable_people(lake, settings, table, found, purpose=run.purpose, at=at)
        except Refused as refused:
            decision, baseless = replace(decision, allowed=False, flaw=refused.what), refused
    AuditLog.open(settings).append(Event.decided(run, decision, policy=engine.policy.fingerprint))
    if baseless is not None:
        raise baseless
    if not decision.allowed:
        if decision.flaw == _NOTHING:
            todo = "See `access lint`: what is taken from one member of a role is taken from its projection."
            raise Refused(decision.reason, where=", ".join(grant.where for grant in decision.grants), todo=todo)
        raise refusal(engine, decision)
    if fault is not None:
        raise fault
    if projection is not None:
        return _projected(spark, lake, projection, theirs=theirs)
    if found is None:
        zone, _, name = table.partition(".")
        todo = f"Run {preparing(name)} first." if zone == "training" else "Run the job first that writes it."
        raise StoreError("there is no such table", where=lake.folder(table), todo=todo, code="table.missing")
    rows = _rows(spark, lake, table, found, theirs=theirs)
    rows = rows if placed is None else placed.rows(spark, lake.spark_path(table), rows)
    rows = rows_of(rows, people)
    sql = reading(decision, dict(rows.dtypes))
    carried = tuple(name for name in carried if name in rows.columns and name not in decision.columns)
    sql = replace(
        sql, select=(*sql.select, *map(identifier, carried), *(placed.select() if placed is not None else ()))
    )
    if decision.clear and answer.contract is not None:
        shown = in_clear(
            rows,
            decision,
            sql,
            settings=settings,
            contract=answer.contract,
            by_role=answer.by_role,
            engine=engine,
            carried=carried,
        )
    else:
        shown = columns_as(rows_where(rows, sql.where), sql.select)
    return shown.alias("given")  # or Spark would look below the selection for a column that a later condition names


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read is given: by which projection, if it is one that gives it, and which roles' keys open what."""

    decision: Decision
    projection: Projection | None
    contract: Contract | None
    by_role: Mapping[str, str]


def answer_to(
    request: Request, engine: Engine, settings: Settings, *, lies: bool, there: DeltaTable | None = None
) -> Answer:
    """The policy's answer to a read, as its grants are enforced; `lies`: the table is there, its columns are known.

    With the table `there`, a projection is the one of those people whose rows may be used as of now.
    """
    contract, by_role = openable(
        engine, settings, request.table, principal=request.principal, at=request.at, there=request.columns
    )
    request = replace(request, encrypted=tuple(by_role))
    decision, projection = engine.narrow(request), None
    if lies and decision.allowed and decision.level == PHYSICAL:
        projection = _projection(engine, settings, request, decision, there)
        decision = _given(decision, projection)
    elif decision.allowed and any(grant.enforce == PHYSICAL for grant in decision.grants):
        decision = engine.at_source(decision.request)  # what a physical grant gives, it does not give here
    return Answer(decision, projection, contract, by_role)


def _opened(lake: Lake, table: str, version: int | None) -> tuple[DeltaTable | None, StoreError | None]:
    """The table at a version, or what is wrong with it: who may not read it is not told, and the attempt is audited."""
    try:
        found = lake.open(table)
    except StoreError as fault:
        return None, fault
    if found is not None and version is not None:
        found.load_as_version(version)
    return found, None


NOBODY = "user:?"
"""Stands in the audit log for whoever gave no name."""
_NOTHING = "no projection of theirs holds anything of it"


def _projection(
    engine: Engine, settings: Settings, request: Request, decision: Decision, there: DeltaTable | None
) -> Projection | None:
    """The projection that answers a read of all columns; None when its role's members may have nothing together."""
    people = None
    if there is not None:
        people = people_of(readers_people(Lake(settings.lake), settings, request.table, there, at=request.at))
    return projection_for(projections_of(engine, request, contract_for(settings, request.table), people), decision)


def _given(decision: Decision, projection: Projection | None) -> Decision:
    """The decision as a projection keeps it."""
    if projection is None:
        return replace(decision, allowed=False, flaw=_NOTHING)
    return replace(projection.decision, request=decision.request)


def _rows(spark: Any, lake: Lake, table: str, found: DeltaTable, *, theirs: bool) -> Any:
    """The rows of the version that was decided on, whoever writes the table before they are read."""
    if theirs:
        check_reading(spark)
    return at_version(spark, lake.spark_path(table), found.version())


def _projected(spark: Any, lake: Lake, projection: Projection, *, theirs: bool) -> Any:
    """The rows of a projection, once it is known to be of today's policy.

    Raises:
        StoreError: it is not there, or what it holds is not what the policy gives today.
    """
    found = lake.open(projection.table)
    if found is None or not holds(found, projection.content):
        what = "of another policy, or other consents, than today's" if found is not None else "not made yet"
        raise StoreError(
            f"this projection is {what}",
            where=projection.table,
            todo="Run ./spark-submit.sh project.",
            code="projection.behind",
        )
    return _rows(spark, lake, projection.table, found, theirs=theirs)
