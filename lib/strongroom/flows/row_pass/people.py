"""Whose rows a run leaves out of a data set."""

from __future__ import annotations

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import domain_of, subject_of
from strongroom.core.run import Job
from strongroom.flows.foundation.erased import tombstones
from strongroom.flows.row_pass.person_gates import ERASED, Leave, PersonGate, shipped
from strongroom.stores.lake import Lake


def gates_of(job: Job, contract: Contract, lake: Lake, *, folder: str, reached: bool) -> tuple[PersonGate, ...]:
    """What a data set's rows have to pass, as of the run's start; none where its rows are nobody's.

    Args:
        job: says when it started.
        contract: of the rows.
        lake: knows of people.
        folder: of the run's stage, where the sets of tags are put.
        reached: whether workers reach it.
    """
    if subject_of(contract) is None:
        return ()
    return shipped(_leaves(job, contract, lake), folder=folder, reached=reached)


def _leaves(job: Job, contract: Contract, lake: Lake) -> list[Leave]:  # noqa: ARG001  asked for consents
    """Whose rows are left out, the gravest reason first."""
    subject = subject_of(contract)
    if subject is None:
        return []
    dead = tombstones(job.settings, domain_of(subject, table=contract.training))
    return [Leave(ERASED, dead.tags)] if dead.tags else []
