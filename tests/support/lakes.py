"""A whole installation in a folder, and jobs run on it as the command line would."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from deltalake import DeltaTable

from strongroom import run_job
from strongroom.audit.log import AuditLog
from strongroom.sample.lake import make_sample
from strongroom.stores.lake import Lake
from support.answers import both

ROOT = Path(__file__).parents[2]
SETTINGS = """
lake: lake
keys: file:keys/local.kek
keyring: keys/keyring.json
policy: policy.yaml
contracts: contracts
audit: audit
principal: user:engineer
spark:
  spark.sql.shuffle.partitions: 2
prepare:
  contract: reviews
  engine: local
curate:
  contract: reviews
vectorize:
  contract: reviews
  min_subjects: 1
"""


@dataclass(frozen=True)
class Result:
    """How a job ended: its exit code, its document, and all it printed: what people are told, and the document."""

    code: int
    line: dict
    out: str
    err: str


@dataclass(frozen=True)
class Installation:
    """Settings, policy, contracts and a lake under one folder."""

    root: Path
    capsys: object

    @property
    def settings(self) -> Path:
        return self.root / "local.yaml"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    def run(self, flow: ModuleType, *options: str) -> Result:
        self.capsys.readouterr()
        with both():
            code = run_job.run(flow, ["--config", str(self.settings), *options])
        out, err = self.capsys.readouterr()
        last = out.strip().rsplit("\n", 1)[-1]
        return Result(code, json.loads(last) if last.startswith("{") else {}, out, err)

    def delta(self, table: str) -> DeltaTable:
        return DeltaTable(str(self.lake / table.replace(".", "/")))

    def rows(self, table: str, order: str | None = None) -> list[dict]:
        found = Lake(str(self.lake)).read(table)
        return (found.sort_by(order) if order else found).to_pylist()

    def audit(self) -> list:
        return list(AuditLog(self.root / "audit").read())

    def edit(self, file: str, old: str, new: str) -> None:
        """Changes a text in one of the installation's files; it must be there."""
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new))


class Quiet:
    """In the place of `capsys`, where a fixture of a whole module runs jobs."""

    def readouterr(self) -> tuple[str, str]:
        return "", ""


def copied(place: Installation, folder: Path, capsys: object) -> Installation:
    """The same elsewhere: lake, keys, log and settings; what a module has made once is each test's own."""
    shutil.copytree(place.root, folder)
    return Installation(folder, capsys)


def install(folder: Path, capsys: object, *, sample: int = 0, engine: str = "local") -> Installation:
    """The project's own policy and contracts over a new lake, with a sample of so many reviews when asked.

    `prepare` works without Spark there: a test that asks about Spark's own road says so by `engine`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "local.yaml").write_text(SETTINGS.replace("engine: local", f"engine: {engine}"))
    shutil.copy(ROOT / "conf" / "policy.yaml", folder / "policy.yaml")
    shutil.copytree(ROOT / "conf" / "contracts", folder / "contracts")
    if sample:
        make_sample(str(folder / "lake"), rows=sample)
    return Installation(folder, capsys)
