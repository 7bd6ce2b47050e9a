"""Does the data look as the contract says? Folders, headers and footers are compared before a row is read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa
from deltalake.exceptions import DeltaError

from strongroom.core.contract import Contract, Source
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.stores.sources import RawFile, fixed_of
from strongroom.stores.sources.hive_folders import folder_problems, folders_of
from strongroom.stores.sources.kinds import File, Looked, kind_of

_THREADS = 16


def look(source: Source, files: Sequence[RawFile], contract: Contract, *, lake: str = "") -> dict[str, Looked]:
    """Looks at folders, headers and footers of files, by their paths.

    JSON carries no header; names in it that the contract does not know are found while it is read.

    Raises:
        ConfigError: data and contract disagree; all disagreements at once.
        StoreError: a file cannot be read.
    """
    one = partial(_look, source, contract, fixed_of(source, lake))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(one, files))
    problems = [problem for _, wrong in found for problem in wrong]
    if problems:
        raise ConfigError(list({(problem.what, problem.where): problem for problem in problems}.values()))
    return {looked.file.path: looked for looked, _ in found}


def _look(source: Source, contract: Contract, fixed: str, file: RawFile) -> tuple[Looked, list[Problem]]:
    kind = kind_of(source.format)
    folders = folders_of(file.path, fixed) if kind.versions is None else {}
    wrong = folder_problems(folders, contract, path=file.path)
    try:
        looked, problems = kind.look(File(source, contract, file, folders))
    except StoreError as error:
        raise StoreError(error.what, where=error.where or file.path, todo=error.todo, code=error.code) from None
    except (OSError, pa.ArrowException, DeltaError) as error:
        raise StoreError(
            "this file cannot be read", where=file.path, todo="Check the path and permission.", code="source.unreadable"
        ) from error
    return looked, [*wrong, *problems]
