"""Models that were fitted on people: answered for while the versions that they are of can still be read.

A model cannot be written anew without a person. It says beside its files from when on it is not to be used; until then
it is to be fitted anew.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

from strongroom.core.erasure import Request
from strongroom.flows.erase.crowd import Crowd
from strongroom.flows.erase.places import Place
from strongroom.flows.erase.tables import by_tag
from strongroom.flows.foundation.derived import MADE_FROM
from strongroom.stores.artefacts.report_files import get, put
from strongroom.stores.lake import Lake
from strongroom.stores.lake.others import files_of

RETRAIN = "strongroom.retrain"
"""In `made-from.json`: request → the last day on which the model is used."""


def trained_on(lake: Lake, place: Place, crowd: Crowd) -> tuple[Counter[str], bool]:
    """Rows of people in what a model was fitted on, by request; and whether all of it could still be read.

    Where it could not, nobody can tell, and the model is taken for one that was.
    """
    rows, sure = Counter[str](), True
    for source, version in place.sources:
        found = None if version is None else lake.open_at(source, version)
        find = by_tag(lake, source, crowd)
        for path in files_of(found) if found is not None else ():
            try:
                rows.update(find(path)[1])
            except FileNotFoundError:
                sure = False
        sure = sure and found is not None
    return rows, sure


def mark(place: Place, requests: list[Request], *, since: date, days: int) -> None:
    """The model says that it is to be fitted anew; a day that it says already stays."""
    file = f"{place.node.places[0]}/{MADE_FROM}"
    said = json.loads(get(file))
    until = (since + timedelta(days=days)).isoformat()
    said[RETRAIN] = {**{request.id: until for request in requests}, **said.get(RETRAIN, {})}
    put(file, json.dumps(said, indent=1, sort_keys=True) + "\n")
