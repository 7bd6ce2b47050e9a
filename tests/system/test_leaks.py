"""No value of the data and no key turns up anywhere but where the contract puts it, whether runs end well or badly.

`test_leaks_are_found.py` shows that the search finds what is there.
"""

import base64
import json
import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakes import install
from strongroom.core.contract_file import load_contract
from strongroom.protect.encrypt import encryption_info
from strongroom.protect.hash import token_info
from strongroom.stores.sample import CUSTOMERS
from system.contents import keyring
from system.leaks import Marker, find
from system.processes import run
from system.standalone import Cluster
from system.watching import Watch

pytestmark = pytest.mark.slow
RAW, KEPT = "a/lake/raw/", ("a/lake/training/", "a/lake/features/", "a/lake/models/")
OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
GOOD = {
    "review_id": "r-900001", "user_id": 8130475926413, "email": "good.row@marker.example", "rating": 4,
    "text_content": "textmarker-kq7 is a word of its own", "label": "positive", "model_version": "v1.0",
    "training_date": "2025-01-02", "created_at": "2025-01-02T00:00:00Z",
    "device": {"ip": "203.0.113.213", "app": "web"}, "tags": ["tagmarker-xw2"],
}  # fmt: skip
BAD = GOOD | {
    "review_id": "idmarker-zz9", "user_id": 8130475926555, "email": "badmail-marker-8c1e at nowhere",
    "label": "labelmarker-5f2", "rating": 918273645, "training_date": "datemarker-77", "created_at": "timemarker-78",
    "device": {"ip": "ipmarker-301.1", "app": "appmarker-4"}, "model_version": "versionmarker-6",
    "text_content": "badtextmarker-" + 40_000 * "xy", "tags": ["", "badtagmarker-3"],
}  # fmt: skip
TWIN = GOOD | {"review_id": "r-900002", "user_id": 8130475926777, "email": "twin.row@marker.example"}
TORN = '{"review_id": "r-900004", "user_id": 8130475926888, "email": "torn.row@marker.example", "text_con'
CUSTOMER = {
    "user_id": 8130475926413, "name": "Namemarker Quibble", "email": "customer@marker.example",
    "phone": "+44 7700 9005137", "birth_date": date(1971, 3, 14), "postcode": "QX7-3ZK", "country": "GB",
    "income": 54321.25, "balance": None, "consent": True, "notes": "notesmarker-h2 says a lot",
}  # fmt: skip
BAD_CUSTOMER = CUSTOMER | {"user_id": 8130475926999, "name": "Badmarker Quibble", "country": "countrymarker-1"}
HIDDEN = [
    *(str(row["user_id"]) for row in (GOOD, BAD, TWIN, BAD_CUSTOMER)), "8130475926888",
    *(row["email"] for row in (GOOD, BAD, TWIN, CUSTOMER)), "torn.row@marker.example", "203.0.113.213",
    "idmarker-zz9", "labelmarker-5f2", "918273645", "datemarker-77", "timemarker-78", "ipmarker-301.1", "appmarker-4",
    "versionmarker-6", "badtextmarker-", "badtagmarker-3", "Namemarker", "Badmarker", "7700 9005137", "1971-03-14",
    "QX7-3ZK", "54321.25", "notesmarker-h2", "countrymarker-1", "csv.row@marker.example", "Csvmarker",
    "json.key@marker.example", "corruptmarker-9",
]  # fmt: skip
"""What no reader may ever see."""
FAULT = """
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec

class Faulty(MetaPathFinder):  # makes the judge fail with the rows in its message, as a bug would
    def find_spec(self, name, path, target=None):
        if name != "strongroom.quality.judge":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        load = spec.loader.exec_module
        def loaded(module):
            load(module)
            module.Judge.judge = fail
        spec.loader.exec_module = loaded
        return spec

def fail(self, batch, *rest):
    raise ValueError(str(batch.to_pylist()))

sys.meta_path.insert(0, Faulty())
"""


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Everything that runs of each kind left, and what was to be seen while they ran."""
    root = tmp_path_factory.mktemp("seen")
    place = install(root / "a", None, sample=200)
    reviews, customers = place.lake / "raw/reviews", place.lake / "raw/customers"
    (reviews / "part-9000.json").write_text(lines(GOOD, TWIN, BAD, TORN, TWIN))
    pq.write_table(pa.Table.from_pylist([CUSTOMER, BAD_CUSTOMER], CUSTOMERS), customers / "part-9000.parquet")
    place.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    (root / "fault").mkdir()
    (root / "fault/sitecustomize.py").write_text(FAULT)
    with Watch(root / "watched") as watch:

        def job(name, *options, launcher=(), code=0, **more):
            done = run(place, name, *options, *watch.options, launcher=launcher, **watch.environment, **more)
            assert done.code == code, f"{name} {options}: exit {done.code}\n{done.out}\n{done.err}"

        job("prepare", *OPEN_GATE)
        job("prepare", "--contract", "customers", *OPEN_GATE)
        job("vectorize", "--set", "vectorize.max_features=5000")
        failures(place, job, fault=str(root / "fault"))
        with Cluster(root / "cluster", workers=1) as cluster:
            small = ("--set", "spark.executor.memory=500m", "--set", "spark.driver.memory=700m")
            job("prepare", *OPEN_GATE, *small, launcher=("--master", cluster.master))
    return root, place


def failures(place, job, *, fault):
    """One run of each kind that ends badly; the lake's raw data is as before afterwards."""
    job("prepare", "--set", "prepare.quarantine_limit=0", code=6)
    with Raw(place, "reviews/part-9100.json", lines({"json.key@marker.example": 1}).encode()):
        job("prepare", *OPEN_GATE, code=3)
    with Raw(place, "customers/part-9100.parquet", b"PAR1 corruptmarker-9 PAR1"):
        job("prepare", "--contract", "customers", code=7)
    with Raw(place, "customers/part-9200.parquet", damaged()):
        job("prepare", "--contract", "customers", *OPEN_GATE, code=7)
    (place.lake / "raw/people").mkdir()
    (place.root / "contracts/people.yaml").write_text(PEOPLE)
    with Raw(place, "people/no-header.csv", b"csv.row@marker.example,Csvmarker\nx@y.example,Bob\n"):
        job("prepare", "--contract", "people", code=3)
    kek, aside = place.root / "keys/local.kek", place.root / "keys/aside.kek"
    kek.rename(aside)
    kek.touch(0o600)
    kek.write_bytes(base64.b64encode(bytes(32)))
    job("prepare", *OPEN_GATE, code=7)
    aside.replace(kek)
    job("prepare", *OPEN_GATE, code=1, PYTHONPATH=fault)
    place.edit("contracts/reviews.yaml", COUNT, QUERY)
    job("prepare", *OPEN_GATE, code=3)
    for old, new in ((QUERY, COUNT), (TIME, PERSONAL_TIME), (PURPOSES, AGE)):
        place.edit("contracts/reviews.yaml", old, new)
    job("prepare", *OPEN_GATE)


PEOPLE = """
apiVersion: v3.1.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
servers:
  - server: raw
    type: local
    path: raw/people/*.csv
    format: csv
    customProperties:
      - {property: options, value: {header: true}}
schema:
  - name: people
    properties:
      - {name: email, logicalType: string, customProperties: [{property: protect, value: {method: encrypt}}]}
      - {name: name, logicalType: string, customProperties: [{property: protect, value: {method: drop}}]}
customProperties:
  - {property: purposes, value: [model_training]}
  - {property: label, value: training_data}
"""
QUERY = """    quality:
      - type: sql
        id: words
        mustBe: 0
        query: SELECT CAST(text_content AS INT) FROM reviews WHERE review_id = 'r-900001'
      - {metric: rowCount"""
COUNT = """    quality:
      - {metric: rowCount"""
TIME = """        logicalTypeOptions: {minimum: '2020-01-01T00:00:00Z'}
        customProperties:
          - {property: protect, value: {method: keep}}"""
PERSONAL_TIME = """        classification: personal
        logicalTypeOptions: {minimum: '2020-01-01T00:00:00Z'}
        customProperties:
          - {property: protect, value: {method: keep, why: asked for}}"""
PURPOSES = """customProperties:
  - {property: purposes"""
AGE = """slaProperties:
  - {property: latency, value: 36500, unit: d, element: reviews.created_at}
customProperties:
  - {property: purposes"""


class Raw:
    """A raw file that is there for a while."""

    def __init__(self, place, name, data):
        self.file, self.data = place.lake / "raw" / name, data

    def __enter__(self):
        self.file.write_bytes(self.data)

    def __exit__(self, *_):
        self.file.unlink()


def damaged():
    """A Parquet file whose footer is sound and whose pages are not."""
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([CUSTOMER] * 50, CUSTOMERS), out, compression="none", use_dictionary=False)
    data = bytearray(out.getvalue().to_pybytes())
    data[4:200] = os.urandom(196)
    return bytes(data)


def keys(place):
    """Every key in clear: the key-encryption key, the masters, and what touches data."""
    ring = keyring(place)
    yield "key-encryption key", base64.b64decode((place.root / "keys/local.kek").read_bytes())
    for key in ring.keys:
        yield f"master key {key.name}", key.secret.reveal()
    for name in ("reviews", "customers"):
        for leaf in load_contract(str(place.root / "contracts" / f"{name}.yaml")).leaves():
            if leaf.protect.method == "encrypt":
                yield (
                    f"key of {leaf.path}",
                    ring.derive(encryption_info(leaf, table=f"training.{name}"), length=64).reveal(),
                )
            if leaf.protect.method == "hash":
                yield f"key of {leaf.path}", ring.derive(token_info(leaf, table=f"training.{name}"), length=32).reveal()
        yield f"quarantine key of {name}", ring.derive(f"strongroom|v1|quarantine|training.{name}", length=64).reveal()


def test_what_was_watched_is_there_to_be_searched(seen):
    root, place = seen
    events = list((root / "watched/events").iterdir())
    assert len(events) >= 10, "an event log of each run that reached Spark"
    pages = [page.read_text() for page in (root / "watched/ui").iterdir()]
    assert any('"planDescription"' in page and "MapInArrow" in page for page in pages), "plans in the UI"
    assert any("Failure Reason" in page or "failureReason" in page for page in pages), "failed stages in the UI"
    scratch = [path.name for path in (root / "watched/scratch").iterdir()]
    assert any("shuffle_" in name for name in scratch), "shuffle files"
    assert list(Path(root / "cluster/work").rglob("stderr")), "what executors print"
    assert len(place.rows("quarantine.reviews")) > 4


def test_no_hidden_value_turns_up_anywhere(seen):
    root, _ = seen
    assert find([Marker(text, text.encode(), allowed=(RAW,)) for text in HIDDEN], root) == []


def test_values_that_are_kept_turn_up_in_tables_for_readers_only(seen):
    root, place = seen
    kept = ["textmarker-kq7", "tagmarker-xw2"]
    assert find([Marker(text, text.encode(), allowed=(RAW, *KEPT)) for text in kept], root) == []
    assert len(find([Marker(text, text.encode()) for text in kept], place.lake / "training")) > 1


def test_no_key_turns_up_anywhere(seen):
    root, place = seen
    markers = [Marker(name, data, allowed=("a/keys/local.kek",)) for name, data in keys(place)]
    assert len(markers) > 8
    assert find(markers, root) == []
