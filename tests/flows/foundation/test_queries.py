"""What a `type: sql` rule may not be. Each attempt is refused by `check`, with file and line, before anything runs."""

# ruff: noqa: E501 - one case, one line
import pytest

from strongroom.flows import check
from support.lakes import install

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: mini
name: mini
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/mini/*.json, format: json, customProperties: []}
schema:
  - name: mini
    properties:
      - {name: n, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: city, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: email, logicalType: string, classification: personal, customProperties: [{property: protect, value: {method: encrypt}}]}
      - {name: gone, logicalType: string, classification: personal, customProperties: [{property: protect, value: {method: drop}}]}
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: tags, logicalType: array, items: {logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}}
    quality:
      - type: sql
        name: attempt
        mustBeGreaterOrEqualTo: 0
        query: QUERY
"""
LINE = CONTRACT.splitlines().index("        query: QUERY") + 1
DEEP = 500

ATTEMPTS = [
    # query, why
    ("SELECT TRANSFORM(city) USING './x.sh' AS (x INT) FROM mini", "a shell command"),
    ("SELECT TRANSFORM (city) USING 'cat' FROM mini", "the same with a blank"),
    ("FROM mini SELECT TRANSFORM(city) USING 'cat' AS (x INT)", "FROM first, as Hive has it"),
    ("SELECT sum(_c1) FROM csv.`LAKE/raw/secret/s.csv`", "another raw folder"),
    ("SELECT ascii(substr(value,1,1)) FROM text.`KEYS/local.kek`", "the key, letter by letter"),
    ("SELECT count(*) FROM text.`/etc/passwd`", "a path as a table"),
    ("SELECT count(*) FROM parquet.`/lake/training/victim`", "a path as a table"),
    ("SELECT count(*) FROM delta.`/lake/training/victim`", "a path as a table"),
    ("SELECT count(*) FROM json.`/lake/raw/x.json`", "a path as a table"),
    ("SELECT count(*) FROM orc.`/lake/x`", "a path as a table"),
    ("SELECT count(*) FROM binaryFile.`/etc/shadow`", "a path as a table"),
    ("SELECT count(*) FROM avro.`/x`", "a path as a table"),
    ("SELECT count(*) FROM `text`.`/etc/passwd`", "both parts in backticks"),
    ("SELECT count(*) FROM `text.``/etc/passwd```", "backticks in backticks"),
    ("SELECT count(*) FROM TEXT.`/etc/passwd`", "in capitals"),
    ("SELECT count(*) FROM '/etc/passwd'", "a path as DuckDB takes it"),
    ('SELECT count(*) FROM "/etc/passwd"', "the same in double quotes"),
    ("SELECT count(*) FROM `/etc/passwd`", "a path that is one name"),
    ("SELECT length(reflect('java.lang.System','getProperty','user.name'))", "any Java method"),
    ("SELECT count(java_method('java.lang.Runtime','getRuntime')) FROM mini", "any Java method"),
    ("SELECT count(try_reflect('a','b')) FROM mini", "any Java method"),
    ("SELECT ReFlEcT('java.lang.System','exit') FROM mini", "in mixed case"),
    ("SELECT `reflect`('java.lang.System','exit') FROM mini", "a function in backticks"),
    ("WITH x AS (SELECT 1) DELETE FROM delta.`LAKE/training/victim`", "rows of another table are gone"),
    ("WITH x AS (SELECT 1) INSERT INTO mini SELECT * FROM x", "WITH before INSERT"),
    ("WITH x AS (SELECT 1) UPDATE mini SET n = 1", "WITH before UPDATE"),
    ("WITH x AS (SELECT 1) MERGE INTO mini USING x ON true WHEN MATCHED THEN DELETE", "WITH before MERGE"),
    ("WITH x AS (DELETE FROM mini) SELECT count(*) FROM mini", "a definition that changes"),
    ("DROP TABLE mini", "no SELECT"),
    ("CREATE TABLE x AS SELECT 1", "no SELECT"),
    ("SET spark.sql.ansi.enabled=false", "a setting"),
    ("EXPLAIN SELECT 1", "the plan, with what stands in it"),
    ("DESCRIBE HISTORY mini", "who wrote what"),
    ("SHOW TABLES", "what else there is"),
    ("CALL system.x()", "a procedure"),
    ("EXECUTE IMMEDIATE 'DROP TABLE mini'", "a text that is run"),
    ("BEGIN SELECT 1; END", "a script"),
    ("SELECT 1; DROP TABLE mini", "two statements"),
    ("SELECT count(*) FROM mini; SELECT 2", "two statements"),
    ("SELECT count(*) FROM mini -- comment", "a comment"),
    ("SELECT count(*) /* comment */ FROM mini", "a comment"),
    ("SELECT /*+ BROADCAST(mini) */ count(*) FROM mini", "a hint"),
    ("SELECT count(*) FROM IDENTIFIER('text.`/etc/passwd`')", "a name made of text"),
    ("SELECT IDENTIFIER('reflect')('a','b') FROM mini", "a function's name made of text"),
    ("SELECT count(*) FROM read_files('/etc/passwd')", "a table function"),
    ("SELECT count(*) FROM read_csv('/etc/passwd')", "DuckDB's"),
    ("SELECT count(*) FROM read_text('/etc/passwd')", "DuckDB's"),
    ("SELECT count(*) FROM glob('/*')", "DuckDB's"),
    ("SELECT count(*) FROM duckdb_settings()", "DuckDB's"),
    ("SELECT count(*) FROM duckdb_secrets()", "DuckDB's"),
    ("SELECT length(getenv('HOME'))", "the environment"),
    ("PRAGMA database_list", "DuckDB's"),
    ("ATTACH '/x.db' AS x", "DuckDB's"),
    ("COPY mini TO '/tmp/x.csv'", "DuckDB's"),
    ("INSTALL httpfs", "DuckDB's"),
    ("LOAD httpfs", "DuckDB's"),
    ("SELECT count(*) FROM range(100000000000)", "endless"),
    ("SELECT count(*) FROM generate_series(1, 100000000000)", "endless"),
    ("SELECT length(repeat('x', 2000000000))", "a text that fills the memory"),
    ("SELECT sum(explode(sequence(1, 1000000000))) FROM mini", "rows out of nothing"),
    ("WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r", "endless"),
    ("WITH r AS (SELECT count(*) AS a FROM r) SELECT max(a) FROM r", "refers to itself"),
    ("SELECT count(*) FROM mini a, mini b, mini c, mini d", "a product of tables"),
    ("SELECT count(*) FROM mini a CROSS JOIN mini b", "a product of tables"),
    ("SELECT count(*) FROM mini a JOIN mini b ON true", "a product in disguise"),
    ("SELECT count(*) FROM mini a JOIN mini b ON 1 = 1", "a product in disguise"),
    ("SELECT count(*) FROM mini a JOIN mini b ON a.n = a.n", "a product in disguise"),
    ("SELECT count(*) FROM mini a JOIN mini b ON a.n < b.n", "nearly a product"),
    ("SELECT count(*) FROM mini a JOIN mini b ON a.n = b.n OR true", "a product in disguise"),
    ("SELECT count(*) FROM mini a NATURAL JOIN mini b", "names decide"),
    ("SELECT count(*) FROM mini a JOIN mini b USING (n)", "not on the list"),
    ("SELECT count(*) FROM mini a FULL JOIN mini b ON a.n = b.n", "not on the list"),
    ("SELECT count(*) FROM mini LATERAL VIEW explode(tags) t AS tag", "rows out of arrays"),
    ("SELECT count(*) FROM mini, LATERAL (SELECT n)", "looks out of its subquery"),
    ("SELECT count(*) FROM mini m WHERE n = (SELECT max(n) FROM mini o WHERE o.city = m.city)", "so does that"),
    ("SELECT count(*) FROM VALUES (1), (2)", "rows out of nothing"),
    ("SELECT count(*) FROM mini TABLESAMPLE (10 PERCENT)", "another number each time"),
    ("SELECT count(*) FROM mini VERSION AS OF 0", "another version"),
    ("SELECT count(*) FROM mini@v0", "another version"),
    ("SELECT count(*) FROM mini FOR SYSTEM_TIME AS OF '2020-01-01'", "another version"),
    ("SELECT count(*) FROM mini UNION SELECT 2", "two queries"),
    ("SELECT count(*) FROM mini EXCEPT SELECT 2", "two queries"),
    ("SELECT count(*) FROM mini INTERSECT SELECT count(*) FROM mini", "two queries"),
    ("SELECT * FROM mini", "no number"),
    ("SELECT n FROM mini", "which of the rows?"),
    ("SELECT n FROM mini LIMIT 1", "which of the rows?"),
    ("SELECT max(n) FROM mini GROUP BY city", "which of the groups?"),
    ("SELECT max(n) FROM mini ORDER BY 1", "no order of one row"),
    ("SELECT max(city) FROM mini", "a text, not a number"),
    ("SELECT max(n), min(n) FROM mini", "two numbers"),
    ("SELECT count(*), city FROM mini", "beside an aggregate"),
    ("SELECT sum(count(*)) FROM mini", "an aggregate of one"),
    ("SELECT sum(n) OVER (ORDER BY n) FROM mini", "a window"),
    ("SELECT count(*) FILTER (WHERE n > 0) FROM mini", "not on the list"),
    ("SELECT count_if(n > rand()) FROM mini", "another number each time"),
    ("SELECT count_if(n > random()) FROM mini", "another number each time"),
    ("SELECT length(uuid()) FROM mini", "another text each time"),
    ("SELECT count_if(day = current_date) FROM mini", "another day each time, without brackets"),
    ("SELECT count_if(day < now()) FROM mini", "another moment each time"),
    ("SELECT length(current_user()) FROM mini", "who runs it"),
    ("SELECT length(session_user) FROM mini", "who runs it"),
    ("SELECT length(input_file_name()) FROM mini", "where files lie"),
    ("SELECT length(max(_metadata.file_path)) FROM mini", "where files lie"),
    ("SELECT monotonically_increasing_id() FROM mini", "how rows lie"),
    ("SELECT length(version()) FROM mini", "the engine"),
    ("SELECT raise_error('x') FROM mini", "what it says goes into logs"),
    ("SELECT assert_true(n > 0) FROM mini", "what it says goes into logs"),
    ("SELECT CAST(city AS INT) FROM mini", "what fails goes into logs"),
    ("SELECT sum(CAST(city AS DOUBLE)) FROM mini", "what fails goes into logs"),
    ("SELECT sum(city::INT) FROM mini", "another form of a cast"),
    ("SELECT sum(city + 1) FROM mini", "a cast that nobody wrote"),
    ("SELECT count_if(city = 1) FROM mini", "a cast that nobody wrote"),
    ("SELECT count(transform(tags, x -> x)) FROM mini", "a function of its own"),
    ("SELECT sum(aggregate(tags, 0, (a, b) -> a)) FROM mini", "a function of its own"),
    ("SELECT count(list_transform(tags, lambda x: x)) FROM mini", "a function of its own"),
    ("SELECT count_if(city RLIKE '(a*)*b') FROM mini", "a pattern that never ends"),
    ("SELECT count_if(regexp_like(city, '(a*)*b')) FROM mini", "a pattern that never ends"),
    ("SELECT count_if(city LIKE '%a%a%a%a%a%b') FROM mini", "a pattern that takes very long"),
    ("SELECT count_if(city LIKE city) FROM mini", "a pattern out of data"),
    ("SELECT count_if(city LIKE 'a' ESCAPE '/') FROM mini", "not on the list"),
    ("SELECT count(aes_decrypt(email, 'x')) FROM mini", "not on the list"),
    ("SELECT count(decrypt(email)) FROM mini", "not on the list"),
    ("SELECT sum(hash(email)) FROM mini", "not on the list"),
    ("SELECT sum(email) FROM mini", "it lies there encrypted"),
    ("SELECT count(gone) FROM mini", "it is dropped"),
    ("SELECT count(tags) FROM mini", "an array"),
    ("SELECT count(nn) FROM mini", "no such column"),
    ("SELECT count(*) FROM other", "a table that nobody named"),
    ("SELECT count(*) FROM reviews", "a data set without a relationship"),
    ("SELECT count(*) FROM training.mini", "a name with its zone"),
    ("SELECT count(*) FROM spark_catalog.default.mini", "a catalog"),
    ("SELECT count(*) FROM global_temp.left_behind", "somebody's view"),
    ("SELECT count(*) FROM system.information_schema.tables", "what else there is"),
    ("SELECT count(*) FROM information_schema.tables", "what else there is"),
    ("SELECT count(*) FROM sqlite_master", "what else there is"),
    ("SELECT count(*) FROM strongroom_x_0", "a view of ours"),
    ("SELECT count(*) FROM ＭＩＮＩ", "full-width letters"),
    ("SELECT count(*) FROM m\u0456ni", "a Cyrillic letter"),
    ("SELECT count(*) FROM mini\u200b", "a zero-width blank"),
    ("SELECT count(*)\u037e SELECT 1", "a Greek question mark looks like a semicolon"),
    ("SELECT ${spark.sql.warehouse.dir} FROM mini", "a setting filled in"),
    ("SELECT ${system:user.home} FROM mini", "a property filled in"),
    ("SELECT :n FROM mini", "a parameter"),
    ("SELECT ? FROM mini", "a parameter"),
    ("SELECT @x FROM mini", "a variable"),
    ("SELECT session.x FROM mini", "a variable"),
    ("SELECT sum(n)[0] FROM mini", "an index"),
    ("SELECT count(*) FROM (SELECT n FROM text.`/etc/passwd`) AS a", "in a subquery"),
    ("SELECT (SELECT count(*) FROM text.`/etc/passwd`)", "in a value"),
    ("SELECT count(*) FROM mini WHERE n IN (SELECT reflect('a', 'b'))", "in a list"),
    ("SELECT count(*) FROM mini WHERE EXISTS (SELECT 1 FROM other)", "in EXISTS"),
    ("SELECT count(*) FROM mini a JOIN mini b ON a.n = b.n AND a.n > (SELECT max(n) FROM other)", "in ON"),
    ("SELECT count_if(n IN (SELECT n FROM mini)) FROM mini", "Spark refuses it when it runs"),
    ("SELECT count(*) FROM mini WHERE n = 1 OR n NOT IN (SELECT n FROM mini)", "Spark would take null for a no"),
    ("SELECT count(*) FROM mini WHERE n = (SELECT n FROM mini)", "more than one row would be an error with values"),
    ("SELECT count(*) FROM mini GROUP BY ALL", "not on the list"),
    ("SELECT count(*) FROM mini WHERE sum(n) > 1", "an aggregate of what?"),
    ("SELECT CASE WHEN true THEN reflect('a', 'b') ELSE 1 END", "in CASE"),
    ("SELECT struct(1).a FROM mini", "not on the list"),
    ("SELECT sum(n * n * n) FROM mini", "more digits than there are"),
    ("SELECT 99999999999999999999999999999999999999999 + count(*) FROM mini", "more digits than there are"),
    ("SELECT 1e999 + count(*) FROM mini", "no such number"),
    ("SELECT " + "(" * DEEP + "1" + ")" * DEEP, "deep"),
    ("SELECT count(*) FROM " + "(SELECT n FROM " * DEEP + "mini" + ") AS a" * DEEP, "deep"),
    ("SELECT count_if(" + "NOT " * DEEP + "true) FROM mini", "deep"),
    ("SELECT " + "-" + " -" * DEEP + "1", "deep"),
    ("SELECT count(*) " + "+ 1 " * DEEP + "FROM mini", "long"),
    ("SELECT count_if(n = 0" + " OR n = 1" * DEEP + ") FROM mini", "many parts"),
    ("SELECT count(*)" + " " * 1_000_000 + "FROM mini", "a megabyte"),
    ("SELECT '" + "x" * 1_000_000, "a megabyte, and no end"),
    ("WITH a AS (SELECT n FROM mini), " + ", ".join(
        f"a{i} AS (SELECT o.n FROM a{i - 1 if i else ''} o JOIN a{i - 1 if i else ''} e ON o.n = e.n)".replace("a0 ", "a ") if i == 1
        else f"a{i} AS (SELECT o.n FROM a{i - 1} o JOIN a{i - 1} e ON o.n = e.n)" for i in range(1, 30)
    ) + " SELECT count(*) FROM a29", "doubles with each definition"),
    ("", "nothing"),
    ("SELECT", "nothing"),
    ("SELECT count(*) FROM", "no end"),
    ("SELECT count(* FROM mini", "no end"),
    ("SELECT 'x FROM mini", "no end"),
    ("SELECT count(\x00) FROM mini", "NUL"),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("queries")


def written(query: str) -> str:
    """The query as YAML, whatever it holds."""
    signs = {'"': '\\"', "\\": "\\\\", "\x00": "\\0"}
    return '"' + "".join(signs.get(sign, sign) for sign in query) + '"'


@pytest.mark.parametrize(("query", "why"), ATTEMPTS, ids=[f"{n}-{why[:30]}" for n, (_, why) in enumerate(ATTEMPTS)])
def test_an_attempt_is_refused_by_check_with_file_and_line(tmp_path, capsys, query, why):
    place = install(tmp_path, capsys)
    file = tmp_path / "contracts" / "mini.yaml"
    file.write_text(CONTRACT.replace("QUERY", written(query)), encoding="utf-8")
    found = place.run(check, str(file))
    assert found.code == 3, f"{why}: {found.out}"
    assert [problem["where"] for problem in found.line["problems"]] == [f"{file}:{LINE}"], (why, found.line)


def test_there_are_many_attempts():
    assert len(ATTEMPTS) >= 60
