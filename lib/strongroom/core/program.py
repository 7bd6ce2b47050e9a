"""Where this program lies, how it is called there, and where it keeps what it makes for itself.

In a project it is started by `./spark-submit.sh`, and `conf/` and `jobs/` lie there. Installed by pip it is the command
`strongroom`, and these two lie in the package, as its data (`setup.py`).
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""`strongroom`, wherever it lies."""
_BUTTON = "spark-submit.sh"
INSTALLED = not (PACKAGE.parents[1] / _BUTTON).is_file()
"""Whether it lies in no project: pip has installed it, or it came as a zip."""
ROOT = PACKAGE if INSTALLED else PACKAGE.parents[1]
"""Where `conf/` and `jobs/` are."""
BUTTON = str(ROOT / _BUTTON)
"""What starts a job of the project, from anywhere."""
_PLAIN = re.compile(r"[^\"\\\x00-\x1f\x7f]*")
"""What stands in a text of JSON as it is."""
COMMAND = "strongroom" if INSTALLED else f"./{_BUTTON}"


def typed(text: str) -> str:
    """A text of ours, its commands as they are typed here."""
    return text.replace(f"./{_BUTTON}", COMMAND)


def typed_here(text: str) -> str:
    """The same where it is shown: outside the project's folder its button is named by its whole path."""
    return text.replace(f"./{_BUTTON}", COMMAND if INSTALLED else button())


def button() -> str:
    """The project's button, as a shell takes it in this process's working folder."""
    try:
        away = Path.cwd() != ROOT
    except OSError:  # the folder is gone
        away = True
    return shlex.quote(BUTTON) if away and _PLAIN.fullmatch(BUTTON) else f"./{_BUTTON}"


def home() -> Path:
    """The folder of what a set-up makes: STRONGROOM_HOME, else `own_home`."""
    return Path(os.environ.get("STRONGROOM_HOME") or own_home()).absolute()


def own_home() -> Path:
    """`.strongroom` in the project; without one, in the home folder that the system, and no variable, names."""
    if not INSTALLED:
        return ROOT / ".strongroom"
    try:
        folder = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:  # a container's user without a name
        folder = Path.home()
    return folder / ".cache" / "strongroom"
