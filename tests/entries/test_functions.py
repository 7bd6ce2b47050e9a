"""The kernels as columns make what `prepare` makes, and open it again, whatever zone the session lives in."""

import json

import pytest

from strongroom.core.errors import UsageError
from strongroom.flows import prepare
from strongroom.functions import decrypt, encrypt, keys_of, token
from support.lakes import install

KEYS = None
EMAIL = {"table": "training.reviews", "column": "email", "domain": "email"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: token("a", domain="", keys=KEYS), "no domain"),
        (lambda: token("a", domain="p", profile="md5", keys=KEYS), "aes-cmac, hmac-sha256"),
        (lambda: encrypt("a", table="", column="a", keys=KEYS), "no table"),
        (lambda: encrypt("a", table="t", column="a", mode="ecb", keys=KEYS), "deterministic, randomised"),
    ],
)
def test_a_word_that_does_not_fit_is_said_at_once(make, said):
    with pytest.raises(UsageError, match=said):
        make()


@pytest.mark.spark
def test_they_join_with_a_prepared_table_and_open_it(tmp_path, capsys, spark):
    from pyspark.sql import functions as F

    place = install(tmp_path, capsys, sample=100)
    assert place.run(prepare).code == 0
    keys = keys_of(str(place.settings))
    made = spark.read.format("delta").load(str(place.lake / "training/reviews"))
    raw = spark.read.schema("review_id string, user_id bigint, email string").json(str(place.lake / "raw/reviews"))
    mine = raw.select(
        "review_id",
        F.col("email").alias("clear"),
        token("user_id", domain="person", keys=keys).alias("user_id"),
        encrypt("email", **EMAIL, keys=keys).alias("email"),
    )
    rows = made.count()
    both = made.join(mine, on=["review_id", "user_id", "email"], how="inner").distinct()
    opened = both.select("clear", decrypt("email", **EMAIL, keys=keys).alias("opened")).collect()
    nulls = made.where("email is null or user_id is null").count()
    assert len(opened) == rows - nulls > 50
    assert all(row.clear == row.opened for row in opened)
    with pytest.raises(UsageError, match="no scalar type"):
        decrypt("email", **EMAIL, type="array<int>", keys=keys)


@pytest.mark.spark
@pytest.mark.parametrize("key", ["review_id", "user_id"])
def test_they_bind_values_to_their_rows_as_prepare_does(tmp_path, capsys, spark, key):
    from pyspark.errors import PythonException
    from pyspark.sql import functions as F

    place = install(tmp_path, capsys, sample=100)
    rule = "method: encrypt, domain: email"
    place.edit("contracts/reviews.yaml", rule, f"{rule}, rowKey: {key}")
    assert place.run(prepare).code == 0
    keys = keys_of(str(place.settings))
    made = spark.read.format("delta").load(str(place.lake / "training/reviews"))
    raw = spark.read.schema("review_id string, user_id bigint, email string").json(str(place.lake / "raw/reviews"))
    mine = raw.where("user_id is not null").select(
        "review_id",
        F.col("email").alias("clear"),
        "email",
        token("user_id", domain="person", keys=keys).alias("user_id"),
    )
    mine = mine.withColumn("email", encrypt("email", row_key=key, **EMAIL, keys=keys))
    both = made.join(mine, on=["review_id", "user_id", "email"], how="inner").distinct()
    opened = both.select(
        "clear",
        decrypt("email", row_key=F.col(key), **EMAIL, keys=keys).alias("opened"),
        decrypt("email", row_key=F.lit("another"), **EMAIL, keys=keys).alias("elsewhere"),
        decrypt("email", **EMAIL, keys=keys).alias("unbound"),
    ).collect()
    assert len(opened) == made.count() > 50
    assert all(row.clear == row.opened for row in opened)
    assert {(row.elsewhere, row.unbound) for row in opened} == {(None, None)}
    keyless = mine.select(encrypt("clear", row_key=F.lit(None).cast("string"), **EMAIL, keys=keys))
    with pytest.raises(PythonException, match="a value to be bound and no row key"):
        keyless.collect()


@pytest.mark.spark
def test_every_type_comes_back_in_a_session_of_another_zone(tmp_path, capsys, spark):
    place = install(tmp_path, capsys, sample=100)
    assert place.run(prepare).code == 0
    keys = keys_of(str(place.settings))
    kinds = {
        "bigint": "-7L", "decimal(10,2)": "1.50BD", "double": "double('-0.0')", "boolean": "true", "binary": "X'00ff'",
        "date": "date'2024-02-29'", "timestamp": "timestamp'2024-02-29 12:30:00.000001'", "string": "'é'",
        "timestamp_ntz": "timestamp_ntz'2024-02-29 12:30:00'", "tinyint": "1Y",
        "smallint": "-8S", "int": "7", "float": "float('NaN')",
    }  # fmt: skip
    exact = ", ".join(f"cast({value} as {kind}) as c{place}" for place, (kind, value) in enumerate(kinds.items()))
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        frame = spark.sql(f"select {exact} from range(3)")
        tokens = [token(f"c{place}", domain="d", keys=keys) for place in range(len(kinds))]
        bound = {"table": "t", "mode": "randomised", "keys": keys}
        opened = [
            decrypt(encrypt(f"c{place}", column=f"c{place}", **bound), column=f"c{place}", type=kind, **bound)
            for place, kind in enumerate(kinds)
        ]
        before, after = frame.first(), frame.select(*opened).first()
        assert list(map(str, after)) == list(map(str, before))
        assert len({*frame.select(*tokens).first()}) == len(kinds)
        plan = frame.select(*tokens)._jdf.queryExecution().toString()
        assert json.loads((place.root / "keys/keyring.json").read_text())
        assert "token(c0" in plan
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)
