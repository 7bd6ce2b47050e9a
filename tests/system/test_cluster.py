"""On a real cluster a job writes the same tables as on one machine, though its workers know none of our modules."""

import math
import shutil

import pytest

from strongroom.stores.lake import Lake
from support.lakes import Installation, install
from system.contents import quarantined, training
from system.processes import run
from system.standalone import Cluster

pytestmark = pytest.mark.slow
SMALL = ("--set", "spark.executor.memory=500m", "--set", "spark.driver.memory=700m")
FEATURES = ("features.reviews", "features.reviews_vocabulary", "features.reviews_summary")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster") / "a") as started:
        yield started


@pytest.fixture(scope="module")
def both(tmp_path_factory, cluster):
    """One installation, one keyring, two lakes of the same raw data: one prepared here, one by the cluster."""
    here = install(tmp_path_factory.mktemp("installation"), None, sample=1000, engine="spark")
    here.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    there = Installation(here.root / "there", None)
    shutil.copytree(here.lake, there.lake)
    shutil.copy(here.settings, there.settings)
    for name in ("policy.yaml", "contracts", "keys"):
        (there.root / name).symlink_to(here.root / name)
    jobs = [("prepare", "--contract", "reviews"), ("prepare", "--contract", "customers"), ("vectorize",)]
    limit = ("--set", "prepare.quarantine_limit=1")
    for place, launcher, more in ((here, (), ()), (there, ("--master", cluster.master), SMALL)):
        for job, *options in jobs:
            done = run(place, job, *options, *(limit if job == "prepare" else ()), *more, launcher=launcher)
            assert done.code == 0, f"{place.root.name} {job}: {done.err}"
    return here, there


def test_executors_have_no_module_of_ours_but_the_one_that_was_sent(cluster, both):
    sent = sorted(cluster.work.rglob("strongroom.zip"))
    assert {path.relative_to(cluster.work).parts[0] for path in sent} == {"0", "1"}, "both workers took part"
    assert not any("PYTHONPATH" in log.read_text() for log in cluster.folder.glob("worker-*.log"))


def test_training_tables_are_the_same_row_for_row(both):
    here, there = both
    for name in ("reviews", "customers"):
        assert training(there, name) == training(here, name), name
        assert len(training(here, name)) > 50


def test_quarantine_holds_the_same_rows_for_the_same_reasons(both):
    here, there = both
    for name in ("reviews", "customers"):
        assert quarantined(there, name) == quarantined(here, name), name


def test_features_are_the_same_but_for_the_last_bits_of_a_sum(both):
    for table in FEATURES:
        one, other = (Lake(str(place.lake)).read(table).to_pylist() for place in both)
        assert len(one) > 2
        assert all(map(alike, sorted(one, key=first), sorted(other, key=first))), table


def first(row):
    return str(next(iter(row.values())))


def alike(one, other):
    """Equal, numbers up to rounding: floating-point sums depend on the order of the parts."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other
