"""No value of the data and no key turns up anywhere but where the contract puts it, whether runs end well or badly.

Every job runs, and every failure that can be brought about: once by `spark-submit` here and on a cluster, once on a
Spark Connect server. `test_leaks_are_found.py` shows that the search finds what is there.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongroom.core.jobs import JOBS
from support.lakes import Installation
from system import every_job
from system.leaks import Marker, find
from system.planted import HIDDEN, KEPT, keys, plant
from system.processes import Process, run
from system.standalone import Cluster, ConnectServer
from system.watching import Watch

pytestmark = pytest.mark.slow
SMALL = ("--set", "spark.executor.memory=500m", "--set", "spark.driver.memory=700m")
RAW = ("a/lake/raw/", "a/other/raw/")  # the second is a sample lake of invented data, made by `sample`
ASKED_FOR = ("a/lake/revealed/", "a/quarantine-show-*/out.log")
"""Where values stand because somebody who may asked for just that: `reveal`, and the stdout of `quarantine show`."""
TABLES = ("a/lake/training/", "a/lake/projected/", "a/lake/features/", "a/lake/models/")
KEYS = (
    "a/keys/local.kek", "a/other/local.kek",  # the key-encryption key is whoever's file this is
    "a/keys/audit-signing.key", "a/other/audit-signing.key",
    "a/exported",  # what `keys export` is for
)  # fmt: skip


@dataclass
class Seen:
    """What runs of each kind left under `root`, what was to be seen meanwhile, and the keys there were."""

    kind: str
    root: Path
    place: Installation
    secrets: list = field(default_factory=list)


@pytest.fixture(scope="module", params=["classic", "connect"])
def seen(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    found = Seen(request.param, root, plant(root))
    {"classic": classic, "connect": connected}[request.param](found)
    found.secrets += keys(found.place)
    return found


def runner(seen, *fixed, launcher=(), **environment):
    def job(name, *options, code=0, launcher=launcher, **more):
        done = run(seen.place, name, *options, *fixed, launcher=launcher, **environment, **more)
        what = f"{name} {options}: exit {done.code}\n{done.out}\n{done.err}"
        assert done.code in (range(8) if code is None else (code,)), what
        assert (done.code == 1) == (code == 1), what
        return done

    return job


def classic(seen):
    """A JVM a job, the last one on a cluster."""
    with Watch(seen.root / "watched") as watch:
        job = runner(seen, *watch.options, **watch.environment)
        every_job.with_spark(seen.place, job)
        seen.secrets += every_job.failing(seen.place, job, fault=seen.root / "fault")

        def killed(*words, when):
            process = Process(seen.place, *words, *watch.options, **watch.environment)
            assert process.when(when), "it ended before it was killed"
            process.kill()

        every_job.cut_short(seen.place, job, killed)
        with Cluster(seen.root / "cluster", workers=1) as cluster:
            job("prepare", *every_job.OPEN_GATE, *SMALL, launcher=("--master", cluster.master))


def connected(seen):
    """One server for all jobs; then those without Spark, whom it is all one."""
    with Watch(seen.root / "watched", pause=2.0) as watch:
        fault = {"PYTHONPATH": str(seen.root / "fault")}
        inside = watch.environment | fault | every_job.IN_ENV
        with ConnectServer(seen.root / "server", **watch.spark).up(**inside) as server:
            job = runner(seen, launcher=("--master", server.master), **watch.environment)
            every_job.with_spark(seen.place, job)
            seen.secrets += every_job.failing(seen.place, job, fault=seen.root / "fault")
            seen.secrets += every_job.without_spark(seen.place, job)


def test_what_was_watched_is_there_to_be_searched(seen):
    root, place = seen.root, seen.place
    events = "".join(log.read_text() for log in (root / "watched/events").iterdir())
    pages = [page.read_text() for page in (root / "watched/ui").iterdir()]
    assert any('"planDescription"' in page and "MapInArrow" in page for page in pages), "plans in the UI"
    assert any("Failure Reason" in page or "failureReason" in page for page in pages), "failed stages in the UI"
    scratch = [path.name for path in (root / "watched/scratch").iterdir()]
    assert any("shuffle_" in name for name in scratch), "shuffle files"
    assert len(place.rows("quarantine.reviews")) > 4
    own = next((place.lake / "reports/notebooks/own").glob("*.html")).read_text()
    assert "Physical Plan" in own, "explain output"
    if seen.kind == "classic":
        assert len(list((root / "watched/events").iterdir())) >= 10, "an event log of each run that reached Spark"
        assert list(Path(root / "cluster/work").rglob("stderr")), "what executors print"
        return
    kinds = {json.loads(line)["Event"].rpartition(".")[2] for line in events.splitlines()}
    steps = ("Started", "Analyzed", "ReadyForExecution", "Finished", "Failed", "Closed")
    assert {f"SparkListenerConnectOperation{step}" for step in steps} <= kinds, "operation events"
    assert any("connect/session/?id=" in page.partition("\n")[0] for page in pages), "the Connect tab of the UI"
    assert "SparkConnect" in (root / "server/server.log").read_text(), "what the server says"
    assert len(seen.secrets) > 40
    done = {path.name.rsplit("-", 1)[0] for path in place.root.iterdir() if (path / "out.log").exists()}
    assert {name.split("-")[0] for name in done} == set(JOBS), "every job"


def test_no_hidden_value_turns_up_anywhere(seen):
    assert find([Marker(text, text.encode(), allowed=(*RAW, *ASKED_FOR)) for text in HIDDEN], seen.root) == []


def test_values_that_are_kept_turn_up_in_tables_for_readers_only(seen):
    allowed = (*RAW, *ASKED_FOR, *TABLES)
    assert find([Marker(text, text.encode(), allowed=allowed) for text in KEPT], seen.root) == []
    assert len(find([Marker(text, text.encode()) for text in KEPT], seen.place.lake / "training")) > 1


def test_values_that_were_asked_for_are_where_they_were_asked_for(seen):
    mail = [Marker("good", b"good.row@marker.example")]
    assert find(mail, seen.place.lake / "revealed")
    if seen.kind == "connect":
        shown = seen.place.root.glob("quarantine-show-*")  # of two runs one was refused
        assert any(find([Marker("bad", b"badmail-marker-8c1e")], folder) for folder in shown)


def test_no_key_turns_up_anywhere(seen):
    once = {data: name for name, data in seen.secrets}  # two rings share what one has read in from the other
    markers = [Marker(name, data, allowed=KEYS) for data, name in once.items()]
    assert len(markers) > 8
    assert find(markers, seen.root) == []
