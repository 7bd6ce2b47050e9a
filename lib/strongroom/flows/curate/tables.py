"""What the tables that `curate` writes are to be."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.flows.curate.verdicts import BATCH, FILE, ROW
from strongroom.flows.foundation import table_plans
from strongroom.stores.table_plan import TablePlan, plain_type

REASONS = "reasons"
PLACES = {BATCH: "batch", FILE: "file", ROW: "row"}
"""What the place of a row is called in a table, by what it is called on its way."""
_COMMENTS = {
    "batch": "the batch that brought the row to the training table",
    "file": "its file in that table's folder, as it lay then",
    "row": "its number in the file",
    REASONS: "why it is not fit to train on",
}


def names(contract: Contract) -> dict[str, str]:
    """The tables of a data set by what they hold, in the order in which they are written."""
    return {"dropped": contract.dropped, "curated": contract.curated}


def curated_plan(contract: Contract, source: pa.Schema, frame: Any, *, tag: pa.Field | None) -> TablePlan:
    """The rows that stay, in the columns that are given, each with what the training table says of it."""
    from pyspark.sql.pandas.types import to_arrow_schema

    fields = [_noted(field, source, tag) for field in to_arrow_schema(frame.schema)]
    return TablePlan(pa.schema(fields), f"rows of {contract.name} that are fit to train on")


def dropped_plan(contract: Contract, source: pa.Schema, *, key: str, tag: pa.Field | None) -> TablePlan:
    """What is left of the others: key and tag, place and reasons."""
    whose = [_noted(source.field(key), source, tag)] if key else []
    whose += [tag] if tag is not None else []
    said = [
        _said("batch", pa.int64()), _said("file", pa.string()), _said("row", pa.int64()),
        _said(REASONS, pa.list_(pa.string())),
    ]  # fmt: skip
    return TablePlan(pa.schema([*whose, *said]), f"which rows of {contract.name} are not fit to train on, and why")


def _said(name: str, kind: pa.DataType) -> pa.Field:
    notes = {"comment": _COMMENTS[name], table_plans.CLASSIFICATION: "", table_plans.PROTECTION: "keep"}
    return pa.field(name, kind, metadata=notes)


def _noted(field: pa.Field, source: pa.Schema, tag: pa.Field | None) -> pa.Field:
    if field.name == TAG and tag is not None:
        return tag
    return pa.field(field.name, plain_type(field.type), metadata=source.field(field.name).metadata)
