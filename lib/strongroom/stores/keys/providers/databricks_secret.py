"""`databricks-secret:SCOPE/KEY`: the key-encryption key as a Databricks secret, base64 of 32 bytes.

In a notebook or a job's driver it is read with `dbutils.secrets`. Where there is no `dbutils`, as on workers, it is
read through the workspace's REST API as `DATABRICKS_HOST` and `DATABRICKS_TOKEN` say. A cluster whose workers have
neither gives them the secret itself, as an environment variable `NAME={{secrets/SCOPE/KEY}}`, and uses `env:NAME`
instead.
"""

from __future__ import annotations

import base64
import sys
from typing import Any
from urllib.parse import quote

from strongroom.core.errors import KeyFault
from strongroom.stores.databricks_rest import asked
from strongroom.stores.keys.providers.local import LocalKek, read_kek


def open_provider(name: str, *, create: bool = False, seconds: float = 10.0) -> LocalKek:  # noqa: ARG001  not ours
    """The key in that secret.

    Raises:
        KeyFault: there is no such secret, or this process may not read it, or the workspace does not answer in time.
    """
    where = f"databricks-secret:{name}"
    scope, _, key = name.partition("/")
    if not scope or not key:
        raise KeyFault("this names no secret", where=where, todo="Write databricks-secret:SCOPE/KEY.")
    tools = _dbutils()
    text = (
        _asked_here(tools, scope, key, where=where) if tools else _asked_afar(scope, key, where=where, seconds=seconds)
    )
    return LocalKek(read_kek(text, where=where), where)


def _dbutils() -> Any:
    """The notebook's `dbutils`, or None where there is none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "user_ns", {}).get("dbutils")


def _asked_here(tools: Any, scope: str, key: str, *, where: str) -> str:
    try:
        return str(tools.secrets.get(scope=scope, key=key))
    except Exception as error:  # what dbutils raises comes from the JVM and has no common type
        raise KeyFault(
            f"the secret cannot be read: {type(error).__name__}",
            where=where,
            todo="Check that it exists (databricks secrets list-secrets SCOPE) and that you may read it.",
            code="key.unreachable",
        ) from None


def _asked_afar(scope: str, key: str, *, where: str, seconds: float) -> str:
    path = f"/api/2.0/secrets/get?scope={quote(scope, safe='')}&key={quote(key, safe='')}"
    todo = "On workers, set NAME={{secrets/SCOPE/KEY}} as the cluster's environment variable and use env:NAME."
    found = asked(path, where=where, fault=KeyFault, todo=todo, seconds=seconds)
    try:
        return base64.b64decode(found["value"], validate=True).decode()
    except (ValueError, KeyError, TypeError):
        raise KeyFault(
            "the workspace's answer holds no secret", where=where, todo="Check DATABRICKS_HOST.", code="key.missing"
        ) from None
