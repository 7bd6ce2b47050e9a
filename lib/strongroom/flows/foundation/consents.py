"""Whose rows a read, a projection or a run may use: what a table's purposes rest on, and what people have said of them.

What people have said lies in the table of consents, whose tags are those of the tables. A reader needs no right to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Contract, LegalBasis
from strongroom.core.contract.file import contracts_in, lakes_parts, load_contract
from strongroom.core.contract.legal_basis import CONSENTS, REGISTER, asks, objects
from strongroom.core.contract.subject import TAG, domain_of, subject_of
from strongroom.core.contract_files import file_of, files_in, overlays
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError
from strongroom.core.settings import Settings
from strongroom.core.zones import DERIVED, PROTECTED
from strongroom.flows.foundation import derived
from strongroom.flows.foundation.erased import within_of
from strongroom.flows.foundation.keyring import MARK
from strongroom.flows.foundation.table_plans import bases_said
from strongroom.govern.levels.physical import People
from strongroom.protect.consents import COLUMNS, EVENTS, Standing, any_of, standing
from strongroom.stores.lake import Lake
from strongroom.stores.table_plan import plain_type

Within = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """The table of consents at one version; empty where there is none."""

    lake: Lake
    found: DeltaTable | None

    @classmethod
    def of(cls, lake: Lake) -> Register:
        return cls(lake, lake.open(CONSENTS))

    def events(self) -> Iterator[pa.RecordBatch]:
        """What people have said, a batch at a time, in the columns `COLUMNS`.

        Raises:
            StoreError: it cannot be read.
        """
        if self.found is None:
            return
        try:
            for batch in pa.RecordBatchReader.from_stream(self.found.scan(columns=list(COLUMNS))):
                yield pa.record_batch([each.cast(plain_type(each.type)) for each in batch.columns], COLUMNS)
        except (DeltaError, OSError, pa.ArrowException, KeyError) as error:
            todo = "Check its folder; nothing that rests on it is read until then."
            where = self.lake.folder(CONSENTS)
            raise StoreError(
                "the consents cannot be read", where=where, todo=todo, code="consent.unreadable"
            ) from error

    def of_people(self, tags: frozenset[bytes]) -> Iterator[pa.RecordBatch]:
        """The same of the people with these tags alone."""
        wanted = pa.array(sorted(tags), pa.binary())
        return (batch.filter(pc.is_in(batch.column(TAG), wanted)) for batch in self.events())

    def speaks_of(self, within: Within, mark: str | None) -> bool:
        """Whether its tags are those of a table whose equal tags are one person within this, made by that key."""
        if self.found is None:
            return False
        mine = self.found.metadata().configuration.get(MARK)
        return within_of(self.found) == within and (mark is None or mine is None or mark == mine)


def bases_of(settings: Settings, table: str, found: DeltaTable) -> Mapping[str, LegalBasis]:
    """On what each purpose of a table rests: by its contract, or else by what the table says since it was made.

    Raises:
        StoreError: what the table says is not in our words.
    """
    said = found.metadata().configuration
    if (now := _by_contract(settings, said, table.partition(".")[2].lower())) is not None:
        return now
    try:
        return bases_said(said)
    except (ValueError, TypeError, KeyError, AttributeError):
        what, todo = "on what its purposes rest is not said in our words", "Make it anew by its job."
        raise StoreError(what, where=table, todo=todo, code="consent.unknown-basis") from None


def _by_contract(settings: Settings, said: Mapping[str, str], name: str) -> Mapping[str, LegalBasis] | None:
    """The legal bases of a table's contract, where one is found that says some.

    A contract that cannot be read is nobody's affair here: its own runs tell.
    """
    for file in files_in(settings.contracts):
        try:
            if "legalBasis" not in file.read_text(encoding="utf-8") and not overlays(settings.contracts).is_dir():
                continue
            known = [load_contract(str(file), part) for part in lakes_parts(file)]
        except (ConfigError, OSError, UnicodeDecodeError):
            continue
        for contract in known:
            mine = name == contract.name.lower() or name.startswith(f"{contract.name.lower()}_")
            if mine and contract.legal_basis and contract.id == said.get("strongroom.contract"):
                return contract.legal_basis
    return None


def readable_people(
    lake: Lake, settings: Settings, table: str, found: DeltaTable, *, purpose: str, at: datetime
) -> Standing | None:
    """Whose rows of a table may be read for a purpose at an instant; None: everybody's.

    Raises:
        Refused: the purpose rests on nothing.
        ConfigError: the consents are of other people than the table's.
        StoreError: nobody can tell whose its rows are, or what they have said.
    """
    if not has_people(table, found):
        return None
    bases = bases_of(settings, table, found)
    if bases and purpose not in bases:
        raise no_basis(purpose, bases, table)
    if table.lower() == CONSENTS:
        return None
    return _standing(Register.of(lake), settings, table, found, purpose=purpose, basis=bases.get(purpose), at=at)


def readers_people(
    lake: Lake, settings: Settings, table: str, found: DeltaTable, *, at: datetime
) -> Mapping[str, Standing | None] | None:
    """The same for every purpose that rests on something; the empty one is any other, which only a table without
    legal bases has. None: of a table that has no people.
    """
    if not has_people(table, found):
        return None
    bases, register = bases_of(settings, table, found), Register.of(lake)
    asked: Mapping[str, LegalBasis | None] = bases or {"": None}
    return {
        purpose: None
        if table.lower() == CONSENTS
        else _standing(register, settings, table, found, purpose=purpose, basis=basis, at=at)
        for purpose, basis in asked.items()
    }


def people_of(standings: Mapping[str, Standing | None] | None) -> People | None:
    """The same as projections of a table are told apart by."""
    if standings is None or (tuple(standings) == ("",) and standings[""] is None):
        return None
    marks = {purpose: each.fingerprint() if each is not None else "" for purpose, each in standings.items()}
    others = marks.pop("", None)
    return People({purpose: f"{purpose}:{mark}" if mark else "" for purpose, mark in marks.items()}, others)


def has_people(table: str, found: DeltaTable) -> bool:
    """Whether rows may be left out for whose they are: no counts, and no sealed ones."""
    zone = table.partition(".")[0].lower()
    nobodys = found.metadata().configuration.get(derived.SUBJECT) == derived.NOBODY
    return zone in (*PROTECTED, *DERIVED) and not nobodys


def no_basis(purpose: str, bases: Mapping[str, LegalBasis], where: str) -> Refused:
    """The error of a purpose that nothing allows."""
    what = f"the purpose {purpose!r} has no legal basis here" if purpose else "no purpose is named"
    todo = f"Give --purpose; a legal basis have {', '.join(bases)} (legalBasis of the contract)."
    return Refused(what, where=where, todo=todo, code="consent.no-basis")


def _standing(
    register: Register, settings: Settings, table: str, found: DeltaTable, *, purpose: str, basis: LegalBasis | None,
    at: datetime,
) -> Standing | None:  # fmt: skip
    within, mark = within_of(found), found.metadata().configuration.get(MARK)
    if within is None:
        if basis is not None and objects(basis):
            what = f"{purpose} rests on {basis}, and no row of this table says whose it is"
            todo = "Make it anew: prepare with --set prepare.mode=overwrite, then what is derived of it."
            raise StoreError(what, where=table, todo=todo, code="consent.untagged")
        return None
    if not _heard(register, settings, within, mark, purpose=purpose, basis=basis, where=table):
        return None
    people = standing(register.events(), purpose=purpose, basis=basis, at=at)
    return None if people.open else people


def _heard(
    register: Register, settings: Settings, within: Within, mark: str | None, *, purpose: str,
    basis: LegalBasis | None, where: str,
) -> bool:  # fmt: skip
    """Whether the consents say something of these people.

    Raises:
        ConfigError, StoreError: they should, and do not.
    """
    needed = basis is not None and objects(basis)
    if register.found is None:
        if needed and basis is not None and (asks(basis) or file_of(settings.contracts, REGISTER) is not None):
            what = f"{purpose} rests on {basis}, and this lake has no consents"
            todo = "Bring them in: ./spark-submit.sh consent import FILE."
            raise StoreError(what, where=where, todo=todo, code="consent.missing")
        return False
    if register.speaks_of(within, mark):
        return True
    if needed:
        theirs = " ".join(within_of(register.found) or ("nobody",))
        what = f"{purpose} rests on {basis}; consents are of people of {theirs}, and these are of {' '.join(within)}"
        todo = f"Give both subjects one domain, or make both tables by one keyring: {REGISTER}.yaml, docs/consent.md."
        raise ConfigError([Problem(what, where, todo, "consent.other-people")])
    return False


def kept_people(lake: Lake, settings: Settings, contract: Contract, *, at: datetime) -> Standing | None:
    """Whose rows `prepare` keeps: for one purpose of the contract at least they may be used. None: everybody's.

    Restriction takes nothing out. Raises as `readable_people`.
    """
    subject = subject_of(contract)
    bases = [(purpose, contract.legal_basis.get(purpose)) for purpose in contract.purposes]
    if subject is None or not bases or any(basis is None or not objects(basis) for _, basis in bases):
        return None
    register, within = Register.of(lake), domain_of(subject, table=contract.training)
    found = []
    for purpose, basis in bases:
        heard = _heard(register, settings, within, None, purpose=purpose, basis=basis, where=contract.file)
        events = register.events() if heard else iter(())
        found.append(standing(events, purpose=purpose, basis=basis, at=at, restricts=False))
    people = any_of(found)
    return None if people.open else people


@dataclass(frozen=True, slots=True)
class Said:
    """One event about one person, as it is told: no name, no value of a table."""

    purpose: str
    event: str
    at: datetime
    valid_from: datetime | None
    valid_until: datetime | None


def said_by(register: Register, tags: frozenset[bytes]) -> list[Said]:
    """All that people with these tags have said, the newest first."""
    rows = (row for batch in register.of_people(tags) for row in batch.to_pylist())
    found = [Said(**{key: value for key, value in row.items() if key != TAG}) for row in rows]
    return sorted(found, key=lambda each: (each.at, EVENTS.index(each.event)), reverse=True)


def contract_file(settings: Settings) -> Path | None:
    """Where the contract of the consents lies, if the installation has one."""
    return file_of(settings.contracts, REGISTER)


def purposes_of(settings: Settings) -> list[tuple[str, LegalBasis]]:
    """Every purpose of the installation's contracts with what it rests on, each pair once."""
    known = [contract for contract in contracts_in(settings.contracts) if contract.name != REGISTER]
    found = [pair for contract in known for pair in contract.legal_basis.items()]
    return list(dict.fromkeys(found))
