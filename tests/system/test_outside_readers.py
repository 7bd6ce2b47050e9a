"""Who has the files, the keys and docs/encryption.md needs none of our code, and whoever has less gets nothing."""

import base64
import json
import re
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deltalake import DeltaTable
from tink import (
    TinkError,
    aead,
    cleartext_keyset_handle,
    daead,
    json_proto_keyset_format,
    prf,
    secret_key_access,
    tink_config,
)
from tink.proto import aes_siv_pb2, tink_pb2

from strongroom import run_job
from strongroom.flows import keys as keys_flow
from strongroom.flows import prepare
from support.lakes import ROOT, install
from system.processes import environment

OUTSIDER = ROOT / "tests/system/outsider.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("lake") / "a", None, sample=200)
    made.edit("contracts/customers.yaml", "mustBeLessThan: 5,", "mustBeLessThan: 101,")
    made.edit("contracts/customers.yaml", "value: {method: encrypt}}", "value: {method: encrypt, rowKey: user_id}}")
    for name in ("reviews", "customers"):
        options = ["--config", str(made.settings), "--contract", name, "--set", "prepare.quarantine_limit=1"]
        assert run_job.run(prepare, options) == 0
    return made


@pytest.fixture(scope="module")
def outside(place):
    """What a reader without our code found."""
    words = [sys.executable, "-I", str(OUTSIDER), str(place.root)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=place.root, env=environment())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def raw(place):
    """Every line of the raw reviews that is JSON, and the rest as text."""
    for file in sorted((place.lake / "raw/reviews").glob("*.json")):
        for line in file.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                yield line


def told(place, column):
    """A column of the raw reviews by the review's key."""
    return {row["review_id"]: row.get(column) for row in raw(place) if isinstance(row, dict) and "review_id" in row}


def table(place, name):
    return pa.table(DeltaTable(str(place.lake / name)).scan()).to_pylist()


def test_deltalake_alone_reads_the_table_and_sees_nothing_protected(place):
    found = DeltaTable(str(place.lake / "training/reviews"))
    rows = pa.table(found.scan())
    assert rows.num_rows > 150
    assert rows.column_names[:3] == ["review_id", "user_id", "email"]
    tokens = rows["user_id"].cast(pa.string()).to_pylist()
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{28}", text) for text in tokens)
    mails = rows["email"].cast(pa.binary()).to_pylist()
    assert not any(b"example" in mail for mail in mails)
    assert len({mail[:5] for mail in mails}) == 1, "version and key id stand before each"


def test_cryptography_alone_opens_what_the_document_says(place, outside):
    emails = told(place, "email")
    assert len(outside["reviews"]) > 150
    assert {key: email for key, (_, email) in outside["reviews"].items()}.items() <= emails.items()


def test_cryptography_alone_makes_the_same_tokens(place, outside):
    people = told(place, "user_id")
    for key, (token, _) in outside["reviews"].items():
        assert token == outside["people"][str(people[key])], key


def test_cryptography_alone_makes_the_same_tags_in_both_tables(place, outside):
    people, tags = told(place, "user_id"), {row["review_id"]: row["_subject"] for row in place.rows("training.reviews")}
    assert len(tags) > 150
    assert {key: tag.hex() for key, tag in tags.items()} == {key: outside["tags"][str(people[key])] for key in tags}
    customers = {row["_subject"].hex() for row in place.rows("training.customers")}
    assert customers <= set(outside["tags"].values()), "one domain, one person"


def test_cryptography_alone_opens_what_was_randomised(place, outside):
    notes = {row["notes"] for row in pq.read_table(place.lake / "raw/customers").to_pylist()}
    assert len(outside["notes"]) > 5
    assert {note for note in outside["notes"] if note} <= notes


def test_cryptography_alone_opens_quarantine_to_the_rows_as_they_came(place, outside):
    assert len(outside["quarantine"]) >= 6
    files = (place.lake / "raw/reviews").glob("*.json")
    records = {line for file in files for line in file.read_text().splitlines()}
    for line in outside["quarantine"]:
        assert line[:1] == "\x01", "the bytes of a record"
        assert line[1:] in records


def test_tink_alone_opens_keyring_and_column(place):
    """The keyring through Tink's own reader, the column key by its PRF, the value by its deterministic AEAD."""
    tink_config.register()

    class Kek(aead.Aead):
        def __init__(self, key):
            self.key = key

        def decrypt(self, ciphertext, associated_data):
            return AESGCM(self.key).decrypt(ciphertext[:12], ciphertext[12:], associated_data)

        def encrypt(self, plaintext, associated_data):
            raise NotImplementedError

    kek = Kek(base64.b64decode((place.root / "keys/local.kek").read_text()))
    text = (place.root / "keys/keyring.json").read_text()
    ring = json_proto_keyset_format.parse_encrypted(text, kek, b"strongroom keyring v1")
    key = ring.primitive(prf.PrfSet).primary().compute(b"strongroom|v1|encryption|domain|email", 64)
    column = tink_pb2.Keyset(primary_key_id=ring.keyset_info().primary_key_id)
    column.key.add(
        key_id=ring.keyset_info().primary_key_id,
        status=tink_pb2.ENABLED,
        output_prefix_type=tink_pb2.TINK,
        key_data=tink_pb2.KeyData(
            type_url="type.googleapis.com/google.crypto.tink.AesSivKey",
            value=aes_siv_pb2.AesSivKey(key_value=key).SerializeToString(),
            key_material_type=tink_pb2.KeyData.SYMMETRIC,
        ),
    )
    opens = cleartext_keyset_handle.from_keyset(column).primitive(daead.DeterministicAead)
    emails = told(place, "email")
    for row in table(place, "training/reviews"):
        clear = opens.decrypt_deterministically(row["email"], b"v1|email|training.reviews|email|string")
        assert clear.decode() == emails[row["review_id"]]


def test_tink_alone_opens_what_is_bound_to_its_row_and_nothing_that_was_swapped(place):
    """The names of customers, bound to the token beside them; the associated data is what `keys export` says."""
    tink_config.register()
    file, options = place.root / "name.json", ["--config", str(place.settings), "--set", "principal=user:pia"]
    asked = ["export", str(file), "--contract", "customers", "--column", "name", "--purpose", "data_subject_request"]
    assert run_job.run(keys_flow, [*asked, *options]) == 0
    column = json_proto_keyset_format.parse(file.read_text(), secret_key_access.TOKEN).primitive(
        daead.DeterministicAead
    )
    rows = table(place, "training/customers")
    names = {row["name"] for row in pq.read_table(place.lake / "raw/customers").to_pylist()}
    assert len(rows) > 5
    for row, other in zip(rows, [*rows[1:], rows[0]], strict=True):
        place_of = "v1||training.customers|name|string|"
        clear = column.decrypt_deterministically(row["name"], f"{place_of}{row['user_id']}".encode())
        assert clear.decode() in names
        with pytest.raises(TinkError):
            column.decrypt_deterministically(row["name"], f"{place_of}{other['user_id']}".encode())
    assert len({row["name"] for row in rows}) == len(rows), "equal names do not look equal"


def test_the_page_s_own_program_prints_the_column(place):
    """`keys export`, then the Python of docs/encryption.md as it stands there."""
    page = (ROOT / "docs/encryption.md").read_text()
    program = re.search(r"Reading a column with Tink alone.*?```python\n(.*?)```", page, re.DOTALL)[1]
    command = re.search(r"\./spark-submit\.sh (keys export .*?)\n\n", page, re.DOTALL)[1]
    words = command.replace("\\\n", " ").split()
    file = place.root / words[2]
    assert run_job.run(keys_flow, [words[1], str(file), *words[3:], "--config", str(place.settings)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    words = [sys.executable, "-I", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=place.root, env=environment())
    assert done.returncode == 0, done.stderr
    emails = told(place, "email")
    assert done.stdout.splitlines() == [emails[row["review_id"]] for row in table(place, "training/reviews")]
