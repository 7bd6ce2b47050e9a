"""Who runs this, as far as this installation can tell."""

from __future__ import annotations

import os
import pwd

from strongroom.core.errors import EnvironmentFault
from strongroom.core.settings import Settings


def whoami(settings: Settings) -> str:
    """The principal that this process speaks for: `user:NAME`.

    The settings' `principal` when there is one, else the owner of the process as the operating system knows it (never
    an environment variable, which anybody can set). With `principal` set, identity is asserted, not proven: whoever can
    write the settings file chooses it. That is meant for a laptop and for tests; see `docs/threat-model.md`.

    Raises:
        EnvironmentFault: the process's user has no name.
    """
    if settings.principal:
        return settings.principal
    try:
        return f"user:{pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError as error:
        todo = "Name yourself in the settings (principal: user:NAME), or run as a user the system knows."
        raise EnvironmentFault(
            "The user of this process has no name.", where=f"uid {os.geteuid()}", todo=todo
        ) from error
