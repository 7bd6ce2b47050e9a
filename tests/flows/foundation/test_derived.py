"""What a table carries that was made from another, and who sees it."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.core.contract.file import load_contract
from strongroom.core.contract.subject import TAG
from strongroom.core.keys.ring import SUBJECTS
from strongroom.core.policy.decision import Request
from strongroom.core.policy.file import parse_policy
from strongroom.flows import check, keys, prepare, quarantine
from strongroom.flows.foundation.keyring import MARK
from strongroom.flows.foundation.projections import projections_of
from strongroom.govern.engine.engine import compile_policy
from strongroom.protect.subject_tags import tagger
from strongroom.stores.keys import open_keyring, save_keyring
from support.lakes import install

PURPOSE = ("--purpose", "model_training")


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=2_000)
    done = made.run(prepare, "--contract", "reviews")
    assert done.code == 0, done.err
    return made


def expected(place, values):
    contract = load_contract(str(place.root / "contracts/reviews.yaml"))
    subject = next(leaf for leaf in contract.leaves() if leaf.subject)
    ring = open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)
    return tagger(subject, table="training.reviews", keyring=ring)(pa.array(values)).to_pylist()


def raw(place):
    """The raw rows that are rows at all."""
    found = []
    for file in sorted((place.lake / "raw/reviews").rglob("*.json*")):
        for line in file.read_text().splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
    return found


KEEPER = """
roles:
  keeper: {members: [user:engineer]}
grants:
  - {role: keeper, actions: [read, write, delete], tables: [training.*, strongroom.*], approval: user:pia, reason: r}
"""


def test_each_row_carries_the_tag_of_its_subject(place):
    users = {str(row.get("review_id")): row.get("user_id") for row in raw(place)}
    rows = place.rows("training.reviews")
    assert len(rows) > 1_500
    want = expected(place, [users[str(row["review_id"])] for row in rows])
    assert [row[TAG] for row in rows] == want
    assert len({row["user_id"] for row in rows}) == len({row[TAG] for row in rows}), "one tag a person"


def test_a_rotation_leaves_the_tags_and_the_key_that_makes_them(place):
    before = {row["review_id"]: row[TAG] for row in place.rows("training.reviews")}
    policy = (place.root / "policy.yaml").read_text()
    (place.root / "policy.yaml").write_text(KEEPER)
    assert "never rotated" in place.run(keys, "list").out
    assert place.run(keys, "rotate").code == 0
    for verb in ("disable", "destroy"):
        assert place.run(keys, verb, "5b1ec700").code == 2
    (place.root / "policy.yaml").write_text(policy)
    assert place.run(prepare, "--contract", "reviews").code == 0
    after = place.rows("training.reviews")
    assert {row["review_id"]: row[TAG] for row in after} == before


POLICY = """
roles:
  all: {{members: [user:a]}}
grants:
  - {{role: all, actions: [read], tables: [training.*], columns: {{allow: {allow}}}, reason: r}}
"""


@pytest.mark.parametrize(
    ("allow", "given"),
    [
        ('["*"]', False), ('["classification:personal"]', False), ('["classification:personal", "*"]', False),
        ('["_subject"]', True), ('["_SUBJECT", n]', True), ('["tag:t"]', False),
    ],
)  # fmt: skip
def test_no_grant_gives_the_tag_unless_it_names_it(allow, given, tmp_path):
    engine = compile_policy(parse_policy(POLICY.format(allow=allow), "p.yaml"))
    asked = Request(
        "user:a", "read", "training.t", datetime(2026, 1, 1, tzinfo=UTC), ("n", TAG), "",
        classifications={"n": "personal", TAG: "personal"}, tags={"n": ("t",), TAG: ("t",)},
    )  # fmt: skip
    assert (TAG in engine.narrow(asked).columns) == given


@pytest.mark.parametrize("name", [TAG, "_SUBJECT", "_Subject"])
def test_however_it_is_written_it_is_the_tag(name):
    engine = compile_policy(parse_policy(POLICY.format(allow='["*"]'), "p.yaml"))
    assert not engine.decide(Request("user:a", "read", "training.t", datetime(2026, 1, 1, tzinfo=UTC), (name,))).allowed


def test_a_projection_never_has_it(place):
    policy = POLICY.format(allow=f"[label, {TAG}]").replace("reason: r", "enforce: physical, reason: r")
    engine, contract = (
        compile_policy(parse_policy(policy, "p.yaml")),
        load_contract(str(place.root / "contracts/reviews.yaml")),
    )
    asked = Request("user:a", "read", "training.reviews", datetime(2026, 1, 1, tzinfo=UTC), ("label", TAG))
    assert [each.decision.columns for each in projections_of(engine, asked, contract)] == [("label",)]


def test_a_keyring_that_has_lost_its_key_of_tags_gives_nobody_two(place):
    file = place.root / "keys/keyring.json"
    ring = open_keyring(f"file:{place.root}/keys/local.kek", str(file), create=False)
    save_keyring(replace(ring, keys=tuple(key for key in ring.keys if key.id != SUBJECTS)))
    for flow, *words in ((prepare, "--set", "prepare.mode=append"), (quarantine, "retry", *PURPOSE)):
        assert place.run(flow, *words, "--contract", "reviews").code == 7
    assert all(key.id != SUBJECTS for key in open_keyring(ring.handle.provider, str(file), create=False).keys)
    before = {row["review_id"]: row[TAG] for row in place.rows("training.reviews")}
    assert place.run(prepare, "--contract", "reviews").code == 0, "all rows are made anew"
    after = {row["review_id"]: row[TAG] for row in place.rows("training.reviews")}
    assert before.keys() == after.keys()
    assert set(before.values()).isdisjoint(after.values())
    assert place.run(prepare, "--contract", "reviews", "--set", "prepare.mode=append").code == 0


def test_no_column_is_read_from_tags(place):
    place.edit("contracts/customers.yaml", "name: postcode", f"name: postcode\n        physicalName: {TAG}")
    assert place.run(check, str(place.root / "contracts/customers.yaml")).code == 3


def test_a_contract_may_not_have_a_column_of_that_name(place):
    place.edit("contracts/reviews.yaml", "name: label", "name: _Subject")
    assert place.run(check, str(place.root / "contracts/reviews.yaml")).code == 3


def without_tags(place):
    """The training table as an earlier version has left it."""
    found = place.delta("training.reviews")
    rows = pa.table(found.scan()).drop_columns([TAG])
    write_deltalake(found, rows, mode="overwrite", schema_mode="overwrite")
    for log in (place.lake / "training/reviews/_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            action.get("metaData", {}).get("configuration", {}).pop(MARK, None)
        log.write_text("".join(f"{json.dumps(action)}\n" for action in actions))


def noted(place):
    done = place.run(check, "--lake")
    assert done.code == 0, done.err
    return done.out + done.err


def test_a_table_of_an_earlier_version_is_told_and_an_increment_tags_what_is_new(place):
    assert "carry no tag" not in noted(place)
    without_tags(place)
    assert "its rows carry no tag" in noted(place)
    assert "its rows carry no tag" not in place.run(check).out, "plain check reads no lake"
    more = next(place.lake.glob("raw/reviews/**/*.json*"))
    good = {row["review_id"] for row in place.rows("training.reviews")}
    one = next(row for row in raw(place) if row.get("review_id") in good)
    fresh = {**one, "review_id": "r-999999"}
    (more.parent / f"more{''.join(more.suffixes)}").write_text(json.dumps(fresh) + "\n")
    done = place.run(prepare, "--contract", "reviews", "--set", "prepare.mode=append")
    assert done.code == 0, done.err
    tags = {row["review_id"]: row[TAG] for row in place.rows("training.reviews")}
    assert tags.pop("r-999999") == expected(place, [fresh["user_id"]])[0]
    assert set(tags.values()) == {None}
    assert "of an earlier version carry no tag" in noted(place)


def test_a_retry_tags_what_it_takes_in_also_into_a_table_of_an_earlier_version(place):
    without_tags(place)
    before = len(place.rows("training.reviews"))
    place.edit("contracts/reviews.yaml", "{minimum: 1, maximum: 5}", "{minimum: -100, maximum: 100}")
    done = place.run(quarantine, "retry", "--contract", "reviews", *PURPOSE)
    assert done.code == 0, done.err
    assert done.line["rows"]["written"] > 0
    rows = place.rows("training.reviews")
    assert len(rows) == before + done.line["rows"]["written"]
    assert len([row for row in rows if row[TAG]]) == done.line["rows"]["written"]
    assert place.delta("training.reviews").metadata().configuration[MARK], "and by which key"


def test_the_tag_of_another_domain_does_not_go_beside_those_that_are_there(place):
    text = (place.root / "contracts/reviews.yaml").read_text()
    assert "domain: user" in text or "domain:" in text
    found = DeltaTable(str(place.lake / "training/reviews")).schema()
    made = next(field for field in found.fields if field.name == TAG).metadata["strongroom.made"]
    assert json.loads(made)[TAG][2]["column"] == "user_id"


def test_a_table_that_nobody_of_ours_made_is_told(place):
    write_deltalake(str(place.lake / "copies/reviews"), pa.table({"n": [1]}))
    write_deltalake(str(place.lake / "features/old"), pa.table({"n": [1]}))
    said = noted(place)
    assert "copies.reviews" in said
    assert "features.old" in said


def test_a_lake_that_is_moved_reads_nothing_twice(place):
    before = len(place.rows("training.reviews"))
    place.lake.rename(place.root / "elsewhere")
    done = place.run(prepare, "--contract", "reviews", "--set", "prepare.mode=append", "--set", "lake=elsewhere")
    assert (done.code, done.line["rows"].get("read", 0)) == (0, 0), done.err
    (place.root / "elsewhere").rename(place.lake)
    assert len(place.rows("training.reviews")) == before
