"""Which contract, and for which purpose: what a run is about when the command line leaves it open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from strongroom.core.contract import Contract, SetRule
from strongroom.core.contract.file import ASKED, Asked, load_contract, overlay_beside, parts_of, read_contract
from strongroom.core.contract.overlay import Overlay
from strongroom.core.contract.references import reference_problems, referenced
from strongroom.core.contract_files import file_of, files_in, name_of, named_part
from strongroom.core.errors import ConfigError, Problem, Refused, UsageError
from strongroom.core.findings import Note
from strongroom.core.run import Job
from strongroom.core.settings import Settings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import read_text
from strongroom.quality.row_rules import compile_rules

if TYPE_CHECKING:
    from strongroom.quality.query import Query


def contract_of(job: Job, section: str) -> Contract:
    """The contract that `--contract` names, else the one of the job's settings.

    Raises:
        UsageError: none is named, or there is none of that name.
        Refused: the settings prove who asks, and the file is not among the installation's contracts.
        ConfigError: it is not sound.
    """
    folder = Path(job.settings.contracts)
    name = job.args.contract or str(job.settings.jobs.get(section, {}).get("contract") or "")
    if not name:
        raise UsageError("no contract is named", todo="Give --contract NAME or FILE.")
    file = named(folder, name)
    if job.settings.identity.get("provider") and file.resolve().parent != folder.resolve():
        todo = f"Name one of {folder}: its words on columns are the policy's."
        raise Refused("where who asks is proven, no contract of one's own is taken", where=str(file), todo=todo)
    must_exist(file, name, folder)
    contract = contract_at(file, named_part(name)[1], (file.parent, folder), server=job.args.server)
    for note in contract.notes:
        if note.left:
            job.say(f"note: {note.where}: {note.what}")
    return contract


def contract_at(
    file: Path, part: str, folders: Sequence[Path], *, server: str = "", overlay: Overlay | None = None
) -> Contract:
    """The contract of a file, or of one schema object of it, with this overlay, or else the one that lies beside it.

    Raises:
        ConfigError: it is not sound.
    """
    asked = Asked(part, server, overlay or overlay_beside(file, part, folders))
    return sound_contract(read_text(str(file)), str(file), folders, asked)


def named(folder: Path, name: str) -> Path:
    """The file that `--contract` names: one, or that of a contract in the folder; it may not be there."""
    name, _ = named_part(name)
    return Path(name) if name.endswith((".yaml", ".yml")) else file_of(folder, name) or folder / name


def must_exist(file: Path, name: str, folder: Path) -> None:
    """Makes sure that a contract which was named is there.

    Raises:
        UsageError: it is not; says which are, and the nearest.
    """
    if not file.exists():
        known, name = list(map(name_of, files_in(folder))), named_part(name)[0]
        raise UsageError(f"there is no contract {name!r}", where=str(folder), todo=did_you_mean(name, known))


def doubled(contracts: Sequence[Contract]) -> Iterator[Problem]:
    """Contracts that make one table: the rows, report and runs of one would be taken for those of the other."""
    first: dict[str, Contract] = {}
    for contract in contracts:
        other = first.setdefault(contract.name.lower(), contract)
        if other is not contract:
            what = f"this contract makes the table {contract.training}, as {other.file} does"
            yield Problem(what, contract.file, "Rename the one, or move it out of the folder.", "contract.doubled")


def sound_contract(text: str, file: str, folders: Sequence[Path], asked: Asked = ASKED) -> Contract:
    """The contract of a text, read, compiled, and held against those it refers to in these folders.

    A query that cannot be run here is left, and noted, where the overlay leaves queries.

    Raises:
        ConfigError: every problem at once, whichever of the three found it.
    """
    contract, problems = read_contract(text, file, asked)
    if contract is not None and asked.overlay is not None and asked.overlay.leave.get("queries"):
        contract = _without_others_queries(contract, folders, asked)
    if contract is not None:
        told = {problem.where for problem in problems}
        problems += [found for found in _deeper(contract, folders, asked, broken=bool(told)) if found.where not in told]
    if problems or contract is None:
        raise ConfigError(problems)
    return contract


def _without_others_queries(contract: Contract, folders: Sequence[Path], asked: Asked) -> Contract:
    """The contract without the queries that cannot be run here, each of them noted."""
    kept, notes = list[SetRule](), list(contract.notes)
    for rule in contract.set_rules:
        try:
            check_queries(replace(contract, set_rules=(rule,)), folders, asked)
            kept.append(rule)
        except ConfigError as error:
            what = f"Not checked: {rule.id!r}, a query that cannot be run here: {error.problems[0].what}"
            notes.append(Note(what, f"{contract.file}:{rule.line}", left=True))
    return replace(contract, set_rules=tuple(kept), notes=tuple(notes))


def _deeper(contract: Contract, folders: Sequence[Path], asked: Asked, *, broken: bool) -> Iterator[Problem]:
    """What only its rules' own compilers and other contracts can tell. Of a `broken` contract, as far as they get."""
    for look in (
        partial(compile_rules, contract),
        partial(check_references, contract, folders, asked),
        partial(check_queries, contract, folders, asked),
    ):
        try:
            look()
        except ConfigError as error:
            yield from error.problems
        except (TypeError, ValueError, KeyError, AttributeError):
            if not broken:
                raise


def check_references(contract: Contract, folders: Sequence[Path], asked: Asked = ASKED) -> None:
    """Holds the references of a contract against the contracts of the data sets it refers to, found in these folders.

    Raises:
        ConfigError: there is none, it is not sound, or both ends cannot be compared; all such problems at once.
    """
    known, problems = _referenced(contract, folders, asked)
    if problems := problems or list(reference_problems(contract, known)):
        raise ConfigError(problems)


def check_queries(contract: Contract, folders: Sequence[Path], asked: Asked = ASKED) -> Mapping[str, Query]:
    """The contract's queries by rule, held against its own columns and those of the data sets that it refers to.

    Raises:
        ConfigError: one asks what it may not; all such problems at once.
    """
    if not any(rule.metric == "sql" for rule in contract.set_rules):
        return {}
    from strongroom.flows.foundation.queries import (
        queries_of,  # with all of protection: only for contracts that have a query
    )

    return queries_of(contract, _referenced(contract, folders, asked)[0])


def folders_of(contract: Contract, settings: Settings) -> tuple[Path, Path]:
    """Where contracts that a contract refers to may be: beside it, and where the settings say."""
    return Path(contract.file).parent, Path(settings.contracts)


def _referenced(contract: Contract, folders: Sequence[Path], asked: Asked) -> tuple[list[Contract], list[Problem]]:
    """The contracts that a contract refers to, as far as they are there and sound, and the problems of the others."""
    known: list[Contract] = []
    problems: list[Problem] = []
    for name in referenced(contract):
        try:
            found = _where(contract, name, folders)
            known += [load_contract(str(found[0]), found[1], folders, asked)] if found is not None else []
        except ConfigError as error:
            problems += error.problems
    return known, problems


def _where(contract: Contract, name: str, folders: Sequence[Path]) -> tuple[Path, str] | None:
    """The file, and the schema object in it, of another data set: beside this one in its file, or in these folders."""
    file = Path(contract.file)
    if file.is_file() and name in parts_of(file):
        return file, name
    for folder in folders:
        if (found := file_of(folder, name)) is not None:
            return found, ""
    several = (file for folder in folders for file in files_in(folder) if name in _parts(file))
    return next(((file, name) for file in several), None)


def _parts(file: Path) -> tuple[str, ...]:
    """The schema objects of a file with several; none of one that cannot be read, whose own check tells."""
    try:
        return parts_of(file)
    except ConfigError:
        return ()


def settle_purpose(job: Job, contract: Contract) -> Job:
    """The job with its purpose: the one asked for, else the contract's only one.

    Raises:
        Refused: the contract does not allow that purpose.
    """
    purpose = job.run.purpose or (contract.purposes[0] if len(contract.purposes) == 1 else "")
    if contract.purposes and purpose not in contract.purposes:
        raise Refused(
            f"the contract does not allow the purpose {purpose!r}" if purpose else "no purpose is named",
            where=contract.file,
            todo=f"Give --purpose; the contract allows {', '.join(contract.purposes)}.",
            code="policy.purpose",
        )
    return replace(job, run=replace(job.run, purpose=purpose))
