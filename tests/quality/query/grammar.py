"""Random queries of what `quality/query` allows, and a table with the values that engines disagree on."""

# ruff: noqa: E501 - one case, one line
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from strongroom.core.contract import Type
from strongroom.quality.query import Table

NAN, INF = float("nan"), float("inf")
LONG = 2**63
COLUMNS = {
    "n": (Type("bigint"), pa.int64(), [0, 1, -1, 7, -7, LONG - 1, -LONG, LONG // 3, None]),
    "i": (Type("int"), pa.int32(), [0, 1, 2, -3, 2**31 - 1, -(2**31), None]),
    "t": (Type("tinyint"), pa.int8(), [0, 1, 127, -128, None]),
    "d": (Type("decimal", 10, 2), pa.decimal128(10, 2), [Decimal(v) for v in ("0", "0.01", "-0.01", "2.50", "99999999.99")] + [None]),
    "w": (Type("decimal", 28, 9), pa.decimal128(28, 9), [Decimal(v) for v in ("0", "0.1", "-9999999999999999999.999999999", "1234567.000000001")] + [None]),
    "x": (Type("double"), pa.float64(), [0.0, -0.0, 0.5, -2.25, 3.0, 1e6 + 0.5, NAN, INF, -INF, None]),
    "f": (Type("float"), pa.float32(), [0.0, -0.0, 0.1, 2.5, NAN, INF, None]),
    "s": (Type("string"), pa.string(), ["", " ", "a", "A", "ab", "é", "e\u0301", "Zoë", "ß", "İ", "日本", "🙂🙂", "a%b", "o'b\"`\\", "  b ", None]),
    "u": (Type("string"), pa.string(), ["a", "b", "é", "z", "🙂", None]),
    "b": (Type("boolean"), pa.bool_(), [True, False, None]),
    "y": (Type("date"), pa.date32(), [date(1, 1, 1), date(1582, 10, 4), date(1582, 10, 15), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31), None]),
    "m": (Type("timestamp"), pa.timestamp("us", tz="UTC"), [datetime(1, 1, 1, tzinfo=UTC), datetime(1582, 10, 10, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 1, 30, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), None]),
    "z": (Type("timestamp_ntz"), pa.timestamp("us"), [datetime(1, 1, 1), datetime(2024, 3, 31, 2, 30), datetime(9999, 12, 31, 23), None]),
    "k": (Type("binary"), pa.binary(), [b"", b"\x00", b"\xff\x00", b"a", None]),
}  # fmt: skip
KINDS = {
    "whole": ("n", "i", "t"), "number": ("n", "i", "t", "d", "w", "x", "f"), "double": ("x", "f"), "text": ("s", "u"),
    "boolean": ("b",), "date": ("y",), "moment": ("m", "z"), "binary": ("k",),
}  # fmt: skip
TABLE = Table("given", {name: type_ for name, (type_, _, _) in COLUMNS.items()}, {})


def rows(count: int, *, seed: int) -> pa.Table:
    """A table of so many rows, each value one of its column's."""
    draw = random.Random(seed)
    return pa.table(
        {
            name: pa.array([draw.choice(values) for _ in range(count)], kind)
            for name, (_, kind, values) in COLUMNS.items()
        }
    )


class Queries:
    """Draws queries. `alias` is before a column's name."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.alias, self.deep = draw, ("",), 0

    def one_of(self, *made):
        return self.draw.choice(made)()

    def column(self, kind: str) -> str:
        return self.draw.choice(self.alias) + self.draw.choice(KINDS[kind])

    def number(self, depth: int = 2) -> str:
        plain = (
            lambda: self.column("number"),
            lambda: self.draw.choice(("0", "1", "-2", "3.5", "0.25", "1e3", "1.5e-2")),
        )
        if depth <= 0:
            return self.one_of(*plain)
        less = depth - 1
        return self.one_of(
            *plain,
            lambda: f"({self.number(less)} {self.draw.choice('+-*/')} {self.number(less)})",
            lambda: f"({self.column('whole')} % {self.draw.choice((self.column('whole'), '3', '-2', '0'))})",
            lambda: f"abs({self.number(less)})",
            lambda: f"-{self.column('number')}",
            lambda: f"CAST({self.number(less)} AS DOUBLE)",
            lambda: f"CAST({self.column('whole')} AS DECIMAL(25,3))",
            lambda: f"coalesce({self.number(less)}, {self.number(less)})",
            lambda: f"nullif({self.number(less)}, {self.number(less)})",
            lambda: f"length({self.text()})",
            lambda: f"{self.draw.choice(('year', 'month', 'day'))}({self.one_of(self.day, self.moment)})",
            lambda: f"hour({self.one_of(self.day, self.moment)})",
            lambda: f"datediff({self.day()}, {self.one_of(self.day, self.moment)})",
            lambda: f"({self.day()} - {self.day()})",
            lambda: f"unix_micros({self.moment()})",
            lambda: f"CASE WHEN {self.condition(less)} THEN {self.number(less)} ELSE {self.number(less)} END",
            lambda: f"CASE WHEN {self.condition(less)} THEN {self.number(less)} END",
        )

    def text(self) -> str:
        return self.one_of(
            lambda: self.column("text"),
            lambda: f"trim({self.column('text')})",
            lambda: f"substring({self.column('text')}, {self.draw.randint(1, 3)}, {self.draw.randint(0, 3)})",
            lambda: f"coalesce({self.column('text')}, 'é')",
            lambda: self.draw.choice(("''", "'a'", "'É'", "'o''b\"`\\'", "'🙂🙂'", "'%'")),
        )

    def day(self) -> str:
        return self.one_of(
            lambda: self.column("date"), lambda: f"CAST({self.column('moment')} AS DATE)", lambda: "date '1582-10-10'"
        )

    def moment(self) -> str:
        return self.one_of(
            lambda: self.column("moment"),
            lambda: f"CAST({self.column('date')} AS TIMESTAMP)",
            lambda: "timestamp '2024-03-31T02:30:00+01:00'",
        )

    def compared(self, depth: int) -> str:
        sides = self.draw.choice(
            (lambda: self.number(depth), lambda: self.number(depth), self.text, self.day, self.moment)
        )
        return f"{sides()} {self.draw.choice(('=', '<>', '<', '<=', '>', '>='))} {sides()}"

    def condition(self, depth: int = 2) -> str:
        if depth <= 0:
            return self.one_of(
                lambda: self.compared(0), lambda: self.column("boolean"), lambda: f"{self.column('number')} IS NULL"
            )
        less = depth - 1
        negated = self.draw.choice(("", "NOT "))
        return self.one_of(
            lambda: self.compared(less),
            lambda: f"({self.condition(less)} {self.draw.choice(('AND', 'OR'))} {self.condition(less)})",
            lambda: f"NOT {self.condition(less)}" if less else "NOT b",
            lambda: f"{self.number(less)} {negated}IN ({self.number(0)}, {self.number(0)}, 1)",
            lambda: f"{self.number(less)} {negated}BETWEEN {self.number(0)} AND {self.number(0)}",
            lambda: (
                f"{self.text()} {negated}LIKE {self.draw.choice(chr(39) + p + chr(39) for p in ()) if 0 else self.pattern()}"
            ),
            lambda: f"{self.text()} {negated}IN ('a', 'é', {self.column('text')})",
            lambda: f"isnan({self.column('double')})",
            lambda: f"{self.column('binary')} = {self.column('binary')}",
            lambda: f"{self.draw.choice((self.number(less), self.text(), self.column('binary')))} IS {negated}NULL",
            lambda: f"{self.column('boolean')} = {self.draw.choice(('true', 'false', self.column('boolean')))}",
        )

    def pattern(self) -> str:
        return self.draw.choice(("'a%'", "'%b'", "'%é%'", "'a'", "'%🙂'", "'% %'"))

    def total(self) -> str:
        return self.one_of(
            lambda: "count(*)",
            lambda: (
                f"count({self.one_of(self.number, self.text, self.day, self.moment, lambda: self.column('binary'), lambda: self.column('boolean'))})"
            ),
            lambda: (
                f"count(DISTINCT {self.one_of(self.number, self.text, self.day, self.moment, lambda: self.column('binary'))})"
            ),
            lambda: f"count_if({self.condition()})",
            lambda: f"sum({self.number()})",
            lambda: f"avg({self.number()})",
            lambda: f"{self.draw.choice(('min', 'max'))}({self.number()})",
            lambda: f"length({self.draw.choice(('min', 'max'))}({self.text()}))",
            lambda: f"unix_micros({self.draw.choice(('min', 'max'))}({self.moment()}))",
            lambda: f"datediff(max({self.day()}), date '2000-01-01')",
        )

    def query(self) -> str:
        self.alias = ("",)
        total = self.one_of(
            self.total, self.total, lambda: f"({self.total()} {self.draw.choice('+-*/')} {self.total()})"
        )
        where = self.one_of(lambda: "", lambda: f" WHERE {self.condition()}")
        return self.one_of(
            lambda: f"SELECT {total} FROM given{where}",
            lambda: f"SELECT {total} FROM given{where}",
            lambda: (
                f"SELECT {total} FROM given WHERE {self.number(1)} {self.draw.choice(('', 'NOT '))}IN (SELECT {self.number(1)} FROM given{where})"
            ),
            lambda: f"SELECT count_if({self.number(1)} > (SELECT {total} FROM given{where})) FROM given",
            lambda: self.grouped(where),
            self.joined,
        )

    def grouped(self, where: str) -> str:
        key = self.one_of(
            lambda: self.number(1),
            self.text,
            self.day,
            self.moment,
            lambda: self.column("boolean"),
            lambda: self.column("binary"),
        )
        having = self.one_of(
            lambda: "", lambda: f" HAVING {self.total()} > 1", lambda: f" HAVING {self.total()} IS NOT NULL"
        )
        inner = f"SELECT {key} AS a, {self.total()} AS c FROM given{where} GROUP BY {key}{having}"
        distinct = f"SELECT DISTINCT {key} AS a, {self.column('number')} AS c FROM given{where}"
        outer = self.draw.choice(
            ("count(*)", "count(a)", "max(c)", "min(c)", "count(DISTINCT c)", "sum(CAST(c AS DOUBLE))")
        )
        return self.draw.choice(
            (
                f"WITH g AS ({inner}) SELECT {outer} FROM g",
                f"SELECT {outer} FROM ({self.draw.choice((inner, distinct))}) AS g",
            )
        )

    def joined(self) -> str:
        pair = self.draw.choice(
            (("n", "i"), ("s", "u"), ("i", "t"), ("x", "f"), ("y", "m"), ("d", "w"), ("k", "k"), ("n", "x"), ("m", "z"))
        )
        side = self.draw.choice(("JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN"))
        self.alias = ("o.", "e.")
        more = self.one_of(lambda: "", lambda: f" AND {self.compared(1)}")
        where = self.one_of(lambda: "", lambda: f" WHERE {self.compared(1)}")
        return f"SELECT {self.total()} FROM given AS o {side} given AS e ON o.{pair[0]} = e.{pair[1]}{more}{where}"
