"""The same jobs give the same tables wherever they run: on this disk, on S3, on a cluster, by Connect, in Jupyter.

One keyring, one set of raw files, the same settings; what differs is the place alone. Everything is held value by
value: rows of tables and of quarantine as sorted lists, features to the last bit, the frame of `strongroom.read` with
its types (Spark's own `toPandas` gives a struct as a Row and an array as a list, but by Connect as a dict and as an
array of numpy's: those two columns are held part by part).
What is encrypted at random (`customers.notes`) is opened first, since its bytes never come twice, and so is the sealed
row of quarantine; nothing else is left out.

Slow, and Spark's: each job of each place starts a JVM of its own, beside a cluster, a Connect server and a store that
speaks S3. Their ports are the system's choice, and each is stopped before the next place begins.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import Row

from strongroom.stores.lake import Lake
from support.kernel import execute
from support.lakes import ROOT, Installation, install
from system.contents import quarantined, training
from system.processes import environment, run
from system.standalone import Cluster, ConnectServer, Servers

pytestmark = [pytest.mark.slow, pytest.mark.spark]

CONTRACTS = ("customers", "reviews")
FEATURES = ("features.reviews", "features.reviews_vocabulary", "features.reviews_summary")
SETTINGS = ("--set", "prepare.quarantine_limit=1", "--set", "vectorize.max_features=100")
READ = """
import sys, strongroom
strongroom.read("training.reviews", purpose="model_training").toPandas().to_pickle(sys.argv[1])
"""


@dataclass(frozen=True)
class Found:
    """What the jobs left at a place: each table's rows, opened and sorted, and the frame that a reader gets."""

    tables: dict[str, list]
    frame: pd.DataFrame


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """On this disk; its keyring is made by its first job, and is everybody's."""
    place = install(tmp_path_factory.mktemp("everywhere"), None, sample=300, engine="spark")
    place.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    raw = place.root / "raw"
    shutil.copytree(place.lake, raw)
    jobs(place)
    return place, raw, found(place, read(place))


@pytest.fixture
def there(here, tmp_path):
    """Another lake with the same raw files, contracts, policy and keys."""
    origin, raw, _ = here
    place = Installation(tmp_path / "there", None)
    shutil.copytree(raw, place.lake)
    shutil.copy(origin.settings, place.settings)
    for name in ("policy.yaml", "contracts", "keys"):
        (place.root / name).symlink_to(origin.root / name)
    return place


def jobs(place: Installation, *more: str, launcher=(), **variables: str) -> None:
    """`prepare` of both contracts, then `vectorize`."""
    for job, *options in (*(("prepare", "--contract", name) for name in CONTRACTS), ("vectorize",)):
        settings = SETTINGS[:2] if job == "prepare" else SETTINGS[2:]
        done = run(place, job, *options, *settings, *more, launcher=launcher, **variables)
        assert done.code == 0, f"{job} {options}: {done.err}"


def read(place: Installation, **variables: str) -> pd.DataFrame:
    """What `strongroom.read` gives there, in a Python of its own."""
    out = place.root / "frame.pickle"
    env = environment(PYTHONPATH=str(ROOT / "lib"), STRONGROOM_CONFIG=str(place.settings), **variables)
    done = subprocess.run([sys.executable, "-c", READ, out], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return pd.read_pickle(out)


def found(place: Installation, frame: pd.DataFrame) -> Found:
    """What lies in the lake's folder, and the frame in the order of its key."""
    tables = {f"training.{name}": training(place, name) for name in CONTRACTS}
    tables |= {f"quarantine.{name}": quarantined(place, name) for name in CONTRACTS}
    for name in FEATURES:
        rows = Lake(str(place.lake)).read(name).to_pylist()
        tables[name] = sorted(rows, key=lambda row: str(next(iter(row.values()))))
    for name in ("device", "tags"):
        frame[name] = frame[name].map(_plain)
    return Found(tables, frame.sort_values("review_id", ignore_index=True))


def _plain(value: object) -> object:
    """A struct as a dict and an array as a list, whichever way Spark's `toPandas` took."""
    if isinstance(value, Row):
        return value.asDict(recursive=True)
    return value.tolist() if isinstance(value, np.ndarray) else value


def on_s3(place: Installation, servers: ExitStack, folder: Path) -> pd.DataFrame:
    """The lake in a bucket; at the end all of it is fetched, to be looked at like the others."""
    boto3 = pytest.importorskip("boto3", reason="NOT TESTED ON AN OBJECT STORE: pip install 'moto[server,s3]' boto3")
    own = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_EC2_METADATA_DISABLED": "true"}
    store = servers.enter_context(Servers(folder))
    store.start("moto", [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", "0"])
    endpoint = store.said("moto", r"Running on (http://127\.0\.0\.1:\d+)")
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    client.create_bucket(Bucket="lake")
    for file in place.lake.rglob("*"):
        if file.is_file():
            client.upload_file(str(file), "lake", f"l/{file.relative_to(place.lake)}")
    shutil.rmtree(place.lake)
    section = f"storage: {{endpoint: '{endpoint}', region: us-east-1, credentials: environment}}"
    place.edit("local.yaml", "lake: lake", f"lake: s3://lake/l\n{section}")
    jobs(place, **own)
    assert not place.lake.exists(), "nothing of the lake lies on this disk"
    frame = read(place, **own)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix="l/"):
        for one in page["Contents"]:
            file = place.lake / one["Key"].removeprefix("l/")
            if not one["Key"].endswith("/"):
                file.parent.mkdir(parents=True, exist_ok=True)
                client.download_file("lake", one["Key"], str(file))
    return frame


def on_a_cluster(place: Installation, servers: ExitStack, folder: Path) -> pd.DataFrame:
    cluster = servers.enter_context(Cluster(folder))
    memory = {"spark.executor.memory": "500m", "spark.driver.memory": "700m"}
    small = [word for name, value in memory.items() for word in ("--set", f"{name}={value}")]
    jobs(place, *small, launcher=("--master", cluster.master))
    ran = {path.relative_to(cluster.work).parts[0] for path in cluster.work.rglob("strongroom.zip")}
    assert ran == {"0", "1"}, "both workers took part"
    place.edit("local.yaml", "spark:\n", f"spark:\n  spark.master: {cluster.master}\n  spark.executor.memory: 500m\n")
    return read(place)


def by_connect(place: Installation, servers: ExitStack, folder: Path) -> pd.DataFrame:
    server = servers.enter_context(ConnectServer(folder))
    jobs(place, launcher=("--master", server.master), JAVA_HOME="/nowhere")
    place.edit("local.yaml", "spark:\n", f"spark:\n  spark.master: {server.master}\n")
    return read(place, JAVA_HOME="/nowhere", PATH="/nowhere")


def in_jupyter(place: Installation, servers: ExitStack, folder: Path) -> pd.DataFrame:
    """The shipped notebooks, as the job writes them for Jupyter; the last gets a cell that keeps its frame."""
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns("*.ipynb"))
    shutil.copy(folder / "01_prepare.py", folder / "00_prepare.py")
    told = {"00_prepare": "customers", "01_prepare": "reviews", "03_vectorize": "", "04_my_tables": ""}
    out = place.root / "frame.pickle"
    for name, contract in told.items():
        words = [str(folder / f"{name}.py"), "--jupyter", *SETTINGS[:2], "--param", f"config={place.settings}"]
        written = run(place, "notebook", *words, *(("--param", f"contract={contract}") if contract else ()))
        assert written.code == 0, written.err
        file = folder / f"{name}.ipynb"
        if name == "04_my_tables":
            cells = json.loads(file.read_text())
            keeping = cells["cells"][-1] | {"id": "keeps", "source": [f"mine.to_pickle({str(out)!r})"]}
            file.write_text(json.dumps(cells | {"cells": [*cells["cells"], keeping]}))
        execute(file)
    return pd.read_pickle(out)


PLACES: dict[str, Callable[[Installation, ExitStack, Path], pd.DataFrame]] = {
    "S3": on_s3, "a cluster": on_a_cluster, "Spark Connect": by_connect, "Jupyter": in_jupyter,
}  # fmt: skip


@pytest.mark.parametrize("where", PLACES)
def test_the_same_prepare_vectorize_and_read_give_the_same_tables(where, here, there, tmp_path):
    *_, expected = here
    with ExitStack() as servers:
        got = found(there, PLACES[where](there, servers, tmp_path / "servers"))
    for name, rows in expected.tables.items():
        assert rows, name
        assert got.tables[name] == rows, name
    pd.testing.assert_frame_equal(got.frame, expected.frame, check_exact=True)
    assert len(expected.frame) == len(expected.tables["training.reviews"])
