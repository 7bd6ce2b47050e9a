"""Looks for secrets in everything a run leaves, in every form they may have taken."""

import base64
import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

UNPACK = (gzip.decompress, bz2.decompress, lzma.decompress)
STREAMS = ("zstd", "lz4", "snappy")


@dataclass(frozen=True)
class Marker:
    """Something that must not turn up: its name for messages, its bytes, and folders where it may stand after all."""

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
        with suppress(UnicodeDecodeError):
            text = self.data.decode()
            yield "UTF-16", text.encode("utf-16-le")
            yield "UTF-16 big", text.encode("utf-16-be")
            yield "percent", quote(text, safe="").encode()
            yield "JSON", json.dumps(text)[1:-1].encode()
            if text.isdigit():
                yield "int64", int(text).to_bytes(8, "little")
                yield "INT64", int(text).to_bytes(8, "big")


def find(markers: Iterable[Marker], folder: Path) -> list[str]:
    """Each marker found under a folder, with its form and file; file names are looked through too."""
    wanted = [(marker, form, data) for marker in markers for form, data in dict(marker.forms()).items()]
    found = set()
    for path in sorted(folder.rglob("*")):
        where = str(path.relative_to(folder))
        texts = [where.encode(), *(contents(path) if path.is_file() else ())]
        for marker, form, data in wanted:
            if not any(f"/{where}".startswith(f"/{place}") for place in marker.allowed):
                found |= {f"{marker.name} as {form} in {where}" for text in texts if data in text}
    return sorted(found)


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
