"""How long a random series is: a part of it as usual, all of it in the slow suite."""

import os

USUAL = 0.4


def series(full: int) -> int:
    """So many cases; STRONGROOM_FUZZ says another number, and `tests/run.sh --slow` asks for all by STRONGROOM_FULL."""
    asked = os.environ.get("STRONGROOM_FUZZ")
    return int(asked) if asked else full if os.environ.get("STRONGROOM_FULL") else int(full * USUAL)
