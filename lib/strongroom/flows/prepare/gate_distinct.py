"""Different values of an increment, together with those that the table has already."""

from __future__ import annotations

from dataclasses import replace

from strongroom.core.contract import Contract
from strongroom.protect.equality_marks import marks_of
from strongroom.quality.counts.kmv import FEW
from strongroom.quality.counts.tally import Tally
from strongroom.quality.min_distinct import minimum_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.text_columns import texts_of
from strongroom.stores.sources.manifest import Batch


def with_former_values(contract: Contract, tally: Tally, *, batch: Batch, lake: Lake, without: str = "") -> Tally:
    """The tally of an increment with the table's own values counted in, where the increment alone has few.

    Readers get both, so both are what frequencies tell of. After a rotation the same value counts once under each key.
    `without` is the stage of a batch that is being replaced.
    """
    few = {
        leaf.path
        for leaf in contract.leaves()
        if leaf.path in tally.distinct and tally.distinct[leaf.path].count < max(minimum_of(leaf), FEW)
    }
    if batch.mode == "overwrite" or not few:
        return tally
    found, columns = dict(tally.distinct), {path.partition(".")[0].removesuffix("[]") for path in few}
    for path, values in texts_of(lake, contract.training, columns=columns, without=without):
        if path in few:
            found[path] = found[path].add(marks_of(values))
    return replace(tally, distinct=found)
