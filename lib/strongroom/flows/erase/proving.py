"""`erase prove`: every byte of the lake is searched, what was found is signed, and the request forgets the people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from strongroom import __version__
from strongroom.audit.log import AuditLog
from strongroom.audit.signing_keys import sound_key
from strongroom.core.contract.file import contracts_in
from strongroom.core.erasure import PROVEN, Request
from strongroom.core.errors import StoreError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.erase import planning
from strongroom.flows.erase.needles import needles_of
from strongroom.flows.erase.places import MODEL, RAW, TAGGED
from strongroom.flows.erase.sealed import opened
from strongroom.flows.erase.told import facts_of, row_of
from strongroom.flows.foundation.erased import of_bytes
from strongroom.flows.foundation.keyring import ring_of
from strongroom.flows.foundation.lake_map import map_of
from strongroom.proof import certificate
from strongroom.proof.certificate import Statement
from strongroom.proof.decoys import decoys
from strongroom.proof.report import Found, Report, Unsearched
from strongroom.proof.search import search
from strongroom.stores.erasures import Erasures
from strongroom.stores.lake import Lake, filesystem_of

DECOYS = 1_000
"""People who never were, by whom it is measured what hits by chance."""
REASON = "erasure (Art. 17 GDPR)"


def prove(job: Job, store: Erasures, request: Request) -> Outcome:
    """Proves that nobody whom a request names is left; then what it knows of them is destroyed.

    Raises:
        StoreError: somebody is left; says where, and nothing is forgotten.
    """
    if request.state == PROVEN:  # a run that was killed had signed already
        store.forget(request)
        return _outcome(request, f"{request.id} is proven: {request.certificate}")
    lake, ring = Lake(job.settings.lake), ring_of(job.settings, Lake(job.settings.lake))
    people, tags = opened(*store.sealed(request), request.id, ring).people, of_bytes(store.tags(request))
    asked = planning.plan(job, request).answer or {}
    places: list[dict[str, Any]] = list(asked["places"])  # type: ignore[call-overload]
    needles = needles_of(people, tags, contracts_in(job.settings.contracts), ring)
    started, others = datetime.now(UTC), _of_others(job, places)
    report = search(
        _roots(job), needles, invented=decoys(needles, DECOYS, seed=request.id), lake=lake.root,
        columns=_columns(lake, places, people), without={*others.values(), str(store.folder)},
    )  # fmt: skip
    left = [str(place["place"]) for place in places if place["todo"] == "rewrite" and place["kind"] not in (RAW, MODEL)]
    answer = {**row_of(request), **_counts(report), "left": left}
    if report.found or left:
        raise _left(request, report, left, answer)
    statement = _statement(request, asked, others, started=started, ended=datetime.now(UTC))
    if job.args.dry_run:
        return _outcome(request, f"{request.id} would be proven", **_counts(report), left=left)
    text = certificate.issue(
        statement, report, needles=needles, key=sound_key(AuditLog.open(job.settings), job.settings)
    )
    request = replace(request, state=PROVEN, certificate=store.certify(request, text))
    store.keep(request)
    store.forget(request)
    told = [
        f"{request.id} is proven: nothing found in {counted(len(report.files), 'file')}, {report.size:,} bytes",
        f"certificate: {request.certificate}",
        *(f"not searched: {each.file} {each.why}" for each in report.unsearched),
    ]
    return _outcome(request, joined(told), **_counts(report), left=left)


def _roots(job: Job) -> list[str]:
    """Everything that this installation writes to, as far as it is there."""
    beside = [str(Path(job.settings.keyring).parent), job.settings.audit, job.settings.role_keys]
    return [job.settings.lake, *(place for place in dict.fromkeys(beside) if place and Path(place).exists())]


def _of_others(job: Job, places: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Raw files that are only reported: by name, the folder, as the file system calls it, which is not searched."""
    if job.settings.jobs["erase"]["raw"] == "rewrite":
        return {}
    known = map_of(job.settings)
    nodes = [node for place in places if place["kind"] == RAW and (node := known.node(str(place["place"])))]
    return {
        node.name: filesystem_of(where.split("*")[0].rpartition("/")[0])[1] for node in nodes for where in node.places
    }


def _columns(
    lake: Lake, places: Sequence[Mapping[str, Any]], people: Sequence[Mapping[str, str]]
) -> dict[str, list[str]]:
    """Where values too short to be searched are compared: columns of tables, by names that the request gives."""
    names, found = {name for person in people for name in person}, {}
    for place in places:
        table = lake.open(str(place["place"])) if place["kind"] == TAGGED else None
        there = [] if table is None else pa.schema(table.schema().to_arrow()).names
        if mine := sorted(names.intersection(there)):
            found[str(place["place"])] = mine
    return found


def _statement(
    request: Request, asked: Mapping[str, Any], others: Mapping[str, str], *, started: datetime, ended: datetime
) -> Statement:
    done = request.done
    return Statement(
        request=request.id,
        reason=REASON,
        received=request.received,
        expected=datetime.combine(request.due, time(23, 59, 59), UTC),
        started=started,
        ended=ended,
        version=__version__,
        tables={name: what.version for name, what in done.items() if what.version is not None},
        models={str(each["place"]): "retrain" for each in asked["places"] if each["todo"] == "retrain"},
        recipients=list(asked["recipients"]),
        unreached=[
            *(Unsearched(name, "", "these raw files belong to others, and are only reported") for name in others),
            *(Unsearched(each["place"], "", each["why"]) for each in asked["unreached"]),
        ],
        kept={each["place"]: each["why"] for each in asked["stays"]},
    )


def _counts(report: Report) -> dict[str, object]:
    """What was searched, and what was found, for programs."""
    invented = sum(each.count for each in report.invented)
    return {
        "files": len(report.files), "bytes": report.size, "hits": sum(each.count for each in report.found),
        "invented_hits": invented, "places": [_place(each) for each in report.found],
        "unsearched": [{"place": f"{each.file} {each.where}".strip(), "why": each.why} for each in report.unsearched],
    }  # fmt: skip


def _place(found: Found) -> dict[str, object]:
    return {"file": found.file, "where": found.where, "form": found.form, "name": found.name, "count": found.count}


def _left(request: Request, report: Report, left: Sequence[str], answer: Mapping[str, object]) -> StoreError:
    places = [f"{each.file}: {each.name} ({each.form}, {each.where})" for each in report.found]
    what = (
        f"people of {request.id} are still in {counted(len({*left, *(each.file for each in report.found)}), 'place')}"
    )
    todo = "See these files; run ./spark-submit.sh erase run, and prove it again."
    error = StoreError(what, where="; ".join([*left, *places][:5]), todo=todo, code="erasure.left")
    error.outcome = Outcome(summary=joined([*left, *places]), answer=answer, facts=facts_of(request))
    return error


def _outcome(request: Request, told: str, **more: object) -> Outcome:
    empty = {"files": 0, "bytes": 0, "hits": 0, "invented_hits": 0, "places": [], "unsearched": [], "left": []}
    facts = {**facts_of(request), "certificate": request.certificate}
    return Outcome(summary=told, facts=facts, answer={**row_of(request), **empty, **more})
