"""From the bytes of a text file to its lines, without a word of Python for each.

A line ends at a line feed and nowhere else: a carriage return, U+0085, U+2028 or a form feed may be part of a value.
What of them belongs to a line end is for the reader of the format to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.arrow import buffers
from strongroom.core.errors import StoreError
from strongroom.quality.reading.encodings import LONGEST_MARK, WIDE, Decode, decoder, encoding_of

MOST = 8 << 20
"""Larger blocks cost more a row, since they leave the processor's caches, and more memory."""
STEP = 4 << 20
LONGEST = 256 << 20
"""Bytes without a line feed that are no line any more: a file of another kind, which would fill a worker's memory."""


class Seekable(Protocol):
    """What is needed of a file; pyarrow's `NativeFile` is one."""

    def seek(self, position: int, /) -> int: ...

    def read(self, nbytes: int, /) -> bytes: ...


def lines_of(
    chunks: Iterable[bytes | pa.Buffer], *, encoding: str, most: int = MOST, begins: bool = True
) -> Iterator[pa.Array]:
    """The lines of a stream, in UTF-8 as far as they can be (`encodings`), without their line feed.

    The last line may have none; nothing behind the last line feed is no line.

    Args:
        chunks: the bytes from the start to the end, in pieces of any size.
        encoding: of the contract.
        most: about how many bytes an array may have; a longer line is an array by itself.
        begins: the stream begins a file: a byte order mark is taken off, and must be what the contract says.

    Yields:
        binary, never empty.

    Raises:
        StoreError: the file is not in this encoding by its first bytes, or a line is longer than `LONGEST`.
    """
    pieces: Iterator[bytes] = (bytes(chunk) for chunk in chunks)
    if begins:
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= LONGEST_MARK:
                break
        encoding, mark = encoding_of(head[:LONGEST_MARK], encoding)
        pieces = _before(head[mark:], pieces)
    decode = decoder(encoding)
    yield from _split(_decoded(pieces, decode, most), most)


def range_lines(file: Seekable, start: int, stop: int, *, encoding: str, step: int = STEP) -> Iterator[pa.Array]:
    """The lines whose first byte lies in [start, stop) of a file: every line is in exactly one of ranges that follow.

    Args:
        file: read from `start - 1` to the end of the last line that begins before `stop`.
        start: a byte of the file; a mark at byte 0 belongs to the first line.
        stop: the byte behind the range; it may lie behind the end of the file.
        encoding: of the contract; not UTF-16, whose line ends cannot be told from any byte.
        step: how many bytes are read at once.

    Raises:
        StoreError: as `lines_of`, of a range that begins the file.
    """
    if encoding == "UTF-16" or encoding in WIDE:
        raise ValueError("UTF-16 is read as a stream")
    yield from lines_of(_ranged(file, start, stop, step), encoding=encoding, begins=start == 0)


def _ranged(file: Seekable, start: int, stop: int, step: int) -> Iterator[bytes]:
    """The bytes from the first line that begins in a range to the end of the last."""
    at, inside = max(start - 1, 0), start == 0
    file.seek(at)
    while stop > start and (chunk := bytes(file.read(step))):
        first = 0
        if not inside:
            first = chunk.find(b"\n") + 1
            inside = first > 0
            if inside and at + first >= stop:
                return
        if inside:
            # The last line ends at the first line feed that is not before the range's last byte.
            end = chunk.find(b"\n", max(stop - 1 - at, first)) if at + len(chunk) >= stop else -1
            if end >= 0:
                yield chunk[first : end + 1]
                return
            yield chunk[first:]
        at += len(chunk)


def _before(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def _decoded(pieces: Iterable[bytes], decode: Decode, most: int) -> Iterator[bytes]:
    """Pieces in UTF-8, none of much more than `most` bytes."""
    for piece in pieces:
        for at in range(0, len(piece), most):
            yield decode(piece[at : at + most], False)
    yield decode(b"", True)


def _split(pieces: Iterable[bytes], most: int) -> Iterator[pa.Array]:
    """The lines of pieces that follow each other; small pieces are gathered."""
    held: list[bytes] = []
    size, ends = 0, False
    for piece in pieces:
        held.append(piece)
        size, ends = size + len(piece), ends or b"\n" in piece
        if not ends and size > LONGEST:
            what = f"a line of more than {LONGEST >> 20} MB: this is no file of lines"
            todo = "Replace or remove it; of one JSON document the contract says `document: true`."
            raise StoreError(what, todo=todo, code="source.damaged")
        if ends and size >= most:
            block = b"".join(held)
            whole = block.rfind(b"\n") + 1
            yield _lines(block[:whole])
            held, size, ends = [block[whole:]], len(block) - whole, False
    if block := b"".join(held):
        yield _lines(block)


def _lines(block: bytes) -> pa.Array:
    stops = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    if block[-1:] != b"\n":
        stops = np.append(stops, len(block))
    return cut(block, np.concatenate(([0], stops[:-1] + 1)), stops)


def cut(block: bytes | pa.Buffer, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> pa.Array:
    """Pieces of a block that follow each other and do not overlap, as one binary array.

    Args:
        block: at most 2 GB.
        starts: n places, ascending.
        stops: n places, none behind the next start.
    """
    edges = np.empty(2 * len(starts) + 1, np.int32)
    edges[0:-1:2], edges[1::2] = starts, stops
    edges[-1] = edges[-2] if len(starts) else 0
    both = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(edges), pa.py_buffer(block)])
    return both.take(pa.array(np.arange(0, 2 * len(starts), 2)))


def contents(array: pa.Array) -> pa.Buffer:
    """All bytes of a binary array without nulls, one value behind the other."""
    ends = buffers.offsets(array)
    held = array.buffers()[2]
    return held.slice(int(ends[0]), int(ends[-1] - ends[0])) if held is not None else pa.py_buffer(b"")
