"""The contracts of an installation: the files of one folder, `NAME` with one of four endings.

`NAME#OBJECT` is one of several schema objects of a file. In the folder `protection` beside that of the contracts lie
overlays: `protection/NAME.yaml`, or `protection/NAME#OBJECT.yaml` for one object alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.names import folded
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
    """The file of the contract or overlay NAME, or None; upper and lower case count.

    Raises:
        ConfigError: two are called so, or alike but for case.
    """
    found = _called(folder, name)
    if len(found) > 1 and any(name_of(file) == name for file in found):
        raise ConfigError([_twin(found[-1], found)])
    return next((file for file in found if name_of(file) == name), None)


def _called(folder: str | Path, name: str) -> list[Path]:
    return [file for file in files_in(folder) if folded(name_of(file)) == folded(name)]


def _twin(file: Path, files: Sequence[Path]) -> Problem:
    what = f"{' and '.join(each.name for each in files)} are called alike: which of them counts?"
    todo = "Keep one, or rename it; endings do not count, nor do upper and lower case."
    return Problem(what, str(file), todo, "contract.twice")


def misnamed(folder: str | Path) -> list[Problem]:
    """What is wrong with the names of a folder's contracts: two of one name, or a `#`, which is for parts of files."""
    todo = "Rename it: what stands behind a '#' is a data set in a file."
    marked = [file for file in files_in(folder) if "#" in file.name]
    return twins(folder) + [
        Problem(f"{file.name!r} cannot be the file of a contract.", str(file), todo, "contract.name") for file in marked
    ]


def twins(folder: str | Path) -> list[Problem]:
    """The files of a folder that are called alike, a problem each."""
    alike: dict[str, list[Path]] = {}
    for file in files_in(folder):
        alike.setdefault(folded(name_of(file))[0], []).append(file)
    return [_twin(file, files) for files in alike.values() if len(files) > 1 for file in files]


def named_part(name: str) -> tuple[str, str]:
    """`NAME` or `FILE`, and the schema object behind its `#`, if there is one."""
    file, mark, part = name.rpartition("#")
    return (file, part) if mark and file and not part.endswith(_ENDS) and "/" not in part else (name, "")


def overlay_of(file: str | Path, part: str = "", folders: Iterable[str | Path] = ()) -> Path | None:
    """The overlay of a contract: that of its object alone, or else of its file; beside its folder, or one of these.

    Raises:
        ConfigError: two are called so, or one nearly: in other letters, upper or lower.
    """
    name = name_of(file)
    for folder in _beside(file, folders):
        for each in ([f"{name}#{part}"] if part else []) + [name]:
            found = _called(folder, each)
            if (one := file_of(folder, each)) is not None:
                return one
            if found:
                what = f"{found[0].name!r} is no overlay of {each!r}: upper and lower case count."
                raise ConfigError([Problem(what, str(found[0]), "Rename it.", "contract.unknown-name")])
    return None


def overlays_of_parts(file: str | Path, folders: Iterable[str | Path] = ()) -> dict[Path, str]:
    """The overlays that are each of one data set in a file, and which that would be."""
    name = name_of(file)
    named = {each: named_part(name_of(each)) for folder in _beside(file, folders) for each in files_in(folder)}
    return {each: part for each, (whole, part) in named.items() if part and folded(whole) == folded(name)}


def _beside(file: str | Path, folders: Iterable[str | Path]) -> list[Path]:
    return [overlays(folder) for folder in dict.fromkeys((Path(file).parent, *map(Path, folders)))]


def overlays(contracts: str | Path) -> Path:
    """The folder of the overlays that belongs to one of contracts."""
    return Path(contracts).parent / "protection"
