"""The policy as Databricks Unity Catalog keeps it: grants to account groups, row filters and column masks, as SQL.

A role is an account group of the same name, or of the name the caller gives; whoever is in the group has the role.
What a policy says of several roles at once is decided where the query runs, by `is_account_group_member`, cell by cell.
Unity Catalog has no deny and withholds no column: a deny is a condition of filter and mask, a withheld column is null.
Filters and masks are functions named after their content: a changed one is a new one, in place before the old one goes.

Sources, as of November 2026: docs.databricks.com, "ROW FILTER clause", "Column mask clause" (one filter for a table,
one mask for a column, `USING COLUMNS` for others; no parts of a struct), "is_account_group_member function", "Unity
Catalog privileges reference" (`MODIFY` is insert, update and delete together).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.policy import EVERYONE
from strongroom.core.policy.decision import Request
from strongroom.core.sql_text import comment, identifier, path
from strongroom.govern.engine.compiled import Rule
from strongroom.govern.engine.engine import Engine, in_force
from strongroom.govern.export.parts import NARROW, Described, ExportPart, Platform, Scope, members
from strongroom.govern.export.scope import objections
from strongroom.govern.export.unity_view import Sql, TableView, roles_of

PLATFORM = Platform("Unity Catalog", ("read", "write", "delete"))
_MEMBERS, _FUNCTIONS, _PLACED, _GRANTS = 0, 1, 2, 3  # ranks: a filter is in place before anybody may read


def unity(
    engine: Engine, tables: Sequence[Described], *, scope: Scope, catalog: str, groups: Mapping[str, str]
) -> list[ExportPart]:
    """Every grant, function, filter and mask that says in Unity Catalog what the policy says.

    Who is in an account group is not told in SQL: a comment says who must be, so that a plan shows when that changes.

    Args:
        engine: the policy.
        tables: every table whose columns are known.
        scope: what of it.
        catalog: the catalog in which `zone.name` is a schema and a table.
        groups: role → account group, for roles whose group has another name.

    Raises:
        ConfigError: everything that Unity Catalog has no words for.
    """
    problems = list(objections(engine, tables, scope=scope, platform=PLATFORM))
    parts: dict[str, ExportPart] = {}
    for found in tables:
        if scope.covers(found.table.name):
            try:
                parts |= {part.name: part for part in _Table(engine, found, scope, catalog, groups).parts()}
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return sorted(parts.values(), key=lambda part: (part.rank, part.name))


@dataclass(frozen=True, slots=True)
class _Table:
    """One table's parts."""

    engine: Engine
    found: Described
    scope: Scope
    catalog: str
    groups: Mapping[str, str]

    def parts(self) -> Iterator[ExportPart]:
        name = self.found.table.name
        readers, closed = tuple[str, ...](), tuple[str, ...]()
        writers = self.writers()
        if "read" in self.scope.actions:
            view = TableView(self.engine, self.found, at=self.scope.at, purpose=self.scope.purpose, groups=self.groups)
            readers, closed = view.readers, view.deciding
            yield from self.filter(view.filter())
            for column in self.found.table.columns:
                yield from self.mask(column, view.mask(column))
        schema = name.partition(".")[0]
        for role in readers:
            yield self.grant("SELECT", f"TABLE {self.path}", role, f"reads {name}")
        for role in writers:
            yield self.grant("MODIFY", f"TABLE {self.path}", role, f"writes and deletes {name}")
        for role in dict.fromkeys((*readers, *writers, *closed)):
            yield self.members(role)
        for role in dict.fromkeys((*readers, *writers)):
            yield self.grant(
                "USE CATALOG", f"CATALOG {identifier(self.catalog)}", role, f"sees that {self.catalog} is there"
            )
            place = f"{self.catalog}.{schema}"
            yield self.grant("USE SCHEMA", f"SCHEMA {path(self.catalog, schema)}", role, f"sees that {place} is there")

    def members(self, role: str) -> ExportPart:
        group, held = self.groups.get(role, role), ", ".join(members(self.engine.policy)[role])
        said = comment(f"The account group {identifier(group)} holds {held or 'nobody'}, and nobody else.")
        return ExportPart(f"members of {role}", said, said, "", _MEMBERS)

    @property
    def path(self) -> str:
        """The table's name in three parts.

        Raises:
            ConfigError: the name has more or fewer than two.
        """
        pieces = self.found.table.name.split(".")
        if len(pieces) != 2:
            what = f"{self.found.table.name} is no schema.table of a catalog."
            raise ConfigError([Problem(what, self.engine.policy.file, NARROW, "export.not-said")])
        return path(self.catalog, *pieces)

    def grant(self, privilege: str, on: str, role: str, words: str) -> ExportPart:
        group = identifier(self.groups.get(role, role))
        said = f"GRANT {privilege} ON {on} TO {group}"
        return ExportPart(said, f"role {role} {words}", said, f"REVOKE {privilege} ON {on} FROM {group}", _GRANTS)

    def filter(self, condition: Sql) -> Iterator[ExportPart]:
        if condition:
            name, columns = self.found.table.name, ", ".join(map(identifier, condition.used))
            function = self.function("rows", name, condition.used, f"RETURNS BOOLEAN\nRETURN {condition.sql}")
            yield function
            place = f"SET ROW FILTER {_named(function)} ON ({columns})"
            yield self.placed(f"row filter of {name}", place, "DROP ROW FILTER")

    def mask(self, column: str, shown: Sql) -> Iterator[ExportPart]:
        if shown:
            name, others = f"{self.found.table.name}.{column}", [each for each in shown.used if each != column]
            body = f"RETURNS {self.found.types[column]}\nRETURN {shown.sql}"
            function = self.function("mask", name, (column, *others), body)
            yield function
            using = f" USING COLUMNS ({', '.join(map(identifier, others))})" if others else ""
            alter = f"ALTER COLUMN {identifier(column)}"
            yield self.placed(f"mask of {name}", f"{alter} SET MASK {_named(function)}{using}", f"{alter} DROP MASK")

    def function(self, kind: str, name: str, used: Sequence[str], body: str) -> ExportPart:
        typed = ", ".join(f"{identifier(column)} {self.found.types[column]}" for column in used)
        schema, _, rest = name.partition(".")
        token = hashlib.sha256(f"{name}({typed}) {body}".encode()).hexdigest()[:8]
        placed = path(self.catalog, schema, f"strongroom_{kind}_{re.sub(r'[^A-Za-z0-9]+', '_', rest)[:80]}_{token}")
        text = f"CREATE OR REPLACE FUNCTION {placed}({typed})\n{body}"
        words = f"{'mask' if kind == 'mask' else 'row filter'} of {name}"
        return ExportPart(f"function {placed}", words, text, f"DROP FUNCTION IF EXISTS {placed}", _FUNCTIONS)

    def placed(self, name: str, place: str, drop: str) -> ExportPart:
        return ExportPart(name, name, f"ALTER TABLE {self.path} {place}", f"ALTER TABLE {self.path} {drop}", _PLACED)

    def writers(self) -> list[str]:
        """The roles that may both write and delete.

        Raises:
            ConfigError: a role may do one of the two, or somebody in it is denied.
        """
        may = {action: self.may(action) for action in ("write", "delete")}
        found, problems, name = [], [], self.found.table.name
        for role in dict.fromkeys(role for action in self.scope.actions for role in may.get(action, ())):
            rule = may["write"].get(role) or may["delete"][role]
            if role not in may["write"] or role not in may["delete"]:
                does = "write" if role in may["write"] else "delete from"
                what = f"The role {role!r} may only {does} {name}; MODIFY of Unity Catalog is both."
                problems.append(Problem(what, rule.rule.where, f"Grant both, or neither. {NARROW}", "export.not-said"))
            elif somebody := self.hindered(role):
                what = f"{somebody} is in the role {role!r} and yet may not write {name}; MODIFY has no deny."
                problems.append(Problem(what, rule.rule.where, "Take it out of one of its roles.", "export.not-said"))
            else:
                found.append(role)
        if problems:
            raise ConfigError(problems)
        return found

    def may(self, action: str) -> dict[str, Rule]:
        """The roles that may do an action with the whole table, each with the grant that gives it."""
        grants, denies, _ = self.engine.about(action, self.found.table.name)
        giving, taking = in_force(grants, denies, self.scope.at.timestamp(), self.scope.purpose)
        closed = roles_of(taking)
        return {rule.rule.role: rule for rule in giving if rule.rule.role not in closed and EVERYONE not in closed}

    def hindered(self, role: str) -> str:
        """Somebody in the role whom another rule keeps from writing or deleting."""
        for member in members(self.engine.policy)[role]:
            for action in ("write", "delete"):
                request = Request(member, action, self.found.table.name, self.scope.at, (), self.scope.purpose)
                if not self.engine.decide(request).allowed:
                    return member
        return ""


def _named(function: ExportPart) -> str:
    return function.name.removeprefix("function ")


def statements(parts: Sequence[ExportPart]) -> str:
    """Everything Unity Catalog is told, in order; running it again changes nothing."""
    return "".join(f"{part.text}{';' if part.rank else ''}\n" for part in parts)


def changes(gone: Sequence[ExportPart], added: Sequence[ExportPart]) -> str:
    """Only what changes: rights go first and come last, so that nobody sees more than before or after."""
    revoked = [part.undo for part in gone if part.rank == _GRANTS]
    said = "".join(f"{part.text}\n" for part in added if part.rank == _MEMBERS)
    placed = [part.text for part in added if part.rank in (_FUNCTIONS, _PLACED)]
    dropped = [part.undo for rank in (_PLACED, _FUNCTIONS) for part in gone if part.rank == rank]
    granted = [part.text for part in added if part.rank == _GRANTS]
    return said + "".join(f"{each};\n" for each in (*revoked, *placed, *dropped, *granted))
