"""How long a random series is: a part of it as usual, all of it in the slow suite."""

import os

USUAL = 0.4
FULL = bool(os.environ.get("STRONGROOM_FULL"))
"""Whether all is asked for, as `tests/run.sh --slow` does."""


def series(full: int) -> int:
    """So many cases; STRONGROOM_FUZZ says another number."""
    asked = os.environ.get("STRONGROOM_FUZZ")
    return int(asked) if asked else full if FULL else int(full * USUAL)
