"""`mask`: text with most of its characters replaced, so that a person recognises the shape and little else.

Options: `keepFirst` and `keepLast` (characters left as they are, default 0), `keepDomain` (leave what follows the
last `@` of an address), and `with` (one character, default `*`). A value no longer than what would be kept is masked
whole.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.core.contract import Column
from strongroom.core.keys.ring import Keyring
from strongroom.protect.methods.method import Kernel, once_per_value, options_of, wrong


def kernel(column: Column, *, table: str, keyring: Keyring) -> Kernel:  # noqa: ARG001  every method is made alike
    """The function that masks the column's text.

    Raises:
        ConfigError: the column is not text.
    """
    if column.type.name != "string":
        raise wrong(column, "mask works on text only", todo="Use generalise, hash or drop.")
    options = options_of(column)
    first, last = int(str(options.get("keepFirst", 0))), int(str(options.get("keepLast", 0)))
    domain, sign = bool(options.get("keepDomain", False)), str(options.get("with", "*"))

    def masked(array: pa.Array) -> pa.Array:
        array = plain(array)
        if not domain:
            return mask_text(array, first=first, last=last, sign=sign)
        parts = pc.extract_regex(array, r"(?s)\A(?P<name>.*?)(?P<domain>@[^@]*)?\z")
        name = mask_text(pc.struct_field(parts, 0), first=first, last=last, sign=sign)
        return pc.binary_join_element_wise(name, pc.struct_field(parts, 1), "", null_handling="emit_null")

    return once_per_value(masked, column=column)


def mask_text(array: pa.Array, *, first: int, last: int, sign: str) -> pa.Array:
    """Every character but the first and last few replaced by the sign; short values, all of them."""
    count = pc.utf8_length(array)
    hidden = pc.subtract(count, first + last)
    shown = pc.greater(hidden, 0)
    head = pc.utf8_slice_codeunits(array, 0, first) if first else pa.scalar("")
    tail = pc.utf8_slice_codeunits(array, -last) if last else pa.scalar("")
    middle = pc.binary_repeat(sign, pc.if_else(shown, hidden, count))
    kept = pc.binary_join_element_wise(head, middle, tail, "")
    return pc.if_else(shown, kept, middle) if first or last else middle


def output_type(column: Column) -> pa.DataType:  # noqa: ARG001  every method is asked alike
    return pa.string()


def output_ddl(column: Column) -> str:  # noqa: ARG001
    return "string"
