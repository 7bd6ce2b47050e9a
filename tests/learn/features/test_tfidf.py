from pathlib import Path

import numpy as np
import pytest
from pyspark.ml import PipelineModel
from pyspark.ml.feature import IDF, CountVectorizer, Normalizer
from pyspark.sql import functions as F
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer

from strongroom.core.errors import UsageError
from strongroom.learn.features.tfidf import Tfidf, as_struct, as_vector, fit_tfidf
from strongroom.learn.features.tokens import KEPT, word_stages

pytestmark = pytest.mark.spark
REVIEWS = Path(__file__).parents[4] / "shared/data/reviews"
FILES = ("imdb_labelled.txt", "yelp_labelled.txt", "amazon_cells_labelled.txt")
needs_reviews = pytest.mark.skipif(not REVIEWS.is_dir(), reason=f"NO REAL REVIEWS in {REVIEWS}: nothing is compared")


def read_reviews(*names):
    """The texts as they are: a heading first, and only a line feed ends a line (NEL stands inside texts)."""
    lines = [line for name in names for line in (REVIEWS / name).read_bytes().decode().split("\n")[1:] if line]
    return [line.rsplit("\t", 1)[0] for line in lines]


def frame_of(spark, texts):
    return spark.createDataFrame(list(enumerate(texts)), "n int, text string").repartition(3)


def matrix(fitted, frame):
    rows = fitted.pipeline.transform(frame).orderBy("n").select("features").collect()
    vectors = [row["features"] for row in rows]
    ends = np.cumsum([0, *(len(vector.indices) for vector in vectors)])
    data, columns = (np.concatenate([getattr(vector, part) for vector in vectors]) for part in ("values", "indices"))
    return csr_array((data, columns, ends), shape=(len(vectors), len(fitted.vocabulary.terms)))


@needs_reviews
@pytest.mark.parametrize(
    ("names", "options", "why"),
    [
        (FILES, {}, "all three, as promised"),
        (FILES[:1], {}, "one file with NEL in it"),
        (FILES[1:2], {}, "23 terms share the last two places"),
        (FILES, {"max_features": 37, "min_df": 5}, "a smaller one, rare terms out before the cut"),
        (FILES, {"max_features": 150, "ngram": 2}, "pairs of words"),
        (FILES[:1], {"max_features": 10_000}, "every term there is"),
    ],
)
def test_the_sklearn_profile_gives_the_vocabulary_and_the_numbers_of_sklearn(spark, names, options, why):
    texts = read_reviews(*names)
    assert len(texts) == 1_000 * len(names)
    fitted = fit_tfidf(frame_of(spark, texts), Tfidf("text", profile="sklearn", **options))
    theirs = TfidfVectorizer(
        stop_words="english", max_features=options.get("max_features", 100),
        min_df=options.get("min_df", 1), ngram_range=(1, options.get("ngram", 1)),
    )  # fmt: skip
    expected = theirs.fit_transform(texts)
    assert list(fitted.vocabulary.terms) == list(theirs.get_feature_names_out()), why
    assert np.abs(np.array(fitted.idf) - theirs.idf_).max() < 1e-9
    assert abs(matrix(fitted, frame_of(spark, texts)) - expected).max() < 1e-9


@needs_reviews
def test_the_spark_profile_gives_the_numbers_of_sparks_own_idf(spark):
    frame = frame_of(spark, read_reviews(FILES[0]))
    plan = Tfidf("text", rank="terms", max_features=60)
    fitted = fit_tfidf(frame, plan)
    words = PipelineModel(word_stages("text", profile="spark", ngram=1)).transform(frame)
    counted = CountVectorizer(inputCol=KEPT, outputCol="tf", minDF=2.0).fit(words)  # every term of two documents
    weighed = IDF(inputCol="tf", outputCol="weighed").fit(counted.transform(words))
    theirs = dict(zip(counted.vocabulary, weighed.idf.toArray(), strict=True))
    mine = dict(zip(fitted.vocabulary.terms, fitted.idf, strict=True))
    assert len(mine) == 60
    assert mine == pytest.approx({term: theirs[term] for term in mine}, abs=1e-12)
    lengths = {round(float(np.sqrt((row**2).sum())), 9) for row in matrix(fitted, frame).toarray()}
    assert lengths == {0.0, 1.0}


def test_a_name_in_one_document_stays_out_of_the_spark_vocabulary(spark):
    texts = ["good case", "good case from Quillfeather Quillfeather", "bad case"]
    assert fit_tfidf(frame_of(spark, texts), Tfidf("text")).vocabulary.terms == ("case", "good")
    assert "quillfeather" in fit_tfidf(frame_of(spark, texts), Tfidf("text", min_df=1)).vocabulary.terms


def test_other_columns_pass_and_no_working_column_stays(spark):
    fitted = fit_tfidf(frame_of(spark, ["good case", "good"]), Tfidf("text", output="vector", ngram=2))
    assert fitted.pipeline.transform(frame_of(spark, ["good"])).columns == ["n", "text", "vector"]


def test_a_saved_pipeline_gives_the_same_vectors_for_new_text(spark, tmp_path):
    fitted = fit_tfidf(frame_of(spark, ["good case", "good sound", "bad sound, bad case"]), Tfidf("text", ngram=2))
    fitted.pipeline.write().overwrite().save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    new = frame_of(spark, ["a GOOD, good case!", None, "unheard of"])
    rows = [model.transform(new).orderBy("n").collect() for model in (fitted.pipeline, loaded)]
    assert rows[0] == rows[1]
    case, good = (fitted.idf[fitted.vocabulary.terms.index(term)] for term in ("case", "good"))
    assert rows[0][0]["features"].norm(2) == pytest.approx(1)
    assert dict(zip(fitted.vocabulary.terms, rows[0][0]["features"].toArray(), strict=True))["good"] == pytest.approx(
        2 * good / np.hypot(case, 2 * good)
    )
    assert [len(row["features"].indices) for row in rows[0]] == [2, 0, 0]


def test_a_vector_survives_the_way_to_its_struct_and_back(spark):
    fitted = fit_tfidf(frame_of(spark, ["good case", "good sound", "bad sound, bad case"]), Tfidf("text"))
    vectors = fitted.pipeline.transform(frame_of(spark, ["good good case", "nothing"]))
    stored = vectors.withColumn("stored", as_struct(F.col("features")))
    assert stored.schema["stored"].dataType.simpleString() == (
        "struct<type:tinyint,size:int,indices:array<int>,values:array<double>>"
    )
    back = stored.select("features", as_vector(F.col("stored")).alias("back"))
    rows = Normalizer(inputCol="back", outputCol="again").transform(back).collect()  # Spark ML takes it as a vector
    assert [row["back"] for row in rows] == [row["features"] for row in rows]
    assert {type(row["back"]).__name__ for row in rows} == {"SparseVector"}


@pytest.mark.parametrize(
    "wrong", [{"profile": "gensim"}, {"rank": "luck"}, {"max_features": 0}, {"ngram": 0}, {"min_df": -1}]
)
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(UsageError):
        Tfidf("text", **wrong)
