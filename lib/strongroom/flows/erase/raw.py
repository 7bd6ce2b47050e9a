"""People in raw files: read as `prepare` reads them, and written anew without their records where the settings say so.

Lines of text and row groups of Parquet stay what they are, byte for byte or value for value, but for the records that
go. What cannot be written anew so (a JSON document, a Delta table of others, text of two bytes a sign) is named.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Contract, Source, raw_table
from strongroom.core.contract.formats import FORMATS
from strongroom.core.errors import StoreError
from strongroom.core.keys.ring import Keyring
from strongroom.flows.erase.crowd import Crowd, Flags
from strongroom.flows.erase.quarantine import owner_of, patterns_of
from strongroom.flows.foundation.erased import leaves_out
from strongroom.flows.row_pass.part_reader import blocks_of, form_of
from strongroom.protect.subject_tags import row_tagger
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.lake import Lake
from strongroom.stores.sources import RawFile, list_files, manifest, place_of
from strongroom.stores.sources.files import fixed_of
from strongroom.stores.sources.hive_folders import folders_of
from strongroom.stores.sources.kinds import Looked, is_document, kind_of
from strongroom.stores.whole_file import keep_names

_ONE_BYTE = ("UTF-8", "US-ASCII", "ISO-8859-1", "windows-1252")
"""Encodings in which a line ends with one byte that is part of nothing else."""


@dataclass(slots=True)
class Records:
    """The records of one file: where each begins, and which are people's.

    Args:
        starts: of records of text, the line in which each begins, from 1; of typed rows their numbers.
        theirs: n flags.
        rows: by request.
        lines: all lines of the file.
        text: whether it is a file of lines.
        encoding: of text.
    """

    starts: np.ndarray
    theirs: Flags
    rows: Counter[str]
    lines: int = 0
    text: bool = False
    encoding: str = ""


@dataclass(slots=True)
class RawPeople:
    """Finds the people of a crowd in the files of one source, as a contract reads it.

    Args:
        lake: relative paths begin there.
        contract: reads the files.
        source: which of its sources.
        ring: makes tags.
        crowd: the people.
        values: request → what it knows of its people.
    """

    lake: Lake
    contract: Contract
    source: Source
    ring: Keyring
    crowd: Crowd
    values: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def versioned(self) -> bool:
        """Whether the source is a table with versions, which others write."""
        return kind_of(self.source.format).versions is not None

    def files(self) -> tuple[RawFile, ...]:
        """All that there are; none where the source has none."""
        try:
            return list_files(self.source, self.lake.root)
        except StoreError as fault:
            if fault.code == "source.missing":
                return ()
            raise

    def records(self, file: RawFile) -> Records:
        """What a file holds of them.

        Raises:
            StoreError: it cannot be read.
        """
        read, number = self.contract.as_read, self.contract.sources.index(self.source)
        folders = folders_of(file.path, fixed_of(self.source, self.lake.root))
        part = Looked(file, folders).part(number, read)
        form, seen = form_of(part, read), Seen()
        tagger, words = row_tagger(read, table=self.contract.training, keyring=self.ring), patterns_of(self.values)
        starts, theirs, rows = list[np.ndarray](), list[Flags](), Counter[str]()
        for block in blocks_of(part, read, seen, form):
            if tagger is not None and block.rows.num_rows:
                tags = tagger(read_batch(block.rows, read).batch)
                mine = self.crowd.people.holds(tags)
                rows += self.crowd.counted(tags.filter(pa.array(mine)))
                starts.append(block.numbers if block.lines is None else block.lines)
                theirs.append(mine)
            if block.torn is not None and len(block.torn.numbers):
                owners = [owner_of(line, words) for line in block.torn.raw.to_pylist()]
                rows.update(owner for owner in owners if owner)
                starts.append(block.torn.numbers if block.torn.lines is None else block.torn.lines)
                theirs.append(np.array([bool(owner) for owner in owners], np.bool_))
        at = np.concatenate(starts) if starts else np.zeros(0, np.int64)
        found = np.concatenate(theirs) if theirs else np.zeros(0, np.bool_)
        order = np.argsort(at, kind="stable")
        return Records(at[order], found[order], rows, seen.lines, form is not None, form.encoding if form else "")

    def why_not(self, file: RawFile) -> str:
        """Why its files cannot be written anew; empty where they can."""
        if self.versioned:
            return "a table of others: take the rows out there"
        if "://" in file.path:
            return "raw files of an object store are only reported"
        if not FORMATS[self.source.format].typed:
            return "it is one document, not a record a line" if is_document(self.source) else ""
        with Path(file.path).open("rb") as opened:
            return "" if opened.read(4) == b"PAR1" else "files of this format are only reported"


def sources_of(contracts: Sequence[Contract], name: str) -> Iterator[tuple[Contract, Source]]:
    """Who reads what the map calls by this name."""
    for contract in contracts:
        yield from ((contract, source) for source in contract.sources if raw_table(source) == name)


def rewritten(file: RawFile, records: Records, *, keep: Callable[[RawFile], None]) -> None:
    """The file without people's records; `keep` is told the new one before it takes its place.

    Raises:
        StoreError: it cannot be written, or somebody has changed it since.
    """
    path = Path(file.path)
    draft = path.with_name(f".{path.name}.erase")
    try:
        draft.unlink(missing_ok=True)  # of a run that was killed; or a link that somebody has put there
        write = _without_lines if records.text else _without_rows
        write(path, draft, records)
        draft.chmod(path.stat().st_mode & 0o7777)
        new, old = draft.stat(), path.stat()
        if (old.st_size, old.st_mtime_ns // 1000) != (file.size, file.modified):
            what = "this raw file was changed while people were taken out of it"
            raise StoreError(what, where=file.path, todo="Run again.", code="source.changed")
        keep(RawFile(file.path, new.st_size, new.st_mtime_ns // 1000))
        draft.replace(path)
        keep_names(path.parent)
    except (OSError, pa.ArrowException):
        what, todo = "this raw file cannot be written anew", "Check free space and permission."
        raise StoreError(what, where=file.path, todo=todo, code="source.unwritable") from None
    finally:
        draft.unlink(missing_ok=True)


def keeper(lake: Lake, datasets: Sequence[str], file: RawFile, *, at: Any) -> Callable[[RawFile], None]:
    """What tells the manifest of each data set that a file was written anew, so that increments go on."""
    return partial(manifest.renew, lake, datasets, file, at=at)


def _without_lines(path: Path, draft: Path, records: Records) -> None:
    if records.encoding not in _ONE_BYTE:
        what = f"lines of {records.encoding} are not taken out"
        raise StoreError(what, where=str(path), todo="Take the records out by hand.", code="source.unwritable")
    filesystem, inside = place_of(str(path))
    with filesystem.open_input_stream(inside, compression="detect") as stream:
        data = stream.read()
    lines = data.split(b"\n")
    ends = len(lines) - (not lines[-1])
    if ends != records.lines:
        what = "line ends of this file are not what its records say"
        raise StoreError(what, where=str(path), todo="Take the records out by hand.", code="source.unwritable")
    stays = np.ones(ends, np.bool_)
    stops = np.append(records.starts[1:], ends + 1)
    for start, stop in zip(records.starts[records.theirs], stops[records.theirs], strict=True):
        stays[start - 1 : stop - 1] = False
    left = b"".join(line + b"\n" for line, kept in zip(lines, stays.tolist(), strict=False) if kept)
    if not data.endswith(b"\n") and stays[-1:].all():
        left = left[:-1]
    filesystem, inside = place_of(str(draft))
    with filesystem.open_output_stream(inside, compression=_codec(path)) as out:
        out.write(left)
    _settle(draft)


def _codec(path: Path) -> str | None:
    try:
        return str(pa.Codec.detect(str(path)).name)
    except (TypeError, ValueError):
        return None


def _without_rows(path: Path, draft: Path, records: Records) -> None:
    """Row group for row group."""
    with pq.ParquetFile(path) as file:
        gone = np.zeros(file.metadata.num_rows, np.bool_)
        gone[records.starts[records.theirs] - 1] = True
        change = leaves_out(gone)
        codec = file.metadata.row_group(0).column(0).compression if file.metadata.num_row_groups else "SNAPPY"
        with pq.ParquetWriter(draft, file.schema_arrow, compression=codec) as out:
            for number in range(file.metadata.num_row_groups):
                batches = [change(batch) for batch in file.iter_batches(row_groups=[number])]
                group = pa.Table.from_batches(batches, file.schema_arrow)
                out.write_table(group, row_group_size=max(group.num_rows, 1))
    _settle(draft)


def _settle(draft: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
