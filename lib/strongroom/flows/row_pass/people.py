"""Which rows a run leaves out of a data set: for whose they are, and for how old they are."""

from __future__ import annotations

from dataclasses import replace

from strongroom.core.contract import Contract
from strongroom.core.contract.legal_basis import CONSENTS
from strongroom.core.contract.retention import kept_since
from strongroom.core.contract.subject import people_of, subject_of
from strongroom.core.run import Job
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import held
from strongroom.flows.foundation.consents import kept_people
from strongroom.flows.foundation.erased import Tombstones, tombstones
from strongroom.flows.row_pass.correcting import corrections_of
from strongroom.flows.row_pass.person_gates import ERASED, OBJECTED, WAITING, Leave, shipped
from strongroom.flows.row_pass.process import PassPlan, corrector_of
from strongroom.protect.consents import AT
from strongroom.stores.erasures import Erasures
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import Lake


def with_gates(job: Job, plan: PassPlan, lake: Lake, *, folder: str, reached: bool) -> PassPlan:
    """The plan, with what its rows have to pass as of the run's start, and what people had put right in them.

    Args:
        job: says when it started.
        plan: the pass.
        lake: knows of people.
        folder: of the run's stage, where the sets of tags are put.
        reached: whether workers reach it.
    """
    contract = plan.contract
    if contract.retention is not None and not held(job, contract.training, contract=contract):
        plan = replace(plan, kept_since=kept_since(contract.retention, job.run.started))
    if subject_of(contract) is None:
        return plan
    if corrections := corrections_of(lake, contract):
        job.say(f"note: {counted(len(corrections), 'correction')} by people kept over what raw files say")
        plan = replace(plan, corrections=corrections)
        corrector_of(plan, keyring_of(plan.keys))  # what cannot be kept is told before anything is read
    return replace(plan, people=shipped(_leaves(job, contract, lake), folder=folder, reached=reached))


def _leaves(job: Job, contract: Contract, lake: Lake) -> list[Leave]:
    """Whose rows are left out, the gravest reason first."""
    within, found = people_of(contract), list[Leave]()
    dead = tombstones(job.settings, within, purposes=contract.purposes) if within is not None else Tombstones()
    if contract.training == CONSENTS:  # what an erased person says afterwards is what brings him back
        received = {request.id: request.received for request in Erasures.of(job.settings).all()}
        given = zip(dead.requests, dead.tags, strict=True)
        found += [Leave(ERASED, [tags], between=(AT, received[name], job.run.started)) for name, tags in given]
    elif dead.tags:
        found.append(Leave(ERASED, dead.tags))
    people = kept_people(lake, job.settings, contract, at=job.run.started)
    if people is not None:
        found.append(Leave(WAITING if people.keeps else OBJECTED, people.tags, people.keeps))
    return found
