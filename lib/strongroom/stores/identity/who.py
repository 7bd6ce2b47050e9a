"""Who is asking, and what proves it. `--as` only says on whose behalf; that takes a grant of `act`.

The settings' section `identity` names one prover: the operating system, Databricks, or the issuer of signed tokens.
Without it, `principal` in the settings asserts a name, which is for laptops and tests; without that it is the system.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.core.run import Caller
from strongroom.core.settings import Settings
from strongroom.stores.identity import databricks

Session = Callable[[], Any]


def whoami(settings: Settings, session: Session) -> Caller:
    """Who this process speaks for.

    On a cluster of Databricks whose settings name no prover it is the session's user, asserted: there the process runs
    as one system user for everybody.

    Args:
        settings: name the prover.
        session: gives a Spark session; asked on Databricks only.

    Raises:
        Refused: the token is missing, or not one to believe.
        EnvironmentFault: the process's user has no name, or Databricks cannot be asked.
        ConfigError: the key set of the token's issuer is not sound.
    """
    prover = settings.identity.get("provider", "")
    match prover:
        case "databricks":
            name = databricks.user_name(session, host=settings.identity.get("host", ""))
            return Caller(f"user:{name}", "databricks")
        case "token":
            from strongroom.stores.identity import token  # its library is not for those who need none

            return Caller(f"user:{token.user_name(settings)}", "token")
    if not prover and databricks.is_here():
        return Caller(f"user:{databricks.user_name(session)}", "")
    if settings.principal and not prover:
        return Caller(settings.principal, "")
    return Caller(f"user:{_system_user()}", "system")


def _system_user() -> str:
    """The owner of the process as the system knows it; never an environment variable, which anybody can set."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        todo = "Name yourself in the settings (principal: user:NAME), or run as a user the system knows."
        raise EnvironmentFault(
            "The user of this process has no name.", where=f"uid {os.geteuid()}", todo=todo, code="identity.unknown"
        ) from error
