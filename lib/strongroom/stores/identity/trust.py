"""Who else may write a file: whoever may put another in its place is the author of what it says.

Counted are the bits for group and others, of the file and of every folder and link on the way to it. A file's owner is
its rightful author, whoever that is; and so is root.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from strongroom.core.contract_files import files_in, overlays
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.policy import FROZEN
from strongroom.core.settings import Settings
from strongroom.core.settings.storage import credentials_file
from strongroom.stores.identity.databricks import is_here

_PLATFORM = ("/Workspace/", "/Volumes/", "/dbfs/")
"""Mounts of Databricks, where each file shows mode 0777 and the platform's own permissions hold."""
_ACL = "system.posix_acl_access"
_MOST_LINKS = 40  # as the kernel has it


def weakness(path: str | Path) -> str:
    """What lets others than its owner write what lies at a path, in words; empty when nothing does.

    A path that is not there yet is as strong as the folders on the way. Object stores have policies for this.
    """
    if _has_rules_of_its_own(path):
        return ""
    last = Path(os.path.realpath(path))
    for place, entry in _way(Path(path).absolute()):
        passed = stat.S_ISDIR(entry.st_mode) and place != last
        if stat.S_ISLNK(entry.st_mode) or (passed and entry.st_mode & stat.S_ISVTX):
            continue  # a link has no mode of its own, and in a folder like /tmp nobody moves what is another's
        if who := _writers(place, entry):
            return f"{who} may write {place} (mode {stat.S_IMODE(entry.st_mode):04o})"
    return ""


def not_mine(path: str | Path) -> str:
    """What makes a file somebody else's than this process's user or root to say, in words; empty when nothing does.

    Besides who may write there, each folder, link and file on the way must belong to one of the two: a folder's owner
    puts in it what they like.
    """
    if _has_rules_of_its_own(path):
        return ""
    for place, entry in _way(Path(path).absolute()):
        if entry.st_uid not in (os.geteuid(), 0):
            return f"{place} belongs to {_named(entry.st_uid)}"
    return weakness(path)


def cure(path: str | Path) -> str:
    """The command that takes the right to write from others."""
    place = weakness(path).partition(" may write ")[2].rpartition(" (mode ")[0]
    return f"chmod go-w {place}" if place else ""


def sources(settings: Settings) -> dict[str, str]:
    """The files that say what a job may do and believe, by what they are."""
    found = {"settings": settings.file, "policy": settings.policy, "contracts": settings.contracts}
    frozen = Path(f"{settings.policy}{FROZEN}")
    found |= {"freezes": str(frozen)} if frozen.is_dir() else {}
    found |= {f"freeze {path.stem}": str(path) for path in frozen.glob("*.json")}
    found |= {f"contract {path.name}": str(path) for path in files_in(settings.contracts)}
    above = overlays(settings.contracts)
    found |= {"protection": str(above)} if above.is_dir() else {}
    found |= {f"protection {path.name}": str(path) for path in files_in(above)}
    if keys := settings.identity.get("keys", ""):
        found["issuer's keys"] = keys
    if file := credentials_file(settings):
        found["credentials"] = file  # whoever writes it says into whose account the rows go
    return found


def hold(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Tells which files that rule a job others may write, once for each place.

    Raises:
        ConfigError: there is one, and `identity` is set: who proves a name must not also write what it may do.
    """
    found: dict[str, Problem] = {}
    for name, path in sources(settings).items():
        if weak := weakness(path):
            found.setdefault(
                weak, Problem(f"Others may change this ({name}): {weak}.", path, f"Run: {cure(path)}", "settings.open")
            )
    if found and settings.identity.get("provider"):
        raise ConfigError(found.values())
    for problem in found.values():
        say(f"warning: {problem}")


def _has_rules_of_its_own(path: str | Path) -> bool:
    """Whether it is not for modes to say who writes there."""
    return "://" in str(path) or (is_here() and str(path).startswith(_PLATFORM))


def _named(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"


def _way(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every folder, link and file that is passed on the way to a path, itself included, as far as they are there."""
    ahead, here, links = [*path.parts[1:]], Path(path.anchor), 0
    yield here, here.lstat()
    while ahead:
        name = ahead.pop(0)
        if name in ("", "."):
            continue
        here = here.parent if name == ".." else here / name
        try:
            entry = here.lstat()
        except OSError:
            return
        yield here, entry
        if stat.S_ISLNK(entry.st_mode):
            links += 1
            if links > _MOST_LINKS:
                return
            target = here.readlink()
            ahead = [*(target.parts[1:] if target.is_absolute() else target.parts), *ahead]
            here = Path(target.anchor) if target.is_absolute() else here.parent


def _writers(path: Path, entry: os.stat_result) -> str:
    """Who but the owner and root may write this, by its mode."""
    if entry.st_mode & stat.S_IWOTH:
        return "everybody"
    if not entry.st_mode & stat.S_IWGRP:
        return ""
    if _has_list(path):
        return "whom its access list names"
    return group_writers(entry.st_gid, owner=entry.st_uid)


def _has_list(path: Path) -> bool:
    """Whether there is an access list: then the group's bits are the mask of all whom it names."""
    try:
        return bool(os.getxattr(path, _ACL))
    except (OSError, AttributeError):  # none, or a system without them
        return False


def group_writers(number: int, *, owner: int) -> str:
    """The group, when somebody else than that owner is in it or it cannot be told; else nothing."""
    try:
        group = grp.getgrgid(number)
    except KeyError:
        return f"group {number}"
    everybody = pwd.getpwall()
    names = {user.pw_name for user in everybody if user.pw_uid in (owner, 0)}
    others = {*group.gr_mem, *(user.pw_name for user in everybody if user.pw_gid == number)} - names
    if not others and not any(user.pw_uid == owner for user in everybody):  # a directory service that lists nobody
        try:
            if pwd.getpwuid(owner).pw_name != group.gr_name:  # nor is it the owner's private group, by its name
                return f"group {group.gr_name}"
        except KeyError:
            return f"group {group.gr_name}"
    return f"group {group.gr_name}" if others else ""
