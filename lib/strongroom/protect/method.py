"""What every protection method is: a file with `kernel`, `output_type` and `output_ddl`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from strongroom.core.contract import Column
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.key import Keyring
from strongroom.protect.types import plain

Kernel = Callable[[pa.Array], pa.Array]
"""Arrow array → Arrow array of the same length; nulls stay null."""


class Method(Protocol):
    """The module of a method."""

    def kernel(self, column: Column, *, table: str, keyring: Keyring) -> Kernel:
        """The function that protects this column's arrays."""

    def output_type(self, column: Column) -> pa.DataType | None:
        """The Arrow type of what leaves; None when nothing does."""

    def output_ddl(self, column: Column) -> str:
        """The same in the words of Spark SQL; empty when nothing leaves."""


def options_of(column: Column) -> dict[str, object]:
    """The options of the column's protection."""
    return dict(column.protect.options) if column.protect else {}


SAMPLE = 256


def once_per_value(kernel: Kernel, *, column: Column) -> Kernel:
    """The same kernel, run on the distinct values only when a batch has few of them or comes as a dictionary.

    For kernels that give equal values equal outputs. Floats go the plain way: a dictionary may take `0.0` and `-0.0`,
    or two NaN, for one value.
    """

    def protected(array: pa.Array) -> pa.Array:
        if not pa.types.is_dictionary(array.type):
            sample = array[:SAMPLE]
            if column.type.name in ("float", "double") or 4 * len(sample.unique()) > len(sample):
                return kernel(array)
            array = plain(array).dictionary_encode()
        elif len(array.dictionary) > len(array):
            return kernel(plain(array))
        return kernel(array.dictionary).take(array.indices)

    return protected


def wrong(column: Column, what: str, *, todo: str) -> ConfigError:
    """The error for a protection that cannot be on this column."""
    where = f"column {column.path}" + (f" (line {column.protect.line})" if column.protect else "")
    return ConfigError([Problem(what, where, todo)])
