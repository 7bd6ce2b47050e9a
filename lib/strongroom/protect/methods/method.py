"""What every protection method is: a file with `kernel`, `output_type` and `output_ddl`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.keys.ring import Keyring

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
"""Rows of a batch that tell whether it has few distinct values: when no more than a quarter of them differ."""


def once_per_value(kernel: Kernel, *, column: Column) -> Kernel:
    """The same kernel, run on the distinct values only when a batch has few of them or comes as a dictionary.

    For kernels that give equal values equal outputs. Floats go the plain way: a dictionary may take `0.0` and `-0.0`,
    or two NaN, for one value.
    """

    def protected(array: pa.Array) -> pa.Array:
        found = None if column.type.name in ("float", "double") else few_values(array)
        return kernel(array) if found is None else kernel(found.dictionary).take(found.indices)

    return protected


def few_values(array: pa.Array) -> pa.DictionaryArray | None:
    """The array as a dictionary when that has far fewer values than there are rows; else None."""
    if pa.types.is_dictionary(array.type):
        return array if len(array.dictionary) <= len(array) else None
    sample = array[:SAMPLE]
    return plain(array).dictionary_encode() if 4 * len(sample.unique()) <= len(sample) else None


def wrong(column: Column, what: str, *, todo: str) -> ConfigError:
    """The error for a protection that cannot be on this column."""
    where = f"column {column.path}" + (f" (line {column.protect.line})" if column.protect else "")
    return ConfigError([Problem(what, where, todo, "contract.protection")])
