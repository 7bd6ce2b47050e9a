"""Every published table is the same for every reader, value by value; and writers of others may change its rows."""

import shutil

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from strongroom import run_job
from strongroom.flows import doctor, prepare
from support import every_type
from support.every_type import told
from support.lakes import install

TABLE = "training.types"
NAMES = every_type.SCHEMA.names
"""A file may hold more than the table's columns: whoever reads files has to say which."""
SQL_NAMES = ", ".join(f'"{name}"' for name in NAMES)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("lake") / "a", None)
    every_type.put(made)
    assert run_job.run(prepare, ["--config", str(made.settings), "--contract", "types"]) == 0
    return made


def files(place, table=TABLE):
    return sorted(place.delta(table).file_uris())


def by_deltalake(place):
    return pa.table(place.delta(TABLE).scan()).to_pylist()


def by_dataset(place):
    return place.delta(TABLE).to_pyarrow_table().to_pylist()


def by_pyarrow(place):
    return [row for file in files(place) for row in pq.ParquetFile(file).read(columns=NAMES).to_pylist()]


def by_duckdb(place):
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")  # how moments are handed to Python
        return base.sql(f"SELECT {SQL_NAMES} FROM read_parquet($1)", params=[files(place)]).to_arrow_table().to_pylist()


def by_polars(place):
    return polars.scan_delta(str(place.lake / "training/types")).collect().to_arrow().to_pylist()


def by_polars_files(place):
    return polars.read_parquet(files(place), columns=NAMES).to_arrow().to_pylist()


READERS = (by_deltalake, by_dataset, by_pyarrow, by_duckdb, by_polars, by_polars_files)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.removeprefix("by_"))
def test_every_reader_finds_what_the_source_held(place, reader):
    assert told(reader(place)) == told(every_type.ROWS)


@pytest.mark.spark
def test_spark_finds_what_the_source_held(place, spark):
    rows = spark.read.format("delta").load(str(place.lake / "training/types")).toArrow().to_pylist()
    assert told(rows) == told(every_type.ROWS)


def test_no_live_file_of_any_table_holds_a_timestamp_that_the_protocol_does_not_know(place):
    for log in sorted(place.lake.rglob("_delta_log")):
        for file in DeltaTable(str(log.parent)).file_uris():
            kinds = {leaf.physical_type for leaf in pq.ParquetFile(file).schema}
            assert "INT96" not in kinds, file


CHANGES = {
    "delete": "DELETE FROM {table} WHERE id = {id}",
    "update": "UPDATE {table} SET text = 'new' WHERE id = {id}",
    "merge": "MERGE INTO {table} t USING (SELECT {id} AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET text = 'm'",
}


MICROSECONDS = "spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"
"""As in a session of ours. Spark's own default is INT96, of which other readers take no moment after 2262."""
PAIRS = [(how, who, id_) for how in CHANGES for who in ("deltalake", "spark") for id_ in (1, 5)]
USUAL = {("delete", 1), ("update", 5), ("merge", 5)}
"""Of Spark's, which take seconds, each change once; the slow suite makes all."""


def marks(how, who, id_):
    return [] if who == "deltalake" else [pytest.mark.spark, *([] if (how, id_) in USUAL else [pytest.mark.slow])]


@pytest.mark.parametrize(("how", "who", "id_"), [pytest.param(*pair, marks=marks(*pair)) for pair in PAIRS])
def test_rows_with_and_without_values_may_be_changed_by_others(place, request, tmp_path, how, who, id_):
    """Each nullable column has a rule that became a CHECK; a row of nulls breaks none of them."""
    checks = {key for key in place.delta(TABLE).metadata().configuration if key.startswith("delta.constraints.")}
    assert {key.split(".")[2].partition("_")[0] for key in checks} == set(every_type.RULES)
    shutil.copytree(place.lake / "training/types", tmp_path / "types")
    found = DeltaTable(str(tmp_path / "types"))
    if who == "spark":
        theirs = request.getfixturevalue("spark").newSession()
        theirs.conf.set(*MICROSECONDS)
        theirs.sql(CHANGES[how].format(table=f"delta.`{tmp_path}/types`", id=id_))
    elif how == "delete":
        found.delete(f"id = {id_}")
    elif how == "update":
        found.update(updates={"text": "'new'"}, predicate=f"id = {id_}")
    else:
        merge = found.merge(pa.table({"id": [id_]}), "t.id = s.id", source_alias="s", target_alias="t")
        merge.when_matched_update({"text": "'m'"}).execute()
    text = {"delete": None, "update": "new", "merge": "m"}[how]
    wanted = [{**row, "text": text} if row["id"] == id_ else row for row in every_type.ROWS]
    wanted = [row for row in wanted if how != "delete" or row["id"] != id_]
    rows = pa.table(DeltaTable(str(tmp_path / "types")).scan()).to_pylist()
    assert told(rows) == told(wanted), "and no other value has become another one"


@pytest.mark.spark
@pytest.mark.parametrize("column", every_type.RULES)
def test_a_value_that_breaks_the_contract_is_kept_out_by_spark_too(place, spark, column):
    bad = {"tiny": -128, "small": -32768, "order": -2147483648, "Big": -9223372036854775808}[column]
    with pytest.raises(Exception, match="CHECK constraint"):
        spark.sql(f"UPDATE delta.`{place.lake}/training/types` SET `{column}` = {bad} WHERE id = 5")


def test_the_doctor_finds_nothing_to_mend(place, capsys):
    run_job.run(doctor, ["--config", str(place.settings)])
    done = capsys.readouterr()
    assert "ok    tables" in done.out + done.err
