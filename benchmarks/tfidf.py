"""What fitting TF-IDF costs beside Spark's own CountVectorizer and IDF, over about ROWS texts of the sample lake.

Ratios are to cutting the texts into terms and doing nothing with them.
"""

from __future__ import annotations

import tempfile
from typing import Any

from benchmarks.measure import Way, interleaved, main, ratio, show
from benchmarks.session import session

LEAST, OURS, THEIRS = "terms only", "fit_tfidf, spark", "CountVectorizer, IDF"


def run(*, rows: int, rounds: int) -> None:
    from strongroom.sample.lake import make_sample

    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session() as spark:
        make_sample(folder)
        read = spark.read.schema("text_content string").json(f"{folder}/raw/reviews")
        texts = read.selectExpr("text_content AS text").where("length(text) < 50000")
        copies = spark.range(max(1, rows // 20_000)).select()
        texts.crossJoin(copies).repartition(4).write.parquet(f"{folder}/texts")
        frame = spark.read.parquet(f"{folder}/texts")
        count = frame.count()
        costs = interleaved(ways(frame), rounds=rounds)
    for name, cost in costs.items():
        show(name, rows=count, **cost.medians())
        if name != LEAST:
            show(f"{name} ÷ {LEAST}, CPU", **ratio(cost.cpu, costs[LEAST].cpu))
    show(f"{OURS} ÷ {THEIRS}, CPU", **ratio(costs[OURS].cpu, costs[THEIRS].cpu))


def ways(frame: Any) -> dict[str, Way]:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import IDF, CountVectorizer

    from strongroom.learn.features.tfidf import Tfidf, fit_tfidf
    from strongroom.learn.features.tokens import TERMS, word_stages

    words = word_stages("text", profile="spark", ngram=1)
    counted = CountVectorizer(inputCol=TERMS, outputCol="counted", vocabSize=100, minDF=2.0)
    theirs = Pipeline(stages=[*words, counted, IDF(inputCol="counted", outputCol="features")])
    cut = PipelineModel(words).transform(frame).select(TERMS)
    return {
        LEAST: lambda: cut.write.format("noop").mode("overwrite").save(),
        OURS: lambda: fit_tfidf(frame, Tfidf("text")),
        "fit_tfidf, sklearn": lambda: fit_tfidf(frame, Tfidf("text", profile="sklearn")),
        THEIRS: lambda: theirs.fit(frame),
    }


if __name__ == "__main__":
    main(run, rows=400_000, rounds=3)
