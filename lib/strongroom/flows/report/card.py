"""A data set's card: the header and the sections that data set hubs read, of facts, and what nobody has said.

Header and headings are those of https://huggingface.co/docs/hub/datasets-cards and its template. A licence is never
guessed: without one the header says nothing, and the card that it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from strongroom.core.contract import Contract
from strongroom.core.errors import Problem
from strongroom.core.report.paper import Grid, Paper, Part
from strongroom.flows.report.facts import Facts, basis_of, data_of, missing, retention_of
from strongroom.flows.report.ropa import UNSAID
from strongroom.flows.report.tables import Described
from strongroom.reports.paper import markdown

_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"), (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"), (1_000_000_000_000, "100B<n<1T"),
)  # fmt: skip


def paper(facts: Facts, table: Described) -> Paper:
    """The card's sections."""
    contract, said = table.contract, facts.settings.jobs.get("report", {})
    people = f"{table.people:,} data subjects" if table.people is not None else "rows without tags of data subjects"
    return Paper(
        f"Dataset card for {table.name}",
        f"Version {table.version} of the table, contract {contract.name} {contract.version}.",
        facts.at,
        (
            Part(
                "Dataset description", "",
                (contract.description or UNSAID, f"Curated by: {said.get('controller') or UNSAID}"),
            ),
            Part("Uses", "", tuple(_uses(contract)), open=("What is it not to be used for?",)),
            Part("Dataset structure", "", (f"{table.rows:,} rows, {people}",), _columns(table)),
            Part(
                "Source data", "",
                (
                    f"Made from: {', '.join(facts.known.above(table.name)) or UNSAID}",
                    f"Last run: {table.run.get('run_id', 'none')}, {_set_aside(table)}",
                    f"Rules that each row keeps: {len(contract.rules)}; rules on the whole: {len(contract.set_rules)}",
                ),
                open=("Who made the data, how was it collected, and by whom was it labelled?",),
            ),
            Part("Personal and sensitive information", "", tuple(personal(contract)), open=()),
            Part(
                "Bias, risks and limitations", "", (contract.limitations,) if contract.limitations else (),
                open=("Whom does it leave out, or show too often?", "What may come of that?"),
            ),
            Part("Dataset card contact", "", (str(said.get("contact") or UNSAID),)),
        ),
        (*_missing(contract), *missing(contract)),
    )  # fmt: skip


def _uses(contract: Contract) -> Iterator[str]:
    for purpose in contract.purposes:
        yield f"{purpose}: rests on {basis_of(contract, purpose) or UNSAID}"
    yield f"Kept: {retention_of(contract) or UNSAID}"


def personal(contract: Contract) -> Iterator[str]:
    """A line for each column that tells of somebody."""
    for each in data_of(contract):
        of = ", ".join(filter(None, (each.classification, each.special))) or "not classified"
        yield f"{each.path} ({of}): {each.protected}"


def _columns(table: Described) -> Grid:
    said = {column.name: column for column in table.contract.columns}
    lines = []
    for each in table.columns:
        column = said.get(str(each["name"]))
        kind = each["type"] if isinstance(each["type"], str) else str(each["type"].get("type", ""))
        role = column.role if column is not None else ""
        lines.append((str(each["name"]), kind, role or "–", (column.description if column is not None else "") or "–"))
    return Grid(("Column", "Type", "Role", "Description"), tuple(lines))


def _set_aside(table: Described) -> str:
    found = table.run.get("rows_quarantined")
    return f"{found:,} rows set aside" if isinstance(found, int) else "rows set aside not counted"


def _missing(contract: Contract) -> Iterator[Problem]:
    if not contract.limitations:
        todo = "Write description: {limitations: TEXT}"
        yield Problem(
            f"{contract.name}: nobody has said what it is not good for", f"{contract.file}:1", todo, "report.missing"
        )


def markdown_of(table: Described, card: Paper) -> str:
    """The card as Markdown with its header of YAML."""
    contract = table.contract
    header: dict[str, object] = {
        "pretty_name": table.name,
        "size_categories": [size_of(table.rows)],
        "tags": ["strongroom", *contract.purposes, *([contract.label] if contract.label else [])],
    }
    text = yaml.safe_dump(header, sort_keys=False, allow_unicode=True)
    return f"---\n{text}---\n\n{markdown(card)}".rstrip("\n")


def size_of(rows: int) -> str:
    """The hub's word for a number of rows."""
    return next((word for most, word in _SIZES if rows < most), "n>1T")
