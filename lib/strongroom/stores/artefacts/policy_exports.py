"""Keeps what was exported to a platform: the whole of it, what changed each time, and a manifest of its parts.

`OUT/<target>` is a link to a folder that is written in full before the link turns to it, so that whoever reads there
finds all of one export, never half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from strongroom.core.errors import StoreError
from strongroom.core.escaping import json_text
from strongroom.stores.whole_file import write_whole

MANIFEST = "manifest.json"


def read_export(out: str, target: str) -> dict[str, Any]:
    """The manifest of the last export; empty when there was none.

    Raises:
        StoreError: it cannot be read, or its files are not as it left them.
    """
    folder = Path(out) / target
    if not folder.exists():
        return {}
    todo = "Put the files back, or move the folder away and export anew: the whole of it is then in the plan."
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        changed = [name for name, digest in found["sha256"].items() if _digest((folder / name).read_bytes()) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            "The last export cannot be read.", where=str(folder), todo=todo, code="export.changed"
        ) from error
    if changed:
        raise StoreError(
            f"Changed since it was exported: {', '.join(changed)}.", where=str(folder), todo=todo, code="export.changed"
        )
    return dict(found)


def write_export(out: str, target: str, *, files: Mapping[str, str], manifest: Mapping[str, Any]) -> None:
    """Make these files the export, besides the changes of earlier ones, whole or not at all.

    Raises:
        StoreError: it cannot be written; the last export is as it was.
    """
    root, link = Path(out), Path(out) / target
    fresh = root / f".{target}-{secrets.token_hex(4)}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh.mkdir()
        kept = {name: (link / name).read_text(encoding="utf-8") for name in _earlier(link)}
        told = {**kept, **files}
        digests = {name: _digest(text.encode()) for name, text in sorted(told.items())}
        told[MANIFEST] = json_text({**manifest, "sha256": digests}, indent=1) + "\n"
        for name in told:
            (fresh / name).parent.mkdir(exist_ok=True)
        write_whole({fresh / name: text.encode() for name, text in told.items()})
        turned = root / f"{fresh.name}.link"
        turned.symlink_to(fresh.name)
        os.replace(turned, link)  # noqa: PTH105  Path.replace follows no rule of its own for links; this one is atomic
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        with contextlib.suppress(OSError):
            (root / f"{fresh.name}.link").unlink()
        todo = "Check that the folder is there, writable, and on a disk that has links."
        raise StoreError(
            f"The export cannot be written: {error.strerror}.", where=str(link), todo=todo, code="output.unwritable"
        ) from error
    for left in root.glob(f".{target}-*"):  # the last export, and what a killed one left
        if left.is_symlink():
            left.unlink(missing_ok=True)
        elif left.name != fresh.name:
            shutil.rmtree(left, ignore_errors=True)


def _earlier(link: Path) -> list[str]:
    """The changes of earlier exports, which somebody may not have applied yet."""
    return sorted(f"changes/{file.name}" for file in (link / "changes").glob("*")) if link.exists() else []


def _digest(found: bytes) -> str:
    return hashlib.sha256(found).hexdigest()
