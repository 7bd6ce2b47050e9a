"""What a table is to be: its columns, description, properties and constraints; and Arrow's schema as Delta's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from deltalake import Schema

from strongroom.core.sql_text import identifier

# Erased values must be really gone: no deletion vectors, and old files are kept for a stated time only.
PRIVATE = {
    "delta.enableDeletionVectors": "false",
    "delta.deletedFileRetentionDuration": "interval 7 days",
    "delta.logRetentionDuration": "interval 30 days",
}
KEPT = ("delta.deletedFileRetentionDuration", "delta.logRetentionDuration")
"""Properties that a new table gets, and that its owner may change for good."""
OURS = "strongroom.constraints"
"""The property that names the constraints which a plan has made; every other one is the owner's."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What a table is to be: its Arrow schema (comments as field metadata `comment`), description and properties.

    `stats` names the columns that may have minima and maxima in the Delta log; protected columns are never among them.
    `checks` are CHECK constraints, name → SQL condition.
    """

    schema: pa.Schema
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    stats: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)

    def configuration(self) -> dict[str, str]:
        """Every Delta property, the constraints among them, in the table's own spelling."""
        checks = {f"delta.constraints.{name}": condition for name, condition in self.checks.items()}
        # Constraints need writer version 3, and saying so keeps the table on the oldest protocol that can hold it.
        version = {"delta.minReaderVersion": "1", "delta.minWriterVersion": "3"} if checks else {}
        ours = {OURS: ",".join(sorted(self.checks))} if checks else {}
        stats = {"delta.dataSkippingStatsColumns": ",".join(map(identifier, self.stats))}
        return {**PRIVATE, **stats, **version, **ours, **checks, **self.properties}


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type without Arrow's views, which many of its functions do not know yet."""
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, plain_type(field.type)) for field in kind])
    return pa.list_(plain_type(kind.value_type)) if pa.types.is_list(kind) else kind


def spark_schema(schema: pa.Schema) -> Any:
    """Spark's schema of an Arrow schema; a moment without a zone stays one, which pyspark alone would not see to."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def delta_schema(schema: pa.Schema) -> Schema:
    """The Delta schema of an Arrow schema; comments stay, and text offsets of 64 bits are Arrow's affair only."""
    from deltalake import Schema  # a plan is made, and checked, where no table is

    return Schema.from_arrow(schema)
