"""CSV that nobody has described yet: how it is written is guessed; the first guess that reads all of it is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

from strongroom.core.contract import Column, Type
from strongroom.core.errors import StoreError
from strongroom.flows.profile.found import Folders, Found
from strongroom.flows.profile.found import draft as draft_of
from strongroom.flows.profile.sampling import Sample, bytes_in, ranges_of
from strongroom.flows.row_pass.part_reader import blocks_of, opened
from strongroom.quality.profile.csv_guess import candidates, has_header
from strongroom.quality.profile.tree import Tree, tree_of_batch
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.quality.reading.csv_header import header_of
from strongroom.quality.reading.csv_machine import RECORD, Machine
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.lines import lines_of
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.origins import Form
from strongroom.stores.sources.work_items import Part, is_one_piece

_BROKEN = 1 << 60
"""Torn records of a file that a dialect cannot read."""
_FOR_EXCEL = re.compile(rb"\A\"?sep=.\"?\r?\n", re.IGNORECASE)
_WORDS = {
    "sep": "sep", "quote": "quote", "escape": "escape", "comment": "comment", "ignoreLeadingWhiteSpace": "trim_left",
    "ignoreTrailingWhiteSpace": "trim_right",
}  # fmt: skip
"""Options of a contract → fields of a dialect."""


@dataclass(slots=True)
class CsvFiles:
    """Reads CSV files, one after the other; what fitted the last one is tried first on the next.

    Args:
        sample: which part of the files is read.
        given: reader options that somebody has said, by their names in a contract.
    """

    sample: Sample
    given: dict[str, str | bool] = field(default_factory=dict)
    last: Dialect | None = None

    def rows(
        self, file: RawFile, folders: Folders, *, encoding: str, known: str, mark: int, head: bytes, whole: bool
    ) -> Found:
        """The records of a file, by the first guess that reads all of them.

        Args:
            file: the file.
            folders: are columns of each record.
            encoding: as a contract says it.
            known: what the file is read as.
            mark: bytes of its mark.
            head: its beginning, in UTF-8.
            whole: that is all of it.

        Raises:
            StoreError: no guess reads it, or its header names no columns.
        """
        if not head.strip():
            raise StoreError("this file is empty", where=file.path, todo="Remove it.", code="source.type")
        if b"\n" not in head and head.count(b"\r") > 1:
            raise StoreError(
                "its lines end with a carriage return alone", where=file.path, todo="Write it with LF or CR LF.",
                code="source.type",
            )  # fmt: skip
        if _FOR_EXCEL.match(head):
            what = "its first line is sep=, which only Excel reads as none of the rows"
            raise StoreError(what, where=file.path, todo="Take the line away.", code="source.header")
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
        if self.last is not None:
            last = replace(self.last, header=False, encoding="UTF-8")
            if last in found and _width(head, last) >= _width(head, found[0]):  # not one column of what are several
                found = [last, *found]
        found = [self._as_said(one) for one in found]
        if b"\r" in head.replace(b"\r\n", b"") and "lineSep" not in self.given:
            found = [*found, *(replace(one, feed_only=True) for one in found)]
        return list(dict.fromkeys(found))

    def _as_said(self, dialect: Dialect) -> Dialect:
        said = {name: self.given[word] for word, name in _WORDS.items() if word in self.given}
        feed_only = self.given["lineSep"] == "\n" if "lineSep" in self.given else dialect.feed_only
        return replace(dialect, feed_only=feed_only, **said)  # type: ignore[arg-type]

    def _by(self, file: RawFile, folders: Folders, dialect: Dialect, known: str, mark: int) -> Found:
        """What a dialect makes of the file."""
        names = _names(file, dialect, known)
        columns = tuple(Column(name, name, Type("string")) for name in dict.fromkeys((*names, *folders)))
        draft = draft_of("csv", columns)
        form = Form("csv", known, asdict(replace(dialect, encoding=known)), names, mark)
        whole = is_one_piece(file)
        ranges = ranges_of(self.sample, file.size, whole=whole)
        most = self.sample.of(file.size)
        found = Found(Tree(), "csv", options_of(dialect), total=0, bytes=bytes_in(self.sample, file.size, whole=whole))
        for start, stop in ranges:
            seen = Seen()
            part = Part(0, file.path, start=start, stop=stop, folders=tuple(folders.items()), names=names)
            most_here = None if self.sample.all or len(ranges) > 1 else most
            one = _rows(blocks_of(part, draft, seen, form), columns, found.tree, most=most_here)
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


def all_said(options: dict[str, str | bool]) -> dict[str, str | bool]:
    """Options with all that they leave to the default, so that nothing is guessed."""
    said = {word: getattr(Dialect(), name) for word, name in _WORDS.items()}
    return {"encoding": "UTF-8", "lineSep": "", **said, **options}


def _names(file: RawFile, dialect: Dialect, known: str) -> tuple[str, ...]:
    """The names of a CSV file's columns: of its header, or numbers.

    Raises:
        StoreError: a column has no name, or two have one: no contract can say which is meant.
    """
    with opened(file.path) as stream:
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
    block = block if block.endswith(b"\n") else block + b"\n"
    while at < len(block):
        kind, fields, end = machine.record(block, at)
        if kind == RECORD:
            return len(fields)
        if end <= at:
            break
        at = end
    return 1
