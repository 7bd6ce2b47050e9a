"""`env:NAME`: the key-encryption key in an environment variable, base64 of 32 bytes, on driver and workers alike.

Set it where the processes start. `spark.executorEnv.NAME` would show it in the UI and the event log.
"""

from __future__ import annotations

import os

from strongroom.core.errors import KeyFault
from strongroom.stores.keys.providers.local import LocalKek, read_kek


def open_provider(name: str, *, create: bool = False) -> LocalKek:  # noqa: ARG001  an environment cannot be made here
    """The key in that variable.

    Raises:
        KeyFault: the variable is not set or does not hold a key.
    """
    where = f"env:{name}"
    text = os.environ.get(name)
    if not text:
        raise KeyFault(
            "the environment variable with the key-encryption key is not set",
            where=where,
            todo=f'Set it for every process of the job: export {name}="$(openssl rand -base64 32)", and keep a copy.',
            code="key.missing",
        )
    return LocalKek(read_kek(text, where=where), where)
