"""The variables of the launcher's process, as its job is to have them."""

from __future__ import annotations

import os
import pwd

from strongroom.core import program
from strongroom.core.errors import EnvironmentFault
from strongroom.core.settings import Settings, proven
from strongroom.setup.home import Home
from strongroom.stores import storage

_BREAKING = (
    "PYTHONHOME", "PYSPARK_DRIVER_PYTHON_OPTS", "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS",
    "SPARK_CONNECT_MODE_ENABLED", "SPARK_PREPEND_CLASSES", "SPARK_REMOTE", "SPARK_TESTING",
)  # fmt: skip
"""Variables of another Python or Spark at work, with which no job of ours runs; SPARK_HOME is set anew."""


def without_breaking() -> None:
    """Takes away what no job runs with, whoever is asking."""
    for name in _BREAKING:
        os.environ.pop(name, None)


def settle(settings: Settings, home: Home) -> dict[str, str]:
    """Gives this process the variables that its job is to have, and returns those that are not the caller's.

    Raises:
        EnvironmentFault: with `identity`, packages and jars are taken from somewhere that the settings do not name.
    """
    own = proven.written(settings)
    if not settings.identity.get("provider"):
        os.environ.update(own)
        storage.settle(settings)
        return own
    meant = own.get("STRONGROOM_HOME") or str(program.own_home())
    if os.path.realpath(meant) != os.path.realpath(home.folder):
        what = "STRONGROOM_HOME is not for the caller to say where 'identity' is set: jobs run what lies there"
        todo = "Unset it, or write it into the section 'environment' of the settings."
        raise EnvironmentFault(what, where=settings.file, todo=todo)
    try:
        folder = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        folder = "/"
    found = proven.environment(settings, os.environ, home=folder)
    os.environ.clear()
    os.environ.update(found)
    storage.settle(settings)
    return {"PATH": found["PATH"], "HOME": found["HOME"], **own}
