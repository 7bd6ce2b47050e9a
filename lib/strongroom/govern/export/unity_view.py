"""What the rules for reading one table say, as SQL over the caller's groups: a row filter, and a mask for each column.

Everything fails closed: whoever comes by another grant than ours is in no role, and gets no row of a filtered table and
null in a masked column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.expression import parse
from strongroom.core.expression.tree import names
from strongroom.core.policy import EVERYONE
from strongroom.core.policy.decision import Request
from strongroom.core.sql_text import identifier, text_literal
from strongroom.govern.engine.compiled import Rule
from strongroom.govern.engine.engine import Engine, in_force
from strongroom.govern.engine.selectors import column_of
from strongroom.govern.export.parts import NARROW, Described
from strongroom.govern.sql.masks import masked
from strongroom.govern.sql.row_filters import predicate


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition or a value, and the columns it looks at; false when there is nothing to say."""

    sql: str = ""
    used: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sql)


class TableView:
    """One table as its readers see it at one moment, for one purpose.

    `readers` are the roles that see any of it; `deciding` are those whose members see less of it than others.
    """

    def __init__(
        self, engine: Engine, found: Described, *, at: datetime, purpose: str, groups: Mapping[str, str]
    ) -> None:
        table, moment = found.table, at.timestamp()
        grants, denies, duties = engine.about("read", table.name)
        self.giving, taking = in_force(grants, denies, moment, purpose)
        closing = [rule for rule in taking if rule.deny is None] + [rule for rule in duties if rule.holds(moment)]
        self.found, self.groups, self.closed = found, groups, roles_of(closing)
        request = Request("", "read", table.name, at, table.columns, "", "", table.classifications, table.tags)
        self.columns = {name: column_of(request, name) for name in table.columns}
        self.takers = {
            name: roles_of(
                rule for rule in (*self.giving, *taking) if rule.deny is not None and rule.deny.takes(column)
            )
            for name, column in self.columns.items()
        }
        lost = {EVERYONE} & set(self.closed)
        self.useful = [
            rule for rule in self.giving if not lost and rule.rule.role not in self.closed and self.given(rule)
        ]
        self.readers = roles_of(self.useful)
        taking_ = [role for name in self.columns for role in self.takers[name]] if self.useful else []
        self.deciding = tuple(role for role in dict.fromkeys((*self.closed, *taking_)) if role != EVERYONE)

    def given(self, rule: Rule) -> list[str]:
        """The columns a grant gives that its own role is not denied."""
        lost = {EVERYONE, rule.rule.role}
        return [
            name for name, column in self.columns.items() if rule.gives(column) and lost.isdisjoint(self.takers[name])
        ]

    def filter(self) -> Sql:
        """Which rows the caller sees; nothing when whoever may read sees every row."""
        useful = self.useful
        if not useful or not (self.closed or any(rule.rows or self.alive(rule) for rule in useful)):
            return Sql()
        terms = [
            f"({self.rows(rule)} AND {alive})" if (alive := self.alive(rule)) else self.rows(rule) for rule in useful
        ]
        given = " OR ".join(dict.fromkeys(terms))
        return Sql(f"NOT {self.member(self.closed)} AND ({given})" if self.closed else given, self.mentioned(useful))

    def mask(self, name: str) -> Sql:
        """How the caller sees a column; nothing when whoever may read sees it as it lies."""
        takers, givers = self.takers[name], [rule for rule in self.useful if name in self.given(rule)]
        if not self.covered(name):
            return Sql()
        if not givers:
            return Sql(f"CAST(NULL AS {self.found.types[name]})")
        shown, partial = self.shown(name), len(givers) < len(self.useful)
        taken = f"WHEN {self.member(takers)} THEN NULL " if takers else ""
        # Where every grant gives the column, the row filter has left only rows it is given for.
        given = " OR ".join(dict.fromkeys(map(self.rows, givers))) if partial else self.member(roles_of(givers))
        used = self.mentioned(givers) if partial else ()
        return Sql(f"CASE {taken}WHEN {given} THEN {shown} ELSE NULL END", used)

    def covered(self, name: str) -> bool:
        """Whether the column needs a mask: somebody who may read the table does not see it as it lies."""
        given = all(name in self.given(rule) for rule in self.useful)
        shown = not any(selector.takes(self.columns[name]) for rule in self.giving for selector, _ in rule.mask)
        return bool(self.useful) and not (given and shown and not self.takers[name])

    def shown(self, name: str) -> str:
        """The column in clear, or behind the masks of the caller's roles; two that differ make null."""
        masks: dict[str, list[Rule]] = {}
        for rule in self.giving:
            for selector, how in rule.mask:
                if selector.takes(self.columns[name]):
                    masks.setdefault(how, []).append(rule)
        held = {how: self.member(roles_of(rules)) for how, rules in masks.items()}
        cases = []
        for how, condition in held.items():
            others = [other for kind, other in held.items() if kind != how]
            cases += [f"WHEN {condition} AND ({' OR '.join(others)}) THEN NULL"] if others else []
        for how, condition in held.items():
            sql = masked(name, self.found.types[name], how, where=masks[how][0].rule.where)
            cases.append(f"WHEN {condition} THEN {sql}")
        return f"CASE {' '.join(cases)} ELSE {identifier(name)} END" if cases else identifier(name)

    def member(self, roles: Iterable[str]) -> str:
        """That the caller is in one of these roles."""
        found = [
            "true" if role == EVERYONE else f"is_account_group_member({text_literal(self.groups.get(role, role))})"
            for role in roles
        ]
        return found[0] if len(found) == 1 else f"({' OR '.join(found)})"

    def rows(self, rule: Rule) -> str:
        """That the caller has a grant, and the row is one of its."""
        who = self.member([rule.rule.role])
        if not rule.rows:
            return who
        rows = predicate(rule.rows, self.found.types, where=rule.rule.where, portable=True)
        return f"({who} AND {rows})"

    def alive(self, rule: Rule) -> str:
        """That the denies of other roles leave any of the grant's columns; empty when one is always left."""
        taken = [self.takers[name] for name in self.given(rule)]
        if not all(taken):
            return ""
        return "NOT (" + " AND ".join(dict.fromkeys(map(self.member, taken))) + ")"

    def mentioned(self, rules: Iterable[Rule]) -> tuple[str, ...]:
        """The columns that row expressions look at.

        Raises:
            ConfigError: one looks into a struct, where a filter is given whole columns, or at a column that has a mask:
                Databricks does not say whether a filter or another mask is given its value before or after.
        """
        known = {name.lower(): name for name in self.columns}
        found: dict[str, None] = {}
        for rule in rules:
            for mention in names(parse(rule.rows, where=rule.rule.where)) if rule.rows else ():
                if mention.path.lower() not in known:
                    what = f"Rows depend on {mention.path!r}, which is no top-level column of {self.found.table.name}."
                    raise ConfigError(
                        [Problem(what, rule.rule.where, f"A filter takes whole columns. {NARROW}", "export.not-said")]
                    )
                name = known[mention.path.lower()]
                if self.covered(name):
                    what = f"Rows depend on {name!r} of {self.found.table.name}, which not everybody sees as it is."
                    todo = f"Unity Catalog does not say what a filter sees of a masked column. {NARROW}"
                    raise ConfigError([Problem(what, rule.rule.where, todo, "export.not-said")])
                found[name] = None
        return tuple(found)


def roles_of(rules: Iterable[Rule]) -> tuple[str, ...]:
    """The roles of some rules, each once."""
    return tuple(dict.fromkeys(rule.rule.role for rule in rules))
