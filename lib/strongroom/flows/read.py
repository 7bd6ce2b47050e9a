"""Reads a table through the policy: the columns and rows a principal may have, masked where the policy says so.

This level is advisory: it binds whoever comes through here, not whoever holds the files.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deltalake import DeltaTable

from strongroom.core.decision import Request
from strongroom.core.errors import StoreError
from strongroom.core.event import Event
from strongroom.core.run import Job, Run
from strongroom.core.settings import Settings
from strongroom.core.settings_file import load_settings
from strongroom.flows.permit import engine_of
from strongroom.flows.tables import CLASSIFICATION, TAGS
from strongroom.govern.enforce import reading
from strongroom.govern.explain import refusal
from strongroom.stores.audit import AuditLog
from strongroom.stores.identity import whoami
from strongroom.stores.lake import Lake


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
        Refused: the policy gives no column of it (the audit log keeps the attempt), or nothing proves who is asking.
        StoreError: there is no such table.
    """
    found = load_settings(settings) if isinstance(settings, str) else settings
    moment = at or datetime.now(UTC)
    run = f"read-{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    caller = whoami(found, lambda: spark)
    actor = caller.principal if caller.proof and caller.principal != principal else ""
    return _read(spark, table, found, Run(run, "read_table", principal, purpose, moment, actor=actor))


def read_as(job: Job, table: str, *, version: int | None = None) -> Any:
    """The same for a job: its run says who reads, for what, and when; of one version when it names one."""
    return _read(job.spark(), table, job.settings, job.run, version=version)


def _read(spark: Any, table: str, settings: Settings, run: Run, *, version: int | None = None) -> Any:
    lake, engine = Lake(settings.lake), engine_of(settings.policy)
    found = lake.open(table)
    if found is not None and version is not None:
        found.load_as_version(version)
    columns = _columns(found)
    request = Request(
        action="read",
        table=table,
        at=run.started,
        columns=tuple(columns),
        # A column whose schema says nothing is unknown to the policy, not free of classification.
        classifications={name: notes[CLASSIFICATION] for name, notes in columns.items() if CLASSIFICATION in notes},
        tags={name: _tags(notes[TAGS]) for name, notes in columns.items() if TAGS in notes},
        principal=run.principal,
        purpose=run.purpose,
        actor=run.actor,
    )
    decision = engine.narrow(request)
    AuditLog.open(settings).append(Event.decided(run, decision, policy=engine.policy.fingerprint))
    if not decision.allowed:
        raise refusal(engine, decision)
    if found is None:
        todo = "Run ./spark-submit.sh prepare first."
        raise StoreError("there is no such table", where=lake.folder(table), todo=todo)
    # The version that was decided on, whoever writes the table before its rows are read.
    rows = spark.read.format("delta").option("versionAsOf", found.version()).load(lake.spark_path(table))
    sql = reading(decision, dict(rows.dtypes))
    return (rows.where(sql.where) if sql.where else rows).selectExpr(*sql.select)


def _columns(found: DeltaTable | None) -> Mapping[str, Mapping[str, str]]:
    """Each column of the table and what its schema says of it; nothing when there is no table."""
    return {column.name: column.metadata or {} for column in found.schema().fields} if found is not None else {}


def _tags(words: str) -> tuple[str, ...]:
    return tuple(tag for tag in words.split(",") if tag)
