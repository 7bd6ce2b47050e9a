"""What contracts, policy, settings, audit log and the lake's map say of processing; what none of them says is missing.

Nothing is made up: an empty answer carries the file and line where somebody can give it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from strongroom.audit.log import AuditLog
from strongroom.audit.signing_keys import CHECKPOINT
from strongroom.core.contract import Contract, raw_table
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.legal_basis import articles
from strongroom.core.contract.protection import METHODS
from strongroom.core.contract.subject import subject_of
from strongroom.core.errors import Problem
from strongroom.core.lineage import LakeMap
from strongroom.core.policy import last_day
from strongroom.core.policy.file import load_policy
from strongroom.core.report.processing import Activity, Datum, Recipient, Record
from strongroom.core.run import Job
from strongroom.core.settings import Settings
from strongroom.core.suggest import counted
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.foundation.lake_map import map_of
from strongroom.govern.engine.engine import Engine, compile_policy
from strongroom.govern.review.readers import readers

CONTROLLER = {
    "controller": "Controller", "contact": "Contact", "representative": "Representative in the Union",
    "dpo": "Data protection officer", "joint": "Joint controllers", "recipients": "Recipients outside of the house",
    "transfers": "Transfers to other countries, with safeguards", "measures": "Security measures of the house",
}  # fmt: skip
"""The settings of the section `report`, as a record calls them."""
_GIVEN = ("project", "export", "key", "reveal")
"""Events by which somebody was given files, keys, an export, or values in clear."""
_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}


def basis_of(contract: Contract, purpose: str) -> str:
    """On what a purpose of a contract rests, with its articles; empty where nobody has said it."""
    found = contract.legal_basis.get(purpose)
    return f"{found} ({articles(found)})" if found is not None else ""


def retention_of(contract: Contract) -> str:
    """How long rows of a contract are kept; empty where nobody has said it."""
    found = contract.retention
    return f"{counted(found.amount, _UNITS[found.unit])} after {found.path}" if found is not None else ""


def data_of(contract: Contract) -> tuple[Datum, ...]:
    """The columns that tell of somebody: classified so, of a special category, or the subject."""
    return tuple(
        Datum(leaf.path, leaf.classification, leaf.special, METHODS[leaf.method].said)
        for leaf in contract.leaves()
        if leaf.personal or leaf.special or leaf.subject or leaf.method == "redact"
    )


@dataclass(slots=True)
class Facts:
    """Everything that papers are made from, read once."""

    settings: Settings
    contracts: Sequence[Contract]
    known: LakeMap
    engine: Engine
    at: datetime

    @classmethod
    def of(cls, job: Job) -> Facts:
        """The facts of an installation. The policy is the file's own: what is frozen today is no answer for a record.

        Raises:
            ConfigError: a contract or the policy is not sound.
            StoreError: the lake cannot be looked into.
        """
        settings = job.settings
        engine = compile_policy(load_policy(settings.policy))
        return cls(settings, contracts_in(settings.contracts), map_of(settings), engine, job.run.started)

    def record(self) -> Record:
        """The record of processing activities."""
        personal = [contract for contract in self.contracts if data_of(contract)]
        activities = tuple(each for contract in personal for each in self.activities(contract))
        said = self.settings.jobs.get("report", {})
        return Record(
            {word: str(said.get(word) or "") for word in CONTROLLER},
            activities,
            tuple(contract.name for contract in self.contracts if contract not in personal),
            tuple(self.given()),
            tuple(self.measures()),
            self.engine.policy.fingerprint,
            self.at,
            (*self.unsaid(), *(problem for contract in personal for problem in missing(contract))),
        )

    def activities(self, contract: Contract) -> Iterator[Activity]:
        """One for each purpose; one without where the contract names none."""
        for purpose in contract.purposes or ("",):
            yield Activity(
                contract.name,
                contract.version,
                contract.file,
                purpose,
                basis_of(contract, purpose),
                contract.description,
                contract.data_subjects,
                data_of(contract),
                tuple(self.recipients(contract, purpose)),
                retention_of(contract),
                self.tables(contract),
                tuple(dict.fromkeys(raw_table(source) for source in contract.sources)),
            )

    def tables(self, contract: Contract) -> tuple[str, ...]:
        """Where rows of a contract lie, its training table first, as far as they are made."""
        here = [name for name in (contract.training, contract.quarantine) if self.known.node(name) is not None]
        return tuple(dict.fromkeys((*here, *self.known.below(contract.training))))

    def recipients(self, contract: Contract, purpose: str) -> Iterator[Recipient]:
        """Roles that read some of it for a purpose, by the policy, or open what is encrypted in it."""
        tables = {table.name: table for table in known_tables(self.settings).tables}
        names = [name for name in dict.fromkeys((contract.training, *self.tables(contract))) if name in tables]
        yield from dict.fromkeys(
            Recipient(each.role, name, last_day(each.until) if each.until else "")
            for name in names
            for action in ("read", "reveal")
            for each in readers(self.engine, tables[name], at=self.at, action=action)
            if each.purpose in ("", purpose) or not purpose
        )

    def given(self) -> Iterator[tuple[str, str, str]]:
        """Who was given something that lies outside of the policy's reach now, by the audit log."""
        last: dict[tuple[str, str], str] = {}
        for event in AuditLog.open(self.settings).read():
            if event.action in _GIVEN and event.outcome in ("allowed", "done") and event.job != "check":
                who = ", ".join(event.roles) if event.action in ("project", "key") and event.roles else event.principal
                last[who, f"{event.action} {event.table}"] = f"{event.time:%Y-%m-%d}"
        yield from ((who, what, day) for (who, what), day in sorted(last.items()))

    def measures(self) -> Iterator[str]:
        """What is done about security here, each only where it is so."""
        policy, settings = self.engine.policy, self.settings
        rules = f"{counted(len(policy.roles), 'role')}, {counted(len(policy.grants), 'grant')}"
        yield f"Access by policy, nothing without a grant, and a deny beats a grant: {rules}"
        provider = settings.identity.get("provider", "")
        yield f"Identity proven by {provider}" if provider else "Identity is asserted, not proven (settings: identity)"
        log = AuditLog.open(settings)
        yield "Audit log, append-only" + (", signed (Ed25519, Merkle tree)" if log.note(CHECKPOINT) else ", not signed")
        yield f"Keys apart from data, held by {settings.keys.partition(':')[0]}, wrapped in the keyring"
        methods: dict[str, list[str]] = {}
        for contract in self.contracts:
            for each in data_of(contract):
                methods.setdefault(each.protected, []).append(f"{contract.name}.{each.path}")
        yield from (f"{said}: {', '.join(paths)}" for said, paths in sorted(methods.items()))
        if any(node.kind == "quarantine" for node in self.known.nodes):
            yield "Rows set aside are sealed as a whole under a key of their own"

    def unsaid(self) -> Iterator[Problem]:
        """What of the controller the settings do not say."""
        said = self.settings.jobs.get("report", {})
        for word, of in CONTROLLER.items():
            if not said.get(word):
                todo = f"report: {{{word}: …}} in the settings; none where there is none."
                yield Problem(f"{of}: nobody has said it", f"{self.settings.file}:1", todo, "report.missing")


def missing(contract: Contract) -> Iterator[Problem]:
    """What a contract with personal data does not say, and a record has to."""
    top = f"{contract.file}:1"
    place = contract.said.get("purposes", top)
    if not contract.purposes:
        yield _lack(contract, "a purpose", top, "{property: purposes, value: [WORD]}")
    for purpose in contract.purposes:
        if not basis_of(contract, purpose):
            what = f"the legal basis of {purpose}"
            yield _lack(contract, what, contract.said.get("legalBasis", place), "{property: legalBasis, value: …}")
    if not contract.data_subjects:
        yield _lack(contract, "categories of data subjects", place, "{property: dataSubjects, value: [TEXT]}")
    if not retention_of(contract):
        time = contract.role("time")
        where = f"{contract.file}:{time.line}" if time is not None else top
        yield _lack(
            contract,
            "how long rows are kept",
            where,
            "slaProperties: {property: retention, value: 2, unit: y, element: …}",
        )
    if not contract.description:
        yield _lack(contract, "what it is for", top, "description: {purpose: TEXT}")
    if subject_of(contract) is None:
        yield _lack(contract, "which column names whose a row is", top, "{property: subject, value: true}")


def _lack(contract: Contract, what: str, where: str, todo: str) -> Problem:
    return Problem(f"{contract.name}: nobody has said {what}", where, f"Write {todo}", "report.missing")


def contract_named(facts: Iterable[Contract], table: str) -> Contract | None:
    """The contract whose rows a table has, by its name in whichever zone."""
    rest = table.lower().rpartition(".")[2]
    return next((contract for contract in facts if contract.name.lower() == rest), None)
