import json
import shutil
import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tink import daead, json_proto_keyset_format, mac, prf, secret_key_access

from strongroom.core.contract.file import load_contract
from strongroom.flows import keys
from strongroom.protect import protector, seal
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from support.lakes import install
from support.opened import decrypt

PURPOSE = ("--purpose", "model_training")


POLICY = """
roles:
  keeper: {members: [user:engineer]}
grants:
  - role: keeper
    actions: [read, write, delete, reveal]
    tables: [training.*, strongroom.*]
    approval: user:pia
    reason: keeps the keys
"""


@pytest.fixture
def place(tmp_path, capsys):
    """An installation whose engineer may do everything with keys."""
    made = install(tmp_path / "x", capsys)
    (made.root / "policy.yaml").write_text(POLICY)
    return made


def ring(place):
    return open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)


def run(place, *words):
    return place.run(keys, *words, *PURPOSE)


def contract(place, name="reviews"):
    return load_contract(str(place.root / "contracts" / f"{name}.yaml"))


def leaf(place, path):
    return next(leaf for leaf in contract(place).leaves() if leaf.path == path)


def write(place, *, emails=("a@b.c", None), table="training.reviews"):
    """A table with an encrypted, a hashed and a sealed column, as `prepare` writes them."""
    keyring, rows = ring(place), len(emails)
    ids = pa.array(range(rows), pa.int64())
    columns = {
        "email": protector(leaf(place, "email"), table="training.reviews", keyring=keyring)(
            pa.array(emails, pa.string())
        ),
        "person": pa.StructArray.from_arrays(
            [protector(leaf(place, "user_id"), table="training.reviews", keyring=keyring)(ids)], names=["id"]
        ),
        "text": pa.array(["AQ looks like a token, a bit" for _ in range(rows)]),
        "row": pa.array([list(seal(pa.array([b"x"] * rows), table="t", keyring=keyring).to_pylist())] * rows),
    }
    commits.append(Lake(str(place.lake)), table, pa.table(columns))


def test_the_first_rotation_makes_the_keyring_and_each_further_one_a_new_primary(place):
    first = run(place, "rotate")
    assert first.code == 0
    assert "New keys" in first.out
    one = ring(place)
    assert len(one.keys) == 1
    second = run(place, "rotate")
    two = ring(place)
    assert [key.id for key in two.keys] == [one.primary, two.primary]
    assert two.enabled == (two.primary, one.primary)
    assert f"{two.primary:08x}" in second.out
    assert place.audit()[-1].facts == {"primary": f"{two.primary:08x}", "before": f"{one.primary:08x}"}


def test_the_list_shows_states_and_no_key(place):
    run(place, "rotate"), run(place, "rotate")
    old, new = ring(place).keys
    run(place, "disable", old.name)
    shown = run(place, "list")
    assert shown.out.startswith(f"{old.name}  disabled\n{new.name}  enabled  primary\n")
    for key in (old, new):
        assert key.secret.reveal().hex() not in shown.out + shown.err


def test_a_dry_run_changes_nothing(place, tmp_path):
    assert run(place, "rotate", "--dry-run").code == 7, "there is no keyring yet, and a dry run makes none"
    made = {path.name for path in (place.root / "keys").glob("*")}
    assert not made & {"local.kek", "keyring.json"}, "only what signs the refusal"
    run(place, "rotate"), run(place, "rotate")
    before = (place.root / "keys/keyring.json").read_bytes()
    old = ring(place).keys[0].name
    for words in (["rotate"], ["disable", old], ["destroy", old], ["export", str(tmp_path / "out")]):
        assert run(place, *words, "--dry-run").code == 0
    assert (place.root / "keys/keyring.json").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_a_disabled_key_does_not_open_until_it_is_enabled_again(place):
    run(place, "rotate")
    old = ring(place)
    col = leaf(place, "email")
    sealed = protector(col, table="training.reviews", keyring=old)(pa.array(["a@b.c"]))
    run(place, "rotate")
    for verb, opens in (("disable", False), ("enable", True)):
        assert run(place, verb, f"{old.primary:08x}").code == 0
        assert decrypt(sealed, col, table="training.reviews", keyring=ring(place))[1].to_pylist() == [opens]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["disable", "PRIMARY"], 2, "is the primary key"),
        (["destroy", "PRIMARY"], 2, "is the primary key"),
        (["disable", "00000000"], 2, "there is no such key"),
        (["disable"], 2, "there is no such key"),
        (["enable", "OLD"], 2, "is enabled"),
        (["export"], 2, "needs a file"),
        (["import"], 2, "needs a file"),
        (["import", "/nowhere/keys.json"], 2, "cannot be read"),
        (["import", __file__], 7, "not a keyset of HKDF-SHA256"),
        (["export", "/nowhere/keys.json"], 2, "cannot be made"),
        (["destroy", "OLD", "--column", "email"], 2, "It is for export --column."),
        (["export", "out.json", "--contract", "reviews", "--column", "emial"], 2, "email"),
        (["export", "out.json", "--contract", "reviews", "--column", "label"], 2, "the column has no key"),
    ],
)
def test_what_cannot_be_done_is_said(place, words, code, said):
    run(place, "rotate"), run(place, "rotate")
    found = ring(place)
    names = {"PRIMARY": f"{found.primary:08x}", "OLD": found.keys[0].name}
    result = run(place, *(names.get(word, word) for word in words))
    assert result.code == code
    assert said in result.err
    assert not Path("out.json").exists()


def test_destroy_refuses_while_a_row_lies_under_the_key(place):
    run(place, "rotate")
    old = ring(place)
    name = f"{old.primary:08x}"
    write(place)
    run(place, "rotate")
    write(place, table="features.copies", emails=("new@b.c",))
    refused = run(place, "destroy", name)
    assert refused.code == 7
    assert f"values still lie under key {name}" in refused.err
    assert "training.reviews" in refused.err
    assert ring(place).key(old.primary)
    place.delta("training.reviews").delete()
    assert run(place, "destroy", name).code == 0
    gone = ring(place).keys[0]
    assert (gone.status.value, gone.secret) == ("destroyed", None)
    assert run(place, "destroy", name).code == 2, "it is gone already"


def test_coverage_counts_rows_by_key_table_and_column(place):
    assert run(place, "rotate").code == 0
    old = ring(place).primary
    write(place, emails=("a", "b", None, ""))
    run(place, "rotate")
    new = ring(place).primary
    write(place, table="features.copies", emails=("new",))
    result = run(place, "coverage")
    assert result.code == 0
    assert sorted(result.out.splitlines()[:-1]) == sorted(
        [
            f"{old:08x}  training.reviews.email  3",
            f"{old:08x}  training.reviews.person.id  4",
            f"{old:08x}  training.reviews.row[]  16",
            f"{new:08x}  features.copies.email  1",
            f"{new:08x}  features.copies.person.id  1",
            f"{new:08x}  features.copies.row[]  1",
        ]
    )
    assert place.audit()[-1].facts == {"rows": {f"{old:08x}": 23, f"{new:08x}": 3}}


def test_an_empty_lake_has_no_row_under_any_key(place):
    run(place, "rotate")
    assert "No row" in run(place, "coverage").out


def test_the_keys_of_a_column_open_it_in_tink_and_no_other(place, tmp_path):
    daead.register()
    run(place, "rotate")
    col, keyring = leaf(place, "email"), ring(place)
    sealed = protector(col, table="training.reviews", keyring=keyring)(pa.array(["a@b.c"]))[0].as_py()
    run(place, "rotate")
    out = tmp_path / "email.json"
    result = run(place, "export", str(out), "--contract", "reviews", "--column", "email")
    assert result.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    bound = result.out.splitlines()[1].partition(": ")[2].encode()
    theirs = json_proto_keyset_format.parse(out.read_text(), secret_key_access.TOKEN).primitive(daead.DeterministicAead)
    assert theirs.decrypt_deterministically(sealed, bound) == b"a@b.c"
    for key in keyring.keys:
        assert key.secret.reveal().hex() not in json.dumps(json.loads(out.read_text()))
    again = run(place, "export", str(out), "--contract", "reviews", "--column", "email")
    assert again.code == 2
    assert "File exists" in again.err


def test_the_associated_data_of_what_is_bound_to_its_row_is_told(place, tmp_path):
    run(place, "rotate")
    place.edit("contracts/reviews.yaml", "encrypt, domain: email", "encrypt, domain: email, rowKey: review_id")
    told = run(place, "export", str(tmp_path / "out"), "--contract", "reviews", "--column", "email")
    assert "\nAssociated data of its values: v1|email|training.reviews|email|string|{review_id}\n" in told.out, told.err
    assert "{review_id} is that column of the same row, as it lies in the table." in told.out


CLERK = """
roles:
  clerk: {members: [user:engineer]}
grants:
  - {role: clerk, actions: [write], tables: [strongroom.keys]}
  - {role: clerk, actions: [reveal], tables: [training.reviews], columns: {allow: [email, user_id]}REVIEWS}
  - {role: clerk, actions: [reveal], tables: [training.customers], columns: {allow: [CUSTOMERS]}}
"""


@pytest.mark.parametrize(
    ("column", "customers", "reviews", "said", "asked"),
    [
        ("email", "email", "", "", "training.customers"),
        ("user_id", "user_id", "", "", "training.customers"),
        ("email", "user_id", "", "opens email of training.customers", "training.customers"),
        ("user_id", "email", "", "opens user_id of training.customers", "training.customers"),
        ("email", "email", ", rows: \"label = 'positive'\"", "gives some of them only", "training.reviews"),
    ],
)
def test_a_key_is_given_to_who_may_see_all_that_it_opens(place, tmp_path, column, customers, reviews, said, asked):
    run(place, "rotate")
    text = CLERK.replace("CUSTOMERS", customers).replace("REVIEWS", reviews)
    (place.root / "policy.yaml").write_text(text)
    result = run(place, "export", str(tmp_path / "out"), "--contract", "reviews", "--column", column)
    assert result.code == (5 if said else 0), result.err
    assert said in result.err
    assert (tmp_path / "out").exists() == (not said)
    event = next(each for each in reversed(place.audit()) if each.action == "reveal")
    refused = said.startswith("opens")
    assert (event.outcome, event.table, event.columns) == ("refused" if refused else "allowed", asked, (column,))


def test_lists_and_counts_open_no_key(place):
    run(place, "rotate")
    write(place)
    name = f"{ring(place).primary:08x}"
    (place.root / "keys/local.kek").rename(place.root / "elsewhere")
    assert run(place, "list").out.startswith(f"{name}  enabled  primary\n")
    assert f"{name}  training.reviews.email  1\n" in run(place, "coverage").out
    assert run(place, "rotate").code == 7, "this does"


def test_values_under_a_key_of_elsewhere_are_told_apart_from_none(place, tmp_path, capsys):
    other = install(tmp_path / "other", capsys)
    (other.root / "policy.yaml").write_text(POLICY)
    run(other, "rotate"), run(place, "rotate")
    write(other)
    shutil.rmtree(place.lake)
    other.lake.rename(place.lake)
    shown = run(place, "coverage")
    assert "No row of the lake lies under any key of this keyring.\nunknown   training.reviews.email  1  " in shown.out
    assert place.audit()[-1].facts["unknown"] == 7, "an e-mail, two ids, and twice two sealed rows in a list"


def test_values_inside_maps_are_counted_and_keep_their_key(place):
    run(place, "rotate")
    old = ring(place)
    sealed = protector(leaf(place, "email"), table="training.reviews", keyring=old)(pa.array(["a@b.c"]))[0].as_py()
    table = pa.table({"tags": pa.array([[("mail", sealed)]], pa.map_(pa.string(), pa.binary()))})
    commits.append(Lake(str(place.lake)), "features.maps", table)
    run(place, "rotate")
    assert f"{old.primary:08x}  features.maps.tags[].value  1\n" in run(place, "coverage").out
    assert run(place, "destroy", f"{old.primary:08x}").code == 7


def test_what_was_destroyed_is_not_imported_and_its_copy_not_called_needless(place, tmp_path):
    run(place, "rotate")
    old = f"{ring(place).primary:08x}"
    run(place, "export", str(tmp_path / "copy.json"))
    run(place, "rotate")
    run(place, "destroy", old)
    told = run(place, "import", str(tmp_path / "copy.json"))
    assert told.code == 0
    assert f"New keys: none. Destroyed here, and they stay so: {old}. " in told.out
    assert "delete" not in told.out
    assert ring(place).keys[0].secret is None


def test_a_lake_whose_keyring_is_lost_gets_no_new_one(place):
    run(place, "rotate")
    commits.append(Lake(str(place.lake)), "strongroom.manifest", pa.table({"dataset": ["reviews"]}))
    (place.root / "keys/keyring.json").unlink()
    refused = run(place, "rotate")
    assert refused.code == 7
    assert "the keyring is gone, and the lake holds what it protects" in refused.err
    assert not (place.root / "keys/keyring.json").exists()


def test_deltalake_and_tink_alone_read_a_table_of_ours(place, tmp_path):
    daead.register()
    run(place, "rotate")
    emails = [f"{'x' * size}@example.org" for size in range(50)]
    col = leaf(place, "email")
    sealed = protector(col, table="training.reviews", keyring=ring(place))(pa.array(emails))
    commits.append(Lake(str(place.lake)), "training.reviews", pa.table({"email": sealed}))
    out = tmp_path / "email.json"
    result = run(place, "export", str(out), "--contract", "reviews", "--column", "email")
    bound = result.out.splitlines()[1].partition(": ")[2].encode()
    # From here on, nothing of ours.
    handle = json_proto_keyset_format.parse(out.read_text(), secret_key_access.TOKEN)
    column = handle.primitive(daead.DeterministicAead)
    found = pa.table(DeltaTable(str(place.lake / "training/reviews")).scan(columns=["email"]))
    values = found.column("email").to_pylist()
    assert [column.decrypt_deterministically(value, bound).decode() for value in values] == emails


def test_the_keys_of_a_token_make_it_in_tink(place, tmp_path):
    mac.register()
    run(place, "rotate")
    token = protector(leaf(place, "user_id"), table="training.reviews", keyring=ring(place))(pa.array([7]))[0].as_py()
    run(place, "export", str(tmp_path / "id.json"), "--contract", "reviews", "--column", "user_id")
    text = (tmp_path / "id.json").read_text()
    theirs = json_proto_keyset_format.parse(text, secret_key_access.TOKEN).primitive(mac.Mac)
    assert urlsafe_b64encode(theirs.compute_mac(b"7")).decode() == token


def test_a_ring_moves_to_another_installation(place, tmp_path, capsys):
    run(place, "rotate")
    assert run(place, "export", str(tmp_path / "ring.json")).code == 0
    other = install(tmp_path / "other", capsys)
    (other.root / "policy.yaml").write_text(POLICY)
    run(other, "rotate")
    first = ring(other).primary
    assert run(other, "import", str(tmp_path / "ring.json")).code == 0
    assert ring(other).primary == first
    assert ring(other).key(ring(place).primary) == ring(place).keys[0]
    assert run(other, "import", str(tmp_path / "ring.json"), "--primary").code == 0, "again, and now as primary"
    assert ring(other).primary == ring(place).primary
    assert len(ring(other).keys) == 2


def test_a_keyset_that_tink_made_is_imported(place, tmp_path):
    import tink

    prf.register()
    run(place, "rotate")
    handle = tink.new_keyset_handle(prf.prf_key_templates.HKDF_SHA256)
    (tmp_path / "theirs.json").write_text(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    assert run(place, "import", str(tmp_path / "theirs.json"), "--primary").code == 0
    theirs = handle.primitive(prf.PrfSet).primary().compute(b"info", 32)
    assert ring(place).derive("info", length=32).reveal() == theirs


def test_another_key_of_the_same_id_is_not_imported(place, tmp_path):
    run(place, "rotate")
    run(place, "export", str(tmp_path / "ring.json"))
    text = json.loads((tmp_path / "ring.json").read_text())
    value = text["key"][0]["keyData"]["value"]
    text["key"][0]["keyData"]["value"] = f"{value[:-8]}AAAA{value[-4:]}"
    (tmp_path / "ring.json").write_text(json.dumps(text))
    result = run(place, "import", str(tmp_path / "ring.json"))
    assert result.code == 7
    assert "is here already" in result.err
    assert len(ring(place).keys) == 1


@pytest.mark.parametrize(
    ("words", "who", "why"),
    [
        (["list"], "user:ada", "who trains does not see keys"),
        (["rotate"], "user:pia", "who reads audits does not rotate"),
        (["export", "ring.json"], "user:engineer", "who rotates does not export"),
        (["export", "column.json", "--contract", "reviews", "--column", "email"], "user:ada", "nor does who trains"),
        (["destroy", "00000001"], "user:grace", "nobody else destroys"),
    ],
)
def test_the_policy_says_no_before_any_key_is_touched(tmp_path, capsys, words, who, why):
    place = install(tmp_path / "x", capsys)
    result = run(place, *words, "--as", who)
    assert result.code == 5, why
    made = {path.name for path in (place.root / "keys").glob("*")}
    assert not made & {"local.kek", "keyring.json"}, "only what signs the refusal"
    assert place.audit()[-1].outcome == "refused"
