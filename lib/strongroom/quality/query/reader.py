"""Reads a query: SELECT over tables that are given, subqueries and joins; refuses whatever is not that.

    SELECT count(*) FROM reviews WHERE rating < 1
    SELECT count_if(c.user_id IS NULL) FROM reviews AS r LEFT JOIN customers AS c ON r.user_id = c.user_id
    WITH days AS (SELECT day, count(*) AS n FROM visits GROUP BY day) SELECT max(n) - min(n) FROM days

What it means is told in docs/quality.md, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strongroom.core.contract import Type
from strongroom.core.errors import ConfigError
from strongroom.quality.query.kinds import Unfit, is_number
from strongroom.quality.query.literals import parts
from strongroom.quality.query.scope import QueryTable
from strongroom.quality.query.shape import check_shape
from strongroom.quality.query.tree import (
    Field,
    Join,
    Node,
    Query,
    Scan,
    Select,
    Table,
    is_total,
)
from strongroom.quality.query.values import Values

_ONE = "A query gives one number: one aggregate, without GROUP BY, or one number of subqueries."
_INSTEAD = {
    "order": "One number needs no order.",
    "limit": "One number needs no limit.",
    "union": "Add the numbers of two subqueries: (SELECT …) + (SELECT …).",
    "over": "Window functions are not on the list: group in a subquery, and join it.",
    "exists": "Write value IN (SELECT …), or join.",
    "full": "Join with LEFT JOIN, and count the other side by a second subquery.",
    "right": "Write LEFT JOIN the other way around.",
    "cross": "Every join has a condition: JOIN … ON one.column = other.column.",
    "using": "Write ON one.column = other.column.",
    "lateral": "Items of an array have no single value in a row.",
    "recursive": "A query refers to itself nowhere.",
    "filter": "Write count_if(condition), or an aggregate of CASE WHEN condition THEN value END.",
}


def read(text: str, tables: Mapping[str, Table], *, where: str) -> Query:
    """The query of a text over these tables.

    Args:
        text: the query.
        tables: by name.
        where: `file:line` for errors.

    Raises:
        ConfigError: it is not one SELECT of what is on the list, over these tables, that gives one number.
    """
    return _Reader(text, where, tables).all()


class _Reader(Values):
    """The sources of a SELECT stand after its items: they are read first, then the items in their light."""

    def __init__(self, text: str, where: str, tables: Mapping[str, Table]) -> None:
        self.tables = {name.lower(): table for name, table in tables.items()}
        self.defined: dict[str, tuple[Any, ...]] = {}
        self.numbered = 0
        self.read: dict[str, dict[str, Type]] = {}
        super().__init__(text, where)

    def unexpected(self, what: str, todo: str = "") -> ConfigError:
        return super().unexpected(what, todo or (_INSTEAD.get(self.word, "") if self.kind == "word" else ""))

    def all(self) -> Query:
        at = self.at
        if self.takes("with"):
            self.definitions()
        select = self.one_row(self.nested(self.select), at)
        if self.kind != "end":
            raise self.unexpected("the end is expected")
        if not is_number(select.items[0].kind):
            raise self.problem(f"it gives a {select.items[0].kind.name}", todo=_ONE)
        return Query(select, self.read)

    def definitions(self) -> None:
        """`name AS (SELECT …), …`. Each is read again wherever it is named, and counts as often."""
        while True:
            name = self.alias("a name is expected")
            if name.lower() in self.defined or name.lower() in self.tables:
                raise self.problem(f"the name {name!r} is taken", at=self.at)
            self.expect("as")
            self.expect("(")
            begin = self.token
            self.nested(self.select)
            self.expect(")")
            self.defined[name.lower()] = begin
            if not self.takes(","):
                return

    @property
    def token(self) -> tuple[Any, ...]:
        return self.kind, self.at, self.end, self.written, self.word

    def go_to(self, token: tuple[Any, ...]) -> None:
        self.kind, self.at, self.end, self.written, self.word = token

    def select(self) -> Select:
        at = self.at
        if not self.takes("select"):
            raise self.unexpected("'select' is expected", "A query is one SELECT, which changes nothing.")
        distinct = bool(self.takes("distinct"))
        outer, begin = (self.sources, self.alone), self.token
        joins: list[tuple[str, Node]] = []
        where = None
        if self.skip_to_from():
            joins = self.from_()
            where = self.condition_after("where")
        rest = self.token
        self.go_to(begin)
        items, names = self.items()
        if self.sources and self.word != "from":
            raise self.unexpected("',' or 'from' is expected")
        if self.sources:
            self.go_to(rest)
        group = self.grouping()
        having = self.condition_after("having")
        scans = [each.made() for each in self.sources]
        for scan in scans:
            if isinstance(scan, Scan):
                self.read.setdefault(scan.table, {}).update(scan.columns)
        self.sources, self.alone = outer
        self.names = names
        joined = tuple(Join(side, made, on) for (side, on), made in zip(joins, scans[1:], strict=True))
        made = Select(items, distinct, scans[0] if scans else None, joined, where, group, having)
        try:
            check_shape(made)
        except Unfit as unfit:
            raise self.problem(str(unfit), todo=unfit.todo, at=at) from None
        return self.made_of(made)

    def skip_to_from(self) -> bool:
        """Step to this SELECT's FROM, if it has one."""
        self.sources, self.alone, depth = (), False, 0
        while self.kind != "end" and (depth or self.word != ")" or self.kind != "sign"):
            if self.kind == "word" and self.word == "from" and not depth:
                self.step()
                return True
            if self.kind == "sign":
                depth += {"(": 1, ")": -1}.get(self.word, 0)
            self.step()
        return False

    def from_(self) -> list[tuple[str, Node]]:
        """The sources of FROM; how each but the first is joined, and on what."""
        sources, joins = [self.source()], []
        while side := self.takes("join", "inner", "left"):
            if side == "left":
                self.takes("outer")
            if side != "join":
                self.expect("join")
            at = self.at
            sources.append(self.source())
            if sources[-1].alias.lower() in [each.alias.lower() for each in sources[:-1]]:
                raise self.problem(f"the name {sources[-1].alias!r} stands here twice", todo="Write AS.", at=at)
            self.expect("on")
            self.sources, self.alone = tuple(sources), True
            on = self.demand(self.condition(), "boolean", at, "what stands after 'on'")
            joins.append(("left" if side == "left" else "inner", on))
        self.sources, self.alone = tuple(sources), False
        return joins

    def source(self) -> QueryTable:
        at, number = self.at, self.numbered
        self.numbered += 1
        if self.takes("("):
            query, names = self.nested(self.select), self.names
            self.expect(")")
            self.takes("as")
            return QueryTable(number, self.alias("a subquery has a name"), query=query, names=names)
        name = self.alias("a table is expected", single=False)
        if self.kind == "sign" and self.word == "(":
            raise self.problem("a function is no table", todo=self.known_tables(), at=at)
        found = self.defined.get(name.lower())
        table = self.tables.get(name.lower())
        if found is None and table is None:
            raise self.problem(f"there is no table {name!r} here", todo=self.known_tables(), at=at)
        alias = self.alias("a name is expected") if self.takes("as") or self.kind == "name" else name
        if table is not None:
            self.read.setdefault(table.name, {})
            return QueryTable(number, alias, table=table)
        here = self.token
        self.go_to(found or here)
        query, names = self.nested(self.select), self.names
        self.go_to(here)
        return QueryTable(number, alias, query=query, names=names)

    def known_tables(self) -> str:
        known = ", ".join(table.name for table in self.tables.values())
        return f"A query asks {known}, by that name; another data set is named in 'relationships'."

    def alias(self, what: str, *, single: bool = True) -> str:
        if self.kind != "name" or (single and len(parts(self.written)) > 1):
            raise self.unexpected(what)
        name = ".".join(parts(self.written))
        self.step()
        return name

    def items(self) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """The values selected, and their names; one without has none that could be asked for."""
        nodes, names = [], []
        while True:
            written = self.written if self.kind == "name" else ""
            if self.kind == "sign" and self.word == "*":
                raise self.problem("'*' is not read", todo="Name the columns.", at=self.at)
            nodes.append(self.condition())
            own = parts(written)[-1] if isinstance(nodes[-1], Field) and written else ""
            named = self.takes("as") or self.kind == "name"
            names.append(self.alias("a name is expected") if named else own)
            if names[-1] and names[-1].lower() in [name.lower() for name in names[:-1]]:
                raise self.problem(f"the name {names[-1]!r} stands here twice", todo="Write AS.", at=self.at)
            if not self.takes(","):
                return tuple(nodes), tuple(names)

    def condition_after(self, word: str) -> Node | None:
        at = self.at
        return self.demand(self.condition(), "boolean", at, f"what stands after {word!r}") if self.takes(word) else None

    def grouping(self) -> tuple[Node, ...]:
        if not self.takes("group"):
            return ()
        self.expect("by")
        self.alone = True
        nodes = [self.condition()]
        while self.takes(","):
            nodes.append(self.condition())
        self.alone = False
        return tuple(nodes)

    def one_row(self, query: Select, at: int) -> Select:
        """Make sure that a query has one row, whatever its tables hold, and one column."""
        single = query.source is None or (not query.group and is_total(query.items[0]))
        if len(query.items) != 1 or not single or query.distinct:
            raise self.problem("it does not give one value", todo=_ONE, at=at)
        return query
