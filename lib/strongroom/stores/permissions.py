"""Owner and mode bits of a lake on a local or mounted disk: who of the operating system's users may open what.

Object stores have none of this: there the policy of the bucket says who may read which prefix.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from strongroom.core.errors import EnvironmentFault
from strongroom.core.settings import Settings

OPEN_ZONE = "projected"
"""The zone that others may pass through, to what their group may open."""
_ZONES = (
    "training", "quarantine", "curated", "dropped", "features", "revealed", "models", "reports", "strongroom",
)  # fmt: skip


def has_modes(root: str) -> bool:
    """Whether a lake lies where files have an owner and a mode."""
    return "://" not in root


def mask(own: int, settings: Settings) -> int:
    """The umask of a run: what it writes is open to whom its caller and the folders it writes to let in, nobody else.

    Folders that are not there yet are made for their owner alone. Nothing is ever for everybody to write.

    Args:
        own: the caller's umask.
        settings: name the lake and the audit log; each folder guards what lies in it, so the wider of the two counts.
    """
    open_to = 0
    for place in (settings.lake, settings.audit):
        folder = Path(place)
        if has_modes(place) and folder.is_dir():
            mode = stat.S_IMODE(folder.stat().st_mode)
            open_to |= mode & 0o070 if mode & 0o050 == 0o050 else 0  # to pass through is not to read
            open_to |= mode & 0o005 if mode & 0o005 == 0o005 else 0
    return own & 0o777 | 0o077 & ~open_to


def masked(settings: Settings, number: int) -> Settings:
    """The settings with this umask for the files that Spark writes, too: Hadoop has one of its own, 022 unless told.

    Only where the lake has modes of this system: those of HDFS are its administrator's.
    """
    if not has_modes(settings.lake):
        return settings
    return replace(settings, spark={"spark.hadoop.fs.permissions.umask-mode": f"{number:03o}", **settings.spark})


def group_id(name: str) -> int:
    """The number of a group of this system, which this process may give files to.

    Raises:
        EnvironmentFault: there is no such group, or only its members and root may give it something.
    """
    try:
        number = int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise EnvironmentFault("this system has no such group", where=f"os_group: {name}", todo="Make it.") from None
    if os.geteuid() != 0 and number not in os.getgroups():
        what, todo = "this user may not give files to the group", "Run as root, or as a member of the group."
        raise EnvironmentFault(what, where=f"os_group: {name}", todo=todo)
    return number


def shut(root: str, groups: Iterable[int]) -> list[str]:
    """Closes everything at a lake's top but the projections to others and to these groups; names what was open.

    The zones that jobs make later are made now, so that none of them is open for a while.

    Raises:
        EnvironmentFault: something there is another user's, who could open it again or put something in its place.
    """
    given, shut_now, top = set(groups), [], Path(root)
    _only_ours(top / OPEN_ZONE, owner=top.stat().st_uid)
    for zone in _ZONES:
        (top / zone).mkdir(mode=0o700, exist_ok=True)
    for entry in sorted(top.iterdir()):
        found = entry.lstat()
        keep = stat.S_IMODE(found.st_mode) & ~(0o077 if found.st_gid in given else 0o007)
        if entry.name != OPEN_ZONE and not stat.S_ISLNK(found.st_mode) and keep != stat.S_IMODE(found.st_mode):
            _change(entry, keep)
            shut_now.append(entry.name)
    for way in (top, top / OPEN_ZONE):
        if way.exists():
            _pass_through(way, given)
    return shut_now


def make_private(folder: Path) -> None:
    """A folder that nobody but its owner opens; folders above it, up to the zone, may be passed through only."""
    above = [parent for parent in folder.parents if OPEN_ZONE in parent.parts and not parent.exists()]
    for parent in reversed(above):
        parent.mkdir(exist_ok=True)
        parent.chmod(0o711)  # whatever the process's own mask is
    folder.mkdir(mode=0o700, exist_ok=True)


def give(folder: Path, group: int | None, *, deep: bool = True) -> None:
    """A folder, and with `deep` everything below it, to this group to read; without a group to nobody."""
    for path in [*(sorted(folder.rglob("*"), reverse=True) if deep else ()), folder]:  # the folder itself comes last
        mode = (0o750 if path.is_dir() else 0o640) if group is not None else (0o700 if path.is_dir() else 0o600)
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise EnvironmentFault("there is a symbolic link in a projection", where=str(path), todo="Remove it.")
        if group is not None and found.st_gid != group:
            os.chown(path, -1, group)
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)


def _only_ours(zone: Path, *, owner: int) -> None:
    """Every folder of the projections belongs to the lake's owner, root or this process, and none is a link."""
    trusted = {owner, 0, os.geteuid()}
    for path in (zone, *sorted(zone.rglob("*"))) if os.path.lexists(zone) else ():
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise EnvironmentFault("there is a symbolic link among the projections", where=str(path), todo="Remove it.")
        if stat.S_ISDIR(found.st_mode) and found.st_uid not in trusted:
            what = "this belongs to another user, who can open it to anybody"
            raise EnvironmentFault(what, where=f"{path} (user {found.st_uid})", todo="Remove it, and project again.")


def _pass_through(folder: Path, groups: set[int]) -> None:
    """Others and these groups may go through a folder, and neither list it nor put anything in the way."""
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    if (wanted := mode & ~(0o066 if found.st_gid in groups else 0o006) | 0o011) != mode:
        _change(folder, wanted)


def _change(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except OSError as error:
        what = "this cannot be closed to others, so a projection would be no limit"
        todo = f"Let its owner run: chmod {mode:o} {path}"
        raise EnvironmentFault(what, where=f"{path} ({error.strerror})", todo=todo) from error
