"""`erase prove`: every place is looked through once more; what a request knows of people is then destroyed."""

from __future__ import annotations

from dataclasses import replace

from strongroom.core.erasure import PROVEN, Request
from strongroom.core.errors import StoreError
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.erase import planning
from strongroom.flows.erase.told import facts_of, row_of
from strongroom.stores.erasures import Erasures


def prove(job: Job, store: Erasures, request: Request) -> Outcome:
    """Proves that nobody whom a request names is left.

    Raises:
        StoreError: somebody is; says where.
    """
    found = planning.plan(job, request).answer or {}
    left = [place for place in found["places"] if place["todo"] == "rewrite"]  # type: ignore[attr-defined]
    if left:
        names = ", ".join(str(place["place"]) for place in left)
        what = f"people of this request are in {counted(len(left), 'place')} once more"
        raise StoreError(what, where=names, todo="./spark-submit.sh erase run", code="erasure.left")
    request = replace(request, state=PROVEN)
    if not job.args.dry_run:
        store.keep(request)
        store.forget(request)
    return Outcome(summary=f"{request.id} is proven.", facts=facts_of(request), answer=row_of(request))
