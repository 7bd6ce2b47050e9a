"""What the values of a column are, counted: entities by the recognisers of `strongroom.text`, forms by patterns.

Forms are counted over all values, since parts of values leave in clear by them. Entities are counted over some values
of each block, the first to the last of it; of a closed set over every value, since they leave in clear.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.quality.profile.tally import FEW
from strongroom.text.cells import Cells, held, identities, ordinary, prose

FIRST, LATER = 512, FEW
"""How many different values of a column are looked at in the first block and in each later one: a closed set's all."""
_CHARACTERS, _LONGEST = 250, 4_000
"""Characters that are looked at for each value on average, and of one at most."""
_NUMBERS = r"^[+-]?[0-9]{1,5}$|^[+-]?[0-9]{0,9}[.,][0-9]+$"
"""Numbers that are of no sort: most values of most tables."""
_CODE = r"^[0-9A-Za-z][0-9A-Za-z ./-]{6,19}[0-9A-Za-z]$"
FORMS: Mapping[str, str] = {
    "of digits": r"^[0-9+()/. \-]*$",
    "short": r"^[A-Za-z0-9]{1,5}(?:[ -][A-Za-z0-9]{1,5})?$",
    "of a clock": r"^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?$",
    "two or three letters": r"^[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?$",
}
"""Forms that all values of a column must have, for a part of them, or all, to leave in clear."""


def count(texts: pa.Array, counts: np.ndarray, *, label: str = "", looked: int = 0) -> dict[str, int]:
    """How many of some of these different texts are or hold what.

    By entity: how many are one (`email`), hold one among other words (`email within`), or are or hold one if a label
    says so (`email labelled`); of how many rows that is true, as far as the looked-at tell of all (`email rows`, `email
    within rows`). Also how many were `looked` at, hold anything `personal`, are
    `mostly` what was found in them, are made of `ordinary` words or are `prose`, and have the
    check digits of each state's number (`number nl.bsn`).

    Args:
        texts: all different.
        counts: how often each came.
        label: what the column's name says, as a word before a value.
        looked: how many of the column were looked at before.
    """
    chosen = _chosen(texts, FIRST if looked < FIRST else LATER)
    some, weights = pc.utf8_slice_codeunits(texts.take(pa.array(chosen)), 0, _LONGEST), counts[chosen]
    found = {"looked": len(some)}
    worth = np.asarray(pc.invert(pc.match_substring_regex(some, _NUMBERS)))
    if not worth.any() and not label:
        return found
    rows = int(counts.sum()) / int(weights.sum())
    seen = held(some, label=label)
    for cells, ending in ((seen.whole, ""), (seen.within, " within"), (seen.labelled, " labelled")):
        for entity, mask in cells.items():
            found[f"{entity}{ending}"] = int(mask.sum())
            found[f"{entity}{ending} rows"] = max(1, round(int(weights[mask].sum()) * rows))
    found |= {
        "personal": int(seen.personal.sum()),
        "mostly": int(seen.mostly.sum()),
        "ordinary": int(ordinary(some).sum()),
        "prose": int(prose(some).sum()),
    }
    found |= {f"number {name}": int(mask.sum()) for name, mask in _numbers(some).items()}
    return {name: number for name, number in found.items() if number}


def _chosen(texts: pa.Array, most: int) -> np.ndarray:
    """Places of so many texts, evenly; fewer where they are long."""
    places = np.unique(np.linspace(0, len(texts) - 1, min(most, len(texts))).astype(np.int64))
    lengths = np.minimum(np.asarray(pc.utf8_length(texts.take(pa.array(places)))), _LONGEST)
    over = int(lengths.sum()) / (most * _CHARACTERS)
    return places if over <= 1 else places[:: int(np.ceil(over))]


def _numbers(some: pa.Array) -> Cells:
    codes = some.filter(pc.match_substring_regex(some, _CODE))
    return identities(codes) if 2 * len(codes) >= len(some) else {}


def formed(texts: pa.Array) -> dict[str, int]:
    """How many of the texts have each of `FORMS`."""
    if pc.all(pc.match_substring_regex(texts, "^[0-9]{1,5}$")).as_py():
        return {"of digits": len(texts), "short": len(texts)} if len(texts) else {}
    found = {name: pc.sum(pc.match_substring_regex(texts, pattern)).as_py() for name, pattern in FORMS.items()}
    return {name: int(number) for name, number in found.items() if number}
