"""Reads a table through the policy: the columns and rows a principal may have, masked where the policy says so.

This level is advisory: it binds whoever comes through here, not whoever holds the files.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from strongroom.core.decision import Decision, Request
from strongroom.core.errors import StoreError
from strongroom.core.event import Event
from strongroom.core.run import Job
from strongroom.core.settings import Settings
from strongroom.core.settings_file import load_settings
from strongroom.flows.permit import engine_of
from strongroom.flows.tables import CLASSIFICATION, TAGS
from strongroom.govern.enforce import reading
from strongroom.govern.explain import refusal
from strongroom.stores.audit import AuditLog
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
        principal: `user:NAME`. Nobody checks here that the caller is that user.
        purpose: one word that a grant names.
        settings: the settings, or their file.
        at: the time that grants are weighed at; aware.

    Raises:
        Refused: the policy gives no column of it; the audit log keeps the attempt.
        StoreError: there is no such table.
    """
    found = load_settings(settings) if isinstance(settings, str) else settings
    moment = at or datetime.now(UTC)
    run = f"read-{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    return _read(spark, table, found, run=run, job="read_table", principal=principal, purpose=purpose, at=moment)


def read_as(job: Job, table: str) -> Any:
    """The same for a job: its run says who reads, for what, and when."""
    run = job.run
    return _read(
        job.spark(), table, job.settings, run=run.id, job=run.job, principal=run.principal, purpose=run.purpose,
        at=run.started, actor=run.actor,
    )  # fmt: skip


def _read(
    spark: Any,
    table: str,
    settings: Settings,
    *,
    run: str,
    job: str,
    at: datetime,
    principal: str,
    purpose: str,
    actor: str = "",
) -> Any:
    lake, engine = Lake(settings.lake), engine_of(settings.policy)
    columns = _columns(lake, table)
    request = Request(
        action="read",
        table=table,
        at=at,
        columns=tuple(columns),
        classifications={name: notes.get(CLASSIFICATION, "") for name, notes in columns.items()},
        tags={name: _tags(notes) for name, notes in columns.items()},
        principal=principal,
        purpose=purpose,
        actor=actor,
    )
    decision = engine.narrow(request)
    AuditLog.open(settings).append(_event(decision, run=run, job=job, policy=engine.policy.fingerprint))
    if not decision.allowed:
        raise refusal(engine, decision)
    if not columns:
        raise StoreError(
            "there is no such table", where=lake.folder(table), todo="Run ./spark-submit.sh prepare first."
        )
    rows = spark.read.format("delta").load(lake.spark_path(table))
    sql = reading(decision, dict(rows.dtypes))
    return (rows.where(sql.where) if sql.where else rows).selectExpr(*sql.select)


def _columns(lake: Lake, table: str) -> Mapping[str, Mapping[str, str]]:
    """Each column of the table and what its schema says of it; nothing when there is no table."""
    found = lake.open(table)
    return {column.name: column.metadata or {} for column in found.schema().fields} if found is not None else {}


def _tags(notes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(tag for tag in notes.get(TAGS, "").split(",") if tag)


def _event(decision: Decision, *, run: str, job: str, policy: str) -> Event:
    asked = decision.request
    return Event(
        time=asked.at,
        run=run,
        job=job,
        principal=asked.principal,
        actor=asked.actor,
        action="read",
        outcome="allowed" if decision.allowed else "refused",
        roles=decision.roles,
        table=asked.table,
        columns=decision.columns,
        purpose=asked.purpose,
        policy=policy,
        facts={"masks": dict(decision.masks), "withheld": list(decision.withheld), "level": decision.level},
    )
