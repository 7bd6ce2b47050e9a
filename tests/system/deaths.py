"""Jobs that die on order (`dying.py`), the lake they work on, and what has to be true once another has run."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from strongroom.audit.log import AuditLog
from strongroom.audit.verify import check
from strongroom.stores.lake import Lake
from support.lakes import ROOT, Installation, install
from system.contents import quarantined, stages_left, training, unknown_files
from system.processes import PATIENCE, Process, environment, said

TABLES = ("training.reviews", "quarantine.reviews")
OWN = ("strongroom.runs", "strongroom.metrics", "strongroom.manifest")
OPTIONS = ("--set", "prepare.quarantine_limit=1", "--set", "prepare.mode=append")
LOCAL = (*OPTIONS, "--set", "prepare.engine=local")


class Dying(Process):
    """A job with orders, in a process group of its own, its temporary files in a folder of the installation."""

    def __init__(self, place: Installation, *options: str, orders=None, **more: str):
        self.folder = Path(tempfile.mkdtemp(prefix="dying-", dir=place.root))
        self.output, self.errors, self.mark = (self.folder / name for name in ("out.log", "err.log", "mark"))
        words = [sys.executable, str(ROOT / "tests/system/dying.py"), "prepare", "--config", str(place.settings)]
        temporary = place.root / "tmp"
        temporary.mkdir(exist_ok=True)
        told = environment(
            PYTHONPATH=f"{ROOT}/lib",
            PYSPARK_PYTHON=sys.executable,
            SPARK_LOCAL_IP="127.0.0.1",
            TMPDIR=str(temporary),
            DYING=json.dumps({**(orders or {}), "mark": str(self.mark)}),
        )
        with self.output.open("wb") as out, self.errors.open("wb") as err:
            self.popen = subprocess.Popen(
                [*words, "--json", *(options or LOCAL)], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=place.root, env=told | more, start_new_session=True,
            )  # fmt: skip

    def died(self) -> bool:
        """Waits for the end; whether the order was carried out."""
        try:
            self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running: {said(self.errors)}") from None
        return self.mark.exists()


@dataclass(frozen=True)
class Scene:
    """An installation where one run is done and new files wait; what its tables hold, and what they will hold."""

    place: Installation
    before: tuple
    after: tuple = ()

    def restore(self) -> None:
        shutil.rmtree(self.place.root)
        shutil.copytree(self.place.root.with_name("kept"), self.place.root)

    def mend(self, said: str, capsys) -> None:
        """Runs once more, undisturbed, and holds the lake against what it should be."""
        seen, aside = tables(self.place)
        assert seen in (self.before[0], self.after[0]), f"{said}: readers see something half-done"
        assert set(aside) <= {*self.before[1], *self.after[1]}, said
        code, err = again(self.place, capsys)
        assert code == 0, f"{said}: {err}"
        self.whole(said)

    def whole(self, said: str) -> None:
        """Nothing twice, nothing lost, nothing left."""
        place = self.place
        assert tables(place) == self.after, f"{said}: rows"
        whole_and_clean(place, said)


def whole_and_clean(place: Installation, said: str) -> None:
    """No file of a dead run is left, our own tables can be read, and the audit log is what it says it is."""
    for table in TABLES:
        assert not unknown_files(place, table), f"{said}: {table}"
        assert not stages_left(place, table), f"{said}: {table}"
    for table in OWN:
        assert Lake(str(place.lake)).read(table).num_rows, f"{said}: {table}"
    log = AuditLog(place.root / "audit")
    assert check(log, {}).size == len(place.audit()), said
    assert not list((place.lake / "reports").rglob("*.part")), said


def tables(place: Installation) -> tuple:
    return training(place, "reviews"), quarantined(place, "reviews")


def again(place: Installation, capsys) -> tuple[int, str]:
    """An undisturbed run in this process, without Spark."""
    from strongroom.flows import prepare

    done = Installation(place.root, capsys).run(prepare, *LOCAL)
    return done.code, done.err


def begun(folder: Path, *, sample: int = 300, unique: bool = False) -> Scene:
    """One run is done, the larger part of the files waits. Without a unique column a run has one pass and no scan."""
    place = install(folder / "a", None, sample=sample, engine="spark")
    if not unique:
        place.edit("contracts/reviews.yaml", "primaryKey: true #", "required: true #")
    raw, aside = place.lake / "raw/reviews", place.root / "aside"
    aside.mkdir()
    late = sorted(raw.glob("*.json"))[1:]
    for file in late:
        file.rename(aside / file.name)
    assert Dying(place).result().code == 0
    before = tables(place)
    for file in late:
        (aside / file.name).rename(file)
    kept = place.root.with_name("kept")
    shutil.copytree(place.root, kept)
    done = Dying(place).result()
    assert done.code == 0, done.err
    found = Scene(place, before, tables(place))
    found.whole("undisturbed")
    found.restore()
    return found
