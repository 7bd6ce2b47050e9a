"""Uniqueness and references on real tables: the conformance cases by Spark, and whole runs on a lake."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from quality.conformance import batch_of, cases, contract_of, others_of
from strongroom.core.contract import ACROSS
from strongroom.core.contract.file import parse_contract
from strongroom.flows import check, keys, prepare, quarantine
from strongroom.flows.cross_row.fingerprints import KeyColumns, Scan, scan
from strongroom.flows.cross_row.rules import broken_rows
from strongroom.flows.row_pass.engines import Local, Spark
from strongroom.flows.row_pass.feeds import Stretch
from strongroom.flows.row_pass.inputs import Input, Road
from strongroom.flows.row_pass.process import PassPlan
from strongroom.quality.reading.blocks import Block, Seen
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits, staging
from support.lakes import install

CASES = [case for case in cases() if case.name.startswith(("references", "unique")) and case.rows]
APPEND = ("--set", "prepare.mode=append")
OPEN_GATE = ("--set", "prepare.quarantine_limit=1")


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return open_keyring(f"file:{folder}/kek", f"{folder}/ring.json", create=True)


@dataclass(frozen=True)
class Given:
    """Rows of a case as a task is fed with them."""

    rows: pa.RecordBatch

    def stretches(self, batches, *, only=None):
        names = [name for name in self.rows.schema.names if only is None or name in only]
        for _ in batches:
            block = Block(self.rows.select(names), np.arange(1, self.rows.num_rows + 1))
            yield Stretch(0, "f", 0, Seen(), iter([block]))


def by_engine():
    """Every case without Spark; with it every fourth, and the others in the slow suite."""
    for number, case in enumerate(CASES):
        yield pytest.param("local", case, id=f"local-{case.name}")
        marks = [pytest.mark.spark, *([pytest.mark.slow] if number % 4 else [])]
        yield pytest.param("spark", case, id=f"spark-{case.name}", marks=marks)


@pytest.mark.parametrize(("engine", "case"), list(by_engine()))
def test_exactly_the_rows_that_duckdb_finds_are_marked(case, engine, request, tmp_path, ring):
    spark = request.getfixturevalue("spark") if engine == "spark" else None
    contract = contract_of(case.contract)
    for other, rows in others_of(case):
        write_deltalake(f"{tmp_path}/training/{other.name}", pa.table(rows.columns, schema=rows.schema))
    plan, raw = PassPlan(contract, "training.t", ring.handle), batch_of(case, contract)
    job = SimpleNamespace(run=SimpleNamespace(id="r1"), spark=lambda: spark, say=lambda _: None)
    way = Road(Spark(job.spark) if engine == "spark" else Local(), job.spark)
    inputs = [Input(Given(raw), 0, count=1)]
    broken = broken_rows(job, way, plan, inputs, lake=Lake(str(tmp_path)), onto=False).get(("f", 0), {})
    rules = [rule.id for rule in contract.rules if rule.check in ACROSS]
    found = {rule: [int(number) - 1 for number in broken.get(place, ())] for place, rule in enumerate(rules)}
    assert found == {rule: case.fails.get(rule, []) for rule in rules}, case.why


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: NAME
name: NAME
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/NAME/*.FORM, format: FORM}
schema:
  - name: NAME
    properties:
COLUMNS
customProperties: [{property: purposes, value: [model_training]}]
"""


@pytest.fixture(params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def place(request, tmp_path, capsys):
    """Whole runs without Spark, and the same with it."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    return install(tmp_path / "a b", capsys, engine=request.param)


def contract(place, name, *columns, form="json"):
    """A contract of these columns: `name, type, protect, anything else`."""
    lines = [
        f"      - {{name: {column}, logicalType: {kind}, customProperties: [{{property: protect, value: {protect}}}]"
        + "".join(f", {one}" for one in more)
        + "}"
        for column, kind, protect, *more in columns
    ]
    text = CONTRACT.replace("NAME", name).replace("FORM", form).replace("COLUMNS", "\n".join(lines))
    (place.root / "contracts" / f"{name}.yaml").write_text(text)


def put(place, name, file, *rows):
    folder = place.lake / "raw" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{file}.json").write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(place, name, *options):
    done = place.run(prepare, "--contract", name, *options)
    assert done.code == 0, done.err
    return done


def numbers(place, table):
    return sorted(row["n"] for row in place.rows(f"training.{table}"))


def aside(place, name):
    return sorted(reason for row in place.rows(f"quarantine.{name}") for reason in row["reasons"])


PERSON, KEEP = "{method: hash, domain: person}", "{method: keep}"


@pytest.fixture
def orders(place):
    """People of whom two are known, and orders that refer to them: by token, as nobody may see who ordered."""
    contract(place, "people", ("who", "integer", PERSON, "unique: true"), ("n", "integer", KEEP))
    contract(place, "orders", ("who", "integer", PERSON, "relationships: [{to: people.who}]"), ("n", "integer", KEEP))
    put(place, "people", "a", {"who": 1, "n": 1}, {"who": 2, "n": 2})
    put(place, "orders", "a", *({"who": who, "n": n} for n, who in enumerate((1, 2, 3, "02", None, 3))))
    return place


def test_a_reference_by_token_is_looked_up_and_what_dangles_goes_to_quarantine(orders):
    run(orders, "people")
    done = run(orders, "orders")
    assert numbers(orders, "orders") == [0, 1, 3, 4], "2 and 02 are one person; nobody ordered n. 4"
    assert aside(orders, "orders") == ["who.reference"] * 2
    assert "who.reference: looked up in training.people, version 1" in done.err
    lineage = Path(done.line["report"]).with_suffix(".openlineage.jsonl").read_text().splitlines()[-1]
    assert [each["name"] for each in json.loads(lineage)["inputs"]][1:] == [str(orders.lake / "training/people")]
    tokens = {row["who"] for row in orders.rows("training.people")}
    assert {row["who"] for row in orders.rows("training.orders")} - {None} == tokens


def test_a_retry_looks_again(orders):
    run(orders, "people")
    run(orders, "orders")
    put(orders, "people", "b", {"who": 3, "n": 3})
    still = orders.run(quarantine, "--contract", "orders", "retry")
    assert still.line["rows"] == {"read": 2, "written": 0, "quarantined": 2}, still.err
    run(orders, "people", *APPEND)
    found = orders.run(quarantine, "--contract", "orders", "retry")
    assert found.line["rows"] == {"read": 2, "written": 2, "quarantined": 0}, found.err
    assert numbers(orders, "orders") == [0, 1, 2, 3, 4, 5]


def test_tokens_of_another_key_are_still_those_of_the_same_person(orders):
    run(orders, "people")
    assert orders.run(keys, "rotate", "--set", "principal=user:kim").code == 0
    put(orders, "people", "b", {"who": 3, "n": 3})
    old = orders.rows("strongroom.runs")[0]["key"]
    said = f"{old}  made tokens of earlier rows"
    assert said in run(orders, "people", *APPEND).out
    assert said not in run(orders, "orders").out, "no row of orders lies under it"
    assert numbers(orders, "orders") == [0, 1, 2, 3, 4, 5], "1 and 2 lie under the old key, 3 under the new one"
    put(orders, "people", "c", {"who": 1, "n": 9}, {"who": 4, "n": 4})
    run(orders, "people", *APPEND, *OPEN_GATE)
    assert numbers(orders, "people") == [1, 2, 3, 4], "nor does a new key make another person of 1"


def test_keys_of_rows_that_others_add_before_the_commit_are_compared_with_those_of_the_run(orders, monkeypatch):
    run(orders, "people")
    publish = prepare.publish_training

    def crossed(rows_of):
        def crossing(job, done, *, lake, planned, **more):
            monkeypatch.setattr(prepare, "publish_training", publish)
            commits.append(lake, "training.people", rows_of(lake, done.batch))
            return publish(job, done, lake=lake, planned=planned, **more)

        monkeypatch.setattr(prepare, "publish_training", crossing)

    def known(lake, _):
        return lake.read("training.people").slice(0, 1)

    def new(lake, batch):
        (file,) = staging.staged(lake, "training.people", batch.stage)
        return pq.read_table(f"{lake.folder('training.people')}/{file.path}", columns=["who", "n"], partitioning=None)

    put(orders, "people", "b", {"who": 3, "n": 3})
    crossed(known)
    run(orders, "people", *APPEND)
    assert numbers(orders, "people") == [1, 1, 2, 3], "a row of theirs that is there twice is theirs to answer for"
    put(orders, "people", "c", {"who": 4, "n": 4})
    crossed(new)
    refused = orders.run(prepare, "--contract", "people", *APPEND)
    assert (refused.code, "with keys of this run's rows (rule who.unique)" in refused.err) == (7, True), refused.err
    assert numbers(orders, "people") == [1, 1, 2, 3, 4], "as the others left it"
    run(orders, "people", *APPEND, *OPEN_GATE)
    assert numbers(orders, "people") == [1, 1, 2, 3, 4]
    assert aside(orders, "people") == ["who.unique"]


def test_a_table_that_is_not_there_stops_the_run_before_it_reads(orders):
    for options in ((), ("--dry-run",)):
        stopped = orders.run(prepare, "--contract", "orders", *options)
        assert stopped.code == 7
        assert "a table that the contract refers to is not there yet" in stopped.err
        assert "where: training.people" in stopped.err
        assert f"prepare --config {shlex.quote(str(orders.settings))} --contract people first" in stopped.err
    assert not (orders.lake / "training/orders").exists()


def test_the_policy_is_asked_about_the_other_table(orders):
    run(orders, "people")
    orders.edit(
        "policy.yaml", "denies:\n", "denies:\n  - {role: engineer, actions: [read], tables: [training.people]}\n"
    )
    refused = orders.run(prepare, "--contract", "orders")
    assert refused.code == 5
    assert "training.people" in refused.err


def test_dry_run_and_check_tell_of_it(orders):
    run(orders, "people")
    dry = orders.run(prepare, "--contract", "orders", "--dry-run")
    assert "refers to training.people (who)" in dry.out
    dry = orders.run(prepare, "--contract", "people", "--dry-run", *APPEND)
    assert "unique in the new files and in the table" in dry.out
    done = orders.run(check, str(orders.root / "contracts/orders.yaml"))
    assert "3 rules, refers to people" in done.out


UNLIKE = [
    # the other end, what is said
    (("who", "integer", KEEP), "one leaves by hash, the other by keep"),
    (("who", "integer", "{method: hash, domain: others}"), "their hashes differ in domain"),
    (("who", "integer", "{method: hash, domain: person, profile: hmac-sha256}"), "their hashes differ in profile"),
    (("who", "string", PERSON), "one is bigint, the other string"),
    (("whom", "integer", PERSON), "'people' has no column 'who'. Did you mean 'whom'?"),
]


@pytest.mark.parametrize(("column", "said"), UNLIKE, ids=[case[1] for case in UNLIKE])
def test_ends_that_cannot_be_compared_are_refused_when_the_contract_is_read(orders, column, said):
    contract(orders, "people", column)
    for flow, options in ((prepare, ("--contract", "orders")), (check, (str(orders.root / "contracts/orders.yaml"),))):
        refused = orders.run(flow, *options)
        assert refused.code == 3
        assert "orders.yaml:12: " in refused.err
        assert said in refused.err


def test_a_contract_that_is_not_there_or_not_sound_is_told(orders):
    orders.edit("contracts/people.yaml", "unique: true", "unqiue: true")
    broken = orders.run(prepare, "--contract", "orders")
    assert broken.code == 3
    assert "people.yaml:12" in broken.err
    (orders.root / "contracts/people.yaml").unlink()
    gone = orders.run(prepare, "--contract", "orders")
    assert gone.code == 3
    assert "orders.yaml:12: There is no contract of 'people'" in gone.err


WAYS = [
    # protection of a unique column, and whether an increment's copies of published rows are found
    (KEEP, True),
    ("{method: hash}", True),
    ("{method: encrypt}", True),
    ("{method: encrypt, mode: randomised}", False),
    ("{method: drop}", False),
]


@pytest.mark.parametrize(("protect", "found"), WAYS, ids=[way for way, _ in WAYS])
def test_an_increment_does_not_bring_what_the_table_has_where_that_can_be_seen(place, protect, found):
    contract(place, "t", ("k", "string", protect, "unique: true"), ("n", "integer", KEEP))
    put(place, "t", "a", {"k": "x", "n": 1}, {"k": "y", "n": 2}, {"k": None, "n": 3})
    run(place, "t", *APPEND)
    put(place, "t", "b", {"k": "x", "n": 4}, {"k": "z", "n": 5}, {"k": "w", "n": 6}, {"k": "w", "n": 7}, {"n": 8})
    dry = place.run(prepare, "--contract", "t", "--dry-run", *APPEND)
    assert ("unique in the new files and in the table" in dry.out) is found
    assert ("nobody finds it in the table" in dry.out) is not found
    run(place, "t", *APPEND, *OPEN_GATE)
    assert numbers(place, "t") == [1, 2, 3, *([] if found else [4]), 5, 8], "what is published stays"
    assert aside(place, "t") == ["k.unique"] * (3 if found else 2)


def test_a_retry_does_not_bring_it_either(place):
    contract(place, "t", ("k", "string", "{method: hash}", "unique: true"), ("n", "integer", KEEP))
    put(place, "t", "a", {"k": "x", "n": "one"}, {"k": "y", "n": "two"})
    run(place, "t", *APPEND, *OPEN_GATE)
    put(place, "t", "b", {"k": "x", "n": 1})
    run(place, "t", *APPEND)
    contract(place, "t", ("k", "string", "{method: hash}", "unique: true"),
             ("n", "integer", KEEP + "}, {property: read, value: {missing: [one, two]}"))  # fmt: skip
    found = place.run(quarantine, "--contract", "t", "retry")
    assert found.line["rows"] == {"read": 2, "written": 1, "quarantined": 1}, found.err
    assert aside(place, "t") == ["k.unique"], "x is there, in its mended form"


def test_kept_keys_of_several_columns_from_parquet_are_compared_as_values(place):
    contract(
        place, "shops", ("land", "string", KEEP), ("no", "integer", KEEP, "physicalType: int"), ("n", "integer", KEEP)
    )
    contract(place, "sales", ("land", "string", KEEP), ("no", "integer", KEEP), ("n", "integer", KEEP), form="parquet")
    pair = "    relationships: [{from: [sales.no, sales.land], to: [shops.no, shops.land]}]"
    place.edit("contracts/sales.yaml", "\ncustomProperties:", f"\n{pair}\ncustomProperties:")
    put(place, "shops", "a", {"land": "DE", "no": 1, "n": 0}, {"land": "FR", "no": 2, "n": 0})
    sold = [("DE", 1), ("FR", 2), ("DE", 2), ("de", 1), (None, 7), ("DE", None)]
    (place.lake / "raw/sales").mkdir(parents=True)
    table = pa.table(
        {"land": [land for land, _ in sold], "no": pa.array([no for _, no in sold], pa.int64()), "n": range(6)}
    )
    pq.write_table(table, place.lake / "raw/sales/a.parquet")
    run(place, "shops")
    run(place, "sales", *OPEN_GATE)
    assert numbers(place, "sales") == [0, 1, 4, 5]
    assert aside(place, "sales") == ["sales.reference"] * 2


TWO_OF_EACH = """\
apiVersion: v3.1.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/t/*.parquet, format: parquet}]
schema:
  - name: t
    properties:
      - {name: a, logicalType: integer, unique: true, customProperties: [{property: protect, value: {method: keep}}]}
      - name: b
        logicalType: string
        unique: true
        customProperties: [{property: protect, value: {method: B}}]
      - name: c
        logicalType: integer
        relationships: [{to: one.k}]
        customProperties: [{property: protect, value: {method: keep}}]
      - name: d
        logicalType: string
        relationships: [{to: two.k}]
        customProperties: [{property: protect, value: {method: keep}}]
customProperties: [{property: purposes, value: [x]}]
"""


@dataclass(frozen=True)
class Counting(Given):
    """The same, and who asked for what."""

    asked: list

    def stretches(self, batches, *, only=None):
        self.asked.append(sorted(only))
        return Given.stretches(self, batches, only=only)


@pytest.mark.parametrize("method", ["keep", "encrypt"])
def test_all_such_rules_together_read_the_key_columns_once_and_hand_on_fingerprints_only(tmp_path, ring, method):
    for name, keys_there in (("one", [1, 2]), ("two", ["x-value", "y-value"])):
        write_deltalake(f"{tmp_path}/training/{name}", pa.table({"k": keys_there}))
    made = parse_contract(TWO_OF_EACH.replace("method: B", f"method: {method}"), "t.yaml")
    columns = {
        "a": [1, 2, 1, None, 5], "b": ["p-value", "q-value", "q-value", "r-value", "r-value"], "c": [1, 2, 3, 1, None],
        "d": ["x-value", "z-value", "y-value", None, "x-value"], "w": list(range(5)),
    }  # fmt: skip
    plan, feed = PassPlan(made, "training.t", ring.handle), Counting(pa.RecordBatch.from_pydict(columns), [])
    job = SimpleNamespace(run=SimpleNamespace(id="r1"), spark=None, say=lambda _: None)
    handed = []

    class Watched(Local):
        def run(self, tasks, schema):
            found = Local.run(self, tasks, schema)
            handed.extend(found.to_pylist())
            return found

    way = Road(Watched(), None)
    broken = broken_rows(job, way, plan, [Input(feed, 0, count=1)], lake=Lake(str(tmp_path)), onto=False)["f", 0]
    assert [rule.id for rule in made.rules if rule.check in ACROSS] == [
        "a.unique",
        "b.unique",
        "c.reference",
        "d.reference",
    ]
    assert [[int(number) - 1 for number in broken[place]] for place in range(4)] == [[0, 2], [1, 2, 3, 4], [2], [1]]
    assert feed.asked == [["a", "b", "c", "d"]], "once, and no other column"
    assert b"value" not in b"".join(row["prints"] for row in handed)
    assert {len(row["prints"]) // 16 for row in handed if not row["theirs"]} == {
        len(row["numbers"]) // 8 for row in handed if not row["theirs"]
    }


def test_fingerprints_of_two_runs_have_nothing_in_common(ring):
    plan = PassPlan(
        parse_contract(TWO_OF_EACH.replace("method: B", "method: keep"), "t.yaml"), "training.t", ring.handle
    )
    feed = Given(pa.RecordBatch.from_pydict({"a": [1, 2, 3]}))
    found = [
        {
            row["prints"]
            for batch in scan(Scan(plan, feed, (KeyColumns(0, ("a",)),), run, 1), [1])
            for row in batch.to_pylist()
        }
        for run in ("one", "two", "one")
    ]
    assert found[0] == found[2]
    assert not found[0] & found[1]
