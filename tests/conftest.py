"""The one Spark session of the tests, and an object store."""

import os
import secrets
import sys
from pathlib import Path

import pytest

from protect.ring import SEED

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
}


def pytest_configure(config):
    # pyspark leaves the socket of each collect() to the garbage collector.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


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
