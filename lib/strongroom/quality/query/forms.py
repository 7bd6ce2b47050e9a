"""The allow-list: operators, functions and aggregates, each with its text for Spark and for DuckDB.

What stands here gives the same number on both: `tests/quality/query/test_query_engines.py`. `{0}` is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAY = 86_400_000_000
"""Microseconds of a day."""
_DAY_OF = f"CAST((({{0}} - pmod({{0}}, {DAY})) div {DAY}) AS INT)"
_EPOCH = "DATE '1970-01-01'"
_FLOOR = f"(({{0}} - ((({{0}} % {DAY}) + {DAY}) % {DAY})) // {DAY})"

FORMS: Mapping[str, tuple[str, str]] = {
    **{sign: (f"({{0}} {sign} {{1}})",) * 2 for sign in ("=", "<>", "<", "<=", ">", ">=")},
    "not": ("(NOT {0})",) * 2,
    "is null": ("({0} IS NULL)",) * 2,
    "+": ("({0} + {1})",) * 2,
    "-": ("({0} - {1})",) * 2,
    "*": ("({0} * {1})",) * 2,
    "/": ("({0} / NULLIF({1}, 0))",) * 2,  # of doubles; by zero there is nothing
    "%": ("({0} % NULLIF({1}, 0))",) * 2,
    "negative": ("(- {0})",) * 2,
    "abs": ("abs({0})",) * 2,
    "length": ("char_length({0})", "length({0})"),
    "trim": ("trim(BOTH ' ' FROM {0})", "trim({0}, ' ')"),
    "substring": ("substring({0}, {1}, {2})",) * 2,
    "starts": ("startswith({0}, {1})", "starts_with({0}, {1})"),
    "ends": ("endswith({0}, {1})", "suffix({0}, {1})"),
    "contains": ("contains({0}, {1})",) * 2,
    "isnan": ("isnan({0})", "coalesce(isnan({0}), false)"),
    "nullif": ("nullif({0}, {1})",) * 2,
    "year": ("year({0})",) * 2,
    "month": ("month({0})",) * 2,
    "day": ("day({0})",) * 2,
    "days between": ("datediff({0}, {1})", "CAST({0} - {1} AS BIGINT)"),
    "micros": ("{0}",) * 2,
    "date of timestamp": (f"date_from_unix_date({_DAY_OF})", f"({_EPOCH} + CAST({_FLOOR} AS INTEGER))"),
    "timestamp of date": (
        f"(CAST(unix_date({{0}}) AS BIGINT) * {DAY})",
        f"(CAST({{0}} - {_EPOCH} AS BIGINT) * {DAY})",
    ),
    "hour": (f"(pmod({{0}}, {DAY}) div 3600000000)", f"(((({{0}} % {DAY}) + {DAY}) % {DAY}) // 3600000000)"),
}
"""Form → its texts. `and`, `or`, `in`, `case`, `coalesce`, and `cast` between numbers are written by `writer.py`."""

TOTALS: Mapping[str, str] = {
    "count rows": "count(*)",
    "count": "count({0})",
    "count distinct": "count(DISTINCT {0})",
    "sum": "sum({0})",
    "min": "min({0})",
    "max": "max({0})",
}
"""Aggregates, alike in both."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a query may call.

    Args:
        takes: names of the kinds of its arguments; several that fit one stand with `|`.
        form: what it becomes.
        gives: digits of the whole number that it gives; 0: what its first argument is.
    """

    takes: tuple[str, ...]
    form: str
    gives: int = 0


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(("exact|double",), "abs"),
    "coalesce": Function((), "coalesce"),
    "datediff": Function(("date", "date"), "days between", 7),
    "day": Function(("date",), "day", 2),
    "hour": Function(("timestamp",), "hour", 2),
    "isnan": Function(("double",), "isnan"),
    "length": Function(("text",), "length", 10),
    "month": Function(("date",), "month", 2),
    "nullif": Function((), "nullif"),
    "substring": Function(("text", "exact", "exact"), "substring"),
    "trim": Function(("text",), "trim"),
    "unix_micros": Function(("timestamp",), "micros", 18),
    "year": Function(("date",), "year", 4),
}
"""Functions of one row, by the name that a query calls them."""

AGGREGATES: Mapping[str, str] = {
    "avg": "exact|double",
    "count": "exact|double|text|boolean|date|timestamp|binary",
    "count_if": "boolean",
    "max": "exact|double|text|date|timestamp",
    "min": "exact|double|text|date|timestamp",
    "sum": "exact|double",
}
"""Functions of a group, and the kinds of their argument."""

INSTEAD: Mapping[str, str] = {
    "lower": "Compare text as it is, or demand its case by a 'pattern'.",
    "upper": "Compare text as it is, or demand its case by a 'pattern'.",
    "count_distinct": "Write count(DISTINCT column).",
    "approx_count_distinct": "Write count(DISTINCT column).",
    "if": "Write CASE WHEN … THEN … ELSE … END.",
    "iff": "Write CASE WHEN … THEN … ELSE … END.",
    "ifnull": "Write coalesce(a, b).",
    "nvl": "Write coalesce(a, b).",
    "mean": "Write avg(column).",
    "substr": "Write substring(text, from, how many).",
    "char_length": "Write length(text).",
    "mod": "Write a % b.",
    "to_date": "Give the column the type date, or write CAST(moment AS DATE).",
    **dict.fromkeys(("current_date", "current_timestamp", "now", "curdate", "localtimestamp", "unix_timestamp"),
        "A rule gives the same number tomorrow: write a date, or use 'slaProperties' (latency)."),
    **dict.fromkeys(("rlike", "regexp", "regexp_like", "regexp_extract", "regexp_replace"),
        "Use a 'pattern', or the metric 'invalidValues' with one."),
    **dict.fromkeys(("rand", "random", "randn", "uuid", "shuffle", "monotonically_increasing_id"),
        "A rule gives the same number each time."),
}  # fmt: skip
"""What to write for functions that are not on the list, where a did-you-mean would not help."""
