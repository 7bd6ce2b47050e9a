"""Values of known columns that so many rows share that they name nobody by themselves, told by fingerprints.

All rows are looked at, not a sample: then whoever does the work finds the same, and a scan of a few columns costs some
hundredths of what looking at their texts does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract.redaction import known_leaves, redacted_leaves
from strongroom.core.run import Job
from strongroom.flows.cross_row.fingerprints import BLOBS, KeyColumns, Scan, scan
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.process import PassPlan

SHARE, LEAST = 0.01, 100
"""A value is shared by more than this share of the rows that have one, and by more rows than that."""
FREQUENT = pa.schema([("place", pa.int32()), ("print", pa.binary()), ("rows", pa.int64())])
"""Fingerprints of values that more than LEAST rows share; without one, how many rows have any."""


def shared_values(job: Job, road: Road, plan: PassPlan, inputs: Sequence[Input]) -> Mapping[str, bytes]:
    """By path of a known column, the fingerprints of its values that many rows share, one after another.

    Items of a list are never taken for shared.
    """
    known = [leaf for leaf in known_leaves(plan.contract) if "[]" not in leaf.path]
    if not known or not redacted_leaves(plan.contract):
        return {}
    keys = tuple(KeyColumns(place, (leaf.path,)) for place, leaf in enumerate(known))
    tasks = [each.tasks(partial(scan, Scan(plan, each.feed, keys, job.run.id, 1))) for each in inputs]
    rows = road.engine.shuffle(tasks, BLOBS, by="place", reduce=frequent, to=FREQUENT).to_pylist()
    whole = Counter[int]()
    for row in rows:
        whole[row["place"]] += row["rows"] if row["print"] is None else 0
    found: dict[str, list[bytes]] = {}
    for row in rows:
        if row["print"] is not None and row["rows"] > SHARE * whole[row["place"]]:
            found.setdefault(known[row["place"]].path, []).append(row["print"])
    return {path: b"".join(sorted(prints)) for path, prints in found.items()}


def frequent(blobs: pa.Table) -> pa.Table:
    """FREQUENT of one column's fingerprints."""
    rows: list[dict[str, object]] = []
    for place in pc.unique(blobs.column("place")).to_pylist():
        mine = blobs.filter(pc.equal(blobs.column("place"), place)).column("prints").to_pylist()
        prints, counts = np.unique(np.frombuffer(b"".join(mine), "V16"), return_counts=True)
        rows.append({"place": place, "print": None, "rows": int(counts.sum())})
        rows += [
            {"place": place, "print": prints[at].tobytes(), "rows": int(counts[at])}
            for at in np.flatnonzero(counts > LEAST).tolist()
        ]
    return pa.Table.from_pylist(rows, FREQUENT)
