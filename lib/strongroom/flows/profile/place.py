"""Which files somebody means, how a contract names them, and which tables of the lake they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from strongroom.core.contract import Source, raw_table
from strongroom.core.errors import StoreError
from strongroom.core.uris import plain_uri
from strongroom.flows.foundation.hidden_folders import places_told
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.hive_folders import shown_path

_TABLE = re.compile(r"raw\.([A-Za-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where raw data lies.

    Args:
        path: as a contract says it: relative to the lake, where it lies there.
        table: what the policy calls it; empty outside the lake, where the system's own rights count.
        delta: it is a Delta table.
    """

    path: str
    table: str
    delta: bool

    @property
    def source(self) -> Source:
        """The place as a source; of what format is told later."""
        return Source("raw", "delta" if self.delta else "csv", self.path)


def place_named(word: str, lake: str) -> Place:
    """What a path, a pattern, a URI or `raw.NAME` means.

    Raises:
        StoreError: there is nothing of that name, neither here nor in the lake.
    """
    word, lake = _plain(word), _plain(lake)
    if "://" in word:
        root = f"{lake.rstrip('/')}/"
        inside = re.sub("/{2,}", "/", word.removeprefix(root)).lstrip("/") if word.startswith(root) else ""
        return _place(inside or word, inside, word)
    named = _TABLE.fullmatch(word)
    local = "://" not in lake
    if named and not Path(word).exists():
        path = f"raw/{named[1]}"
        if local and not Path(lake, path).is_dir():
            raise _missing(word, lake)
        return _place(path, path, f"{lake.rstrip('/')}/{path}")
    if _is_there(Path(word)):
        whole = _real(word)
        inside = _inside(whole, lake) if local else ""
        return _place(inside or whole, inside, whole)
    if local and not word.startswith("/") and _is_there(Path(lake, word)):
        whole = _real(str(Path(lake, word)))
        inside = _inside(whole, lake)
        return _place(inside or whole, inside, whole)
    raise _missing(word, lake)


def tables_of(place: Place, files: Iterable[RawFile], lake: str) -> set[str]:
    """The tables of the lake that these files belong to, whatever links lead there."""
    found, lake = {place.table} if place.table else set[str](), _plain(lake)
    here = [] if "://" in lake else [path for file in files if "://" not in (path := _plain(file.path))]
    for path in here:
        whole = Path(os.path.realpath(path))
        # A Delta table is one file here; what lies in its folder may be links to another's.
        for each in (whole, *(Path(os.path.realpath(one)) for one in whole.rglob("*") if place.delta)):
            if inside := _inside(str(each), lake):
                found.add(raw_table(Source("raw", "csv", inside)))
    return found


@contextmanager
def folders_hidden(base: str) -> Iterator[None]:
    """What goes wrong with a file is told without what its folders say: that may be somebody's name.

    Args:
        base: the path or pattern that was asked for; its own folders somebody has named himself.
    """
    with places_told(lambda where: shown_path(where, named=base)):
        try:
            yield
        except RecursionError:
            what = "objects or arrays lie within each other more deeply than any contract has them"
            raise StoreError(what, where=base, todo="Write them flatter.", code="source.type") from None


def _plain(word: str) -> str:
    """One spelling of a place: Hadoop's names of S3 are S3's, and a file's URI is its path."""
    scheme, mark, rest = word.partition("://")
    return unquote("/" + rest.partition("/")[2]) if mark and scheme.lower() == "file" else plain_uri(word)


def _place(path: str, inside: str, whole: str) -> Place:
    delta = "://" not in whole and Path(whole, "_delta_log").is_dir()
    table = raw_table(Source("raw", "csv", inside)) if inside else ""
    return Place(path, table, delta)


def _inside(whole: str, lake: str) -> str:
    """A path relative to the lake; empty outside of it."""
    root = os.path.realpath(lake)
    return whole[len(root) + 1 :] if whole.startswith(f"{root}/") else ""


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder; of a pattern, the folder that it begins in."""
    text = str(path)
    fixed = Path(text.split("*")[0].rpartition("/")[0] or ".") if "*" in text else path
    return os.path.lexists(fixed)


def _real(word: str) -> str:
    """The whole path without links in its fixed part."""
    if "*" not in word:
        return os.path.realpath(word)
    fixed, star, rest = word.partition("*")
    folder, _, begun = fixed.rpartition("/")
    root = os.path.realpath(folder or ("/" if fixed.startswith("/") else "."))
    return f"{root.rstrip('/')}/{begun}{star}{rest}"


def _missing(word: str, lake: str) -> StoreError:
    todo = f"Give a path from here, one from {lake}, a URI, or raw.NAME of the lake."
    return StoreError("there is no such file, folder or table", where=word, todo=todo, code="source.missing")
