"""What a table's log names: every data file of every version that is still in it, and which files are the log's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from strongroom.core.errors import StoreError
from strongroom.stores.lake.lake import Lake, filesystem_of

LOG = "_delta_log"
_ENTRY = re.compile(
    r"(\d{20})\.(?:json|crc|checkpoint(?:\.[0-9a-f-]{36})?\.(?:parquet|json)|checkpoint\.\d{10}\.\d{10}\.parquet)"
)
_SPAN = re.compile(r"\d{20}\.(\d{20})\.compacted\.json")
_SIDECAR = re.compile(r"_sidecars/[0-9a-f-]{36}\.parquet")
_NAMES = ("add", "remove", "cdc")
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def named_files(lake: Lake, table: str) -> frozenset[str]:
    """The paths, relative to the table's folder, that the log still has: of live files, and of those that a version
    took out and nobody has deleted.

    Raises:
        StoreError: the log cannot be read.
    """
    filesystem, folder = filesystem_of(f"{lake.folder(table)}/{LOG}")
    found: set[str] = set()
    try:
        for info in filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
            name = info.path.removeprefix(folder).lstrip("/")
            if info.type == pafs.FileType.File and name.endswith((".json", ".parquet")) and is_of_log(name):
                for action in _actions(filesystem, info.path):
                    found.update(_paths(action))
    except (OSError, ValueError, pa.ArrowException) as fault:
        what, todo = "this table's log cannot be read", "Check its folder."
        raise StoreError(what, where=table, todo=todo, code="table.unreadable") from fault
    return frozenset(found)


def is_of_log(name: str, *, newest: int | None = None) -> bool:
    """Whether a file of the log's folder is one of a log of so many versions."""
    if name == "_last_checkpoint" or _SIDECAR.fullmatch(name):
        return True
    found = _ENTRY.fullmatch(name) or _SPAN.fullmatch(name)
    return found is not None and (newest is None or int(found[1]) <= newest)


def _actions(filesystem: Any, path: str) -> Iterator[Mapping[str, Any]]:
    """What a file of the log says of data files, action by action."""
    if path.endswith(".json"):
        with filesystem.open_input_stream(path) as file:
            lines = file.read().decode("utf-8").splitlines()
        yield from (json.loads(line) for line in lines if line.strip())
        return
    with filesystem.open_input_file(path) as raw, pq.ParquetFile(raw) as file:
        wanted = [f"{kind}.{part}" for kind in _NAMES for part in ("path", "deletionVector")]
        for batch in file.iter_batches(columns=wanted):
            yield from batch.to_pylist()


def _paths(action: Mapping[str, Any]) -> Iterator[str]:
    for kind in _NAMES:
        named = action.get(kind) or {}
        if path := named.get("path"):
            yield unquote(path)
        vector = named.get("deletionVector") or {}
        if vector.get("storageType") == "u":
            yield _vector_file(vector["pathOrInlineDv"])


def _vector_file(text: str) -> str:
    """The file of a deletion vector: a UUID in Z85 behind a folder's name (Delta protocol, Deletion Vectors)."""
    folder, code = text[:-20], text[-20:]
    number = b""
    for at in range(0, 20, 5):
        word = 0
        for sign in code[at : at + 5]:
            word = word * 85 + _Z85.index(sign)
        number += word.to_bytes(4, "big")
    hexed = number.hex()
    name = "-".join((hexed[:8], hexed[8:12], hexed[12:16], hexed[16:20], hexed[20:]))
    return f"{folder}/deletion_vector_{name}.bin".lstrip("/")
