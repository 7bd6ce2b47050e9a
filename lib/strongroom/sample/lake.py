"""Writes the sample lake: reviews as JSON lines in several files, customers as Parquet; whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.errors import StoreError, UsageError
from strongroom.sample import rows as sample_rows

FILES = 4
DATA_SETS = ("customers", "reviews")
STAGE = ".sample-"
CUSTOMERS = pa.schema(
    [
        ("user_id", pa.int64()),
        ("name", pa.string()),
        ("email", pa.string()),
        ("phone", pa.string()),
        ("birth_date", pa.date32()),
        ("postcode", pa.string()),
        ("country", pa.string()),
        ("income", pa.float64()),
        ("balance", pa.decimal128(12, 2)),
        ("consent", pa.bool_()),
        ("notes", pa.string()),
    ]
)


def make_sample(lake: str, *, rows: int = 20_000, seed: int = 7) -> dict[str, object]:
    """Make raw/reviews and raw/customers under a local lake, and say what was planted in them.

    The same rows and seed give the same bytes. Everything is written to a hidden folder first and renamed into place,
    so a killed run leaves no half data set. Where either of the two is there already, nothing is made: raw data is
    somebody's, and the two belong together.

    Args:
        lake: root folder of the lake; it is made where it is missing.
        rows: reviews with an id of their own, at least 100; there is one customer to ten reviews.
        seed: another seed, another sample.

    Returns:
        `reviews` and `customers` (rows written), `lines` (of JSON, doubles and corrupt ones included), `files`,
        `planted` (fault → count among the reviews) and `planted_customers`; or nothing, where nothing was made.

    Raises:
        UsageError: too few rows, or a lake that is not a local folder.
        StoreError: the disk refuses.
    """
    if rows < sample_rows.MIN_ROWS:
        raise UsageError(f"A sample of {rows} rows is too small.", todo=f"Ask for {sample_rows.MIN_ROWS} rows or more.")
    if "://" in lake:
        raise UsageError("The sample is made on a local disk only.", where=lake, todo="Name a folder as the lake.")
    root = Path(lake)
    if any((root / "raw" / name).exists() for name in DATA_SETS):
        return {}
    try:
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob(f"{STAGE}*"):  # of a run that was killed
            shutil.rmtree(left)
        stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=root))
        try:
            facts = _write(stage, rows=rows, seed=seed)
            _publish(stage, root / "raw")
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        todo = "Check the folder's permissions and the free space."
        raise StoreError(
            f"The sample cannot be written: {error.strerror}.", where=str(root), todo=todo, code="output.unwritable"
        ) from error
    return facts


def _write(stage: Path, *, rows: int, seed: int) -> dict[str, object]:
    """Both data sets into stage/raw; what was written, in numbers."""
    folders = {name: stage / "raw" / name for name in DATA_SETS}
    for folder in folders.values():
        folder.mkdir(parents=True)
    people = sample_rows.customers(rows // 10, seed=seed)
    dirty = sample_rows.spoil_customers(people, seed=seed)
    table = pa.table({name: [getattr(one, name) for one in dirty] for name in CUSTOMERS.names}, schema=CUSTOMERS)
    pq.write_table(table, folders["customers"] / "part-0000.parquet")
    lines = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
        for line in sample_rows.review_lines(rows, seed=seed, people=people)
    ]
    size = -(-len(lines) // FILES)
    for number in range(FILES):
        part = lines[number * size : (number + 1) * size]
        (folders["reviews"] / f"part-{number:04d}.json").write_bytes("".join(f"{line}\n" for line in part).encode())
    return {
        "reviews": rows,
        "customers": len(people),
        "lines": len(lines),
        "files": FILES + 1,
        "planted": sample_rows.planted(rows),
        "planted_customers": sample_rows.planted(len(people), faults=sample_rows.CUSTOMER_FAULTS),
    }


def _publish(stage: Path, raw: Path) -> None:
    """Rename into place: in one step, unless there is other raw data already."""
    if not raw.exists():
        (stage / "raw").rename(raw)
        return
    for name in DATA_SETS:
        (stage / "raw" / name).rename(raw / name)
