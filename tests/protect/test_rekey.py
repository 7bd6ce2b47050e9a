"""Tokens re-keyed for a reader: as docs/encryption.md says, equal where they were, strange to every other reader."""

from base64 import urlsafe_b64encode

import pyarrow as pa
import pytest

from protect.ring import RING, column, master, plain_cmac, ring
from strongroom.core.contract import Column, Type
from strongroom.core.keys.ring import hkdf_sha256
from strongroom.protect import protector
from strongroom.protect.rekey import holds_tokens, rekey_info, rekeyer

TOKEN = column("bigint", "hash", path="user")
PERSON = Column(
    "person",
    "person",
    Type("struct", fields=(column("string", "hash", path="person.name"), column("int", "drop", path="person.age"),
                           column("string", "keep", path="person.city"))),
)  # fmt: skip
LIST = Column("ids", "ids", Type("array", item=column("int", "hash", path="ids[]")))


def tokens(column, values, type_=None):
    return protector(column, table="training.t", keyring=RING)(pa.array(values, type_ or pa.int64()))


@pytest.mark.parametrize("count", [5, 1_000], ids=["all different", "few values"])
def test_a_rekeyed_token_is_what_the_page_says(count):
    before = tokens(TOKEN, [number % 50 for number in range(count)] + [None])
    after = rekeyer(TOKEN, reader="a|b", keyring=RING)(before)
    assert rekey_info("a|b") == "strongroom|v1|projection|a%7Cb"
    tag = plain_cmac(hkdf_sha256(master(0x01020304), rekey_info("a|b").encode(), length=32))
    wanted = [
        None if token is None else urlsafe_b64encode(b"\x01\x01\x02\x03\x04" + tag(token.encode())).decode()
        for token in before.to_pylist()
    ]
    assert after.to_pylist() == wanted
    assert after.type == pa.string()


def test_one_readers_columns_join_and_no_two_readers_do():
    one, other = tokens(TOKEN, range(100)), tokens(TOKEN, range(50, 150))
    mine = [set(rekeyer(TOKEN, reader="a", keyring=RING)(found).to_pylist()) for found in (one, other)]
    theirs = set(rekeyer(TOKEN, reader="b", keyring=RING)(one).to_pylist())
    assert len(mine[0] & mine[1]) == 50
    assert mine[0] & theirs == mine[0] & set(one.to_pylist()) == set()
    renewed = set(rekeyer(TOKEN, reader="a", keyring=ring(7))(one).to_pylist())
    assert mine[0] & renewed == set(), "another master key"


def test_structs_and_arrays_are_rekeyed_leaf_by_leaf_and_the_rest_stays():
    made = pa.struct([("name", pa.string()), ("age", pa.int32()), ("city", pa.string())])
    before = tokens(PERSON, [{"name": "ada", "age": 1, "city": "B"}, None, {"name": None, "age": 1, "city": "B"}], made)
    after = rekeyer(PERSON, reader="a", keyring=RING)(before).to_pylist()
    name = pa.array([before[0].as_py()["name"]])
    token = rekeyer(column("string", "hash"), reader="a", keyring=RING)(name)[0].as_py()
    assert after == [{"name": token, "city": "B"}, None, {"name": None, "city": "B"}]
    lists = tokens(LIST, [[1, None, 2], None, [], [1]], pa.list_(pa.int32()))
    found = rekeyer(LIST, reader="a", keyring=RING)(lists.slice(1)).to_pylist()
    assert [len(each) if each is not None else None for each in found] == [None, 0, 1]
    whole = rekeyer(LIST, reader="a", keyring=RING)(lists).to_pylist()
    assert whole[0][0] == whole[3][0] == found[2][0] != lists[0].as_py()[0]
    assert whole[0][1] is None


def test_what_holds_no_token_is_known_and_left():
    assert holds_tokens(PERSON)
    assert not holds_tokens(column("string", "encrypt"))
    values = pa.array(["x", None])
    assert rekeyer(column("string", "keep"), reader="a", keyring=RING)(values) is values


def test_tokens_in_texts_are_rekeyed_where_they_stand():
    leaf = column("string", "redact", replace="token")
    token = tokens(TOKEN, [7])[0].as_py()
    texts = pa.array([f"[PERSON:{token}] met [PERSON:{token}] and [PERSON_1].", None, token, "nobody"])
    other = rekeyer(TOKEN, reader="a", keyring=RING)(pa.array([token]))[0].as_py()
    assert [holds_tokens(one) for one in (leaf, column("string", "redact", replace="label"))] == [True, False]
    assert rekeyer(leaf, reader="a", keyring=RING)(texts).to_pylist() == [
        f"[PERSON:{other}] met [PERSON:{other}] and [PERSON_1].",
        None,
        token,
        "nobody",
    ]
