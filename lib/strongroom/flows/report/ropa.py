"""The record of processing activities as a paper, as cells for a spreadsheet, and for programs (GDPR Art. 30(1))."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from strongroom.core.incident import moment
from strongroom.core.report.paper import Grid, Paper, Part
from strongroom.core.report.processing import Activity, Record
from strongroom.flows.report.facts import CONTROLLER

UNSAID = "(not said)"
_CELLS = (
    "contract", "version", "purpose", "legal basis", "data subjects", "data", "special categories", "recipients",
    "recipients outside", "transfers", "retention", "measures", "where it lies", "sources", "controller", "contact",
    "dpo",
)  # fmt: skip


def paper(record: Record) -> Paper:
    """The record to read and to print."""
    who = tuple(f"{of}: {record.controller[word] or UNSAID}" for word, of in CONTROLLER.items())
    return Paper(
        "Record of processing activities",
        "GDPR Art. 30(1), from contracts, policy, settings, audit log and the map of the lake.",
        record.written,
        (
            Part("Controller", "Art. 30(1)(a)", who[:5]),
            *(_activity(each) for each in record.activities),
            Part(
                "Who was given files, keys or exports", "Art. 30(1)(d)",
                grid=Grid(("Who", "What", "Last"), record.given) if record.given else None,
            ),
            Part("Recipients outside and other countries", "Art. 30(1)(d) and (e)", who[5:7]),
            Part("Security measures", "Art. 30(1)(g), Art. 32(1)", (*record.measures, who[7])),
            Part("Data sets without personal data", "", record.beside),
        ),
        record.missing,
    )  # fmt: skip


def _activity(each: Activity) -> Part:
    facts = (
        f"Purpose: {each.purpose or UNSAID}. {each.description}".strip(),
        f"Legal basis: {each.basis or UNSAID}",
        f"Data subjects: {', '.join(each.subjects) or UNSAID}",
        f"Special categories: {', '.join(each.special) or 'no column is said to be of one'}",
        f"Recipients: {', '.join(recipients(each)) or 'nobody, by the policy'}",
        f"Retention: {each.retention or UNSAID}",
        f"From {', '.join(each.sources)}; lies in {', '.join(each.tables) or 'no table yet'}",
        f"Contract {each.contract} {each.version}",
    )
    lines = tuple((one.path, one.classification or "–", one.special or "–", one.protected) for one in each.data)
    grid = Grid(("Column", "Classification", "Special category", "How it leaves"), lines)
    return Part(f"{each.contract}: {each.purpose or 'no purpose'}", "Art. 30(1)(b), (c), (d), (f)", facts, grid)


def recipients(each: Activity) -> list[str]:
    """Each role with its tables and the last day."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in each.recipients:
        found.setdefault((one.role, one.until), []).append(one.table)
    return [
        f"{role} ({', '.join(tables)}{f', until {until}' if until else ''})" for (role, until), tables in found.items()
    ]


def cells(record: Record) -> pa.Table:
    """A line for each activity."""
    said = record.controller
    lines = [
        (
            each.contract, each.version, each.purpose, each.basis, "; ".join(each.subjects),
            "; ".join(f"{one.path} ({one.protected})" for one in each.data), "; ".join(each.special),
            "; ".join(recipients(each)), said["recipients"], said["transfers"], each.retention,
            "; ".join((*record.measures, said["measures"])), "; ".join(each.tables), "; ".join(each.sources),
            said["controller"], said["contact"], said["dpo"],
        )
        for each in record.activities
    ]  # fmt: skip
    columns = list(zip(*lines, strict=True)) if lines else [() for _ in _CELLS]
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(_CELLS, columns, strict=True)})


def plain(record: Record) -> dict[str, Any]:
    """The record for programs."""
    return {
        "controller": dict(record.controller),
        "activities": [
            {**asdict(each), "special": list(each.special), "recipients": [asdict(one) for one in each.recipients]}
            for each in record.activities
        ],
        "beside": list(record.beside),
        "given": [{"who": who, "what": what, "last": last} for who, what, last in record.given],
        "measures": list(record.measures),
        "policy": record.policy,
        "written": moment(record.written),
        "missing": [asdict(each) for each in record.missing],
    }
