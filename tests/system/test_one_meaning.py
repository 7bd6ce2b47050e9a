"""Rules, row filters, masks and features mean the same, whatever the machine's language and the session's zone are."""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from strongroom.arrow.leaves import Leaves
from strongroom.core.contract import Column, Type
from strongroom.core.errors import EnvironmentFault
from strongroom.govern.sql.masks import masked
from strongroom.govern.sql.row_filters import predicate
from strongroom.learn.features.tokens import TERMS, word_stages
from strongroom.quality.expression import compile_condition
from strongroom.stores.spark.session import _check

pytestmark = pytest.mark.spark
TYPES = {"n": "int", "s": "string", "t": "timestamp", "l": "timestamp_ntz", "d": "date", "r": "double"}
COLUMNS = {name: Column(name, name, Type(kind)) for name, kind in TYPES.items()}
TEXTS = ["GEHEIM É", "geheim é", "TITLE É", "Title", "İSTANBUL", "ΟΔΟΣ", "ΟΔΟΣ ΑΣΑ", "Ǆ", "ẞ", "", None]
MOMENTS = [
    datetime(1986, 1, 1, tzinfo=UTC),  # the minute that Nepal left out
    datetime(1985, 12, 31, 18, 30, tzinfo=UTC),
    datetime(1986, 1, 1, 0, 7, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    None,
]
REALS = [float("nan"), float("inf"), -0.0, 0.0, 1.5, None, -float("inf")]
ROWS = [
    (number, text, moment, moment and moment.replace(tzinfo=None), moment and moment.date(), REALS[number % 7])
    for number, (text, moment) in enumerate((text, moment) for text in TEXTS for moment in MOMENTS)
]
SCHEMA = pa.schema(
    [
        ("n", pa.int32()), ("s", pa.string()), ("t", pa.timestamp("us", "UTC")), ("l", pa.timestamp("us")),
        ("d", pa.date32()), ("r", pa.float64()),
    ]
)  # fmt: skip
BATCH = pa.RecordBatch.from_arrays(
    [pa.array(column, kind) for column, kind in zip(zip(*ROWS, strict=True), SCHEMA.types, strict=True)], schema=SCHEMA
)
STEPS = {name: (place,) for place, name in enumerate(TYPES)}
CONDITIONS = [
    "lower(s) <> 'geheim é'",
    "lower(s) in ('title é', 'i̇stanbul', 'οδος', 'οδος ασα', 'ǆ', 'ß')",
    "lower(s) = lower('ΟΔΟΣ')",
    "t >= date '1986-01-01'",
    "d = timestamp '1986-01-01 00:00:00'",
    "l >= timestamp '1986-01-01 00:00:00'",
    "l < date '1986-01-02' and d <> date '1986-01-01'",
    "t = l and t = d",
    "t > d",
    "d - date '1985-12-31' = 1",
    "r > 1",
    "not (r <= 1.5)",
    "r <> 1.5 and r <> 0",
    "r = r",
    "r - r >= 0 or r in (0, 1.5)",
    "r / 2 < n",
    "t between timestamp '0001-01-01 00:00:00' and timestamp '1986-01-01T05:30:00+05:30'",
]


@pytest.fixture(params=[("en", "UTC"), ("tr", "Asia/Kathmandu")], ids=lambda pair: "-".join(pair).replace("/", "-"))
def elsewhere(spark, request):
    """The session on a machine of another language, in another zone."""
    language, zone = request.param
    locale = spark._jvm.java.util.Locale
    before = locale.getDefault(), spark.conf.get("spark.sql.session.timeZone")
    locale.setDefault(locale(language))
    spark.conf.set("spark.sql.session.timeZone", zone)
    yield spark
    locale.setDefault(before[0])
    spark.conf.set("spark.sql.session.timeZone", before[1])


@pytest.fixture
def frame(elsewhere, tmp_path):
    pq.write_table(pa.Table.from_batches([BATCH]), tmp_path / "rows.parquet")
    return elsewhere.read.parquet(str(tmp_path / "rows.parquet"))


def kept_by_rule(condition):
    """Rows that a contract's rule takes for good, by the kernels; a null is no failure there."""
    failed = compile_condition(condition, COLUMNS, where="")(Leaves(BATCH, STEPS))
    return set(range(len(ROWS))) - set(np.flatnonzero(failed).tolist() if failed is not None else ())


def test_a_row_filter_and_a_rule_agree_on_every_row(frame):
    given = {text: F.expr(predicate(text, TYPES, where="")) for text in CONDITIONS}
    found = frame.select("n", *(F.coalesce(given[text], F.lit(True)).alias(f"c{n}") for n, text in enumerate(given)))
    rows = found.collect()
    for number, text in enumerate(CONDITIONS):
        assert {row["n"] for row in rows if row[f"c{number}"]} == kept_by_rule(text), text


def test_a_mask_of_moments_begins_where_utc_does(frame):
    masks = [
        F.expr(masked(name, TYPES[name], f"truncate-to-{part}", where="", portable=False)).alias(f"{name}{part}")
        for name in ("t", "l", "d")
        for part in ("year", "month")
    ]
    for row in frame.where("s = 'Title'").select("l", *masks).toArrow().to_pylist():
        for part, change in (("year", {"month": 1, "day": 1}), ("month", {"day": 1})):
            first = row["l"] and datetime(row["l"].year, row["l"].month, 1).replace(**change)
            assert row[f"l{part}"] == first
            assert row[f"t{part}"] == (first and first.replace(tzinfo=UTC))
            assert row[f"d{part}"] == (first and first.date())
    assert date(1986, 1, 1) in {row[4] for row in ROWS}


def test_features_learn_the_same_words(elsewhere):
    frame = elsewhere.createDataFrame([(text,) for text in TEXTS], "text string")
    for stage in word_stages("text", profile="sklearn", ngram=1):
        frame = stage.transform(frame)
    words = {word for row in frame.select(TERMS).collect() for word in row[0]}
    assert words == {"geheim", "title", "stanbul", "οδος", "ασα"} | {"i̇stanbul"} & words


def test_a_jvm_of_another_language_is_refused_before_anything_is_read(elsewhere, request):
    if "tr" in request.node.callspec.id:
        with pytest.raises(EnvironmentFault, match="another language"):
            _check(elsewhere.newSession())
    else:
        _check(elsewhere.newSession())
