"""What workers do for `curate`: each row is judged by itself, then all in their order beside those before them.

Neither gives a text back: a row is its place, its key, whose it is, why it goes, and keyed marks of its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.core import workers
from strongroom.core.contract import Contract, Type
from strongroom.core.keys.ring import KeyHandle, purpose_info
from strongroom.core.no_values import no_values
from strongroom.curation.judge import Judge
from strongroom.curation.ordered import EXACT, Kept
from strongroom.protect.fingerprints import fingerprints
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake.staging import stage_of

BATCH, FILE, ROW, REASONS, PRINT = "_batch", "_file", "_row", "_reasons", "_print"
PLACE = (BATCH, FILE, ROW)
"""A row's place: the batch that brought it, its file in the table's folder, and its number there."""
_MARKS = [(REASONS, pa.list_(pa.string())), (PRINT, pa.binary())]
_PLACES = [(BATCH, pa.int64()), (FILE, pa.string()), (ROW, pa.int64())]


@dataclass(frozen=True, slots=True)
class Judging:
    """What a worker needs, and no key in clear.

    Args:
        contract: what is asked of texts.
        text: the column with them.
        carried: columns that say which row it is and whose, with their types.
        keys: under which texts are marked.
    """

    contract: Contract
    text: str
    carried: pa.Schema
    keys: KeyHandle | None

    @property
    def schema(self) -> pa.Schema:
        """A verdict: place, what is carried, reasons, marks."""
        return pa.schema([*_PLACES, *self.carried, *_MARKS])


def judged(plan: Judging, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A verdict for each row, as far as it is judged by itself."""
    workers.settle()
    with no_values("the curation"):
        curation = plan.contract.curation
        if curation is None or plan.keys is None:
            raise ValueError("there is nothing to judge by")
        judge = Judge(curation)
        info = purpose_info("fingerprint", "curation", plan.contract.training, plan.text)
        key = keyring_of(plan.keys).derive(info, length=32)
        for batch in batches:
            texts = plain(batch.column(plan.text))
            signals = {name: plain(batch.column(name)) for name in curation.signals}
            marks = fingerprints([texts.fill_null("")], [Type("string")], key=key)
            prints = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(texts), [None, pa.py_buffer(marks)])
            files = pc.dictionary_encode(batch.column(FILE))
            paths = [relative(path, plan.contract.training) for path in files.dictionary.to_pylist()]
            numbers = pa.array([batch_of(path) for path in paths], pa.int64())
            yield pa.RecordBatch.from_arrays(
                [
                    numbers.take(files.indices), pa.array(paths, pa.string()).take(files.indices), batch.column(ROW),
                    *(plain(batch.column(field.name)).cast(field.type) for field in plan.carried),
                    judge.reasons(texts, signals), prints.cast(pa.binary()),
                ],
                schema=plan.schema,
            )  # fmt: skip


def compared(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same verdicts, in the order of places, with those that an earlier row has already given."""
    workers.settle()
    with no_values("the curation"):
        kept = Kept()
        for batch in batches:
            reasons = batch.column(REASONS)
            gone = (pc.list_value_length(reasons).to_numpy(zero_copy_only=False) > 0).tolist()
            exact = kept.repeats(batch.column(PRINT).to_pylist(), judged=gone)
            yield batch.set_column(batch.schema.get_field_index(REASONS), REASONS, _with(reasons, EXACT, exact))


def _with(reasons: pa.Array, name: str, rows: np.ndarray) -> pa.Array:
    """The reasons, and this one for rows that have none so far."""
    if not rows.any():
        return reasons
    lists = [[name] if more else have for have, more in zip(reasons.to_pylist(), rows.tolist(), strict=True)]
    return pa.array(lists, reasons.type)


def relative(file: str, table: str) -> str:
    """A file's path below its table's folder."""
    return unquote(file).rpartition(f"/{table.replace('.', '/')}/")[2]


def batch_of(path: str) -> int:
    """The number of the batch that brought a file's rows; of what others have written, 0."""
    stage = stage_of(path)
    return int(stage.split("-")[1]) if stage else 0
