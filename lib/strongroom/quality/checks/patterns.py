"""Does the text have the form? `pattern`: an RE2 pattern found anywhere, as in JSON Schema; `^` and `$` anchor it.

RE2 takes time linear in the text whatever the pattern; what it cannot do that way (look-around, back-references) is
refused when the contract is compiled. Its dialect: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column
from strongroom.quality import buffers
from strongroom.quality.buffers import Mask
from strongroom.quality.checks.check import Check
from strongroom.quality.flat import Flat


def pattern(argument: object, column: Column) -> Check:
    """Fails where the pattern is found nowhere in the text."""
    if not isinstance(argument, str) or column.type.name != "string":
        raise ValueError(f"needs a pattern on text, and the column is {column.type.ddl}")
    return matching(argument)


def matching(expression: str) -> Check:
    """A check that fails where a pattern is not found.

    Raises:
        ValueError: RE2 does not take the pattern.
    """
    try:
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowException as error:
        raise ValueError("is no pattern RE2 takes (it knows no look-around and no back-references)") from error

    def fails(flat: Flat) -> Mask | None:
        found = pc.match_substring_regex(flat.values, expression)
        if pc.all(found, min_count=0).as_py():
            return None
        return buffers.some(~buffers.bools(found.fill_null(True)))

    return fails
