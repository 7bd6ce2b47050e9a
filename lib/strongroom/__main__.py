"""`python -m strongroom`, and the command `strongroom` that pip makes: what `./spark-submit.sh` is in a project."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))  # until the launcher hears them

from strongroom.launcher import main  # noqa: E402


def run() -> NoReturn:
    """Runs the command line of this process."""
    main(sys.argv[1:])


if __name__ == "__main__":
    run()
