"""`erase plan` and what approving asks: where the people are, how much is to be written anew, what stays and why."""

from __future__ import annotations

from collections.abc import Mapping

from strongroom.core.erasure import Request
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.erase import models
from strongroom.flows.erase.crowd import Crowd
from strongroom.flows.erase.finding import Finder
from strongroom.flows.erase.places import MODEL, RAW, SHOWN, Place, places_of, recipients
from strongroom.flows.erase.sealed import opened
from strongroom.flows.erase.tables import hits
from strongroom.flows.erase.told import facts_of, row_of
from strongroom.flows.foundation.authorise import ask, denials, refused
from strongroom.flows.foundation.erased import Tombstones, of_bytes
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.foundation.lake_map import map_of
from strongroom.stores.erasures import Erasures
from strongroom.stores.lake import Lake


def permitted(job: Job, request: Request) -> dict[str, str]:
    """What stays by law: the places where a deny takes `erase` from whoever has it elsewhere, each with its rule.

    Raises:
        Refused: the policy does not let this principal erase in one of the places.
    """
    kept = {}
    for place in places_of(map_of(job.settings), request.within).all:
        if place.kind == MODEL:
            continue
        decision = ask(job, "erase", place.name)
        if (why := denials(decision)) and not decision.flaw:
            kept[place.name] = why
        elif not decision.allowed:
            raise refused(job, decision)
    return kept


def plan(job: Job, request: Request) -> Outcome:
    """What would be done for a request."""
    store, lake = Erasures.of(job.settings), Lake(job.settings.lake)
    known = map_of(job.settings)
    places, ring = places_of(known, request.within), ring_of(job.settings, lake)
    people = opened(*store.sealed(request), request.id, ring).people if request.open else ()
    finder = Finder(job, ring, {request.id: [value for person in people for value in person.values()]})
    crowd = Crowd.of(Tombstones((of_bytes(store.tags(request)),), (request.id,), request.number))
    found = [_looked(job, place, finder, crowd, request) for place in places.all]
    told = dict.fromkeys(recipients(known, places))
    kept = {
        "stays": _pairs({**places.stays, **request.kept}),
        "unreached": _pairs({**places.unreached, **finder.doubts}),
    }
    answer = {**row_of(request), "places": found, **kept, "recipients": [*told]}
    lines = [f"{place['place']}: {_line(place)}" for place in found]
    lines += [f"{kind}: {each['place']}: {each['why']}" for kind in ("stays", "unreached") for each in kept[kind]]
    lines += [f"to be told: {role}" for role in told]
    return Outcome(summary=joined(lines), facts=facts_of(request), answer=answer)


def _looked(job: Job, place: Place, finder: Finder, crowd: Crowd, request: Request) -> dict[str, object]:
    """What there is to do in one place."""
    answer: dict[str, object] = {"place": place.name, "kind": place.kind, "rows": 0, "files": 0, "bytes": 0}
    if place.name in request.kept:
        return {**answer, "todo": "stays"}
    if place.kind == MODEL:
        fitted, sure = models.trained_on(finder.lake, place, crowd)
        return {**answer, "rows": fitted.total(), "todo": "retrain" if fitted or not sure else "nothing"}
    if place.kind == RAW:
        found = finder.raw(place, crowd)
        rows = found.rows.total()
        todo = str(job.settings.jobs["erase"]["raw"]) if rows else "nothing"
        return {**answer, "rows": rows, "files": found.files, "bytes": found.size, "todo": todo}
    table = finder.lake.open(place.name)
    if table is None:
        return {**answer, "todo": "nothing"}
    if place.kind == SHOWN:
        return {**answer, "todo": "refresh"}
    told = hits(table, finder.of(place, crowd))
    total = told.rows.total()
    return {**answer, "rows": total, "files": told.files, "bytes": told.size, "todo": "rewrite" if total else "nothing"}


def _pairs(found: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"place": name, "why": why} for name, why in sorted(found.items())]


def _line(place: dict[str, object]) -> str:
    rows, files = (int(str(place[name])) for name in ("rows", "files"))
    return f"{counted(rows, 'row')} in {counted(files, 'file')}, {place['bytes']:,} bytes; {place['todo']}"
