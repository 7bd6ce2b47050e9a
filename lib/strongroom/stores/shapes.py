"""Does the data look as the contract says? Headers, footers and field names are compared before a row is read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.escaping import glob_words
from strongroom.core.words import nearest
from strongroom.stores.lake import filesystem_of
from strongroom.stores.sources import RawFile

_PLAIN_NAME = re.compile(r"[^\W\d][\w-]{0,63}")
"""What a field is called. A name of another form may be a value: some write a map of values as an object."""


Fits = Callable[[pa.NativeFile | pa.Schema, Contract, str], list[Problem]]
"""What keeps an open Parquet file, or files of a schema, from being read by a contract; the last is the path."""


def check_shape(source: Source, files: Sequence[RawFile], contract: Contract, *, fits: Fits) -> None:
    """Looks at headers and footers only: columns that the contract does not know, that are missing, or of another type.

    JSON lines carry no header; their unknown fields are found while they are read.

    Args:
        source: says the format.
        files: all of them are looked at.
        contract: what is expected.
        fits: says what does not fit of Parquet and Delta: whoever reads it.

    Raises:
        ConfigError: data and contract disagree; all disagreements at once.
        StoreError: a file cannot be read.
    """
    if source.format == "json":
        return
    look = _header_problems if source.format == "csv" else partial(_footer_problems, fits)
    with ThreadPoolExecutor(16) as pool:
        problems = [problem for found in pool.map(partial(look, source, contract), files) for problem in found]
    if problems:
        raise ConfigError(problems)


def _header_problems(source: Source, contract: Contract, file: RawFile) -> list[Problem]:
    nested = [column.name for column in contract.columns if column.type.name in ("struct", "array")]
    if nested:
        return [Problem(f"CSV has no nested columns, but {nested[0]!r} is one", f"{contract.file}:{source.line}")]
    if str(source.options.get("header", "false")).lower() != "true":
        return []
    names = _csv_header(source, file)
    known = [column.name for column in contract.columns]
    if not set(names) & set(known):  # perhaps a row, and then its values are nobody's business
        what = f"the first line is no header: none of its {len(names)} names is one of {contract.file}"
        return [Problem(what, file.path, "Add the header, or set the option header to false.")]
    problems = _unknown(names, known, contract, file)
    if not problems and names != known:
        missing = [name for name in known if name not in names]
        what = f"column {missing[0]!r} is missing" if missing else "the columns stand in another order"
        problems.append(Problem(what, file.path, "Make header and contract agree."))
    return problems


def _csv_header(source: Source, file: RawFile) -> list[str]:
    filesystem, path = filesystem_of(file.path)
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


def _footer_problems(fits: Fits, source: Source, contract: Contract, file: RawFile) -> list[Problem]:
    if source.format == "delta":
        return fits(_delta_schema(file), contract, file.path)
    filesystem, path = filesystem_of(file.path)
    try:
        with filesystem.open_input_file(path) as opened:
            return fits(opened, contract, file.path)
    except OSError as error:
        raise StoreError("this file cannot be read", where=file.path, todo="Replace or remove it.") from error


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


def unknown_fields(spark: Any, source: Source, *, files: Sequence[RawFile], contract: Contract) -> list[Problem]:
    """Top-level fields of JSON lines that the contract does not name, at most 20: JSON has no header to look at.

    Raises:
        StoreError: a line holds more than one object. Spark's reader takes the first one and says nothing of the rest.
    """
    from pyspark.sql import functions as F

    if source.format != "json":
        return []
    known = [column.name for column in contract.columns]
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
