"""The contracts of an installation: the files of one folder, `NAME` with one of four endings.

`NAME#OBJECT` is one of several schema objects of a file. In the folder `protection` beside that of the contracts lie
overlays: `protection/NAME.yaml`, or `protection/NAME#OBJECT.yaml` for one object alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from strongroom.core.program import ROOT, typed

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


def is_example(file: str | Path) -> bool:
    """Whether it is one of the contracts of the invented data, as `init` has copied it."""
    ours = ROOT / "conf" / "contracts" / Path(file).name
    try:
        return typed(ours.read_text(encoding="utf-8")) == typed(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False


def file_of(folder: str | Path, name: str) -> Path | None:
    """The file of the contract NAME, or None."""
    return next((file for file in files_in(folder) if name_of(file) == name), None)


def named_part(name: str) -> tuple[str, str]:
    """`NAME` or `FILE`, and the schema object behind its `#`, if there is one."""
    file, mark, part = name.rpartition("#")
    return (file, part) if mark and file and not part.endswith(_ENDS) and "/" not in part else (name, "")


def overlay_of(file: str | Path, part: str = "", folders: Iterable[str | Path] = ()) -> Path | None:
    """The overlay of a contract: that of its object alone, or else of its file; beside its folder, or one of these."""
    name = name_of(file)
    for folder in dict.fromkeys((Path(file).parent, *map(Path, folders))):
        for each in ([f"{name}#{part}"] if part else []) + [name]:
            for end in _ENDS:
                if (found := overlays(folder) / f"{each}{end}").is_file():
                    return found
    return None


def overlays(contracts: str | Path) -> Path:
    """The folder of the overlays that belongs to one of contracts."""
    return Path(contracts).parent / "protection"
