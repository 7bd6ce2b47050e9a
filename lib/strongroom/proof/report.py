"""What a search has found, what it has read, and what it could not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Found:
    """A value of a person in a place.

    Args:
        file: its path; a part of it that holds a value is `…`.
        where: `bytes`, `name`, `content` (decompressed), `member 2`, `row group 0, column a.b`, also one in another;
            with `, dictionary` its values, each of which rows share.
        at: of its first place there the byte, or in a column the row; of a name 0.
        form: one of FORMS.
        subject: the person's number.
        name: what the value is.
        count: places there.
    """

    file: str
    where: str
    at: int
    form: str
    subject: int
    name: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Searched:
    """A file that was read to its end, as it was then."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Unsearched:
    """What was not searched: a file or a part of it, and why."""

    file: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a search.

    Args:
        roots: what was searched, everything below.
        found: places of the needles.
        invented: places of invented people, which are there by chance.
        unsearched: what could not be looked into.
        files: all that were read.
        opened: bytes that were decompressed or decoded and searched besides those of the files.
        needles: values that were looked for.
        subjects: whose they are.
        decoys: invented values.
        patterns: byte patterns by form, of the needles.
        by_column: values that were compared in named columns only, by their name.
        columns: `table: column` that they were compared with.
    """

    roots: tuple[str, ...]
    found: tuple[Found, ...]
    invented: tuple[Found, ...]
    unsearched: tuple[Unsearched, ...]
    files: tuple[Searched, ...]
    opened: int
    needles: int
    subjects: int
    decoys: int
    patterns: Mapping[str, int]
    by_column: Mapping[str, int]
    columns: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """SHA-256 of the list of files, a line each: `sha256  size  path`."""
        lines = "".join(f"{file.sha256}  {file.size}  {file.file}\n" for file in self.files)
        return sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def false_hits(self) -> float:
        """Places by chance for each value that is looked for, as invented ones were hit; 0 where none was invented."""
        return sum(each.count for each in self.invented) / self.decoys if self.decoys else 0.0
