"""What readers of a table get, as its own log tells it: the version that last changed its rows, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime

from deltalake.exceptions import DeltaError

from strongroom.core.errors import StoreError
from strongroom.core.report import Readable
from strongroom.core.run import RUN
from strongroom.stores.lake.lake import Lake

_SAYS = (
    "CREATE TABLE", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "ADD CONSTRAINT", "DROP CONSTRAINT", "OPTIMIZE",
    "VACUUM START", "VACUUM END", "UPDATE TABLE METADATA", "UPDATE FIELD METADATA", "UPGRADE PROTOCOL", "CLUSTER BY",
)  # fmt: skip
"""Operations after which readers get the same rows as before."""
_LOOKED_AT = 500


def readable(lake: Lake, table: str) -> Readable | None:
    """What readers get now; None while nothing was ever published.

    Raises:
        StoreError: the table or its log cannot be read.
    """
    found = lake.open(table)
    if found is None:
        return None
    try:
        commits = found.history(_LOOKED_AT)
    except (DeltaError, OSError) as fault:
        raise StoreError(
            "this table's log cannot be read", where=table, todo="Check its folder.", code="table.unreadable"
        ) from fault
    rows = [commit for commit in commits if commit["operation"] not in _SAYS and "strongroom.fenced" not in commit]
    if not rows:
        begun = any(commit["version"] == 0 for commit in commits)
        return None if begun else Readable(int(found.version()))
    mine = next((commit for commit in rows if RUN in commit), None)
    if mine is None:
        return Readable(int(rows[0]["version"]))
    published = datetime.fromtimestamp(mine["timestamp"] / 1000, UTC)
    return Readable(int(rows[0]["version"]), str(mine[RUN]), published)
