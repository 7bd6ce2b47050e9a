"""What every reader gives: records with their places, and what of a part is no record.

A part is what one worker reads of a file without a break: all of it, a range of bytes, or row groups. Whoever reads a
part that is not the file's first cannot know how many records stand before it, so all numbers here begin with the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.arrow.buffers import Mask

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Torn:
    """Records that are no rows of their format, n of them.

    Args:
        numbers: n numbers in the part, from 1.
        raw: binary, n: the bytes of each record in UTF-8 as far as they can be, without its line end.
        untrusted: these are the lines behind a broken quote, one by one: they are kept, and never read again, for what
            looks like a row there may be part of a value.
        lines: n numbers of the line in the part in which each begins, from 1; None where a reader does not know.
    """

    numbers: Numbers
    raw: pa.Array
    untrusted: bool = False
    lines: Numbers | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Some records of one part that follow each other.

    Args:
        rows: n rows with every column of the contract, by name and in its order. A leaf is text (`string`) as it stands
            in the file, or already of the declared type; a column that the file has not is null. Where some value of a
            typed source is none of the declared type, the leaf has the file's own type for numbers, and `large_string`
            (ISO 8601, to be read without the contract's `read`) for dates and timestamps.
        numbers: n numbers of these rows in the part, from 1, ascending; headers, blank and comment lines not counted.
        raw: binary, n: the bytes of each record, as in `Torn`; None where a source is no text.
        torn: the records in between that are no rows, or None.
        unreadable: by the path of a leaf, the rows that hold something there that is no such value (an object for a
            text); the leaf is null in these rows, and the rule `type` fails. Paths without any are missing.
        lines: n numbers of the line in the part in which each row begins, from 1: of lines as an editor counts them,
            so quoted line breaks, headers, blank and comment lines count; None where a reader does not know.
    """

    rows: pa.RecordBatch
    numbers: Numbers
    raw: pa.Array | None = None
    torn: Torn | None = None
    unreadable: Mapping[str, Mask] = field(default_factory=dict)
    lines: Numbers | None = None

    def only(self, stay: Mask) -> Block:
        """These of its rows, and no torn record."""
        which = pa.array(stay)
        return Block(
            self.rows.filter(which),
            self.numbers[stay],
            None if self.raw is None else self.raw.filter(which),
            unreadable={path: mask[stay] for path, mask in self.unreadable.items()},
            lines=None if self.lines is None else self.lines[stay],
        )


class Unknown(NamedTuple):
    """A name in the data that the contract does not know: its path, and the number of the first record that has it.

    `line` is that in which the record begins; 0 where a reader does not know.
    """

    path: str
    number: int
    line: int = 0


@dataclass(slots=True)
class Seen:
    """What a reader has seen of a part; it counts as it goes, and the numbers are final once it has come to the end.

    Args:
        records: good and torn.
        lines: all of the part's lines.
        blank: lines without anything.
        comments: lines that the dialect takes for comments.
        unknown: at most 20.
        open_quote: the part ends inside a quoted field: another split is needed, or the file is broken.
        broken: the part's byte (from 0, in the bytes of the file) from which on no record can be trusted, or None:
            where the record begins whose quote is broken.
        broken_line: the line of that byte, from 1.
        names: of JSON, the contract's columns by the source's names that some record has: every column with a value,
            and what else is named by one of the records that were looked at one by one.
    """

    records: int = 0
    lines: int = 0
    blank: int = 0
    comments: int = 0
    unknown: list[Unknown] = field(default_factory=list)
    open_quote: bool = False
    broken: int | None = None
    broken_line: int | None = None
    names: set[str] = field(default_factory=set)
