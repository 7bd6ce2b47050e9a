"""Make a folder to start in: settings, an example policy and contracts, and say what is missing here for Spark.

What is there already is never touched. The settings make invented data for an empty lake (`prepare.sample`), and leave
small work to this process (`prepare.engine: auto`).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from strongroom.core.errors import StoreError
from strongroom.core.escaping import joined, shell_word
from strongroom.core.program import BUTTON, INSTALLED, ROOT, typed
from strongroom.core.run import Job, Outcome
from strongroom.setup.home import Home
from strongroom.setup.probes import lacking
from strongroom.stores.identity.settings_file import USUAL
from strongroom.stores.identity.trust import not_mine

BARE = True
_IGNORED = "# Keys and data are for no repository.\n/.strongroom/\n/lake/\n"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("folder", metavar="FOLDER", help="where; it is made when it is not there")


def run(job: Job) -> Outcome:
    """Copies the examples.

    Raises:
        StoreError: the folder has a `conf` already.
    """
    folder = Path(job.args.folder)
    if os.path.lexists(folder / "conf"):
        what = "there is a conf already, and nothing is written over it"
        raise StoreError(what, where=str(folder / "conf"), todo="Name another folder.")
    files = _files()
    if not job.args.dry_run:
        _write(folder, files)
    fault = not_mine(folder / USUAL)
    if fault:
        job.say(f"warning: {fault}; so no job finds these settings by itself: name them, --config {folder / USUAL}")
    done = "Would make" if job.args.dry_run else "Made"
    lines = [f"{done} in {folder.absolute()}:", *(f"  {name}" for name in files)]
    if missing := [*lacking(Home.named())]:
        lines += ["", "Small work does without Spark. For more of it, this is missing:", *map(str, missing)]
    examples = folder.absolute() / "conf" / "contracts"
    lines += ["", f"The contracts are of invented data; with data of your own, delete them: {examples}"]
    answer = {"folder": str(folder.absolute()), "files": list(files), "missing": [str(each) for each in missing]}
    return Outcome(
        summary=joined([*lines, "", "next:", *_next(folder, named=bool(fault))]),
        facts={"files": len(files)},
        answer=answer,
    )


def _files() -> dict[str, str]:
    """The examples, as they are to lie below the folder."""
    conf = ROOT / "conf"
    paths = [conf / "local.yaml", conf / "policy.yaml", *sorted((conf / "contracts").glob("*.yaml"))]
    files = {f"conf/{path.relative_to(conf)}": typed(path.read_text(encoding="utf-8")) for path in paths}
    files[USUAL] = files[USUAL].replace("  # engine: auto ", "  engine: auto   ", 1)
    return files


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf").mkdir()
    if not os.path.lexists(folder / ".gitignore"):
        files = {".gitignore": _IGNORED, **files}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)


def _next(folder: Path, *, named: bool) -> list[str]:
    """The commands that go on from here, as they are typed in any folder; with settings that have to be `named`."""
    config = f" --config {shell_word(str(folder.absolute() / USUAL))}"
    start, config = ("./spark-submit.sh", config if named else "") if INSTALLED else (shell_word(BUTTON), config)
    lines = [f"  cd {shell_word(str(folder.absolute()))}"] if INSTALLED else []
    return [*lines, f"  {start} sample{config}", f"  {start} prepare{config}"]
