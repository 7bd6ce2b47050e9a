"""Tags of data subjects: 16 bytes a row, AES-CMAC of the subject's value under a key that rotation leaves alone.

They find a person's rows in every table, also where the person's own column is not there, and they join with no token:
whoever has one of the two cannot tell the other. Why: docs/decisions/subject-tags.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from strongroom.arrow.leaves import Leaves, steps_of
from strongroom.arrow.types import plain
from strongroom.core.contract import Column, Contract
from strongroom.core.contract.subject import domain_of, subject_of
from strongroom.core.keys.ring import SUBJECTS, Keyring, purpose_info
from strongroom.protect.cipher.blocks import void
from strongroom.protect.cipher.byte_rows import BLOCK, Rows, fixed_array, room, rows_of, windows
from strongroom.protect.cipher.encoding import token_rows
from strongroom.protect.methods.hash import Tags, cmac_tags
from strongroom.protect.methods.method import Kernel, once_per_value

TYPE = pa.binary()
"""Of the column of tags; each has 16 bytes, and a row without a subject has none."""


def key_mark(keyring: Keyring) -> str:
    """What tells the key that makes tags from another one: 16 hexadecimal digits, derived from it alone.

    Raises:
        KeyFault: the keyring has none.
    """
    return keyring.derive(purpose_info("subject", "mark"), length=8, key_id=SUBJECTS).reveal().hex()


def row_tagger(contract: Contract, *, table: str, keyring: Keyring) -> Callable[[pa.RecordBatch], pa.Array] | None:
    """The function that tags the rows of a batch of the contract's columns in clear; None where rows are nobody's."""
    subject = subject_of(contract)
    if subject is None:
        return None
    steps, tags = steps_of(contract), tagger(subject, table=table, keyring=keyring)
    return lambda batch: tags(Leaves(batch, steps)[subject.path].values)


def aside_tagger(keyring: Keyring) -> Kernel:
    """The function that turns tags into those that a quarantine has: nobody without the key can tell them together."""
    tags_of = cmac_tags(keyring.derive(purpose_info("subject", "aside"), length=32, key_id=SUBJECTS))

    def tags(array: pa.Array) -> pa.Array:
        rows = rows_of(plain(array))
        return _laid(tags_of, rows, count=len(array))

    return tags


def tagger(subject: Column, *, table: str, keyring: Keyring) -> Kernel:
    """The function that turns values of a subject's column into tags.

    Raises:
        KeyFault: the keyring is of before there were tags; `with_subjects` mends that.
    """
    info = purpose_info("subject", *domain_of(subject, table=table))
    tags_of = cmac_tags(keyring.derive(info, length=32, key_id=SUBJECTS))

    def tags(array: pa.Array) -> pa.Array:
        return _laid(tags_of, token_rows(array, type_=subject.type), count=len(array))

    return once_per_value(tags, column=subject)


def _laid(tags_of: Tags, rows: Rows, *, count: int) -> pa.Array:
    """The tags of rows, and none for those that are null."""
    out = room(len(rows) * BLOCK)
    if len(rows):
        each = windows(out)[::BLOCK]
        for which, found in tags_of(rows):
            each[which] = void(found)
    return fixed_array(out, BLOCK, valid=rows.valid, count=count, type_=TYPE)
