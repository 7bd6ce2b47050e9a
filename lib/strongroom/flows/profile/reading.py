"""The rows of a source that nobody has described yet, as a tree of tallies: read by the project's own readers.

A file is read by a draft of a contract: all its columns as texts, or by the types that it says itself. How a text file
is written is guessed from its beginning; the first guess that reads all of it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from strongroom.core.contract import Column, Contract, Source, Type
from strongroom.core.errors import EnvironmentFault, StoreError
from strongroom.flows.profile.sampling import Sample, groups_of, ranges_of
from strongroom.flows.row_pass.engines import BY_SPARK
from strongroom.flows.row_pass.part_reader import blocks_of
from strongroom.quality.profile.arrow_types import columns_of_schema
from strongroom.quality.profile.csv_guess import Bytes, candidates, has_header
from strongroom.quality.profile.tree import Tree, tree_of_batch, tree_of_records, with_types
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.csv_header import header_of
from strongroom.quality.reading.csv_machine import RECORD, Machine
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.encodings import LONGEST_MARK, decoder, encoding_of
from strongroom.quality.reading.json_document import elements
from strongroom.quality.reading.json_strict import parse
from strongroom.quality.reading.lines import lines_of, range_lines
from strongroom.quality.reading.parquet_rows import footer_of
from strongroom.stores.lake.reader_features import needs_spark
from strongroom.stores.sources import RawFile, place_of
from strongroom.stores.sources.delta import data_files
from strongroom.stores.sources.hive_folders import folders_of, of_columns
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part, footer_in, is_one_piece

_STEP, _HEAD, _BATCH = 8 << 20, 1 << 20, 2_000
_BROKEN = 1 << 60
"""Torn records of a file that a dialect cannot read."""
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (a workbook, say)", b"Obj\x01": "Avro", b"ORC": "ORC", b"SQLite format 3": "SQLite",
    b"\xd0\xcf\x11\xe0": "an old Office document", b"%PDF": "PDF", b"<?xml": "XML", b"ARROW1": "Arrow IPC",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What some files gave.

    Args:
        tree: of their rows.
        format: of a contract's server.
        options: of its reader.
        rows: read.
        torn: records that are no rows, and would be set aside.
        total: rows that there are, where that is known; else -1.
        bytes: read of the files, as they lie there.
    """

    tree: Tree
    format: str
    options: tuple[tuple[str, str | bool], ...] = ()
    rows: int = 0
    torn: int = 0
    total: int = -1
    bytes: int = 0

    def alike(self, other: Found) -> bool:
        """Whether one server of a contract can name both."""
        return (self.format, self.options) == (other.format, other.options)


@dataclass(slots=True)
class Reader:
    """Reads the files of one source, one after the other; what fitted the last file is tried first on the next.

    Args:
        sample: which part of the files is read.
        fixed: what stands before the source's own path in the files' paths (`fixed_of`).
        given: reader options that somebody has said, by their names in a contract.
    """

    sample: Sample
    fixed: str
    given: dict[str, str | bool] = field(default_factory=dict)
    last: Dialect | None = None

    def file(self, file: RawFile) -> Found:
        """All that is to be read of one file.

        Raises:
            StoreError: it cannot be read, or is no table of a format that is read.
        """
        with _told(file.path):
            head = _head(file.path, 64 << 10)
            folders = folders_of(file.path, self.fixed)
            if head.startswith(b"PAR1"):
                return self._parquet(Part(0, file.path), folders)
            for magic, name in _MAGIC.items():
                if head.lstrip().startswith(magic):
                    todo = "Write it as Parquet, JSON or CSV."
                    raise StoreError(
                        f"this is {name}, which is not read", where=file.path, todo=todo, code="source.type"
                    )
            return self._text(file, folders)

    def all_by(self, files: Sequence[RawFile], options: dict[str, str | bool]) -> Found | None:
        """What CSV files give by one dialect; None where a file is written in another."""
        said = {word: getattr(Dialect(), name) for word, name in _WORDS.items()}
        one = Reader(self.sample, self.fixed, {"encoding": "UTF-8", "lineSep": "", **said, **options})
        found = Found(Tree(), "csv", total=0)
        for file in files:
            try:
                read = one.file(file)
            except StoreError:
                return None
            if read.torn or read.format != "csv":
                return None
            found = together(found, read)
        return found

    def delta(self, table: RawFile) -> Found:
        """The rows of a Delta table at the version that it was listed with.

        Raises:
            EnvironmentFault: only Spark reads this table.
        """
        if reason := needs_spark(DeltaTable(table.path, version=table.modified)):
            what = f"only Spark reads this: {reason}"
            raise EnvironmentFault(what, where=table.path, todo=BY_SPARK, code="spark.needed")
        schema = pa.schema(DeltaTable(table.path, version=table.modified).schema().to_arrow())
        columns, _ = columns_of_schema(schema)
        found = Found(Tree(), "delta", total=0)
        for file in data_files(table.path, table.modified):
            one = self._parquet(Part(0, file.path), of_columns(file.values, columns), types=columns)
            found = together(found, one)
        return replace(found, format="delta")

    def _parquet(self, part: Part, folders: dict[str, str | None], *, types: Sequence[Column] = ()) -> Found:
        """The row groups of one file; `types` are those of the table that it belongs to."""
        filesystem, path = place_of(part.path)
        with filesystem.open_input_file(path) as opened:
            footer = footer_of(opened, path=part.path)
            size = opened.size()
        said = tuple(one for one in types if one.name in folders) if types else _texts(folders)
        columns, unread = _columns_of(footer)
        columns = (*columns, *(one for one in said if one.name not in {each.name for each in columns}))
        known = footer_in(footer)
        groups = groups_of(self.sample, known, size)
        draft = _draft("parquet", columns)
        tree, rows = Tree(), 0
        for number in groups:
            first = sum(known.rows[:number])
            part = replace(part, groups=(number,), first=first, folders=tuple(folders.items()))
            for block in blocks_of(part, draft, Seen(), None, only=_read(columns, unread)):
                chosen = [column for column in columns if column.name in block.rows.schema.names]
                tree = tree.merge(tree_of_batch(block.rows, chosen, tree))
                rows += block.rows.num_rows
        tree = _with_unread(tree, columns, unread, rows)
        share = len(groups) / max(1, len(known.rows))
        return Found(
            with_types(tree, types or columns, unread), "parquet", rows=rows, total=sum(known.rows),
            bytes=int(size * share),
        )  # fmt: skip

    def _text(self, file: RawFile, folders: dict[str, str | None]) -> Found:
        said = self.given.get("encoding")
        encoding = str(said) if said else _bytes_of(file, self.sample).encoding
        head = _head(file.path, _HEAD + 4)
        known, mark = encoding_of(head[:LONGEST_MARK], encoding)
        whole = len(head) < _HEAD
        text = decoder(known)(head[mark : mark + _HEAD], whole)
        if text.lstrip()[:1] in (b"{", b"["):
            return self._json(file, folders, encoding, known, mark, text)
        return self._csv(file, folders, encoding, known, mark, text, whole=whole)

    def _json(
        self, file: RawFile, folders: dict[str, str | None], encoding: str, known: str, mark: int, head: bytes
    ) -> Found:
        first = head.lstrip().partition(b"\n")[0]
        document = first[:1] == b"[" or (parse(first) is None and len(head) > len(first) + 1 and first.strip() == b"{")
        if first[:1] == b"{" and parse(first) is None and len(first) < len(head.lstrip()) - 1:
            document = True  # an object over several lines
        tree, seen, size = Tree(), Seen(), 0
        if document:
            with _opened(file.path) as stream:
                data = stream.read()
            size = file.size
            data = decoder(known)(data[mark:], True)
            texts: Iterator[bytes] = (data[begin:end] for begin, end in elements(data, seen))
        else:
            texts, size = _lines(file, known, self.sample), min(file.size, self.sample.of(file.size))
        rows = torn = 0
        for records in _batches(texts):
            good = [record for record in map(_parsed, records) if record is not None]
            torn += len(records) - len(good)
            rows += len(good)
            for record in good if folders else ():
                for name, value in folders.items():
                    record.setdefault(name, value)
            tree = tree.merge(tree_of_records(good, tree))
        if seen.broken is not None:
            what = f"this is no whole JSON document: byte {seen.broken:,}"
            raise StoreError(what, where=file.path, code="source.damaged")
        if torn and not rows:
            raise StoreError(
                "no line here is a JSON object", todo="Write one object a line, or one array of objects.", where=file.path,
                code="source.type",
            )  # fmt: skip
        options: dict[str, str | bool] = {"encoding": encoding} if encoding != "UTF-8" else {}
        options |= {"document": True} if document else {}
        read_all = document or self.sample.all
        return Found(
            tree,
            "json",
            tuple(options.items()),
            rows=rows,
            torn=torn,
            total=rows + torn if read_all else -1,
            bytes=size,
        )

    def _csv(
        self, file: RawFile, folders: dict[str, str | None], encoding: str, known: str, mark: int, head: bytes, *,
        whole: bool,
    ) -> Found:  # fmt: skip
        if not head.strip():
            raise StoreError("this file is empty", where=file.path, todo="Remove it.", code="source.type")
        if b"\n" not in head and head.count(b"\r") > 1:
            raise StoreError(
                "its lines end with a carriage return alone", where=file.path, todo="Write it with LF or CR LF.",
                code="source.type",
            )  # fmt: skip
        guesses = self._guesses(head, whole=whole)
        best: tuple[Found, Dialect] | None = None
        for guess in guesses:
            dialect = replace(guess, encoding=encoding)
            said = self.given.get("header")
            header = has_header(head, dialect, whole=whole) if said is None else said is True
            dialect = replace(dialect, header=header)
            found = self._by(file, folders, dialect, known, mark)
            if best is None or found.torn < best[0].torn:
                best = found, dialect
            if not found.torn:
                break
        if best is None or best[0].torn >= _BROKEN or (best[0].torn and not best[0].rows):
            todo = "Say how it is written: --option sep=';' and so on, as docs/contract.md has them."
            raise StoreError("this is no CSV that can be read", where=file.path, todo=todo, code="source.type")
        self.last = best[1]
        return best[0]

    def _guesses(self, head: bytes, *, whole: bool) -> list[Dialect]:
        found = candidates(head, whole=whole)
        if self.last is not None and replace(self.last, header=False, encoding="UTF-8") in found:
            found = [replace(self.last, header=False, encoding="UTF-8"), *found]
        found = [self._as_said(one) for one in found]
        if b"\r" in head.replace(b"\r\n", b"") and "lineSep" not in self.given:
            found = [*found, *(replace(one, feed_only=True) for one in found)]
        return list(dict.fromkeys(found))

    def _as_said(self, dialect: Dialect) -> Dialect:
        said = {name: self.given[word] for word, name in _WORDS.items() if word in self.given}
        feed_only = self.given["lineSep"] == "\n" if "lineSep" in self.given else dialect.feed_only
        return replace(dialect, feed_only=feed_only, **said)  # type: ignore[arg-type]

    def _by(self, file: RawFile, folders: dict[str, str | None], dialect: Dialect, known: str, mark: int) -> Found:
        """What a dialect makes of the file."""
        names = _names(file, dialect, known)
        columns = tuple(Column(name, name, Type("string")) for name in dict.fromkeys((*names, *folders)))
        draft = _draft("csv", columns)
        form = Form("csv", known, asdict(replace(dialect, encoding=known)), names, mark)
        ranges = ranges_of(self.sample, file.size, whole=is_one_piece(file))
        most = self.sample.of(file.size)
        found = Found(Tree(), "csv", options_of(dialect), total=0, bytes=min(file.size, most))
        for start, stop in ranges:
            seen = Seen()
            part = Part(0, file.path, start=start, stop=stop, folders=tuple(folders.items()), names=names)
            one = _rows(
                blocks_of(part, draft, seen, form), columns, found.tree, most=most if len(ranges) == 1 else None
            )
            if seen.broken is not None or (seen.open_quote and len(ranges) == 1):
                return replace(found, torn=_BROKEN)
            if not seen.open_quote:  # a range that began within quotes says nothing
                found = replace(found, tree=one.tree, rows=found.rows + one.rows, torn=found.torn + one.torn)
        return replace(found, total=found.rows + found.torn if self.sample.all else -1)


def _rows(blocks: Iterator[Block], columns: Sequence[Column], prior: Tree, *, most: int | None) -> Found:
    """The rows of some blocks, on top of what came before; no more than about so many bytes of them."""
    found, read = Found(prior, "csv"), 0
    for block in blocks:
        torn = len(block.torn.numbers) if block.torn is not None else 0
        tree = found.tree.merge(tree_of_batch(block.rows, columns, found.tree))
        found = replace(found, tree=tree, rows=found.rows + block.rows.num_rows, torn=found.torn + torn)
        read += block.raw.nbytes if block.raw is not None else 0
        if most is not None and read > most:
            break
    return found


_WORDS = {
    "sep": "sep", "quote": "quote", "escape": "escape", "comment": "comment", "ignoreLeadingWhiteSpace": "trim_left",
    "ignoreTrailingWhiteSpace": "trim_right",
}  # fmt: skip


def options_of(dialect: Dialect) -> tuple[tuple[str, str | bool], ...]:
    """A dialect in the words of a contract, what is the default left out."""
    plain = Dialect()
    options: dict[str, str | bool] = {"header": dialect.header}
    if dialect.encoding != "UTF-8":
        options["encoding"] = dialect.encoding
    options |= {
        word: getattr(dialect, name) for word, name in _WORDS.items() if getattr(dialect, name) != getattr(plain, name)
    }
    if dialect.feed_only:
        options["lineSep"] = "\n"
    return tuple(options.items())


def together(one: Found, other: Found) -> Found:
    """Both, of one source."""
    known = one.total >= 0 and other.total >= 0
    return Found(
        one.tree.merge(other.tree),
        other.format,
        other.options,
        rows=one.rows + other.rows,
        torn=one.torn + other.torn,
        total=one.total + other.total if known else -1,
        bytes=one.bytes + other.bytes,
    )


def _draft(format_: str, columns: Sequence[Column]) -> Contract:
    source = Source("raw", format_, "")
    return Contract("draft", "draft", "", "the draft", "", (source,), tuple(columns))


def _texts(names: dict[str, str | None]) -> tuple[Column, ...]:
    return tuple(Column(name, name, Type("string")) for name in names)


def _read(columns: Sequence[Column], unread: dict[str, str]) -> list[str]:
    """The columns at the top that are read: of one with something unreadable in it nothing is."""
    strange = {path.partition(".")[0].partition("[")[0] for path in unread}
    return [column.name for column in columns if column.name not in strange]


def _with_unread(tree: Tree, columns: Sequence[Column], unread: dict[str, str], rows: int) -> Tree:
    """The tree with the columns that were not read, in their places."""
    kept = set(_read(columns, unread))
    nothing = {column.name: _unread(column, rows) for column in columns if column.name not in kept}
    fields = {column.name: nothing.get(column.name) or tree.fields.get(column.name, Tree()) for column in columns}
    return replace(tree, objects=max(tree.objects, rows), rows=max(tree.rows, rows), fields=fields)


def _unread(column: Column, rows: int) -> Tree:
    if column.type.fields:
        return Tree(rows, objects=rows, nulls=0, fields={each.name: _unread(each, rows) for each in column.type.fields})
    if column.type.item is not None:
        return Tree(rows, arrays=rows, item=_unread(column.type.item, rows))
    return Tree(rows, nulls=rows)


def _columns_of(footer: pq.FileMetaData) -> tuple[tuple[Column, ...], dict[str, str]]:
    leaves = [footer.schema.column(number) for number in range(len(footer.schema))]
    uuids = {leaf.path for leaf in leaves if leaf.logical_type.type == "UUID"}
    moments = {leaf.path for leaf in leaves if leaf.physical_type == "INT96"}
    return columns_of_schema(footer.schema.to_arrow_schema(), uuids=uuids, moments=moments)


def _names(file: RawFile, dialect: Dialect, known: str) -> tuple[str, ...]:
    """The names of a CSV file's columns: of its header, or numbers.

    Raises:
        StoreError: a column has no name, or two have one: no contract can say which is meant.
    """
    with _opened(file.path) as stream:
        lines = lines_of(iter(lambda: stream.read(64 << 10), b""), encoding=known)
        if not dialect.header:
            width = next((_width(b"".join(line + b"\n" for line in array.to_pylist()), dialect) for array in lines), 1)
            return tuple(f"column_{place}" for place in range(1, width + 1))
        names = header_of(lines, dialect)
    lower = [name.lower() for name in names]
    if "" in names or len({*lower}) < len(lower):
        what = f"column {names.index('') + 1} has no name" if "" in names else "two columns have one name"
        raise StoreError(what, where=file.path, todo="Mend the first line.", code="source.header")
    return names


def _width(block: bytes, dialect: Dialect) -> int:
    machine, at = Machine(dialect), 0
    while at < len(block):
        kind, fields, end = machine.record(block, at)
        if kind == RECORD:
            return len(fields)
        if end <= at:
            break
        at = end
    return 1


def _lines(file: RawFile, known: str, sample: Sample) -> Iterator[bytes]:
    """The lines of a JSON file that are read."""
    if sample.all or is_one_piece(file):
        with _opened(file.path) as stream:
            read, most = 0, sample.of(file.size)
            for array in lines_of(iter(lambda: stream.read(_STEP), b""), encoding=known):
                yield from array.to_pylist()
                read += array.nbytes
                if not sample.all and read > most:
                    return
        return
    filesystem, path = place_of(file.path)
    with filesystem.open_input_file(path) as opened:
        for start, stop in ranges_of(sample, file.size, whole=False):
            for array in range_lines(opened, start, stop if stop >= 0 else file.size, encoding=known):
                yield from array.to_pylist()


def _parsed(text: bytes) -> dict[str, Any] | None:
    return parse(text, apart=True)


def _batches(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for text in texts:
        if text.strip():
            batch.append(text)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _bytes_of(file: RawFile, sample: Sample) -> Bytes:
    """What the bytes of a file say of its character set: of all of it, or of as much as is read."""
    found, read = Bytes(), 0
    with _opened(file.path) as stream:
        while piece := stream.read(_STEP):
            found.add(piece)
            read += len(piece)
            if not sample.all and read >= sample.of(file.size):
                return found
    found.add(b"", last=True)
    return found


def _head(path: str, size: int) -> bytes:
    with _opened(path) as stream:
        head: bytes = stream.read(size)
        return head


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    filesystem, inside = place_of(path)
    with filesystem.open_input_stream(inside, compression="detect") as stream:
        yield stream


@contextmanager
def _told(path: str) -> Iterator[None]:
    """An error without a place gets the file's; what storage and Arrow say may quote a value, so it is not said."""
    try:
        yield
    except StoreError as error:
        raise StoreError(error.what, where=error.where or path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException):
        todo = "Check the path and permission, and that the file is whole."
        raise StoreError("this file cannot be read", where=path, todo=todo, code="source.unreadable") from None
