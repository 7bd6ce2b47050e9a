"""One table of the lake as papers tell of it: its contract, version, columns, rows and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import UsageError
from strongroom.core.lineage import Node
from strongroom.core.run import Job
from strongroom.core.suggest import did_you_mean
from strongroom.flows.foundation.lake_tables import fields_of
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.flows.foundation.subject_counts import held
from strongroom.flows.report.facts import Facts, contract_named
from strongroom.stores.lake import Lake


@dataclass(frozen=True, slots=True)
class Described:
    """A table.

    Args:
        name: `zone.name`, as the lake has it.
        contract: of its rows.
        node: its place on the map.
        version: the newest one.
        columns: of the schema, each with its type and notes, without the tags of subjects.
        rows: how many.
        people: how many data subjects they are of; None without tags.
        run: the row of its newest run that was done; empty without one.
    """

    name: str
    contract: Contract
    node: Node
    version: int
    columns: tuple[Mapping[str, Any], ...]
    rows: int
    people: int | None
    run: Mapping[str, Any]


def described(job: Job, facts: Facts) -> Described:
    """The table that the command names.

    Raises:
        UsageError: there is none of that name, or no contract says what its rows are.
        StoreError: it cannot be read.
    """
    lake, asked = Lake(job.settings.lake), job.args.table
    node = facts.known.node(asked)
    found = lake.open(node.name) if node is not None and node.version is not None else None
    if node is None or found is None:
        names = [each.name for each in facts.known.nodes if each.version is not None]
        raise UsageError(f"there is no table {asked!r}", todo=did_you_mean(asked, names))
    contract = contract_named(facts.contracts, node.name)
    if contract is None:
        raise UsageError(f"no contract says what the rows of {node.name} are", todo="Write its contract.")
    columns = tuple(each for each in fields_of(found) if each["name"] != TAG)
    tagged = len(columns) < len(fields_of(found))
    counts = held(lake, node.name, found) if tagged else None
    rows = counts.rows if counts is not None else _rows(found)
    people = len(counts.people) if counts is not None else None
    return Described(node.name, contract, node, found.version(), columns, rows, people, _run(lake, node.name))


def _rows(found: DeltaTable) -> int:
    """How many rows the log counts."""
    return sum(int(each or 0) for each in found.get_add_actions(flatten=True).column("num_records").to_pylist())


def _run(lake: Lake, table: str) -> Mapping[str, Any]:
    """The newest run about a table that was done."""
    rows = lake.read(RUNS)
    names = (table, table.removeprefix("training."))
    mine = [row for row in ([] if rows is None else rows.to_pylist()) if row["dataset"] in names]
    done = sorted((row for row in mine if row["status"] == "done"), key=lambda row: row["started"])
    return done[-1] if done else {}
