"""The stage: the one pass over exactly the batch's files; what passes and what is set aside lie beside their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.run import Job
from strongroom.flows.feeds import Items
from strongroom.flows.fuse import Pass
from strongroom.flows.inputs import Input, Road
from strongroom.flows.passing import files_of, passed
from strongroom.flows.prepare_facts import Judged, facts
from strongroom.flows.prepare_marks import broken_rows
from strongroom.flows.prepare_plan import Found
from strongroom.flows.prepare_sketches import without_rare
from strongroom.flows.road import PartSeen
from strongroom.quality.tally import Tally
from strongroom.stores import shapes, stages
from strongroom.stores.lake import Lake
from strongroom.stores.manifest import Batch
from strongroom.stores.work_items import split_files


@dataclass(frozen=True, slots=True)
class Staged:
    """What a pass left, and what it counted.

    Args:
        good: files of rows that passed, for the training table.
        bad: files of rows that are set aside, for the quarantine.
        tally: the counts of all rows.
        measured: what set rules ask besides, by the rule's id.
        parts: what was read.
    """

    good: tuple[AddAction, ...]
    bad: tuple[AddAction, ...]
    tally: Tally
    measured: Mapping[str, float]
    parts: tuple[PartSeen, ...]


def stage(job: Job, way: Road, plan: Pass, *, lake: Lake, batch: Batch, found: Found, without: str = "") -> Staged:
    """The one pass.

    `without` is the stage of the batch whose place this one takes; what the table has of it is not looked at.

    Raises:
        ConfigError: the data has fields that the contract does not know; nothing is published.
        StoreError: a file is broken so that none of its rows can be trusted.
    """
    contract, onto = plan.contract, batch.mode != "overwrite"
    inputs = inputs_of(contract, batch=batch, found=found)
    broken = broken_rows(job, way, plan, inputs, lake=lake, onto=onto, without=without)
    answer = passed(way, plan, inputs, lake=lake, batch=batch, broken=broken)
    if problems := list(_unknown(answer.parts, contract)):
        raise ConfigError(problems)
    good = stages.actions(lake, batch.stage, answer.good)
    files = files_of(lake, plan.table, good)
    judged = Judged(plan, inputs, files, answer.tally, onto, without)
    measured = facts(job, way, judged, lake=lake)
    bad = stages.actions(lake, batch.stage, answer.bad)
    return Staged(tuple(good), tuple(bad), without_rare(answer.tally), measured, answer.parts)


def inputs_of(contract: Contract, *, batch: Batch, found: Found) -> list[Input]:
    """The batch's files as work items."""
    chosen, items, size = set(batch.files), [], 0
    for number, source in enumerate(contract.sources):
        mine = [file for file in found[source.name][1] if file in chosen]
        items += split_files(number, mine)
        size += sum(file.size for file in mine)
    return [Input(Items(contract, tuple(items)), size, count=len(items))]


def _unknown(parts: Sequence[PartSeen], contract: Contract) -> Iterator[Problem]:
    """A problem for each name that the contract does not know, with the first place of it; at most 20."""
    known = [leaf.path for leaf in contract.leaves()] + [column.name for column in contract.columns]
    seen = dict[str, str]()
    for part in parts:
        for path, number in part.seen.unknown:
            seen.setdefault(path, f"{part.path}, row {number}" + (f" after byte {part.start}" if part.start else ""))
    for path, where in sorted(seen.items())[:20]:
        yield shapes.unknown_column(path, known, contract, where=where)
