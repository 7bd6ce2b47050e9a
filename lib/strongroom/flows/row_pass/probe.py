"""Do workers reach the storage themselves? Asked once a run, by a task that opens a file and writes an empty one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

import pyarrow as pa

from strongroom.core.run import Job
from strongroom.flows.row_pass.engines import Local, Tasks
from strongroom.flows.row_pass.inputs import Road
from strongroom.stores.lake import filesystem_of
from strongroom.stores.sources import place_of
from strongroom.stores.spark.session import is_local

_FOUND = pa.schema([("reads", pa.bool_()), ("writes", pa.bool_()), ("why", pa.string())])


@dataclass(frozen=True, slots=True)
class _Asked:
    """Files to open, and a folder to write to."""

    files: tuple[str, ...]
    folder: str


def probed(job: Job, way: Road, *, files: Sequence[str], folder: str) -> Road:
    """The road as workers can go it. On one machine they are this process's own, and reach what it reaches.

    Args:
        job: says where they do not, in one line.
        way: as if they did.
        files: one of each source; tables of Delta are folders, and are not asked for.
        folder: of the stage, which is there.
    """
    if isinstance(way.engine, Local) or is_local(job.settings.spark.get("spark.master", "local")):
        return way
    told = way.engine.run(Tasks(partial(_probe, _Asked(tuple(files), folder)), 1), _FOUND).to_pylist()
    reads, writes = all(row["reads"] for row in told), all(row["writes"] for row in told)
    if not (reads and writes):
        whats = " and ".join(word for word, can in (("read the sources", reads), ("write the lake", writes)) if not can)
        job.say(f"workers cannot {whats} themselves ({told[0]['why']}), so Spark does")
    return replace(way, direct=reads, writes=writes)


def _probe(asked: _Asked, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        reads, why = _tried(_read, asked.files)
        writes, other = _tried(_write, (asked.folder,))
        yield pa.RecordBatch.from_pylist([{"reads": reads, "writes": writes, "why": why or other}], _FOUND)


def _tried(what: Callable[[str], None], places: Sequence[str]) -> tuple[bool, str]:
    try:
        for place in places:
            what(place)
    except Exception as error:  # whatever the storage's own library says: the other road is taken
        return False, type(error).__name__
    return True, ""


def _read(file: str) -> None:
    filesystem, path = place_of(file)
    with filesystem.open_input_stream(path) as stream:
        stream.read(1)


def _write(folder: str) -> None:
    filesystem, path = filesystem_of(folder)
    name = f"{path}/_probe-{uuid4().hex}"
    with filesystem.open_output_stream(name):
        pass
    filesystem.delete_file(name)
