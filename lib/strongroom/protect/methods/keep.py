"""`keep`: the values leave as they are."""

from __future__ import annotations

import pyarrow as pa

from strongroom.arrow.types import arrow_type, plain
from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.method import Kernel


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    return plain


def output_type(column: Column) -> pa.DataType:
    return arrow_type(column.type)


def output_ddl(column: Column) -> str:
    return column.type.ddl
