"""Where keys come from: a keyring file holds master keys wrapped by a key that a provider holds."""

from strongroom.stores.keys.keyring_file import (
    CONTEXT,
    inventory,
    keyring_of,
    new_key,
    open_keyring,
    save_keyring,
    still_enabled,
    with_subjects,
)

__all__ = [
    "CONTEXT",
    "inventory",
    "keyring_of",
    "new_key",
    "open_keyring",
    "save_keyring",
    "still_enabled",
    "with_subjects",
]
