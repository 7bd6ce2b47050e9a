"""The stage: the one pass over exactly the batch's files; what passes and what is set aside lie beside their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import Job
from strongroom.core.suggest import counted, unknown_column
from strongroom.flows.cross_row.rules import broken_rows
from strongroom.flows.cross_row.shared import shared_values
from strongroom.flows.foundation.hidden_folders import shown_file
from strongroom.flows.prepare.batch_inputs import Read, inputs_of
from strongroom.flows.prepare.gate_facts import Judged, facts
from strongroom.flows.prepare.sketches import without_rare
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.part_reader import head_of
from strongroom.flows.row_pass.passing import Passed, apart, files_of, joined, passed
from strongroom.flows.row_pass.process import PassPlan
from strongroom.flows.row_pass.road import Answer, PartSeen
from strongroom.flows.row_pass.source_positions import place_of
from strongroom.quality.counts.tally import Tally
from strongroom.stores.lake import Lake
from strongroom.stores.sources import origins
from strongroom.stores.sources.kinds import is_document, text_of
from strongroom.stores.sources.origins import Before, Origin
from strongroom.stores.sources.work_items import Part

_NAMED = 5
"""Files that are looked at once more, and named, at most."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What a pass left, and what it counted.

    Args:
        good: files of rows that passed, for the training table.
        bad: files of rows that are set aside, for the quarantine.
        tally: the counts of all rows.
        measured: what set rules ask besides, by the rule's id.
        parts: what was read.
        names: the contract's columns that JSON has, by the source's names.
    """

    good: tuple[AddAction, ...]
    bad: tuple[AddAction, ...]
    tally: Tally
    measured: Mapping[str, float]
    parts: tuple[PartSeen, ...]
    names: frozenset[str] = frozenset()


def stage(job: Job, way: Road, plan: PassPlan, read: Read, *, lake: Lake, without: str = "") -> Staged:
    """The one pass, and what is kept of where rows that it set aside come from.

    `without` is the stage of the batch whose place this one takes; what the table has of it is not looked at.

    Raises:
        ConfigError: the data has names that the contract does not know; nothing is published.
        StoreError: a file is broken so that none of its rows can be trusted.
    """
    contract, batch, whole = plan.contract, read.batch, frozenset[str]()
    onto = batch.mode != "overwrite"

    def split(files: Read) -> list[Input]:
        return inputs_of(job, way, contract.as_read, files, lake=lake, whole=whole)

    def over(inputs: Sequence[Input]) -> Passed:
        broken = broken_rows(job, way, plan, inputs, lake=lake, onto=onto, without=without)
        shared = replace(plan, shared=shared_values(job, way, plan, inputs), run_id=job.run.id)
        return passed(way, shared, inputs, lake=lake, batch=batch, broken=broken)

    inputs = split(read)
    done = over(inputs)
    while torn := frozenset(part.path for part in done.answer.parts if part.seen.open_quote) - whole:
        # Each part took for granted that it began outside quotes; where one ends inside, that was wrong for the next.
        whole |= torn
        kept, again = list[Answer](), frozenset(file.path for file in batch.files)
        if done.tasks and not plan.across:  # what was wrong may have been compared with rows of any file
            kept, again = apart(done.tasks, torn)
        told = f"read in one part, since quoted line breaks cross parts: {counted(len(torn), 'file')}"
        job.say(f"{contract.name}: {told}; read anew: {counted(len(again), 'file')}")
        files = tuple(file for file in batch.files if file.path in again)
        more = over(split(replace(read, batch=replace(batch, files=files))))
        done, inputs = joined(kept, more, lake=lake, batch=batch) if kept else more, split(read)
    answer = done.answer
    _trusted(answer.parts, contract)
    if problems := list(_unknown(answer.parts, contract.as_read)):
        raise ConfigError(problems)
    for path, what in _doubtful(answer.parts, contract):
        job.say(f"note: {shown_file(path, contract, job.settings)} {what}")
    origins.keep(lake, contract.name, batch.number, list(_origins(answer.parts)))
    judged = Judged(plan, inputs, files_of(lake, plan.table, done.good), answer.tally, onto, without)
    measured = facts(job, way, judged, lake=lake)
    return Staged(done.good, done.bad, without_rare(answer.tally), measured, answer.parts, answer.names)


def _trusted(parts: Sequence[PartSeen], contract: Contract) -> None:
    for part in parts:
        if part.seen.broken is not None and not _set_aside(part):
            why, other = text_of(contract.sources[part.source].format).broken
            line = f" (line {part.seen.broken_line})" if part.seen.broken_line else ""
            where = f"{part.path}, byte {part.seen.broken}{line}"
            what = f"{why}: from here on no row of this file can be trusted"
            raise StoreError(what, where=where, todo=f"Mend the file{other}.", code="source.damaged")


def _set_aside(part: PartSeen) -> bool:
    return part.form is not None and part.form.dialect.get("on_broken_quote") == "quarantineRest"


def _unknown(parts: Sequence[PartSeen], contract: Contract) -> Iterator[Problem]:
    """A problem for each name that the contract does not know, with the first place of it; at most 20."""
    known = [leaf.path for leaf in contract.leaves()] + [column.name for column in contract.columns]
    seen = dict[str, str]()
    for path, mine in _by_file(parts):
        for part, before in _counted(mine):
            for name, number, line in part.seen.unknown:
                lines = 0 if before.lines is None or not line else before.lines + line
                seen.setdefault(name, f"{path}, {place_of(before.records + number, lines)}")
    for name, where in sorted(seen.items())[:20]:
        yield unknown_column(name, known, contract.file, where=where)


def _doubtful(parts: Sequence[PartSeen], contract: Contract) -> Iterator[tuple[str, str]]:
    """Some of the files of lines of which none was a good row, and what else they may be."""
    whole = [(path, mine[0]) for path, mine in _by_file(parts) if all(part.bad == part.seen.records for part in mine)]
    for path, part in whole[:_NAMED]:
        source = contract.sources[part.source]
        if part.form is None or part.form.typed or not part.bad or is_document(source):
            continue
        doubt = text_of(source.format).doubt
        if doubt is not None and (what := doubt(head_of(Part(part.source, path), part.form))):
            yield path, what


def _by_file(parts: Sequence[PartSeen]) -> list[tuple[str, list[PartSeen]]]:
    of: dict[str, list[PartSeen]] = {}
    for part in parts:
        of.setdefault(part.path, []).append(part)
    return sorted(of.items())


def _counted(parts: Sequence[PartSeen]) -> Iterator[tuple[PartSeen, Before]]:
    """The parts of a file in their order, each with what stands before it."""
    records = lines = 0
    for part in sorted(parts, key=lambda part: part.start):
        yield part, Before(records, lines if part.form is not None else None)
        records, lines = records + part.seen.records, lines + part.seen.lines


def _origins(parts: Sequence[PartSeen]) -> Iterator[Origin]:
    """What has to be known of each file of which rows are set aside."""
    for path, mine in _by_file(parts):
        starts = {part.start: before for part, before in _counted(mine)}
        form = next((part.form for part in mine if part.form is not None), None)
        if any(part.bad for part in mine) and (form is not None or any(starts)):
            yield Origin(path, form, starts if any(starts) else {})  # a part without rows may not be told at all
