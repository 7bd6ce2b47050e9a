"""What a query means, number by number, and what it costs to say it wrong. No JVM."""

# ruff: noqa: E501 - a case is a line
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from strongroom.core.contract import Type
from strongroom.core.errors import ConfigError
from strongroom.quality.query import Table, duckdb_sql, read, spark_sql
from strongroom.quality.query.forms import AGGREGATES, FUNCTIONS

ROOT = Path(__file__).parents[3]
COLUMNS = {
    "n": (Type("bigint"), pa.int64(), [1, 2, None, 2**63 - 1]),
    "d": (Type("decimal", 5, 2), pa.decimal128(5, 2), [Decimal("0.10"), Decimal("0.20"), None, Decimal("-1.50")]),
    "x": (Type("double"), pa.float64(), [0.5, float("nan"), None, -0.0]),
    "s": (Type("string"), pa.string(), ["Oslo", "Øst", None, "  a "]),
    "b": (Type("boolean"), pa.bool_(), [True, False, None, True]),
    "day": (Type("date"), pa.date32(), [date(2024, 2, 29), date(1, 1, 1), None, date(9999, 12, 31)]),
    "at": (Type("timestamp"), pa.timestamp("us", tz="UTC"), [datetime(2024, 2, 29, 23, 30, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None, datetime(1, 1, 1, tzinfo=UTC)]),
    "k": (Type("binary"), pa.binary(), [b"a", b"b", None, b"a"]),
    "select": (Type("int"), pa.int32(), [1, 1, 1, 1]),
    "odd-name": (Type("int"), pa.int32(), [5, 5, 5, 5]),
    "in.city": (Type("string"), pa.string(), ["A", "B", None, "A"]),
}  # fmt: skip
FLAT = {name: pa.array(values, kind) for name, (_, kind, values) in COLUMNS.items() if "." not in name}
ROWS = pa.table({**FLAT, "in": pa.array([{"city": "A"}, {"city": "B"}, None, {"city": "A"}])})
OTHER = pa.table({"n": [1, 1, 7], "v": [10, 20, 30]})
TABLES = {
    "mine": Table("mine", {name: type_ for name, (type_, _, _) in COLUMNS.items()}, {"tags": "has no single value in a row", "gone": "is dropped, and nobody can ask for it"}),
    "other": Table("other", {"n": Type("bigint"), "v": Type("int")}, {}),
}  # fmt: skip

MEANS = [
    # query, number, why
    ("SELECT count(*) FROM mine", 4, "rows"),
    ("select COUNT(n) from MINE", 3, "null is not counted; case does not count"),
    ("SELECT sum(n) FROM mine", 2**63 + 2, "beyond 64 bits, exactly"),
    ("SELECT max(10000000000000000003 - 10000000000000000000) FROM mine", 3, "a number is the one that was written"),
    ("SELECT sum(d) FROM mine", Decimal("-1.20"), "exactly"),
    ("SELECT sum(d) * 3 FROM mine", Decimal("-3.60"), "exactly"),
    ("SELECT avg(n) FROM mine WHERE n < 3", 1.5, "of doubles"),
    ("SELECT count_if(n < 3) / count(*) FROM mine", 0.5, "of doubles, not of whole numbers"),
    ("SELECT count(*) / 0 FROM mine", None, "by zero there is nothing"),
    ("SELECT 7 % 4 - -7 % 4", 6, "the remainder has the sign of what is divided"),
    ("SELECT count_if(x = x) FROM mine", 3, "NaN is itself"),
    ("SELECT count_if(x > 1e300) FROM mine", 1, "NaN is above all numbers"),
    ("SELECT count_if(x = 0) FROM mine", 1, "minus zero is zero"),
    ("SELECT count_if(isnan(x)) FROM mine", 1, "and null is not NaN"),
    ("SELECT count_if(d = 0.1) FROM mine", 1, "0.10 is 0.1"),
    ("SELECT count_if(s LIKE 'O%') FROM mine", 1, "by code points: Ø is no O"),
    ("SELECT count_if(s LIKE '%a%') FROM mine", 1, "contains"),
    ("SELECT count_if(s NOT LIKE '%o') FROM mine", 2, "unknown is not true"),
    ("SELECT count_if(s LIKE 'Oslo') FROM mine", 1, "equals"),
    ("SELECT max(length(s)) FROM mine", 4, "code points"),
    ("SELECT count_if(trim(s) = 'a') FROM mine", 1, "blanks at both ends"),
    ("SELECT count_if(substring(s, 2, 2) = 'sl') FROM mine", 1, "from the second sign, two"),
    ("SELECT count(*) FROM mine WHERE b", 2, "a boolean is a condition"),
    ("SELECT count(*) FROM mine WHERE NOT b OR n = 1", 2, "not, or"),
    ("SELECT count(*) FROM mine WHERE n NOT IN (1, 2)", 1, "null is not among them, nor outside"),
    ("SELECT count(*) FROM mine WHERE n BETWEEN 1 AND 2", 2, "both ends"),
    ("SELECT count(*) FROM mine WHERE n != 1 AND s IS NOT NULL", 2, "another sign for <>"),
    ("SELECT max(year(day)) - min(year(day)) FROM mine", 9998, "all years"),
    ("SELECT datediff(max(day), date '9999-12-30') FROM mine", 1, "end first, as Spark has it"),
    ("SELECT max(day - date '2024-02-28') FROM mine WHERE year(day) = 2024", 1, "days"),
    ("SELECT max(hour(at)) FROM mine WHERE at < timestamp '1970-01-01T00:00:00Z'", 23, "before 1970, too"),
    ("SELECT count_if(CAST(at AS DATE) = day) FROM mine", 1, "the day in UTC"),
    ("SELECT count_if(day < at) FROM mine", 2, "a day is its midnight"),
    ("SELECT min(unix_micros(at)) FROM mine WHERE year(at) = 1969", -1_000_000, "microseconds"),
    ("SELECT count(*) FROM mine WHERE at > timestamp '2024-03-01T00:00:00+02:00'", 1, "a moment with its zone"),
    ("SELECT count(DISTINCT k) FROM mine", 2, "what is encrypted alike is alike"),
    ("SELECT sum(`select`) + sum(mine.`odd-name`) FROM mine", 24, "odd names in backticks"),
    ("SELECT count_if(in.city = 'A') FROM mine", 2, "a field of a struct"),
    ("SELECT count_if(m.in.city = 'A') FROM mine AS m", 2, "and after its table's name"),
    ("SELECT sum(coalesce(n, 0)) FROM mine WHERE n IS NULL OR n < 9", 3, "coalesce"),
    ("SELECT count(nullif(n, 1)) FROM mine", 2, "nullif"),
    ("SELECT sum(CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5 ELSE 0 END) FROM mine", Decimal("1.5"), "numbers become alike"),
    ("SELECT count(*) FROM mine m JOIN other o ON m.n = o.n", 2, "each pair"),
    ("SELECT count_if(o.v IS NULL) FROM mine m LEFT JOIN other o ON m.n = o.n AND o.v > 10", 3, "left, with more on the condition"),
    ("SELECT count(*) FROM mine WHERE n IN (SELECT n FROM other)", 1, "in a subquery"),
    ("SELECT count(*) FROM mine WHERE n NOT IN (SELECT n FROM other) AND b", 1, "not in a subquery"),
    ("SELECT (SELECT count(*) FROM mine) - (SELECT count(*) FROM other)", 1, "of subqueries"),
    ("SELECT max(c) FROM (SELECT n, count(*) AS c FROM other GROUP BY n HAVING count(*) > 1) AS g", 2, "grouped"),
    ("WITH g AS (SELECT n, sum(v) AS t FROM other GROUP BY n), h AS (SELECT max(t) AS m FROM g) SELECT sum(m) - (SELECT min(t) FROM g) FROM h", 0, "definitions"),
    ("SELECT count(*) FROM (SELECT DISTINCT n FROM other) AS g", 2, "distinct"),
    ("SELECT count_if(v > (SELECT avg(v) FROM other)) FROM other", 1, "beside a subquery's value"),
    ("SELECT count(*) FROM other AS a JOIN other AS b ON a.n = b.n JOIN mine c ON c.n = b.n", 4, "three"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "why"), MEANS)
def test_a_query_means(text, number, why):
    database = duckdb.connect(":memory:")
    database.register("v0", ROWS)
    database.register("v1", OTHER)
    found = database.execute(duckdb_sql(read(text, TABLES, where="f:1"), {"mine": "v0", "other": "v1"})).fetchone()[0]
    assert found == number, why


TODO = [
    # query, what to do about it
    ("SELECT count(nn) FROM mine", "Did you mean 'n'?"),
    ("SELECT count(gone) FROM mine", "is dropped"),
    ("SELECT count(tags) FROM mine", "no single value in a row"),
    ("SELECT count(*) FROM others", "A query asks mine, other"),
    ("SELECT lower(s) FROM mine", "demand its case by a 'pattern'"),
    ("SELECT sum(n * n) + count_if(s RLIKE 'x') FROM mine", "write|Write|expected"),
    ("SELECT count_if(regexp_like(s, 'x')) FROM mine", "metric 'invalidValues'"),
    ("SELECT count_if(day = current_date) FROM mine", "no column 'current_date'"),
    ("SELECT count_if(day < current_date()) FROM mine", "slaProperties"),
    ("SELECT sum(n * n * n) FROM mine", r"CAST\(… AS DOUBLE\)"),
    ("SELECT sum(CAST(s AS DOUBLE)) FROM mine", "give the column the type"),
    ("SELECT max(n) FROM mine LIMIT 1", "no limit"),
    ("SELECT count(*) FROM mine UNION SELECT 1", "two subqueries"),
    ("SELECT count(*) FROM mine m RIGHT JOIN other o ON m.n = o.n", "LEFT JOIN the other way"),
    ("SELECT count(*) FROM mine m, other o", "the end is expected"),
    ("SELECT count(*) FROM mine m JOIN other o ON m.n > o.n", "one.column = other.column"),
    ("SELECT count(n) FROM mine m JOIN other o ON m.n = o.n", "table.column"),
    ("SELECT count_if(n = 'x') FROM mine", "Text stands in single quotes"),
    ("SELECT count_if(day = '2024-01-01') FROM mine", "date '2024-01-31'"),
    ("SELECT sum(IF(b, 1, 0)) FROM mine", "CASE WHEN"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "todo"), TODO)
def test_what_is_refused_is_told_with_what_to_write(text, todo):
    with pytest.raises(ConfigError, match=todo):
        read(text, TABLES, where="f:1")


def test_the_documents_list_is_the_code_s():
    section = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8").split("## 8. Queries")[1]
    row, group = re.search(r"Functions of a row:(.*?)Aggregates:(.*?)\n4\.", section, re.DOTALL).groups()
    assert re.findall(r"`(\w+)[`(]", row) == list(FUNCTIONS)
    assert [name for name in re.findall(r"`(\w+)`", group) if name != "DISTINCT"] == list(AGGREGATES)


def test_no_word_of_the_author_is_left_but_literals_and_columns():
    text = "WITH evil AS (SELECT n AS evil2 FROM mine AS evil3) SELECT max(evil4.evil2) AS evil5 FROM evil AS evil4"
    query = read(text, TABLES, where="f:1")
    for written in (spark_sql(query, {"mine": "v"}), duckdb_sql(query, {"mine": "v"})):
        assert "evil" not in written


def test_a_literal_stays_one_whatever_it_holds():
    hostile = "'' OR true) --` \\'' \" ;DROP"
    query = read(f"SELECT count(*) FROM mine WHERE s = '{hostile}'", TABLES, where="f:1")
    database = duckdb.connect(":memory:")
    database.register("v", pa.table({"s": [hostile.replace("''", "'"), "x"]}))
    assert database.execute(duckdb_sql(query, {"mine": "v"})).fetchone()[0] == 1
    assert hostile[:2] not in spark_sql(query, {"mine": "v"}), "for Spark it is bytes"
