"""What other people did to a table of ours between two of its versions, and what of it we cannot go along with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of

REWRAP = "strongroom.rewrap"
"""In the note of a commit of ours that writes the same rows anew: other ciphertexts, no other value."""
ERASE = "strongroom.erase"
"""In the note of a commit of ours that only takes rows of erased people out, and names the run that did."""
SIGN = "strongroom.commit"
"""In the note of each commit of files: a random name, by which it is known again."""


@dataclass(frozen=True, slots=True)
class Others:
    """Versions in which rows were added, changed or taken out, and the files that may hold new ones now."""

    versions: tuple[int, ...] = ()
    files: tuple[str, ...] = ()


def since(lake: Lake, table: str, *, looked: DeltaTable, now: DeltaTable) -> Others:
    """What became of the rows after the version that was looked at.

    A compaction, a VACUUM, a property or a constraint leaves them as they are, and who adds rows or throws all away
    need not know of an erasure. A version whose entry in the log is gone
    already counts as one that changed them: nobody can tell.
    """
    numbers = range(looked.version() + 1, now.version() + 1)
    versions = tuple(number for number in numbers if _changes_rows(lake, table, number))
    if not versions:
        return Others()
    # Not only the files of these versions: a compaction may have taken them in since.
    return Others(versions, tuple(sorted(files_of(now).keys() - files_of(looked).keys())))


def files_of(table: DeltaTable) -> dict[str, int]:
    """Path (as the log has it) and bytes of each file."""
    found = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes"])
    return dict(zip(found["path"].to_pylist(), found["size_bytes"].to_pylist(), strict=True))


def rows_of(table: DeltaTable) -> dict[str, int]:
    """Path (as the log has it) and rows of each file."""
    found = pa.table(table.get_add_actions(flatten=True)).select(["path", "num_records"])
    return dict(zip(found["path"].to_pylist(), found["num_records"].fill_null(0).to_pylist(), strict=True))


def fit(table: str, found: DeltaTable) -> None:
    """Whether the table still is of the kind that whole files can be added to and taken from.

    Raises:
        StoreError: somebody turned on what makes its files other than its rows; names the cure.
    """
    have, alter = found.metadata().configuration, f"ALTER TABLE {table} SET TBLPROPERTIES"
    known = "deletionVectors" in (found.protocol().reader_features or ())
    if known and (have.get("delta.enableDeletionVectors") == "true" or _has_vectors(found)):
        todo = f"{alter} ('delta.enableDeletionVectors' = 'false'), then REORG TABLE {table} APPLY (PURGE)."
        raise StoreError(
            "deletion vectors were turned on, so this table's files are not its rows",
            where=table,
            todo=todo,
            code="table.owner",
        )
    if have.get("delta.columnMapping.mode", "none") != "none":
        todo = f"{alter} ('delta.columnMapping.mode' = 'none'), or drop the table and prepare it anew."
        raise StoreError(
            "this table's columns are mapped, so its files name them otherwise",
            where=table,
            todo=todo,
            code="table.owner",
        )
    if found.metadata().partition_columns:
        todo = "Write it anew without partitions."
        raise StoreError(
            "this table is partitioned, so its files lack columns", where=table, todo=todo, code="table.owner"
        )
    if "delta.setTransactionRetentionDuration" in have:
        todo = f"ALTER TABLE {table} UNSET TBLPROPERTIES ('delta.setTransactionRetentionDuration')."
        raise StoreError(
            "this table's log is set to forget what was published", where=table, todo=todo, code="table.owner"
        )


def still_takes(now: DeltaTable, looked: DeltaTable) -> bool:
    """Whether rows made for the columns of `looked` fit `now`: others may have added columns that may be null."""
    have = {field.name: field for field in now.schema().fields}
    known = {field.name: field for field in looked.schema().fields}
    if any(name not in have or have[name].type != field.type for name, field in known.items()):
        return False
    return all(field.nullable or (name in known and not known[name].nullable) for name, field in have.items())


def is_signed(lake: Lake, table: str, number: int, sign: str) -> bool:
    """Whether a version is the commit with this sign: an error after it, or an answer that got lost, undoes nothing."""
    return any(action.get("commitInfo", {}).get(SIGN) == sign for action in actions_of(lake, table, number))


def _has_vectors(found: DeltaTable) -> bool:
    return any(batch.num_rows for batch in found.deletion_vectors())


def _changes_rows(lake: Lake, table: str, number: int) -> bool:
    """Whether a version says of itself that rows came or went."""
    actions = list(actions_of(lake, table, number))
    if any(word in action.get("commitInfo", {}) for action in actions for word in (REWRAP, ERASE)):
        return False
    return not actions or any(
        action[kind].get("dataChange", True) for action in actions for kind in ("add", "remove") if kind in action
    )


def actions_of(lake: Lake, table: str, number: int) -> Iterator[dict[str, Any]]:
    """What the log says of a version; nothing where its entry is gone."""
    filesystem, folder = filesystem_of(lake.folder(table))
    try:
        with filesystem.open_input_stream(f"{folder}/_delta_log/{number:020d}.json") as file:
            lines = file.read().decode("utf-8").splitlines()
    except FileNotFoundError:
        return
    yield from (json.loads(line) for line in lines if line.strip())
