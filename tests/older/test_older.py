"""What an older version left is read, added to, tried again, opened, moved to a newer key and verified by this one.

`make.py` made them, with a run that was killed before it published. What is right is told by the raw files alone.
"""

import csv
import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from older import lake
from older.make import PIA, lines, order
from strongroom.core.contract.file import load_contract
from strongroom.core.contract.subject import TAG
from strongroom.core.keys.ring import RoleHandle
from strongroom.flows import audit, check, keys, prepare, project, quarantine, reveal
from strongroom.flows.read import read_table
from strongroom.stores.keys import open_keyring
from strongroom.stores.keys.role_files import file_of, role_keys_of
from strongroom.stores.lake import Lake
from support.opened import decrypt

ORDERS, PEOPLE = "training.orders", "training.people"


@pytest.fixture(scope="module")
def alone():
    with lake.alone():
        yield


@pytest.fixture(params=lake.ARCHIVES, ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def place(request, alone, capsys):
    return lake.unpack(request.param, capsys)


def written(place, *parts, most=50):
    """The orders of these raw files that break no rule, in clear, by their id."""
    rows = []
    for part in parts:
        folder = place.lake / "raw/orders"
        rows += [json.loads(line) for line in (folder / f"o-{part}.json").read_text().splitlines() if line[-1] == "}"]
        if (folder / f"o-{part}.csv").exists():
            rows += csv.DictReader((folder / f"o-{part}.csv").read_text().splitlines())
    kept = [row for row in rows if int(row["pieces"]) <= most and row["placed"] != "noon" and row["email"] != "nobody"]
    return {row["order_id"]: plain(row) for row in kept}


def plain(row):
    return {
        "email": row["email"] or None, "note": row["note"] or None, "pieces": int(row["pieces"]),
        "amount": Decimal(row["amount"]) if row["amount"] else None, "placed": datetime.fromisoformat(row["placed"]),
        "day": date.fromisoformat(row["day"]) if row["day"] else None,
    }  # fmt: skip


def people(place):
    """The people of the raw files that break no rule."""
    raw = [row for part in (1, 2) for row in pq.read_table(place.lake / f"raw/people/p-{part}.parquet").to_pylist()]
    return [row for row in raw if row["age"] <= 120]


def told(rows):
    return sorted(str((row["email"], row["age"], row["home"] and row["home"]["city"], row["likes"])) for row in rows)


def ring(place):
    return open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=False)


def opened(place, table=ORDERS):
    """A table's rows in memory, with what is encrypted in clear."""
    rows, contract = Lake(str(place.lake)).read(table), load_contract(f"{place.root}/contracts/{table[9:]}.yaml")
    for column in contract.columns:
        if column.protect and column.protect.method == "encrypt":
            bound = column.protect.options.get("rowKey")
            with_keys = {"row_keys": {bound: rows[bound].combine_chunks()}} if bound else {}
            lies = rows[column.name].combine_chunks()
            clear, good = decrypt(lies, column, table=table, keyring=ring(place), **with_keys)
            assert all(good.to_pylist())
            rows = rows.set_column(rows.schema.get_field_index(column.name), column.name, clear)
    return rows.to_pylist()


def by_id(rows, *without):
    assert len({row["order_id"] for row in rows}) == len(rows), "each once"
    return {
        row["order_id"]: {
            name: value for name, value in row.items() if name not in ("order_id", "person", TAG, *without)
        }
        for row in rows
    }


def near(rows):
    """Without moments that INT96 holds and nanoseconds since 1970 do not: Spark alone reads these right."""
    return {key: {name: value for name, value in row.items() if name != "placed"} for key, row in rows.items()}


def test_the_archive_keeps_sizes_and_times_of_what_its_manifest_names(place, request):
    for row in place.rows("strongroom.manifest"):
        info = (place.lake / row["path"]).stat()  # a whole path, in what the first version wrote
        assert (info.st_size, info.st_mtime_ns // 1000) == (row["size"], row["modified"]), row["path"]
    if "2026-11-29" in request.node.name:
        for file in place.delta(ORDERS).file_uris():
            found = pq.ParquetFile(file.removeprefix("file://")).schema
            kinds = {found.column(n).name: found.column(n).physical_type for n in range(len(found))}
            assert kinds["placed"] == "INT96", "as Spark wrote timestamps then"


def test_its_tables_hold_what_its_raw_files_held_and_nothing_of_the_killed_run(place):
    assert near(by_id(opened(place))) == near(written(place, 1, 2))
    assert told(opened(place, PEOPLE)) == told(people(place))
    shown = place.run(quarantine, "show", "--limit", "1000", *PIA)
    assert shown.code == 0, shown.err
    rows = [json.loads(line) for line in shown.out.splitlines() if '"reasons"' in line]
    reasons = sorted(reason for row in rows for reason in row["reasons"])
    assert reasons == sorted(3 * ["email.pattern", "pieces.maximum", "pieces.maximum", "placed.type", "row.parse"])
    assert {row["row"]["email"] for row in rows if row["reasons"] == ["email.pattern"]} == {"nobody"}


def test_its_log_is_signed_and_whole_and_goes_on(place):
    before = len(place.audit())
    verified = place.run(audit, "verify")
    assert verified.code == 0, verified.err
    assert len(place.audit()) > before
    assert place.run(audit, "verify").code == 0
    log = next((place.root / "audit").glob("*.jsonl"))
    log.write_text(log.read_text().replace('"outcome":"', '"outcome": "', 1))
    assert place.run(audit, "verify").code != 0, "what was changed shows"


def test_its_values_move_to_a_newer_key_and_a_role_opens_them_before_and_after(place):
    before, handed = written(place, 1, 2), file_of(str(place.lake / "strongroom/role-keys"), "support")
    assert "nothing to do" in place.run(keys, "wrap").out
    done = place.run(keys, "rewrap")
    assert done.code == 0, done.err
    assert done.line["rows"]["rewrapped"] > len(before)
    now, first = by_id(opened(place)), written(place, 1)
    assert near(now) == near(before)
    assert {key: now[key] for key in first} == first, "moments beyond nanoseconds, too: these files are new"
    assert place.run(keys, "rewrap").line["rows"] == {"rewrapped": 0}
    found = RoleHandle("support", f"file:{place.root}/support.kek", handed.read_bytes(), str(handed))
    column = next(
        leaf for leaf in load_contract(f"{place.root}/contracts/orders.yaml").leaves() if leaf.path == "email"
    )
    lies = Lake(str(place.lake)).read(ORDERS)["email"].combine_chunks()
    clear, good = decrypt(lies, column, table=ORDERS, keyring=role_keys_of(found))
    assert set(clear.to_pylist()) == {row["email"] for row in before.values()}
    assert all(good.to_pylist())
    assert place.run(audit, "verify").code == 0


@pytest.mark.spark
def test_an_increment_takes_up_what_the_killed_run_left_and_a_retry_what_now_passes(place, spark):
    lines(place.lake / "raw/orders/o-4.json", [order(400 + n) for n in range(20)])
    done = place.run(prepare)
    assert done.code == 0, done.err
    assert done.line["rows"] == {"read": 65, "written": 60, "quarantined": 5}, "the killed run's files and the new one"
    assert place.run(prepare).line["rows"]["read"] == 0
    assert len(place.rows("quarantine.orders")) == 15, "what the killed run set aside is there once"
    place.edit("contracts/orders.yaml", "maximum: 50", "maximum: 75")
    tried = place.run(quarantine, "retry")
    assert tried.line["rows"] == {"read": 15, "written": 3, "quarantined": 12}, tried.err
    loose = {**written(place, 1, 2, 3, 4), **written(place, 1, 2, 3, most=75)}
    assert near(by_id(opened(place))) == near(loose)
    moments = spark.sql(f"select order_id, cast(placed as string) from delta.`{place.lake}/training/orders`").collect()
    assert {key: datetime.fromisoformat(text + "+00:00") for key, text in moments} == {
        key: row["placed"] for key, row in loose.items()
    }


@pytest.mark.spark
def test_what_roles_were_given_is_brought_up_to_date_and_opened_anew(place, spark):
    done = place.run(project)
    assert done.code == 0, done.err
    lines(place.lake / "raw/orders/o-4.json", [order(400 + n) for n in range(20)])
    assert place.run(prepare).code == 0
    assert place.run(project).code == 0
    wanted = written(place, 1, 2, 3, 4)
    seen = read_table(spark, ORDERS, "user:dora", "", settings=str(place.settings))
    assert set(seen.columns) == {"order_id", "person", "amount", "pieces", "placed", "day"}
    texts = seen.selectExpr("order_id", "pieces", "cast(placed as string) placed").collect()
    assert {row.order_id: (row.pieces, datetime.fromisoformat(row.placed + "+00:00")) for row in texts} == {
        key: (row["pieces"], row["placed"]) for key, row in wanted.items()
    }
    shown = place.run(reveal, "--columns", "order_id,email,note", *PIA)
    assert shown.code == 0, shown.err
    assert {row["order_id"]: (row["email"], row["note"]) for row in place.rows("revealed.orders")} == {
        key: (row["email"], row["note"]) for key, row in wanted.items()
    }
    lies = spark.read.format("delta").load(str(place.lake / "training/people"))
    found = [(row.age, row.seen) for row in lies.selectExpr("age", "cast(seen as string) seen").collect()]
    assert sorted((age, datetime.fromisoformat(seen + "+00:00")) for age, seen in found) == sorted(
        (row["age"], row["seen"]) for row in people(place)
    )


def test_what_its_derived_tables_do_not_say_of_their_origin_is_told(place, request):
    answer = place.run(check, "--lake").line["answer"]
    told = {problem["where"] for problem in answer["notes"]}
    left = {each["path"].rpartition("-")[2] for each in answer["strays"]}
    assert left <= {"killed"}, "all but what its killed run has left belongs to something"
    ours = {"training.orders", "training.people", "revealed.orders", "projected.desk.any.training.orders"}
    assert {table for table in told if table[0] != "/"} == (ours if "2026-11-29" in request.node.name else set())
