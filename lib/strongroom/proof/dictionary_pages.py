"""Parquet's dictionary pages: a value may stand there that no row has any more, and no reader of rows gives.

Rows that were filtered in dictionary form are written with the dictionary that they had before, the erased value in it.

Source: github.com/apache/parquet-format, `parquet.thrift` (PageHeader), which is in Thrift's compact protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_HEADER = 4096
_NUMBERS = {"INT32": "<i4", "INT64": "<i8", "FLOAT": "<f4", "DOUBLE": "<f8"}
_CODECS = {"LZ4": "lz4_raw", "LZ4_RAW": "lz4_raw"}


def dictionary(column: pq.ColumnChunkMetaData, file: Any, worth: Callable[[np.ndarray], bool]) -> pa.Array | None:
    """The values in the dictionary page of a column's chunk; None where there is none.

    Args:
        column: the chunk, as the footer has it.
        file: opened.
        worth: whether bytes may hold what is wanted: values of many lengths are told apart only then.

    Raises:
        ValueError, OSError, IndexError, pyarrow.ArrowException: it is broken or compressed in a way that is not known.
    """
    if not any("DICTIONARY" in encoding for encoding in column.encodings):
        return None
    offset = column.dictionary_page_offset if column.has_dictionary_page else None
    file.seek(column.data_page_offset if offset is None else offset)
    header = file.read(_HEADER)
    fields, size = _struct(header, 0)
    if fields.get(1) != 2:  # no DICTIONARY_PAGE
        return None
    file.seek((column.data_page_offset if offset is None else offset) + size)
    page = file.read(fields[3])
    if column.compression != "UNCOMPRESSED":
        codec = pa.Codec(_CODECS.get(column.compression, column.compression.lower()))
        page = codec.decompress(page, decompressed_size=fields[2]).to_pybytes()
    if kind := _NUMBERS.get(column.physical_type):
        numbers = pa.array(np.frombuffer(page, kind))
        return numbers.view(pa.date32()) if column.physical_type == "INT32" and _is_day(column) else numbers
    if not worth(np.frombuffer(page, np.uint8)):
        return None
    if column.physical_type == "BYTE_ARRAY":
        return pa.array(_split(page), pa.binary())
    return pa.array([page], pa.binary())  # of one length each, side by side


def _is_day(column: pq.ColumnChunkMetaData) -> bool:
    ends = column.statistics
    return ends is not None and ends.logical_type.type == "DATE"


def _split(page: bytes) -> Iterator[bytes]:
    """The values of a page of texts: each has four bytes of its length before it."""
    at = 0
    while at + 4 <= len(page):
        end = at + 4 + int.from_bytes(page[at : at + 4], "little")
        yield page[at + 4 : end]
        at = end


def _struct(data: bytes, at: int) -> tuple[dict[int, int], int]:
    """The whole numbers of a struct by the field's number, and where it ends."""
    found, number = dict[int, int](), 0
    while kind := data[at] & 0x0F:
        step = data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _number(data, at)
        value, at = _value(data, at, kind)
        if value is not None:
            found[number] = value
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[int | None, int]:
    """A value of one of Thrift's kinds, and where it ends; what is no whole number is stepped over."""
    if kind in (1, 2):
        return None, at
    if kind == 3:
        return None, at + 1
    if kind in (4, 5, 6):
        return _number(data, at)
    if kind == 7:
        return None, at + 8
    if kind == 8:
        size, at = _unsigned(data, at)
        return None, at + size
    if kind == 12:
        return None, _struct(data, at)[1]
    raise ValueError("a page's header holds what none has")


def _number(data: bytes, at: int) -> tuple[int, int]:
    found, at = _unsigned(data, at)
    return (found >> 1) ^ -(found & 1), at


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        found |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return found, at
