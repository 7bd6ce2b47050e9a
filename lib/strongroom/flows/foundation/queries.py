"""The queries of a contract's `type: sql` rules, compiled against the tables that they may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strongroom.arrow.types import type_of
from strongroom.core.contract import Column, Contract, Type
from strongroom.core.errors import ConfigError, Problem
from strongroom.protect import output_type
from strongroom.quality.query import Query, Table, read


def queries_of(contract: Contract, others: Sequence[Contract]) -> Mapping[str, Query]:
    """Each `sql` rule's query, by the rule's id.

    Args:
        contract: has the rules.
        others: contracts of the data sets that it refers to.

    Raises:
        ConfigError: a query asks what it may not; all such problems at once.
    """
    rules = [rule for rule in contract.set_rules if rule.metric == "sql"]
    tables = {each.name: table_of(each) for each in (contract, *others)} if rules else {}
    queries: dict[str, Query] = {}
    problems: list[Problem] = []
    for rule in rules:
        try:
            queries[rule.id] = read(str(rule.arguments["query"]), tables, where=f"{contract.file}:{rule.line}")
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return queries


def table_of(contract: Contract) -> Table:
    """What may be asked of a data set's training table: what leaves, as it leaves, where a row has one value of it."""
    columns: dict[str, Type] = {}
    absent: dict[str, str] = {}
    for column in _inside(contract.columns):
        kind = None if "[]" in column.path or column.type.name in ("struct", "array") else output_type(column)
        if kind is not None:
            columns[column.path] = type_of(kind)
        elif column.type.name == "array" or "[]" in column.path:
            absent[column.path] = "has no single value in a row"
        elif column.type.name == "struct":
            absent[column.path] = "is a struct: name one of its fields"
        else:
            absent[column.path] = "is dropped, and nobody can ask for it"
    return Table(contract.name, columns, absent)


def _inside(columns: Sequence[Column]) -> Iterator[Column]:
    for column in columns:
        yield column
        yield from _inside(column.type.fields)
        if column.type.item is not None:
            yield column.type.item
