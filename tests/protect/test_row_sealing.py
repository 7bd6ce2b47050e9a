import pyarrow as pa
import pytest

from protect.ring import RING, master, plain_siv, ring
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.protect import seal, unseal
from strongroom.protect.cipher.byte_rows import LONG

ROWS = pa.array([b"", b"row", b"row", None, b"x" * (LONG + 5), b"y" * 100])


def test_rows_open_again_and_equal_ones_differ():
    sealed = seal(ROWS, table="t", keyring=RING)
    back, opened = unseal(sealed, table="t", keyring=RING)
    assert back.equals(ROWS)
    assert opened.to_pylist() == [True] * 6
    assert sealed[1] != sealed[2]


def test_the_wire_form_is_what_the_docs_say():
    key = hkdf_sha256(master(0x01020304), b"strongroom|v1|quarantine|training.t", length=64)
    noise = bytes(range(16))
    found = seal(pa.array([b"row"]), table="training.t", keyring=RING, random=lambda size: noise[:size])[0].as_py()
    assert found == b"\x01\x01\x02\x03\x04" + plain_siv(key, b"v1|quarantine|training.t||binary randomised")(
        noise + b"row"
    )


@pytest.mark.parametrize(
    ("table", "keys", "why"),
    [("u", RING, "another table"), ("t", ring(9), "another key"), ("t", ring(0x01020304, seed=b"x"), "a false key")],
)
def test_rows_open_only_where_they_belong(table, keys, why):
    back, opened = unseal(seal(ROWS, table="t", keyring=RING), table=table, keyring=keys)
    assert opened.to_pylist() == [False, False, False, True, False, False], why
    assert back.null_count == 6


@pytest.mark.parametrize("array", [ROWS[:0], ROWS[3:4], ROWS[1:3]])
def test_slices_and_nothing_at_all(array):
    assert unseal(seal(array, table="t", keyring=RING), table="t", keyring=RING)[0].equals(array)
