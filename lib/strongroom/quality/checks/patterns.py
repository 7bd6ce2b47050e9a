"""Does the text have the form? `pattern`: an RE2 pattern found anywhere, as in JSON Schema; `^` and `$` anchor it.

RE2 takes time linear in the text whatever the pattern; what it cannot do that way (look-around, back-references) is
refused when the contract is compiled. Its dialect: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers
from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column
from strongroom.quality.checks.check import Check
from strongroom.quality.checks.runs import ASCII, runs


def pattern(argument: object, column: Column) -> Check:
    """Fails where the pattern is found nowhere in the text."""
    if not isinstance(argument, str) or column.type.name != "string":
        raise ValueError(f"needs a pattern on text, and the column is {column.type.ddl}")
    return matching(argument)


def matching(expression: str, *, surely: Callable[[Flat], Mask] | None = None) -> Check:
    """A check that fails where a pattern is not found; `surely` tells values that match without a search.

    Raises:
        ValueError: RE2 does not take the pattern.
    """
    try:
        pc.match_substring_regex(pa.nulls(1, pa.string()), expression)
    except pa.ArrowException as error:
        raise ValueError("is no pattern RE2 takes (it knows no look-around and no back-references)") from error

    alone, by_bytes = _telling(expression), runs(expression)
    if alone is not None:
        surely = partial(Flat.first_in, table=alone)

    def not_found(values: pa.Array) -> pa.BooleanArray:
        return pc.invert(pc.match_substring_regex(values, expression))

    def fails(flat: Flat) -> Mask | None:
        if by_bytes is not None:
            return buffers.some(flat.given(by_bytes(flat)))
        if surely is not None:
            return flat.among(~surely(flat), not_found)
        failed = not_found(flat.values)
        if not pc.any(failed, min_count=0).as_py():
            return None
        return buffers.bools(failed.fill_null(False))

    return fails


def _telling(expression: str) -> Mask | None:
    """Which ASCII characters match by themselves, so that a text that starts with one needs no search; None for none.

    Only where nothing in the pattern asks what stands around a match, as anchors do. It makes the most common pattern
    on long texts, "not blank" (a backslash and S), nearly free.
    """
    if re.search(r"[\^$]|\\[bBAzC]|\(\?", expression):
        return None
    telling = np.zeros(256, np.bool_)
    telling[:128] = pc.match_substring_regex(ASCII, expression).to_pylist()
    return buffers.some(telling)
