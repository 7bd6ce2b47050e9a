"""`drop`: the column does not leave at all."""

from __future__ import annotations

import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.method import Kernel


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    return _nothing


def output_type(column: Column) -> pa.DataType | None:  # noqa: ARG001  every method is asked alike
    return None


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return ""


def _nothing(array: pa.Array) -> pa.Array:
    """As many nulls: whoever asks for a dropped column's values gets none of them."""
    return pa.nulls(len(array))
