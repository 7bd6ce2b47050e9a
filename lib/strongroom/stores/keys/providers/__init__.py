"""Who holds the key-encryption key: one file for each kind, and the table of their names.

A reference is `kind:rest`, for example `file:/etc/strongroom/kek` or `env:STRONGROOM_KEK`. A provider wraps and unwraps
a keyset; `context` is bound to the wrapped bytes, so that they open as nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from strongroom.core.errors import KeyFault
from strongroom.stores.spark.sockets import look_in_worker

KINDS = {
    "file": "strongroom.stores.keys.providers.file",
    "env": "strongroom.stores.keys.providers.env",
    "databricks-secret": "strongroom.stores.keys.providers.databricks_secret",
    "aws-kms": "strongroom.stores.keys.providers.aws_kms",
}


class Provider(Protocol):
    """Holds a key-encryption key, or speaks to the service that does."""

    def wrap(self, data: bytes, *, context: bytes) -> bytes:
        """The data under the key-encryption key."""

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """What `wrap` was given.

        Raises:
            KeyFault: another key or context wrapped it, or the provider is missing, slow, down or says no.
        """


def provider(reference: str, *, create: bool = False) -> Provider:
    """The provider that a reference names; `create` lets kinds that can make a key-encryption key make a missing one.

    Raises:
        KeyFault: no such kind, or its key is missing, unreadable or open to others.
        EnvironmentFault: this is a worker of Spark in which others could have code run.
    """
    look_in_worker()
    if reference == "none":
        todo = "Run this where the keys are; a role's own are for read_table and decrypt."
        raise KeyFault("these settings hold no keys", where="keys: none", todo=todo)
    kind, _, rest = reference.partition(":")
    if kind not in KINDS or not rest:
        raise KeyFault(
            "the key provider is not known",
            where=f"keys: {kind[:20]}:…",
            todo="Use file:PATH, env:NAME, databricks-secret:SCOPE/KEY or aws-kms:ARN.",
        )
    opened = import_module(KINDS[kind]).open_provider(rest, create=create)
    return cast(Provider, opened)
