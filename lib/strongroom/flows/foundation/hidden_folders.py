"""What folders called `name=value` say is a column's value: no message has it but that of a column that is kept.

The manifest and the quarantine name files as they are: who may read these, docs/threat-model.md says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from strongroom.core.contract import Contract, source_name
from strongroom.core.errors import ConfigError, Problem, StrongroomError
from strongroom.core.escaping import shell_word
from strongroom.core.settings import Settings
from strongroom.stores.sources import location_of
from strongroom.stores.sources.hive_folders import shown_path
from strongroom.stores.spark.error_translation import translate


def shown_file(path: str, contract: Contract, settings: Settings) -> str:
    """A raw file's path as a message may have it."""
    written = (settings.lake, *(location_of(source, settings.lake) for source in contract.sources))
    named = max((each for each in written if path.startswith(each.split("*")[0])), key=len, default="")
    single = (column for column in contract.columns if column.type.name not in ("struct", "array"))
    open_names = {source_name(column) for column in single if column.method == "keep"}
    return shown_path(path, named=named, open_names=open_names)


def folders_hidden(contract: Contract, settings: Settings) -> AbstractContextManager[None]:
    """Whatever goes wrong with a file is told, logged and kept without what its folders say."""
    ours = (contract.file, settings.file, settings.policy, settings.keyring)

    def place(where: str) -> str:
        named = any(file and where.startswith(file) for file in ours)
        return where if named else shown_file(where, contract, settings)

    return places_told(place)


@contextmanager
def places_told(place: Callable[[str], str]) -> Iterator[None]:
    """Whatever goes wrong is told, logged and kept with its place as the function gives it."""

    def shown(problem: Problem) -> Problem:
        where = place(problem.where)
        todo = problem.todo.replace(shell_word(problem.where), shell_word(where)) if problem.where else problem.todo
        return replace(problem, where=where, todo=todo)

    try:
        yield
    except BaseException as error:
        known = translate(error)
        if known is None or (problems := tuple(map(shown, known.problems))) == known.problems:
            raise
        raise _anew(known, problems) from None


def _anew(error: StrongroomError, problems: tuple[Problem, ...]) -> StrongroomError:
    """The same error with other places."""
    if isinstance(error, ConfigError):
        made: StrongroomError = ConfigError(problems)
    else:
        first = problems[0]
        made = type(error)(first.what, where=first.where, todo=first.todo, code=first.code)
    made.outcome = error.outcome
    return made
