"""What workers do for `project`: each row of a source is read once, and written to each projection that is given it.

A batch holds the row's file, one flag for each row condition and one column for each different way in which any
projection shows a column. A file of a projection holds the rows of one file of the source. What a task reports counts;
files of a task that died are swept with the stage.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core import workers
from strongroom.core.contract import Column
from strongroom.core.keys.ring import KeyHandle
from strongroom.core.no_values import no_values
from strongroom.protect.methods.method import Kernel
from strongroom.protect.rekey import rekeyer
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake import filesystem_of
from strongroom.stores.lake.projections import source_id

REPORT = pa.schema(
    [("target", pa.int32()), ("source", pa.string()), ("name", pa.string()), ("size", pa.int64()), ("rows", pa.int64())]
)
"""One row for each file written: for which target, of which source's file, its name in the stage, bytes and rows."""


@dataclass(frozen=True, slots=True)
class Target:
    """One projection as workers write it.

    Args:
        stage: folder or URI of the stage.
        reader: whose tokens it gets.
        flag: place in the batch of its row condition; 0 is every row.
        places: where in the batch each of its columns is.
        tokens: column → its contract, for columns whose tokens are re-keyed.
        schema: the columns.
    """

    stage: str
    reader: str
    flag: int
    places: tuple[int, ...]
    tokens: dict[str, Column]
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class ProjectionPlan:
    """All that a worker needs, and no key in clear. `table` is the source, and the end of its folder's path."""

    table: str
    targets: tuple[Target, ...]
    keys: KeyHandle | None


def projected(plan: ProjectionPlan, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Writes the rows of some files of the source; reports what it has written."""
    workers.settle()
    with no_values("the projection"):
        writers = [_Writer.of(plan, number) for number in range(len(plan.targets))]
        for batch in batches:
            for start, stop, file in _runs(batch.column(0)):
                source = source_id(_relative(file, plan.table))
                part = batch.slice(start, stop - start)
                for writer in writers:
                    writer.write(part, source)
        done = [row for writer in writers for row in writer.close()]
        yield pa.RecordBatch.from_pylist(done, schema=REPORT)


def _runs(files: pa.Array) -> Iterator[tuple[int, int, str]]:
    """Stretches of rows that come from one file."""
    coded = files.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    ends = [*(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)] if len(codes) else []
    start = 0
    for stop in ends:
        yield start, stop, coded.dictionary[int(codes[start])].as_py()
        start = stop


def _relative(file: str, table: str) -> str:
    """A file's path below its table's folder, as the table's log has it."""
    return unquote(file).rpartition(f"/{table.replace('.', '/')}/")[2]


@dataclass(slots=True)
class _Writer:
    """One target in one task: a file is open while the source's file lasts."""

    number: int
    target: Target
    kernels: list[Kernel | None]
    filesystem: Any
    folder: str
    source: str = ""
    name: str = ""
    rows: int = 0
    out: Any = None
    done: list[dict[str, object]] = field(default_factory=list)

    @classmethod
    def of(cls, plan: ProjectionPlan, number: int) -> _Writer:
        target = plan.targets[number]
        kernels: list[Kernel | None] = [None] * len(target.schema)
        if target.tokens and plan.keys is not None:
            ring = keyring_of(plan.keys)
            for place, name in enumerate(target.schema.names):
                if name in target.tokens:
                    kernels[place] = rekeyer(target.tokens[name], reader=target.reader, keyring=ring)
        return cls(number, target, kernels, *filesystem_of(target.stage))

    def write(self, part: pa.RecordBatch, source: str) -> None:
        """The rows of a part that are given, as they are given."""
        target = self.target
        if target.flag:
            part = part.filter(part.column(target.flag))
        if source != self.source:
            self.finish()
            self.source, self.name, self.rows = source, f"{source}-{secrets.token_hex(8)}.parquet", 0
            self.out = pq.ParquetWriter(
                f"{self.folder}/{self.name}", target.schema, filesystem=self.filesystem, write_statistics=False
            )
        if part.num_rows:
            self.out.write_batch(pa.RecordBatch.from_arrays(self._arrays(part), schema=target.schema))
            self.rows += part.num_rows

    def _arrays(self, part: pa.RecordBatch) -> list[pa.Array]:
        arrays = []
        for place, kernel, kind in zip(self.target.places, self.kernels, self.target.schema.types, strict=True):
            array = part.column(place)
            array = kernel(array) if kernel is not None else array
            arrays.append(array if array.type == kind else array.cast(kind))
        return arrays

    def finish(self) -> None:
        """Closes the file that is open, and notes it."""
        if self.out is None:
            return
        self.out.close()
        self.out = None
        size = self.filesystem.get_file_info(f"{self.folder}/{self.name}").size
        row = {"target": self.number, "source": self.source, "name": self.name, "size": size, "rows": self.rows}
        self.done.append(row)

    def close(self) -> list[dict[str, object]]:
        """Every file that was written."""
        self.finish()
        return self.done
