"""One setting's value, checked for its kind. What does not fit is refused in words that do not repeat a secret."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from strongroom.core.errors import ConfigError
from strongroom.core.escaping import is_plain
from strongroom.core.keys.ring import reference
from strongroom.core.settings.model import Setting
from strongroom.core.settings.storage import lake_fault
from strongroom.core.suggest import did_you_mean

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_TOKEN = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)|file:(\S.*)")
_PRINCIPAL = re.compile(r"[a-z]+:\S(.*\S)?")
_UNFIT_FOR_TABLES = re.compile(r"[\[\]^|%\\\x00-\x1f\x7f]")
"""Signs that deltalake takes for others, or stops at: it makes an address of a path, and reads that again."""
_MASTER = re.compile(r"local(\[(\*|\d+)(,\d+)?\])?|yarn|spark://[^\s/]+:\d+|k8s://\S+|sc://\S+")


class Unfit(Exception):
    """A value that is none of its kind: what is wrong, what to do, and the kind of the problem."""

    def __init__(self, what: str, todo: str = "", kind: str = "wrong-type") -> None:
        super().__init__(what)
        self.what, self.todo, self.kind = what, todo, kind


def read(value: object, name: str, key: Setting, *, typed: bool, folder: Path) -> object:
    """The value of a setting.

    Args:
        value: as it was written.
        name: of the setting, for messages.
        key: what the setting takes.
        typed: it came from YAML; else it is text from the command line.
        folder: where relative paths start.

    Raises:
        Unfit: it is none.
    """
    if key.kind in ("integer", "number", "share", "flag") and not typed:
        value = _scalar(str(value))
    match key.kind:
        case "integer" | "number" | "share":
            return _number(value, name, key)
        case "flag":
            if not isinstance(value, bool):
                raise Unfit(f"{name!r} is true or false.")
            return value
        case "masters":
            return _masters(value, name)
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"{name!r} is a text.", "" if value is None else "Put it in quotes.")
    if not is_plain(value):
        raise Unfit(f"{name!r} has a sign in it that nobody sees.", "Type it anew.", "name")
    match key.kind:
        case "path" if _SCHEME.match(value):
            raise Unfit(f"{name!r} is a file or folder of this machine.", "Write a path; a mounted disk has one, too.")
        case "path":
            return _absolute(value, folder)
        case "lake":
            return _lake(value, folder)
        case "provider":
            return _provider(value, name, folder)
        case "address":
            return _address(value, name)
        case "token":
            return _token(value, name, folder)
        case "credentials":
            return _credentials(value, name, folder)
        case "word" if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", value):
            raise Unfit(f"{name!r} is a word of letters, digits and dashes.", "Write it like eu-west-1.", "name")
        case "principal" if not is_principal(value):
            raise Unfit(f"{name!r} names who runs a job.", f"Write user:{value}." if _NAME.fullmatch(value) else "")
        case "choice" if value not in key.choices:
            raise Unfit(f"{name!r} may not be {value!r}.", did_you_mean(value, key.choices), "unknown-name")
    return value


def is_principal(text: str) -> bool:
    """Whether a text names a principal: `user:ada`."""
    return bool(_PRINCIPAL.fullmatch(text)) and is_plain(text)


def master_fault(master: str) -> tuple[str, str]:
    """What is wrong with Spark's master and what to do; empty texts when nothing is. It is not repeated."""
    if re.search(r"[;?&/]token=", master):
        return "The master holds a token, which others would see.", "Export SPARK_CONNECT_AUTHENTICATE_TOKEN instead."
    if not _MASTER.fullmatch(master):
        return (
            "This is no master of Spark.",
            "Write local[*], yarn, spark://HOST:PORT, k8s://https://… or sc://HOST:PORT.",
        )
    return "", ""


def _number(value: object, name: str, key: Setting) -> float:
    if isinstance(value, bool) or not isinstance(value, int if key.kind == "integer" else (int, float)):
        raise Unfit(f"{name!r} is {'a whole number' if key.kind == 'integer' else 'a number'}.")
    if key.kind == "share" and not 0 <= value <= 1:
        raise Unfit(f"{name!r} is a share from 0 to 1.", "Write 0.05 for 5 %.")
    if key.least is not None and value < key.least:
        raise Unfit(f"{name!r} is at least {key.least:g}.")
    return value


def _masters(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Unfit(f"{name!r} is a list of Spark's masters.", "Write [spark://HOST:PORT, …].")
    for each in value:
        if (fault := master_fault(each))[0]:
            raise Unfit(*fault, kind="master")
    return tuple(value)


def _lake(value: str, folder: Path) -> str:
    if todo := lake_fault(value):
        raise Unfit(f"A lake at {value.partition(':')[0]}: is not served: {todo}.", kind="not-run")
    found = _absolute(value, folder)
    if sign := _UNFIT_FOR_TABLES.search(found):
        what = f"No Delta table can be opened below a folder with {sign[0]!a} in its path."
        raise Unfit(what, "Give the lake a path without it.", "name")
    return found


def _provider(value: str, name: str, folder: Path) -> str:
    if (name, value) == ("keys", "none"):
        return value  # of who only reads what others wrote
    found = reference(value, folder=folder)
    if not found:
        raise Unfit(f"{name!r} names a key provider.", "Write file:PATH or env:NAME, never a key itself.")
    return found


def _address(value: str, name: str) -> str:
    """A receiver's address. One with credentials or a query in it is refused, and is not repeated."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", value):
        raise Unfit(f"{name!r} is an address.", "Write http://HOST:PORT or https://HOST.")
    if parts.username is not None or parts.query or parts.fragment:
        todo = f"Write https://HOST/PATH, and name where the token is with '{name}_token'."
        raise Unfit(f"{name!r} has a name, a password or a query in it.", todo, "credential")
    return value.rstrip("/")


def _token(value: str, name: str, folder: Path) -> str:
    parts = _TOKEN.fullmatch(value)
    if parts is None:
        raise Unfit(f"{name!r} names where a token is.", "Write env:NAME or file:PATH, never a token itself.")
    return value if parts[1] else f"file:{_absolute(parts[2], folder)}"


def _credentials(value: str, name: str, folder: Path) -> str:
    kind, _, place = value.partition(":")
    if value in ("environment", "role"):
        return value
    if kind != "file" or not place.strip():
        raise Unfit(
            f"{name!r} says who knows the credentials.", "Write environment, role or file:PATH, never one itself."
        )
    return f"file:{_absolute(place.strip(), folder)}"


def _absolute(value: str, folder: Path) -> str:
    return (
        value if _SCHEME.match(value) else os.path.realpath(folder / Path(value).expanduser())
    )  # resolve() raises at loops


def _scalar(text: str) -> object:
    """A number or boolean from the command line, in the same words as in the file."""
    from strongroom.core.yaml import parse  # the launcher checks masters before any package is installed

    try:
        return parse(text, "").value
    except ConfigError:
        return text
