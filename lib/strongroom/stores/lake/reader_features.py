"""Whether the files of a Delta table are its rows as they stand, or only a full reader of Delta knows.

Features are those of the protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from deltalake import DeltaTable

_PLAIN = frozenset(("timestampNtz", "vacuumProtocolCheck"))
"""Features that change nothing for whoever reads the files that the log names. Not `v2Checkpoint`, without which a list
of files may be an older version's; not `typeWidening`, since files keep types that the table has left.
"""
_SOMETIMES = frozenset(("deletionVectors", "columnMapping"))
"""Features that a table may list and not use."""
_NEWEST = 3
"""The last version of the protocol for readers that is known here: it lists its features."""


def needs_spark(table: DeltaTable) -> str:
    """Why a version's files are not its rows as they stand, so that only a full reader of Delta will do; else empty.

    That holds for sources and for our own tables, to which their owners may have added what they like.
    """
    if reason := unlike_its_files(table):
        return reason
    features = table.protocol().reader_features or ()
    if "deletionVectors" in features and any(batch.num_rows for batch in table.deletion_vectors()):
        return "deletion vectors say which rows of its files are gone"
    return ""


def unlike_its_files(table: DeltaTable) -> str:
    """Why no file of a table, a new one neither, may be read by itself; else empty."""
    newest = table.protocol().min_reader_version
    if newest > _NEWEST:
        return f"the table needs readers of version {newest}"
    if unknown := sorted(set(table.protocol().reader_features or ()) - _PLAIN - _SOMETIMES):
        return f"the table needs {', '.join(unknown)}"
    mapping = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    return "" if mapping == "none" else f"its columns are mapped by {mapping}, so its files name them otherwise"
