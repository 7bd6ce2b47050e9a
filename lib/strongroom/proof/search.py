"""Searches every file below some roots: its bytes, what is compressed in it, its columns, its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs

from strongroom.core.no_values import no_values
from strongroom.proof import columns, contents, tables
from strongroom.proof.forms import Needle, reach
from strongroom.proof.report import Found, Report, Searched, Unsearched
from strongroom.proof.wanted import Hit, Wanted
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.listing import Stored, files_below

_CHUNK = 4 << 20
_PIECE = 64 << 10
"""Bytes that are decompressed at a time: of a broken stream all is searched but the last such piece."""
WHOLE = 64 << 20
"""Bytes up to which a file is read once, and up to which one within another is held to look into it."""
DEEPEST = 4
"""Contents within contents that are opened."""
EXPANDED, RATIO = 16 << 30, 300
"""Bytes, and times its size, up to which a file is decompressed; the greater counts."""
_GONE, _LINK, _MISSING = "it is gone since it was listed", "it is a link or no file, and not followed", "is not there"


def search(
    roots: Sequence[str],
    needles: Sequence[Needle],
    *,
    invented: Sequence[Needle] = (),
    lake: str = "",
    columns: Mapping[str, Collection[str]] | None = None,
    without: Collection[str] = (),
) -> Report:
    """Every place of these values in every file below these roots.

    Args:
        roots: folders or single files, as paths or URIs; a file below two of them is searched once.
        needles: what should not be there.
        invented: values that never were, to measure what hits by chance in the same run (`decoys`).
        lake: the root below which the tables of `columns` lie.
        columns: by table, the paths of its columns of subjects, in which values too short to be searched are compared.
        without: folders, as the file system names them, that are not looked into.

    Raises:
        StrongroomError: a bug; no message of a foreign one is said, which might quote a value.
    """
    asked = {name: frozenset(paths) for name, paths in (columns or {}).items()}
    with no_values("the search for what was erased"):
        run = _Search(Wanted(needles, invented))
        named = [_Named(f"{filesystem_of(Lake(lake).folder(name))[1]}/", name, paths) for name, paths in asked.items()]
        for filesystem, file in _files(roots, run, without):
            run.file(filesystem, file, next((each for each in named if file.path.startswith(each.folder)), _NOT_NAMED))
    short = [needle for needle in needles if reach(needle) == "columns"]
    if short:
        run.not_compared(asked, len(short))
    return run.report(roots, needles, invented, short)


class _Named(NamedTuple):
    """The columns of a table in which short values are compared, and the folder it lies in."""

    folder: str
    table: str
    paths: frozenset[str]


_NOT_NAMED = _Named("", "", frozenset())


def _files(roots: Sequence[str], run: _Search, without: Collection[str]) -> Iterator[tuple[pafs.FileSystem, Stored]]:
    seen: set[tuple[str, str]] = set()
    for root in roots:
        filesystem, path = filesystem_of(root)
        unread: list[tuple[str, str]] = []
        found = filesystem.get_file_info(path)
        if found.type == pafs.FileType.NotFound:
            run.skip(path, "", _MISSING)
        single = [Stored(path, found.size, 0.0)] if found.type == pafs.FileType.File else None
        for file in single or files_below(root, unread, without=without):
            if (filesystem.type_name, file.path) not in seen:
                seen.add((filesystem.type_name, file.path))
                yield filesystem, file
        for folder, why in unread:
            run.skip(folder, "", why)


class _Search:
    """A search on its way: what is wanted, and what came of it until now."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._found: dict[tuple[str, str, str, int], list[int]] = {}
        self._unsearched: list[Unsearched] = []
        self._files: list[Searched] = []
        self._compared: set[tuple[str, str]] = set()
        self._opened = 0

    def skip(self, file: str, where: str, why: str) -> None:
        self._unsearched.append(Unsearched(self._shown(file), where, why))

    def file(self, filesystem: pafs.FileSystem, stored: Stored, named: _Named) -> None:
        """One file: its name, its bytes, and what it holds."""
        name, shown = np.frombuffer(_bytes(stored.path), np.uint8), self._shown(stored.path)
        for hit in self._wanted.find(name) if len(name) else ():
            self._add(shown, "name", 0, hit.form, hit.needle)
        if stored.odd:
            self.skip(stored.path, "", _LINK)
            return
        try:
            with filesystem.open_input_file(stored.path) as opened:
                file: Any = pa.BufferReader(opened.read()) if opened.size() <= WHOLE else opened
                digest = sha256()
                size = self._bytes(file, shown, "bytes", digest)
                self._files.append(Searched(shown, size, digest.hexdigest()))
                file.seek(0)
                left = [max(EXPANDED, RATIO * size)]
                self._content(file, shown, "", named, depth=0, left=left)
        except FileNotFoundError:
            self.skip(stored.path, "", _GONE)
        except contents.DAMAGED as fault:
            self.skip(stored.path, "", f"it cannot be read ({type(fault).__name__})")

    def _bytes(self, source: contents.Reader, file: str, where: str, digest: Any = None) -> int:
        """Searches a stream to its end, or to where it breaks; how many bytes it has."""
        rest, start = b"", 0
        while True:
            more, fault = _filled(source, _CHUNK)
            if digest is not None:
                digest.update(more)
            data, last = np.frombuffer(rest + more, np.uint8), len(more) < _CHUNK
            for hit in self._wanted.find(data):
                # a place at the end of a chunk is looked at with the next one, when it is known what stands behind it
                if hit.end + 2 > len(rest) and (last or hit.end + 2 <= len(data)):
                    self._add(file, where, start + hit.start, hit.form, hit.needle)
            kept = min(len(data), self._wanted.around)
            start, rest = start + len(data) - kept, data[len(data) - kept :].tobytes()
            if fault is not None:
                raise fault
            if last:
                return start + kept

    def _content(self, source: Any, file: str, where: str, named: _Named, *, depth: int, left: list[int]) -> None:
        """What lies in a file, or in a content of one, whose bytes are searched already."""
        head = source.read(contents.HEAD)
        source.seek(0)
        if why := contents.unknown(head):
            self.skip(file, where, why)
        elif not contents.is_more(head) and not tables.is_table(head):
            return
        elif depth == DEEPEST:
            self.skip(file, where, f"it holds more than {DEEPEST} contents one within the other")
        else:
            try:
                if tables.is_table(head):
                    self._table(head, source, file, where, named)
                elif opener := contents.stream_of(head):
                    self._inner(opener(source), file, _in(where, "content"), named, depth=depth, left=left)
                else:
                    self._archive(source, file, where, named, depth=depth, left=left)
            except contents.TooLarge:
                self.skip(file, where, f"it holds more than {EXPANDED} bytes and {RATIO} times its own")
            except contents.DAMAGED as fault:
                self.skip(file, where, f"what it holds cannot be read to its end ({type(fault).__name__})")

    def _inner(
        self, opened: contents.Reader, file: str, where: str, named: _Named, *, depth: int, left: list[int]
    ) -> None:
        """Something that was compressed: its bytes, and what it holds in turn."""
        source = contents.Opened(contents.Measured(opened, left))
        head = source.peek()
        if not (contents.is_more(head) or tables.is_table(head) or contents.unknown(head)):
            self._opened += self._bytes(source, file, where)
            return
        data, fault = _filled(source, WHOLE + 1)
        if fault is not None or len(data) > WHOLE:
            self.skip(file, where, f"what lies in there is broken, or of more than {WHOLE} bytes: not opened itself")
            self._opened += self._bytes(contents.Opened(source, data), file, where)
            if fault is not None:
                raise fault
            return
        self._opened += self._bytes(io.BytesIO(data), file, where)
        self._content(io.BytesIO(data), file, where, named, depth=depth + 1, left=left)

    def _archive(self, source: Any, file: str, where: str, named: _Named, *, depth: int, left: list[int]) -> None:
        with zipfile.ZipFile(source) as archive:
            for number, info in enumerate(archive.infolist()):
                member = _in(where, f"member {number}")
                try:
                    with archive.open(info) as opened:
                        self._inner(opened, file, member, named, depth=depth, left=left)
                except contents.TooLarge:
                    raise
                except contents.DAMAGED as fault:
                    why = "it is encrypted" if info.flag_bits & 1 else f"it cannot be read ({type(fault).__name__})"
                    self.skip(file, member, why)

    def _table(self, head: bytes, source: Any, file: str, where: str, named: _Named) -> None:
        seen = set[tuple[str, int, str, int]]()
        for piece in tables.pieces(head, source, self._wanted.may_hold):
            if piece.batch is None:
                self.skip(file, _in(where, piece.where), piece.why)
                continue
            self._opened += piece.batch.nbytes
            for leaf in columns.leaves(piece.batch):
                is_named = leaf.path in named.paths
                if is_named:
                    self._compared.add((named.table, leaf.path))
                for at, form, needle in columns.in_leaf(leaf.values, self._wanted, named=is_named):
                    place = _in(where, f"{piece.where}, column {self._shown(leaf.path)}")
                    if not leaf.dictionary:
                        self._add(file, place, piece.first + at, form, needle)
                    elif (place, at, form, needle) not in seen:  # each batch brings it along
                        seen.add((place, at, form, needle))
                        self._add(file, f"{place}, dictionary", at, form, needle)

    def _add(self, file: str, where: str, at: int, form: str, needle: int) -> None:
        known = self._found.setdefault((file, where, form, needle), [0, at])
        known[0] += 1
        known[1] = min(known[1], at)

    def _shown(self, name: str) -> str:
        """A path without the parts of it that hold a value."""
        data = _bytes(name)
        hits: list[Hit] = list(self._wanted.find(np.frombuffer(data, np.uint8))) if data else []
        parts, start = [], 0
        for part in data.split(b"/"):
            end = start + len(part)
            held = any(hit.start < end and hit.end > start for hit in hits)
            parts.append("…" if held else part.decode("utf-8", "backslashreplace"))
            start = end + 1
        return "/".join(parts)

    def not_compared(self, asked: Mapping[str, Collection[str]], count: int) -> None:
        """Says which columns were not there to compare short values with."""
        if not asked:
            self._unsearched.append(Unsearched("", "", f"no column is named to compare {count} short values with"))
        for table, paths in asked.items():
            for path in sorted(set(paths) - {path for one, path in self._compared if one == table}):
                self._unsearched.append(Unsearched(table, f"column {path}", "no file has it: nothing was compared"))

    def report(
        self, roots: Sequence[str], needles: Sequence[Needle], invented: Sequence[Needle], short: Sequence[Needle]
    ) -> Report:
        """What came of it."""
        real, false = list[Found](), list[Found]()
        for (file, where, form, number), (count, at) in sorted(self._found.items()):
            needle = self._wanted.needles[number]
            one = Found(file, where, at, form, needle.subject, needle.name, count)
            (real if number < len(needles) else false).append(one)
        by_column: dict[str, int] = {}
        for needle in short:
            by_column[needle.name] = by_column.get(needle.name, 0) + 1
        return Report(
            roots=tuple(roots), found=tuple(real), invented=tuple(false), unsearched=tuple(self._unsearched),
            files=tuple(self._files), opened=self._opened, needles=len(needles),
            subjects=len({needle.subject for needle in needles}), decoys=len(invented),
            patterns=dict(sorted(self._wanted.counts.items())), by_column=by_column,
            columns=tuple(f"{table}: {path}" for table, path in sorted(self._compared)),
        )  # fmt: skip


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _in(where: str, what: str) -> str:
    return f"{where}, {what}" if where else what


def _filled(source: contents.Reader, size: int) -> tuple[bytes, Exception | None]:
    """So many bytes, fewer at the end of a stream or where it breaks; and how it breaks."""
    found, have = [], 0
    try:
        while have < size and (more := source.read(min(_PIECE, size - have))):
            found.append(more)
            have += len(more)
    except contents.DAMAGED as fault:
        return b"".join(found), fault
    return b"".join(found), None
