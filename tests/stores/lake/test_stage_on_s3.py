"""On an object store a stage has its own name from the start: what dead attempts leave lies beside published files,
until the next run takes away just that. An upload in parts that was never ended is no file: nobody sees it.
"""

import os

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from strongroom.flows import prepare
from strongroom.flows.foundation import table_plans as plans
from strongroom.stores.lake import Lake, staging
from strongroom.stores.lake.parquet_sink import ParquetSink
from strongroom.stores.sources import manifest
from support.lakes import install
from system.deaths import LOCAL, TABLES, Dying

AWS = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.fixture
def place(bucket, tmp_path, capsys, monkeypatch):
    """An installation whose lake is in the bucket; three of four files are there."""
    client, name = bucket
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    made = install(tmp_path / "a", capsys, sample=200)
    for file in sorted((made.lake / "raw").rglob("*.json"))[:3]:
        client.upload_file(str(file), name, f"lake/{file.relative_to(made.lake)}")
    made.edit("local.yaml", "lake: lake", f"lake: s3://{name}/lake")
    made.edit("contracts/reviews.yaml", "primaryKey: true #", "required: true #")
    return made


def more(place, bucket):
    """The fourth file."""
    client, name = bucket
    file = sorted((place.lake / "raw").rglob("*.json"))[3]
    client.upload_file(str(file), name, f"lake/{file.relative_to(place.lake)}")


def undisturbed(place):
    """A process of its own: in this one deltalake's `history` would keep the server from answering it."""
    done = Dying(place, **variables()).result()
    assert done.code == 0, done.err


def variables():
    return {name: os.environ[name] for name in (*AWS, "AWS_EC2_METADATA_DISABLED", "AWS_ALLOW_HTTP")}


def lake_of(bucket):
    return Lake(f"s3://{bucket[1]}/lake")


def unnamed(bucket, table):
    """Objects under a table that no version of it names. What is empty and ends with a slash is a folder to Arrow,
    which makes one whenever it deletes a file.
    """
    client, name = bucket
    prefix, uri = f"lake/{table.replace('.', '/')}/", f"s3://{name}/lake/{table.replace('.', '/')}"
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix)
    keys = {f"s3://{name}/{one['Key']}" for page in pages for one in page.get("Contents", [])}
    known = set()
    for version in range(DeltaTable(uri).version() + 1):
        known |= set(DeltaTable(uri, version=version).file_uris())
    assert known <= keys, "no file is gone that a version names"
    return {key for key in keys - known if "/_delta_log/" not in key and not key.endswith("/")}


def uploads(bucket):
    return bucket[0].list_multipart_uploads(Bucket=bucket[1]).get("Uploads", [])


def ids(bucket):
    return sorted(row["review_id"] for row in lake_of(bucket).read("training.reviews").to_pylist())


def wanted(place, bucket):
    """The ids that an undisturbed run publishes, on a lake on this disk."""
    place.edit("local.yaml", f"lake: s3://{bucket[1]}/lake", "lake: lake")
    assert place.run(prepare, *LOCAL).code == 0
    rows = sorted(row["review_id"] for row in place.rows("training.reviews"))
    place.edit("local.yaml", "lake: lake", f"lake: s3://{bucket[1]}/lake")
    return rows


@pytest.mark.parametrize(
    "step", ["group", *(pytest.param(step, marks=pytest.mark.slow) for step in ("published", "footer", "between"))]
)
def test_after_a_kill_the_next_run_leaves_no_object_that_no_version_names(place, bucket, step):
    job = Dying(place, orders={"step": step, "twice": True}, **variables())
    assert job.died()
    assert not uploads(bucket), "none begins before a file has a second part"
    assert (step == "published") == bool(lake_of(bucket).open("training.reviews").file_uris())
    more(place, bucket)
    undisturbed(place)
    assert [unnamed(bucket, table) for table in TABLES] == [set(), set()]
    assert not uploads(bucket)
    assert ids(bucket) == wanted(place, bucket)


@pytest.mark.parametrize("step", ["group", pytest.param("footer", marks=pytest.mark.slow)])
def test_a_failure_in_order_leaves_neither_object_nor_upload(place, bucket, step):
    job = Dying(place, orders={"step": step, "number": 0}, **variables())
    done = job.result()
    assert (done.code, job.mark.exists()) == (7, True), done.err
    assert [unnamed(bucket, table) for table in TABLES] == [set(), set()]
    assert not uploads(bucket)


@pytest.mark.slow  # tests/system/test_road_faults.py has the same on this disk
def test_what_a_zombie_writes_goes_with_the_next_run_and_nothing_of_any_version_does(place, bucket):
    lake = lake_of(bucket)
    undisturbed(place)
    more(place, bucket)
    job = Dying(place, orders={"step": "between"}, **variables())
    assert job.died()
    undisturbed(place)
    published, dead, last = manifest.batches(lake, "reviews")
    for batch in (published, dead, last):
        for table in TABLES:
            sink = ParquetSink(staging.place(lake, table, batch.stage, stats=()), plans.QUARANTINE)
            sink.write(pa.RecordBatch.from_pylist([dict.fromkeys(plans.QUARANTINE.names)], plans.QUARANTINE))
            assert len(sink.close()) == 1
    assert [len(unnamed(bucket, table)) for table in TABLES] == [3, 3]
    rows = ids(bucket)
    lake.open("training.reviews").optimize.compact()  # so that files of older versions are in none that readers see
    undisturbed(place)
    assert [unnamed(bucket, table) for table in TABLES] == [set(), set()]
    assert ids(bucket) == rows == wanted(place, bucket)
