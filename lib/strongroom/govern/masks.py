"""Masks as Spark SQL: a column as it may be shown instead of in clear.

They are those of Iceberg's read restrictions (https://github.com/apache/iceberg/pull/13879), so that a policy means the
same where a platform enforces it. Null stays null and the type stays what it was. `sha-256-global` has no key: whoever
can guess a value can find it. `show-first-4` and `show-last-4` show a value of up to four characters in full.

A platform gets SQL that any engine reads; Spark itself gets the same meaning at half the cost (docs/benchmarks.md).
"""

from __future__ import annotations

from strongroom.core.errors import ConfigError, Problem
from strongroom.govern.rows import identifier

_ANYWHERE = "regexp_replace(regexp_replace({0}, '[^0-9(),.@-]', 'x'), '[0-9]', 'n')"
# Spark's `mask` is quicker, and knows digits that are not ASCII's.
_HERE = (
    "IF(octet_length({{name}}) = char_length({{name}}),"
    " regexp_replace(mask({0}, 'x', 'x', 'n', NULL), '[^xn(),.@-]', 'x'), " + _ANYWHERE + ")"
)
_TIMES = ("date", "timestamp", "timestamp_ntz")
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_FIXED = {
    "string": "'XXXXXXXX'", "boolean": "false", "binary": "X''", "date": "DATE'1970-01-01'",
    "timestamp": "TIMESTAMP'1970-01-01 00:00:00Z'", "timestamp_ntz": "TIMESTAMP_NTZ'1970-01-01 00:00:00'",
    **dict.fromkeys(_NUMBERS, "0"),
}  # fmt: skip
_HEAD = "substring({name}, 1, greatest(0, char_length({name}) - 4))"


def _masks(redacted: str) -> dict[str, dict[str, str]]:
    """Mask → type → SQL over {name}; {type} is the column's type in full. `*` is any type."""
    return {
        "replace-with-null": {"*": "CAST(NULL AS {type})"},
        "mask-alphanum": {"string": redacted.format("{name}")},
        "mask-to-fixed-value": {
            type_: f"IF({{name}} IS NULL, NULL, CAST({value} AS {{type}}))" for type_, value in _FIXED.items()
        },
        "show-first-4": {"string": f"concat(substring({{name}}, 1, 4), {redacted.format('substring({name}, 5)')})"},
        "show-last-4": {"string": f"concat({redacted.format(_HEAD)}, right({{name}}, 4))"},
        "truncate-to-year": dict.fromkeys(_TIMES, "CAST(date_trunc('YEAR', {name}) AS {type})"),
        "truncate-to-month": dict.fromkeys(_TIMES, "CAST(date_trunc('MONTH', {name}) AS {type})"),
        "sha-256-global": {"string": "sha2(CAST({name} AS BINARY), 256)", "binary": "unhex(sha2({name}, 256))"},
    }


_PORTABLE, _SPARKS = _masks(_ANYWHERE), _masks(_HERE)


def masked(column: str, type_: str, mask: str, *, where: str, portable: bool = True) -> str:
    """The SQL expression for a column behind a mask.

    Args:
        column: its name.
        type_: as Spark writes it, for example `decimal(10,2)`.
        mask: one of `core.policy.MASKS`.
        where: `file:line` of the grant, for errors.
        portable: any engine is to read it; else Spark alone.

    Raises:
        ConfigError: the mask has no meaning for this type.
    """
    kinds = (_PORTABLE if portable else _SPARKS)[mask]
    template = kinds.get(type_.partition("(")[0].lower(), kinds.get("*"))
    if template is None:
        what = f"The mask {mask} does not fit column {column!r} of type {type_}."
        raise ConfigError([Problem(what, where, "Use replace-with-null, which fits every type.")])
    return template.format(name=identifier(column), type=type_)
