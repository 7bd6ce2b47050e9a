"""What the search for leaks looks for: values planted in raw files, and every key, and the files to plant them with."""

import base64
import json
import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.core.contract.file import load_contract
from strongroom.protect.methods.encrypt import encryption_info
from strongroom.protect.methods.hash import token_info
from strongroom.sample.lake import CUSTOMERS
from strongroom.stores.keys import open_keyring
from support.lakes import Installation, install

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
KEPT = ["textmarker-kq7", "tagmarker-xw2"]
"""What readers of the tables may see, and nobody elsewhere."""
POLICY = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
  keeper: {members: [user:kim]}
  reader: {members: [user:rita]}
grants:
  - role: engineer
    actions: [read, write, delete]
    tables: [raw.*, training.*, quarantine.*, features.*, projected.*, strongroom.*]
  - {role: reader, actions: [read], tables: [training.reviews], enforce: physical}
  - {role: officer, actions: [reveal, write], tables: [training.*, quarantine.*, revealed.*], purposes: [requests]}
  - role: keeper
    actions: [read, write, delete, reveal]
    tables: [strongroom.keys, training.*, quarantine.*, features.*, revealed.*]
"""
FAULT = """
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from pathlib import Path

class Faulty(MetaPathFinder):  # makes the judge fail with the rows in its message, as a bug would
    def find_spec(self, name, path, target=None):
        if name != "strongroom.quality.row_rules":
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

if Path(__file__).with_name("on").exists():
    sys.meta_path.insert(0, Faulty())
"""


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def plant(root: Path) -> Installation:
    """An installation whose raw data holds the markers, and the means to make the judge fail."""
    place = install(root / "a", None, sample=200, engine="spark")
    (place.root / "policy.yaml").write_text(POLICY)
    reviews, customers = place.lake / "raw/reviews", place.lake / "raw/customers"
    (reviews / "part-9000.json").write_text(lines(GOOD, TWIN, BAD, TORN, TWIN))
    pq.write_table(pa.Table.from_pylist([CUSTOMER, BAD_CUSTOMER], CUSTOMERS), customers / "part-9000.parquet")
    place.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    (place.lake / "raw/people").mkdir()
    (place.root / "contracts/people.yaml").write_text(PEOPLE)
    (root / "fault").mkdir()
    (root / "fault/sitecustomize.py").write_text(FAULT)
    return place


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
        mustBe: 1
        query: SELECT count_if(text_content LIKE 'no such words%') FROM reviews WHERE review_id = 'r-900001'
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


def keys(place, folder="keys"):
    """Every key in clear: the key-encryption key, the masters, and what touches data."""
    kek = place.root / folder / "local.kek"
    ring = open_keyring(f"file:{kek}", f"{place.root}/{folder}/keyring.json", create=False)
    yield "key-encryption key", base64.b64decode(kek.read_bytes())
    if (signing := kek.with_name("audit-signing.key")).exists():
        yield "signing key", signing.read_bytes()
    for key in ring.keys:
        if key.secret is not None:
            yield f"master key {key.name}", key.secret.reveal()
    for key_id in ring.enabled:
        for name, secret in derived(place, ring, key_id):
            yield f"{name} under {key_id:08x}", secret.reveal()


def derived(place, ring, key_id):
    for name in ("reviews", "customers"):
        for leaf in load_contract(str(place.root / "contracts" / f"{name}.yaml")).leaves():
            if leaf.protect.method == "encrypt":
                info = encryption_info(leaf, table=f"training.{name}")
                yield f"key of {leaf.path}", ring.derive(info, length=64, key_id=key_id)
            if leaf.protect.method == "hash":
                info = token_info(leaf, table=f"training.{name}")
                yield f"key of {leaf.path}", ring.derive(info, length=32, key_id=key_id)
        info = f"strongroom|v1|quarantine|training.{name}"
        yield f"quarantine key of {name}", ring.derive(info, length=64, key_id=key_id)
