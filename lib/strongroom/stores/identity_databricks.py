"""`identity: {provider: databricks}`: the user whom Databricks has let in.

Inside Databricks the session says it. Outside, the workspace's REST API does, for the token's owner.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.databricks import asked


def is_here() -> bool:
    """Whether this process runs on Databricks."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def user_name(session: Callable[[], Any], *, seconds: float = 10.0) -> str:
    """The user's name, usually an e-mail address.

    Raises:
        EnvironmentFault: the workspace cannot be asked, says no, or names nobody.
    """
    if is_here():
        return str(session().sql("SELECT current_user()").first()[0])
    found = asked("/api/2.0/preview/scim/v2/Me", seconds=seconds, fault=EnvironmentFault, where="identity: databricks")
    name = found.get("userName") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise EnvironmentFault("the workspace names no user", where="DATABRICKS_HOST", todo="Check DATABRICKS_TOKEN.")
    return name
