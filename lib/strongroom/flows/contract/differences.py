"""What a new contract changes for whom, against the old one: the table, its readers, its rows, the raw data, others.

Each kind is asked of whoever decides it in a run: the evolution of a table, the policy, the rules, the references.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from strongroom.core.contract import Column, Contract, Rule, SetRule, raw_table, source_name
from strongroom.core.contract.references import reference_problems, referenced
from strongroom.core.errors import ConfigError
from strongroom.flows.contract.changes import Kind, changes, kind_in
from strongroom.flows.foundation import table_plans
from strongroom.flows.prepare.evolution import LOOSE, NEW, SEALED, WIDER, evolution
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.matrix import principals_of, purposes_of, views
from strongroom.govern.table import table_of

_DONE = {
    NEW: "comes into the table; it is null in the rows that are there",
    WIDER: "holds more: an increment writes every file anew",
    SEALED: "holds more: an increment writes every file anew",
    LOOSE: "may be null from now on",
}


_RULES = ("Rule", "SetRule", "Reference")
_TOLD = (
    "Contract.rules", "Contract.set_rules", "Contract.order of rules", "Contract.order of set_rules",
    "Contract.columns",
)  # fmt: skip
"""What the lines about rows and raw data say: rules, and columns that come and go."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise: for whom, what, what that does, and where it is said."""

    whom: str
    what: str
    kind: Kind
    where: str

    def __str__(self) -> str:
        return f"{self.kind}  {self.whom}: {self.what}  ({self.where})"

    def answer(self) -> dict[str, object]:
        """As `--json` has it."""
        said = {"whom": self.whom, "what": self.what, "kind": str(self.kind), "breaks": self.kind.breaks}
        return {**said, "where": self.where}


def differences(
    old: Contract, new: Contract, *, engine: Engine, others: Sequence[Contract], at: datetime
) -> Iterator[Difference]:
    """Everything that is otherwise, what breaks something first: what follows from it, and then each field."""
    found = [
        *_table(old, new),
        *_readers(old, new, engine, at),
        *_rows(old, new),
        *_sources(old, new),
        *_others(old, new, others),
        *_fields(old, new),
    ]
    yield from sorted(found, key=lambda difference: (not difference.kind.breaks, difference.kind is Kind.HARMLESS))


def _fields(old: Contract, new: Contract) -> Iterator[Difference]:
    """Every field that is otherwise, but for what the others say."""
    lines = {column.path: column.line for column in _inside(new.columns)}
    sources = {source.name: source for source in new.sources}
    for change in changes(old, new):
        if change.noun in _RULES or f"{change.noun}.{change.field}" in _TOLD:
            continue
        if change.noun == "Source":
            source = sources[change.of]
            yield Difference(raw_table(source), str(change), change.kind, new.place(source))
        elif change.of:
            yield Difference(new.training, str(change), change.kind, f"{new.file}:{lines.get(change.of, 1)}")
        else:
            yield Difference(new.training, str(change), change.kind, new.said.get(change.word, new.file))


def _inside(columns: Iterable[Column]) -> Iterator[Column]:
    """Columns, each followed by what is inside it."""
    for column in columns:
        yield column
        yield from _inside(column.type.fields if column.type.item is None else (column.type.item,))


def _table(old: Contract, new: Contract) -> Iterator[Difference]:
    """What an increment of the table does, or why it is refused."""
    if old.name != new.name:
        return  # another table
    before, after = (table_plans.training(contract).schema for contract in (old, new))
    lines = {column.path: f"{new.file}:{column.line}" for column in new.columns}
    try:
        for path, change in evolution(before, after, new, same=False).changes.items():
            where = lines.get(path.partition(".")[0].removesuffix("[]"), new.file)
            yield Difference(new.training, f"{path!r} {_DONE[change]}", Kind.HARMLESS, where)
    except ConfigError as error:
        for problem in error.problems:
            yield Difference(new.training, f"no increment: {problem.what}", Kind.RUNS, problem.where)


def _readers(old: Contract, new: Contract, engine: Engine, at: datetime) -> Iterator[Difference]:
    """What each principal reads no more, reads otherwise, or reads as well."""
    before, after = (_read(contract, engine, at) for contract in (old, new))
    lines = {column.name: f"{new.file}:{column.line}" for column in new.columns}
    for who in sorted({*before, *after}):
        had, has = before.get(who, {}), after.get(who, {})
        for column in sorted({*had, *has}):
            where = lines.get(column, new.file)
            if column not in has:
                yield Difference(who, f"reads {column!r} no more", Kind.READERS, where)
            elif column not in had:
                yield Difference(who, f"reads {column!r} as well: {has[column]}", Kind.HARMLESS, where)
            elif had[column] != has[column]:
                what = f"reads {column!r} otherwise: {has[column]}, not {had[column]}"
                yield Difference(who, what, Kind.READERS, where)


def _read(contract: Contract, engine: Engine, at: datetime) -> dict[str, dict[str, str]]:
    """How each principal reads each column of a contract's training table."""
    found: dict[str, dict[str, str]] = {}
    table = table_of(contract, contract.training, protected=True)
    people, purposes = principals_of(engine.policy), purposes_of(engine.policy)
    for view in views(engine, [table], principals=people, purposes=purposes, at=at):
        for who, _ in view.holders:
            for part in view.parts:
                ways = table.lies
                found.setdefault(who, {}).update({name: _how(part.how, ways.get(name, "")) for name in part.columns})
    return found


def _how(shown: str, lies: str) -> str:
    return shown if shown == lies or not lies else f"{shown} ({lies})"


def _rows(old: Contract, new: Contract) -> Iterator[Difference]:
    """Rules that rows or the whole must meet from now on, and those that nobody checks any more."""
    before, after = _rules(old), _rules(new)
    known = {column.name for column in old.columns}
    for id_, rule in after.items():
        fresh = rule.columns and not {path.partition(".")[0].removesuffix("[]") for path in rule.columns} & known
        strict = rule.severity == "error" and not (fresh and isinstance(rule, Rule) and rule.check != "required")
        what = "may close the gate" if isinstance(rule, SetRule) else "sends rows to quarantine"
        what = what if rule.severity == "error" else "is only told"
        where = f"{new.file}:{rule.line}"
        if id_ not in before:
            kind = Kind.RUNS if strict else Kind.HARMLESS
            yield Difference("rows", f"{id_!r} is new, and {what}", kind, where)
        elif found := _otherwise(before[id_], rule):
            breaks = rule.severity == "error" and any(kind is not Kind.HARMLESS for kind in found.values())
            named = ", ".join(found)
            less = {*found} <= {"argument", "bound"} and all(kind is Kind.HARMLESS for kind in found.values())
            asks = "less" if less else "something else"
            kind = Kind.RUNS if breaks else Kind.HARMLESS
            yield Difference("rows", f"{id_!r} asks {asks} ({named}), and {what}", kind, where)
    for id_ in before:
        if id_ not in after:
            yield Difference("rows", f"{id_!r} is checked no more", Kind.HARMLESS, new.file)


def _otherwise(before: Rule | SetRule, after: Rule | SetRule) -> dict[str, Kind]:
    """The fields in which two rules differ."""
    if type(before) is not type(after):
        return {"how it is counted": Kind.CHANGE}
    found = list(changes(before, after))
    same = not {change.field for change in found} & {"check", "metric", "operator", "unit", "columns"}
    return {change.field: kind_in(after, change) if same else change.kind for change in found}


def _rules(contract: Contract) -> Mapping[str, Rule | SetRule]:
    rules: tuple[Rule | SetRule, ...] = (*contract.rules, *contract.set_rules)
    return {rule.id: rule for rule in rules}


def _sources(old: Contract, new: Contract) -> Iterator[Difference]:
    """What raw data has to be from now on."""
    before, after = ({column.name: column for column in contract.as_read.columns} for contract in (old, new))
    whom = ", ".join(dict.fromkeys(raw_table(source) for source in new.sources))
    for name, column in before.items():
        if name not in after:
            what = f"data that still has {source_name(column)!r} stops the run"
            yield Difference(whom, what, Kind.RUNS, new.file)
    for name, column in after.items():
        if name not in before:
            what = f"may have {source_name(column)!r}"
            yield Difference(whom, what, Kind.HARMLESS, f"{new.file}:{column.line}")


def _others(old: Contract, new: Contract, others: Sequence[Contract]) -> Iterator[Difference]:
    """Contracts whose references to this data set held with the old one, and do not with the new."""
    for other in others:
        if old.name not in referenced(other) or other.name in (old.name, new.name):
            continue
        known = [each for each in others if each.name != old.name]
        before = {problem.what for problem in reference_problems(other, [*known, old])}
        for problem in reference_problems(other, [*known, new]):
            if problem.what not in before:
                yield Difference(other.name, problem.what, Kind.RUNS, problem.where)
