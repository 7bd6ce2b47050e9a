"""A query where there is no JVM: DuckDB gives its number, reaches nothing else, and is stopped in time."""

import duckdb
import pyarrow as pa
import pytest

from strongroom.core.contract import Type
from strongroom.core.errors import ConfigError
from strongroom.flows.prepare.gate_query import by_duckdb, closed_duckdb
from strongroom.quality.query import Table, read

MINI = Table("mini", {"n": Type("bigint"), "city": Type("string")}, {})
ROWS = pa.table({"n": [1, 2, None], "city": ["Oslo", "Rom", "Rom"]})
SECRET = pa.table({"a": [1]})
"""What a replacement scan would find by its name."""


def ask(text, rows=ROWS, *, memory="200MB", seconds=30.0):
    query = read(text, {"mini": MINI}, where="mini.yaml:7")
    return by_duckdb(query, {"mini": rows}, memory=memory, seconds=seconds, where="mini.yaml:7")


ASKED = [
    ("SELECT sum(n) FROM mini", 3),
    ("SELECT count(DISTINCT city) FROM mini", 2),
    ("SELECT sum(n) FROM mini WHERE n > 5", None),
    ("SELECT count_if(city LIKE 'R%') / count(*) FROM mini", 2 / 3),
]


@pytest.mark.parametrize(("text", "number"), ASKED)
def test_it_gives_the_number(text, number):
    assert ask(text) == number


def test_batches_are_read_as_they_come():
    assert ask("SELECT sum(n) FROM mini", ROWS.to_reader(max_chunksize=1)) == 3


def test_a_query_that_takes_too_long_is_stopped():
    many = pa.table({"n": pa.repeat(1, 300_000), "city": pa.repeat("x", 300_000)})
    with pytest.raises(ConfigError, match=r"mini.yaml:7: The query took longer than 0.3 seconds.*prepare.sql_seconds"):
        ask("SELECT count_if(a.city <> b.city) FROM mini a JOIN mini b ON a.n = b.n", many, seconds=0.3)


@pytest.mark.whole
def test_a_query_that_needs_too_much_memory_is_stopped():
    many = pa.table({"n": pa.array(range(1_000_000)), "city": pa.array(map(str, range(1_000_000)))})
    with pytest.raises(ConfigError, match=r"mini.yaml:7: The query needs more than 10MB"):
        ask("SELECT count(DISTINCT city) FROM mini", many, memory="10MB")


REACH = [
    ("SELECT * FROM read_text('/etc/passwd')", "a file"),
    ("SELECT * FROM '/etc/passwd.csv'", "a file as a table"),
    ("SELECT * FROM glob('/*')", "a folder"),
    ("COPY mini TO '{folder}/out.csv'", "a file written"),
    ("ATTACH '{folder}/x.db' AS x", "another database"),
    ("EXPORT DATABASE '{folder}/x'", "a folder written"),
    ("INSTALL httpfs", "an extension"),
    ("LOAD httpfs", "an extension"),
    ("SET enable_external_access = true", "the lock"),
    ("SET memory_limit = '100GB'", "the lock"),
    ("SET lock_configuration = false", "the lock"),
    ("SELECT * FROM SECRET", "a variable of ours"),
]


@pytest.mark.parametrize(("statement", "why"), REACH)
def test_it_reaches_nothing_else_even_if_a_statement_got_through(tmp_path, statement, why):
    with closed_duckdb({"mini": ROWS}, memory="200MB") as database, pytest.raises(duckdb.Error):
        database.execute(statement.replace("{folder}", str(tmp_path))).fetchall()
    assert list(tmp_path.iterdir()) == [], why
