"""Character sets of text files, strictly: one kernel reads them all as UTF-8, and every byte of a file can be had back.

What is no character of its set becomes bytes that are no UTF-8, so that the check of UTF-8 that every reader makes
finds it, whatever the set: lone surrogates (as Python's `surrogateescape` and `surrogatepass` make them), and for the
half unit at the end of UTF-16 two bytes that nothing else uses.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from strongroom.core.errors import StoreError

_AS_IT_IS = "UTF-8"
WIDE = ("UTF-16LE", "UTF-16BE")
_CODECS = {"US-ASCII": "ascii", "ISO-8859-1": "latin-1", "ISO-8859-15": "iso8859-15", "windows-1252": "cp1252"}
"""Sets of one byte a character. Python's tables leave undefined what their standards leave undefined."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "UTF-16BE"),
)
LONGEST_MARK = 4
_HALF = re.compile(rb"[\xf8-\xfb][\x80-\xbf]\Z")

Decode = Callable[[bytes, bool], bytes]
"""Bytes of a file in order, and whether they are its last, to bytes in UTF-8."""


def encoding_of(head: bytes, encoding: str) -> tuple[str, int]:
    """What a file is read as, and how many bytes its byte order mark has.

    Args:
        head: the first four bytes of the file, or all if it has fewer.
        encoding: as the contract says it, one of `ENCODINGS`.

    Returns:
        The set (never plain `UTF-16`: that is LE or BE by the mark), and 0, 2 or 3.

    Raises:
        StoreError: the mark says something else than the contract, or UTF-16 has none.
    """
    for mark, marked in _MARKS:
        if head.startswith(mark):
            if marked == encoding or (encoding == "UTF-16" and marked in WIDE):
                return marked, len(mark)
            todo = f"Write 'encoding: {marked}' in the contract." if marked != "UTF-32" else "Write it as UTF-8."
            raise StoreError(
                f"the file is said to be {encoding} and begins with the mark of {marked}",
                todo=todo,
                code="source.encoding",
            )
    if encoding == "UTF-16" and head:
        raise StoreError(
            "the file is said to be UTF-16 and begins without a byte order mark, so nobody knows the order",
            todo="Write 'encoding: UTF-16LE' (as Windows writes it) or 'UTF-16BE' in the contract.",
            code="source.encoding",
        )
    return (WIDE[0] if encoding == "UTF-16" else encoding), 0


def decoder(encoding: str) -> Decode:
    """What turns a file's bytes into UTF-8, piece by piece; one for each file, since it keeps what is torn.

    Args:
        encoding: one of `ENCODINGS` but plain `UTF-16`.
    """
    if encoding == _AS_IT_IS:
        return lambda piece, _: piece
    if encoding in WIDE:
        return _Wide(encoding)
    codec = _CODECS[encoding]
    return lambda piece, _: (
        piece if piece.isascii() else piece.decode(codec, "surrogateescape").encode("utf-8", "surrogatepass")
    )


class _Wide:
    """UTF-16 as a stream."""

    def __init__(self, encoding: str) -> None:
        self.decoder = codecs.getincrementaldecoder(encoding.lower())("surrogatepass")
        self.odd = b""

    def __call__(self, piece: bytes, last: bool) -> bytes:
        piece = self.odd + piece
        even = len(piece) & ~1
        self.odd = piece[even:]
        text = self.decoder.decode(piece[:even], last).encode("utf-8", "surrogatepass")
        if last and self.odd:
            text += bytes((0xF8 | self.odd[0] >> 6, 0x80 | self.odd[0] & 0x3F))
        return text


def original(raw: pa.Array, encoding: str) -> pa.Array:
    """The bytes of the file that records or lines were, without what is at their end.

    Args:
        raw: binary, n: as a reader gives them.
        encoding: what `encoding_of` found.

    Returns:
        binary, n.
    """
    if encoding == _AS_IT_IS:
        return raw
    return pa.array([None if value is None else _back(value, encoding) for value in raw.to_pylist()], pa.binary())


def _back(value: bytes, encoding: str) -> bytes:
    if encoding not in WIDE:
        return value.decode("utf-8", "surrogatepass").encode(_CODECS[encoding], "surrogateescape")
    half = _HALF.search(value)
    text = value[: half.start()] if half else value
    odd = bytes(((half[0][0] & 3) << 6 | half[0][1] & 0x3F,)) if half else b""
    return text.decode("utf-8", "surrogatepass").encode(encoding.lower(), "surrogatepass") + odd


def size_in(data: np.ndarray, encoding: str) -> int:
    """How many bytes of the file some bytes in UTF-8 were.

    Args:
        data: uint8, n, whole characters.
        encoding: what `encoding_of` found.
    """
    if encoding == _AS_IT_IS:
        return len(data)
    begins = int(np.count_nonzero((data & 0xC0) != 0x80))
    if encoding not in WIDE:
        return begins
    pairs = int(np.count_nonzero((data & 0xF8) == 0xF0))
    return 2 * (begins + pairs) - int(np.count_nonzero(data >= 0xF8))
