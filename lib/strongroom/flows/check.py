"""Check files before they are run: settings, policy and contracts. No Java, no data, no keys.

Without files: the settings file (--config), its policy and every contract of its folder, and what `access lint` says of
the policy, as notes; with --lake also which tables of the lake do not say what they were made from, or whose their rows
are, and every file that belongs to nothing: in the lake, its reports, and the folders of keys and audit log. A file's
content tells what it is. Every problem is told with file and line, with exit code 3.

--show prints a contract as it is understood, line by line, each with where it came from. --contracts DIR says which
contracts of a folder load, what keeps the others from it, and how many those are, with exit code 3 if there are any;
--protection names one overlay for all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.file import Asked, contracts_in, lakes_parts, parts_of, read_contract
from strongroom.core.contract.overlay import read_overlay
from strongroom.core.contract.references import referenced
from strongroom.core.contract.shown import shown
from strongroom.core.contract_files import files_in, misnamed, name_of, named_part, overlay_of, overlays, twins
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import joined
from strongroom.core.policy.file import load_policy, parse_policy
from strongroom.core.policy.freezes import file_of, freezes_beside
from strongroom.core.run import Job, Outcome
from strongroom.core.settings import Settings
from strongroom.core.settings.file import load_settings, parse_settings
from strongroom.core.suggest import counted, did_you_mean, slip_of
from strongroom.core.yaml import parse, read_text
from strongroom.flows.foundation.contract_survey import contract_as_asked, folders_of_files, survey
from strongroom.flows.foundation.contracts import doubled, must_exist, named
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.foundation.thawed import thawed
from strongroom.govern.engine.engine import compile_policy
from strongroom.govern.review.lint import lint
from strongroom.stores import storage
from strongroom.stores.spark.settings import refused

BARE = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` takes besides the options of every job."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="contracts, policies or settings files")
    parser.add_argument("--show", action="store_true", help="print each contract as it is understood")
    parser.add_argument("--contracts", metavar="DIR", default="", help="count what loads of a folder of contracts")
    parser.add_argument("--protection", metavar="NAME|FILE", default="", help="the overlay to use, for every contract")
    parser.add_argument(
        "--lake", action="store_true", help="look at the lake, too: what its tables do not say, and stray files"
    )


def run(job: Job) -> Outcome:
    """Reads each file as its kind, and says `ok` or what is wrong.

    Raises:
        UsageError: there is no contract of the name that was given.
        ConfigError: every problem of every file.
    """
    if job.args.contracts:
        return survey(job, Path(job.args.contracts))
    files, problems = _files(job)
    checked, lines, contracts = list[dict[str, object]](), list[str](), list[Contract]()
    for file in dict.fromkeys(files):
        told: dict[str, object] = {"file": str(file), "ok": False, "kind": None, "what": None}
        checked.append(told)
        try:
            kind, what, found = _check(file, job)
            contracts += found
            told |= {"ok": True, "kind": kind, "what": what}
            lines.append(f"ok  {file}  {what}")
            if job.args.show:
                understood = [line for contract in found for line in shown(contract)]
                told["shown"] = [asdict(line) for line in understood]
                lines += [f"    {line}" for line in understood]
        except ConfigError as error:
            problems += [*error.problems, *_of_others(file, error, job)]
    remarks = list(dict.fromkeys(warning for contract in contracts for warning in _warnings(contract)))
    stray: list[dict[str, object]] = []
    if problems:
        for line in (*lines, *(f"note  {remark}" for remark in remarks)):
            job.say(line)
        fault = ConfigError(dict.fromkeys(problems))
        fault.outcome = Outcome(answer={"files": checked, "notes": [asdict(remark) for remark in remarks]})
        raise fault
    if not job.args.files and not job.args.contract:
        settings = load_settings(job.args.config, job.args.overrides)
        remarks += _without_contract(settings.contracts, slips=False)
        remarks += doubled(contracts)
        with storage.settled(settings):
            remarks += _remarks(job, settings, stray)
    lines += [f"note  {remark}" for remark in remarks]
    answer: dict[str, object] = {"files": checked, "notes": [asdict(remark) for remark in remarks]}
    if job.args.lake:
        answer["strays"] = stray
    return Outcome(summary=joined(lines), facts={"files": len(files)}, answer=answer)


def _remarks(job: Job, settings: Settings, stray: list[dict[str, object]]) -> Iterator[Problem]:
    """What the policy says against the contracts and, with `--lake`, against the lake's tables, and its stray files."""
    yield from lint(
        load_policy(settings.policy),
        tables=known_tables(settings, looks=job.args.lake).tables,
        at=job.run.started,
    )
    yield from _incidents(settings)
    if job.args.lake:
        # what opens tables takes a while to load
        from strongroom.flows.foundation.lake_map import map_of
        from strongroom.flows.foundation.provenance import untold
        from strongroom.flows.foundation.strays import strays

        known, contracts = map_of(settings), contracts_in(settings.contracts)
        yield from untold(settings.lake, contracts, known)
        for each in strays(settings, contracts, known, at=job.run.started):
            stray.append({"code": each.told.code, "path": each.path, "bytes": each.size})
            yield each.told


def _incidents(settings: Settings) -> Iterator[Problem]:
    """Incidents that nobody closed and that are not frozen as they were, and freezes that cannot be read."""
    freezes_beside(settings.policy)
    for name in sorted(thawed(settings)):
        what = f"nobody has closed the incident {name}, and its freeze is gone or another: people read what it closed"
        todo = f"Find out who wrote there; incident open … --run-id {name} puts it back."
        yield Problem(what, str(file_of(settings.policy, name)), todo, "incident.thawed")


def _files(job: Job) -> tuple[list[Path], list[Problem]]:
    """The files to check: those of the command line, or else the settings and what they name."""
    files = [Path(file) for file in job.args.files]
    if files and not job.args.contract:
        return files, []
    try:
        settings = load_settings(job.args.config, job.args.overrides)
    except ConfigError as error:
        return files, list(error.problems)
    folder = Path(settings.contracts)
    if name := job.args.contract:
        must_exist(file := named(folder, name), name, folder)
        return [*files, _shown(file)], []
    contracts = files_in(folder)
    todo = "Correct the setting 'contracts'."
    problems = [] if contracts else [Problem("No contract here.", str(folder), todo, "contract.unknown")]
    problems += [*misnamed(folder), *twins(overlays(folder)), *_without_contract(folder, slips=True)]
    for section, values in settings.jobs.items():
        name = str(values.get("contract") or "")
        if name and not named(folder, name).exists():
            known = list(map(name_of, contracts))
            what = f"'{section}.contract' names {name!r}, and there is no such contract."
            problems.append(
                Problem(what, _where(job.args.config, section), did_you_mean(name, known), "contract.unknown")
            )
    found = (Path(job.args.config), Path(settings.policy), *contracts, *files_in(overlays(folder)))
    return list(map(_shown, found)), problems


def _where(config: str, section: str) -> str:
    """Where the settings name a section's contract; the file alone when the command line does."""
    root = parse(read_text(config), config)
    node = root.at([section, "contract"])
    return node.where if node is not root else config


def _check(file: Path, job: Job) -> tuple[str, str, list[Contract]]:
    """The kind of file, what it is and holds in a few words, and the contracts in it."""
    text = read_text(str(file))
    overrides = job.args.overrides if file.absolute() == Path(job.args.config).absolute() else ()
    kind = _kind(text, file)
    if kind == "contract":
        contracts, problems = list[Contract](), list[Problem]()
        for part in _parts(file, text, job):
            try:
                contracts.append(contract_as_asked(file, part, job))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(dict.fromkeys(problems))
        return kind, "; ".join(map(_contract, contracts)), contracts
    kinds: dict[str, Callable[[], str]] = {
        "policy": lambda: _policy(text, str(file)),
        "settings": lambda: _settings(text, str(file), overrides),
        "protection": lambda: _protection(text, str(file)),
    }
    return kind, kinds[kind](), []


def _of_others(file: Path, error: ConfigError, job: Job) -> Iterator[Problem]:
    """Where the protection of a contract is said in which no column says how it leaves: it may be somebody else's."""
    if "contract.unprotected" not in {problem.code for problem in error.problems}:
        return
    text, folders = read_text(str(file)), folders_of_files(file, job)
    found = (read_contract(text, str(file), Asked(part))[0] for part in parts_of(file, text))
    leaves = [leaf for contract in found if contract is not None for leaf in contract.leaves()]
    if any(leaf.protect is not None for leaf in leaves) or overlay_of(file, "", folders) is not None:
        return
    place = _shown(overlays(folders[-1]) / f"{name_of(file)}.yaml")
    todo = f"If it is somebody else's, leave it as it is and write {place}, for example: pattern: {{'*': drop}} - and "
    todo += "columns: {NAME: keep}, servers and purposes; all of it: docs/contract.md, Contracts of others."
    yield Problem("No column of this contract says how it leaves.", f"{file}:1", todo, "contract.unprotected")


def _parts(file: Path, text: str, job: Job) -> tuple[str, ...]:
    """The schema objects of a file to check: the one that is named, or those that are this lake's."""
    name, part = named_part(job.args.contract)
    mine = part and name_of(name) == name_of(file)
    return (part,) if mine else lakes_parts(file, text, folders_of_files(file, job))


def _kind(text: str, file: Path) -> str:
    """Which kind of file this is, by the fields it has."""
    root = parse(text, str(file))
    marks = {
        "contract": ("apiVersion", "kind", "schema", "servers"),
        "policy": ("roles", "grants", "denies", "expect"),
        "settings": ("lake", "keys", "policy", "contracts", "spark"),
        "protection": ("pattern", "columns", "classification", "tag", "leave", "means"),
    }
    score = {kind: sum(word in root for word in words) for kind, words in marks.items()}
    best = max(score, key=lambda kind: score[kind])
    if not score[best]:
        raise ConfigError(
            [root.problem("Neither a contract nor a policy nor settings.", "See docs/contract.md.", "file.kind")]
        )
    return best


def _contract(contract: Contract) -> str:
    leaves, rules = len(list(contract.leaves())), len(contract.rules) + len(contract.set_rules)
    refers = f", refers to {', '.join(referenced(contract))}" if referenced(contract) else ""
    return f"contract {contract.name} {contract.version}: {leaves} columns, {rules} rules{refers}"


def _protection(text: str, file: str) -> str:
    overlay = read_overlay(text, file)
    words = sum(map(len, (overlay.classification, overlay.tag, overlay.pattern, overlay.columns)))
    return f"protection of {name_of(file)}: {counted(words, 'word')}"


def _warnings(contract: Contract) -> Iterator[Problem]:
    """What nobody may have meant: a word of an overlay that means nothing, a type that is no number's."""
    for note in contract.notes:
        if note.warning == "means-nothing":
            yield Problem(note.what, note.where, code="contract.means-nothing")
        elif note.warning:
            yield Problem(note.what, note.where, code="contract.money")


def _without_contract(folder: str | Path, *, slips: bool) -> Iterator[Problem]:
    """Overlays of no contract, which protect nothing: `slips` in the name of one, or those that are like none."""
    known = list(map(name_of, files_in(folder)))
    for file in files_in(overlays(folder)):
        name = named_part(name_of(file))[0]
        if name not in known and bool(slip_of(name, known)) == slips:
            what = f"There is no contract {name!r} for this overlay."
            yield Problem(what, str(_shown(file)), did_you_mean(name, known), "contract.unknown")


def _settings(text: str, file: str, overrides: Sequence[str]) -> str:
    settings = parse_settings(text, file, overrides)
    problems = list(refused(settings.spark, file=file))
    if problems:
        raise ConfigError(problems)
    return f"settings of the lake {settings.lake}"


def _policy(text: str, file: str) -> str:
    policy = compile_policy(parse_policy(text, file)).policy  # holds it to its own expectations
    return f"policy: {len(policy.roles)} roles, {len(policy.grants)} grants, {len(policy.denies)} denies"


def _shown(file: Path) -> Path:
    """The path as a reader types it: relative where the file is below the working directory."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
