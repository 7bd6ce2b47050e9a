"""What the owner of a published table has set on it beside us: conditions on its rows, notes, ways to write it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of
from strongroom.stores.lake.properties import breaking, constraints
from strongroom.stores.table_plan import delta_schema

_INVARIANT, _GENERATED, _MAPPED = "delta.invariants", "delta.generationExpression", "delta.columnMapping.mode"
_KEPT = (
    "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "columnMapping", "deletionVectors",
    "timestampNtz", "v2Checkpoint", "generatedColumns", "variantType",
)  # fmt: skip
"""Features of a table's protocol that a version of ours keeps; what of them does not fit is told by itself."""


def conditions(table: DeltaTable) -> dict[str, str]:
    """What the owner asks of every row, name → SQL condition: CHECK constraints, and invariants of columns."""
    found = dict(constraints(table.metadata().configuration)[1])
    for field in table.schema().fields:
        if (text := field.metadata.get(_INVARIANT)) is not None:
            found[f"invariant of {field.name}"] = json.loads(str(text))["expression"]["expression"]
    return found


def refuse(table: str, found: DeltaTable, *, mode: str) -> None:
    """Makes sure that a version can be committed as the owner has set the table up, before any row is read.

    Args:
        table: its name.
        found: the version the run is planned on.
        mode: `overwrite` or `append`.

    Raises:
        StoreError: the owner has set what we can neither keep nor would drop.
    """
    have, todo = found.metadata().configuration, "Ask its owner to take that off."
    generated = [field.name for field in found.schema().fields if _GENERATED in field.metadata]
    strange = sorted(set(found.protocol().writer_features or ()) - set(_KEPT))
    if have.get("delta.appendOnly") == "true" and mode == "overwrite":
        what, todo = (
            "it is append-only, and this run would replace its rows",
            "Only an increment that replaces nothing can write it: run the same with --set prepare.mode=append.",
        )
    elif found.metadata().partition_columns or have.get(_MAPPED, "none") != "none":
        what = "it has partitions or mapped columns"
    elif generated:
        what = f"it computes {', '.join(generated)} from other columns"
    elif strange:
        what = f"it needs {', '.join(strange)}"
    else:
        return
    raise StoreError(
        f"the owner has set up this table as no run may write it: {what}", where=table, todo=todo, code="table.owner"
    )


def with_notes(schema: pa.Schema, onto: DeltaTable) -> pa.Schema:
    """The columns of a new version, with what the owner has noted on those there were: all but our own words."""
    before = {field.name: field.metadata for field in onto.schema().fields}
    fields = []
    for field in schema:
        theirs = {key: text for key, text in before.get(field.name, {}).items() if isinstance(text, str)}
        theirs = {key: text for key, text in theirs.items() if key != "comment" and not key.startswith("strongroom.")}
        ours = {key.decode(): text.decode() for key, text in (field.metadata or {}).items()}
        fields.append(field.with_metadata({**theirs, **ours}))
    return pa.schema(fields, schema.metadata)


def broken(
    lake: Lake, table: str, files: Sequence[AddAction], *, schema: pa.Schema, asked: Mapping[str, str]
) -> dict[str, int]:
    """How many rows of staged files each condition does not hold for.

    The text is the owner's and not ours to run in Spark, where SQL reaches files and classes: it is evaluated by
    deltalake, as a condition on these columns, as it is for whoever writes the table by deltalake.

    Raises:
        StoreError: a condition cannot be evaluated, or the stage not be read.
    """
    if not files:
        return dict.fromkeys(asked, 0)
    stage = files[0].path.rpartition("/")[0]
    place = f"{lake.folder(table)}/{stage}"
    filesystem, folder = filesystem_of(place)
    name = ""
    try:
        rows = DeltaTable.create(place, delta_schema(schema))
        mine: list[AddAction | RemoveAction] = [_at(action, action.path.removeprefix(f"{stage}/")) for action in files]
        rows.create_write_transaction(mine, "append", rows.schema(), partition_by=[])
        rows = DeltaTable(place)
        counts = {}
        for name in sorted(asked):
            counts[name] = breaking(rows, asked[name])
        return counts
    except BaseException as error:
        if not isinstance(error, DeltaError | OSError | ValueError) and type(error).__name__ != "PanicException":
            raise
        what = f"the owner's constraint {name!r} cannot be judged" if name else "staged rows cannot be read"
        todo = "Nothing was published. Say it in SQL that deltalake knows too, or drop it."
        raise StoreError(what, where=table, todo=todo, code="table.owner") from None
    finally:
        filesystem.delete_dir(f"{folder}/_delta_log")


def _at(action: AddAction, path: str) -> AddAction:
    return AddAction(path, action.size, {}, action.modification_time, True, action.stats)
