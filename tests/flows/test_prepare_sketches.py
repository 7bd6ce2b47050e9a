"""What a run remembers of values: stored beside its counts, read by Spark SQL, merged over batches, never personal."""

import json
from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from lakes import install
from strongroom.core.contract_file import load_contract
from strongroom.flows import prepare, prepare_sketches
from strongroom.quality import states
from strongroom.quality.sketches import DISTINCT, LENGTHS, QUANTILES, TOP, sketches_of
from strongroom.stores import manifest
from strongroom.stores.lake import Lake

pytestmark = pytest.mark.spark
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


def add(place, name, rows):
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), place.lake / f"raw/visits/{name}.parquet")


def run(place, *options):
    done = place.run(prepare, "--contract", "visits", "--set", "prepare.mode=append", *options)
    assert done.code == 0, done.err
    return done


def stored(place):
    rows = [row for row in place.rows("strongroom.metrics") if row["state"] is not None]
    return {(row["batch"], row["name"], row["metric"]): row for row in rows}


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


def test_states_of_several_batches_merge_in_spark_and_here_to_the_whole_table(place, spark):
    for number, name in enumerate(("one", "two", "three")):
        add(place, name, visits(3_000 * number, 3_000))
        run(place)
    kept, lake = place.rows("training.visits"), Lake(str(place.lake))
    contract = load_contract(str(place.root / "contracts/visits.yaml"))
    key = int(next(row["form"] for row in stored(place).values() if "key=" in row["form"]).rpartition("=")[2], 16)
    whole = prepare_sketches.stored(lake, contract, batches=[1, 2, 3], key=key)
    assert {path: set(kinds) for path, kinds in whole.items()} == {
        path: set(kinds) for path, kinds in sketches_of(contract).items()
    }
    last = manifest.Batch("visits", 4, "later", "append", ())
    assert set(prepare_sketches.before(lake, contract, batch=last, key=key)) == set(whole)
    assert prepare_sketches.before(lake, contract, batch=last, key=key ^ 1).keys() == whole.keys() - {
        "person", "mail", "salary"
    }, "marks under two keys do not merge"  # fmt: skip
    numbers = [row["number"] for row in kept]
    assert states.count_of(whole["number"][QUANTILES]) == len(kept)
    for rank, at in zip((0.1, 0.5, 0.9), states.quantiles_of(whole["number"][QUANTILES], (0.1, 0.5, 0.9)), strict=True):
        assert sum(number <= at for number in numbers) / len(kept) == pytest.approx(rank, abs=0.03)
    for name, count in (("number", len(set(numbers))), ("mail", 294), ("person", 686)):
        near = states.distinct_of(whole[name][DISTINCT])
        assert near.value == pytest.approx(count, rel=0.06)
    named = states.top_of(whole["city"][TOP], 20)
    assert {one.value: one.count for one in named} == Counter(row["city"] for row in kept)
    spark.read.format("delta").load(str(place.lake / "strongroom/metrics")).createOrReplaceTempView("kept_states")
    union = "select hll_sketch_estimate(hll_union_agg(state)) from kept_states where metric = 'distinct' and name = "
    assert spark.sql(f"{union} 'number'").first()[0] == pytest.approx(
        states.distinct_of(whole["number"][DISTINCT]).value, rel=0.02
    )
    assert states.count_of(whole["note"][LENGTHS]) == len(kept)


def test_no_value_of_a_personal_column_is_in_any_state_or_report(place):
    add(place, "one", visits(0, 2_000))
    run(place)
    whole = b"".join(file.read_bytes() for file in (place.lake / "strongroom/metrics").rglob("*") if file.is_file())
    whole += b"".join(row["state"] for row in stored(place).values())
    whole += b"".join(file.read_bytes() for file in (place.lake / "reports").rglob("*") if file.is_file())
    for planted in (b"planted.", b"personal.example", b"person-1", b"planted-secret", b"planted words"):
        assert planted not in whole
    kinds = {name: set() for _, name, _ in stored(place)}
    for _, name, kind in stored(place):
        kinds[name].add(kind)
    assert {name: kinds.get(name) for name in ("person", "mail", "salary", "secret")} == {
        "person": {DISTINCT}, "mail": {DISTINCT}, "salary": {DISTINCT}, "secret": None
    }  # fmt: skip
    guess = states.merge(DISTINCT, [_plain_hll(f"planted.{n}@personal.example" for n in range(300))])
    both = states.merge(DISTINCT, [stored(place)[1, "mail", DISTINCT]["state"], guess])
    assert states.distinct_of(both).value > 500, "whoever tries clear values finds none of them in the sketch"


def _plain_hll(texts):
    from datasketches import HLL_4, hll_sketch

    sketch = hll_sketch(12, HLL_4)
    for text in texts:
        sketch.update(text)
    return bytes(sketch.serialize_compact())


def test_a_metrics_table_of_before_gains_the_states_and_keeps_its_rows(place):
    add(place, "one", visits(0, 100))
    run(place)
    lake = Lake(str(place.lake))
    older = lake.read("strongroom.metrics").drop_columns(["form", "state"])
    write_deltalake(str(place.lake / "strongroom/metrics"), older, mode="overwrite", schema_mode="overwrite")
    assert "state" not in DeltaTable(str(place.lake / "strongroom/metrics")).schema().to_json()
    add(place, "two", visits(100, 100))
    run(place)
    rows = place.rows("strongroom.metrics")
    assert [row["value"] for row in rows if row["metric"] == "good"] == [98, 98]
    assert {row["batch"] for row in rows if row["state"] is not None} == {2}
    contract = load_contract(str(place.root / "contracts/visits.yaml"))
    assert prepare_sketches.stored(lake, contract, batches=[1, 2], key=0) == {}, "half of a table is not told as whole"


def test_the_report_tells_distributions_of_open_columns_before_and_now(place):
    add(place, "one", visits(0, 1_000))
    run(place)
    add(place, "two", visits(1_000, 1_000))
    run(place)
    newest = max((place.lake / "reports/training.visits").glob("*.json"), key=lambda file: file.stat().st_mtime)
    columns = {column["path"]: column for column in json.loads(newest.read_text())["columns"]}
    assert columns["number"]["spread"]["of"] == "values"
    assert sum(bin["now"] for bin in columns["number"]["spread"]["bins"]) == pytest.approx(1)
    assert sum(bin["before"] for bin in columns["number"]["spread"]["bins"]) == pytest.approx(1)
    assert columns["note"]["spread"]["of"] == "lengths"
    assert columns["city"]["top"][0]["value"] == "City 0"
    assert columns["mail"]["spread"] is None
    assert columns["mail"]["top"] == []
    assert columns["number"]["distinct_table"] == pytest.approx(1_960, rel=0.06)
