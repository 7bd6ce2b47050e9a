"""Tags of data subjects, against the library's own CMAC: by domain and not by table, and the same after a rotation."""

from dataclasses import replace

import pyarrow as pa
import pytest

from protect.ring import column, master, plain_cmac, ring
from strongroom.core.contract import Column, Contract, Type
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import SUBJECTS, hkdf_sha256
from strongroom.protect import protector
from strongroom.protect.subject_tags import TYPE, row_tagger, tagger

KEYS = ring(0x01020304, SUBJECTS)
ROTATED = ring(0x0A0B0C0D, 0x01020304, SUBJECTS)
PERSON = column("string", "hash", domain="person")


def tags(values, *, of=PERSON, table="training.t", keys=KEYS, kind=None):
    made = tagger(of, table=table, keyring=keys)(pa.array(values, kind))
    made.validate(full=True)
    assert made.type == TYPE
    return made.to_pylist()


def expected(text, *parts):
    info = "|".join(("strongroom", "v1", "subject", *parts))
    return plain_cmac(hkdf_sha256(master(SUBJECTS), info.encode(), length=32))(text.encode())


def test_a_tag_is_the_cmac_of_the_value_under_the_domains_own_key():
    values = ["ada", None, "", "é" * 5_000, "ada"]
    assert tags(values) == [None if value is None else expected(value, "domain", "person") for value in values]
    assert tags(["ada"] * 3_000) == [expected("ada", "domain", "person")] * 3_000, "few values are worked on once"


@pytest.mark.parametrize(
    ("of", "table", "same"),
    [
        (PERSON, "training.other", True),
        (column("string", "encrypt", domain="person"), "training.t", True),
        (column("string", "hash", domain="house"), "training.t", False),
        (column("string", "hash"), "training.t", False),
    ],
    ids=["another table of the domain", "encrypted there", "another domain", "no domain"],
)
def test_who_is_the_same_person_is_said_by_the_domain(of, table, same):
    assert (tags(["ada"], of=of, table=table) == tags(["ada"])) == same


def test_without_a_domain_a_person_is_one_of_this_column_only():
    alone = column("string", "hash", path="a")
    assert tags(["ada"], of=alone) == [expected("ada", "column", "training.t", "a")]
    assert tags(["ada"], of=alone) != tags(["ada"], of=alone, table="training.u")


def test_a_number_and_its_text_are_one_person():
    assert tags([7, 8], of=column("bigint", "hash", domain="person"), kind=pa.int64()) == tags(["7", "8"])


def test_a_rotation_changes_tokens_and_leaves_tags():
    token = protector(PERSON, table="training.t", keyring=KEYS)(pa.array(["ada"])).to_pylist()
    assert protector(PERSON, table="training.t", keyring=ROTATED)(pa.array(["ada"])).to_pylist() != token
    assert tags(["ada"], keys=ROTATED) == tags(["ada"])


def test_the_key_opens_nothing_and_is_never_primary():
    assert SUBJECTS not in ROTATED.enabled
    with pytest.raises(KeyFault):
        ring(SUBJECTS)
    with pytest.raises(KeyFault):
        tags(["ada"], keys=ring(0x01020304))


def test_the_subject_may_stand_inside_another_column():
    inside = Column("id", "user.id", Type("string"), protect=PERSON.protect, subject=True)
    user = Column("user", "user", Type("struct", fields=(inside,)))
    contract = Contract("c", "t", "1", "t.yaml", "", (), (Column("n", "n", Type("int")), user))
    rows = pa.RecordBatch.from_pylist([{"n": 1, "user": {"id": "ada"}}, {"n": 2, "user": None}])
    tag = row_tagger(contract, table="training.t", keyring=KEYS)
    assert tag(rows).to_pylist() == [expected("ada", "domain", "person"), None]
    assert row_tagger(replace(contract, columns=()), table="training.t", keyring=KEYS) is None
