"""A keyring that needs no file, columns in one line, and the plain loops that the kernels are held against."""

import json
import os
import secrets
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.cmac import CMAC

from strongroom.core.contract import Column, Protect, Type
from strongroom.core.keys.ring import Key, KeyHandle, Keyring, Status
from strongroom.core.secret import Secret

VECTORS = Path(__file__).parents[3] / "shared/data/vectors"
FUZZ = int(os.environ.get("STRONGROOM_FUZZ", "100000"))
"""Values in each differential test: a hundred thousand usually; a release sets ten million."""
SEED = int(os.environ.get("STRONGROOM_SEED") or secrets.randbits(32))
"""Of the random values, another one in each run; a run that fails names it."""


def ring(*ids, disabled=(), primary=0, seed=b""):
    """A ring of keys with fixed secrets, the first id the primary unless another is named."""
    keys = tuple(
        Key(key_id, Status.DISABLED if key_id in disabled else Status.ENABLED, Secret(master(key_id, seed=seed)))
        for key_id in ids
    )
    return Keyring(primary or ids[0], keys, KeyHandle("file:/nowhere", b"", "keyring.json"))


def master(key_id, *, seed=b""):
    return (seed + key_id.to_bytes(4) * 8)[:32]


RING = ring(0x01020304)


def column(type_, method, *, path="c", **options):
    """A scalar column; `type_` is Spark SQL's word, decimals are decimal(10,2) or as it says: `decimal 38 9`."""
    name, *numbers = type_.split()
    precision, scale = map(int, numbers or (10, 2))
    kind = Type("decimal", precision=precision, scale=scale) if name == "decimal" else Type(name)
    return Column(path.rpartition(".")[2], path, kind, protect=Protect(method, options))


def plain_siv(key, associated):
    """One value at a time by the library's own AES-SIV."""
    cipher = AESSIV(key)
    return lambda value: cipher.encrypt(value, [associated])


def plain_cmac(key):
    """One value at a time by the library's own CMAC."""

    def tag(value):
        mac = CMAC(algorithms.AES(key))
        mac.update(value)
        return mac.finalize()

    return tag


def batches(*, longest, stream=0):
    """Random values, `FUZZ` of them, a batch at a time: of 0 to `longest` bytes, and one in 1,000 of up to 3,000."""
    rng, left = np.random.default_rng([SEED, stream]), FUZZ
    while left > 0:
        sizes = rng.integers(0, longest + 1, min(left, 20_000))
        sizes[rng.random(len(sizes)) < 0.001] = rng.integers(0, 3_000)
        ends, data = np.cumsum(sizes), rng.bytes(int(sizes.sum()))
        yield [data[end - size : end] for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
        left -= len(sizes)


def mapped(function, values):
    return pa.array([None if value is None else function(value) for value in values], pa.binary())


def wycheproof(name):
    """The cases of a vector file, with their group's data; skips, and says so, where the folder is missing."""
    file = VECTORS / name
    if not file.is_file():
        pytest.skip(f"NOT CHECKED AGAINST WYCHEPROOF: {file} is missing")
    groups = json.loads(file.read_text())["testGroups"]
    return [{**group, **case} for group in groups for case in group["tests"]]
