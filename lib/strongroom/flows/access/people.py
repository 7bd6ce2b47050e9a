"""`access explain --subject-from`: whether a person's rows of a table may be read for a purpose, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from strongroom.core.contract import LegalBasis
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.legal_basis import CONSENTS, articles, asks, objects
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import Refused, StoreError
from strongroom.core.run import Job
from strongroom.flows.foundation import subjects
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.consents import (
    Register,
    Said,
    bases_of,
    contract_file,
    readable_people,
    said_by,
)
from strongroom.flows.foundation.contracts import contract_at, settle_purpose
from strongroom.flows.foundation.erased import within_of
from strongroom.protect.consents import GIVEN, LIFTED, RESTRICTED
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake


@dataclass(frozen=True, slots=True)
class Person:
    """One person's answer: how many rows lie in the table, whether they may be read, and why."""

    rows: int
    read: bool
    why: str

    def line(self, number: int) -> str:
        """As it is shown; nobody is named."""
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        return f"  person {number}: {rows} here, {'read' if self.read else 'not read'}: {self.why}"


def explained_people(job: Job, table: str, *, at: datetime) -> Iterator[Person]:
    """Each person of `--subject-from`, in that order.

    Raises:
        Refused: whoever asks may not read the consents.
        StoreError: there is no such table, or its rows do not say whose they are.
        UsageError: nobody is named.
    """
    _permit(job)
    lake = Lake(job.settings.lake)
    found = lake.open(table)
    within = within_of(found) if found is not None else None
    if found is None or within is None:
        what = "there is no such table" if found is None else "no row of this table says whose it is"
        raise StoreError(what, where=table, todo="Name a table whose rows are somebody's.", code="table.missing")
    names = subjects.asked(job.args.subject_from)
    ring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    tags = subjects.tags_of(names, contracts_in(job.settings.contracts), keyring=ring)
    basis = bases_of(job.settings, table, found).get(job.run.purpose)
    register = Register.of(lake)
    try:
        people = readable_people(lake, job.settings, table, found, purpose=job.run.purpose, at=at)
        listed = people.set() if people is not None else None
    except Refused as refused:
        for mine in tags.get(within, ((),) * len(names)):
            yield Person(_rows(found, frozenset(mine)), read=False, why=refused.what)
        return
    for mine in tags.get(within, (frozenset[bytes](),) * len(names)):
        here = [] if listed is None else listed.holds(pa.array(sorted(mine), pa.binary())).tolist()
        may = people is None or (bool(here) and all(each == people.keeps for each in here))
        events = [said for said in said_by(register, mine) if said.at <= at]
        yield Person(_rows(found, mine), may, _why(events, job.run.purpose, basis, at))


def _permit(job: Job) -> None:
    """What a person has said is read here: whoever asks needs the right to that, whomever the question is about."""
    file = contract_file(job.settings)
    run = replace(job.run, principal=job.run.actor or job.run.principal, actor="", purpose="")
    asking = replace(job, run=run)
    if file is not None:
        asking = settle_purpose(asking, contract_at(file, "", (file.parent,)))
    permit(asking, "read", CONSENTS, shows=True)


def _rows(found: DeltaTable, tags: frozenset[bytes]) -> int:
    """How many rows of a table are a person's."""
    wanted = pa.array(sorted(tags), pa.binary())
    stream = pa.RecordBatchReader.from_stream(found.scan(columns=[TAG]))
    return sum(pc.sum(pc.is_in(batch.column(0).cast(pa.binary()), wanted)).as_py() or 0 for batch in stream)


def _why(events: list[Said], purpose: str, basis: LegalBasis | None, at: datetime) -> str:
    """What decides, in words; `events` have happened, the newest first."""
    held = next((said for said in events if said.event in (RESTRICTED, LIFTED)), None)
    if held is not None and held.event == RESTRICTED:
        return f"restricted since {_when(held.at)} (Art. 18)"
    if basis is None:
        return "the contract names no legal basis, so nobody's rows are left out"
    rests = f"{purpose} rests on {basis} ({articles(basis)})"
    if not objects(basis):
        return f"{rests}, which asks nobody"
    said = next((each for each in events if each.purpose == purpose and each not in (held,)), None)
    if said is None:
        return f"{rests}; nothing was said about it"
    if said.event == GIVEN and asks(basis):
        if said.valid_from is not None and at < said.valid_from:
            return f"{rests}; given {_when(said.at)}, from {_when(said.valid_from)}"
        if said.valid_until is not None:
            return f"{rests}; given {_when(said.at)}, until {_when(said.valid_until)}"
    return f"{rests}; {said.event.replace('_', ' ')} {_when(said.at)}"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
