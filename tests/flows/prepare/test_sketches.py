"""What a run remembers of values: stored beside its counts, read by Spark SQL, merged over batches, never personal."""

import json
import struct
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasketches import HLL_4, hll_sketch
from deltalake import DeltaTable, write_deltalake

from strongroom.core.contract.file import load_contract, parse_contract
from strongroom.core.run import Run
from strongroom.flows import prepare
from strongroom.flows.foundation import table_plans
from strongroom.flows.prepare import report, run_record, sketches
from strongroom.flows.prepare.run_record import Done
from strongroom.flows.row_pass import process
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.sketches import DISTINCT, LENGTHS, QUANTILES, TOP, sketches_of
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.blocks import Block
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from strongroom.stores.lake.commits import Change
from strongroom.stores.sources import RawFile, manifest
from support.lakes import install

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/visits/*.parquet, format: parquet}
schema:
  - name: visits
    properties:
      - name: person
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: hash, domain: person}}]
      - name: mail
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: keep, why: needed for a test of mailboxes}}]
      - name: salary
        logicalType: integer
        classification: personal
        customProperties: [{property: protect, value: {method: generalise, bands: {width: 1000, min: 0, max: 100000}}}]
      - name: secret
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: encrypt, mode: randomised}}]
      - name: number
        logicalType: integer
        logicalTypeOptions: {minimum: 0}
        customProperties: [{property: protect, value: {method: keep}}]
      - name: amount
        logicalType: number
        customProperties: [{property: protect, value: {method: keep}}]
      - name: city
        logicalType: string
        logicalTypeOptions: {maxLength: 40}
        customProperties: [{property: protect, value: {method: keep}}]
      - name: note
        logicalType: string
        customProperties: [{property: protect, value: {method: keep}}, {property: role, value: text}]
      - name: spoken
        logicalType: boolean
        customProperties: [{property: protect, value: {method: keep}}]
customProperties:
  - {property: purposes, value: [model_training]}
"""
SCHEMA = pa.schema(
    [("person", pa.string()), ("mail", pa.string()), ("salary", pa.int64()), ("secret", pa.string()),
     ("number", pa.int64()), ("amount", pa.float64()), ("city", pa.string()), ("note", pa.string()),
     ("spoken", pa.bool_())]
)  # fmt: skip


def visits(first, count):
    """Rows of which every 50th breaks a rule."""
    return [
        {"person": f"person-{n % 700}", "mail": f"planted.{n % 300}@personal.example", "salary": 77_000 + n % 9_000,
         "secret": f"planted-secret-{n}", "number": -1 if n % 50 == 49 else n, "amount": None if n % 7 == 0 else n / 4,
         "city": f"City {n % 13 if n % 3 else 0}", "note": "planted words " + "x" * (n % 90), "spoken": n % 5 == 0}
        for n in range(first, first + count)
    ]  # fmt: skip


@pytest.fixture
def place(tmp_path, capsys, spark):
    place = install(tmp_path, capsys)
    (place.root / "contracts/visits.yaml").write_text(CONTRACT)
    (place.lake / "raw/visits").mkdir(parents=True)
    return place


@pytest.fixture
def lake(tmp_path):
    """A lake with the table, and the one pass that fills it, without Spark."""
    ring = open_keyring(f"file:{tmp_path}/kek", f"{tmp_path}/keyring.json", create=True)
    plan = process.PassPlan(parse_contract(CONTRACT, "visits.yaml"), "training.visits", ring.handle)
    found = Lake(str(tmp_path / "lake"))
    found.ensure("training.visits", table_plans.training(plan.contract))
    return Prepared(found, plan, ring.primary)


@dataclass(frozen=True)
class Prepared:
    lake: Lake
    plan: process.PassPlan
    key: int

    def batch(self, number, rows, *, mode="append", publish=True):
        """What a run does with its counts: two tasks, merged, stored, and the version published."""
        tally = Tally()
        for part in (rows[: len(rows) // 3], rows[len(rows) // 3 :]):
            worker = process.Worker(self.plan)
            rows = pa.RecordBatch.from_pylist(part, SCHEMA)
            list(worker.process(process.Placed(Block(rows, np.arange(1, len(part) + 1)), "f")))
            tally = tally.merge(Tally.from_json(worker.tally.to_json()))
        tally = sketches.without_rare(tally)
        run = Run(f"run-{number}", "prepare", "user:ada", "model_training", datetime(2026, 1, number, tzinfo=UTC))
        batch = manifest.Batch("visits", number, run.id, mode, (RawFile(f"f{number}", 1, 1),))
        manifest.plan(self.lake, batch, planned=run.started)
        done = Done(run, self.plan.contract, batch, tally, (), self.key)
        run_record.write_metrics(done, lake=self.lake)
        if publish:
            onto = self.lake.open("training.visits")
            change = Change(whole=mode == "overwrite")
            commits.commit(self.lake, "training.visits", change, looked=onto, writers=batch.writers)
        return done

    def before(self, number, *, key=None):
        batch = manifest.Batch("visits", number, "later", "append", ())
        return sketches.before(self.lake, self.plan.contract, batch=batch, key=key or self.key)

    def rows(self):
        return self.lake.read("strongroom.metrics").to_pylist()

    def bytes(self):
        """All that the metrics are made of, states unpacked."""
        files = [file.read_bytes() for file in Path(self.lake.root, "strongroom").rglob("*") if file.is_file()]
        return b"".join([*files, *(row["state"] for row in self.rows() if row["state"])])


def kept(rows):
    return [row for row in rows if row["number"] >= 0]


def add(place, name, rows):
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), place.lake / f"raw/visits/{name}.parquet")


def run(place, *options):
    done = place.run(prepare, "--contract", "visits", "--set", "prepare.mode=append", *options)
    assert done.code == 0, done.err
    return done


def stored(place):
    rows = [row for row in place.rows("strongroom.metrics") if row["state"] is not None]
    return {(row["batch"], row["name"], row["metric"]): row for row in rows}


@pytest.mark.spark
def test_every_state_is_read_by_spark_sql_and_is_near_the_truth(place, spark):
    add(place, "one", visits(0, 4_000))
    run(place)
    kept = place.rows("training.visits")
    assert len(kept) == 3_920
    contract = load_contract(str(place.root / "contracts/visits.yaml"))
    found = stored(place)
    assert {(name, kind) for _, name, kind in found} == {
        (path, kind) for path, kinds in sketches_of(contract).items() for kind in kinds
    }
    spark.read.format("delta").load(str(place.lake / "strongroom/metrics")).createOrReplaceTempView("kept_states")
    estimates = spark.sql(
        "select name, hll_sketch_estimate(state) as estimate from kept_states where metric = 'distinct'"
    ).collect()
    visits_kept = pa.Table.from_pylist(kept)  # noqa: F841  DuckDB finds it by its name
    exact = dict(duckdb.sql("select unnest(['person','mail','salary','number','amount','city']) as name, "
        "unnest([count(distinct person), count(distinct mail), count(distinct salary), count(distinct number), "
        "count(distinct amount), count(distinct city)]) as n from visits_kept").fetchall())  # fmt: skip
    assert {row.name for row in estimates} == set(exact)
    for row in estimates:
        assert row.estimate == pytest.approx(exact[row.name], rel=0.06), row.name
        assert found[1, row.name, DISTINCT]["value"] == pytest.approx(row.estimate, rel=0.03)
    read = "select kll_sketch_get_quantile_double(state, 0.5D) as half, kll_sketch_get_n_double(state) as n "
    for name, values in (("number", [row["number"] for row in kept]), ("note", [len(row["note"]) for row in kept])):
        half, n = spark.sql(f"{read} from kept_states where name = '{name}' and form like 'kll%'").first()
        assert n == 3_920
        rank = sum(value <= half for value in values) / n
        assert rank == pytest.approx(0.5, abs=0.03), name
    top = spark.sql(
        "select inline(approx_top_k_estimate(named_struct('sketch', "
        "concat(state, X'0000000000000000'), 'maxItemsTracked', 768, "
        "'itemDataType', cast(null as string), 'itemDataTypeDDL', 'item STRING'), 3)) "
        "from kept_states where name = 'city' and metric = 'top'"
    ).collect()
    assert [(row.item, row["count"]) for row in top][:1] == Counter(row["city"] for row in kept).most_common(1)


def test_states_of_several_batches_merge_to_the_whole_table(lake):
    for number in (1, 2, 3):
        lake.batch(number, visits(3_000 * number, 3_000))
    rows, whole = kept(visits(3_000, 9_000)), lake.before(4)
    assert {path: set(kinds) for path, kinds in whole.items()} == {
        path: set(kinds) for path, kinds in sketches_of(lake.plan.contract).items()
    }
    numbers = [row["number"] for row in rows]
    assert (
        sketch_states.count_of(whole["number"][QUANTILES])
        == sketch_states.count_of(whole["note"][LENGTHS])
        == len(rows)
    )
    for rank, at in zip(
        (0.1, 0.5, 0.9), sketch_states.quantiles_of(whole["number"][QUANTILES], (0.1, 0.5, 0.9)), strict=True
    ):
        assert sum(number <= at for number in numbers) / len(rows) == pytest.approx(rank, abs=0.03)
    for name in ("number", "mail", "person", "city"):
        exact = len({row[name] for row in rows})
        assert sketch_states.distinct_of(whole[name][DISTINCT]).value == pytest.approx(exact, rel=0.06), name
    bands = len({row["salary"] // 1000 for row in rows})
    assert sketch_states.distinct_of(whole["salary"][DISTINCT]).value == pytest.approx(bands, abs=0.01), (
        "of what leaves"
    )
    named = sketch_states.top_of(whole["city"][TOP], 20)
    assert {one.value: one.count for one in named} == Counter(row["city"] for row in rows)
    spoken = sketch_states.top_of(whole["spoken"][TOP], 20)
    assert {one.value: one.count for one in spoken} == Counter(str(row["spoken"]).lower() for row in rows)


def test_sketches_can_be_left_out_and_the_gate_still_counts(lake):
    without = replace(lake, plan=replace(lake.plan, sketched=False))
    tally, whole = without.batch(1, visits(0, 300)).tally, lake.batch(2, visits(0, 300)).tally
    assert tally.sketches == {}
    assert (tally.failed, tally.distinct["person"]) == (whole.failed, whole.distinct["person"])
    assert [row for row in lake.rows() if row["batch"] == 1 and row["state"]] == []


def test_marks_under_two_keys_do_not_merge(lake):
    lake.batch(1, visits(0, 300))
    assert lake.before(2).keys() - lake.before(2, key=lake.key ^ 1).keys() == {"person", "mail", "salary"}


def test_what_readers_had_is_what_was_published_since_the_last_snapshot(lake):
    lake.batch(1, visits(0, 100))
    lake.batch(2, visits(100, 100), mode="overwrite")
    lake.batch(3, visits(200, 100), publish=False)
    lake.batch(4, visits(300, 100))
    assert sketch_states.count_of(lake.before(5)["number"][QUANTILES]) == 2 * 98
    assert sketch_states.quantiles_of(lake.before(5)["number"][QUANTILES], (0.0,)) == (100.0,)
    assert lake.before(1) == {}, "nobody had anything"


def test_no_value_of_a_personal_column_is_in_any_state(lake):
    lake.batch(1, visits(0, 2_000))
    whole = lake.bytes()
    assert b"City 0" in whole, "an open value, which shows that this search finds values"
    for planted in (b"planted.", b"personal.example", b"person-1", b"planted-secret", b"planted words"):
        assert planted not in whole
    for salary in (77_000, 77_001, 85_999):
        for form in (struct.pack("<d", salary), struct.pack("<q", salary), str(salary).encode()):
            assert form not in whole
    kinds = {}
    for row in lake.rows():
        if row["state"] is not None:
            kinds.setdefault(row["name"], set()).add(row["metric"])
    assert {name: kinds.get(name) for name in ("person", "mail", "salary", "secret")} == {
        "person": {DISTINCT}, "mail": {DISTINCT}, "salary": {DISTINCT}, "secret": None
    }  # fmt: skip


def test_values_of_hardly_any_row_are_not_kept_by_name(lake):
    rows = [row | {"city": "planted hamlet"} if place in range(0, 900, 100) else row
            for place, row in enumerate(visits(0, 2_000))]  # fmt: skip
    state = lake.batch(1, rows).tally.sketches["city"][TOP]
    assert b"planted hamlet" not in lake.bytes() + state
    assert b"planted hamlet" in lake.batch(2, [*rows, rows[0]]).tally.sketches["city"][TOP], (
        "the tenth row makes it a place"
    )
    assert sketch_states.weight_of(state) == len(kept(rows)), "their rows are counted still"


@pytest.mark.parametrize(("name", "values"), [
    ("mail", [f"planted.{n}@personal.example" for n in range(300)]),
    ("person", [f"person-{n}" for n in range(300)]),
    ("salary", [f"[{low}, {low + 1000})" for low in range(0, 100_000, 1000)]),
])  # fmt: skip
def test_whoever_tries_clear_values_on_a_personal_column_finds_none_of_them(lake, name, values):
    rows = [row | {"person": f"person-{place % 300}"} for place, row in enumerate(visits(0, 1_500))]
    state = lake.batch(1, rows).tally.sketches[name][DISTINCT]
    alone = sketch_states.distinct_of(state).value
    guess = hll_sketch(12, HLL_4)
    for value in values:
        guess.update(value)
    both = sketch_states.distinct_of(sketch_states.merge(DISTINCT, [state, bytes(guess.serialize_compact())])).value
    assert both == pytest.approx(alone + len(values), rel=0.05)


def test_a_metrics_table_of_before_gains_the_states_and_keeps_its_rows(lake):
    lake.batch(1, visits(0, 100))
    older = lake.lake.read("strongroom.metrics").drop_columns(["form", "state"])
    folder = str(Path(lake.lake.root, "strongroom/metrics"))
    write_deltalake(folder, older, mode="overwrite", schema_mode="overwrite")
    assert "state" not in DeltaTable(folder).schema().to_json()
    assert lake.before(2) == {}, "no state, and no error"
    lake.batch(2, visits(100, 100))
    assert [row["value"] for row in lake.rows() if row["metric"] == "good"] == [98, 98]
    assert {row["batch"] for row in lake.rows() if row["state"] is not None} == {2}
    assert lake.before(3) == {}, "half of a table is not told as the whole"


def test_a_state_that_somebody_broke_is_left_out(lake):
    lake.batch(1, visits(0, 100))
    whole = lake.lake.read("strongroom.metrics")
    rows = [row | {"state": b"no sketch"} if (row["name"], row["metric"]) == ("number", QUANTILES) else row
            for row in whole.to_pylist()]  # fmt: skip
    broken = pa.Table.from_pylist(rows, whole.schema)
    write_deltalake(str(Path(lake.lake.root, "strongroom/metrics")), broken, mode="overwrite")
    assert set(lake.before(2)["number"]) == {DISTINCT}
    assert set(lake.before(2)["amount"]) == {DISTINCT, QUANTILES}


def test_the_report_tells_this_run_beside_what_readers_had(lake):
    lake.batch(1, visits(0, 1_000))
    told = report.columns_of(lake.batch(2, visits(1_000, 1_000)), before=lake.before(2))
    facts = {facts.path: facts for facts in told}
    number = facts["number"]
    assert (number.spread.of, number.spread.smallest, number.spread.largest) == ("values", "1,000", "1,998")
    assert sum(one.now for one in number.spread.bins) == pytest.approx(1)
    assert sum(one.before for one in number.spread.bins[:10]) == pytest.approx(1), "the numbers below a thousand"
    assert (number.spread.bins[0].low, number.spread.bins[-1].high) == ("0", "1,998")
    assert number.distinct_low < number.distinct < number.distinct_high
    assert number.distinct_table == pytest.approx(1_960, rel=0.06)
    assert facts["note"].spread.of == "lengths"
    first = facts["city"].top[0]
    assert (first.value, first.now) == ("City 0", pytest.approx(378 / 980))
    assert first.before == pytest.approx(376 / 980)
    assert (facts["person"].distinct, facts["person"].distinct_low) == (686, None), "exact, by its marks"
    for name in ("person", "mail", "salary", "secret"):
        assert (facts[name].spread, facts[name].top) == (None, ()), name


@pytest.mark.spark
def test_spark_merges_what_two_runs_stored_and_the_report_draws_both(place, spark):
    add(place, "one", visits(0, 1_000))
    run(place)
    add(place, "two", visits(1_000, 1_000))
    run(place)
    spark.read.format("delta").load(str(place.lake / "strongroom/metrics")).createOrReplaceTempView("kept_states")
    of = "from kept_states where name = 'number' and metric ="
    assert spark.sql(f"select hll_sketch_estimate(hll_union_agg(state)) {of} 'distinct'").first()[0] == pytest.approx(
        1_960, rel=0.06
    )
    half = spark.sql(f"select kll_sketch_get_quantile_double(kll_merge_agg_double(state), 0.5D) {of} 'quantiles'")
    assert half.first()[0] == pytest.approx(1_000, abs=60)
    newest = max((place.lake / "reports/training.visits").glob("*.json"), key=lambda file: file.stat().st_mtime)
    columns = {column["path"]: column for column in json.loads(newest.read_text())["columns"]}
    assert columns["number"]["spread"]["of"] == "values"
    assert sum(one["now"] for one in columns["number"]["spread"]["bins"]) == pytest.approx(1)
    assert sum(one["before"] for one in columns["number"]["spread"]["bins"]) == pytest.approx(1)
    assert columns["note"]["spread"]["of"] == "lengths"
    assert columns["city"]["top"][0]["value"] == "City 0"
    assert (columns["mail"]["spread"], columns["mail"]["top"]) == (None, [])
    assert columns["number"]["distinct_table"] == pytest.approx(1_960, rel=0.06)
    reports = b"".join(file.read_bytes() for file in (place.lake / "reports").rglob("*") if file.is_file())
    for planted in (b"planted.", b"personal.example", b"person-1", b"planted-secret", b"planted words"):
        assert planted not in reports
