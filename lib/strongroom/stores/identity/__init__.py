"""Who is asking, and what proves it. `--as` only says on whose behalf; that takes a grant of `act`."""

from strongroom.stores.identity.who import whoami

__all__ = ["whoami"]
