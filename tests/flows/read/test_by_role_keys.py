"""Reading by keys: a member opens their role's columns with the role's key alone, and nobody else opens one."""

import shutil
from pathlib import Path

import pytest

from strongroom.core.errors import KeyFault, Refused, UsageError
from strongroom.flows import keys, prepare
from strongroom.flows.read import read_table
from strongroom.functions import decrypt, encrypt, keys_of, keys_of_role, token
from support.lakes import install

pytestmark = pytest.mark.spark
TABLE = "training.reviews"
EMAIL = {"table": TABLE, "column": "email"}
POLICY = """
roles:
  engineer: {members: [user:engineer]}
  support: {members: [user:ada], key: file:support.kek}
  fraud: {members: [user:bo], key: file:fraud.kek}
  analyst: {members: [user:ada, user:carl]}
grants:
  - {role: engineer, actions: [read, write, delete, reveal], tables: ["*"]}
  - role: support
    actions: [read]
    tables: [training.*]
    columns: {allow: ["classification:personal"]}
    enforce: cryptographic
  - {role: fraud, actions: [read], tables: [training.orders], enforce: cryptographic}
  - {role: analyst, actions: [read], tables: [training.*], columns: {allow: [label, rating]}, rows: rating >= 3}
"""


@pytest.fixture
def place(tmp_path, capsys, spark):
    """A prepared lake whose e-mails lie under the key of their classification, and its roles' keys."""
    made = install(tmp_path / "x", capsys, sample=100)
    (made.root / "contracts/customers.yaml").unlink()
    (made.root / "policy.yaml").write_text(POLICY)
    made.edit("contracts/reviews.yaml", "encrypt, domain: email", "encrypt, key: classification, rowKey: review_id")
    assert made.run(prepare).code == 0
    assert made.run(keys, "wrap").code == 0
    return made


@pytest.fixture
def member(place, tmp_path):
    """What a member has: settings without any keyring, policy and contracts, a copy of the table, the role's key."""
    theirs = tmp_path / "member"
    shutil.copytree(place.root / "contracts", theirs / "contracts")
    for zone in ("training", "strongroom/role-keys"):
        shutil.copytree(place.lake / zone, theirs / "lake" / zone)
    for file in ("policy.yaml", "support.kek"):
        shutil.copy(place.root / file, theirs / file)
    (theirs / "local.yaml").write_text(
        "lake: lake\nkeys: none\npolicy: policy.yaml\ncontracts: contracts\naudit: audit\nprincipal: user:ada\n"
    )
    return str(theirs / "local.yaml")


def clear(place, spark):
    """Review id → e-mail, as the installation itself opens them."""
    lies = spark.read.format("delta").load(str(place.lake / "training/reviews"))
    named = {"classification": "personal", "row_key": "review_id", "keys": keys_of(str(place.settings))}
    return {row[0]: row[1] for row in lies.select("review_id", decrypt("email", **EMAIL, **named)).collect()}


def test_a_member_reads_in_clear_with_the_roles_key_and_no_keyring(place, member, spark):
    found = read_table(spark, TABLE, "user:ada", "", settings=member)
    assert found.columns == ["email", "rating", "label"]
    rows = found.collect()
    wanted = clear(place, spark)
    assert sorted(row.email for row in rows) == sorted(wanted.values())
    assert {row.rating for row in rows} == {None, 3, 4, 5}, "what is advisory keeps its rows"
    assert all("@" in row.email for row in rows)
    plan = found._jdf.queryExecution().toString()
    assert not any(email in plan for email in wanted.values())


def test_the_level_is_the_weakest_and_alone_it_is_cryptographic(place, member, spark):
    text = POLICY.replace("[user:ada, user:carl]", "[user:carl]")
    (Path(member).parent / "policy.yaml").write_text(text)
    (place.root / "policy.yaml").write_text(text)
    assert read_table(spark, TABLE, "user:ada", "", settings=str(place.settings)).columns == ["email"]
    facts = place.audit()[-1].facts
    assert (facts["level"], facts["clear"]) == ("cryptographic", ["email"])
    assert read_table(spark, TABLE, "user:ada", "", settings=member).count() == len(place.rows(TABLE))


def test_another_roles_member_gets_nothing_of_it(place, member, spark):
    with pytest.raises(Refused):
        read_table(spark, TABLE, "user:bo", "", settings=member)
    assert read_table(spark, TABLE, "user:carl", "", settings=member).columns == ["rating", "label"]
    (place.root / "fraud.kek").write_bytes((place.root / "keys/local.kek").read_bytes())
    (place.root / "fraud.kek").chmod(0o600)
    file = str(place.lake / "strongroom/role-keys/support.json")
    with pytest.raises(KeyFault, match="keys of the role 'support' do not open"):
        keys_of_role("support", provider=f"file:{place.root}/fraud.kek", file=file)
    with pytest.raises(KeyFault, match="holds no keys"):
        keys_of_role("fraud", settings=member)


def test_a_roles_handle_opens_its_columns_and_no_other_and_makes_none(place, member, spark):
    role = keys_of_role("support", settings=member)
    lies = spark.read.format("delta").load(str(place.lake / "training/reviews"))
    named = {"classification": "personal", "row_key": "review_id", "keys": role}
    opened = {row[0]: row[1] for row in lies.select("review_id", decrypt("email", **EMAIL, **named)).collect()}
    assert opened == clear(place, spark)
    for other in ({"domain": "email"}, {"classification": "internal"}, {}):
        with pytest.raises(KeyFault, match="does not hold the key"):
            decrypt("email", **EMAIL, **other, keys=role)
    for make in (lambda: encrypt("label", **EMAIL, keys=role), lambda: token("label", domain="person", keys=role)):
        with pytest.raises(UsageError, match="make none"):
            make()


def test_a_column_that_is_masked_for_a_member_is_not_opened_for_anybody(place, spark):
    place.edit("policy.yaml", "columns: {allow: [label, rating]}", "columns: {mask: {email: show-first-4}}")
    assert place.run(keys, "wrap").code == 7, "the role lost it, so a rotation is due"
    assert not (place.lake / "strongroom/role-keys/support.json").exists()
