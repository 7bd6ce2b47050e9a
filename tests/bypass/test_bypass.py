"""Every attempt of the corpus at every level: what must be stopped is, what leaks does, and each could have succeeded.

`cases.py` holds the table; `test_threat_model.py` compares it with what docs/threat-model.md says.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from bypass import place as lake
from bypass.cases import CASES
from bypass.judge import LEAKS, Ending, made
from bypass.place import Reach
from bypass.platforms import SECRETS as EXPORTED
from bypass.words import ADVISORY, CRYPTOGRAPHIC, PHYSICAL, PLATFORM
from support.lakes import Quiet

TESTS = Path(__file__).parents[1]
AS_ROOT = "NOT SHOWN HERE: only root can become other users; run this test as root"


def holder(place, folder, session=None):
    home, mine = lake.held(place, folder), folder.with_name("of-mo")
    mine.mkdir(exist_ok=True)
    files = tuple(sorted(str(path) for path in folder.rglob("*") if path.is_file()))
    sizes = tuple(Path(file).stat().st_size for file in files)
    source = f"{home}/lake/training/reviews"
    return Reach(home, source, source, str(mine), owner=str(place.root), files=files, sizes=sizes, session=session)


def tried(level, *, spark=None):
    return [
        pytest.param(case, id=case.name) for case in CASES if level in case.at and spark in (None, case.at[level].spark)
    ]


@pytest.fixture(scope="module")
def place(spark):
    """The lake, where other users of the system can come to its door."""
    folder = Path(tempfile.mkdtemp(prefix="strongroom-bypass-"))
    folder.chmod(0o755)  # what lies above a lake is not ours to open
    yield lake.build(folder / "x", Quiet())
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def job(place):
    """A process of the jobs' user at work: it holds the table open, and a token in its environment."""
    file = next((place.lake / "training" / "reviews").rglob("*.parquet"))
    words = [sys.executable, "-c", f"import time; held = open({str(file)!r}); print(1, flush=True); time.sleep(600)"]
    with subprocess.Popen(
        words, cwd=place.root, stdout=subprocess.PIPE, env={"STRONGROOM_TOKEN": lake.SECRETS["job"]}
    ) as process:
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.fixture(scope="module")
def secrets(place):
    return lake.secrets(place) | EXPORTED


@pytest.fixture(scope="module")
def reach(place, job, spark):
    """What everybody knows: every path. What is theirs is the table itself, where files are not what is given."""
    mine = place.root.parent / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    files = tuple(sorted(str(path) for path in place.root.rglob("*") if path.is_file()))
    source = str(place.lake / "training" / "reviews")
    sizes = tuple(Path(file).stat().st_size for file in files)
    return Reach(str(place.root), source, source, str(mine), (source, source), "", files, sizes, job, session=spark)


@pytest.fixture(scope="module")
def holding(place, spark):
    """What somebody has who holds a copy of every file of the lake, and a role's keys of another column."""
    (place.root.parent / "held").mkdir()
    return holder(place, place.root.parent / "held", spark)


def attacked(reach, secrets, level, *, user, groups, names):
    """How a user's attempts end; without a user, how they end for the jobs' own."""
    given = {field.name: getattr(reach, field.name) for field in dataclasses.fields(reach) if field.name != "session"}
    plan = {"level": level, "reach": given, "user": user, "groups": groups, "cases": names, "secrets": secrets}
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "lib")])
    done = subprocess.run(
        [sys.executable, "-m", "bypass.attacker"], input=json.dumps(plan), capture_output=True, text=True, cwd="/",
        timeout=300, env={"PYTHONPATH": path, "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def physical(reach, secrets):
    """Every attempt of the level by the user it is kept from, and by the owner: case → how it ended."""
    if os.geteuid() != 0:
        pytest.skip(AS_ROOT)
    cases = {case.name: case.at[PHYSICAL] for case in CASES if PHYSICAL in case.at}
    ended = {}
    for hats in {each.hats for each in cases.values()}:
        own = [lake.folder_of(hat) for hat in hats]
        folders = tuple(reach.folder(table) for table in own)
        mine = dataclasses.replace(reach, table=folders[0], hats=folders)
        names = [name for name, each in cases.items() if each.hats == hats]
        groups = [lake.GROUPS[hat] for hat in hats]
        ended |= attacked(mine, secrets, PHYSICAL, user=lake.EVE, groups=groups, names=names)
    controlled = [name for name, each in cases.items() if each.control]
    everything = dataclasses.replace(reach, hats=(reach.source, reach.source))
    return ended, attacked(everything, secrets, PHYSICAL, user=0, groups=[0], names=controlled)


def check(ending, case, tried):
    assert ending.outcome == tried.outcome, f"{case.name}: {ending}; {case.why}"
    if tried.because:
        assert re.search(tried.because, ending.because), f"stopped, but by something else: {ending.because}"


def owners(tried, reach, secrets):
    """The attempt that must succeed: the same, or another, or a search for what is there."""
    if tried.known:
        assert made(tried.how, reach, [tried.known]).outcome == LEAKS, "the search finds nothing at all"
    if callable(tried.control):
        assert made(tried.control, reach, secrets[tried.wants]).outcome == LEAKS, "it could not have succeeded"


@pytest.mark.spark
@pytest.mark.parametrize("case", tried(ADVISORY))
def test_at_the_advisory_level(case, reach, secrets):
    tried = case.at[ADVISORY]
    check(made(tried.how, reach, secrets[tried.wants]), case, tried)
    owners(tried, reach, secrets)


@pytest.mark.parametrize("case", tried(PLATFORM))
def test_at_the_platforms_level(case):
    tried, nowhere = case.at[PLATFORM], Reach("", "", "", "")
    check(made(tried.how, nowhere, EXPORTED[tried.wants]), case, tried)
    owners(tried, nowhere, EXPORTED)


@pytest.mark.spark
@pytest.mark.parametrize("case", tried(PHYSICAL))
def test_at_the_physical_level(case, physical):
    tried, (ended, by_owner) = case.at[PHYSICAL], physical
    check(Ending(*ended[case.name]), case, tried)
    if tried.control:
        assert by_owner[case.name][0] == LEAKS, f"the owner's did not succeed either: {by_owner[case.name]}"


@pytest.mark.spark
@pytest.mark.parametrize("case", tried(CRYPTOGRAPHIC))
def test_at_the_cryptographic_level(case, holding, secrets):
    tried = case.at[CRYPTOGRAPHIC]
    check(made(tried.how, holding, secrets[tried.wants]), case, tried)
    owners(tried, holding, secrets)


def test_the_corpus_is_what_it_says():
    names = Counter(case.name for case in CASES)
    assert max(names.values()) == 1
    assert len(names) >= 60
    for case in CASES:
        for level, tried in case.at.items():
            assert tried.outcome == LEAKS or tried.because, (case.name, level, "what stops it must be seen")
            assert tried.outcome == LEAKS or tried.control or tried.known, (case.name, level, "could it succeed?")
