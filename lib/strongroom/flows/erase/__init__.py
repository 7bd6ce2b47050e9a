"""Take people out of everything that was made of them, and prove it. No Java.

erase request --subject-from FILE|-   from now on nobody brings these people back; without a file, typed at a prompt
erase list                            every request that somebody waits for: its state, how many people, its last day
erase plan REQUEST                    what would be done: rows, files, models; what stays or cannot be reached, and why
erase approve REQUEST                 by somebody else than took it
erase run                             does what is approved, and again what a lake put back from a copy has forgotten
erase prove REQUEST                   searches every byte of the lake, signs what it found, and forgets the people
erase extend REQUEST --reason WHY     two months more, where that is said within the first (Art. 12(3) GDPR)
erase withdraw REQUEST                before it is approved; its people may come back

A line names a person by the contract's subject, or is a JSON object of column and value that has it. What a request
knows of people is sealed under a key of this request alone, which the proof destroys; what stays is a tag.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace

from strongroom.core.contract.subject import domain_of
from strongroom.core.erasure import APPROVED, ERASED, EXTENDED, PROVEN, REQUESTED, RUNNING, Request, due
from strongroom.core.errors import Refused, UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.erase import planning, proving, running
from strongroom.flows.erase.people import counted_people, people_from, subject_or_refuse, tags_for
from strongroom.flows.erase.sealed import Known, opened, resealed, sealed
from strongroom.flows.erase.told import facts_of, line_of, row_of
from strongroom.flows.foundation import subjects
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of
from strongroom.flows.foundation.keyring import ring_for
from strongroom.stores.erasures import Erasures
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake

TABLE = "strongroom.erasures"
"""What the policy calls the requests."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `erase` takes besides the options of every job."""
    parser.add_argument("verb", choices=tuple(VERBS))
    parser.add_argument("what", metavar="REQUEST", nargs="?", default="", help="a request's id")
    subjects.argument(parser)
    parser.add_argument("--reason", metavar="TEXT", default="", help="request, extend: why; kept sealed")
    parser.add_argument("--identity", metavar="TEXT", default="", help="request: how identity was proven; kept sealed")


def run(job: Job) -> Outcome:
    """Does what the verb says.

    Raises:
        Refused: the policy said no, or who took a request approves it.
        UsageError: there is no such request, it is not in the state for it, or nobody is named.
        StoreError: something cannot be read or written; what was done before stays, and the same again goes on.
    """
    return VERBS[job.args.verb](job)


def requested(job: Job) -> Outcome:
    """Takes a request: its tombstones hold from now on."""
    permit(job, "write", TABLE)
    contract = contract_of(job, "erase")
    subject = subject_or_refuse(contract)
    for option in ("reason", "identity"):
        if not getattr(job.args, option):
            todo = "Write why, and how it was proven who asks (Art. 12(6) GDPR); both are kept sealed."
            raise UsageError(f"--{option} is missing", where=f"--{option}", todo=todo)
    people = people_from(job.args.subject_from, subject)
    ring = ring_for(job.settings, Lake(job.settings.lake), contract)
    tags = tags_for(people, contract, job.settings, ring, place=job.args.subject_from)
    at, name = job.run.started, f"erase-{job.run.id}"
    within = domain_of(subject, table=contract.training)
    number, by = counted_people(people, subject), job.run.actor or job.run.principal
    request = Request(name, REQUESTED, contract.name, within, number, at, due(at), by)
    if not job.args.dry_run:
        key, data = sealed(Known(people, job.args.reason, job.args.identity), name, ring)
        if not Erasures.of(job.settings).add(request, tags=tags, key=key, sealed=data):
            request = Erasures.of(job.settings).get(name)
    verb = "would be taken" if job.args.dry_run else "is taken"
    told = f"{request.id} {verb}: {counted(request.people, 'subject')}, due {request.due}"
    if job.args.subject_from not in ("", "-"):
        told += f"\nDelete {job.args.subject_from}: it names them still."
    return _outcome(request, told)


def listed(job: Job) -> Outcome:
    """One line a request."""
    permit(job, "read", TABLE, shows=True)
    found = Erasures.of(job.settings).all()
    waiting = [request for request in found if request.open]
    late = sum(request.due < job.run.started.date() for request in waiting)
    lines = [line_of(request, at=job.run.started.date()) for request in waiting]
    lines += ["", f"{counted(len(waiting), 'request')} open, {late:,} late; {len(found) - len(waiting):,} proven"]
    facts = {"open": len(waiting), "late": late, "proven": len(found) - len(waiting)}
    return Outcome(summary=joined(lines), facts=facts, answer={**facts, "requests": [*map(row_of, found)]})


def withdrawn(job: Job) -> Outcome:
    """The request is gone, and its people may come back."""
    permit(job, "write", TABLE)
    store = Erasures.of(job.settings)
    with store.alone():
        request = _in(store, job, REQUESTED)
        if not job.args.dry_run:
            store.withdraw(request)
    told = f"{request.id} is withdrawn. Rows that were left out since come with the next `prepare` that reads them."
    return _outcome(request, told)


def approved(job: Job) -> Outcome:
    """Somebody else says that it may be done."""
    store = Erasures.of(job.settings)
    with store.alone():
        request = _in(store, job, REQUESTED)
        kept = planning.permitted(job, request)
        mine = {job.run.principal, job.run.actor or job.run.principal}
        if request.by in mine:
            todo = "Ask somebody else who may erase."
            raise Refused("who took a request does not approve it", where=request.id, todo=todo, code="erasure.own")
        request = replace(request, state=APPROVED, approved=job.run.actor or job.run.principal, kept=kept)
        if not job.args.dry_run:
            store.keep(request)
    stays = [f"{name} stays: {why}" for name, why in kept.items()]
    return _outcome(request, joined([f"{request.id} is approved. Next: ./spark-submit.sh erase run", *stays]))


def extended(job: Job) -> Outcome:
    """Two months more; the reason is kept sealed."""
    permit(job, "write", TABLE)
    if not job.args.reason:
        raise UsageError("--reason is missing", where="--reason", todo="Write why it takes longer; it is kept sealed.")
    store = Erasures.of(job.settings)
    with store.alone():
        request = _in(store, job, REQUESTED, APPROVED, RUNNING, ERASED)
        if job.run.started.date() > due(request.received):
            todo = "Do it now; the person may complain (Art. 77 GDPR)."
            raise UsageError("the first month is over", where=request.id, todo=todo, code="erasure.late")
        ring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
        key, data = store.sealed(request)
        known = replace(opened(key, data, request.id, ring), extension=job.args.reason)
        request = replace(request, due=due(request.received, months=EXTENDED))
        if not job.args.dry_run:
            store.seal_anew(request, resealed(known, request.id, ring, wrapped=key))
    return _outcome(request, f"{request.id} is due {request.due}. Tell the person why, within the first month.")


def planned(job: Job) -> Outcome:
    """What would be done; nothing is."""
    permit(job, "read", TABLE, shows=True)
    return planning.plan(job, Erasures.of(job.settings).get(_named(job)))


def done(job: Job) -> Outcome:
    """Does what is approved."""
    permit(job, "read", TABLE)
    return running.run(job)


def proven(job: Job) -> Outcome:
    """Searches, signs, forgets."""
    permit(job, "write", TABLE)
    store = Erasures.of(job.settings)
    with store.alone():
        return proving.prove(job, store, _in(store, job, ERASED, PROVEN))


def _in(store: Erasures, job: Job, *states: str) -> Request:
    """The request that the command names, in one of these states.

    Raises:
        UsageError: it is in another.
    """
    request = store.get(_named(job))
    if request.state not in states:
        todo = f"`erase {job.args.verb}` is for one that is {' or '.join(states)}."
        raise UsageError(f"this request is {request.state}", where=request.id, todo=todo, code="erasure.state")
    return request


def _named(job: Job) -> str:
    if not job.args.what:
        raise UsageError("no request is named", todo="Give its id; ./spark-submit.sh erase list.")
    return str(job.args.what)


def _outcome(request: Request, told: str) -> Outcome:
    return Outcome(summary=told, facts=facts_of(request), answer=row_of(request))


VERBS: Mapping[str, Callable[[Job], Outcome]] = {
    "request": requested, "list": listed, "plan": planned, "approve": approved, "run": done, "prove": proven,
    "extend": extended, "withdraw": withdrawn,
}  # fmt: skip
"""What each verb does."""
