"""What the tables that `curate` writes are to be."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.flows.curate.verdicts import BANDS, BATCH, EXACT, FILE, REASONS, ROW, SKETCH
from strongroom.flows.foundation import table_plans
from strongroom.stores.table_plan import TablePlan, plain_type

PLACES = {BATCH: "batch", FILE: "file", ROW: "row"}
DROPPED = {**PLACES, REASONS: "reasons"}
INDEX = {**PLACES, EXACT: "exact", BANDS: "bands", SKETCH: "sketch"}
"""What a verdict's columns are called in the tables, by what they are called on their way."""
_SAID = {
    "batch": (pa.int64(), "the batch that brought the row to the training table"),
    "file": (pa.string(), "its file in that table's folder, as it lay then"),
    "row": (pa.int64(), "its number in the file"),
    "reasons": (pa.list_(pa.string()), "why it is not fit to train on"),
    "exact": (pa.binary(), "a keyed mark of its text"),
    "bands": (pa.binary(), "keyed marks that similar texts share, 8 bytes each"),
    "sketch": (pa.binary(), "keyed marks that tell how alike two texts are, 4 bytes each"),
}


def names(contract: Contract) -> dict[str, str]:
    """The tables of a data set by what they hold, in the order in which they are written."""
    return {"dropped": contract.dropped, "index": f"{contract.curated}_index", "curated": contract.curated}


def curated_plan(contract: Contract, source: pa.Schema, frame: Any, *, tag: pa.Field | None) -> TablePlan:
    """The rows that stay, in the columns that are given, each with what the training table says of it."""
    from pyspark.sql.pandas.types import to_arrow_schema

    fields = [_noted(field, source, tag) for field in to_arrow_schema(frame.schema)]
    return TablePlan(pa.schema(fields), f"rows of {contract.name} that are fit to train on")


def dropped_plan(contract: Contract, source: pa.Schema, *, key: str, tag: pa.Field | None) -> TablePlan:
    """What is left of the others: key and tag, place and reasons."""
    whose = [_noted(source.field(key), source, tag)] if key else []
    fields = [*whose, *_tagged(tag), *(pa.field(name, *_kind(name)) for name in DROPPED.values())]
    return TablePlan(pa.schema(fields), f"which rows of {contract.name} are not fit to train on, and why")


def index_plan(contract: Contract, source: pa.Schema, *, text: str, tag: pa.Field | None) -> TablePlan:
    """By what the rows that stay are known again; marks are as delicate as the text that they are of."""
    notes = source.field(text).metadata or {}
    as_text = {
        key: notes[key] for key in map(str.encode, (table_plans.CLASSIFICATION, table_plans.TAGS)) if key in notes
    }
    fields = [pa.field(name, *_kind(name)) for name in INDEX.values()]
    marked = [
        field.with_metadata({**field.metadata, **as_text}) if field.name not in PLACES.values() else field
        for field in fields
    ]
    what = f"keyed marks of the texts that stay in {contract.curated}: an increment is held against them"
    return TablePlan(pa.schema([*_tagged(tag), *marked]), what)


def _tagged(tag: pa.Field | None) -> list[pa.Field]:
    return [tag] if tag is not None else []


def _kind(name: str) -> tuple[pa.DataType, bool, dict[str, str]]:
    kind, comment = _SAID[name]
    notes = {"comment": comment, table_plans.CLASSIFICATION: "", table_plans.PROTECTION: "keep"}
    return kind, True, notes


def _noted(field: pa.Field, source: pa.Schema, tag: pa.Field | None) -> pa.Field:
    if field.name == TAG and tag is not None:
        return tag
    return pa.field(field.name, plain_type(field.type), metadata=source.field(field.name).metadata)
