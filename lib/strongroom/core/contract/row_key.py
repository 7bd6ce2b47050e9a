"""Which column encrypted values may be bound to: `protect: {method: encrypt, rowKey: COLUMN}`.

The key has to be in every row, tell rows apart, and be the same for whoever opens a value later. So it is a column at
the top, required, and kept or hashed: what is masked or generalised no longer tells rows apart, and what is encrypted
changes when keys do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strongroom.core.contract.model import Column
from strongroom.core.contract.protection import ROW_KEYS
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_STAYS = ("keep", "hash")


def check_row_keys(columns: Sequence[Column], named: Mapping[str, Node], findings: Findings) -> None:
    """Report each `rowKey` that names no column fit for it.

    Args:
        columns: the contract's.
        named: path of a leaf → where its `rowKey` stands.
        findings: where problems go.
    """
    by_name = {column.name: column for column in columns}
    fit = [name for name, column in by_name.items() if not _unfit(column)]
    advice = f"Columns that can be one: {', '.join(fit)}." if fit else "No column of this contract can be one."
    for path, node in named.items():
        name = str(node.value)
        key, inside = by_name.get(name), path.split(".")[0].partition("[")[0]
        if key is None:
            nested = any(name in (leaf.path, leaf.path.removesuffix("[]")) for top in columns for leaf in top.leaves())
            what = "is inside another column" if nested else "is no column of this contract"
            findings.add(
                node,
                f"The row key {name!r} {what}.",
                advice if nested else did_you_mean(name, fit) or advice,
                "row-key",
            )
        elif name == inside:
            findings.add(node, f"{path!r} cannot be bound to itself.", advice, "row-key")
        elif reason := _unfit(key):
            findings.add(node, f"{name!r} cannot be a row key: {reason}.", advice, "row-key")


def _unfit(column: Column) -> str:
    """Why a column at the top cannot be a row key; empty when it can."""
    method = column.protect.method if column.protect else ""
    if column.type.name in ("struct", "array"):
        return f"it is an {'array' if column.type.name == 'array' else 'object'}"
    if method not in _STAYS:
        return f"its method is {method!r}, and only what is kept or hashed stays the same and tells rows apart"
    if method == "keep" and column.type.name not in ROW_KEYS:
        return f"it is {column.type.name}"
    return "" if column.required else "it is not required, so a row may have none"
