"""Looks for secrets in everything a run leaves, in every form they may have taken."""

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

UNPACK = (gzip.decompress, bz2.decompress, lzma.decompress)
STREAMS = ("zstd", "lz4", "snappy")


@dataclass(frozen=True)
class Marker:
    """Something that must not turn up: its name for messages, its bytes, and where it may stand after all: the start of
    a path, in which `*` stands for anything.
    """

    name: str
    data: bytes
    allowed: tuple[str, ...] = ()

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """The bytes as programs write bytes down."""
        yield "raw", self.data
        yield "hex", self.data.hex().encode()
        yield "HEX", self.data.hex().upper().encode()
        for shift in range(3):  # base64 depends on how many bytes stand before: what no neighbour can change is kept
            coded = base64.b64encode(bytes(shift) + self.data)
            first, last = -(-shift * 4 // 3), (len(self.data) + shift) * 8 // 6
            yield f"base64+{shift}", coded[first:last]
            yield f"base64url+{shift}", base64.urlsafe_b64encode(bytes(shift) + self.data)[first:last]
        for name, text in (("octal", octal(self.data)), ("Python", repr(self.data)[2:-1])):
            yield name, text.encode()
            yield f"{name} in JSON", json.dumps(text)[1:-1].encode()
        yield "numbers", ", ".join(map(str, self.data)).encode()
        yield "bytes of Java", ", ".join(str(byte - 256 * (byte > 127)) for byte in self.data).encode()
        with suppress(UnicodeDecodeError):
            text = self.data.decode()
            yield "UTF-16", text.encode("utf-16-le")
            yield "UTF-16 big", text.encode("utf-16-be")
            yield "percent", quote(text, safe="").encode()
            yield "JSON", json.dumps(text)[1:-1].encode()
            if text.isdigit():
                yield "int64", int(text).to_bytes(8, "little")
                yield "INT64", int(text).to_bytes(8, "big")


def octal(data: bytes) -> str:
    """Bytes as protocol buffers write them in text, which is how a Connect server writes an operation down."""
    named = {9: r"\t", 10: r"\n", 13: r"\r", 34: r"\"", 39: r"\'", 92: "\\\\"}
    return "".join(named.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)


def find(markers: Iterable[Marker], folder: Path) -> list[str]:
    """Each marker found under a folder, with its form and file; file names are looked through too."""
    wanted = [(marker, {data: form for form, data in reversed([*marker.forms()])}) for marker in markers]
    found, known = set[str](), dict[bytes, list[tuple[Marker, str]]]()
    for path in sorted(folder.rglob("*")):
        where = str(path.relative_to(folder))
        hits = search(wanted, [where.encode()])
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in known:  # pages and archives come again and again
                known[digest] = search(wanted, contents(path))
            hits = [*hits, *known[digest]]
        found |= {
            f"{marker.name} as {form} in {where}"
            for marker, form in hits
            if not any(fnmatchcase(where, f"{place}*") for place in marker.allowed)
        }
    return sorted(found)


def search(wanted: list[tuple[Marker, dict[bytes, str]]], texts: Iterable[bytes]) -> list[tuple[Marker, str]]:
    return [
        (marker, form) for text in texts for marker, forms in wanted for data, form in forms.items() if data in text
    ]


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what is inside when it is packed: archives, streams, Parquet's values and footer."""
    data = path.read_bytes()
    yield data
    yield from unpacked(data)
    if data[:4] == b"PAR1" == data[-4:]:
        with suppress(pa.ArrowException, OSError):
            file = pq.ParquetFile(io.BytesIO(data))
            yield repr(file.metadata.metadata).encode() + repr(file.metadata.to_dict()).encode()
            for batch in file.iter_batches():
                yield from values(batch)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)


def unpacked(data: bytes) -> Iterator[bytes]:
    for unpack in UNPACK:
        with suppress(OSError, EOFError, ValueError, lzma.LZMAError):
            yield unpack(data)
    for name in STREAMS:
        with suppress(OSError, pa.ArrowException), pa.input_stream(pa.BufferReader(data), compression=name) as stream:
            yield stream.read()


def values(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Every buffer of a batch: values as they lie in memory, texts one after the other."""

    def buffers(array: pa.Array) -> Iterator[bytes]:
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        yield from (buffer.to_pybytes() for buffer in array.buffers() if buffer is not None)

    for column in batch.columns:
        yield from buffers(column)
