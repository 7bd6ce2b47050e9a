"""A contract as it was understood, line by line, each with where it came from: what `check --show` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.core.contract.legal_basis import articles
from strongroom.core.contract.model import Column, Contract, Protect, Rule, SetRule, source_name
from strongroom.core.contract.protection import untyped


@dataclass(frozen=True, slots=True)
class Shown:
    """One line: what is understood, and the places that say so, of which an overlay's tells by which word."""

    what: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.what}  <- {', '.join(self.places)}"


def shown(contract: Contract) -> Iterator[Shown]:
    """Sources, columns, rules, then what changes nothing, in the order of the contract."""
    yield Shown(f"table {contract.name} {contract.version}", (contract.file,))
    for source in contract.sources:
        yield Shown(f"source {source.name}: {source.path} ({source.format})", (contract.place(source),))
    if contract.purposes:
        yield Shown(f"purposes: {', '.join(contract.purposes)}", (contract.said["purposes"],))
    for purpose, basis in contract.legal_basis.items():
        what = f"{purpose} rests on {basis} ({articles(basis)})"
        yield Shown(what, (contract.said["legalBasis"],))
    if contract.data_subjects:
        yield Shown(f"data subjects: {', '.join(contract.data_subjects)}", (contract.said["dataSubjects"],))
    if contract.quarantine_limit is not None:
        yield Shown(f"bad rows at most: {contract.quarantine_limit:.4%}", (contract.said["quarantineLimit"],))
    for column in contract.columns:
        yield from _column(column, contract)
    rules: tuple[Rule | SetRule, ...] = (*contract.rules, *contract.set_rules)
    free = untyped(contract)
    for rule in rules:
        if isinstance(rule, Rule) and rule.check == "type" and free.issuperset(rule.columns):
            continue  # nobody asks what is dropped for its type
        yield Shown(_rule(rule), (f"{contract.file}:{rule.line}",))
    for note in contract.notes:
        kind = "left" if note.left else "warning" if note.warning else "note"
        yield Shown(f"{kind}: {note.what}", (note.where,))


def _column(column: Column, contract: Contract) -> Iterator[Shown]:
    said = [column.type.ddl if not column.type.fields and column.type.item is None else column.type.name]
    said += [f"{source_name(column)!r} in the source"] if column.source else []
    said += [column.classification] if column.classification else []
    said += ["the data subject"] if column.subject else []
    said += ["about others"] if column.about else []
    said += [f"special category {column.special}"] if column.special else []
    said += [f"role {column.role}"] if column.role else []
    said += [_protect(column.protect)] if column.protect else []
    places = [f"{contract.file}:{column.line}"]
    if column.protect is not None:
        places.append(contract.place(column.protect) + (f" by {column.protect.by}" if column.protect.by else ""))
    yield Shown(f"column {column.path}: {', '.join(said)}", tuple(dict.fromkeys(places)))
    inside = column.type.fields if column.type.item is None else (column.type.item,)
    for field in inside:
        yield from _column(field, contract)


def _protect(protect: Protect) -> str:
    options = ", ".join(f"{name} {value}" for name, value in protect.options.items())
    return f"{protect.method} ({options})" if options else protect.method


def _rule(rule: Rule | SetRule) -> str:
    kind = rule.check if isinstance(rule, Rule) else f"{rule.metric} {rule.operator}"
    return f"rule {rule.id}: {kind}, {rule.severity}"
