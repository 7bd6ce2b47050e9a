"""`python -m strongroom`, and the command `strongroom` that pip makes: what `./spark-submit.sh` is in a project."""

from __future__ import annotations

import sys
from typing import NoReturn

from strongroom.launcher import main


def run() -> NoReturn:
    """Runs the command line of this process."""
    main(sys.argv[1:])


if __name__ == "__main__":
    run()
