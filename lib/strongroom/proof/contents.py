"""What a file holds besides its bytes: told by how it begins, never by its name, and opened without filling memory."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa

HEAD = 16
"""Bytes by which a content is told."""
DAMAGED = (
    OSError, pa.ArrowException, zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError, NotImplementedError,
    RuntimeError, ValueError, OverflowError, IndexError, KeyError,
)  # fmt: skip
"""What the readers of contents raise on what is broken, encrypted, or of a kind that they do not know."""


class Reader(Protocol):
    """What gives bytes one after the other."""

    def read(self, size: int, /) -> bytes: ...


def stream_of(head: bytes) -> Callable[[Any], Reader] | None:
    """What decompresses a stream that begins like this; None where it is none."""
    for magic, opened in _STREAMS.items():
        if head.startswith(magic):
            return opened
    return None


def unknown(head: bytes) -> str:
    """Why a content that begins like this is not opened; empty where it needs no opening."""
    return next((why for magic, why in _UNKNOWN.items() if head.startswith(magic)), "")


def is_more(head: bytes) -> bool:
    """Whether a content that begins like this is compressed, or an archive (zip)."""
    return head.startswith((*_STREAMS, b"PK\x03\x04", b"PK\x05\x06"))


class Opened(io.RawIOBase):
    """A reader of which the first bytes were looked at already.

    Args:
        source: gives bytes.
        head: those that it has given.
    """

    def __init__(self, source: Reader, head: bytes = b"") -> None:
        self._source, self._head = source, head

    def peek(self) -> bytes:
        """The first bytes, which stay."""
        while len(self._head) < HEAD and (more := self._source.read(HEAD - len(self._head))):
            self._head += more
        return self._head

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            head, self._head = self._head[:size] if size >= 0 else self._head, b"" if size < 0 else self._head[size:]
            return head
        return self._source.read(size)

    def readinto(self, buffer: Any, /) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


class TooLarge(OSError):
    """A content is larger than it may be."""


class Measured:
    """A reader that gives no more than some bytes.

    Args:
        source: gives bytes.
        left: how many may come, of this and of others that share it: a list of one number.
    """

    def __init__(self, source: Reader, left: list[int]) -> None:
        self._source, self._left = source, left

    def read(self, size: int, /) -> bytes:
        found = self._source.read(size)
        self._left[0] -= len(found)
        if self._left[0] < 0:
            raise TooLarge
        return found


class _Chunks:
    """Pieces one after the other as a reader."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int, /) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def _snappy(source: Reader) -> Iterator[bytes]:
    """Snappy's framing format (github.com/google/snappy, framing_format.txt): chunks of type, length, data."""
    codec = pa.Codec("snappy")
    while head := _exactly(source, 4, or_none=True):
        kind, data = head[0], _exactly(source, int.from_bytes(head[1:], "little"))
        if kind == 0x00:
            size, at = 0, 4
            for step in range(5):
                size |= (data[at] & 0x7F) << 7 * step
                at += 1
                if data[at - 1] < 0x80:
                    break
            if size > _FRAME:
                raise OSError("a chunk of Snappy is larger than its format allows")
            yield codec.decompress(data[4:], decompressed_size=size).to_pybytes()
        elif kind == 0x01:
            yield data[4:]
        elif kind < 0x80:
            raise OSError("an unknown chunk of Snappy")


def _exactly(source: Reader, size: int, *, or_none: bool = False) -> bytes:
    found = b""
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    if len(found) < size and (found or not or_none):
        raise EOFError("a chunk of Snappy is cut off")
    return found


def _codec(name: str) -> Callable[[Any], Reader]:
    return lambda source: pa.CompressedInputStream(source, name)


_FRAME = 1 << 16
_STREAMS: dict[bytes, Callable[[Any], Reader]] = {
    b"\x1f\x8b": _codec("gzip"),
    b"BZh": _codec("bz2"),
    b"\x28\xb5\x2f\xfd": _codec("zstd"),
    **{bytes((low, 0x2A, 0x4D, 0x18)): _codec("zstd") for low in range(0x50, 0x60)},  # a frame to skip comes first
    b"\x04\x22\x4d\x18": _codec("lz4"),
    b"\xfd7zXZ\0": lzma.open,
    b"\xff\x06\0\0sNaPpY": lambda source: _Chunks(_snappy(source)),
}
_UNKNOWN = {
    b"Obj\x01": "an Avro file: its blocks may be compressed",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x9d": "compressed by compress (.Z)",
    b"LZIP": "compressed by lzip",
    b"\x89LZO\0": "compressed by lzop",
    b"%PDF-": "a PDF: its streams may be compressed",
    b"FEA1": "a Feather file of version 1",
    b"PARE": "an encrypted Parquet file",
}
"""What is told and not opened. Raw Snappy, Brotli and LZO have no sign by which they could be told."""
