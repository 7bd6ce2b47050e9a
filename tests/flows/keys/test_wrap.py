"""What a role is given by keys is what the policy says, and what it loses opens nothing once it is rotated away."""

import base64
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tink import aead, daead, json_proto_keyset_format, secret_key_access
from tink.proto import aes_gcm_pb2

from strongroom.core.contract.file import load_contract
from strongroom.core.errors import KeyFault
from strongroom.core.keys.ring import RoleHandle
from strongroom.flows import keys
from strongroom.flows.keys import wrap as keys_wrap
from strongroom.protect import protector
from strongroom.stores.keys import open_keyring
from strongroom.stores.keys.role_files import file_of, role_keys_of
from strongroom.stores.lake import Lake, commits
from support.lakes import install
from support.opened import decrypt

TABLE = "training.reviews"
EMAIL = "strongroom|v1|encryption|domain|email"
POLICY = """
roles:
  keeper: {members: [user:engineer]}
  support: {members: [user:ada, user:al], key: file:support.kek}
  fraud: {members: [user:bo], key: file:fraud.kek}
grants:
  - {role: keeper, actions: [read, write, delete], tables: [raw.*, training.*, quarantine.*, strongroom.*]}
  - {role: support, actions: [read], tables: [training.*], columns: {allow: [email]}, enforce: cryptographic}
"""


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys)
    (made.root / "contracts/customers.yaml").unlink()
    (made.root / "policy.yaml").write_text(POLICY)
    assert made.run(keys, "rotate").code == 0
    return made


def ring(place):
    return open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)


def leaf(place, path="email"):
    return next(
        leaf for leaf in load_contract(str(place.root / "contracts/reviews.yaml")).leaves() if leaf.path == path
    )


def write(place, *emails):
    sealed = protector(leaf(place), table=TABLE, keyring=ring(place))(pa.array(emails, pa.string()))
    commits.append(Lake(str(place.lake)), TABLE, pa.table({"email": sealed, "label": pa.array(["x"] * len(emails))}))


def file(place, role="support"):
    return file_of(str(place.lake / "strongroom/role-keys"), role)


def handle(place, role="support", *, kek="", path=None):
    path = path or file(place, role)
    return RoleHandle(role, f"file:{kek or place.root / f'{role}.kek'}", path.read_bytes(), str(path))


def opened(place, found):
    """The e-mails of the newest version that these keys open."""
    lies = pa.array([row["email"] for row in place.rows(TABLE)], pa.binary())
    return decrypt(lies, leaf(place), table=TABLE, keyring=role_keys_of(found))[0].to_pylist()


def wrap(place, *words, code=0):
    done = place.run(keys, "wrap", *words)
    assert done.code == code, done.err + done.out
    return done


def test_a_role_gets_the_keys_of_what_it_is_given_and_no_other_role_does(place):
    write(place, "a@b.c", "d@e.f")
    done = wrap(place)
    assert "support: gains training.reviews.email" in done.out
    assert opened(place, handle(place)) == ["a@b.c", "d@e.f"]
    assert set(role_keys_of(handle(place)).keys) == {EMAIL}
    assert not file(place, "fraud").exists()
    event = [event for event in place.audit() if event.action == "key"][-1]
    assert (event.roles, event.columns) == (("support",), ("training.reviews.email",))
    assert event.facts["keys"] == [f"{ring(place).primary:08x}"]
    for key in role_keys_of(handle(place)).keys[EMAIL].values():
        text = file(place).read_text() + "".join(map(str, place.audit())) + done.out
        assert key.reveal().hex() not in text


def test_the_same_again_writes_nothing_and_a_dry_run_never(place):
    assert "would change" in wrap(place, "--dry-run").out
    assert not file(place).exists()
    wrap(place)
    before, events = file(place).read_bytes(), len([event for event in place.audit() if event.action == "key"])
    assert "nothing to do" in wrap(place).out
    assert file(place).read_bytes() == before
    assert len([event for event in place.audit() if event.action == "key"]) == events
    file(place).write_bytes(before.replace(b"A", b"B"))
    wrap(place)
    assert role_keys_of(handle(place)), "a changed file is made anew"


def test_after_a_rotation_the_kept_file_and_its_key_open_nothing_that_lies_there_now(place, tmp_path):
    write(place, "a@b.c", "d@e.f")
    wrap(place)
    shutil.copy(file(place), tmp_path / "kept.json"), shutil.copy(place.root / "support.kek", tmp_path / "kept.kek")
    kept = handle(place, kek=tmp_path / "kept.kek", path=tmp_path / "kept.json")
    assert opened(place, kept) == ["a@b.c", "d@e.f"]
    place.edit("policy.yaml", "role: support, actions", "role: fraud, actions")
    lost = wrap(place, code=7)
    assert "a rotation is due" in lost.err
    assert "user:ada, user:al may have kept key" in lost.err
    assert not file(place).exists()
    assert opened(place, handle(place, "fraud")) == ["a@b.c", "d@e.f"]
    assert wrap(place, code=7).line["status"] == "KeyFault", "it stays due until it is done"
    done = wrap(place, "--rotate")
    assert done.line["status"] == "done"
    assert opened(place, kept) == [None, None], "who kept file and key opens nothing that lies there now"
    assert opened(place, handle(place, "fraud")) == ["a@b.c", "d@e.f"]
    old = DeltaTable(str(place.lake / "training/reviews"), version=1).to_pyarrow_table()["email"].combine_chunks()
    assert decrypt(old, leaf(place), table=TABLE, keyring=role_keys_of(kept))[0].to_pylist() == ["a@b.c", "d@e.f"]
    place.delta(TABLE).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    for path in (place.lake / "training/reviews").rglob("*.parquet"):
        lies = pq.read_table(path)["email"].combine_chunks().cast(pa.binary())
        assert decrypt(lies, leaf(place), table=TABLE, keyring=role_keys_of(kept))[0].null_count == len(lies)


def test_the_same_step_by_step_stays_due_until_the_last_value_has_moved(place):
    write(place, "a@b.c")
    wrap(place)
    place.edit("policy.yaml", "role: support, actions", "role: fraud, actions")
    wrap(place, code=7)
    assert place.run(keys, "rotate").code == 0
    assert "may have kept key" in wrap(place, code=7).err, "values still lie under it"
    assert place.run(keys, "rewrap").code == 0
    assert wrap(place).code == 0
    assert opened(place, handle(place, "fraud")) == ["a@b.c"]


def test_readers_have_the_new_key_before_the_first_value_moves(place, monkeypatch):
    write(place, "a@b.c")
    wrap(place)

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys_wrap, "rewrapped", dies)
        assert place.run(keys, "wrap", "--rotate").code == 130
    assert role_keys_of(handle(place)).opening(EMAIL) == ring(place).enabled
    assert len(ring(place).keys) == 2
    write(place, "new@b.c")
    assert set(opened(place, handle(place))) == {"a@b.c", "new@b.c"}


def test_who_left_a_role_is_given_no_new_key_under_the_key_encryption_key_they_have(place, tmp_path):
    write(place, "a@b.c")
    wrap(place)
    shutil.copy(place.root / "support.kek", tmp_path / "als.kek")
    place.edit("policy.yaml", "[user:ada, user:al]", "[user:ada]")
    lost = wrap(place, code=7)
    assert "support: without user:al" in lost.err
    assert "may still have its key-encryption key" in lost.err
    before = file(place).read_bytes()
    assert "user:al left the role 'support'" in wrap(place, "--rotate", code=7).err
    assert len(ring(place).keys) == 1, "nothing was rotated"
    place.run(keys, "rotate")
    wrap(place, code=7)
    assert file(place).read_bytes() == before, "the new key is not put where al could open it"
    place.edit("policy.yaml", "file:support.kek", "file:second.kek")
    wrap(place, "--rotate")
    assert opened(place, handle(place, kek=place.root / "second.kek")) == ["a@b.c"]
    with pytest.raises(KeyFault):
        role_keys_of(handle(place, kek=tmp_path / "als.kek"))


def test_a_key_that_opens_what_a_role_is_not_given_is_not_given(place):
    shutil.copy(place.root / "contracts/reviews.yaml", place.root / "contracts/second.yaml")
    place.edit("contracts/second.yaml", "name: reviews", "name: second")
    place.edit("policy.yaml", "tables: [training.*], columns", "tables: [training.reviews], columns")
    done = wrap(place)
    assert "not given training.reviews.email, since the same key opens training.second.email" in done.out
    assert not file(place).exists()
    place.edit("contracts/second.yaml", "encrypt, domain: email", "encrypt, key: classification")
    place.edit("contracts/reviews.yaml", "encrypt, domain: email", "encrypt, key: classification")
    place.edit("policy.yaml", "tables: [training.reviews], columns", "tables: [training.*], columns")
    wrap(place)
    assert set(role_keys_of(handle(place)).keys) == {"strongroom|v1|encryption|classification|personal"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("file:fraud.kek", "file:support.kek", "has this key, too"),
        ("file:support.kek", "file:keys/local.kek", "'support' and the installation have one key-encryption key"),
    ],
)
def test_two_that_would_open_each_others_keys_are_refused(place, old, new, said):
    place.edit("policy.yaml", old, new)
    refused = place.run(keys, "wrap")
    assert refused.code in (3, 7)
    assert said in refused.err
    assert not file(place).exists()


def test_who_may_not_write_keys_or_tables_changes_nothing(place):
    write(place, "a@b.c")
    assert place.run(keys, "wrap", "--as", "user:ada").code == 5
    place.edit("policy.yaml", "tables: [raw.*, training.*, quarantine.*, strongroom.*]", "tables: [strongroom.*]")
    before = ring(place).keys
    assert place.run(keys, "wrap", "--rotate").code == 5
    assert ring(place).keys == before
    assert not file(place).exists()
    assert "It is for wrap." in place.run(keys, "rotate", "--rotate").err


def test_a_provider_that_says_no_stops_all_of_it(place, monkeypatch):
    place.edit("policy.yaml", "grants:\n", "grants:\n  - {role: fraud, actions: [read], tables: [training.*], "
               "columns: {allow: [email]}, enforce: cryptographic}\n")  # fmt: skip
    place.edit("policy.yaml", "file:fraud.kek", "env:FRAUD_KEK")
    refused = place.run(keys, "wrap")
    assert (refused.code, "env:FRAUD_KEK" in refused.err) == (7, True)
    assert not file(place).exists()
    assert not (place.root / "keys/keyring.handed.json").exists()
    assert "would change" in wrap(place, "--dry-run").out
    monkeypatch.setenv("FRAUD_KEK", base64.b64encode(bytes(32)).decode())
    wrap(place)
    assert set(role_keys_of(RoleHandle("fraud", "env:FRAUD_KEK", file(place, "fraud").read_bytes())).keys) == {EMAIL}


def test_a_run_that_dies_before_the_files_are_there_is_ended_by_the_next_one(place, monkeypatch):
    write(place, "a@b.c")

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys_wrap, "write_files", dies)
        assert place.run(keys, "wrap").code == 130
    assert not file(place).exists()
    wrap(place)
    assert opened(place, handle(place)) == ["a@b.c"]


def test_a_new_key_encryption_key_in_the_same_place_makes_the_file_anew(place):
    write(place, "a@b.c")
    wrap(place)
    (place.root / "support.kek").write_bytes(base64.b64encode(bytes(range(32))))
    with pytest.raises(KeyFault):
        role_keys_of(handle(place))
    assert "support: wrapped anew" in wrap(place).out
    assert opened(place, handle(place)) == ["a@b.c"]


def test_rotating_and_disabling_say_what_the_roles_then_need(place):
    write(place, "a@b.c")
    wrap(place)
    old = ring(place).keys[0].name
    assert "until then it opens for none of support" in place.run(keys, "rotate").out
    write(place, "new@b.c")
    assert set(opened(place, handle(place))) == {"a@b.c", None}, "null, since the role has no key of that"
    wrap(place)
    assert set(opened(place, handle(place))) == {"a@b.c", "new@b.c"}
    assert "take it out of the files of support" in place.run(keys, "disable", old).out
    wrap(place)
    assert set(opened(place, handle(place))) == {None, "new@b.c"}


def test_a_role_that_leaves_the_policy_loses_its_file(place):
    write(place, "a@b.c")
    wrap(place)
    place.edit("policy.yaml", "  support: {members: [user:ada, user:al], key: file:support.kek}\n", "")
    place.edit("policy.yaml", POLICY.splitlines()[-1], "")
    lost = wrap(place, code=7)
    assert "support: loses training.reviews.email; without user:ada, user:al; it holds no keys now" in lost.err
    assert not file(place).exists()
    event = [event for event in place.audit() if event.action == "key"][-1]
    assert (event.facts["did"], event.facts["loses"]) == ("withdrawn", ["training.reviews.email"])


def test_tink_alone_opens_the_file_and_the_column(place):
    """From the role's key-encryption key, with nothing of ours: as docs/encryption.md says."""
    aead.register(), daead.register()
    write(place, "a@b.c")
    wrap(place)
    found = json.loads(file(place).read_text())

    def gcm(key):
        data = base64.b64encode(aes_gcm_pb2.AesGcmKey(version=0, key_value=key).SerializeToString()).decode()
        url = "type.googleapis.com/google.crypto.tink.AesGcmKey"
        entry = {"keyData": {"typeUrl": url, "keyMaterialType": "SYMMETRIC", "value": data},
                 "status": "ENABLED", "keyId": 1, "outputPrefixType": "RAW"}  # fmt: skip
        text = json.dumps({"primaryKeyId": 1, "key": [entry]})
        return json_proto_keyset_format.parse(text, secret_key_access.TOKEN).primitive(aead.Aead)

    kek = gcm(base64.b64decode((place.root / "support.kek").read_text()))
    own = gcm(kek.decrypt(base64.b64decode(found["wrappedKey"]), b"strongroom role keys v1|support"))
    sealed = json.dumps(found["keysets"][EMAIL])
    column = json_proto_keyset_format.parse_encrypted(sealed, own, EMAIL.encode()).primitive(daead.DeterministicAead)
    value = place.rows(TABLE)[0]["email"]
    assert column.decrypt_deterministically(value, b"v1|email|training.reviews|email|string") == b"a@b.c"
