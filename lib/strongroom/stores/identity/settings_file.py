"""The settings file of whoever names none: a variable's, the project's, or the nearest one that is nobody else's.

Settings say what is believed and what is run: keys, policy, options of a JVM. So those that are only found must be this
user's or root's, and lie where nobody else could have put them (`trust.py: not_mine`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from strongroom.core import program
from strongroom.core.errors import ConfigError, Problem
from strongroom.stores.identity.trust import not_mine

VARIABLE, USUAL = "STRONGROOM_CONFIG", "conf/local.yaml"


def settings_file(*, say: Callable[[str], None]) -> str:
    """The settings of a job: those that STRONGROOM_CONFIG names, else the project's own, else `found`.

    Raises:
        ConfigError: there are none, or they are somebody else's to write.
    """
    return os.environ.get(VARIABLE) or (found(say=say) if program.INSTALLED else str(program.ROOT / USUAL))


def found(*, say: Callable[[str], None]) -> str:
    """The nearest settings, and says which they are.

    Raises:
        ConfigError: there are none, or they are somebody else's to write.
    """
    file = nearest()
    if file is None:
        todo = "Make a folder to start in: ./spark-submit.sh init FOLDER. Or name them: --config FILE, or " + VARIABLE
        raise ConfigError([Problem("There are no settings here, nor in a folder above.", _here(), f"{todo}.")])
    if fault := not_mine(file):
        todo = f"If they are to be trusted, name them: --config {USUAL}, or {VARIABLE}."
        raise ConfigError([Problem(f"These settings were found, and are not taken: {fault}.", str(file), todo)])
    say(f"settings of {file}")
    return str(file)


def nearest() -> Path | None:
    """`conf/local.yaml` of the working folder or the next above, up to the project's (it has `.git`) or the home."""
    here = _here()
    for folder in (Path(here), *Path(here).parents) if here else ():
        if os.path.lexists(folder / USUAL):
            return folder / USUAL
        if os.path.lexists(folder / ".git") or folder == _home():
            break
    return None


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # a container's user without one
        return None


def _here() -> str:
    """The working folder, by its real path; empty when it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""
