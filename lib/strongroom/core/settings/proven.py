"""Where `identity` is set: what the command line may say of the settings, and what a job sees of its environment.

How much of the machine a job gets is its caller's to say; where data and code come from and go to is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from strongroom.core.settings import storage
from strongroom.core.settings.model import JOBS, KNOWN, Settings

_MEMORY, _COUNT = re.compile(r"[0-9]{1,6}[kmgtKMGT]"), re.compile(r"[0-9]{1,6}")
SIZES: Mapping[str, re.Pattern[str]] = {
    "spark.driver.memory": _MEMORY,
    "spark.driver.cores": _COUNT,
    "spark.executor.memory": _MEMORY,
    "spark.executor.cores": _COUNT,
    "spark.cores.max": _COUNT,
    "spark.sql.shuffle.partitions": _COUNT,
}
"""Spark's settings that `--set` may give there, and their form: such a value becomes part of the JVM's command line."""

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_TENANT_ID", "DATABRICKS_TOKEN", "KRB5CCNAME",
    "SPARK_CONNECT_AUTHENTICATE_TOKEN",
)  # fmt: skip
"""Variables that say who the caller is to a service, and never which service."""
_TERMINAL = ("LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLUMNS", "LINES", "NO_COLOR")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FILE = "Write it into the file."


def refusal(name: str, value: str, masters: Collection[str]) -> tuple[str, str]:
    """Why `--set NAME=VALUE` is refused, and what to do; empty texts when it is not.

    Args:
        name: the setting, as it was typed.
        value: what it is to be.
        masters: those of the settings file.
    """
    section, dot, key = name.partition(".")
    at = f"Where 'identity' is set, {name!r} is not for the command line:"
    if name in KNOWN and name != "principal":  # that one is refused with a reason of its own
        return f"{at} it says who judges the job.", _FILE
    if section == "spark" and dot:
        return _spark(key if key.startswith("spark.") else name, value, masters, at=at)
    if (found := JOBS.get(section, {}).get(key)) and found.kind in ("address", "token"):
        return f"{at} it says what is sent where.", _FILE
    return "", ""


def _spark(name: str, value: str, masters: Collection[str], *, at: str) -> tuple[str, str]:
    if name == "spark.master":
        what = "Where 'identity' is set, a job goes to no other master than those of the settings."
        return ("", "") if value in masters else (what, f"One of: {', '.join(masters)}. More may stand in 'masters'.")
    if name not in SIZES:
        return f"{at} it may say where data or code goes.", f"There it may set {', '.join(SIZES)}; or {_FILE.lower()}"
    return ("", "") if SIZES[name].fullmatch(value) else (f"{at} this is no plain size.", "Write it like 4g or 8.")


def environment(settings: Settings, variables: Mapping[str, str], *, home: str) -> dict[str, str]:
    """What a job sees of its caller's variables: who the caller is, and what the settings name.

    Args:
        settings: with `identity`.
        variables: the caller's.
        home: the home folder of the process's user, as the system knows it.
    """
    places = [settings.keys, *settings.identity.values()]
    places += [str(value) for section in settings.jobs.values() for value in section.values()]
    secrets = [place.removeprefix("env:") for place in places if place.startswith("env:")]
    passed = [name for name, value in settings.environment.items() if value is None]
    kept = {name: variables[name] for name in (*_TERMINAL, *CREDENTIALS, *secrets, *passed) if name in variables}
    found = {"PATH": PATH, "HOME": home, **kept, **written(settings)}
    return {name: value for name, value in found.items() if name not in storage.unwanted(settings)}


def written(settings: Settings) -> dict[str, str]:
    """The variables whose value the settings say."""
    own = {name: value for name, value in settings.environment.items() if value is not None}
    return {**storage.variables(settings), **own}
