"""Whether the keyring opens with its key, and each table of the lake can be read at the version it should have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import pyarrow.fs as pafs
from deltalake import DeltaTable

from strongroom.core.errors import KeyFault, StoreError
from strongroom.core.keys.ring import SUBJECTS, Status
from strongroom.core.settings import Settings
from strongroom.core.suggest import counted
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.setup.probes import Finding
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, filesystem_of
from strongroom.stores.lake.old_timestamps import old_files
from strongroom.stores.lake.others import files_of
from strongroom.stores.lake.text_columns import tables_of

_FILES = 50
"""Files of a table that are asked at most."""
_PUT_BACK = "put it back from a backup: docs/operations.md#put-back"


def looked(settings: Settings) -> Iterator[Finding]:
    """What is wrong with keyring and tables, or that nothing is."""
    lake = Lake(settings.lake)
    try:
        names = tables_of(lake)
    except StoreError as error:
        yield Finding("tables", f"{error.where}: {error.what}", error.todo)
        names = []
    yield keyring(settings, used=any(name.startswith(("training.", "curated.", "features.")) for name in names))
    opened = {name: _opened(lake, name) for name in names}
    yield _logs(lake, opened)
    yield from _timestamps(lake, [name for name, table in opened.items() if isinstance(table, DeltaTable)])


def keyring(settings: Settings, *, used: bool) -> Finding:
    """Whether the keyring opens. It is opened, and nothing of it is told but how many keys it has.

    Args:
        settings: name it and the provider of its key.
        used: whether there are tables that need it.
    """
    kind, _, place = settings.keys.partition(":")
    if kept := [path for path in (settings.keyring, *([place] if kind == "file" else [])) if _is_kept_from_us(path)]:
        return Finding("opening", f"{kept[0]} is another user's; not probed")
    try:
        ring = open_keyring(settings.keys, settings.keyring, create=False)
    except KeyFault as fault:
        if fault.code == "keyring.missing" and not used:
            return Finding("opening", "none yet: the first prepare makes it")
        todo = _PUT_BACK if fault.code == "keyring.missing" else fault.todo
        return Finding("opening", f"{fault.where}: {fault.what}", todo or _PUT_BACK)
    keys = [key for key in ring.keys if key.id != SUBJECTS]
    shut = sum(key.status is not Status.ENABLED for key in keys)
    told = f", {shut} of them disabled or destroyed" if shut else ""
    return Finding("opening", f"{settings.keyring} opens with {kind}: {counted(len(keys), 'key')}{told}")


def _is_kept_from_us(path: str) -> bool:
    try:
        with Path(path).open("rb"):
            return False
    except OSError as error:
        return isinstance(error, PermissionError)


def _opened(lake: Lake, name: str) -> DeltaTable | str:
    """The table, or what is wrong with it."""
    try:
        table = lake.open(name)
    except StoreError:
        return "its log cannot be read"
    return "its log holds no version" if table is None else table


def _logs(lake: Lake, opened: Mapping[str, DeltaTable | str]) -> Finding:
    """Whether each table is there whole, as far as its log and the first of its files tell.

    Raw tables are somebody else's, and may be of a kind that only Spark reads: of them it is told, and no more.
    """
    wrong = {name: table for name, table in opened.items() if isinstance(table, str)}
    unread = [name for name in wrong if name.startswith("raw.")]
    whole = {name: table for name, table in opened.items() if isinstance(table, DeltaTable)}
    wrong |= _behind(lake, whole)
    for name, table in whole.items():
        if name not in wrong and (gone := _gone(lake, name, table)):
            wrong[name] = gone
    if faults := [f"{name}: {what}" for name, what in wrong.items() if name not in unread]:
        return Finding("tables", "; ".join(faults), _PUT_BACK)
    if not opened:
        return Finding("tables", "none yet")
    told = f"; not read here: {', '.join(unread)}" if unread else ""
    return Finding("tables", f"{counted(len(whole), 'table')}, each with its log and files{told}")


def _behind(lake: Lake, whole: Mapping[str, DeltaTable]) -> dict[str, str]:
    """Tables that are older than the last run that published one says; and those it published and nobody finds."""
    if RUNS not in whole:
        return {}
    try:
        rows = lake.rows(RUNS, whole[RUNS], ("run_id", "dataset", "started", "table_version")).to_pylist()
    except StoreError:
        return {RUNS: "its rows cannot be read"}
    last: dict[str, tuple[int, str]] = {}
    for row in sorted(rows, key=lambda row: str(row["started"])):
        if row["table_version"] is not None:
            dataset = str(row["dataset"])
            last[dataset if "." in dataset else f"training.{dataset}"] = row["table_version"], row["run_id"]
    wrong = {}
    for name, (version, run) in last.items():
        if name not in whole:
            wrong[name] = f"run {run} published version {version}, and there is no such table"
        elif whole[name].version() < version:
            wrong[name] = f"it is at version {whole[name].version()}, and run {run} published {version}"
    return wrong


def _gone(lake: Lake, name: str, table: DeltaTable) -> str:
    """Files of the newest version that are not there, of so many as are asked."""
    filesystem, folder = filesystem_of(lake.folder(name))
    paths = [f"{folder}/{unquote(path)}" for path in sorted(files_of(table))[:_FILES] if "://" not in path]
    gone = sum(info.type == pafs.FileType.NotFound for info in filesystem.get_file_info(paths))
    return (
        f"{gone} of {counted(len(paths), 'file')} that its log names {'is' if gone == 1 else 'are'} gone"
        if gone
        else ""
    )


def _timestamps(lake: Lake, names: list[str]) -> Iterator[Finding]:
    """Whether published tables hold timestamps that other readers and writers take for other moments."""
    old, asked = dict[str, str](), 0
    for name in names:
        try:
            files, looked_at = old_files(lake, name, most=_FILES)
        except StoreError as error:
            if not name.startswith("raw."):
                yield Finding("tables", f"{error.where}: {error.what}", _PUT_BACK)
            continue
        asked += looked_at
        if files:
            old[name] = f"{name} ({len(files)} of {counted(looked_at, 'file')})"
    if old:
        what = f"only Spark reads right: {', '.join(old.values())}"
        yield Finding("timestamps", what, "./spark-submit.sh prepare --mend-timestamps")
    elif asked:
        yield Finding("timestamps", f"in {counted(asked, 'file')} as Delta demands them")
