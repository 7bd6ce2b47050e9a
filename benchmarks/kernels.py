"""What protecting costs a row, kernel alone on one core, beside the plain loop over the same library in the same run.

CPU nanoseconds a row, the median of the rounds. They are interleaved: each times every kernel once, and right after it
the plain loop over a twentieth of the same rows. No Spark: the hop is measured elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.cmac import CMAC

from benchmarks.measure import main, rounded, show
from strongroom.core.contract import Column, Protect, Type
from strongroom.core.keys.ring import Key, KeyHandle, Keyring, Status
from strongroom.core.secret import Secret
from strongroom.protect import opener, protector, seal

BATCH = 16_384
AIMS = {("24", "token"): "<= 60", ("24", "siv"): "<= 150", ("24", "decrypt"): "<= 200"}
RING = Keyring(1, (Key(1, Status.ENABLED, Secret(os.urandom(32))),), KeyHandle("file:/nowhere", b""))
Kernel = Callable[[pa.Array], Any]


def column(method: str, *, type_: str = "string", **options: object) -> Column:
    return Column("c", "c", Type(type_), protect=Protect(method, options))


def texts(rows: int, *, shortest: int, longest: int) -> pa.Array:
    """Random text of lengths from one to the other."""
    rng = np.random.default_rng(1)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(shortest, longest + 1, rows))]).astype(np.int32)
    letters = rng.integers(97, 123, offsets[-1], dtype=np.uint8)
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])


ROW_KEYS = pa.array([f"r-{number:06}" for number in range(BATCH)])


def columns(rows: int) -> dict[str, pa.Array]:
    """The shapes of data that are measured."""
    rng = np.random.default_rng(2)
    mixed = texts(rows, shortest=8, longest=40)
    labels = pa.array(["positive", "negative", "neutral"])
    return {
        "24": texts(rows, shortest=24, longest=24),
        "8-40": mixed,
        "8-40, a tenth null": pa.array(mixed.to_numpy(zero_copy_only=False), mask=rng.random(rows) < 0.1),
        "200": texts(rows, shortest=120, longest=280),
        "3 distinct": labels.take(pa.array(rng.integers(0, 3, rows))),
    }


def kernels() -> dict[str, Kernel]:
    """What is measured, by name."""

    def made(method: str, **options: object) -> Kernel:
        return protector(column(method, **options), table="t", keyring=RING)

    bound = column("encrypt", rowKey="id")
    seals, opens = protector(bound, table="t", keyring=RING), opener(bound, table="t", keyring=RING)
    return {
        "token": made("hash"),
        "siv": made("encrypt"),
        "siv randomised": made("encrypt", mode="randomised"),
        "decrypt": opener(column("encrypt"), table="t", keyring=RING),
        "siv bound": lambda array: seals(array, {"id": ROW_KEYS[: len(array)]}),
        "decrypt bound": lambda array: opens(array, {"id": ROW_KEYS[: len(array)]}),
        "hmac-sha256": made("hash", profile="hmac-sha256"),
        "mask": made("mask", keepLast=4),
        "seal": lambda array: seal(array.cast(pa.binary()), table="t", keyring=RING),
    }


def plain_loops() -> dict[str, Callable[[Any], Any]]:
    """The same one value at a time: what a UDF over this library does, and what most people write (Fernet)."""
    siv, key, fernet = AESSIV(os.urandom(64)), os.urandom(32), Fernet(base64.urlsafe_b64encode(os.urandom(32)))

    def tag(value: bytes) -> str:
        mac = CMAC(algorithms.AES(key))
        mac.update(value)
        return mac.finalize().hex()

    return {
        "token": tag,
        "siv": lambda value: siv.encrypt(value, [b"a"]),
        "siv randomised": lambda value: siv.encrypt(value, [b"a", os.urandom(16)]),
        "siv bound": lambda value: siv.encrypt(value, [b"v1||t|c|string|" + b"r-000001"]),
        "hmac-sha256": lambda value: hmac.digest(key, value, hashlib.sha256).hex(),
        "seal": fernet.encrypt,
    }


def batches(array: pa.Array) -> Iterator[pa.Array]:
    for start in range(0, len(array), BATCH):
        yield array.slice(start, BATCH)


def kernel_time(kernel: Kernel, array: pa.Array) -> float:
    """CPU nanoseconds a row."""
    start = time.process_time_ns()
    for batch in batches(array):
        kernel(batch)
    return (time.process_time_ns() - start) / len(array)


def loop_time(function: Callable[[Any], Any], values: list[bytes | None]) -> float:
    """CPU nanoseconds a row of a loop over Python objects, the making of which is not counted."""
    start = time.process_time_ns()
    for value in values:
        if value is not None:
            function(value)
    return (time.process_time_ns() - start) / len(values)


def run(*, rows: int, rounds: int) -> None:
    made = kernels()
    for shape, array in columns(rows).items():
        sealed = {
            f"decrypt{kind}": pa.chunked_array([made[f"siv{kind}"](batch) for batch in batches(array)]).combine_chunks()
            for kind in ("", " bound")
        }
        values = array.slice(0, max(1, rows // 20)).cast(pa.binary()).to_pylist()
        times: dict[str, list[tuple[float, float | None]]] = {name: [] for name in kernels()}
        for _ in range(rounds):
            for name, kernel in kernels().items():
                loop = plain_loops().get(name)
                fast = kernel_time(kernel, sealed.get(name, array))
                times[name].append((fast, loop_time(loop, values) if loop else None))
        for name, runs in times.items():
            figure(shape, name, runs)


def figure(shape: str, name: str, runs: list[tuple[float, float | None]]) -> None:
    """One figure as a line of JSON."""
    fast = [ours for ours, _ in runs]
    facts: dict[str, Any] = {"value": rounded(statistics.median(fast)), "unit": "ns a row"}
    facts["spread"] = [rounded(min(fast)), rounded(max(fast))]
    loops = [(loop, ours) for ours, loop in runs if loop is not None]
    if loops:
        facts["plain_loop"] = rounded(statistics.median(loop for loop, _ in loops))
        facts["times_faster"] = rounded(statistics.median(loop / ours for loop, ours in loops))
    show(f"{name}, {shape}", aim=AIMS.get((shape, name), ""), **facts)


if __name__ == "__main__":
    main(run)
