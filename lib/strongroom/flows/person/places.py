"""Where rows of a person may lie, whether the policy gives them to who asks, and the rows themselves, as they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract import Contract, Source, raw_table
from strongroom.core.contract.subject import TAG, domain_of, subject_of
from strongroom.core.errors import ConfigError, KeyFault, Problem, StoreError, StrongroomError
from strongroom.core.keys.ring import Keyring
from strongroom.core.lineage import PEOPLE, LakeMap, Node
from strongroom.core.person import Withheld
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Job
from strongroom.flows.foundation.authorise import ask, permit, refused
from strongroom.flows.foundation.hidden_folders import folders_hidden
from strongroom.flows.foundation.subjects import Within
from strongroom.flows.foundation.tagged_rows import Unplaced, in_table, mine_of
from strongroom.flows.quarantine.sealed_feed import openings_of
from strongroom.flows.row_pass import shape_check
from strongroom.flows.row_pass.feeds import Items
from strongroom.protect import subject_tags
from strongroom.protect.tag_sets import TagSet
from strongroom.quality.reading.columns import read_batch
from strongroom.stores.lake import Lake
from strongroom.stores.lake.table_files import files_at
from strongroom.stores.sources.kinds import Split, kind_of

RAW, SEALED, TABLE = "raw", "sealed", "table"
"""How rows lie in a place: in raw files, sealed one by one in a quarantine, in columns of a table."""
NO_GRANT, OTHERS = "no grant gives it", "tells of others"


@dataclass(frozen=True, slots=True)
class Place:
    """A place with rows of people: on the map, by its contract, and within what a name counts there."""

    node: Node
    kind: str
    within: Within
    contract: Contract | None = None
    source: Source | None = None

    @property
    def name(self) -> str:
        """As the policy calls it."""
        return self.node.name


@dataclass(frozen=True, slots=True)
class Lying:
    """A person's rows of a place, in the columns that the policy gives, and in `bound` those to open them by."""

    place: Place
    rows: tuple[pa.RecordBatch, ...]
    columns: tuple[str, ...]
    withheld: tuple[Withheld, ...] = ()

    @property
    def count(self) -> int:
        """How many."""
        return sum(batch.num_rows for batch in self.rows)


@dataclass(slots=True)
class Found:
    """What a search has found: rows by place, the gaps that it met, and rows whose person nobody can tell."""

    lying: list[Lying] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)
    unplaced: dict[str, Unplaced] = field(default_factory=dict)
    asked: int = 0
    refusals: list[StrongroomError] = field(default_factory=list)


def places_of(known: LakeMap, contracts: Sequence[Contract]) -> Iterator[Place]:
    """Every place with rows of people, tables first; copies of roles and models are told beside them."""
    for node in known.nodes:
        if node.whose.answer != PEOPLE or node.kind in (RAW, "models", "projected"):
            continue
        contract = _contract(node, contracts)
        kind = SEALED if node.kind == "quarantine" else TABLE
        within = node.whose.within
        if kind == SEALED and contract is not None and (subject := subject_of(contract)) is not None:
            within = domain_of(subject, table=contract.training)
        yield Place(node, kind, within, contract)
    read: set[str] = set()
    for contract in contracts:
        subject = subject_of(contract)
        for source in contract.sources if subject is not None else ():
            node_of = known.node(raw_table(source))
            if subject is not None and node_of is not None and source.path not in read:
                read.add(source.path)
                yield Place(node_of, RAW, domain_of(subject, table=contract.training), contract, source)


def _contract(node: Node, contracts: Sequence[Contract]) -> Contract | None:
    """By its name, or by what the table says of its contract."""
    name = node.name.partition(".")[2].lower()
    by_name = next((each for each in contracts if each.name.lower() == name), None)
    return by_name or next((each for each in contracts if each.id == node.made.contract), None)


@dataclass(frozen=True, slots=True)
class Search:
    """A search for one person: the tags by what they count within."""

    job: Job
    lake: Lake
    keyring: Keyring
    tags: Mapping[Within, TagSet]

    def look(self, places: Iterator[Place]) -> Found:
        """All places, one after the other; what cannot be looked into is a gap."""
        found = Found()
        for place in places:
            found.asked += 1
            try:
                self._place(place, found)
            except KeyFault:
                raise
            except (StoreError, ConfigError) as fault:
                first = fault.problems[0]
                found.gaps.append(Problem(first.what, first.where or place.name, first.todo, "person.unsearched"))
        return found

    def _place(self, place: Place, found: Found) -> None:
        wanted = self.tags.get(place.within)
        if wanted is None:
            what, todo = "no contract here reads whose rows these are", "Put its contract back."
            found.gaps.append(Problem(what, place.name, todo, "person.unsearched"))
            return
        table = self.lake.open(place.name) if place.kind != RAW else None
        names = [] if table is None else [each.name for each in table.schema().fields if each.name != TAG]
        if place.kind == TABLE and table is not None and not place.node.whose.tag:
            what, todo = "its rows carry no tag of their data subject, so nobody is found in it", "Make it anew."
            found.gaps.append(Problem(what, place.name, todo, "person.untagged"))
            return
        given = self._given(place, names, found)
        if given is None:
            return
        decision, withheld = given
        unplaced = found.unplaced.setdefault(place.name, Unplaced())
        if place.kind == RAW and place.contract is not None:
            with folders_hidden(place.contract, self.job.settings):
                rows, columns = list(self._raw(place, wanted, unplaced)), _columns(place)
        elif table is None:
            return
        elif place.kind == SEALED:
            rows, columns = list(self._sealed(place, table, wanted, unplaced)), _columns(place)
        else:
            rows, columns = list(in_table(self.lake, place.name, table, wanted)), decision.columns
        if rows := [batch for batch in rows if batch.num_rows]:
            found.lying.append(Lying(place, tuple(rows), tuple(columns), withheld))

    def _given(self, place: Place, names: Sequence[str], found: Found) -> tuple[Decision, tuple[Withheld, ...]] | None:
        """What the policy gives of a place: raw files to who may read them, all else to who may reveal it."""
        action = "read" if place.kind == RAW else "reveal"
        columns = names if place.kind == TABLE else ()
        decision = ask(self.job, action, place.name, columns=columns, contract=place.contract)
        withheld = [Withheld(name, NO_GRANT) for name in columns if name not in decision.columns]
        if not decision.allowed and decision.columns:
            decision = ask(self.job, action, place.name, columns=decision.columns, contract=place.contract)
        if not decision.allowed:
            refusal = refused(self.job, decision, place.contract, shows=True)
            found.refusals.append(refusal)
            found.gaps.append(Problem("the policy does not give it to you", place.name, refusal.todo, "person.refused"))
            return None
        if decision.rows or decision.conditions or decision.masks:
            what, todo = "the grant gives a part of it only, and an answer is whole", "Ask for a grant without."
            found.gaps.append(Problem(what, place.name, todo, "person.refused"))
            return None
        todo = "Ask for a grant of it."
        found.gaps += [
            Problem(f"column {each.name}: {each.why}", place.name, todo, "person.refused") for each in withheld
        ]
        shown = decision.columns
        return permit(self.job, action, place.name, columns=shown, contract=place.contract, shows=True), tuple(withheld)

    def _raw(self, place: Place, wanted: TagSet, unplaced: Unplaced) -> Iterator[pa.RecordBatch]:
        """Rows of raw files as they came: read as `prepare` reads them, and whose by the contract's subject."""
        if place.contract is None or place.source is None:
            return
        contract, source = place.contract.as_read, place.source
        number, kind = place.contract.sources.index(source), kind_of(source.format)
        files = kind.pin(source, self.lake.root)
        for file in files:
            if why := kind.only_spark(file, {}):
                raise StoreError(f"only Spark reads this: {why}", where=place.name, code="spark.needed")
        looked = shape_check.look(source, files, contract, lake=self.lake.root)
        items = tuple(kind.items(Split(number, contract, [looked[file.path] for file in files])))
        feed = Items(contract, items)
        handed = [pa.record_batch({"item": pa.array([at], pa.int64())}) for at in range(len(items))]
        for stretch in feed.stretches(handed):
            for block in stretch.blocks:
                if block.torn is not None:
                    unplaced.add("no row of the contract", len(block.torn.numbers))
                if block.rows.num_rows:
                    yield self._mine(block.rows, contract, wanted, unplaced)

    def _sealed(self, place: Place, table: DeltaTable, wanted: TagSet, unplaced: Unplaced) -> Iterator[pa.RecordBatch]:
        """Rows of a quarantine: all are opened here, and those of others are let go at once."""
        if place.contract is None:
            return
        contract, lying = place.contract, files_at(self.lake, table, place.name)
        batches = self.lake.rows(place.name, table, ["batch"]).column("batch").unique().to_pylist()
        keys = self.keyring.handle
        for _, _, opened in openings_of(self.lake, contract, keys, files=lying.paths, batches=batches):
            for numbers in opened.others.values():
                unplaced.add("no row of the contract, or does not open", len(numbers))
            if opened.again.rows.num_rows:
                yield self._mine(opened.again.rows, contract.as_read, wanted, unplaced)

    def _mine(self, rows: pa.RecordBatch, contract: Contract, wanted: TagSet, unplaced: Unplaced) -> pa.RecordBatch:
        """The person's of these rows as they came."""
        tagger = subject_tags.row_tagger(contract, table=f"training.{contract.name}", keyring=self.keyring)
        if tagger is None:
            return rows.slice(0, 0)
        tags = tagger(read_batch(rows, contract).batch)
        unplaced.add("without a name that can be read", int(np.count_nonzero(tags.is_null())))
        return mine_of(rows, tags, wanted)


def _columns(place: Place) -> tuple[str, ...]:
    return tuple(column.name for column in place.contract.as_read.columns) if place.contract is not None else ()
