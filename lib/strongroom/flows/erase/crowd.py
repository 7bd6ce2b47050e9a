"""The people of some requests as tables know them: by their tags, and whose request each is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.flows.foundation.erased import Tombstones
from strongroom.protect.subject_tags import TYPE
from strongroom.protect.tag_sets import TagSet

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Tags of people, and requests.

    Args:
        people: all of them.
        tags: a column of them.
        owners: n: the place in `requests` of each.
        requests: their ids.
    """

    people: TagSet
    tags: pa.Array
    owners: npt.NDArray[np.int64]
    requests: tuple[str, ...]

    @classmethod
    def of(cls, dead: Tombstones) -> Crowd:
        """The people of tombstones."""
        lengths = [len(tags) for tags in dead.tags]
        tags = pa.concat_arrays(dead.tags) if dead.tags else pa.array([], TYPE)
        return cls(dead.people(), tags, np.repeat(np.arange(len(lengths)), lengths), dead.requests)

    def counted(self, tags: pa.Array) -> Counter[str]:
        """Rows by request, of tags of rows that are theirs; of a person in several requests the first one counts."""
        places = pc.index_in(tags, value_set=self.tags).drop_null().to_numpy(zero_copy_only=False)
        rows = np.bincount(self.owners[places], minlength=len(self.requests))
        return Counter({name: int(n) for name, n in zip(self.requests, rows, strict=True) if n})
