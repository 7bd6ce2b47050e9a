"""What workers do for `curate`: each row is judged by itself, then all in their order beside those before them.

Neither gives a text back: a row is its place, its key, whose it is, why it goes, and keyed marks of its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow.types import plain
from strongroom.core import workers
from strongroom.core.contract import Contract, Curation
from strongroom.core.keys.ring import KeyHandle, purpose_info
from strongroom.core.no_values import no_values
from strongroom.curation.contamination import Contamination
from strongroom.curation.judge import Judge
from strongroom.curation.marks import Marker
from strongroom.curation.ordered import Kept, Rows
from strongroom.stores.keys import keyring_of
from strongroom.stores.lake.staging import stage_of

BATCH, FILE, ROW, REASONS, KNOWN = "_batch", "_file", "_row", "_reasons", "_known"
EXACT, BANDS, SKETCH = "_exact", "_bands", "_sketch"
PLACE = (BATCH, FILE, ROW)
"""A row's place: the batch that brought it, its file in the table's folder, and its number there."""
MARKS = (EXACT, BANDS, SKETCH)
_PLACES = [(BATCH, pa.int64()), (FILE, pa.string()), (ROW, pa.int64())]
_SAID = [(REASONS, pa.list_(pa.string())), (KNOWN, pa.bool_()), *((name, pa.binary()) for name in MARKS)]


@dataclass(frozen=True, slots=True)
class Judging:
    """What a worker needs, and no key in clear.

    Args:
        contract: what is asked of texts.
        text: the column with them.
        carried: columns that say which row it is and whose, with their types.
        keys: under which texts are marked.
        contaminated: runs of words that no text may have.
    """

    contract: Contract
    text: str
    carried: pa.Schema
    keys: KeyHandle = field(repr=False)
    contaminated: Contamination | None = field(default=None, repr=False)

    @property
    def curation(self) -> Curation:
        return self.contract.curation or Curation()

    @property
    def schema(self) -> pa.Schema:
        """A verdict: place, what is carried, reasons, whether it is one of before, marks."""
        return pa.schema([*_PLACES, *self.carried, *_SAID])


def judged(plan: Judging, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A verdict for each row, as far as it is judged by itself."""
    workers.settle()
    with no_values("the curation"):
        curation = plan.curation
        judge = Judge(curation, plan.contaminated)
        info = purpose_info("fingerprint", "curation", plan.contract.training, plan.text)
        key = keyring_of(plan.keys).derive(info, length=32)
        marker = Marker(key, near=curation.near, shingle=curation.shingle)
        for batch in batches:
            texts = plain(batch.column(plan.text))
            marks = marker.marks(texts)
            files = pc.dictionary_encode(batch.column(FILE))
            paths = [relative(path, plan.contract.training) for path in files.dictionary.to_pylist()]
            numbers = pa.array([batch_of(path) for path in paths], pa.int64())
            signals = {name: plain(batch.column(name)) for name in curation.signals}
            columns = {
                BATCH: numbers.take(files.indices), FILE: pa.array(paths, pa.string()).take(files.indices),
                ROW: batch.column(ROW), REASONS: judge.reasons(texts, signals), KNOWN: pa.repeat(False, len(texts)),
                EXACT: marks.exact, BANDS: marks.bands, SKETCH: marks.sketch,
                **{each.name: plain(batch.column(each.name)).cast(each.type) for each in plan.carried},
            }  # fmt: skip
            yield pa.RecordBatch.from_arrays([columns[name] for name in plan.schema.names], schema=plan.schema)


def compared(curation: Curation, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The verdicts in the order of places, with those that an earlier row gives; rows of before are left out."""
    workers.settle()
    with no_values("the curation"), Kept(near=curation.near) as kept:
        for batch in batches:
            if not curation.exact:
                yield batch
                continue
            reasons, known = batch.column(REASONS), batch.column(KNOWN)
            gone = pc.greater(pc.list_value_length(reasons), 0)
            settled = pc.if_else(known, True, pc.if_else(gone, False, pa.scalar(None, pa.bool_())))
            exact, bands, sketch = (batch.column(name).to_pylist() for name in MARKS)
            found = kept.repeats(Rows(exact, bands, sketch, settled.to_pylist()))
            if any(found):
                lists = [[more] if more else have for have, more in zip(reasons.to_pylist(), found, strict=True)]
                place = batch.schema.get_field_index(REASONS)
                batch = batch.set_column(place, REASONS, pa.array(lists, reasons.type))
            yield batch.filter(pc.invert(known))


def relative(file: str, table: str) -> str:
    """A file's path below its table's folder."""
    return unquote(file).rpartition(f"/{table.replace('.', '/')}/")[2]


def batch_of(path: str) -> int:
    """The number of the batch that brought a file's rows; of what others have written, 0."""
    stage = stage_of(path)
    return int(stage.split("-")[1]) if stage else 0
