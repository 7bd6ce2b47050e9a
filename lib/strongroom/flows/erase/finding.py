"""How people are found in one place of the map, to be counted or taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

import numpy as np

from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.subject import people_of
from strongroom.core.keys.ring import Keyring
from strongroom.core.run import Job
from strongroom.flows.erase import raw
from strongroom.flows.erase.crowd import Crowd, Flags
from strongroom.flows.erase.places import SEALED, SHOWN, Place
from strongroom.flows.erase.quarantine import SealedRows
from strongroom.flows.erase.tables import Find, Hits, by_tag
from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import opened
from strongroom.stores.lake.projections import source_files


@dataclass(slots=True)
class Finder:
    """Finds the people of some requests.

    Args:
        job: names settings.
        ring: opens sealed rows.
        values: request → what it knows of its people; nothing once that is destroyed.
        doubts: place → what could not be looked through there.
    """

    job: Job
    ring: Keyring
    values: Mapping[str, Sequence[str]]
    doubts: dict[str, str] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return Lake(self.job.settings.lake)

    def contract(self, name: str) -> Contract | None:
        """The contract of a table's data set."""
        wanted = name.partition(".")[2].lower()
        return next((each for each in contracts_in(self.job.settings.contracts) if each.name.lower() == wanted), None)

    def of(self, place: Place, crowd: Crowd) -> Find:
        """What finds them in the files of a table."""
        if place.kind == SHOWN:
            return self.shown(place)
        if place.kind != SEALED:
            return by_tag(self.lake, place.name, crowd)
        contract = self.contract(place.name)
        if contract is None:
            self.doubts[place.name] = "its contract is gone, so its rows cannot be read again"
            return lambda path: (np.zeros(self._rows(place.name, path), np.bool_), Counter())
        sealed = SealedRows(self.lake, contract, self.ring, crowd, self.values)

        def find(path: str) -> tuple[Flags, Counter[str]]:
            found = sealed.find(path)
            told = [f"{sealed.unopened:,} rows do not open"] if sealed.unopened else []
            told += [f"{sealed.unread:,} rows are none, and nobody in them can be told"] if sealed.unread else []
            if told:
                self.doubts[place.name] = "; ".join(told)
            return found

        return find

    def raw(
        self, place: Place, crowd: Crowd, *, write: bool = False, step: Callable[[str], None] = lambda _: None
    ) -> Hits:
        """What raw files hold of them; with `write` they are written anew without."""
        contracts, told, seen = contracts_in(self.job.settings.contracts), Hits(), set[str]()
        readers = list(raw.sources_of(contracts, place.name))
        datasets = [contract.name for contract, _ in readers]
        for contract, source in readers:
            people = raw.RawPeople(self.lake, contract, source, self.ring, crowd, dict(self.values))
            for file in people.files():
                if file.path in seen or people_of(contract) is None:
                    continue
                seen.add(file.path)
                if people.versioned:
                    self.doubts[place.name] = people.why_not(file)
                    continue
                records = people.records(file)
                told.add(records.rows, file.size)
                if records.rows and write and (why := people.why_not(file)):
                    self.doubts[place.name] = why
                elif records.rows and write:
                    step("raw file")
                    keep = raw.keeper(self.lake, datasets, file, at=self.job.run.started)
                    raw.rewritten(file, records, keep=keep)
        return told

    def shown(self, place: Place) -> Find:
        """All rows of a file whose source's file has gone: the projection gets them anew with its next refresh."""
        live = {each for source, _ in place.sources for each in source_files(self.lake, source)}

        def find(path: str) -> tuple[Flags, Counter[str]]:
            stays = unquote(path).rpartition("/")[2].partition("-")[0] in live
            rows = self._rows(place.name, path)
            return np.full(rows, not stays), Counter() if stays else Counter({"": rows})

        return find

    def _rows(self, table: str, path: str) -> int:
        with opened(self.lake, table, path) as file:
            return int(file.metadata.num_rows)
