"""Masks as Spark SQL: a column as it may be shown instead of in clear.

They are those of Iceberg's read restrictions (https://github.com/apache/iceberg/pull/13879, merged; at 424e77d9), so
that a policy means the same where a platform enforces it. The type stays what it was, and null stays null but for
`mask-to-fixed-value`, which does not tell whether there was a value. `sha-256-global` has no key: whoever can guess a
value can find it. `show-first-4` and `show-last-4` show a value of up to four characters in full.

A platform gets SQL that any engine reads; Spark itself gets the same meaning at half the cost (docs/benchmarks.md), and
truncates whatever the session's time zone is, moments in UTC.
"""

from __future__ import annotations

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.sql_text import identifier, text_literal
from strongroom.govern.sql.row_filters import fields_of

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
_UTC_DAY = "date_add(DATE'1970-01-01', CAST(floor(unix_seconds({name}) / 86400) AS INT))"
_UTC_START = "timestamp_seconds(CAST(datediff(trunc({day}, '{part}'), DATE'1970-01-01') AS BIGINT) * 86400)"
_HEAD = "substring({name}, 1, greatest(0, char_length({name}) - 4))"


def _masks(redacted: str) -> dict[str, dict[str, str]]:
    """Mask → type → SQL over {name}; {type} is the column's type in full. `*` is any type."""
    return {
        "replace-with-null": {"*": "CAST(NULL AS {type})"},
        "mask-alphanum": {"string": redacted.format("{name}")},
        "mask-to-fixed-value": {
            type_: f"CAST({value} AS {{type}})" for type_, value in _FIXED.items()
        },
        "show-first-4": {"string": f"concat(substring({{name}}, 1, 4), {redacted.format('substring({name}, 5)')})"},
        "show-last-4": {"string": f"concat({redacted.format(_HEAD)}, right({{name}}, 4))"},
        "truncate-to-year": dict.fromkeys(_TIMES, "CAST(date_trunc('YEAR', {name}) AS {type})"),
        "truncate-to-month": dict.fromkeys(_TIMES, "CAST(date_trunc('MONTH', {name}) AS {type})"),
        "sha-256-global": {
            "string": "sha2(CAST({name} AS BINARY), 256)", "binary": "unhex(sha2({name}, 256))",
            "int": _hashed_number(4), "bigint": _hashed_number(8),
        },
    }  # fmt: skip


def _hashed_number(width: int) -> str:
    """SHA-256 of a whole number's little-endian bytes; the digest's first ones, little-endian, are a number again."""
    places = range(0, 8 * width, 8)
    given = ", ".join(f"lpad(hex(shiftright({{name}}, {place}) & 255), 2, '0')" for place in places)
    digest = f"sha2(unhex(concat({given})), 256)"
    taken = ", ".join(f"substring({digest}, {2 * place + 1}, 2)" for place in reversed(range(width)))
    number = f"CAST(conv(concat({taken}), 16, -10) AS BIGINT)"
    if width == 8:
        return number
    half = 1 << 31  # four bytes that are read as a number without a sign
    return f"CAST({number} - IF({number} >= {half}, {2 * half}, 0) AS INT)"


_PORTABLE, _SPARKS = _masks(_ANYWHERE), _masks(_HERE)
for _mask, _part in (("truncate-to-year", "YEAR"), ("truncate-to-month", "MONTH")):
    _SPARKS[_mask]["timestamp"] = _UTC_START.format(day=_UTC_DAY, part=_part)
    _SPARKS[_mask]["date"] = f"trunc({{name}}, '{_part}')"  # date_trunc goes by way of the session's zone
    _SPARKS[_mask]["timestamp_ntz"] = f"CAST(trunc(CAST({{name}} AS DATE), '{_part}') AS TIMESTAMP_NTZ)"


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
    if template is None and mask == "mask-to-fixed-value" and not portable:
        template = _fixed(type_)
    if not template:
        what = f"The mask {mask} does not fit column {column!r} of type {type_}."
        raise ConfigError([Problem(what, where, "Use replace-with-null, which fits every type.", "policy.misfit")])
    return template.format(name=identifier(column), type=type_)


def _fixed(type_: str) -> str:
    """The fixed value of a type as Spark writes it, of nested ones too; empty where its text cannot be read."""
    kind, bracket, inner = type_.partition("<")
    if not bracket:
        value = _FIXED.get(type_.partition("(")[0].lower(), "")
        return value and f"CAST({value} AS {type_})"
    if kind in ("array", "map"):
        return f"CAST({kind}() AS {type_})"
    found = fields_of(inner.removesuffix(">"))
    values = [_fixed(each) for _, each in found]
    if kind != "struct" or not all(values):
        return ""
    names = [text_literal(name) for name, _ in found]
    named = ", ".join(f"{name}, {value}" for name, value in zip(names, values, strict=True))
    return f"named_struct({named})".replace("{", "{{").replace("}", "}}")
