"""Values bound to their row: to the library and to Tink each is a value with associated data of its own."""

import os
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import daead

from protect.ring import RING, batches, column, master, plain_siv, ring
from protect.test_tink import siv_of
from strongroom.arrow.types import arrow_type
from strongroom.core.contract import Column, Type
from strongroom.core.errors import ConfigError, UsageError
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.core.secret import Secret
from strongroom.protect import protector, revealed_type, revealer
from strongroom.protect.cipher.byte_rows import LONG, binary_array, rows_of
from strongroom.protect.cipher.siv import Siv, prefix
from strongroom.protect.equality_marks import shows_equality
from strongroom.protect.methods.encrypt import binding, bound_to, kernel
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.protect.rewrap import rewrapper
from support.opened import decrypt

TABLE = "training.t"
BOUND = column("string", "encrypt", rowKey="id")
KEY = bytes(range(64))


@pytest.fixture(scope="module", autouse=True)
def _registered():
    daead.register()


def sealed(values, keys, *, key=KEY, associated=b"v1||t|c|string|"):
    ours = Siv(Secret(key), associated=associated)
    rows = rows_of(values)
    return binary_array(*ours.encrypt(rows, key_id=7, bound=rows_of(keys)), valid=rows.valid)


def opened(values, keys, *, key=KEY, associated=b"v1||t|c|string|"):
    rows = rows_of(values)
    data, lengths, genuine = Siv(Secret(key), associated=associated).decrypt(rows, bound=rows_of(keys))
    return binary_array(data, lengths, valid=rows.valid).to_pylist(), genuine.tolist()


def alone(values, keys, *, key=KEY, associated=b"v1||t|c|string|"):
    """One value at a time by the library's own AES-SIV."""
    library = AESSIV(key)
    return [prefix(7) + library.encrypt(value, [associated + bound]) for value, bound in zip(values, keys, strict=True)]


BYTES = st.one_of(st.binary(max_size=70), st.sampled_from([b"", bytes(15), bytes(16), bytes(17), bytes(32)]))


@pytest.mark.whole
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(BYTES, BYTES), min_size=1, max_size=50), st.binary(min_size=64, max_size=64),
    st.binary(max_size=70), st.data(),
)  # fmt: skip
def test_every_row_is_what_the_library_makes_of_it_alone(pairs, key, associated, data):
    start = data.draw(st.integers(0, len(pairs) - 1))
    values, keys = ([pair[place] for pair in pairs] for place in (0, 1))
    theirs = alone(values[start:], keys[start:], key=key, associated=associated)
    found = sealed(pa.array(values)[start:], pa.array(keys)[start:], key=key, associated=associated)
    found.validate(full=True)
    assert found.to_pylist() == theirs
    back = opened(pa.array(theirs), pa.array(keys[start:]), key=key, associated=associated)
    assert back == (values[start:], [True] * len(theirs))


@pytest.mark.parametrize(
    ("values", "keys", "why"),
    [
        ([24] * 5, [28] * 5, "one length each"),
        ([0] * 5, [0] * 5, "nothing at all"),
        ([16] * 4, [8, 0, 300, 1], "whole blocks, keys of all lengths"),
        ([0, 1, 15, 16, 17, 31, 32, 33, 48, 2], [4] * 10, "values of all lengths"),
        ([LONG, LONG + 1, 5, LONG + 1], [5, LONG + 1, LONG + 1, 1 << 17], "long values, long keys, both"),
        (list(range(64)) * 3, list(range(64, 0, -1)) * 3, "every tail with another"),
        ([20] * (2 * 8192 + 3), [5, 40, 7] * 5462 + [1], "more rows than one part"),
        ([7], [3], "one row"),
        ([1 << 20, 1], [10, 10], "a megabyte"),
        ([], [], "no row"),
    ],
)
@pytest.mark.parametrize(
    "associated", [b"", b"a" * 15 + b"|", b"a" * 16 + b"|", b"v1|email|training.reviews|email|string|"]
)
def test_lengths_that_lie_awkwardly_come_out_right(values, keys, why, associated):
    rng = np.random.default_rng(1)
    texts, bound = [rng.bytes(size) for size in values], [rng.bytes(size) for size in keys]
    theirs = alone(texts, bound, associated=associated)
    found = sealed(pa.array(texts, pa.binary()), pa.array(bound, pa.binary()), associated=associated)
    assert found.to_pylist() == theirs, why
    assert opened(found, pa.array(bound, pa.binary()), associated=associated) == (texts, [True] * len(texts)), why


def test_many_values_agree_with_the_library_both_ways():
    key = os.urandom(64)
    for values, keys in zip(batches(longest=80), batches(longest=40, stream=1), strict=True):
        theirs, bound = pa.array(alone(values, keys, key=key)), pa.array(keys)
        assert sealed(pa.array(values), bound, key=key).equals(theirs)
        assert opened(theirs, bound, key=key) == (values, [True] * len(values))


@pytest.mark.parametrize("mode", ["deterministic", "randomised"])
def test_tink_opens_what_we_bind_with_the_row_s_associated_data(mode):
    col = column("binary", "encrypt", mode=mode, rowKey="id")
    theirs, bound = siv_of(col), bound_to(col, table=TABLE)
    skip = 16 if mode == "randomised" else 0
    for values, keys in zip(batches(longest=50), batches(longest=30, stream=1), strict=True):
        made = protector(col, table=TABLE, keyring=RING)(pa.array(values), {"id": pa.array(keys)}).to_pylist()
        pairs = zip(made, keys, strict=True)
        assert [theirs.decrypt_deterministically(value, bound + key)[skip:] for value, key in pairs] == values


def test_we_open_what_tink_binds():
    col = column("binary", "encrypt", rowKey="id")
    theirs, bound = siv_of(col), bound_to(col, table=TABLE)
    for values, keys in zip(batches(longest=50), batches(longest=30, stream=1), strict=True):
        made = [theirs.encrypt_deterministically(value, bound + key) for value, key in zip(values, keys, strict=True)]
        back, fine = decrypt(pa.array(made), col, table=TABLE, keyring=RING, row_keys={"id": pa.array(keys)})
        assert fine.true_count == len(values)
        assert back.to_pylist() == values


DOMAIN_KEY = hkdf_sha256(master(0x01020304), f"strongroom|v1|encryption|column|{TABLE}|c".encode(), length=64)


@pytest.mark.parametrize(
    ("type_", "value", "text", "why"),
    [
        ("string", "r|%é", "r|%é".encode(), "as it is: nothing stands behind it, so nothing needs an escape"),
        ("string", "", b"", "the empty text is a key like any other"),
        ("binary", b"\x00|", b"\x00|", "as it is"),
        ("tinyint", -7, b"-7", "decimal digits"),
        ("smallint", 7, b"7", "decimal digits"),
        ("int", 7, b"7", "decimal digits"),
        ("bigint", -(2**63), b"-9223372036854775808", "decimal digits"),
        ("decimal", Decimal("1.50"), b"1.50", "with its scale"),
        ("date", date(2024, 2, 29), b"2024-02-29", "ISO 8601"),
        ("timestamp", datetime(2024, 2, 29, 12, 30, 0, 1, tzinfo=UTC), b"2024-02-29 12:30:00.000001Z", "in UTC"),
        ("timestamp_ntz", datetime(2024, 2, 29, 12, 30), b"2024-02-29 12:30:00.000000", "without a zone"),
    ],
)
def test_the_wire_form_is_what_the_docs_say(type_, value, text, why):
    keys = pa.array([value], arrow_type(column(type_, "keep").type))
    found = protector(BOUND, table=TABLE, keyring=RING)(pa.array(["x"]), {"id": keys})[0].as_py()
    assert found == prefix(0x01020304) + plain_siv(DOMAIN_KEY, f"v1||{TABLE}|c|string|".encode() + text)(b"x"), why
    again = keys.dictionary_encode() if type_ in ("string", "bigint") else keys
    assert protector(BOUND, table=TABLE, keyring=RING)(pa.array(["x"]), {"id": again})[0].as_py() == found


def test_a_moment_is_one_key_whatever_zone_shows_it():
    made = [
        protector(BOUND, table=TABLE, keyring=RING)(
            pa.array(["x"]), {"id": pa.array([10**12], pa.timestamp("us", zone))}
        )
        for zone in ("UTC", "America/New_York")
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("kind", [pa.float64(), pa.bool_(), pa.list_(pa.int64()), pa.time32("s")], ids=str)
def test_what_cannot_tell_rows_apart_exactly_is_no_key(kind):
    with pytest.raises(UsageError, match="cannot be a row key"):
        protector(BOUND, table=TABLE, keyring=RING)(
            pa.array(["x"]),
            {"id": pa.array([[1]], kind) if pa.types.is_list(kind) else pa.array([1], pa.int32()).cast(kind)},
        )


@pytest.mark.parametrize("mode", ["deterministic", "randomised"])
def test_equal_values_differ_from_row_to_row_and_open_only_in_their_own(mode):
    col = column("string", "encrypt", rowKey="id", mode=mode)
    ids = pa.array(["a", "b", "c", "d"])
    made = protector(col, table=TABLE, keyring=RING)(pa.array(["same", "same", None, ""]), {"id": ids})
    assert len(made.unique()) == 4
    swapped = made.take(pa.array([1, 0, 2, 3]))
    back, fine = decrypt(swapped, col, table=TABLE, keyring=RING, row_keys={"id": ids})
    assert fine.to_pylist() == [False, False, True, True]
    assert back.to_pylist() == [None, None, None, ""]
    assert decrypt(made, col, table=TABLE, keyring=RING, row_keys={"id": ids})[1].false_count == 0


@pytest.mark.parametrize(
    ("written", "read", "why"),
    [
        ({"rowKey": "id"}, {}, "bound, and read as if it were not"),
        ({}, {"rowKey": "id"}, "not bound, and read as if it were"),
    ],
)
def test_bound_and_unbound_do_not_open_as_each_other(written, read, why):
    keys = {"id": pa.array(["", "string"])}
    made = protector(column("string", "encrypt", **written), table=TABLE, keyring=RING)(pa.array(["x", "y"]), keys)
    col = column("string", "encrypt", **read)
    assert decrypt(made, col, table=TABLE, keyring=RING, row_keys=keys)[1].to_pylist() == [False, False], why


def test_a_row_without_a_key_is_a_bug_when_it_is_written_and_a_verdict_when_it_is_read():
    ids = pa.array(["a", None, None])
    with pytest.raises(UsageError, match="no row key"):
        protector(BOUND, table=TABLE, keyring=RING)(pa.array(["x", "y", None]), {"id": ids})
    made = protector(BOUND, table=TABLE, keyring=RING)(pa.array(["x", None, None]), {"id": ids})
    made = pa.array([made[0].as_py(), made[0].as_py(), None])
    back, fine = decrypt(made, BOUND, table=TABLE, keyring=RING, row_keys={"id": ids})
    assert (back.to_pylist(), fine.to_pylist()) == (["x", None, None], [True, False, True])


def test_values_of_several_keys_and_rubbish_open_in_their_places():
    ids = [f"r{number}" for number in range(60)]
    values = [f"v{number}" * (number % 7) for number in range(60)]
    made = [
        protector(BOUND, table=TABLE, keyring=ring(number % 3 + 1))(pa.array([value]), {"id": pa.array([id_])})[
            0
        ].as_py()
        for number, (value, id_) in enumerate(zip(values, ids, strict=True))
    ]
    made[9], made[12] = None, b"\x01rubbish"
    fine = [number != 12 and (number == 9 or number % 3 in (0, 2)) for number in range(60)]
    for start in (0, 7):
        keys = {"id": pa.array(ids)[start:]}
        back, found = decrypt(pa.array(made)[start:], BOUND, table=TABLE, keyring=ring(3, 1), row_keys=keys)
        assert found.to_pylist() == fine[start:]
        clear = [
            value if good and made[row] else None for row, (value, good) in enumerate(zip(values, fine, strict=True))
        ]
        assert back.to_pylist() == clear[start:]


def test_slices_views_dictionaries_and_empty_batches_are_read():
    values, ids = ["a", "b", None, "a"] * 5, [f"r{number}" for number in range(20)]
    want = protector(BOUND, table=TABLE, keyring=RING)(pa.array(values), {"id": pa.array(ids)})
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        keys = pa.array(ids).cast(kind)
        for texts, bound in ((pa.array(values).cast(kind), pa.array(ids)), (pa.array(values), keys)):
            for start, stop in ((0, 20), (3, 17), (5, 5)):
                row_keys = {"id": bound[start:stop]}
                made = protector(BOUND, table=TABLE, keyring=RING)(texts[start:stop], row_keys)
                assert made.equals(want[start:stop]), kind
                lies = made.dictionary_encode() if stop == 17 else made
                back, fine = decrypt(lies, BOUND, table=TABLE, keyring=RING, row_keys=row_keys)
                assert back.to_pylist() == values[start:stop]
                assert fine.false_count == 0


def test_a_value_is_never_left_unbound_by_mistake():
    with pytest.raises(ConfigError, match="bound to their rows"):
        kernel(BOUND, table=TABLE, keyring=RING)
    with pytest.raises(KeyError):
        protector(BOUND, table=TABLE, keyring=RING)(pa.array(["x"]))


def test_randomised_puts_its_bytes_before_the_value():
    col = column("string", "encrypt", mode="randomised", rowKey="id")
    made = binding(col, table=TABLE, keyring=RING, random=bytes)(pa.array(["x"]), {"id": pa.array(["k"])})
    theirs = plain_siv(DOMAIN_KEY, f"v1||{TABLE}|c|string randomised|k".encode())
    assert made[0].as_py()[5:] == theirs(bytes(16) + b"x")


NESTED = Column(
    "p",
    "p",
    Type(
        "struct",
        fields=(
            column("string", "encrypt", path="p.name", rowKey="id"),
            column("string", "encrypt", path="p.open"),
            Column("when", "p.when", Type("array", item=column("date", "encrypt", path="p.when[]", rowKey="day"))),
        ),
    ),
)
ROWS = pa.array(
    [
        {"name": "ada", "open": "o", "when": [1, None, 2]},
        None,
        {"name": None, "open": None, "when": None},
        {"name": "ada", "open": "o", "when": []},
        {"name": "ada", "open": "o", "when": [1, 1]},
    ],
    pa.struct([("name", pa.string()), ("open", pa.string()), ("when", pa.list_(pa.date32()))]),
)
ROW_KEYS = {"id": pa.array(["a", "b", "c", "d", "e"]), "day": pa.array([1, 2, 3, 4, 5], pa.date32())}


def test_nested_leaves_are_bound_to_their_row_items_of_arrays_too():
    assert row_keys_of([NESTED]) == ("id", "day")
    whole = protector(NESTED, table="t", keyring=RING)(ROWS, ROW_KEYS)
    for start, stop in ((0, 5), (1, 4), (4, 5), (0, 0)):
        keys = {name: keys[start:stop] for name, keys in ROW_KEYS.items()}
        made = protector(NESTED, table="t", keyring=RING)(ROWS[start:stop], keys)
        assert made.equals(whole[start:stop])
        clear, fine = revealer(NESTED, table="t", keyring=RING)(made, keys)
        clear.validate(full=True)
        assert clear.cast(revealed_type(NESTED)).to_pylist() == ROWS[start:stop].to_pylist()
        assert fine.to_pylist() == [True] * (stop - start)
    rows = whole.to_pylist()
    assert rows[0]["name"] != rows[3]["name"]
    assert rows[0]["open"] == rows[3]["open"]
    assert rows[4]["when"][0] == rows[4]["when"][1], "items of one row have one key"
    rows[0]["when"][0], rows[4]["when"][0] = rows[4]["when"][0], rows[0]["when"][0]
    _, fine = revealer(NESTED, table="t", keyring=RING)(pa.array(rows, whole.type), ROW_KEYS)
    assert fine.to_pylist() == [False, True, True, True, False]


def test_what_is_rewrapped_is_bound_as_before():
    old = protector(NESTED, table="t", keyring=ring(1))(ROWS, ROW_KEYS)
    new = ring(2, 1)
    done = rewrapper(NESTED, table="t", keyring=new)(old, ROW_KEYS)
    assert (done.moved, done.left) == (3 + 3 + 4, 0)
    assert done.array.equals(protector(NESTED, table="t", keyring=ring(2))(ROWS, ROW_KEYS))
    lost = {"id": pa.nulls(5, pa.string()), "day": ROW_KEYS["day"]}
    part = rewrapper(NESTED, table="t", keyring=new)(old, lost)
    assert (part.moved, part.left) == (3 + 4, 3), "without its key a name stays as it is"


def test_only_unbound_values_show_equality():
    assert shows_equality(column("string", "encrypt"))
    assert not shows_equality(BOUND)
