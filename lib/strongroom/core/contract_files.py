"""The contracts of an installation: the files of one folder, `NAME` with one of four endings."""

from __future__ import annotations

from pathlib import Path

_ENDS = (".odcs.yaml", ".odcs.yml", ".yaml", ".yml")


def files_in(folder: str | Path) -> list[Path]:
    """The file of every contract, by name."""
    return sorted(
        path for path in Path(folder).glob("*") if path.name.endswith(_ENDS) and not path.name.startswith(".")
    )


def name_of(file: str | Path) -> str:
    """What `--contract` calls the contract of a file."""
    name = Path(file).name
    return name.removesuffix(next((end for end in _ENDS if name.endswith(end)), ""))


def file_of(folder: str | Path, name: str) -> Path | None:
    """The file of the contract NAME, or None."""
    return next((file for file in files_in(folder) if name_of(file) == name), None)
