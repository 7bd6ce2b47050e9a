"""The one Spark session of the tests, an object store, and which tests are quick."""

import errno
import os
import secrets
import stat
import sys
import time
from pathlib import Path

import pytest

from protect.ring import SEED
from support.weight import needs_spark, whole_files

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom")
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",  # else VACUUM runs a stage of 10,000 tasks
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j2.level=ERROR",
    "spark.driver.memory": "1g",
    "spark.sql.adaptive.enabled": "false",  # it runs each stage of a small query as a job of its own
}


QUICK_S = 0.5
"""What a test of `tests/run.sh --fast` may take, of the processor's time."""
_TIMED = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    parser.addoption(
        "--strict-times",
        action="store_true",
        help=f"a test that is not marked and takes {QUICK_S} s or starts a program fails",
    )


def pytest_configure(config):
    # pyspark leaves the socket of each collect() to the garbage collector.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    # Without bytecode each process compiles all of lib, and rewrites the assertions of all tests: half of collection.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # That data lies on the disk when the power fails is what no test can see; in whole jobs it is half of their time.
    os.fsync = _fsync
    config.stash[_TIMED] = []
    if config.option.strict_times:
        sys.addaudithook(lambda event, _: event == "subprocess.Popen" and config.stash[_TIMED].append(event))


def _fsync(file):
    if stat.S_ISFIFO(os.fstat(file).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def pytest_ignore_collect(collection_path, config):
    """A file of which the marks that are asked for leave nothing need not be imported."""
    if not collection_path.name.startswith("test_"):
        return None
    if "not whole" in config.option.markexpr and collection_path in whole_files():
        return True
    if config.option.markexpr.startswith("spark") and not needs_spark(collection_path):
        return True
    return None


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path in whole_files():
            item.add_marker("whole")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    started = item.config.stash[_TIMED]
    started.clear()
    before = time.process_time()
    yield
    taken = time.process_time() - before
    if item.config.option.strict_times and not any(map(item.get_closest_marker, ("spark", "slow", "whole"))):
        assert not started, "it starts a program: mark it whole"
        assert taken < QUICK_S, f"it takes {taken:.1f} s of the processor: mark it whole"


def pytest_terminal_summary(terminalreporter):
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line(f"random values of this run: STRONGROOM_SEED={SEED}")


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    jars = sorted(str(jar) for jar in (HOME / "jars").glob("*.jar"))
    assert jars, f"no Delta jars in {HOME / 'jars'}: run ./spark-submit.sh --setup-only"
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "lib"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    builder = SparkSession.builder.master("local[2]").appName("tests")
    # The class path and not spark.jars: an archive of classes serves only the class path it was made with.
    settings = SETTINGS | {
        "spark.driver.extraClassPath": os.pathsep.join(jars),
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def bucket(monkeypatch):
    """An object store on this machine: its client, and a bucket's name."""
    reason = "NOT TESTED ON AN OBJECT STORE: pip install 'moto[server,s3]' boto3"
    server = pytest.importorskip("moto.server", reason=reason).ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    for name, value in {
        "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import boto3

    client = boto3.client("s3")
    name = f"lake-{secrets.token_hex(4)}"  # moto keeps its buckets for the whole process
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client, name
    server.stop()
