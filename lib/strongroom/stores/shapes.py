"""Does the data look as the contract says? Headers, footers and field names are compared before a row is read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source, Type, source_name
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.words import nearest
from strongroom.stores.hive_folders import folder_problems, folders_of
from strongroom.stores.sources import RawFile, fixed_of, place_of

_PLAIN_NAME = re.compile(r"[^\W\d][\w-]{0,63}")
"""What a field is called. A name of another form may be a value: some write a map of values as an object."""


def check_shape(
    source: Source, files: Sequence[RawFile], contract: Contract, *, lake: str = ""
) -> dict[str, frozenset[str]]:
    """Looks at folders, headers and footers only: columns that the contract does not know, that are missing, or of
    another type.

    JSON lines carry no header; their unknown fields are found while they are read.

    Returns:
        Path → the names in a file and of its folders, where they are known before it is read.

    Raises:
        ConfigError: data and contract disagree; all disagreements at once.
        StoreError: a file cannot be read.
    """
    fixed = fixed_of(source, lake)
    if source.format == "json":
        if problems := [problem for file in files for problem in _by_folder(file, contract, fixed)[1]]:
            raise ConfigError(list({problem.what: problem for problem in reversed(problems)}.values())[::-1])
        return {}
    look = _header_problems if source.format == "csv" else _footer_problems
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(partial(look, source, contract, fixed), files))
    if problems := [problem for _, some in found for problem in some]:
        raise ConfigError(problems)
    one = {names: names for names, _ in found}  # many files have few headers
    return {file.path: one[names] for file, (names, _) in zip(files, found, strict=True)}


def _by_folder(file: RawFile, contract: Contract, fixed: str) -> tuple[set[str], list[Problem]]:
    """The columns that a file's folders say, and what the contract has against them."""
    folders = folders_of(file.path, fixed)
    return set(folders), folder_problems(folders, contract, path=file.path)


_Look = tuple[frozenset[str], list[Problem]]
"""The names of a file and its folders, and what the contract has against them."""


def _header_problems(source: Source, contract: Contract, fixed: str, file: RawFile) -> _Look:
    nested = [column.name for column in contract.columns if column.type.name in ("struct", "array")]
    if nested:
        what = f"CSV has no nested columns, but {nested[0]!r} is one"
        return frozenset(), [Problem(what, f"{contract.file}:{source.line}")]
    if str(source.options.get("header", "false")).lower() != "true":
        return frozenset(map(source_name, contract.columns)), []
    names = _csv_header(source, file)
    told, wrong = _by_folder(file, contract, fixed)
    known = [source_name(column) for column in contract.columns]
    if not set(names) & set(known):  # perhaps a row, and then its values are nobody's business
        what = f"the first line is no header: none of its {len(names)} names is one of {contract.file}"
        return frozenset(), [Problem(what, file.path, "Add the header, or set the option header to false.")]
    problems = wrong + _unknown(names, known, contract, file)
    if not problems and names != [name for name in known if name not in told]:
        missing = [name for name in known if name not in names and name not in told]
        what = f"column {missing[0]!r} is missing" if missing else "the columns stand in another order"
        problems.append(Problem(what, file.path, "Make header and contract agree."))
    return frozenset(names) | told, problems


def _csv_header(source: Source, file: RawFile) -> list[str]:
    filesystem, path = place_of(file.path)
    encoding = str(source.options.get("encoding", "UTF-8"))
    try:
        with filesystem.open_input_stream(path, compression="detect") as stream:
            first = io.TextIOWrapper(io.BytesIO(stream.read(1 << 20)), encoding=encoding, errors="replace").readline()
    except (OSError, pa.ArrowException) as error:
        raise StoreError("this file cannot be read", where=file.path) from error
    separator = str(source.options.get("sep", source.options.get("delimiter", ",")))
    quote = str(source.options.get("quote", '"'))  # empty: a quote is a character like any other
    line = [first.rstrip("\r\n")]
    plain = csv.reader(line, delimiter=separator, quoting=csv.QUOTE_NONE)
    row = next(csv.reader(line, delimiter=separator, quotechar=quote) if quote else plain, [])
    return [name.strip().lstrip("﻿") for name in row]


def _footer_problems(source: Source, contract: Contract, fixed: str, file: RawFile) -> _Look:
    schema = _delta_schema(file) if source.format == "delta" else _parquet_schema(file)
    told, problems = (set[str](), []) if source.format == "delta" else _by_folder(file, contract, fixed)
    problems += _unknown(schema.names, [source_name(column) for column in contract.columns], contract, file)
    for column in contract.columns:
        where, name = f"{contract.file}:{column.line}", source_name(column)
        if name in schema.names:
            found = schema.field(name).type
            if not _readable_as(found, column.type):
                what = f"column {column.name!r} is {found} in {file.path}, not {column.type.ddl}"
                problems.append(Problem(what, where, "Make contract and data agree."))
        elif column.required and name not in told:
            problems.append(Problem(f"the required column {column.name!r} is missing in {file.path}", where))
    return frozenset(schema.names) | told, problems


def _parquet_schema(file: RawFile) -> pa.Schema:
    filesystem, path = place_of(file.path)
    try:
        return pq.read_schema(path, filesystem=filesystem)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            "this is not a readable Parquet file", where=file.path, todo="Replace or remove it."
        ) from error


def _delta_schema(file: RawFile) -> pa.Schema:
    return pa.schema(DeltaTable(file.path, version=file.modified).schema().to_arrow())


def _unknown(names: Iterable[str], known: Sequence[str], contract: Contract, file: RawFile) -> list[Problem]:
    return [unknown_column(name, known, contract, where=file.path) for name in names if name not in known]


def unknown_column(name: str, known: Sequence[str], contract: Contract, *, where: str) -> Problem:
    """The problem of a column in the data that the contract does not name."""
    near = nearest(name, known)
    hint = f"Did you mean {near!r}? " if near else ""
    what = f"the data has a column {name[:80]!r} that {contract.file} does not know"
    return Problem(what, where, f"{hint}Add it to the contract; method drop keeps it out.")


_FAMILY: Mapping[str, tuple[str, ...]] = {
    "tinyint": ("int8",),
    "smallint": ("int8", "int16", "uint8"),
    "int": ("int8", "int16", "int32", "uint8", "uint16"),
    "bigint": ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    "float": ("float",),
    "double": ("float", "double", "int8", "int16", "int32"),
    "boolean": ("bool",),
    "string": ("string", "large_string", "string_view"),
    "binary": ("binary", "large_binary", "string", "large_string"),
    "date": ("date32[day]",),
}


def _readable_as(found: pa.DataType, wanted: Type) -> bool:
    """Whether Spark reads a Parquet column of one type as the other without losing anything."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if wanted.name == "struct":
        have = {field.name: field.type for field in found} if pa.types.is_struct(found) else {}
        return bool(have) and all(
            name in {source_name(column) for column in wanted.fields} and _readable_as(
                kind, next(column.type for column in wanted.fields if source_name(column) == name)
            )
            for name, kind in have.items()
        )  # fmt: skip
    if wanted.name == "array" and wanted.item is not None:
        return bool(pa.types.is_list(found) or pa.types.is_large_list(found)) and _readable_as(
            found.value_type, wanted.item.type
        )
    if wanted.name == "decimal":
        return bool(pa.types.is_decimal(found)) and found.scale <= wanted.scale and (
            found.precision - found.scale <= wanted.precision - wanted.scale
        )  # fmt: skip
    if wanted.name in ("timestamp", "timestamp_ntz"):
        return bool(pa.types.is_timestamp(found)) and found.unit in ("us", "ms")
    return str(found) in _FAMILY[wanted.name]


def unknown_fields(spark: Any, source: Source, *, files: Sequence[RawFile], contract: Contract) -> list[Problem]:
    """Top-level fields of JSON lines that the contract does not name, at most 20: JSON has no header to look at.

    Raises:
        StoreError: a line holds more than one object. Spark's reader takes the first one and says nothing of the rest.
    """
    from pyspark.sql import functions as F

    if source.format != "json":
        return []
    known = [source_name(column) for column in contract.columns]
    lines = spark.read.option("lineSep", "\n").text([glob_words(file.path) for file in files])
    extra = F.array_except(F.json_object_keys("value"), F.array(*[F.lit(name) for name in known]))
    more = F.when(_more_than_one(F.col("value")), F.col("_metadata.file_path"))
    odd = lines.select(F.slice(extra, 1, 20).alias("names"), more.alias("more")).where(
        "size(names) > 0 or more is not null"
    )
    found = odd.distinct().limit(20).collect()
    if full := sorted(row["more"] for row in found if row["more"]):
        todo = "Write one object a line: what follows the first one would be lost."
        raise StoreError("a line holds more than one JSON object", where=_readable(full[0]), todo=todo)
    told = {name if _PLAIN_NAME.fullmatch(name) else "(not a plain word)" for row in found for name in row["names"]}
    return [unknown_column(name, known, contract, where=source.path) for name in sorted(told)[:20]]


def _more_than_one(line: Any) -> Any:
    """Whether a line starts with a whole JSON object and does not end with it.

    Most lines are cleared by their look: they end with a brace, and none before it is followed by anything but closing
    ones.
    """
    from pyspark.sql import functions as F

    looks = line.rlike(r"\}\s*[^\s}\]]") | ~F.rtrim(line, F.lit(" \t\r")).endswith("}")
    # Of an array it tells the length, whatever comes behind it; so something has to come behind the line.
    one = F.coalesce(F.json_array_length(F.concat(F.lit("["), line, F.lit(",0]"))), F.lit(0)) == 2
    return F.when(looks, F.json_object_keys(line).isNotNull() & ~one).otherwise(False)


def _readable(uri: str) -> str:
    return unquote(uri.removeprefix("file://"))
