"""What fitting TF-IDF costs beside Spark's own CountVectorizer and IDF.

    python tests/benchmarks/tfidf.py [COPIES] [ROUNDS]

One Spark session (local[2]) over COPIES (20) times the texts of the sample lake; the ways take turns in each round;
a warm-up round is not counted. Prints one line of JSON a figure: median CPU seconds of the JVM, and their ratio to
cutting the texts into terms and doing nothing with them.
"""

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lib"))
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "lib"), os.environ.get("PYTHONPATH", "")])

from pyspark.ml import Pipeline, PipelineModel  # noqa: E402  the workers' path comes first
from pyspark.ml.feature import IDF, CountVectorizer  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

from strongroom.learn.tfidf import Tfidf, fit_tfidf  # noqa: E402
from strongroom.learn.words import TERMS, word_stages  # noqa: E402
from strongroom.stores.sample import make_sample  # noqa: E402


def main(copies: int, rounds: int) -> None:
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        make_sample(folder)
        read = spark.read.schema("text_content string").json(f"{folder}/raw/reviews")
        texts = read.selectExpr("text_content AS text").where("length(text) < 50000")
        texts.crossJoin(spark.range(copies).select()).repartition(4).write.parquet(f"{folder}/texts")
        frame = spark.read.parquet(f"{folder}/texts")
        for name, seconds in measure(spark, frame, rounds).items():
            print(json.dumps({"way": name, "rows": frame.count(), **seconds}))
    spark.stop()


def measure(spark, frame, rounds):
    words = word_stages("text", profile="spark", ngram=1)
    counted = CountVectorizer(inputCol=TERMS, outputCol="counted", vocabSize=100, minDF=2.0)
    theirs = Pipeline(stages=[*words, counted, IDF(inputCol="counted", outputCol="features")])
    ways = {
        "terms only": lambda: (
            PipelineModel(words).transform(frame).select(TERMS).write.format("noop").mode("overwrite").save()
        ),
        "fit_tfidf, spark": lambda: fit_tfidf(frame, Tfidf("text")),
        "fit_tfidf, sklearn": lambda: fit_tfidf(frame, Tfidf("text", profile="sklearn")),
        "CountVectorizer, IDF": lambda: theirs.fit(frame),
    }
    taken = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            before = jvm_seconds(spark)
            way()
            if number:
                taken[name].append(jvm_seconds(spark) - before)
    ratios = {
        name: [mine / least for mine, least in zip(taken[name], taken["terms only"], strict=True)] for name in ways
    }
    return {
        name: {"cpu_s": round(statistics.median(taken[name]), 2), "ratio": round(statistics.median(ratios[name]), 2)}
        for name in ways
    }


def jvm_seconds(spark) -> float:
    """CPU seconds that the session's JVM has used so far."""
    stat = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*(int(given) if given else usual for given, usual in zip([*sys.argv[1:3], "", ""], (20, 3), strict=False)))
