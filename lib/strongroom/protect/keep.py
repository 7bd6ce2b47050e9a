"""`keep`: the values leave as they are."""

from __future__ import annotations

import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.core.key import Keyring
from strongroom.protect.method import Kernel
from strongroom.protect.types import arrow_type, plain


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    return plain


def output_type(column: Column) -> pa.DataType:
    return arrow_type(column.type)


def output_ddl(column: Column) -> str:
    return column.type.ddl
