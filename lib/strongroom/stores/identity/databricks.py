"""`identity: {provider: databricks}`: the user whom Databricks has let in.

On a cluster the session says it. Elsewhere the REST API of the workspace that the settings name does, for the token's
owner; never that of a workspace which the environment names, since whoever starts a job writes that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strongroom.core.errors import EnvironmentFault
from strongroom.stores.databricks_rest import asked

CLUSTER = Path("/databricks")
"""What every node of a cluster has, and only root can make."""


def is_here() -> bool:
    """Whether this process runs on a cluster of Databricks."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ and CLUSTER.is_dir() and CLUSTER.stat().st_uid == 0


def user_name(session: Callable[[], Any], *, host: str = "") -> str:
    """The user's name, usually an e-mail address.

    Args:
        session: gives the Spark session, on a cluster.
        host: the workspace; given, it is asked on a cluster, too.

    Raises:
        EnvironmentFault: the workspace is not named, cannot be asked, says no, or names nobody.
    """
    if is_here() and not host:
        return str(session().sql("SELECT current_user()").first()[0])
    where = "identity: databricks"
    if not host:
        todo = "Write its address into the settings: identity: {provider: databricks, host: https://…}."
        raise EnvironmentFault(
            "this is no cluster of Databricks, and no workspace is named",
            where=where,
            todo=todo,
            code="identity.unknown",
        )
    found = asked("/api/2.0/preview/scim/v2/Me", host=host, seconds=10, fault=EnvironmentFault, where=where)
    name = found.get("userName") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise EnvironmentFault(
            "the workspace names no user", where=where, todo="Check DATABRICKS_TOKEN.", code="identity.unknown"
        )
    return name
