"""What is encrypted under old keys moves to the primary one, file by file, and nothing else changes."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.flows import keys, prepare, quarantine
from strongroom.flows.keys import rewrap
from strongroom.protect import protector, seal, unseal
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from strongroom.stores.lake.file_rewrite import Rewrite
from support.lakes import install
from support.opened import decrypt

POLICY = """
roles:
  keeper: {members: [user:engineer]}
grants:
  - role: keeper
    actions: [read, write, delete, reveal]
    tables: [raw.*, training.*, quarantine.*, strongroom.*]
    approval: user:pia
    reason: keeps the keys
"""
TABLE = "training.reviews"


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys, sample=100)
    (made.root / "policy.yaml").write_text(POLICY)
    made.run(keys, "rotate")
    return made


def ring(place):
    return open_keyring(f"file:{place.root}/keys/local.kek", str(place.root / "keys/keyring.json"), create=False)


def leaf(place, path):
    return next(
        leaf for leaf in load_contract(str(place.root / "contracts/reviews.yaml")).leaves() if leaf.path == path
    )


def write(place, *emails):
    """One more file in training and in quarantine, under today's primary key."""
    keyring, lake = ring(place), Lake(str(place.lake))
    sealed = protector(leaf(place, "email"), table=TABLE, keyring=keyring)(pa.array(emails, pa.string()))
    token = protector(leaf(place, "user_id"), table=TABLE, keyring=keyring)(pa.array(range(len(emails)), pa.int64()))
    commits.append(lake, TABLE, pa.table({"email": sealed, "user_id": token, "rating": pa.array([5] * len(emails))}))
    commits.append(
        lake, "quarantine.reviews", pa.table({"row": seal(pa.array([b"row"]), table=TABLE, keyring=keyring)})
    )


def shape(place):
    """Each file of the training table → the keys that its e-mails and its tokens lie under."""
    rewrite = Rewrite.of(Lake(str(place.lake)), TABLE, run_id="x")
    return {
        path: {
            value[1:5].hex() for batch in rewrite.batches(path, ["email"]) for value in batch[0].to_pylist() if value
        }
        for path, _ in rewrite.files()
    }


def test_rows_that_another_run_deletes_between_two_commits_stay_deleted(place, monkeypatch):
    write(place, "a@b.c")
    write(place, "d@e.f")
    place.run(keys, "rotate")
    monkeypatch.setattr(rewrap, "AT_ONCE", 1)

    reopen = Rewrite.reopen

    def reopened(self):
        """A reload after a commit that was not the last change: somebody has deleted what is still to be done."""
        if self.table == TABLE:
            monkeypatch.setattr(Rewrite, "reopen", reopen)
            gone = next(path for path in place.delta(TABLE).file_uris() if "/rewrap-" not in path)
            place.delta(TABLE).delete(f"email = {literal(place, gone)}")
        reopen(self)

    monkeypatch.setattr(Rewrite, "reopen", reopened)
    assert place.run(keys, "rewrap").code == 0
    assert len(clear(place)) == 1, "the row that was deleted is gone"


def literal(place, path):
    """The one e-mail of a file, sealed as it lies, in SQL."""
    (value,) = pq.read_table(place.lake / TABLE.replace(".", "/") / path)["email"].to_pylist()
    return f"arrow_cast(X'{value.hex()}', 'Binary')"


def clear(place):
    rows = place.rows(TABLE)
    opened, fine = decrypt(
        pa.array([row["email"] for row in rows], pa.binary()), leaf(place, "email"), table=TABLE, keyring=ring(place)
    )
    assert all(fine.to_pylist())
    return sorted(opened.to_pylist(), key=str)


def test_values_under_old_keys_move_and_other_files_stay_as_they_are(place):
    write(place, "a@b.c", None, "d@e.f")
    place.run(keys, "rotate")
    write(place, "g@h.i")
    old, new = (key.name for key in ring(place).keys)
    before = shape(place)
    assert sorted(before.values(), key=sorted) == sorted([{old}, {new}], key=sorted)
    tried = place.run(keys, "rewrap", "--dry-run")
    assert "would move" in tried.out
    assert shape(place) == before
    done = place.run(keys, "rewrap")
    assert done.code == 0, done.err
    assert done.line["rows"] == {"rewrapped": 3}, "two e-mails and one row in quarantine"
    after = shape(place)
    assert {*after} & {*before} == {path for path, names in before.items() if names == {new}}
    assert [*after.values()] == [{new}, {new}]
    assert {*clear(place)} == {None, "a@b.c", "d@e.f", "g@h.i"}
    rows = pa.array([row["row"] for row in place.rows("quarantine.reviews")])
    assert unseal(rows, table=TABLE, keyring=ring(place))[0].to_pylist() == [b"row", b"row"]
    assert {row["rating"] for row in place.rows(TABLE)} == {5}
    refused = place.run(keys, "destroy", old)
    assert (refused.code, "training.reviews.user_id (3)" in refused.err) == (7, True), (
        "tokens stay behind, and are told"
    )
    assert place.run(keys, "rewrap").line["rows"] == {"rewrapped": 0}


def test_a_killed_run_keeps_what_it_did_and_the_next_one_ends_it(place, monkeypatch):
    write(place, "a@b.c"), write(place, "d@e.f"), place.run(keys, "rotate")
    new = ring(place).keys[-1].name
    replace, calls = Rewrite.replace, []

    def dies(self, path, size, *, change):
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        replace(self, path, size, change=change)

    with monkeypatch.context() as patch:
        patch.setattr(rewrap, "AT_ONCE", 0)
        patch.setattr(Rewrite, "replace", dies)
        assert place.run(keys, "rewrap").code == 130
    assert sorted(names == {new} for names in shape(place).values()) == [False, True]
    again = place.run(keys, "rewrap")
    assert again.line["rows"]["rewrapped"] == 3, "one e-mail, and the quarantine's rows"
    assert set(clear(place)) == {"a@b.c", "d@e.f"}


@pytest.mark.parametrize(
    ("act", "code", "rows", "why"),
    [
        (lambda table: table.delete(), 0, [], "what others have deleted stays deleted, and nobody is told a fault"),
        (lambda table: table.optimize.compact(), 0, ["a@b.c", "d@e.f"], "what others have compacted is moved there"),
    ],
)
def test_what_others_do_before_the_commit_is_gone_along_with(place, monkeypatch, act, code, rows, why):
    write(place, "a@b.c"), write(place, "d@e.f"), place.run(keys, "rotate")
    commit = Rewrite.commit

    def crossed(self, *, note):
        if self.pairs and self.table == TABLE:
            monkeypatch.setattr(Rewrite, "commit", commit)
            act(place.delta(TABLE))
        return commit(self, note=note)

    monkeypatch.setattr(Rewrite, "commit", crossed)
    done = place.run(keys, "rewrap")
    assert (done.code, clear(place)) == (code, rows), why
    assert done.line["rows"]["rewrapped"] == len(rows) + 2, "each value once, and two rows in quarantine"
    new = ring(place).keys[-1].name
    assert [*shape(place).values()] == [{new}] * bool(rows)
    assert len([*(place.lake / "training/reviews").glob("*rewrap-*/*")]) == bool(rows), "no more than is published"


def test_what_another_library_wrote_anew_is_moved_too(place):
    write(place, "a@b.c", None), place.run(keys, "rotate")
    place.delta(TABLE).delete("email IS NULL")  # which leaves a file of Arrow's views
    assert place.run(keys, "rewrap").line["rows"]["rewrapped"] == 2, "the e-mail, and a row in quarantine"
    assert ([*shape(place).values()], clear(place)) == ([{ring(place).keys[-1].name}], ["a@b.c"])


def test_of_two_rewraps_at_once_one_ends_and_the_next_run_finds_nothing_left(place, monkeypatch):
    write(place, "a@b.c"), place.run(keys, "rotate")
    commit = Rewrite.commit

    def overtaken(self, *, note):
        if self.pairs and self.table == TABLE:
            monkeypatch.setattr(Rewrite, "commit", commit)
            assert place.run(keys, "rewrap").code == 0
        return commit(self, note=note)

    monkeypatch.setattr(Rewrite, "commit", overtaken)
    lost = place.run(keys, "rewrap")
    assert (lost.code, "another run committed to this table first" in lost.err) == (7, True), lost.err
    assert clear(place) == ["a@b.c"]
    assert place.run(keys, "rewrap").line["rows"]["rewrapped"] == 0


def test_a_value_that_does_not_open_stays_and_is_counted(place):
    write(place, "a@b.c")
    old = ring(place).primary
    forged = b"\x01" + old.to_bytes(4) + b"x" * 30
    commits.append(
        Lake(str(place.lake)), TABLE, pa.table({"email": pa.array([forged]), "user_id": ["t"], "rating": [1]})
    )
    place.run(keys, "rotate")
    done = place.run(keys, "rewrap")
    assert "1 do not open and stay" in done.out
    before = shape(place)
    assert place.run(keys, "rewrap").line["rows"] == {"rewrapped": 0}
    assert shape(place) == before
    assert forged in {row["email"] for row in place.rows(TABLE)}


def test_nothing_is_moved_for_who_may_not_write_the_table(place):
    write(place, "a@b.c"), place.run(keys, "rotate")
    (place.root / "policy.yaml").write_text(POLICY.replace("training.*, ", ""))
    before = shape(place)
    assert place.run(keys, "rewrap").code == 5
    assert shape(place) == before


def bind(place, key):
    place.edit(
        "contracts/reviews.yaml", "method: encrypt, domain: email", f"method: encrypt, domain: email, rowKey: {key}"
    )


def write_bound(place, key, values, emails):
    """One more file whose e-mails are bound to the row keys."""
    cols = {path: leaf(place, path) for path in (key, "email")}
    protect = {path: protector(col, table=TABLE, keyring=ring(place)) for path, col in cols.items()}
    row_keys = {key: protect[key](values)}
    rows = {**row_keys, "email": protect["email"](pa.array(emails), row_keys), "rating": pa.array([5] * len(emails))}
    commits.append(Lake(str(place.lake)), TABLE, pa.table(rows))


@pytest.mark.parametrize(
    ("key", "values"), [("review_id", pa.array(["r-1", "r-2"])), ("user_id", pa.array([7, 8], pa.int64()))]
)
def test_values_move_with_the_row_keys_that_they_are_bound_to(place, key, values):
    bind(place, key)
    write_bound(place, key, values, ["a@b.c", "a@b.c"])
    old = ring(place).keys[-1].name
    before = place.rows(TABLE)
    assert f"{old}  {TABLE}.email  2" in place.run(keys, "coverage").out, "five bytes tell, bound or not"
    place.run(keys, "rotate")
    assert place.run(keys, "rewrap").line["rows"] == {"rewrapped": 2}
    rows = place.rows(TABLE)
    assert [row[key] for row in rows] == [row[key] for row in before], "a token stays, and so does what is bound to it"
    lies, row_keys = pa.array([row["email"] for row in rows]), {key: pa.array([row[key] for row in rows])}
    assert {value[1:5].hex() for value in lies.to_pylist()} == {ring(place).keys[-1].name}
    opened, fine = decrypt(lies, leaf(place, "email"), table=TABLE, keyring=ring(place), row_keys=row_keys)
    assert (opened.to_pylist(), fine.to_pylist()) == (["a@b.c", "a@b.c"], [True, True])
    swapped = {key: row_keys[key][::-1]}
    assert decrypt(lies, leaf(place, "email"), table=TABLE, keyring=ring(place), row_keys=swapped)[1].true_count == 0


def test_a_moment_is_the_same_row_key_in_the_file_of_spark_that_does_not_say_its_zone(place):
    bind(place, "created_at")
    moments = pa.array([1_700_000_000_000_001], pa.timestamp("us", "UTC"))
    write_bound(place, "created_at", moments, ["a@b.c"])
    (file,) = (place.lake / "training/reviews").glob("*.parquet")
    pq.write_table(pq.read_table(file), file, use_deprecated_int96_timestamps=True)
    place.run(keys, "rotate")
    assert place.run(keys, "rewrap").line["rows"] == {"rewrapped": 1}
    (row,) = place.rows(TABLE)
    opened, _ = decrypt(
        pa.array([row["email"]]), leaf(place, "email"), table=TABLE, keyring=ring(place),
        row_keys={"created_at": moments},
    )  # fmt: skip
    assert opened.to_pylist() == ["a@b.c"]


def test_what_lies_away_from_its_row_key_stays_and_is_counted(place):
    place.edit("policy.yaml", "training.*,", "training.*, features.*,")
    bind(place, "review_id")
    write_bound(place, "review_id", pa.array(["r-1", "r-2"]), ["a@b.c", "d@e.f"])
    rows = place.rows(TABLE)
    swapped = [rows[1]["email"], rows[0]["email"]]
    lake = Lake(str(place.lake))
    commits.append(lake, TABLE, pa.table({"review_id": ["r-1", "r-2"], "email": swapped, "rating": [1, 1]}))
    commits.append(lake, "features.reviews", pa.table({"email": [rows[0]["email"]]}))
    place.run(keys, "rotate")
    done = place.run(keys, "rewrap")
    assert done.line["rows"] == {"rewrapped": 2}
    assert f"{TABLE}: 2 values in 1 file; 2 do not open and stay" in done.out
    assert "features.reviews: 0 values in 0 files; 1 do not open and stay" in done.out
    assert {row["email"] for row in place.rows(TABLE) if row["rating"] == 1} == set(swapped)


@pytest.mark.spark
def test_spark_reads_a_rewrapped_table_as_it_was(place, spark):
    assert place.run(prepare).code == 0
    path = str(place.lake / "training/reviews")
    lies = spark.read.format("delta").load(path)
    before = sorted(map(str, lies.drop("email").collect()))
    place.run(keys, "rotate")
    assert place.run(keys, "rewrap").code == 0
    now = spark.read.format("delta").load(path)
    assert now.schema == lies.schema
    assert sorted(map(str, now.drop("email").collect())) == before
    new = ring(place).keys[-1].name
    assert {
        row[0] for row in now.where("email is not null").selectExpr("lower(hex(substr(email, 2, 4)))").collect()
    } == {new}
    shown = place.run(quarantine, "show", "--limit", "1")
    assert "cannot be opened" not in shown.out
    assert place.run(prepare, "--set", "prepare.mode=append").line["rows"]["read"] == 0, "no file is new to it"
