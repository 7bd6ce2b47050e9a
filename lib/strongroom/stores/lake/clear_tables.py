"""A table of clear values: its folder is its owner's alone, and what it held before is deleted, not kept."""

from __future__ import annotations

from pathlib import Path

import pyarrow.fs as pafs

from strongroom.stores.lake.lake import Lake, filesystem_of


def close_to_others(lake: Lake, table: str) -> None:
    """Makes the table's folder of mode 0700, or takes it back from all others; object stores have policies for that."""
    if "://" not in lake.root:
        folder = Path(lake.folder(table))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


def drop_former(lake: Lake, table: str) -> None:
    """Deletes the files of earlier versions, and what runs that died before the newest version have left."""
    found = lake.open(table)
    if found is None:
        return
    number = found.transaction_version(table) or 0
    filesystem, folder = filesystem_of(lake.folder(table))
    here = {uri.rsplit("/", 2)[-2] for uri in found.file_uris()}
    for info in filesystem.get_file_info(pafs.FileSelector(folder)):
        words = info.base_name.removeprefix("_").split("-")
        # A later number belongs to a run that is still at work; an equal one lost the race and cannot commit.
        if words[0] == "stage" and info.base_name not in here and int(words[1]) <= number:
            filesystem.delete_dir(info.path)
