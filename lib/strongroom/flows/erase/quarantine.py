"""People in a quarantine: its rows are sealed as a whole.

A row whose subject can be read is found by the tag beside it; in a file from before there were such tags all rows are
opened and read as they were read before. One without (a torn line, a subject that is none)
is searched for what the request knows of the people, as far as that is long enough to be nobody else's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import ASIDE
from strongroom.core.keys.ring import Keyring
from strongroom.flows.erase.crowd import Crowd, Flags
from strongroom.flows.quarantine.sealed_feed import Opened, openings_of
from strongroom.flows.row_pass.process import UNOPENED
from strongroom.protect import unseal
from strongroom.protect.subject_tags import aside_tagger, row_tagger
from strongroom.protect.tag_sets import tag_set
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import ROWS, opened

LONG = 6
"""Bytes of a value that is looked for in what is no row; a shorter one stands in other people's rows, too."""
_WORD = rb"[0-9A-Za-z_\x80-\xff]"


def patterns_of(values: Mapping[str, Sequence[str]]) -> dict[str, re.Pattern[bytes]]:
    """Request → what finds its people in what is no row; nothing of one that knows only what is too short for that."""
    found = {}
    for request, words in values.items():
        long = sorted({word.encode() for word in words if len(word.encode()) >= LONG}, key=len, reverse=True)
        if long:
            any_of = b"|".join(map(re.escape, long))
            found[request] = re.compile(b"(?<!" + _WORD + b")(?:" + any_of + b")(?!" + _WORD + b")")
    return found


def owner_of(line: bytes | None, patterns: Mapping[str, re.Pattern[bytes]]) -> str:
    """The request whose people a line tells of; empty: none."""
    return next((name for name, words in patterns.items() if line and words.search(line)), "")


@dataclass(slots=True)
class SealedRows:
    """Finds people in the files of one quarantine.

    Args:
        lake: where it lies.
        contract: of its rows.
        ring: opens them.
        crowd: the people.
        values: request → what it knows of its people.
        unopened: rows that do not open, of the files that were looked through.
        unread: rows that are none and in which people with short values only cannot be looked for.
    """

    lake: Lake
    contract: Contract
    ring: Keyring
    crowd: Crowd
    values: Mapping[str, Sequence[str]]
    unopened: int = 0
    unread: int = 0
    aside: Crowd = field(init=False)
    _patterns: dict[str, re.Pattern[bytes]] = field(init=False)

    def __post_init__(self) -> None:
        tags = aside_tagger(self.ring)(self.crowd.tags)
        self.aside = replace(self.crowd, people=tag_set([tags]), tags=tags)
        self._patterns = patterns_of(self.values)

    def find(self, path: str) -> tuple[Flags, Counter[str]]:
        """Which rows of a file are theirs, and how many of each request."""
        table = self.contract.quarantine
        with opened(self.lake, table, path) as file:
            names = file.schema_arrow.names
            if ASIDE not in names:
                return self._opened(path, file)
            found, counts = np.zeros(file.metadata.num_rows, np.bool_), Counter[str]()
            before = 0
            for batch in file.iter_batches(batch_size=ROWS, columns=[ASIDE, "row"]):
                tags = batch.column(ASIDE)
                theirs = self.aside.people.holds(tags)
                found[before : before + len(tags)] = theirs
                counts += self.aside.counted(tags.filter(pa.array(theirs)))
                loose = np.flatnonzero(np.asarray(tags.is_null()))
                counts += self._searched(batch.column("row"), loose, found[before : before + len(tags)])
                before += len(tags)
        return found, counts

    def _opened(self, path: str, file: pq.ParquetFile) -> tuple[Flags, Counter[str]]:
        """The same of a file from before sealed rows had tags: all of them are opened and read."""
        table = self.contract.quarantine
        batches = file.read(["batch"]).column(0).to_pylist() if "batch" in file.schema_arrow.names else []
        place = f"{self.lake.folder(table)}/{unquote(path)}"
        rows = openings_of(self.lake, self.contract, self.ring.handle, files=[place], batches=batches)
        found, counts = np.zeros(file.metadata.num_rows, np.bool_), Counter[str]()
        for _, _, some in rows:
            counts += self._rows(some, found[some.before : some.before + some.aside.num_rows])
        return found, counts

    def _rows(self, some: Opened, found: Flags) -> Counter[str]:
        counts, places, read = Counter[str](), some.again.places, self.contract.as_read
        loose = [numbers for reason, numbers in some.others.items() if reason != UNOPENED]
        self.unopened += len(some.others.get(UNOPENED, ()))
        tagger = row_tagger(read, table=self.contract.training, keyring=self.ring)
        if len(places) and tagger is not None:
            tags = tagger(read_batch(some.again.rows, read).batch)
            theirs = self.crowd.people.holds(tags)
            found[places[theirs]] = True
            counts = self.crowd.counted(tags.filter(pa.array(theirs)))
            loose.append(places[np.asarray(tags.is_null())])
        which = np.concatenate(loose) if loose else np.zeros(0, np.int64)
        return counts + self._searched(some.aside.column("row"), which, found)

    def _searched(self, sealed: pa.Array, which: np.ndarray, found: Flags) -> Counter[str]:
        """Rows whose subject nobody can read, by what else is known of the people; marks them in `found`."""
        counts = Counter[str]()
        if not len(which):
            return counts
        clear, fine = unseal(sealed.take(pa.array(which)), table=self.contract.training, keyring=self.ring)
        self.unopened += len(which) - fine.true_count
        for place, line in zip(which.tolist(), clear.to_pylist(), strict=True):
            owner = owner_of(line, self._patterns)
            if owner:
                found[place] = True
                counts[owner] += 1
        if len(self._patterns) < len(self.crowd.requests):
            self.unread += fine.true_count - counts.total()
        return counts
