"""Files beside the reports: written as a whole or not at all, under a plain name, wherever the lake is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from strongroom.stores.whole_file import write_whole

_FLAT = ("s3", "gcs", "abfs")
"""File systems that have no folders to make."""


def put(path: str, text: str, *, mode: int | None = None) -> None:
    """Writes a file, of a path (with a mode; None leaves it to the umask) or a URI. Raises OSError."""
    if "://" in path:
        _upload(path, text)
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole({Path(path): text.encode()}, mode=mode)


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
