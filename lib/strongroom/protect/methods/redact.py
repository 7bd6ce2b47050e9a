"""`redact`: text without what names people in it.

What to take out needs the whole row, so it is done before each column is protected (`flows/row_pass/redacting.py`, by
`strongroom.text.redaction`); what comes here has been through that, and leaves as it is.
"""

from __future__ import annotations

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.method import Kernel


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    return plain


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.string()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "string"
