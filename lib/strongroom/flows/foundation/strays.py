"""Files that belong to nothing: found from the storage, not from the map, in the lake and in the folders beside it.

Every file is one that a version of its table names (any version still in the log), of a stage in flight, of a source
that a contract names, or of a named store: a report of a run, a model, keys, the audit log. All others are told. A
person whose rows were copied there is found by no look-up of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from strongroom.audit.incidents import OURS
from strongroom.audit.key_file import key_file
from strongroom.audit.signing_keys import CHECKPOINT, PUBLIC_KEY
from strongroom.core.contract import Contract
from strongroom.core.contract_files import name_of
from strongroom.core.erasure import TURN as ERASED
from strongroom.core.errors import Problem, StoreError
from strongroom.core.escaping import file_name
from strongroom.core.jobs import JOBS
from strongroom.core.lineage import LakeMap
from strongroom.core.settings import Settings
from strongroom.core.suggest import counted
from strongroom.flows.foundation import derived
from strongroom.flows.foundation.hidden_folders import shown_file
from strongroom.flows.foundation.incidents import FIGURES
from strongroom.flows.foundation.lake_map import MODELS, NOTEBOOKS, REPORTS
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.stores.artefacts.report_files import get
from strongroom.stores.erasures import ENDS, LOCK, TURNS, Erasures
from strongroom.stores.keys.handed_out_file import record_of
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.listing import Stored, files_below, tables_in
from strongroom.stores.lake.log_files import LOG, is_of_log, named_files
from strongroom.stores.lake.others import REWRAP
from strongroom.stores.lake.projections import TURN
from strongroom.stores.sources import list_files, location_of, place_of
from strongroom.stores.sources.hive_folders import shown_path

IN_FLIGHT = 86_400
"""Seconds since its last file after which nobody is at work on a stage any more."""
_SUM_OF_NOTHING = 8
"""Bytes of Hadoop's checksum of an empty file."""
STAGE = re.compile(r"_?(stage|rewrap|erase)-(\d+)-[^/]+")
"""A stage's name in its table's folder: what it is for, and its number."""
_REPORT = re.compile(r"(?P<run>[^/]+?)\.(?:html|json|junit\.xml|openlineage\.jsonl)")
_SIGNING = (".lock", ".size", ".pub", ".logs")
_FRONT = ("index.html", "index.json")
_AUDIT = ("entries.jsonl", "tree.json", PUBLIC_KEY, CHECKPOINT)


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that belongs to nothing: where, as it may be told, how many bytes, and what is to be said of it."""

    path: str
    size: int
    told: Problem


def strays(settings: Settings, contracts: Collection[Contract], known: LakeMap, *, at: datetime) -> list[Stray]:
    """Every stray of the lake, its reports, and the folders of keys, requests for erasure and the audit log.

    Args:
        settings: name the places.
        contracts: of the installation.
        known: the map of the lake; tables that no job of ours made are gaps of it, and told there.
        at: when this is asked, to tell a stage in flight from an old one.

    Raises:
        StoreError: the lake cannot be looked into.
    """
    search = _Search(settings, tuple(contracts), known, at.timestamp())
    search.lake()
    search.keys()
    search.audit()
    search.roles()
    search.erasures()
    return search.found


@dataclass(slots=True)
class _Search:
    settings: Settings
    contracts: tuple[Contract, ...]
    known: LakeMap
    now: float
    found: list[Stray] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def lake(self) -> None:
        """The lake, zone by zone."""
        lake = Lake(self.settings.lake)
        _, root = filesystem_of(lake.root)
        own = {str(Path(place)) for place in (self.settings.audit, self.settings.role_keys)}
        tables = {f"{root}/{name.replace('.', '/')}": name for name in tables_in(lake).tables}
        strange = {gap.where for gap in self.known.gaps if gap.code == "lineage.strange"}
        by_table: dict[str, list[Stored]] = {}
        raw = self._raw_files()
        for file in files_below(lake.root, self.unread, without=own):
            inside = file.path.removeprefix(root).lstrip("/")
            zone, _, rest = inside.partition("/")
            table = next((above for above in _above(file.path) if above in tables), "")
            if table:
                by_table.setdefault(table, []).append(file)
            elif zone == "raw" and rest:
                if file.path not in raw and not (file.odd and any(one.startswith(f"{file.path}/") for one in raw)):
                    self._tell(file, _of_raw)
            elif zone == REPORTS and rest:
                self._report(rest, file)
            elif zone == MODELS and rest:
                self._model(lake, rest, file)
            else:
                self._tell(file, _of_lake)
        for folder, files in by_table.items():
            name = tables[folder]
            if name in strange or any(name.startswith(f"{each}.") for each in strange):
                continue  # all of it is told as one
            self._table(lake, name, folder, files)
        self._not_read()

    def _raw_files(self) -> set[str]:
        """The raw files that contracts name."""
        found: set[str] = set()
        for contract in self.contracts:
            for source in contract.sources:
                try:
                    found.update(place_of(file.path)[1] for file in list_files(source, self.settings.lake))
                except StoreError as fault:
                    if fault.code != "source.missing":
                        self.unread.append((location_of(source, self.settings.lake), fault.what))
        return found

    def _table(self, lake: Lake, name: str, folder: str, files: Iterable[Stored]) -> None:
        """A table's folder: what its log names, the log itself, and stages in flight."""
        try:
            named = named_files(lake, name)
            opened = None if name.startswith("raw.") else lake.open(name)  # theirs may be of a kind only Spark reads
        except StoreError as fault:
            self.unread.append((folder, fault.what))
            return
        newest = opened.version() if opened is not None else None
        stages: dict[str, list[Stored]] = {}
        for file in files:
            inside = file.path.removeprefix(folder).lstrip("/")
            top, _, rest = inside.partition("/")
            if not file.odd and (_summed(inside) in named or _is_mark(file)):
                continue
            if top == LOG:
                if file.odd or not is_of_log(_summed(rest), newest=newest):
                    self._tell(file, _of_log)
            elif rest and STAGE.fullmatch(top):
                stages.setdefault(top, []).append(file)
            else:
                self._tell(file, _of_table)
        for stage, left in stages.items():
            kind, number = STAGE.fullmatch(stage).groups()  # type: ignore[union-attr]
            of_stage = (name, name.partition(".")[2], TURN)
            writers = {"rewrap": (REWRAP,), "erase": (ERASED,)}.get(kind, of_stage)
            done = max((opened.transaction_version(each) or 0 for each in writers), default=0) if opened else 0
            fresh = max(file.written for file in left) > self.now - IN_FLIGHT
            if int(number) <= done or not fresh:
                whole = Stored(f"{folder}/{stage}", sum(file.size for file in left), 0.0)
                self._tell(whole, _of_stage, files=len(left))

    def _report(self, inside: str, file: Stored) -> None:
        """A report is of a run that has its row, about a table; the figures beside are of a table or a job."""
        folder, _, rest = inside.partition("/")
        if not file.odd:
            if not rest and folder in _FRONT:
                return
            if folder == "prometheus" and self._is_figures(rest):
                return
            if folder == NOTEBOOKS and re.fullmatch(r"[^/]+/[A-Za-z0-9][A-Za-z0-9._-]*\.html", rest):
                return
            run = _REPORT.fullmatch(rest)
            if run is not None and (folder, run["run"]) in self._runs():
                return
        self._tell(file, _of_reports)

    def _is_figures(self, name: str) -> bool:
        """Whether a file of figures is one of a table, or of a job's attempts: `attempt.JOB_VERB.CONTRACT`."""
        stem = name.removesuffix(".prom")
        if name == f"{FIGURES}.prom":
            return True
        if not stem.startswith("attempt."):
            return stem != name and stem in {file_name(node.name) for node in self.known.nodes}
        command, _, contract = stem.removeprefix("attempt.").partition(".")
        contracts = {"", *(file_name(word) for each in self.contracts for word in (each.name, name_of(each.file)))}
        return stem != name and command.partition("_")[0] in JOBS and contract in contracts

    def _runs(self) -> set[tuple[str, str]]:
        """Each run with a row, by the folder that its report lies in."""
        if not self._run_rows:
            rows = Lake(self.settings.lake).read(RUNS, ("run_id", "dataset"))
            for row in rows.to_pylist() if rows is not None else ():
                dataset = str(row["dataset"])
                table = dataset if "." in dataset else f"training.{dataset}"
                self._run_rows.add((file_name(table), file_name(str(row["run_id"]))))
            self._run_rows.add(("", ""))
        return self._run_rows

    _run_rows: set[tuple[str, str]] = field(default_factory=set)

    def _model(self, lake: Lake, inside: str, file: Stored) -> None:
        """A model's files are those that it has said beside them when it was written."""
        name, _, below = inside.partition("/")
        run, _, rest = below.partition("/")
        place = f"{name}/{run}"
        if place not in self._models:
            try:
                said: Any = json.loads(get(f"{lake.root.rstrip('/')}/{MODELS}/{place}/{derived.MADE_FROM}"))
                self._models[place] = dict(said[derived.FILES])
            except (OSError, ValueError, KeyError, TypeError):
                self._models[place] = {}
        mine = self._models[place]
        if rest and not mine and self.known.node(_model_of(place)) is not None:
            return  # the whole of it is told as one: it does not say what it was made from
        if file.odd or not (mine and (rest == derived.MADE_FROM or mine.get(rest) == file.size or _is_sum(rest))):
            self._tell(file, _of_models)

    _models: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def keys(self) -> None:
        """The keyring's folder; where settings or lake lie below it, only its files that are called like keys."""
        if not self.settings.keyring:
            return
        folder = Path(self.settings.keyring).parent
        signing = key_file(self.settings)
        kind, _, place = self.settings.keys.partition(":")
        ours = {Path(self.settings.keyring), record_of(self.settings.keyring), signing}
        ours |= {signing.with_suffix(end) for end in _SIGNING} | ({Path(place)} if kind == "file" else set())
        words = tuple(each.stem for each in ours)
        named = (self.settings.file, self.settings.policy, self.settings.contracts, self.settings.lake)
        shared = any(Path(each).is_relative_to(folder) for each in named)
        elsewhere = {self.settings.lake, self.settings.audit, self.settings.role_keys, self.settings.contracts}
        elsewhere.add(self.settings.erasures)
        if shared and folder.is_dir():
            elsewhere |= {str(each) for each in folder.iterdir() if each.is_dir()}
        ours |= {Path(self.settings.file), Path(self.settings.policy)}
        for file in files_below(str(folder), self.unread, without=elsewhere):
            path = Path(file.path)
            like_ours = path.name.lstrip(".").startswith(words)
            if (file.odd or path not in ours) and (like_ours or not shared):
                self._tell(file, _of_keys)
        self._not_read()

    def roles(self) -> None:
        """The keys that roles hold: a file for each role that the record names."""
        for file in files_below(self.settings.role_keys, self.unread) if self.settings.role_keys else ():
            name = Path(file.path).relative_to(self.settings.role_keys)
            if file.odd or self.known.node(f"role-keys/{name.stem}") is None or name.suffix != ".json":
                self._tell(file, _of_keys)
        self._not_read()

    def erasures(self) -> None:
        """The folder of requests for erasure: files of a request that is there, and what the folder itself keeps."""
        store = Erasures.of(self.settings)
        known = store.names()
        for file in files_below(str(store.folder), self.unread) if self.settings.erasures else ():
            name = Path(file.path).relative_to(store.folder)
            of_request = name.suffix in ENDS and name.stem in known and len(name.parts) == 1
            if file.odd or not (of_request or str(name) in (TURNS, LOCK)):
                self._tell(file, _of_erasures)
        self._not_read()

    def audit(self) -> None:
        """The audit log's folder."""
        for file in files_below(self.settings.audit, self.unread) if self.settings.audit else ():
            inside = file.path.removeprefix(self.settings.audit.rstrip("/")).lstrip("/")
            of_old_key = inside.startswith(f"{CHECKPOINT}-") and "/" not in inside
            if file.odd or not (inside in _AUDIT or of_old_key or OURS.fullmatch(inside)):
                self._tell(file, _of_audit)
        self._not_read()

    def _not_read(self) -> None:
        for place, why in self.unread:
            shown = self._shown(f"{place}/").rstrip("/")
            what = f"this folder cannot be looked into ({why})"
            self.found.append(Stray(shown, 0, Problem(what, shown, "Ask its owner.", "stray.unread")))
        self.unread.clear()

    def _tell(self, file: Stored, told: Any, *, files: int = 1) -> None:
        shown = self._shown(file.path) if files == 1 else self._shown(f"{file.path}/").rstrip("/")
        size = f"{file.size:,} bytes" if files == 1 else f"{counted(files, 'file')}, {file.size:,} bytes"
        self.found.append(Stray(shown, file.size, told(shown, size)))

    def _shown(self, path: str) -> str:
        """The path, as the settings name its lake, without what its folders say of a column."""
        root, inside = self.settings.lake.rstrip("/"), filesystem_of(self.settings.lake)[1]
        path = f"{root}{path.removeprefix(inside)}" if path.startswith(f"{inside}/") else path
        for contract in self.contracts:
            for source in contract.sources:
                if path.startswith(location_of(source, self.settings.lake).split("*")[0].rstrip("/") + "/"):
                    return shown_file(path, contract, self.settings)
        return shown_path(path, named=self.settings.lake)


def _model_of(place: str) -> str:
    return f"{MODELS}.{place}"


def _above(path: str) -> Iterator[str]:
    """The folders above a file, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _summed(path: str) -> str:
    """The file that a checksum of Hadoop's, `.NAME.crc`, stands beside; another path as it is."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name[1:-4]}" if name.startswith(".") and name.endswith(".crc") else path


def _is_mark(file: Stored) -> bool:
    """Whether it is the empty file by which Spark says that it has ended, or the checksum of that."""
    return file.size <= _SUM_OF_NOTHING and file.path.rpartition("/")[2] in ("_SUCCESS", "._SUCCESS.crc")


def _is_sum(path: str) -> bool:
    return _summed(path) != path


_LOOK = "See what is in it, then delete it or move it out."


def _of_lake(path: str, size: str) -> Problem:
    return Problem(f"this file belongs to no table and no store ({size})", path, _LOOK, "stray.file")


def _of_table(path: str, size: str) -> Problem:
    return Problem(f"no version of its table names this file ({size})", path, _LOOK, "stray.table")


def _of_log(path: str, size: str) -> Problem:
    return Problem(f"this file is none of its table's log ({size})", path, _LOOK, "stray.log")


def _of_stage(path: str, size: str) -> Problem:
    todo = "If no run is at work on it, run its job again or delete it."
    return Problem(f"no version names these files, and no run writes them any more ({size})", path, todo, "stray.stage")


def _of_raw(path: str, size: str) -> Problem:
    return Problem(f"no contract reads this raw file ({size})", path, _LOOK, "stray.raw")


def _of_reports(path: str, size: str) -> Problem:
    return Problem(f"this is no report of a run ({size})", path, _LOOK, "stray.report")


def _of_models(path: str, size: str) -> Problem:
    return Problem(f"no model says that this file is its own ({size})", path, _LOOK, "stray.model")


def _of_keys(path: str, size: str) -> Problem:
    return Problem(f"this file is none of the keys ({size})", path, _LOOK, "stray.key")


def _of_erasures(path: str, size: str) -> Problem:
    return Problem(f"this file is of no request for erasure ({size})", path, _LOOK, "stray.erasure")


def _of_audit(path: str, size: str) -> Problem:
    return Problem(f"this file is none of the audit log ({size})", path, _LOOK, "stray.audit")
