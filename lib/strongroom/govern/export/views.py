"""What each user sees of each table from one moment to the next, for platforms that are told users and not rules.

It is the engine that is asked, so what is exported is what `read_table` would give. Membership is the policy's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export.parts import NARROW, Described, Scope
from strongroom.govern.review.matrix import principals_of


@dataclass(frozen=True, slots=True)
class Sight:
    """What a user may do with a table: columns, masks and rows of reading, columns a rule withholds, and writing."""

    columns: tuple[str, ...] = ()
    masks: tuple[tuple[str, str], ...] = ()
    rows: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    writes: bool = False
    wheres: tuple[str, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return bool(self.columns or self.writes or self.denied)


@dataclass(frozen=True, slots=True)
class Span:
    """Some users with the same sight of a table, from a moment (None: from now) to another (None: for ever)."""

    found: Described
    users: tuple[str, ...]
    sight: Sight
    start: datetime | None
    end: datetime | None


def spans(engine: Engine, tables: Sequence[Described], *, scope: Scope, dates: bool) -> Iterator[Span]:
    """Every sight of every table in the scope. With `dates` also those to come; otherwise only that of the moment.

    Raises:
        ConfigError: a user sees other rows in one column than in another, or may write and not delete.
    """
    users = [name for name in principals_of(engine.policy) if name.startswith("user:")]
    alike: dict[tuple[str, ...], list[str]] = {}
    for user in users:
        alike.setdefault(engine.roles(user), []).append(user)
    problems: list[Problem] = []
    found_: dict[tuple[str, Sight, datetime | None, datetime | None], tuple[Described, list[str]]] = {}
    for found in tables:
        if not scope.covers(found.table.name):
            continue
        moments = _moments(engine, found, scope) if dates else []
        for same in alike.values():
            try:
                for sight, start, end in _timeline(engine, found, same[0], moments=[scope.at, *moments], scope=scope):
                    if sight:
                        found_.setdefault((found.table.name, sight, start, end), (found, []))[1].extend(same)
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    for (_, sight, start, end), (found, holders) in found_.items():
        yield Span(found, tuple(sorted(holders)), sight, start, end)


def _moments(engine: Engine, found: Described, scope: Scope) -> list[datetime]:
    """When anything about the table changes after the moment of the export."""
    rules = [
        rule
        for action in scope.actions
        if action in ("read", "write", "delete")
        for group in engine.about(action, found.table.name)
        for rule in group
    ]
    edges = {edge for rule in rules for edge in (rule.start, rule.end) if scope.at.timestamp() < edge < float("inf")}
    return [datetime.fromtimestamp(edge, UTC) for edge in sorted(edges)]


def _timeline(
    engine: Engine, found: Described, user: str, *, moments: Sequence[datetime], scope: Scope
) -> Iterator[tuple[Sight, datetime | None, datetime | None]]:
    """The user's sights one after the other; equal neighbours are one."""
    last, since = _sight(engine, found, user, at=moments[0], scope=scope), None
    for moment in moments[1:]:
        sight = _sight(engine, found, user, at=moment, scope=scope)
        if sight != last:
            yield last, since, moment
            last, since = sight, moment
    yield last, since, None


def _sight(engine: Engine, found: Described, user: str, *, at: datetime, scope: Scope) -> Sight:
    table = found.table
    asked = Request(user, "read", table.name, at, table.columns, scope.purpose, "", table.classifications, table.tags)
    writes = _writes(engine, replace(asked, columns=()), scope)
    if "read" not in scope.actions:
        return Sight(writes=writes)
    answer = engine.decide(asked)
    reading = engine.narrow(asked)
    if reading.conditions:
        names = ", ".join(reading.conditions)
        what = f"{user} sees {names} of {table.name} for fewer rows than the other columns."
        raise ConfigError(
            [Problem(what, reading.grants[0].where, f"Give those grants the same rows. {NARROW}", "export.not-said")]
        )
    denied = [columns or table.columns for _, columns in answer.denying]
    return Sight(
        columns=reading.columns if reading.allowed else (),
        masks=tuple(sorted(reading.masks.items())),
        rows=reading.rows,
        denied=tuple(name for name in table.columns if any(name in columns for columns in denied)),
        writes=writes,
        wheres=tuple(grant.where for grant in reading.grants),
    )


def _writes(engine: Engine, request: Request, scope: Scope) -> bool:
    """Whether the user may write, which on every platform is also deleting.

    Raises:
        ConfigError: only one of the two is given.
    """
    answers = {action: engine.decide(replace(request, action=action)) for action in ("write", "delete")}
    if not any(answer.allowed for action, answer in answers.items() if action in scope.actions):
        return False
    for action, answer in answers.items():
        if not answer.allowed:
            other = next(each for each in answers.values() if each.allowed)
            what = f"{request.principal} may {other.request.action} {request.table}, not {action}; there both are one."
            raise ConfigError(
                [Problem(what, other.grants[0].where, f"Grant both, or neither. {NARROW}", "export.not-said")]
            )
    return True
