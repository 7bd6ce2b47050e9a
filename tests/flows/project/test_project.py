"""Projections: what a role is given in files of its own is what the policy gives it, and follows policy and source."""

import random
import shutil
from base64 import urlsafe_b64encode

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from strongroom.core.errors import Refused, StoreError
from strongroom.flows import keys, prepare, project
from strongroom.flows.read import read_table
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from strongroom.stores.lake.projections import Projected
from support.lakes import Installation, Quiet, copied, install
from support.series import series

pytestmark = pytest.mark.spark
TABLE, FIRST, SECOND = "training.reviews", "projected.r0.any.training.reviews", "projected.r1.any.training.reviews"
PLAIN = ("rating", "text_content", "label", "model_version", "training_date", "created_at", "tags", "review_id")
HEAD = """
roles:
  engineer: {members: [user:engineer]}
  r0: {members: [user:u0, group:g]}
  r1: {members: [user:u1]}
groups: {g: {members: [user:u2]}}
grants:
  - role: engineer
    actions: [read, write, delete]
    tables: [raw.*, training.*, quarantine.*, projected.*, strongroom.*]
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, spark):
    """A prepared lake, copied for each test: its files keep their names, and no test pays for it twice."""
    place = install(tmp_path_factory.mktemp("lake"), Quiet(), sample=200)
    (place.root / "policy.yaml").write_text(HEAD)
    assert place.run(prepare).code == 0
    return place


@pytest.fixture
def place(prepared, tmp_path, capsys):
    return copied(prepared, tmp_path / "x", capsys)


def grant(role="r0", more=""):
    return (
        f"  - {{role: {role}, actions: [read], tables: [training.*], enforce: physical{', ' if more else ''}{more}}}\n"
    )


def policy(place, *grants):
    (place.root / "policy.yaml").write_text(HEAD + "".join(grants))


def made(place, *options):
    done = place.run(project, *options)
    assert done.code == 0, done.err
    return done


def rows(place, table):
    return sorted(map(str, place.rows(table)))


def files(place, table):
    return {path.name for path in (place.lake / table.replace(".", "/")).rglob("*.parquet")}


def read(place, spark, who, purpose=""):
    return read_table(spark, TABLE, who, purpose, settings=str(place.settings))


def random_grant(rng):
    """A grant of random columns, masks and rows."""
    parts = []
    if rng.random() < 0.5:
        parts.append(f"allow: [{', '.join(rng.sample([*PLAIN, 'user_id', 'device', 'classification:internal'], 5))}]")
    if rng.random() < 0.5:
        parts.append(f"deny: [{rng.choice(['label', 'text_content', 'classification:personal', 'device.ip'])}]")
    masks = {"text_content": "show-first-4", "label": "mask-alphanum", "created_at": "truncate-to-year",
             "user_id": "show-last-4", "rating": "replace-with-null", "review_id": "sha-256-global"}  # fmt: skip
    if rng.random() < 0.5:
        parts.append(f"mask: {{{', '.join(f'{name}: {masks[name]}' for name in rng.sample([*masks], 2))}}}")
    more = f"columns: {{{', '.join(parts)}}}" if parts else ""
    if rng.random() < 0.6:
        condition = rng.choice(["rating >= 3", "label <> 'neutral' and rating < 5", "length(text_content) > 100"])
        more += f'{", " if more else ""}rows: "{condition}"'
    return more


def test_a_projection_is_row_for_row_what_the_policy_gives_of_the_table(place, spark):
    for seed in range(series(8)):
        rng = random.Random(seed)
        texts = [grant(more=random_grant(rng)) for _ in range(rng.randint(1, 2))]
        policy(place, *(text.replace(", enforce: physical", "") for text in texts))
        wanted = read(place, spark, "user:u0")
        wanted = wanted.drop("email")  # encrypted, and given by no name
        expected = [row.asDict(recursive=True) for row in wanted.collect()]
        policy(place, *texts)
        made(place)
        found = read(place, spark, "user:u2")
        assert found.columns == wanted.columns, (seed, texts)
        assert dict(found.dtypes) == dict(wanted.dtypes)
        shown = [row.asDict(recursive=True) for row in found.collect()]
        assert without_tokens(shown) == without_tokens(expected), (seed, texts)
        if shown and "user_id" in shown[0]:
            key = "user_id"
            old, new = ([row[key] for row in some if row[key]] for some in (expected, shown))
            assert not set(old) & set(new), "re-keyed, masked or not"
            assert pairs(old) == pairs(new), "and equal where they were equal"


def without_tokens(found):
    plain = [{name: value for name, value in row.items() if name not in ("user_id", "device")} for row in found]
    apps = [(row.get("device") or {}).get("app") for row in found]
    return sorted(f"{row} {app}" for row, app in zip(plain, apps, strict=True))


def pairs(tokens):
    return sorted(tokens.count(token) for token in set(tokens))


def test_tokens_are_of_the_role_and_two_roles_find_no_partner(place, spark):
    policy(place, grant("r0"), grant("r1"))
    made(place)
    source, first, second = place.rows(TABLE), place.rows(FIRST), place.rows(SECOND)
    users = [{row["user_id"] for row in some} for some in (source, first, second)]
    assert [len(some) for some in users] == [len(users[0])] * 3
    assert users[0] & users[1] == users[0] & users[2] == users[1] & users[2] == set()
    ips = [{row["device"]["ip"] for row in some if row["device"]} - {None} for some in (source, first, second)]
    assert ips[0] & ips[1] == ips[1] & ips[2] == set() < ips[0], "inside a struct, too"
    ring = open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)
    mac = CMAC(algorithms.AES(ring.derive("strongroom|v1|projection|r0", length=32).reveal()))
    one = {row["review_id"]: row["user_id"] for row in source}
    mac.update(one[first[0]["review_id"]].encode())
    token = urlsafe_b64encode(b"\x01" + ring.primary.to_bytes(4) + mac.finalize())
    assert first[0]["user_id"] == token.decode(), "as docs/encryption.md says"


def test_encrypted_columns_are_given_only_by_name(place, spark):
    policy(place, grant("r0", "columns: {allow: [rating, email]}"), grant("r1", "columns: {allow: ['*']}"))
    made(place)
    assert {"rating", "email"} == set(place.rows(FIRST)[0])
    assert "email" not in place.rows(SECOND)[0]
    assert {row["email"] for row in place.rows(FIRST)} == {row["email"] for row in place.rows(TABLE)}


def test_a_refresh_reads_what_is_new_and_ends_where_a_fresh_one_would(place, spark):
    policy(place, grant("r0", 'rows: "rating >= 3"'), grant("r1", "columns: {mask: {label: show-first-4}}"))
    made(place)
    before = files(place, FIRST)
    lies = place.delta(TABLE)
    extra = Lake(str(place.lake)).read(TABLE).slice(0, 7)
    commits.append(Lake(str(place.lake)), TABLE, extra)
    done = made(place)
    assert "2 refreshed" in done.out
    assert "1 file new, 0 gone" in done.out
    assert before < files(place, FIRST), "what was there stays as it is"
    assert_fresh(place)
    delta = place.delta(TABLE)
    delta.delete("rating = 5")
    assert lies.version() < delta.version()
    made(place)
    assert_fresh(place)
    assert 5 not in {row["rating"] for row in place.rows(FIRST)}
    place.run(keys, "rotate")
    assert place.run(keys, "rewrap").code == 0
    made(place)
    assert_fresh(place)
    assert place.run(prepare).code == 0
    made(place)
    assert_fresh(place)
    quiet = {table: (place.delta(table).version(), files(place, table)) for table in (FIRST, SECOND)}
    assert "nothing to do" in made(place).out
    assert {table: (place.delta(table).version(), files(place, table)) for table in (FIRST, SECOND)} == quiet


def assert_fresh(place):
    """The projections are those that would be made from nothing."""
    fresh = Installation(place.root.parent / "fresh", place.capsys)
    shutil.copytree(place.root, fresh.root)
    shutil.rmtree(fresh.lake / "projected")
    made(fresh)
    for table in (FIRST, SECOND):
        assert rows(fresh, table) == rows(place, table)
        assert len(files(place, table)) == len(place.delta(table).file_uris()), "no file that no version needs"
    shutil.rmtree(fresh.root)


def test_what_the_policy_takes_is_gone_with_the_next_run_and_not_read_before(place, spark):
    policy(place, grant("r0"), grant("r1"))
    made(place)
    policy(place, grant("r0", "columns: {deny: [text_content]}"))
    with pytest.raises(StoreError, match="another policy"):
        read(place, spark, "user:u0")
    with pytest.raises(Refused):
        read(place, spark, "user:u1")
    done = made(place)
    assert "1 made, 1 dropped" in done.out
    assert not (place.lake / "projected/r1").exists()
    for path in (place.lake / "projected").rglob("*.parquet"):
        assert "text_content" not in pq.read_schema(path).names, "no older file is left"
    assert "text_content" not in read(place, spark, "user:u0").columns
    events = [event for event in place.audit() if event.action == "project"]
    assert [(event.roles, event.facts["did"]) for event in events] == [
        (("r0",), "made"), (("r1",), "made"), (("r1",), "dropped"), (("r0",), "made"),
    ]  # fmt: skip
    assert events[0].facts["level"] == "physical"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + grant("r0", "until: 2020-01-01"), "the grant has ended"),
        (HEAD, "the grant was taken away"),
        (HEAD.replace("[user:u0, group:g]", "[group:h]") + grant("r0"), "nobody is in a group that is not described"),
        (HEAD.replace("members: [user:u0,", "members: [user:engineer,") + grant("r0"), "kept, for it has members"),
    ],
)  # fmt: skip
def test_a_projection_lasts_as_long_as_somebody_may_have_it(place, spark, text, why):
    policy(place, grant("r0"))
    made(place)
    (place.root / "policy.yaml").write_text(text)
    tried = made(place, "--dry-run")
    assert (place.lake / "projected/r0").exists(), "a dry run touches nothing"
    made(place)
    there = (place.lake / "projected/r0").exists()
    assert there == why.startswith("kept"), tried.out


def test_what_is_taken_from_one_member_is_taken_from_the_projection(place, spark):
    both = HEAD.replace("[user:u1]", "[user:u1, user:u0]")
    (place.root / "policy.yaml").write_text(both + grant("r0") + grant("r1", "columns: {deny: [label]}"))
    made(place)
    assert "label" not in place.rows(FIRST)[0]
    assert "label" not in read(place, spark, "user:u0").columns


def test_where_the_source_is_given_too_only_that_grant_gives_from_it(place, spark):
    both = HEAD.replace("[user:u1]", "[user:u1, user:u0]")
    open_ = "  - {role: r1, actions: [read], tables: [training.*], columns: {allow: [rating]}}\n"
    (place.root / "policy.yaml").write_text(both + grant("r0") + open_)
    made(place)
    assert read(place, spark, "user:u0").columns == ["rating"]
    assert place.audit()[-1].facts["level"] == "advisory"
    found = read(place, spark, "user:u2")
    assert "text_content" in found.columns
    assert place.audit()[-1].facts["level"] == "physical"
    assert {row["user_id"] for row in found.collect()} == {row["user_id"] for row in place.rows(FIRST)}


def test_a_killed_run_leaves_the_last_version_and_the_next_one_ends_it(place, spark, monkeypatch):
    policy(place, grant("r0"), grant("r1"))
    made(place)
    before = rows(place, FIRST)
    commits.append(Lake(str(place.lake)), TABLE, Lake(str(place.lake)).read(TABLE).slice(0, 7))
    commit, calls = Projected.commit, []

    def dies(self, *args, **named):
        calls.append(self.table)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return commit(self, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Projected, "commit", dies)
        assert place.run(project).code == 130
    assert [len(rows(place, table)) - len(before) for table in (FIRST, SECOND)] == [7, 0]
    made(place)
    assert_fresh(place)


def test_who_is_overtaken_changes_nothing(place, spark, monkeypatch):
    policy(place, grant("r0"))
    commit = Projected.commit

    def overtaken(self, *args, **named):
        monkeypatch.setattr(Projected, "commit", commit)
        made(place)
        return commit(self, *args, **named)

    monkeypatch.setattr(Projected, "commit", overtaken)
    lost = place.run(project)
    assert (lost.code, "another run committed to this table first" in lost.err) == (7, True), lost.err
    assert place.delta(FIRST).version() == 2, "the rows, and what the table says of them"
    assert len(rows(place, FIRST)) == len(rows(place, TABLE))


def test_nothing_of_the_source_stands_in_a_projections_log_or_footers(place, spark):
    policy(place, grant("r0"))
    made(place)
    folder = place.lake / FIRST.replace(".", "/")
    log = "".join(path.read_text() for path in folder.glob("_delta_log/*.json"))
    assert "stage-000001-" in log
    assert "minValues" not in log
    for path in folder.rglob("*.parquet"):
        found = pq.read_metadata(path)
        groups = [found.row_group(number).column(0).statistics for number in range(found.num_row_groups)]
        assert groups == [None] * len(groups)


def test_only_who_may_write_projections_and_read_their_tables_makes_them(place, spark):
    policy(place, grant("r0"))
    assert place.run(project, "--set", "principal=user:u1").code == 5
    text = (place.root / "policy.yaml").read_text().replace("projected.*, ", "")
    (place.root / "policy.yaml").write_text(text)
    assert place.run(project).code == 5
    assert not (place.lake / "projected").exists()


def test_a_table_of_another_contract_is_not_projected_by_todays(place, spark):
    policy(place, grant("r0"))
    place.edit("contracts/reviews.yaml", "version: 1.0.0", "version: 1.0.1")
    refused = place.run(project)
    assert (refused.code, "another version of its contract" in refused.err) == (7, True), refused.err
