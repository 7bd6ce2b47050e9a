"""Entries of a table's log that name a value of a person: they are written anew without it, and the log is not cut.

A cut log would lose what somebody is writing with Spark at this moment without a word. A checksum or a checkpoint is
only there to spare work, so it goes; an entry keeps its actions, and loses the words of the operation and the minima
and maxima of its files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow.fs as pafs
import pyarrow.parquet as pq
from ahocorasick_rs import BytesAhoCorasick, Implementation

from strongroom.core.errors import StoreError
from strongroom.proof.forms import Needle, reach
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.log_files import LOG
from strongroom.stores.permissions import has_modes
from strongroom.stores.whole_file import keep_names, write_whole

_ENTRY = re.compile(r"\d{20}\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*|[0-9a-f-]{36}\.parquet")


Names = Callable[[bytes], bool]
"""Whether some bytes name a value."""


def names_any(needles: Sequence[Needle]) -> Names:
    """What tells whether bytes name one of these values as a log writes them; the proof looks for all other forms."""
    texts = {needle.value for needle in needles if isinstance(needle.value, str) and reach(needle) != "columns"}
    patterns = sorted({form.encode() for text in texts for form in (text, json.dumps(text)[1:-1])})
    if not patterns:
        return lambda data: False  # noqa: ARG005
    found = BytesAhoCorasick(patterns, implementation=Implementation.ContiguousNFA)
    return lambda data: bool(found.find_matches_as_indexes(data))


def clean_log(lake: Lake, table: str, names: Names) -> int:
    """Takes values out of a table's log; returns how many of its files named one.

    Raises:
        StoreError: a file of it cannot be written.
    """
    filesystem, folder = filesystem_of(f"{lake.folder(table)}/{LOG}")
    found = lake.open(table)
    if found is None:
        return 0
    infos = filesystem.get_file_info(pafs.FileSelector(folder, recursive=True))
    files = [info.path for info in infos if info.type == pafs.FileType.File]
    named = sorted(path for path in files if names(_content(filesystem, path)))
    if any(_CHECKPOINT.fullmatch(path.rpartition("/")[2]) for path in named):
        found.create_checkpoint()
    head = f"{found.version():020d}"
    try:
        for path in named:
            name = path.rpartition("/")[2]
            if _ENTRY.fullmatch(name):
                _anew(lake, filesystem, f"{folder}/{name}")
            elif not name.startswith(f"{head}.checkpoint"):
                filesystem.delete_file(path)
    except (OSError, ValueError):
        what, todo = "an entry of this table's log cannot be written anew", "Check free space and permission."
        raise StoreError(what, where=table, todo=todo, code="table.unwritable") from None
    if named and has_modes(lake.root):
        keep_names(Path(folder))
    return len(named)


def _content(filesystem: pafs.FileSystem, path: str) -> bytes:
    """What a file of the log says; of a checkpoint its values as JSON has them."""
    with filesystem.open_input_file(path) as file:
        if path.endswith(".parquet"):
            rows = pq.read_table(file).to_pylist()
            return json.dumps(rows, default=str).encode()
        return bytes(file.read())


def _anew(lake: Lake, filesystem: object, path: str) -> None:
    """An entry without what may name a value. Hadoop's checksum goes before, or Spark could not read the table."""
    with filesystem.open_input_stream(path) as file:  # type: ignore[attr-defined]
        lines = file.read().decode("utf-8").splitlines()
    data = "".join(json.dumps(_without(json.loads(line)), separators=(",", ":")) + "\n" for line in lines if line)
    folder, _, name = path.rpartition("/")
    with suppress(FileNotFoundError):
        filesystem.delete_file(f"{folder}/.{name}.crc")  # type: ignore[attr-defined]
    if has_modes(lake.root):
        write_whole({Path(path): data.encode()}, mode=Path(path).stat().st_mode & 0o777)
        return
    with filesystem.open_output_stream(path) as out:  # type: ignore[attr-defined]
        out.write(data.encode())


def _without(action: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    for kind, told in action.items():
        if kind == "commitInfo":
            told.pop("operationParameters", None)
        if kind in ("add", "remove") and told.get("stats"):
            told["stats"] = json.dumps({"numRecords": json.loads(str(told["stats"])).get("numRecords", 0)})
    return action
