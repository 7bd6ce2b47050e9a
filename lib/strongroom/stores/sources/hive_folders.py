"""Folders called `name=value`, as Hive, Spark and others lay out files: what they say of every row below them.

Pure functions over paths. A folder's value is text, read strictly as text of any other source is, so that it is typed,
judged and protected as its column. A folder is one of these also in the fixed part of the contract's path, but never
above it: where the lake itself lies says nothing of the data.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.core.contract import Column, Contract, source_name
from strongroom.core.errors import Problem, StoreError
from strongroom.core.suggest import unknown_column

NULL = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark call the folder of a null, and of the empty text, which so is null here, too."""
_FOLDER = re.compile(r"(?s)([^=]+)=(.*)")
_BELOW = re.compile(r"(?s)((?:^|/)([^/=]+))=[^/]*(?=/)")


def folders_of(path: str, fixed: str) -> dict[str, str | None]:
    """What the folders of a file say: name → text, null where the folder stands for a missing value.

    Args:
        path: of the file, as it was listed.
        fixed: what stands before the contract's own path (the lake's root), or an empty text where that is a whole one.

    Raises:
        StoreError: two folders give one column two values, or one is no UTF-8 once its `%XX` are undone.
    """
    found: dict[str, str | None] = {}
    for folder in path.removeprefix(fixed).split("/")[:-1]:
        match = _FOLDER.fullmatch(folder)
        if match is None:
            continue
        name, value = _decoded(match[1], path), _decoded(match[2], path)
        text = None if value in (NULL, "") else value
        if found.setdefault(name, text) != text:
            what = f"two folders give the column {name[:80]!r} two values"
            raise StoreError(what, where=path, todo="Move the file to where one of them holds.", code="source.name")
    return found


def _decoded(text: str, path: str) -> str:
    """The text with its `%XX` undone; a `+` is a plus, and a `%` that begins no such is itself."""
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        what = "a folder's name is no UTF-8 once its %XX are undone"
        raise StoreError(what, where=path, todo="Name it anew in UTF-8.", code="source.name") from None


def shown_path(path: str, *, named: str = "", open_names: Collection[str] = ()) -> str:
    """A file's path without what its folders say, which may be somebody's name: `customer=*`.

    Args:
        path: as the file was listed, or as an error has it.
        named: the path or pattern that somebody wrote down himself; its own folders stay.
        open_names: names of folders whose values are nobody's secret.
    """
    fixed = named if "*" not in named else named.split("*")[0].rpartition("/")[0]
    start = len(fixed) if path.startswith(fixed) else 0
    return path[:start] + _BELOW.sub(
        lambda found: found[0] if unquote(found[2]) in open_names else f"{found[1]}=*", path[start:]
    )


def folder_problems(folders: Mapping[str, str | None], contract: Contract, *, path: str) -> list[Problem]:
    """What the contract has against the names of a file's folders.

    A column that neither a file nor its folders have is null in the file's rows, as one is that the file alone lacks,
    whatever the folders of other files say; the caller asks for the required ones.
    """
    known = {source_name(column): column for column in contract.columns}
    problems = []
    for name in folders:
        column = known.get(name)
        if column is None:
            problems.append(unknown_column(name, known, contract.file, where=path, by=", by a folder,"))
        elif column.type.name in ("struct", "array"):
            what = f"the folder {name[:80]!r} holds one text, and the column is of type {column.type.name}"
            problems.append(
                Problem(what, f"{contract.file}:{column.line}", "Declare a single value.", "contract.misfit")
            )
    return problems


def agrees(values: pa.Array, folder: pa.Scalar) -> pa.BooleanArray:
    """Which rows hold in their file what the folder says: n of true or false, never null.

    Both are compared once they are typed, so `1` and `01` of a whole number agree. A row without a value agrees: the
    folder says it. One that has a value where the folder says null does not.

    Args:
        values: n, the column as the file has it, typed.
        folder: the folder's text, typed as the column (a batch of one row through the same reading).
    """
    if not folder.is_valid:
        return pc.is_null(values)
    return pc.fill_null(pc.equal(values, folder), True)


def of_columns(folders: Mapping[str, str | None], columns: Sequence[Column]) -> dict[str, str | None]:
    """The same by the contract's names, in its order: what a reader fills in for these columns."""
    return {column.name: folders[source_name(column)] for column in columns if source_name(column) in folders}


def filled(rows: int, folders: Mapping[str, str | None]) -> dict[str, Any]:
    """A column of text for each name, n times the folder's value."""
    return {name: pa.repeat(pa.scalar(text, pa.string()), rows) for name, text in folders.items()}
