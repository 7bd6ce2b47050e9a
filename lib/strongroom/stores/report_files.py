"""Files beside the reports: written as a whole or not at all, under a plain name, wherever the lake is."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

_FLAT = ("s3", "gcs", "abfs")
"""File systems that have no folders to make."""


def file_name(text: str) -> str:
    """A name that is one plain file in any folder and system; other signs become a low line, long names are cut."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:120].lstrip(".") or "_"


def put(path: str, text: str) -> None:
    """Writes a file, of a path or a URI. Raises OSError."""
    if "://" in path:
        _upload(path, text)
    else:
        _replace(Path(path), text)


def get(path: str) -> str:
    """What `put` wrote, or an empty text where there is no such file. Raises OSError."""
    if "://" not in path:
        file = Path(path)
        return file.read_bytes().decode(errors="replace") if file.is_file() else ""
    filesystem, inside = _elsewhere(path)
    if not filesystem.get_file_info(inside).is_file:
        return ""
    with filesystem.open_input_stream(inside) as stream:
        return bytes(stream.read()).decode(errors="replace")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _upload(uri: str, text: str) -> None:
    """A file of a file system elsewhere: an object store shows it when it is whole."""
    filesystem, path = _elsewhere(uri)
    if filesystem.type_name not in _FLAT:
        filesystem.create_dir(path.rpartition("/")[0], recursive=True)
    with filesystem.open_output_stream(path) as stream:
        stream.write(text.encode())


def _elsewhere(uri: str) -> tuple[Any, str]:
    from strongroom.stores.lake import filesystem_of  # which costs every job 0.2 s, and a lake on this machine nothing

    return filesystem_of(uri)
