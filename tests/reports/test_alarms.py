"""The alarms of docs/alarms.yaml ring where they should and only there: stories as Prometheus plays them.

Each story is a list of attempts. Their figures are those that `recorded` really writes, looked at every ten minutes.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from browser.report_demo import demo
from strongroom.core.errors import ConfigError, GateClosed, Problem, Refused, StoreError, UsageError
from strongroom.core.report import Readable
from strongroom.core.settings import Settings
from strongroom.reports.attempts import attempt_of, recorded
from strongroom.reports.feeds.prometheus import document as render_prometheus

ALARMS = Path(__file__).parents[2] / "docs" / "alarms.yaml"
ZERO = datetime(1970, 1, 1, tzinfo=UTC)  # promtool's clock starts there
STEP = 10
"""Minutes between two looks."""
DAY = 24 * 60
ERRORS = {
    1: RuntimeError("x"), 2: UsageError("x"), 3: ConfigError([Problem("x")]), 5: Refused("x"), 6: GateClosed("x"),
    7: StoreError("x"), 130: KeyboardInterrupt(),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Try:
    """An attempt: when it begins (minutes), how it ends (None: never), how long it takes, and whether it published."""

    at: int
    code: int | None
    takes: int = 20
    published: bool = False


class Told:
    """The figures of one command, as a series for promtool: what stood in the files at each look."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0
        (folder / "contracts").mkdir(parents=True)
        (folder / "contracts/reviews.yaml").touch()
        self.settings = Settings("", str(folder / "lake"), "", "", "", str(folder / "contracts"))

    def samples(self) -> dict[str, str]:
        found = {}
        for file in (self.folder / "lake").rglob("*.prom"):
            found |= dict(re.findall(r"^(strongroom\S+) (\S+)$", file.read_text(), re.MULTILINE))
        return found

    def begin(self, one: Try):
        attempt = attempt_of("prepare", Namespace(contract="reviews"), self.settings, started=moment(one.at))
        context = recorded(attempt, self.settings, now=lambda: moment(one.at + one.takes), say=pytest.fail)
        context.__enter__()
        return context

    def end(self, one: Try, context) -> None:
        error = ERRORS[one.code] if one.code else None
        if error is None:
            context.__exit__(None, None, None)
        else:
            with pytest.raises(type(error)) as caught:
                context.gen.throw(error)
            assert caught.value is error, "the attempt's end changes nothing of the job's"
        if one.published:
            table = self.folder / "lake/reports/prometheus/training.reviews.prom"
            stands = Readable(1, "r", moment(one.at + one.takes))
            table.write_text(render_prometheus(dataclasses.replace(demo(), readable=stands)))


def moment(minutes: int) -> datetime:
    return ZERO + timedelta(minutes=minutes)


def played(folder: Path, tries: list[Try], *, minutes: int) -> dict[str, list[str]]:
    """Each series' value at each look; `_` where there was none."""
    told, series, open_ = Told(folder), dict[str, list[str]](), {}
    for look, minute in enumerate(range(0, minutes + 1, STEP)):
        for one in tries:
            if one.at <= minute and one not in open_:
                open_[one] = told.begin(one)
            if one.code is not None and one.at + one.takes <= minute and open_[one] is not None:
                told.end(one, open_[one])
                open_[one] = None
        for name, value in told.samples().items():
            series.setdefault(name, ["_"] * look).append(value)
        for values in series.values():
            values += ["_"] * (look + 1 - len(values))
    return series


NIGHTS = [Try(120 + DAY * night, 0, published=night == 0) for night in range(3)]
STORIES = [
    ("nights that go well", [Try(120 + DAY * night, 0, published=True) for night in range(3)], 3 * DAY, {}),
    ("a nightly append with nothing new", NIGHTS, 3 * DAY, {}),
    ("nothing new for days: the jobs went well, the data is old",
     [*NIGHTS, Try(120 + 3 * DAY, 0), Try(120 + 4 * DAY, 0)], 4 * DAY, {"StrongroomOldData"}),
    ("it failed after it went well", [NIGHTS[0], Try(120 + DAY, 7)], DAY + 200, {"StrongroomFailed"}),
    ("… and the retry, with nothing new to read, went well", [NIGHTS[0], Try(120 + DAY, 7), Try(200 + DAY, 0)],
     DAY + 300, {}),
    ("it failed the first time of all", [Try(120, 3)], 200, {"StrongroomFailed"}),
    ("a bug", [NIGHTS[0], Try(500, 1)], 600, {"StrongroomFailed"}),
    ("it was refused", [NIGHTS[0], Try(120 + DAY, 5)], DAY + 200, {"StrongroomRefused"}),
    ("its gate closed", [NIGHTS[0], Try(120 + DAY, 6)], DAY + 200, {"StrongroomGateClosed"}),
    ("somebody typed it wrong, and somebody pressed Ctrl-C", [NIGHTS[0], Try(500, 2), Try(600, 130)], 700, {}),
    ("nobody started it for a day", [NIGHTS[0]], 120 + DAY + 200, {"StrongroomNotDone"}),
    ("it fails for days", [NIGHTS[0], Try(120 + DAY, 7), Try(120 + 2 * DAY, 7)], 2 * DAY + 200,
     {"StrongroomFailed", "StrongroomNotDone"}),
    ("it runs long", [NIGHTS[0], Try(120 + DAY, 0, takes=90)], DAY + 200, {}),
    ("it never ends", [NIGHTS[0], Try(500, None)], 500 + 400, {"StrongroomNeverEnds"}),
    ("it was killed, and the next night went well", [Try(120, None), NIGHTS[1]], DAY + 200, {}),
]  # fmt: skip


@pytest.mark.parametrize(("story", "tries", "minutes", "rings"), STORIES, ids=[story for story, *_ in STORIES])
def test_alarms_ring_where_they_should_and_only_there(tmp_path, story, tries, minutes, rings):
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("ALARMS NOT TESTED: apt-get install prometheus")
    series = played(tmp_path, tries, minutes=minutes)
    told = [{"series": name, "values": " ".join(values)} for name, values in series.items()]
    names = re.findall(r"alert: (\w+)", ALARMS.read_text(encoding="utf-8"))
    # `ALERTS` has a sample for each alarm that rings, and only then.
    asked = [
        {"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)', "eval_time": f"{minutes}m",
         "exp_samples": [{"labels": "{}", "value": int(name in rings)}]}
        for name in names
    ]  # fmt: skip
    tests = [{"interval": f"{STEP}m", "input_series": told, "promql_expr_test": asked}]
    rules = {"rule_files": [str(ALARMS)], "evaluation_interval": f"{STEP}m", "tests": tests}
    (tmp_path / "story.yaml").write_text(json.dumps(rules))  # JSON is YAML, too
    found = subprocess.run(
        [tool, "test", "rules", tmp_path / "story.yaml"], capture_output=True, check=False, text=True
    )
    assert found.returncode == 0, f"{story}\n{found.stdout}{found.stderr}"


def test_every_alarm_rings_in_some_story():
    names = set(re.findall(r"alert: (\w+)", ALARMS.read_text(encoding="utf-8")))
    assert names == set().union(*(rings for *_, rings in STORIES))
