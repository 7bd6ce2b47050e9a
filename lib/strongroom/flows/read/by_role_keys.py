"""Rows of a table with some columns in clear, opened by the keys of a role in the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from strongroom.core import workers
from strongroom.core.contract import Column, Contract
from strongroom.core.keys.ring import RoleHandle
from strongroom.core.no_values import no_values
from strongroom.core.policy.decision import Decision
from strongroom.core.settings import Settings
from strongroom.core.sql_text import identifier
from strongroom.govern.engine.engine import Engine
from strongroom.govern.sql.select import Reading
from strongroom.protect import revealed_type, revealer
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.stores.keys.role_files import file_of, open_role, role_keys_of
from strongroom.stores.spark import connect
from strongroom.stores.spark.sql import columns_as, rows_where

ROW_KEY = "__row_key_"
"""Prefix of the columns that values are bound to, read beside the others and not shown; what follows is their place."""


def in_clear(
    rows: Any, decision: Decision, sql: Reading, *, settings: Settings, contract: Contract,
    by_role: Mapping[str, str], engine: Engine, carried: Sequence[str] = (),
) -> Any:  # fmt: skip
    """What a decision gives of the rows as they lie, its columns `clear` opened; a value that does not open is null.

    `sql` is the decision as SQL, with the `carried` columns; `by_role` says for each column which role's keys open it.

    Raises:
        KeyFault: a role's file is missing, or its provider does not open it.
    """
    connect.send_package(rows.sparkSession)  # a session of somebody's own on a Connect server may not have it
    holders = {role.name: role.key for role in engine.policy.roles}
    roles = dict.fromkeys(by_role[name] for name in decision.clear)
    handles = {role: open_role(role, holders[role], str(file_of(settings.role_keys, role))) for role in roles}
    columns = {column.name: column for column in contract.columns if column.name in decision.clear}
    bound = row_keys_of(columns.values())
    beside = [f"{identifier(name)} AS {ROW_KEY}{place}" for place, name in enumerate(bound)]
    shown = columns_as(rows_where(rows, sql.where), (*sql.select, *beside))
    for name, column in columns.items():
        opened = _udf(column, table=contract.training, keys=handles[by_role[name]])
        keys = [f"{ROW_KEY}{bound.index(key)}" for key in row_keys_of([column])]
        shown = shown.withColumn(name, opened(identifier(name), *keys))
    return shown.select([identifier(name) for name in (*decision.columns, *carried)])


def _udf(column: Column, *, table: str, keys: RoleHandle) -> Any:
    from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # its stub is missing
    from pyspark.sql.pandas.types import from_arrow_type

    kind, bound = revealed_type(column), row_keys_of([column])

    def opened(array: pa.Array, *row_keys: pa.Array) -> pa.Array:
        workers.settle()
        with no_values("the opening"):
            open_ = revealer(column, table=table, keyring=role_keys_of(keys))
            return open_(array, dict(zip(bound, row_keys, strict=True)))[0].cast(kind)

    return arrow_udf(opened, returnType=from_arrow_type(kind, prefer_timestamp_ntz=True))
