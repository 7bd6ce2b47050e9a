"""Evaluators of exported documents, written from the platforms' own descriptions and not from ours.

DuckDB stands for the engine that runs a filter or a mask: its SQL is Spark's but for quotes and a few names.
"""

from __future__ import annotations

import hashlib
import math
import re
from datetime import UTC, datetime

import duckdb

from strongroom.core.policy.decision import Request
from strongroom.govern.export import Described
from strongroom.govern.sql.select import reading
from strongroom.govern.table import Table

COLUMNS = ("email", "user_id", "address", "label", "note")
CLASSIFICATIONS = {"email": "personal", "user_id": "internal", "address": "internal,personal", "label": "", "note": ""}
TAGS = {"email": ("pii",), "user_id": (), "label": ("free",), "note": ()}  # nobody tells the tags of address
NAMES = ("training.reviews", "training.orders", "raw.reviews", "features.größe")
TYPES = dict.fromkeys(COLUMNS, "string")
TABLES = [
    Described(Table(name, COLUMNS, CLASSIFICATIONS, TAGS), TYPES, {each: at + 1 for at, each in enumerate(COLUMNS)})
    for name in NAMES
]
ROWS = [
    ("ada@example.org", "u-17", "Main St (3)", "a", "long note 2024"),
    ("bob", "u1", "", "b", None),
    (None, "ü-19 ✓", "x", None, "abc"),
    ("carol.c@x.de", None, "Hof 7", "a", "12345"),
    ("d", "u-20", None, "c", ""),
]


def engine_of_sql(rows: list[tuple] = ROWS) -> duckdb.DuckDBPyConnection:
    """DuckDB with the rows in table `t`, and Spark's names for its functions."""
    sql = duckdb.connect()
    sql.execute(f"CREATE TABLE t ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")
    sql.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    sql.execute("CREATE MACRO replace_all(a, b, c) AS regexp_replace(a, b, c, 'g')")
    sql.execute("CREATE MACRO sha2(a, b) AS sha256(a)")
    sql.execute("CREATE MACRO joined(a, b) AS a || b")  # DuckDB's concat passes over null
    return sql


def dialect(text: str) -> str:
    """Spark's SQL in DuckDB's words."""
    text = text.replace("`", '"').replace("regexp_replace(", "replace_all(").replace("char_length(", "length(")
    text = re.sub(r"\bconcat\(", "joined(", re.sub(r"\b([0-9.]+)BD\b", r"\1", text))
    return re.sub(r"CAST\(X'(\w+)' AS STRING\)", r"decode(unhex('\1'))", _encoded(text))


def _encoded(text: str) -> str:
    return re.sub(r"CAST\((\S+) AS BINARY\)", r"encode(\1)", text)


def rows_of(sql, select: list[str], where: str) -> list[tuple]:
    """The rows of a query, in an order of their own."""
    text = f"SELECT {', '.join(select)} FROM t{f' WHERE {where}' if where else ''}"
    return sorted(sql.execute(dialect(text)).fetchall(), key=repr)


def request(user: str, table: str, at: datetime, purpose: str) -> Request:
    return Request(user, "read", table, at, COLUMNS, purpose, "", CLASSIFICATIONS, TAGS)


def ours(sql, engine, asked: Request) -> list[tuple] | None:
    """What `read_table` gives, with null for what is withheld; None when it refuses."""
    decision = engine.narrow(asked)
    if not decision.allowed:
        return None
    told = reading(decision, TYPES, portable=True)
    shown = dict(zip(decision.columns, told.select, strict=True))
    return rows_of(sql, [shown.get(name, f"NULL AS {name}") for name in COLUMNS], told.where)


class Unity:
    """Unity Catalog with some statements run: grants to groups, one row filter a table, one mask a column."""

    def __init__(self, statements: str) -> None:
        self.readers, self.writers, functions, self.filters, self.masks = {}, {}, {}, {}, {}
        for statement in re.split(r";\n", re.sub(r"(?m)^--.*\n", "", statements)):
            if found := re.match(
                r"CREATE OR REPLACE FUNCTION (\S+?)\((.*?)\)\nRETURNS \S+\nRETURN (.*)", statement, re.S
            ):
                functions[found[1]] = found[3]
            elif found := re.match(r"ALTER TABLE (\S+) SET ROW FILTER (\S+) ON", statement):
                self.filters[found[1]] = functions[found[2]]
            elif found := re.match(r"ALTER TABLE (\S+) ALTER COLUMN `(\w+)` SET MASK (\S+)", statement):
                self.masks[found[1], found[2]] = functions[found[3]]
            elif found := re.match(r"GRANT (SELECT|MODIFY) ON TABLE (\S+) TO `(\w+)`", statement):
                {"SELECT": self.readers, "MODIFY": self.writers}[found[1]].setdefault(found[2], set()).add(found[3])
            else:
                assert not statement or statement.startswith("GRANT USE "), statement

    def read(self, sql, table: str, groups: tuple[str, ...]) -> list[tuple] | None:
        path = ".".join(f"`{part}`" for part in ("main", *table.split(".")))
        if not self.readers.get(path, set()) & set(groups):
            return None

        def for_them(text: str) -> str:
            return re.sub(r"is_account_group_member\('(\w+)'\)", lambda found: str(found[1] in groups).lower(), text)

        shown = [for_them(self.masks.get((path, name), f"`{name}`")) for name in COLUMNS]
        return rows_of(sql, shown, for_them(self.filters.get(path, "")))


class Ranger:
    """Ranger's engine for one Hive service: deny beats allow; the first filter and the first mask that fit count."""

    def __init__(self, policies: list[dict]) -> None:
        self.policies = policies

    def fitting(self, kind: int, user: str, at: datetime, table: str, column: str = ""):
        for policy in self.policies:
            database, name = table.split(".")
            resources = policy["resources"]
            meant = resources["database"]["values"] == [database] and resources["table"]["values"] == [name]
            columns = resources.get("column", {}).get("values", [""])
            if policy["policyType"] == kind and meant and {column, "*"} & {*columns} and self.valid(policy, at):
                yield policy

    @staticmethod
    def valid(policy: dict, at: datetime) -> bool:
        def moment(text: str) -> datetime:
            return datetime.strptime(text, "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)

        return not policy.get("validitySchedules") or any(
            ("startTime" not in each or moment(each["startTime"]) <= at)
            and ("endTime" not in each or at <= moment(each["endTime"]))
            for each in policy["validitySchedules"]
        )

    def writes(self, user: str, table: str, at: datetime) -> bool:
        found = [self.items(0, name, user, at, table, "c", "update") for name in ("policyItems", "denyPolicyItems")]
        return bool(found[0]) and not found[1]

    def items(
        self, kind: int, name: str, user: str, at: datetime, table: str, column: str = "", access: str = "select"
    ) -> list[dict]:
        return [
            item
            for policy in self.fitting(kind, user, at, table, column)
            for item in policy.get(name, ())
            if user.removeprefix("user:") in item["users"] and any(a["type"] == access for a in item["accesses"])
        ]

    def read(self, sql, user: str, table: str, at: datetime) -> list[tuple] | None:
        given = [
            name
            for name in COLUMNS
            if self.items(0, "policyItems", user, at, table, name)
            and not self.items(0, "denyPolicyItems", user, at, table, name)
        ]
        if not given:
            return None
        shown = {name: self.masked(name, self.items(1, "dataMaskPolicyItems", user, at, table, name)) for name in given}
        filters = self.items(2, "rowFilterPolicyItems", user, at, table)
        where = filters[0]["rowFilterInfo"]["filterExpr"] if filters else ""
        return rows_of(sql, [shown.get(name, f"NULL AS {name}") for name in COLUMNS], where)

    @staticmethod
    def masked(name: str, items: list[dict]) -> str:
        if not items:
            return f"`{name}`"
        info = items[0]["dataMaskInfo"]
        if info["dataMaskType"] == "MASK_NULL":
            return "NULL"
        assert info["dataMaskType"] == "CUSTOM"
        return info["valueExpr"].replace("{col}", name)


def _redacted(text: str) -> str:
    return "".join("n" if c in "0123456789" else c if c in "(),.-@" else "x" for c in text)


FIXED = "mask-to-fixed-value"
"""The one action that does not keep null."""
ACTIONS = {
    "replace-with-null": lambda _: None,
    "mask-alphanum": _redacted,
    FIXED: lambda _: "XXXXXXXX",
    "show-first-4": lambda text: text[:4] + _redacted(text[4:]),
    "show-last-4": lambda text: _redacted(text[: max(0, len(text) - 4)]) + text[max(0, len(text) - 4) :],
    "sha-256-global": lambda text: hashlib.sha256(text.encode()).hexdigest(),
}


def iceberg_read(entry: dict | None, rows: list[tuple] = ROWS) -> list[tuple] | None:
    """What a reader gives that applies read restrictions as the spec says: the filter on raw values, then actions."""
    if entry is None:
        return None
    told = entry["read-restrictions"]
    actions = {each["field-id"]: each["action"] for each in told.get("required-column-projections", ())}
    found = []
    for row in rows:
        values = {at + 1: value for at, value in enumerate(row)}
        if holds(told.get("required-row-filter", True), values):
            found.append(
                tuple(
                    value
                    if field not in actions or (value is None and actions[field] != FIXED)
                    else ACTIONS[actions[field]](value)
                    for field, value in values.items()
                )
            )
    return sorted(found, key=repr)


def holds(predicate, values: dict) -> bool:
    """An Iceberg predicate of one row: true or false, with comparisons that are null-safe and shy of NaN."""
    if isinstance(predicate, bool):
        return predicate
    kind = predicate["type"]
    if kind in ("and", "or"):
        sides = [holds(predicate[side], values) for side in ("left", "right")]
        return all(sides) if kind == "and" else any(sides)
    if kind == "not":
        return not holds(predicate["child"], values)
    if kind in ("is-null", "not-null", "is-nan", "not-nan"):
        value = values[predicate["child"]["id"]]
        if "nan" in kind:
            return (isinstance(value, float) and math.isnan(value)) is (kind == "is-nan")
        return (value is None) is (kind == "is-null")
    if kind in ("in", "not-in"):
        told = predicate["values"]
        items = [_value(item, told["data-type"]) for item in told["values"]]
        return (values[predicate["child"]["id"]] in items) is (kind == "in")
    left, right = (_operand(predicate[side], values) for side in ("left", "right"))
    equal, less, more = _compared(left, right)
    return {"eq": equal, "not-eq": not equal, "lt": less, "lt-eq": equal or less, "gt": more, "gt-eq": equal or more}[
        kind
    ]


def _compared(left, right) -> tuple[bool, bool, bool]:
    if left is None or right is None:
        return left is right, False, False
    nan = [isinstance(each, float) and math.isnan(each) for each in (left, right)]
    if any(nan):
        return all(nan), False, False
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    return left == right, left < right, left > right


def _operand(told: dict, values: dict):
    return values[told["id"]] if told["type"] == "reference" else _value(told["value"], told["data-type"])


def _value(value, type_: str):
    if type_ == "date":
        return datetime.fromisoformat(value).date()
    assert type_ in ("int", "long", "double", "string", "boolean"), type_
    return value
