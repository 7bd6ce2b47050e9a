"""What is wrong before any row is read ends in one clear message, starts no Java, and leaves an audit event only."""

import base64
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare
from strongroom.stores.keys import open_keyring
from support.lakes import install

NOBODY = 65534
SECRET = "Quibblemarker"
"""Stands for a value of the data: no message may hold it."""


def write(name, data):
    """A file of the installation with this text or these bytes."""

    def spoil(place):
        path = place.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    return spoil


def edit(name, old, new):
    return lambda place: place.edit(name, old, new)


def remove(name):
    return lambda place: (
        shutil.rmtree(place.root / name) if (place.root / name).is_dir() else (place.root / name).unlink()
    )


def folder(name):
    """A folder where a file should be."""

    def spoil(place):
        path = place.root / name
        path.unlink(missing_ok=True)
        path.mkdir(parents=True)

    return spoil


def keys(spoil):
    """A keyring that is there, and then something happens to it."""

    def spoiled(place):
        open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=True)
        spoil(place)

    return spoiled


def parquet(change, *, name="part-9000.parquet"):
    """One more raw file of customers: that of the sample with its columns, or then its bytes, changed."""

    def spoil(place):
        customers = place.lake / "raw/customers"
        table = pq.read_table(customers / "part-0000.parquet")
        named = table.set_column(1, "name", pa.array([SECRET] * len(table)))
        found = change(named)
        if isinstance(found, pa.Table):
            pq.write_table(found, customers / name)
        else:
            (customers / name).write_bytes(found)

    return spoil


def packed(table):
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    return out.getvalue().to_pybytes()


def retyped(table):
    return table.set_column(0, "user_id", table["user_id"].cast(pa.string()))


CUSTOMERS = ("--contract", "customers")
CASES = [
    # what is wrong with the settings
    ("no settings", remove("local.yaml"), (), 3, ["local.yaml"], "named file is not there"),
    ("settings are a folder", folder("local.yaml"), (), 3, ["local.yaml"], "a folder where a file should be"),
    ("unknown setting", edit("local.yaml", "lake: lake", "lake: lake\nlaek: x"), (), 3,
     ["local.yaml:3", "'laek'", "Did you mean 'lake'?"], "a typo must not be ignored"),
    ("wrong type", edit("local.yaml", "spark:\n  spark.sql.shuffle.partitions: 2", "spark: 7"), (), 3,
     ["local.yaml:9", "mapping"], "a number there"),
    ("wrong override", None, ("--set", "prepare.quarantine_limit=many"), 3, ["quarantine_limit"], "no number"),
    ("override without value", None, ("--set", "prepare.mode"), 2, ["section.key=value"], "usage"),
    ("not UTF-8", write("local.yaml", b"lake: \xff\xfe"), (), 3, ["local.yaml"], "another encoding"),
    ("NUL byte", write("local.yaml", b"lake: la\0ke"), (), 3, ["local.yaml"], "YAML has no NUL"),
    ("doubled key", edit("local.yaml", "lake: lake", "lake: lake\nlake: other"), (), 3, ["local.yaml:3"], "which one?"),
    # contract and policy
    ("no such contract", None, ("--contract", "revews"), 2, ["'revews'", "Did you mean 'reviews'?"], "a typo"),
    ("contract is a folder", folder("contracts/reviews.yaml"), (), 3, ["reviews.yaml"], "a folder instead"),
    ("contract is no YAML", write("contracts/reviews.yaml", "a: [1"), (), 3, ["reviews.yaml:"], "it does not parse"),
    ("contract is empty", write("contracts/reviews.yaml", ""), (), 3, ["reviews.yaml"], "nothing in it"),
    ("unprotected column", edit("contracts/reviews.yaml", "{method: hash, domain: person}", "{method: hsah}"), (), 3,
     ["reviews.yaml:", "'hsah'", "'hash'"], "a typo there would let values out"),
    ("no policy", remove("policy.yaml"), (), 3, ["policy.yaml"], "no policy, no answer"),
    ("policy is a folder", folder("policy.yaml"), (), 3, ["policy.yaml"], "a folder instead"),
    ("policy is no YAML", write("policy.yaml", "roles: {"), (), 3, ["policy.yaml:"], "it does not parse"),
    # keys
    ("others can read the key", keys(lambda place: (place.root / "keys/local.kek").chmod(0o644)), (), 7,
     ["others than its owner", "chmod 600"], "a key that others read is none"),
    ("another key", keys(write("keys/local.kek", base64.b64encode(bytes(32)))), (), 7, ["does not open"], "wrong"),
    ("a key that is too short", keys(write("keys/local.kek", "c2hvcnQ=")), (), 7, ["not 32 bytes"], "it is no key"),
    ("a key that is a folder", keys(folder("keys/local.kek")), (), 7, ["local.kek"], "a folder instead"),
    ("no key beside its keyring", keys(remove("keys/local.kek")), (), 7, ["local.kek", "copy"], "lost, not to be made"),
    ("keyring cut short", keys(write("keys/keyring.json", '{"encryptedKeyset": "Zm')), (), 7, ["keyring.json"], "torn"),
    ("keyring is a folder", keys(folder("keys/keyring.json")), (), 7, ["keyring.json"], "a folder instead"),
    ("unknown provider", edit("local.yaml", "file:keys/local.kek", "vault:x"), (), 7, ["vault"], "not one of ours"),
    ("no variable", edit("local.yaml", "file:keys/local.kek", "env:NOT_SET"), (), 7, ["NOT_SET"], "nobody set it"),
    # raw data
    ("no raw files", remove("lake/raw/reviews"), (), 7, ["raw/reviews"], "nothing to read"),
    ("no Parquet", parquet(lambda _: b"PAR1" + SECRET.encode() + b"PAR1"), CUSTOMERS, 7, ["part-9000"], "corrupt"),
    ("cut Parquet", parquet(lambda table: packed(table)[:-20]), CUSTOMERS, 7, ["part-9000"], "the footer is gone"),
    ("empty Parquet", parquet(lambda _: b""), CUSTOMERS, 7, ["part-9000"], "a file of no bytes has no footer"),
    ("a folder in a file's place", write("lake/raw/customers/part-9000.parquet/x", SECRET), CUSTOMERS, 7,
     ["part-9000.parquet/x"], "what is in it is no Parquet"),
    ("another type", parquet(retyped), CUSTOMERS, 3, ["'user_id' is string", "customers.yaml:"], "it changes its type"),
    ("unknown column", parquet(lambda table: table.append_column("shoe", table[0])), CUSTOMERS, 3, ["'shoe'"], "new"),
    ("missing column", parquet(lambda table: table.drop_columns("user_id")), CUSTOMERS, 3, ["'user_id'"], "required"),
    # places
    ("the lake is a file", lambda place: (shutil.move(place.lake, place.root / "x"), write("lake", "")(place)), (), 7,
     ["lake"], "a file where a folder should be"),
    ("the audit log is a file", write("audit", ""), (), 7, ["audit"], "no job runs without its event"),
    ("a table is a file", write("lake/training", ""), (), 7, ["training"], "a file where a folder should be"),
    ("a broken Delta log", write("lake/training/reviews/_delta_log/00000000000000000000.json", f'{{"{SECRET}'), (), 7,
     ["training.reviews"], "somebody else's file"),
]  # fmt: skip


@pytest.fixture
def place(tmp_path, capsys, monkeypatch):
    def no_java(*_):
        pytest.fail("this must be found before Spark starts")

    monkeypatch.setattr("strongroom.stores.spark.session.open_session", no_java)
    return install(tmp_path / "a", capsys, sample=100, engine="spark")


def lines(result):
    return [line for line in (result.out + result.err).splitlines() if not line.startswith("{")]


def is_clear(result, code, said):
    """One message with what, where and what to do; no trace of the stack, no value."""
    text = "\n".join(lines(result))
    assert result.code == code, text
    assert result.line["exit_code"] == code
    for words in said:
        assert words in text, text
    heads = [line for line in lines(result) if line.startswith("strongroom prepare:")]
    assert len(heads) == 1, text
    assert f"(exit {code})" in heads[0]
    for never in ("Traceback", 'File "', SECRET, "bug in Strongroom"):
        assert never not in result.out + result.err, text


@pytest.mark.parametrize(("name", "spoil", "options", "code", "said", "why"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong_is_said_once_and_nothing_is_written(place, name, spoil, options, code, said, why):
    if spoil:
        spoil(place)
    before = files(place)
    done = place.run(prepare, *options)
    is_clear(done, code, said)
    new = {path for path in files(place) - before if path.parts[0] not in ("audit", "keys")}
    assert not any(path.suffix == ".parquet" and path.parts[1] in ("training", "quarantine") for path in new), new
    if (place.root / "audit").is_dir() and (place.root / "audit/entries.jsonl").exists():
        assert place.audit()[-1].outcome == "failed"
        assert SECRET not in (place.root / "audit/entries.jsonl").read_text()


def files(place):
    return {path.relative_to(place.root) for path in place.root.rglob("*") if path.is_file()}


@contextmanager
def nobody():
    """The process as somebody who may not do much; only root can become somebody else and come back."""
    if os.geteuid():
        pytest.skip("LOUD: only root can act as nobody, so missing permissions are not shown here")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


LOCKED = [
    ("audit", ["audit log", "writable"], "the event cannot be written"),
    ("lake", ["permission"], "the tables cannot be made"),
    ("keys/local.kek", ["local.kek", "Permission denied"], "the key belongs to somebody else"),
    ("keys/keyring.json", ["keyring.json", "Permission denied"], "so does the keyring"),
    ("contracts/reviews.yaml", ["reviews.yaml"], "nor may everybody read every contract"),
    ("local.yaml", ["local.yaml"], "nor the settings"),
]


@pytest.mark.parametrize(("name", "said", "why"), LOCKED, ids=[case[0] for case in LOCKED])
def test_no_permission_is_said_with_the_place(tmp_path, place, name, said, why):
    keys(lambda _: None)(place)
    assert place.run(prepare, "--dry-run").code == 0  # and all modules are loaded
    (place.root / "audit").mkdir(exist_ok=True)
    for path in (place.root, *place.root.rglob("*"), *tmp_path.parents, tmp_path):
        if path.is_relative_to(tmp_path):
            os.chown(path, NOBODY, NOBODY)
    with opened(tmp_path.parents):
        locked = place.root / name
        for path in (locked, *locked.rglob("*")) if locked.is_dir() else (locked,):
            os.chown(path, 0, 0)
            path.chmod(0o755 if path.is_dir() else 0o600 if name.startswith(("keys", "local", "contr")) else 0o644)
        with nobody():
            done = place.run(prepare)
    is_clear(done, 3 if name.endswith(".yaml") else 7, said)


@contextmanager
def opened(folders):
    """Lets anybody pass through pytest's own folders for a while."""
    modes = {path: path.stat().st_mode & 0o7777 for path in folders if path != Path("/")}
    for path, mode in modes.items():
        path.chmod(mode | 0o011)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
