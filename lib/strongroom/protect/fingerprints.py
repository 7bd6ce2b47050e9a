"""Fingerprints of keys: 128 bits under a key of one run, by which equal keys are known and no value can be tried."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.contract import Type
from strongroom.core.secret import Secret
from strongroom.protect.cipher.byte_rows import Rows, fixed_rows
from strongroom.protect.cipher.encoding import token_rows
from strongroom.protect.methods.hash import Tags, cmac_tags

Prints = npt.NDArray[np.uint64]
"""(rows, 2): 128 bits each."""


def fingerprints(arrays: Sequence[pa.Array], types: Sequence[Type], *, key: Secret) -> Prints:
    """One fingerprint for each row of some columns without nulls.

    What SQL calls equal is alike: whole numbers of any width, `0.0` and `-0.0`.
    """
    tags = cmac_tags(key)
    each = [_tagged(token_rows(array, type_=type_), tags) for array, type_ in zip(arrays, types, strict=True)]
    if len(each) == 1:
        return each[0]
    together = np.ascontiguousarray(np.hstack(each)).view(np.uint8).reshape(len(each[0]), 16 * len(each))
    return _tagged(fixed_rows(together, valid=None), tags)


def _tagged(rows: Rows, tags: Tags) -> Prints:
    found = np.empty((len(rows), 2), np.uint64)
    if len(rows):
        for which, blocks in tags(rows):
            found[which] = blocks
    return found
