"""`erase run`: what is approved is done, place by place; killed at any moment and run again it ends the same.

A request is running from its first change to the last, and counts as erased only when every place is done. Nothing is
remembered of how far a run came but in the tables themselves: each place is looked through again, and what is done is
found to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.legal_basis import CONSENTS
from strongroom.core.erasure import APPROVED, ERASED, RUNNING, TURN, Erased, Request
from strongroom.core.errors import StoreError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.erase import models
from strongroom.flows.erase.crowd import Crowd
from strongroom.flows.erase.finding import Finder
from strongroom.flows.erase.left_files import drop_left
from strongroom.flows.erase.log_entries import Names, clean_log, names_any
from strongroom.flows.erase.needles import needles_of
from strongroom.flows.erase.places import MODEL, RAW, SHOWN, Place, places_of
from strongroom.flows.erase.sealed import opened
from strongroom.flows.erase.tables import Hits, erased
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.erased import Tombstones, dead_tags, of_bytes
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.foundation.lake_map import map_of
from strongroom.proof.forms import Needle
from strongroom.stores.erasures import Erasures, domain_name
from strongroom.stores.lake import Lake

Within = tuple[str, ...]


def step(what: str) -> None:
    """Is called before each step that can be seen from outside: tests stop a run here."""


@dataclass(slots=True)
class _Run:
    """A run over one domain, and what it has done so far."""

    job: Job
    store: Erasures
    within: Within
    waiting: list[Request]
    past: list[Request]
    number: int
    finder: Finder
    names: Names
    told: list[dict[str, object]] = field(default_factory=list)
    faults: list[StoreError] = field(default_factory=list)
    flying: list[str] = field(default_factory=list)
    due: list[str] = field(default_factory=list)
    unreached: dict[str, str] = field(default_factory=dict)

    def crowd(self, place: str) -> Crowd:
        """The people who are to leave a place: of every request that was approved, unless the law keeps them there, or
        they have said yes since to what the place is for.
        """
        requests = [each for each in (*self.past, *self.waiting) if place not in each.kept]
        contract = None if place == CONSENTS else self.finder.contract(place)  # a yes is kept, whatever it is to
        tags = dead_tags(self.job.settings, requests, purposes=contract.purposes if contract else ())
        return Crowd.of(Tombstones(tags, tuple(request.id for request in requests), self.number))

    def all(self) -> None:
        """Every place on the map, and those that came while others were done."""
        seen = set[str]()
        while fresh := [place for place in self._places() if place.name not in seen]:
            for place in fresh:
                seen.add(place.name)
                self._one(place)

    def _places(self) -> Sequence[Place]:
        places = places_of(map_of(self.job.settings), self.within)
        self.unreached.update(places.unreached)
        return places.all

    def _one(self, place: Place) -> None:
        """One place; where it cannot be done the others are, and the requests go on running."""
        try:
            step(f"place {place.kind}")
            self._keep(place, self._done(place))
        except StoreError as fault:
            self.faults.append(fault)

    def _done(self, place: Place) -> Hits:
        if place.kind == MODEL:
            return self._model(place)
        return self._raw(place) if place.kind == RAW else self._table(place)

    def _raw(self, place: Place) -> Hits:
        write = self.job.settings.jobs["erase"]["raw"] == "rewrite"
        return self.finder.raw(place, self.crowd(place.name), write=write, step=step)

    def _model(self, place: Place) -> Hits:
        rows, sure = models.trained_on(self.finder.lake, place, self.crowd(place.name))
        asked = [request for request in self.waiting if rows[request.id] or not sure]
        if asked:
            days = int(str(self.job.settings.jobs["erase"]["retrain_days"]))
            models.mark(place, asked, since=self.job.run.started.date(), days=days)
            self.due.append(place.name)
        return Hits(rows)

    def _table(self, place: Place) -> Hits:
        lake, crowd = self.finder.lake, self.crowd(place.name)
        find = self.finder.of(place, crowd)
        hits = erased(lake, place.name, find, number=self.number, run_id=self.job.run.id, step=step)
        if place.kind == SHOWN and hits.files:
            self.due.append(place.name)
        step("left files")
        _, flying = drop_left(lake, place.name, now=self.job.run.started.timestamp())
        step("log")
        clean_log(lake, place.name, self.names)
        self.flying += [f"{place.name}/{stage}" for stage in flying]
        return hits

    def _keep(self, place: Place, hits: Hits) -> None:
        """Says what was done: to the request, and to the audit log."""
        mine = {request.id for request in self.waiting}
        rows = sum(hits.rows.values())
        answer: dict[str, object] = {
            "place": place.name, "kind": place.kind, "rows": rows, "files": hits.files, "version": hits.version,
        }  # fmt: skip
        self.told.append(answer)
        self.waiting = [
            request.with_done(place.name, Erased(hits.rows[request.id], hits.files, hits.version))
            for request in self.waiting
        ]
        for request in self.waiting:
            self.store.keep(request)
        facts = {**answer, "number": self.number, "requests": len(mine)}
        log = AuditLog.open(self.job.settings)
        log.append(Event.made(self.job.run, "erase", "done", table=place.name, facts=facts))


def run(job: Job) -> Outcome:
    """Does what is approved, and once more what a lake put back from an older copy has forgotten.

    Raises:
        Refused: the policy does not let this principal delete in one of the places; nothing was changed.
        StoreError: a place could not be done; all others are, and the requests go on running.
    """
    store = Erasures.of(job.settings)
    with store.alone():
        requests = store.all()
        runs = [
            each
            for within in dict.fromkeys(r.within for r in requests)
            if (each := _begun(job, store, requests, within))
        ]
        for each in runs:
            _permit(job, each)
        for each in runs:
            if not job.args.dry_run:
                _work(each)
    return _told(runs)


def _begun(job: Job, store: Erasures, requests: Sequence[Request], within: Within) -> _Run | None:
    """The run over a domain; None where there is nothing to do."""
    mine = [request for request in requests if request.within == within]
    waiting = [request for request in mine if request.state in (APPROVED, RUNNING)]
    past = [request for request in mine if request.number and request not in waiting]
    lake, last = Lake(job.settings.lake), store.turns().get(domain_name(within), 0)
    if not waiting and not _behind(job, within, lake, last):
        return None
    started = max((request.number for request in requests), default=0)
    number = started + 1 if any(request.state == APPROVED for request in waiting) else max(started, last)
    ring = ring_of(job.settings, lake)
    values, needles = dict[str, list[str]](), list[Needle]()
    for request in waiting:
        people = opened(*store.sealed(request), request.id, ring).people
        values[request.id] = [value for person in people for value in person.values()]
        needles += needles_of(people, of_bytes(store.tags(request)), contracts_in(job.settings.contracts), ring)
    finder = Finder(job, ring, values)
    return _Run(job, store, within, waiting, past, number, finder, names_any(needles))


def _behind(job: Job, within: Within, lake: Lake, last: int) -> bool:
    """Whether a table knows of fewer erasures than there were."""
    for place in places_of(map_of(job.settings), within).all:
        found = lake.open(place.name) if place.kind not in (MODEL, RAW) else None
        if found is not None and (found.transaction_version(TURN) or 0) < last:
            return True
    return False


def _permit(job: Job, run: _Run) -> None:
    for place in run._places():
        if place.kind != MODEL and (place.kind != RAW or job.settings.jobs["erase"]["raw"] == "rewrite"):
            permit(job, "delete", place.name, contract=run.finder.contract(place.name))


def _work(run: _Run) -> None:
    run.waiting = [replace(request, state=RUNNING, number=run.number) for request in run.waiting]
    for request in run.waiting:
        run.store.keep(request)
    step("running")
    run.all()
    if run.faults:
        return
    step("ended")
    run.store.ended(run.within, run.number)
    run.waiting = [replace(request, state=ERASED) for request in run.waiting]
    for request in run.waiting:
        run.store.keep(request)


def _told(runs: Sequence[_Run]) -> Outcome:
    """What was done.

    Raises:
        StoreError: something could not be.
    """
    places = [place for run in runs for place in run.told]
    rows = sum(int(str(place["rows"])) for place in places if place["kind"] != SHOWN)
    requests = [request for run in runs for request in run.waiting]
    answer = {
        "requests": [{"request": each.id, "state": each.state, "number": each.number} for each in requests],
        "again": sum(not run.waiting for run in runs),
        "places": places,
        "unreached": _pairs(runs, "unreached"),
        "doubts": [{"place": name, "why": why} for run in runs for name, why in sorted(run.finder.doubts.items())],
        "in_flight": [stage for run in runs for stage in run.flying],
        "due": [name for run in runs for name in run.due],
    }
    lines = [
        f"{place['place']}: {counted(int(str(place['rows'])), 'row')} in {counted(int(str(place['files'])), 'file')}"
        for place in places
    ]
    lines += [f"not reached: {each['place']}: {each['why']}" for each in answer["unreached"]]  # type: ignore[attr-defined]
    lines += [f"not looked through: {each['place']}: {each['why']}" for each in answer["doubts"]]  # type: ignore[attr-defined]
    lines += [f"to be made anew: {name}" for name in answer["due"]]  # type: ignore[attr-defined]
    state = f"{counted(len(requests), 'request')} done" if requests else "Nothing is approved"
    if answer["again"]:
        state += "; done again, since the lake was put back from an older copy"
    outcome = Outcome(
        rows={"erased": rows}, summary=joined([state, *lines]), answer=answer,
        facts={"rows": rows, "requests": len(requests), "places": len(places), "again": answer["again"]},
    )  # fmt: skip
    faults = [fault for run in runs for fault in run.faults]
    if faults:
        first = faults[0]
        what = f"people could not be taken out of {counted(len(faults), 'place')}: {first.what}"
        todo = f"{first.todo} Then run the same again; all else is done."
        error = StoreError(what, where=first.where, todo=todo, code="erasure.unfinished")
        error.outcome = outcome
        raise error
    return outcome


def _pairs(runs: Sequence[_Run], name: str) -> list[dict[str, str]]:
    return [{"place": place, "why": why} for run in runs for place, why in sorted(getattr(run, name).items())]
