"""The access matrix counted out: one row for each principal, column and purpose that the policy lets meet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.govern.review.matrix import ActionView

_Numbers = npt.NDArray[np.int32] | npt.NDArray[np.int8]
_FEW = ("action", "level")
"""Words of which there are a handful, so that a byte holds their number."""


def cells(views: Iterable[ActionView]) -> pa.Table:
    """Every cell of some views.

    Returns:
        Columns `principal, action, table, column, purpose, how, rows, until, level`, all text, as dictionaries.
    """
    heads = ("principal", "action", "table", "column", "purpose", "how", "rows", "until", "level")
    words = {name: _Words() for name in heads}
    holders: list[tuple[int, int]] = []
    columns: list[int] = []
    shape: list[tuple[int, ...]] = []  # holders, columns, and the codes that hold for the whole part
    for view in views:
        whole = (words["action"].code(view.action), words["table"].code(view.table), words["level"].code(view.level))
        held = [(words["principal"].code(who), words["purpose"].code(what)) for who, what in view.holders]
        for part in view.parts:
            holders += held
            columns += [words["column"].code(name) for name in part.columns]
            codes = (words["how"].code(part.how), words["rows"].code(part.rows), words["until"].code(part.until))
            shape.append((len(held), len(part.columns), *whole, *codes))
    found = _counted(np.array(shape, dtype=np.int64).reshape(-1, 8), holders, columns)
    arrays = {name: pa.DictionaryArray.from_arrays(pa.array(found[name]), words[name].array()) for name in words}
    return pa.table(arrays)


def _counted(shape: npt.NDArray[np.int64], holders: list[tuple[int, int]], columns: list[int]) -> dict[str, _Numbers]:
    """Each part's holders times its columns, as codes."""
    held, wide = shape[:, 0], shape[:, 1]
    size = held * wide
    pairs = np.array(holders, dtype=np.int32).reshape(-1, 2)
    blocks = np.repeat(wide, held)  # a block is one holder of one part: as many rows as the part has columns
    first = np.repeat(np.cumsum(wide) - wide, held)  # where the part's columns begin
    place = np.arange(int(size.sum())) - np.repeat(np.cumsum(blocks) - blocks - first, blocks)
    whole = {
        name: shape[:, 2 + at].astype(np.int8 if name in _FEW else np.int32)
        for at, name in enumerate(("action", "table", "level", "how", "rows", "until"))
    }
    return {
        "principal": np.repeat(pairs[:, 0], blocks),
        "purpose": np.repeat(pairs[:, 1], blocks),
        "column": np.array(columns, dtype=np.int32)[place],
        **{name: np.repeat(codes, size) for name, codes in whole.items()},
    }


class _Words:
    """Texts by number, in the order of their first use."""

    def __init__(self) -> None:
        self.codes: dict[Hashable, int] = {}

    def code(self, word: str) -> int:
        return self.codes.setdefault(word, len(self.codes))

    def array(self) -> pa.Array:
        return pa.array(list(self.codes), pa.string())
