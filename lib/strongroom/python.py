"""`strongroom.read` and `strongroom.tables`: the policy's way to a table, in a Python of one's own.

    import strongroom

    df = strongroom.read("training.reviews", purpose="model_training")

Works in a plain process, in Jupyter, with a session of one's own (classic or Connect) and on Databricks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom import console
from strongroom.core.settings import Settings
from strongroom.core.settings.file import load_settings
from strongroom.flows.read import read_mine, run_of
from strongroom.flows.read.listing import Readable, readable
from strongroom.notebook import told
from strongroom.setup.own_session import own_session
from strongroom.stores import storage
from strongroom.stores.identity import trust, whoami
from strongroom.stores.identity.settings_file import VARIABLE, found
from strongroom.stores.spark import session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["Readable", "read", "tables"]


def read(
    table: str, *, purpose: str = "", principal: str = "", settings: str | Path = "", spark: Any = None
) -> DataFrame:
    """A Spark DataFrame of what you may read of a table: the columns and rows that the policy gives, masked as it says.

    The audit log keeps each call, also one that is refused. Rows are read when you use the DataFrame; they are those of
    the version that was newest when you called.

    Args:
        table: for example `training.reviews`.
        purpose: what for, as a grant of the policy names it.
        principal: `user:NAME` to read as somebody else. Where the settings have identity proven, that takes a grant of
            `act`. Empty is you: whom the settings prove, else whom they name, else the system's user.
        settings: the settings file. Empty takes that of the variable `STRONGROOM_CONFIG`, else the nearest
            `conf/local.yaml` in the working folder or above it, up to the project's (its `.git`) or the home folder.
            That one must be yours or root's, where nobody else may write, and which it is is told on stderr.
        spark: your session, left as it is. Empty takes the active one, else makes one with Delta: as a job's, or on
            the Connect server that the settings name.

    Raises:
        Refused: the policy gives you no column of it.
        ConfigError: the settings are not sound, are not to be found, or are somebody else's to write.
        EnvironmentFault: Spark, Java or Delta's jars are missing, with the command that brings them; or your session
            would show other rows or values than those that were written, with the line that mends it.
        StoreError: there is no such table, or it cannot be read.
    """
    with _ours("read"):
        known = _settings(settings)
        shown: DataFrame = read_mine(_session(known, spark), table, purpose, settings=known, principal=principal)
        return shown


def tables(*, purpose: str = "", principal: str = "", settings: str | Path = "", spark: Any = None) -> list[Readable]:
    """The tables of the lake that you may read, each with its columns; no row is read, and no Java is needed.

    Args:
        purpose: only what is given for that; empty lists each table once for every purpose that gives something else.
        principal: as for `read`, and so are `settings`.
        settings: the settings file.
        spark: your session; used on Databricks only, to ask who you are.

    Raises:
        ConfigError: the settings, the policy or a contract is not sound.
        StoreError: the lake cannot be looked into.
    """
    with _ours("tables"):
        known = _settings(settings)
        caller = whoami(known, lambda: spark or session.active())
        return [*readable(known, run_of(caller, principal or caller.principal, purpose))]


def session_of(settings: str | Path = "") -> Any:
    """The session that `read` would use: the active one, else a new one.

    Raises:
        ConfigError: the settings are not sound, are not to be found, or are somebody else's to write.
        EnvironmentFault: Spark, Java or Delta's jars are missing, with the command that brings them.
    """
    with _ours("session_of"):
        return _session(_settings(settings), None)


@contextmanager
def _ours(name: str) -> Iterator[None]:
    """Whatever goes wrong is one of our errors, without a library's message, which may quote data."""
    try:
        yield
    except Exception as error:
        raise told(error, name) from None


def _settings(named: str | Path) -> Settings:
    """The settings; where others may write them, the policy or a contract, that is told, or no reason to go on."""
    known = load_settings(str(named or os.environ.get(VARIABLE) or found(say=_say)))
    trust.hold(known, say=_say)
    storage.settle(known)
    return known


@cache
def _say(line: str) -> None:
    """A line to stderr, once a process."""
    console.say(f"strongroom: {line}")


def _session(settings: Settings, spark: Any) -> Any:
    """The caller's session, else the active one, else a new one."""
    if spark is not None:
        return spark
    if (there := session.active()) is not None:
        return there
    return own_session(settings, say=_say)
