"""A Spark session in a Python that is at work already, with the JVM that a job would have."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from strongroom.core import program
from strongroom.core.settings import Settings, storage
from strongroom.setup import spark_submit
from strongroom.setup.home import Home
from strongroom.setup.steps import present_spark
from strongroom.stores.spark import connect, run_folder, session


def own_session(settings: Settings, *, say: Callable[[str], None]) -> Any:
    """A new session: on the Connect server that the settings name, else of a JVM that is started here.

    Raises:
        EnvironmentFault: Spark, Java or a jar is missing, with the command that brings it.
    """
    if connect.is_connect(settings.spark.get("spark.master", "")):
        return session.open_session(settings, say=say)
    home = Home(program.home(), installed=True)  # whatever Python this is, its packages are those that work here
    java = present_spark(home, cloud=storage.cloud_of(settings.lake))
    tempfile.gettempdir()  # looked up before it is the run's, and remembered
    folder, _ = run_folder.make()  # locked until this process ends
    atexit.register(run_folder.remove, folder)
    with _variables(spark_submit.session(home, java, settings=settings, folder=folder)):
        return session.open_session(settings, say=say)


@contextmanager
def _variables(added: Mapping[str, str]) -> Iterator[None]:
    """These variables while a JVM starts, which has them from then on; this process has its own again."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
