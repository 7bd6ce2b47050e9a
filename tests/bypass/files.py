"""Attempts on files: the table, its past, what it says of itself, and what jobs leave beside it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from bypass.place import LATE, OTHER, Reach
from strongroom.stores.lake import Lake
from system.leaks import contents

Found = Iterator[object]


@contextmanager
def _said(path: str) -> Iterator[None]:
    """Where a reader only says that a file is not there: what the system says of it."""
    try:
        yield
    except Exception:
        Path(path).stat()
        raise


def rows_of(folder: str, version: int | None = None) -> Found:
    yield pa.table(DeltaTable(folder, version=version).scan()).to_pylist()


# The table, by its path


def plain_files(at: Reach) -> Found:
    for file in at.below(at.source):
        yield from contents(Path(file))


def delta_reader(at: Reach) -> Found:
    yield from rows_of(at.source)


def arrow_dataset(at: Reach) -> Found:
    yield ds.dataset(at.below(at.source)).to_table().to_pylist()


def file_uri(at: Reach) -> Found:
    for file in at.below(at.source):
        filesystem, path = pafs.FileSystem.from_uri(f"file://{file}")
        yield pq.read_table(path, filesystem=filesystem).to_pylist()


def duck(at: Reach) -> Found:
    for file in at.below(at.source):
        with _said(file):
            yield duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall()


def duck_attached(at: Reach) -> Found:
    """A view in a database of one's own."""
    with duckdb.connect() as base, _said(at.below(at.source)[0]):
        base.execute(f"CREATE OR REPLACE VIEW stolen AS SELECT * FROM read_parquet('{at.below(at.source)[0]}')")
        yield base.execute("SELECT * FROM stolen").fetchall()


def our_own_code(at: Reach) -> Found:
    """Our library with nobody asking the policy."""
    with _said(at.source):
        yield Lake(at.lake).read("training.reviews").to_pylist()


def dots(at: Reach) -> Found:
    up = "/".join(".." for _ in Path(at.table).relative_to(at.lake).parts)
    yield from rows_of(f"{at.table}/{up}/training/reviews")


def from_within(at: Reach) -> Found:
    """By a handle on the folder that is given, and relative names from there."""
    up = "/".join(".." for _ in Path(at.table).relative_to(at.home).parts)
    handle = os.open(at.table, os.O_RDONLY)
    try:
        for file in at.below(at.source):
            name = os.open(f"{up}/{Path(file).relative_to(at.home)}", os.O_RDONLY, dir_fd=handle)
            with os.fdopen(name, "rb") as stream:
                (Path(at.mine) / "copy.parquet").write_bytes(stream.read())
            yield from contents(Path(at.mine) / "copy.parquet")
    except PermissionError as error:
        raise PermissionError(f"{error} below {at.home}") from error
    finally:
        os.close(handle)


def symbolic_link(at: Reach) -> Found:
    link = Path(at.mine) / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(at.source)
    yield from rows_of(str(link))


def hard_link(at: Reach) -> Found:
    link = Path(at.mine) / "hard.parquet"
    link.unlink(missing_ok=True)
    link.hardlink_to(at.below(at.source)[0])
    yield from contents(link)


def forged_table(at: Reach) -> Found:
    """A Delta table of one's own, whose log names the guarded files (a shallow clone by hand)."""
    log = Path(tempfile.mkdtemp(dir=at.mine)) / "_delta_log"
    log.mkdir()
    schema = DeltaTable(at.table).schema().to_json()
    wide = json.loads(schema)
    wide["fields"] = [each for each in wide["fields"] if each["name"] == "label"]
    wide["fields"].append({"name": "text_content", "type": "string", "nullable": True, "metadata": {}})
    actions = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {"id": "f", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps(wide),
                      "partitionColumns": [], "configuration": {}, "createdTime": 0}},
        *({"add": {"path": f"file://{file}", "size": at.sizes[at.files.index(file)], "partitionValues": {},
                   "modificationTime": 0, "dataChange": True}} for file in at.below(at.source)),
    ]  # fmt: skip
    (log / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))
    yield pa.table(DeltaTable(str(log.parent)).scan()).to_pylist()


def list_the_lake(at: Reach) -> Found:
    yield [path.name for path in Path(at.lake).iterdir()]


def sizes_and_times(at: Reach) -> Found:
    yield "quarantine", [Path(file).stat() for file in at.below(at.source)]


# Other tables


def raw_files(at: Reach) -> Found:
    for file in at.below(at.folder("raw"), ".json"):
        yield Path(file).read_bytes()


def quarantine(at: Reach) -> Found:
    yield from rows_of(at.folder("quarantine.reviews"))


def quarantine_files(at: Reach) -> Found:
    for file in at.below(at.folder("quarantine")):
        yield from contents(Path(file))


def another_role(at: Reach) -> Found:
    yield from rows_of(at.folder(OTHER))


def another_role_files(at: Reach) -> Found:
    for file in at.below(at.folder(OTHER)):
        yield from contents(Path(file))


def expired_grant(at: Reach) -> Found:
    """The path that a grant of before gave."""
    yield from rows_of(at.folder(LATE))


def expired_grant_source(at: Reach) -> Found:
    yield from rows_of(at.folder("training.letters"))


# What was


def an_older_version(at: Reach) -> Found:
    yield from rows_of(at.table, version=1)


def files_that_no_version_needs(at: Reach) -> Found:
    for file in sorted(Path(at.table).rglob("*")):
        if file.is_file():
            yield from contents(file)


def older_version_of_the_source(at: Reach) -> Found:
    for version in range(3):
        yield from rows_of(at.source, version=version)


def change_feed(at: Reach) -> Found:
    """What changed between versions, as a reader asks for it, and the folder where writers keep it."""
    try:
        yield pa.table(DeltaTable(at.table).load_cdf(starting_version=0)).to_pylist()
    except DeltaError as error:
        yield str(error)
    for file in sorted(Path(at.table, "_change_data").rglob("*")):
        yield from contents(file)


def history(at: Reach) -> Found:
    yield DeltaTable(at.table).history()


# What tables say of themselves


def delta_log(at: Reach) -> Found:
    for file in sorted(Path(at.table, "_delta_log").glob("*.json")):
        yield file.read_bytes()


def add_actions(at: Reach) -> Found:
    yield pa.table(DeltaTable(at.table).get_add_actions(flatten=True)).to_pylist()


def footers(at: Reach) -> Found:
    for file in sorted(Path(at.table).rglob("*.parquet")):
        yield json.dumps(pq.read_metadata(file).to_dict(), default=str), pq.read_schema(file)


def log_of_the_source(at: Reach) -> Found:
    for file in at.below(f"{at.source}/_delta_log", ".json"):
        yield Path(file).read_bytes()


def whole_bytes(at: Reach) -> Found:
    """Every byte of what is given, packed and unpacked: dictionaries, pages, names."""
    for file in sorted(Path(at.table).rglob("*")):
        yield str(file)
        if file.is_file():
            yield from contents(file)


# What jobs leave


def leftovers(*zones: str, end: str = ""):
    """Every file of some folders of the lake."""

    def attempt(at: Reach) -> Found:
        for zone in zones:
            for file in at.below(f"{at.lake}/{zone}", end):
                yield from contents(Path(file))

    return attempt


def keys(at: Reach) -> Found:
    for file in at.below(f"{at.home}/keys", ""):
        yield Path(file).read_bytes()


def tokens_in_common(at: Reach) -> Found:
    """People of one's own table found in another role's, by their tokens."""
    mine = {row["user_id"] for row in DeltaTable(at.table).to_pyarrow_table().to_pylist()}
    theirs = {row["user_id"] for row in DeltaTable(at.hats[-1]).to_pyarrow_table().to_pylist()}
    yield f"{len(mine)} {len(theirs)}", mine & theirs


def two_hats(at: Reach) -> Found:
    for folder in at.hats:
        yield from rows_of(folder)


def ids_in_common(at: Reach) -> Found:
    """The same rows of two projections, by a column that both are given in clear."""
    sides = [{row["review_id"] for row in DeltaTable(folder).to_pyarrow_table().to_pylist()} for folder in at.hats]
    yield sides[0] & sides[1]


def guess_a_hash(at: Reach) -> Found:
    """A keyless hash, against everything that the value might be."""
    seen = set(DeltaTable(at.table).to_pyarrow_table()["model_version"].to_pylist())
    guesses = [f"v{31_330 + number}.271828" for number in range(10)]
    yield [guess for guess in guesses if {guess, hashlib.sha256(guess.encode()).hexdigest()} & seen]


def what_is_given(at: Reach) -> Found:
    yield from rows_of(at.table)


def new_folder(at: Reach) -> Found:
    yield Path(at.lake, "extracts", "table.csv").read_text()


def count_rows(at: Reach) -> Found:
    yield f"{DeltaTable(at.table).to_pyarrow_table().num_rows} rows in {len(DeltaTable(at.table).file_uris())} files"
