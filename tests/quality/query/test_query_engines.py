"""A query has one meaning: Spark and DuckDB give the same number, whatever of the list it is made of."""

import math
import random
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.query.grammar import TABLE, Queries, rows
from strongroom.core.errors import ConfigError
from strongroom.flows.prepare.gate_query import unmerged
from strongroom.quality.query import duckdb_sql, read, spark_sql

pytestmark = pytest.mark.spark
AT_ONCE = 12


@pytest.fixture(scope="module")
def asked(spark):
    table = rows(60, seed=7)
    spark.createDataFrame(table).createOrReplaceTempView("given_here")
    database = duckdb.connect(":memory:")
    database.register("given_here", table)
    yield spark, database
    spark.catalog.dropTempView("given_here")


def same(one, other, kind) -> bool:
    if one is None or other is None:
        return one is None and other is None
    if kind.name == "exact":
        return Decimal(one) == Decimal(other)
    return (
        (math.isnan(one) and math.isnan(other)) or one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    )


def compare(asked, texts):
    """Ask all queries at once, in both engines."""
    spark, database = asked
    queries = [(text, read(text, {"given": TABLE}, where="f:1")) for text in texts]
    views = {"given": "given_here"}
    with unmerged(spark):
        ours = spark.sql(
            "SELECT " + ", ".join(f"({spark_sql(query, views)}) AS q{n}" for n, (_, query) in enumerate(queries))
        ).first()
    theirs = [database.execute(duckdb_sql(query, views)).fetchone()[0] for _, query in queries]
    return [
        (text, one, other)
        for (text, query), one, other in zip(queries, ours, theirs, strict=True)
        if not same(one, other, query.select.items[0].kind)
    ]


def drawn(draw: random.Random) -> list[str]:
    """Queries that are allowed; numbers of too many digits are the most that are not."""
    texts, tried, made = [], 0, Queries(draw)
    while len(texts) < AT_ONCE:
        tried += 1
        assert tried < 40 * AT_ONCE, "hardly any query is allowed"
        try:
            read(text := made.query(), {"given": TABLE}, where="f:1")
        except ConfigError:
            continue
        texts.append(text)
    return texts


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_query_gives_the_same_number_on_both(asked, draw):
    assert compare(asked, drawn(draw)) == []


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_many_more_queries_do(asked, draw):
    assert compare(asked, drawn(draw)) == []


DEEP = "".join(f"abs({'x + ' * 12}" for _ in range(10)) + "x" + ")" * 10
LARGEST = [
    (f"SELECT count_if({DEEP} > 0) FROM given", "as deep as it may be"),
    (f"SELECT count_if({' OR '.join(f'n = {i}' for i in range(70))}) FROM given", "as long as it may be"),
    ("SELECT count(*) FROM " + "(SELECT n FROM " * 10 + "given" + ") AS a" * 10, "subqueries"),
    ("SELECT sum(n) - min(n) + max(d) * 2 FROM given", "exact numbers of 30 digits"),
    ("SELECT max(CAST(w AS DOUBLE)) - min(CAST(d AS DOUBLE)) FROM given", "decimals as doubles"),
]


@pytest.mark.parametrize(("text", "why"), LARGEST, ids=[why for _, why in LARGEST])
def test_the_largest_that_is_allowed_runs_on_both(asked, text, why):
    assert compare(asked, [text]) == [], why
