"""The map of a lake, read off what its tables say of themselves: properties, schemas and histories, and no row.

Erasure, retention and the data card walk it, so what cannot be read or does not say is a gap with a code, and never
left out in silence. Whether the storage holds more than the map knows, `strays.py` asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable

from strongroom.core.contract import Contract, raw_table
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.subject import TAG, domain_of, subject_of
from strongroom.core.errors import Problem, StoreError
from strongroom.core.jobs import job_of
from strongroom.core.lineage import NOBODY, PEOPLE, UNKNOWN, Edge, LakeMap, Made, Node, Whose
from strongroom.core.run import RUN
from strongroom.core.settings import Settings
from strongroom.core.zones import ZONES
from strongroom.flows.foundation import derived, table_plans
from strongroom.flows.foundation.lake_tables import fields_of
from strongroom.flows.foundation.reporting import reports_folder
from strongroom.flows.foundation.table_plans import MADE
from strongroom.stores.artefacts.report_files import get
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.listing import tables_in
from strongroom.stores.lake.others import REWRAP
from strongroom.stores.sources import location_of

SAID = (derived.SOURCES, derived.PURPOSE, derived.RECIPE, derived.SUBJECT, derived.REFRESH, derived.MADE_BY)
"""Without one of these a derived table does not say what it was made from."""
OWN = {
    "strongroom.manifest": "names of raw files, with what their folders say",
    "strongroom.metrics": "counts and sketches of columns",
    "strongroom.origins": "how the records of raw files are read",
    "strongroom.runs": "one row a run",
}
"""The tables of a lake's own, which have no row of anybody's, and what they hold."""
AUDIT, KEYS, MODELS, REPORTS = "strongroom.audit", "strongroom.keys", "models", "reports"
NOTEBOOKS = "notebooks"
_NOBODY, _UNKNOWN = Whose(NOBODY), Whose(UNKNOWN)


def map_of(settings: Settings) -> LakeMap:
    """The map of the settings' lake.

    Raises:
        ConfigError: a contract is not sound.
        StoreError: the lake itself cannot be looked into.
    """
    lake, contracts = Lake(settings.lake), contracts_in(settings.contracts)
    found = _Found(lake, {contract.name.lower(): contract for contract in contracts})
    found.raw(contracts)
    listing = tables_in(lake, without=("raw", MODELS, REPORTS))
    for where, why in ((_shown(place), why) for place, why in listing.unread):
        found.gaps.append(
            Problem(f"this folder cannot be looked into ({why})", where, "Ask its owner.", "lineage.unread")
        )
    for name in listing.tables:
        found.table(name)
    found.models()
    found.reports()
    found.beside(settings)
    return found.map()


def newest_run(found: DeltaTable) -> str:
    """The run that last gave the table rows, as far as history still tells; `keys rewrap` gives it none."""
    return next((str(entry[RUN]) for entry in found.history() if RUN in entry and REWRAP not in entry), "")


class _Found:
    """The map while it is drawn."""

    def __init__(self, lake: Lake, contracts: Mapping[str, Contract]) -> None:
        self.lake, self.contracts = lake, contracts
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self.gaps: list[Problem] = []

    def map(self) -> LakeMap:
        """What was found; a source that nothing was found of is a gap."""
        for edge in self.edges.values():
            if edge.source not in self.nodes:
                what = f"{edge.target} was made from it, and it is not there"
                self.gaps.append(Problem(what, edge.source, "Put it back, or make it anew.", "lineage.gone"))
                self._add(Node(edge.source, edge.source.partition(".")[0], "not there", (), _UNKNOWN))
        return LakeMap(tuple(self.nodes.values()), tuple(self.edges.values()), tuple(self.gaps))

    def raw(self, contracts: Sequence[Contract]) -> None:
        """Raw files, as contracts name them, and those below `raw/` that none does."""
        for contract in contracts:
            for source in contract.sources:
                name, place = raw_table(source), location_of(source, self.lake.root)
                before = self.nodes.get(name)
                places = (place,) if before is None else tuple(dict.fromkeys((*before.places, place)))
                whose = _subject(contract) if before is None or before.whose == _NOBODY else before.whose
                self._add(Node(name, "raw", "files as they came", places, whose))
        root = f"{self.lake.root.rstrip('/')}/raw"
        fixed = [location_of(source, self.lake.root).split("*")[0] for each in contracts for source in each.sources]
        for name in self._folders(root):
            folder = f"{root}/{name}"
            if any(f"{one.rstrip('/')}/".startswith(f"{folder}/") or folder.startswith(one) for one in fixed):
                continue
            what, todo = "no contract reads these files, so nobody can tell whose they are", "Write its contract."
            self.gaps.append(Problem(what, f"raw.{_shown(name)}", todo, "lineage.strange"))
            self._add(Node(f"raw.{_shown(name)}", "raw", "files as they came", (f"{root}/{_shown(name)}",), _UNKNOWN))

    def table(self, name: str) -> None:
        """A table of the lake, and what it was made from."""
        zone, shown = name.partition(".")[0], _shown(name)
        place = (f"{self.lake.root.rstrip('/')}/{shown.replace('.', '/')}",)
        try:
            found = self.lake.open(name)
        except StoreError as fault:
            self.gaps.append(Problem(fault.what, shown, fault.todo, "lineage.unread"))
            self._add(Node(shown, zone, "not read", place, _UNKNOWN))
            return
        if found is None:
            return
        said, version = found.metadata().configuration, found.version()
        if name in OWN:
            self._add(Node(name, zone, OWN[name], place, _NOBODY, version=version))
        elif zone in ("training", "quarantine"):
            self._prepared(name, found, said)
        elif any(key in said for key in SAID) or job_of(zone):
            self._derived(name, found, said)
        else:
            self._strange(name)
            self._add(Node(name, zone, "made by others", place, _UNKNOWN, version=version))

    def _strange(self, name: str) -> None:
        what = "no job of ours made this table, so nobody can tell whose its rows are"
        todo = "Make it by a contract or a job, or keep it outside of the lake."
        self.gaps.append(Problem(what, name, todo, "lineage.strange"))

    def _prepared(self, name: str, found: DeltaTable, said: Mapping[str, str]) -> None:
        """A table that `prepare` made: from the raw files of its contract."""
        zone, _, rest = name.partition(".")
        contract, tagged = self.contracts.get(rest.lower()), _tagged(found)
        if contract is None and "strongroom.contract" not in said:
            self._strange(name)
        elif contract is None:
            what = "its contract is not here any more, so nobody can tell from which raw files it was made"
            self.gaps.append(Problem(what, name, "Put the contract back, or move the table out.", "lineage.untold"))
        whose = tagged or (_subject(contract) if contract is not None else _UNKNOWN)
        made = _made(said, run=newest_run(found))
        self._add(Node(name, zone, ZONES[zone].holds, (self.lake.folder(name),), whose, made, found.version()))
        for source in contract.sources if contract is not None else ():
            self._edge(raw_table(source), name)

    def _derived(self, name: str, found: DeltaTable, said: Mapping[str, str]) -> None:
        """A table that says what it was made from; one that does not is a gap."""
        zone = name.partition(".")[0]
        job, run = job_of(zone), said.get(derived.MADE_BY, "")
        again = f"Make it anew: ./spark-submit.sh {job}." if job else "Make it anew by its job."
        if lacking := [key for key in SAID if key not in said]:
            what = f"it does not say what it was made from ({', '.join(lacking)}): it is of an earlier version"
            self.gaps.append(Problem(what, name, again, "lineage.untold"))
        elif (newest := newest_run(found)) and newest != run:
            what = f"it says that run {run} made it, and its rows are of run {newest}, which died"
            self.gaps.append(Problem(what, name, again, "lineage.untold"))
        holds = ZONES[zone].holds if zone in ZONES else "rows"
        if said.get(derived.SUBJECT) == derived.NOBODY:
            holds = "counts and words"
        self._told(Node(name, zone, holds, (self.lake.folder(name),), _UNKNOWN, version=found.version()), said)

    def _told(self, node: Node, said: Mapping[str, str]) -> None:
        """A node with whose it is and how it was made, as its properties say."""
        try:
            whose = _whose(said.get(derived.SUBJECT, ""))
            sources: dict[str, int] = json.loads(said.get(derived.SOURCES, "{}"))
            edges = [(str(source), int(version)) for source, version in sources.items()]
        except (ValueError, TypeError, KeyError, AttributeError):
            what = "what it says it was made from is not in our words"
            self.gaps.append(Problem(what, node.name, "Make it anew by its job.", "lineage.untold"))
            whose, edges = _UNKNOWN, []
        made = _made(said, run=said.get(derived.MADE_BY, ""))
        self._add(Node(node.name, node.kind, node.holds, node.places, whose, made, node.version))
        for source, version in edges:
            self._edge(source, node.name, version)

    def models(self) -> None:
        """Folders of fitted models: each says beside its files what it was made from."""
        root = f"{self.lake.root.rstrip('/')}/{MODELS}"
        for name in self._folders(root):
            for run in self._folders(f"{root}/{name}"):
                node = f"{MODELS}.{_shown(name)}/{_shown(run)}"
                empty = Node(node, MODELS, "a fitted model", (f"{root}/{_shown(name)}/{_shown(run)}",), _UNKNOWN)
                said = _beside(f"{root}/{name}/{run}")
                if not said:
                    what = "this model does not say what it was made from: it is of an earlier version, or its run died"
                    todo = "Fit it anew, and delete its folder."
                    self.gaps.append(Problem(what, node, todo, "lineage.untold"))
                    self._add(empty)
                else:
                    self._told(empty, {key: str(value) for key, value in said.items()})

    def reports(self) -> None:
        """Reports, a folder for each table that they are about."""
        root = reports_folder(self.lake)
        for name in self._folders(root):
            if name == NOTEBOOKS:
                node = Node(f"{REPORTS}/{name}", REPORTS, "what notebooks showed", (f"{root}/{name}",), _UNKNOWN)
                what, todo = "these pages show whatever cells have read", "Delete those that nobody needs."
                self.gaps.append(Problem(what, node.name, todo, "lineage.untold"))
                self._add(node)
            elif name in self.nodes:
                self._add(Node(f"{REPORTS}/{name}", REPORTS, "counts of runs", (f"{root}/{name}",), _NOBODY))
                self._edge(name, f"{REPORTS}/{name}")

    def beside(self, settings: Settings) -> None:
        """The audit log, the keyring, and the keys that roles hold."""
        self._add(Node(AUDIT, "audit", "who did what, and no value", (settings.audit,), _NOBODY))
        self._add(Node(KEYS, "keys", "wrapped keys", (settings.keyring,), _NOBODY))
        folder = Path(settings.role_keys)
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.suffix == ".json" and not file.name.startswith("."):
                name = f"role-keys/{file.stem}"
                self._add(Node(name, "keys", "keys that a role holds", (str(file),), _NOBODY))
                self._edge(KEYS, name)

    def _folders(self, place: str) -> list[str]:
        """The folders in a folder; one that cannot be looked into is a gap."""
        try:
            filesystem, inside = filesystem_of(place)
            infos = filesystem.get_file_info(pafs.FileSelector(inside, allow_not_found=True))
        except (OSError, pa.ArrowException) as fault:
            why = str(getattr(fault, "strerror", None) or type(fault).__name__)
            what = f"this folder cannot be looked into ({why})"
            self.gaps.append(Problem(what, place, "Ask its owner.", "lineage.unread"))
            return []
        names = [info.base_name for info in infos if info.type == pafs.FileType.Directory]
        return sorted(name for name in names if not name.startswith((".", "_")))

    def _add(self, node: Node) -> None:
        self.nodes[node.name] = node

    def _edge(self, source: str, target: str, version: int | None = None) -> None:
        self.edges[source, target] = Edge(source, target, version)


def _shown(name: str) -> str:
    """A folder's name without what it says of a column: `customer=*`."""
    return re.sub(r"=[^./]*", "=*", name)


def _subject(contract: Contract) -> Whose:
    """Whose the rows of a data set are, where they carry no tag."""
    subject = subject_of(contract)
    if subject is None:
        return _NOBODY
    return Whose(PEOPLE, subject.path, domain_of(subject, table=contract.training))


def _tagged(found: DeltaTable) -> Whose | None:
    """Whose the rows are, as the column of tags says; None without one."""
    notes: dict[str, Any] = next((each for each in fields_of(found) if each["name"] == TAG), {})
    try:
        said = json.loads(notes["metadata"][MADE])[TAG][2]
        return Whose(PEOPLE, str(said["column"]), tuple(map(str, said["within"])), TAG)
    except (KeyError, ValueError, TypeError, IndexError):
        return None


def _whose(text: str) -> Whose:
    """Whose the rows are, as a property says."""
    if text in ("", derived.NOBODY):
        return _NOBODY if text else _UNKNOWN
    said = json.loads(text)
    return Whose(PEOPLE, str(said["column"]), tuple(map(str, said["within"])), str(said["tag"]))


def _made(said: Mapping[str, str], *, run: str) -> Made:
    return Made(
        purpose=said.get(derived.PURPOSES, ""),
        basis=_basis(said),
        contract=said.get("strongroom.contract", ""),
        contract_version=said.get("strongroom.contract_version", ""),
        fingerprint=said.get("strongroom.contract_fingerprint", ""),
        recipe=said.get(derived.RECIPE, ""),
        refresh=said.get(derived.REFRESH, ""),
        run=run,
    )


def _basis(said: Mapping[str, str]) -> dict[str, str]:
    """On what each purpose rests; what is not in our words says nothing here, and a read is refused by it."""
    try:
        return {purpose: str(basis) for purpose, basis in table_plans.bases_said(said).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _beside(place: str) -> dict[str, Any]:
    """What a folder of files says of itself; empty where it says nothing that can be read."""
    try:
        found = json.loads(get(f"{place}/{derived.MADE_FROM}"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and derived.SOURCES in found else {}
