"""How many contracts of a folder load, and what keeps the others from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.file import lakes_parts, parts_of
from strongroom.core.contract.overlay import Overlay, read_overlay
from strongroom.core.contract.standard import schema_problems
from strongroom.core.contract_files import file_of, files_in, misnamed, overlays
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.settings.file import load_settings
from strongroom.core.suggest import counted
from strongroom.core.yaml import parse, read_text
from strongroom.flows.foundation.contracts import contract_at


def contract_as_asked(file: Path, part: str, job: Job) -> Contract:
    """The contract of a file or of one schema object of it, with the overlay and server that the command line names.

    Raises:
        UsageError: there is no such overlay.
        ConfigError: it is not sound.
    """
    folders = folders_of_files(file, job)
    return contract_at(file, part, folders, server=job.args.server, overlay=_overlay(job, folders))


def folders_of_files(file: Path, job: Job) -> tuple[Path, ...]:
    """Where contracts that a contract refers to may be: beside it, and where the settings say."""
    try:
        return (file.parent, Path(load_settings(job.args.config, job.args.overrides).contracts))
    except ConfigError:
        return (file.parent,)  # the settings have problems of their own, told where they are checked


def _overlay(job: Job, folders: tuple[Path, ...]) -> Overlay | None:
    """The overlay that `--protection` names: a file, or one of the folder `protection` beside these."""
    if not (name := job.args.protection):
        return None
    named = Path(name) if name.endswith((".yaml", ".yml")) else None
    found = named or next((file for folder in folders if (file := file_of(overlays(folder), name)) is not None), None)
    if found is None or not found.is_file():
        raise UsageError(f"there is no overlay {name!r}", where=str(overlays(folders[-1])), todo="Name one, or a file.")
    return read_overlay(read_text(str(found)), str(found))


def survey(job: Job, folder: Path) -> Outcome:
    """Says which contracts of a folder load, what stops each of the others, and how many are sound by the standard.

    Raises:
        UsageError: there is no such folder.
        ConfigError: there is no contract in it.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}", todo="Name a folder of contracts.")
    lines, told, kinds = list[str](), list[Looked](), Counter[str]()
    names = misnamed(folder)
    if not (files := files_in(folder)):
        raise ConfigError(
            [Problem("No contract here.", str(folder), "Name a folder of contracts.", "contract.unknown")]
        )
    for file in files:
        found = _look(file, job)
        found = replace(found, problems=(*(each for each in names if each.where == str(file)), *found.problems))
        told.append(found)
        kinds.update(found.codes)
        aside = "" if found.sound else "  (not sound by the standard)"
        lines.append(f"{'loads' if found.loads else 'refused'}  {file}{aside}")
        lines += [f"    {problem}" for problem in found.problems]
    lines += [f"{number:>5}  {code}" for code, number in kinds.most_common()]
    sound = [one for one in told if one.sound]
    figures = {
        "sound": len(sound),
        "empty": sum(one.empty for one in sound),
        "load": sum(one.loads for one in told),
        "soundThatLoad": sum(one.loads for one in sound),
    }
    lines.append(f"{counted(len(told), 'contract')}: {figures['load']} load")
    lines.append(
        f"{figures['sound']} are sound by the standard, of which {figures['empty']} name no column: "
        f"of the other {figures['sound'] - figures['empty']} {figures['soundThatLoad']} load"
    )
    answer = {"files": [one.answer() for one in told], **figures}
    ended = (0, "done") if figures["load"] == len(told) else (ConfigError.exit_code, ConfigError.__name__)
    facts = {"files": len(told), **figures}
    return Outcome(summary=joined(lines), facts=facts, answer=answer, exit_code=ended[0], status=ended[1])


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one file: whether it is sound by the standard and loads, and whether it names any column at all."""

    file: Path
    sound: bool
    empty: bool
    problems: tuple[Problem, ...]

    @property
    def loads(self) -> bool:
        return not self.problems

    @property
    def codes(self) -> list[str]:
        return sorted({problem.code for problem in self.problems})

    def answer(self) -> dict[str, object]:
        """As `--json` has it."""
        said = {"file": str(self.file), "sound": self.sound, "loads": self.loads, "empty": self.empty}
        return {**said, "codes": self.codes, "problems": [asdict(problem) for problem in self.problems]}


def _look(file: Path, job: Job) -> Looked:
    """What is to be said of a contract's file, all of its schema objects together."""
    try:
        text = read_text(str(file))
        root = parse(text, str(file))
        sound = not schema_problems(root)
        all_, own = parts_of(file, text), lakes_parts(file, text, folders_of_files(file, job))
        parts = all_ if job.args.protection else own
    except ConfigError as error:
        return Looked(file, False, True, error.problems)
    tables = root.get("schema")
    empty = not any(table.get("properties") for table in (tables.items if tables is not None else ()))
    problems: dict[Problem, None] = {}
    for part in parts:
        try:
            contract_as_asked(file, part, job)
        except ConfigError as error:
            problems |= dict.fromkeys(error.problems)
    return Looked(file, sound, empty, tuple(problems))
