"""Run a notebook in Databricks source format, unchanged, and keep what it shows as one HTML page.

The cells run in order in one namespace that holds spark, dbutils, display and displayHTML. A widget gets what --param
says, else what --config, --contract, --purpose, --as and --run-id say to the widgets config, contract, purpose,
principal and run_id, else its own default.

--jupyter runs nothing: it writes the notebook as Jupyter opens it, FILE.ipynb, with these values in its first cell.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from strongroom.core.errors import ConfigError, Problem, StrongroomError, UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.settings.file import handing_on
from strongroom.core.suggest import did_you_mean
from strongroom.databricks.dbutils import Dbutils, Screen
from strongroom.databricks.format import Cell, Notebook, parse_notebook
from strongroom.databricks.ipynb import ipynb
from strongroom.databricks.page import Page, write_page
from strongroom.stores.lake import Lake
from strongroom.stores.spark.error_translation import translate
from strongroom.stores.whole_file import write_whole


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("file", metavar="NOTEBOOK", help="for example notebooks/02_explore.py")
    parser.add_argument(
        "--param", dest="params", metavar="NAME=VALUE", action="append", default=[], help="a widget's value"
    )
    parser.add_argument("--jupyter", action="store_true", help="write it as Jupyter opens it; run nothing")


def run(job: Job) -> Outcome:
    """Runs the notebook.

    Raises:
        UsageError: there is no such notebook, or it has no such widget.
        ConfigError: it holds what does not run here; nothing was run.
        StrongroomError: a cell stopped; the error says in which line. The page shows everything before it.
    """
    text = _read(job.args.file)
    notebook = parse_notebook(text, job.args.file)
    given = widget_values(job, notebook)
    if job.args.dry_run:
        return _preview(notebook, given)
    if job.args.jupyter:
        return _for_jupyter(job, notebook, given)
    dbutils = Dbutils(given)
    screen = Screen(dbutils.secrets)
    stopped = None
    try:
        with handing_on(job.args.overrides):
            run_cells(notebook, screen, names={"spark": job.spark(), "dbutils": dbutils}, say=job.say)
    except StrongroomError as error:
        stopped = error
    root = Lake(job.settings.lake).root  # of a lake elsewhere, the pages lie in the working folder
    folder = Path("reports" if "://" in root else f"{root}/reports")
    file = folder / "notebooks" / Path(notebook.file).stem / f"{job.run.id}.html"
    shown = tuple(tuple(outputs) for outputs in screen.cells)
    write_page(Page(job.run, notebook.file, notebook.cells, shown, error=str(stopped or "")), file)
    digest = hashlib.sha256(text.encode()).hexdigest()
    facts = {"notebook": notebook.file, "sha256": digest, "widgets": sorted(given)}
    outcome = Outcome(
        report=str(file),
        summary=f"{notebook.file}: done, {len(shown)} cells\n  page          {file}",
        facts=facts,
        answer={**facts, "cells": len(shown)},
    )
    if stopped is not None:
        job.say(f"{notebook.file}: what it showed until then is in {file}")
        stopped.outcome = outcome
        raise stopped
    return outcome


def run_cells(notebook: Notebook, screen: Screen, *, names: Mapping[str, Any], say: Any) -> dict[str, Any]:
    """Runs the cells in order in one namespace, and returns it.

    Raises:
        StrongroomError: a cell stopped; of the same class as what stopped it, or of the root when that is none of ours.
    """
    os.environ.setdefault("MPLBACKEND", "agg")  # figures go to the page, not to a window
    space = {"__name__": "__main__", **names, "display": screen.display, "displayHTML": screen.display_html}
    for number, cell in enumerate(notebook.cells, start=1):
        screen.next_cell()
        if cell.kind == "markdown":
            continue
        say(f"{notebook.file}: cell {number} of {len(notebook.cells)}, line {cell.line}")
        try:
            try:
                with contextlib.redirect_stdout(screen):
                    _run_cell(cell, notebook.file, space)
            finally:
                screen.end_cell()
        except (Exception, SystemExit) as error:
            if os.environ.get("STRONGROOM_DEBUG") == "1":
                for line in "".join(traceback.format_exception(error)).splitlines():
                    say(line)
            raise located(error, file=notebook.file, cell=cell) from error
    return space


def _run_cell(cell: Cell, file: str, space: dict[str, Any]) -> None:
    """Runs one cell, and shows the value of its last line as a notebook does."""
    whole, last = cell.code(file)
    exec(whole, space)  # noqa: S102  running what the user names is the job
    value = eval(last, space) if last is not None else None  # noqa: S307
    if value is not None:
        space["display"](value if hasattr(value, "_repr_html_") or hasattr(value, "savefig") else repr(value))


def located(error: BaseException, *, file: str, cell: Cell) -> StrongroomError:
    """The error as one of ours that says which line of the notebook it came from, without a foreign message."""
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"{file}:{frames[-1] if frames else cell.line}"
    known = translate(error)
    if known is None:
        what = f"a cell stopped with {type(error).__name__}; its message is withheld, since it might quote data"
        return StrongroomError(what, where=where, todo="STRONGROOM_DEBUG=1 shows the message.", code="notebook.stopped")
    if isinstance(known, ConfigError):
        return ConfigError([*known.problems, Problem("This cell stopped on it.", where, code="notebook.stopped")])
    where = f"{where} ({known.where})" if known.where else where
    return type(known)(known.what, where=where, todo=known.todo, code=known.code)


def widget_values(job: Job, notebook: Notebook) -> dict[str, str]:
    """What the command line says to the notebook's widgets.

    Raises:
        UsageError: it names a widget that the notebook does not have, so that it would be passed over in silence.
    """
    given = dict[str, str]()
    for pair in job.args.params:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError("a parameter is NAME=VALUE", where="--param")
        given[name] = value
    for name in given:
        if name not in notebook.widgets:
            todo = did_you_mean(name, notebook.widgets) or "It has none."
            raise UsageError(f"{notebook.file} has no widget {name!r}", where="--param", todo=todo)
    asked = {"contract": job.args.contract, "purpose": job.args.purpose, "principal": job.args.principal}
    for name, value in asked.items():
        if value and name not in notebook.widgets:
            option = "--as" if name == "principal" else f"--{name}"
            raise UsageError(
                f"{option} does not reach this notebook", where=notebook.file, todo=f"Add a widget {name!r}."
            )
    own = {"config": job.args.config, "run_id": job.run.id} | {name: value for name, value in asked.items() if value}
    return {name: value for name, value in own.items() if name in notebook.widgets} | given


def _read(file: str) -> str:
    path = Path(file)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError([Problem("Not UTF-8 text.", f"{file}:1", code="file.encoding")]) from None
    except OSError as error:
        known = [str(found) for found in sorted(path.parent.glob("*.py"))] or ["notebooks/02_explore.py"]
        raise UsageError(
            f"there is no such notebook: {error.strerror}", where=file, todo=did_you_mean(file, known)
        ) from None


def _for_jupyter(job: Job, notebook: Notebook, given: Mapping[str, str]) -> Outcome:
    """The notebook as Jupyter opens it, beside itself.

    Raises:
        UsageError: there is one; it may hold somebody's work.
    """
    file = Path(notebook.file).with_suffix(".ipynb")
    config = os.path.relpath(given.get("config") or job.settings.file, file.parent)
    params = {name: value for name, value in given.items() if name not in ("config", "run_id")}
    settings = dict(override.split("=", 1) for override in job.args.overrides)
    text = ipynb(notebook, config=config, params=params, settings=settings)
    if file.exists():
        raise UsageError("there is such a notebook already", where=str(file), todo="Move it, or delete it.")
    write_whole({file: text.encode()}, mode=0o600)
    shown = {"notebook": notebook.file, "written": str(file), "widgets": sorted(given)}
    return Outcome(report=str(file), summary=f"Written to {file}: open it in Jupyter.", answer=shown)


def _preview(notebook: Notebook, given: Mapping[str, str]) -> Outcome:
    """What a run would do."""
    lines = [f"{notebook.file}: a dry run; nothing is run", ""]
    lines += [f"  {cell.kind:<10}line {cell.line}  {cell.title}".rstrip() for cell in notebook.cells]
    lines += ["", *(f"  widget    {name} = {given.get(name, '(its own default)')}" for name in notebook.widgets)]
    cells = [{"kind": cell.kind, "line": cell.line, "title": cell.title} for cell in notebook.cells]
    widgets = {name: given.get(name) for name in notebook.widgets}
    return Outcome(summary=joined(lines), answer={"notebook": notebook.file, "would_run": cells, "would_get": widgets})
