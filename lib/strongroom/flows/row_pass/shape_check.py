"""Does the data look as the contract says? Folders, headers and footers are compared before a row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Contract, Source, source_name
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.suggest import nearest
from strongroom.quality.reading.csv_header import header_of, header_problems
from strongroom.quality.reading.dialect import dialect_of
from strongroom.quality.reading.encodings import LONGEST_MARK, encoding_of
from strongroom.quality.reading.lines import lines_of
from strongroom.quality.reading.parquet_pairs import asked_by
from strongroom.quality.reading.parquet_rows import fits, footer_of, means_one_thing
from strongroom.stores.sources import RawFile, fixed_of, place_of
from strongroom.stores.sources.hive_folders import folder_problems, folders_of
from strongroom.stores.sources.work_items import Footer, footer_in

_THREADS, _STEP = 16, 64 << 10


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a file before a row of it is read.

    Args:
        file: the file.
        folders: what its folders say, by the source's names.
        names: its header, of CSV that has one.
        footer: of Parquet.
        has: the columns that it has itself, by the source's names; None where nobody knows yet.
        plain: any reader gives its rows as our own does.
    """

    file: RawFile
    folders: Mapping[str, str | None]
    names: tuple[str, ...] = ()
    footer: Footer | None = None
    has: frozenset[str] | None = None
    plain: bool = False

    @property
    def columns(self) -> frozenset[str] | None:
        """The columns that it has, or that its folders say; None where only reading tells."""
        return None if self.has is None else self.has | {*self.folders}


def look(source: Source, files: Sequence[RawFile], contract: Contract, *, lake: str = "") -> dict[str, Looked]:
    """Looks at folders, headers and footers of files, by their paths.

    JSON carries no header; names in it that the contract does not know are found while it is read.

    Raises:
        ConfigError: data and contract disagree; all disagreements at once.
        StoreError: a file cannot be read.
    """
    if source.format == "csv":
        nested = [column.name for column in contract.columns if column.type.name in ("struct", "array")]
        if nested:
            what = f"CSV has no nested columns, but {nested[0]!r} is one"
            raise ConfigError([Problem(what, contract.place(source), code="contract.misfit")])
    one = partial(_look, source, contract, fixed_of(source, lake))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(one, files))
    problems = [problem for _, wrong in found for problem in wrong]
    if problems:
        raise ConfigError(list({(problem.what, problem.where): problem for problem in problems}.values()))
    return {looked.file.path: looked for looked, _ in found}


@dataclass(frozen=True, slots=True)
class _File:
    """A file to look at, with what its folders say."""

    source: Source
    contract: Contract
    file: RawFile
    folders: Mapping[str, str | None]


_Look = Callable[[_File], tuple[Looked, list[Problem]]]


def _look(source: Source, contract: Contract, fixed: str, file: RawFile) -> tuple[Looked, list[Problem]]:
    folders = {} if source.format == "delta" else folders_of(file.path, fixed)
    wrong = folder_problems(folders, contract, path=file.path)
    try:
        looked, problems = _FORMATS[source.format](_File(source, contract, file, folders))
    except StoreError as error:
        raise StoreError(error.what, where=error.where or file.path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException, DeltaError) as error:
        raise StoreError(
            "this file cannot be read", where=file.path, todo="Check the path and permission.", code="source.unreadable"
        ) from error
    return looked, [*wrong, *problems]


def _json(of: _File) -> tuple[Looked, list[Problem]]:
    return Looked(of.file, of.folders), []


def _csv(of: _File) -> tuple[Looked, list[Problem]]:
    dialect = dialect_of(of.source)
    if not dialect.header:
        return Looked(of.file, of.folders, has=frozenset(map(source_name, of.contract.columns))), []
    names = header_of(_lines(of.file, dialect.encoding), dialect)
    asked = [column for column in of.contract.columns if source_name(column) not in of.folders]
    known = [*asked, *(column for column in of.contract.columns if source_name(column) in {*of.folders} & {*names})]
    wrong = header_problems(names, known, where=of.file.path, contract=of.contract.file)
    return Looked(of.file, of.folders, names, has=frozenset(names)), wrong


def _lines(file: RawFile, encoding: str) -> Iterator[pa.Array]:
    filesystem, path = place_of(file.path)
    with filesystem.open_input_stream(path, compression="detect") as stream:
        head = stream.read(LONGEST_MARK)
        found, _ = encoding_of(head, encoding)
        yield from lines_of(_from(head, lambda: stream.read(_STEP)), encoding=found)


def _from(head: bytes, read: Callable[[], bytes]) -> Iterator[bytes]:
    yield head
    yield from iter(read, b"")


def _parquet(of: _File) -> tuple[Looked, list[Problem]]:
    footer = _footer(of.file.path)
    found = footer_in(footer)
    asked = [column for column in of.contract.columns if source_name(column) not in {*of.folders} - {*found.names}]
    wrong = fits(footer, asked, path=of.file.path, contract=of.contract.file, asked=asked_by(of.contract))
    plain = means_one_thing(footer, of.contract.columns) and not {*found.names} & {*of.folders}
    return Looked(of.file, of.folders, footer=found, has=frozenset(found.names), plain=plain), wrong


def _footer(path: str) -> pq.FileMetaData:
    filesystem, place = place_of(path)
    with filesystem.open_input_file(place) as raw:
        return footer_of(raw, path=path)


def footers(paths: Sequence[str]) -> list[Footer]:
    """The footers of Parquet files, in their order.

    Raises:
        StoreError: one is no readable Parquet file.
    """

    def one(path: str) -> Footer:
        try:
            return footer_in(_footer(path))
        except OSError as error:
            what = "this is not a readable Parquet file"
            raise StoreError(what, where=path, todo="Replace or remove it.", code="source.damaged") from error

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, paths))


def _delta(of: _File) -> tuple[Looked, list[Problem]]:
    found = pa.schema(DeltaTable(of.file.path, version=of.file.modified).schema().to_arrow())
    schema = pa.schema([field for field in found if field.name != TAG])  # the rows are tagged anew
    wrong = fits(schema, of.contract.columns, path=of.file.path, contract=of.contract.file, asked=asked_by(of.contract))
    return Looked(of.file, of.folders, has=frozenset(schema.names)), wrong


_FORMATS: Mapping[str, _Look] = {"json": _json, "csv": _csv, "parquet": _parquet, "delta": _delta}


def unknown_column(name: str, known: Sequence[str], contract: Contract, *, where: str) -> Problem:
    """The problem of a column in the data that the contract does not name."""
    near = nearest(name, known)
    hint = f"Did you mean {near!r}? " if near else ""
    what = f"the data has a column {name[:80]!r} that {contract.file} does not know."
    return Problem(what, where, f"{hint}Add it to the contract; method drop keeps it out.", "source.unknown")
