"""Whether others may connect to the sockets over which Spark speaks with Python: they ask nobody who they are.

A run that we start has them in a folder of its own (`run_folder.py`). Executors, a Connect server and sessions that
somebody else has made have them where their own settings and mask say; this looks, in the process that it concerns.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.identity.trust import group_writers

_ENABLED, _FOLDER = "spark.python.unix.domain.socket.enabled", "spark.python.unix.domain.socket.dir"
_TODO = "Start Spark with umask 077, or with that folder of mode 0700 (docs/install.md, 'Sockets')."


def look_in_worker() -> None:
    """In a Python worker of Spark, wherever it runs; anywhere else nothing is looked at.

    Raises:
        EnvironmentFault: others may connect.
    """
    if os.environ.get("PYTHON_UNIX_DOMAIN_ENABLED", "").lower() == "true":  # over TCP, Spark asks for a secret
        folder = os.environ.get("PYTHON_WORKER_FACTORY_SOCK_DIR", "")
        _look(Path(folder or Path(os.environ.get("PYTHON_WORKER_FACTORY_SOCK_PATH", "/tmp/x")).parent))  # noqa: S108


def look_at_session(spark: Any) -> None:
    """At a session whose JVM is on this machine, started by this process or its parent, and so with its mask.

    Raises:
        EnvironmentFault: others may connect.
    """
    if spark.conf.get(_ENABLED, "false").lower() == "true":
        _look(Path(spark.conf.get(_FOLDER, "") or tempfile.gettempdir()))


def _look(folder: Path) -> None:
    who = _may_connect(folder)
    if who:
        what = f"{who} may connect to the sockets of Spark's Python, and so run code in this job"
        raise EnvironmentFault(what, where=f"{folder} (umask {_mask():03o})", todo=_TODO)


def _may_connect(folder: Path) -> str:
    """Who but the owner may: it takes the way there and the right to write to the socket, which the mask says."""
    way = [folder.resolve(), *folder.resolve().parents]
    with suppress(OSError):
        if any(not stat.S_IMODE(place.stat().st_mode) & 0o011 for place in way):
            return ""
    mask = _mask()
    if not mask & 0o002:
        return "everybody"
    if mask & 0o020:
        return ""
    entry = folder.stat()
    group = entry.st_gid if entry.st_mode & stat.S_ISGID else os.getegid()
    return group_writers(group, owner=os.geteuid())


def _mask() -> int:
    """The process's umask; read without setting it where the system lets us, since threads make files meanwhile."""
    with suppress(OSError):
        found = re.search(r"^Umask:\s*([0-7]+)", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
        if found:
            return int(found[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
