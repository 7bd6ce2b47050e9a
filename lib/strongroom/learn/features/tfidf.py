"""TF-IDF: a table of texts → a fitted Spark ML pipeline and its vocabulary. The pipeline adds vectors to any table.

The pipeline holds plain Spark stages only, so that whoever has Spark can load and use it without Strongroom. Nothing
needs more than Spark Connect has.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.feature import CountVectorizerModel, ElementwiseProduct, Normalizer, SQLTransformer
from pyspark.ml.linalg import Vectors, VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from strongroom.core.errors import UsageError
from strongroom.core.sql_text import identifier
from strongroom.learn.features.tokens import PROFILES, TERMS, word_stages, working_columns
from strongroom.learn.features.vocabulary import Vocabulary, choose_vocabulary

_COUNTED, _WEIGHED = "__counted", "__weighed"


@dataclass(frozen=True, slots=True)
class Tfidf:
    """What to make features from.

    Args:
        text: the column of texts; the pipeline looks for it by this name in any table it is given.
        output: the column of vectors it adds.
        profile: `spark`, or `sklearn` for the vocabulary and the numbers of scikit-learn's `TfidfVectorizer`.
        max_features: the size of the vocabulary at most.
        rank: `documents` or `terms`; empty is the profile's own (spark: documents, sklearn: terms).
        ngram: the longest run of words that is a term.
        min_df: a term must stand in so many documents; 0 is the profile's own (spark: 2, sklearn: 1, as there).
            The vocabulary is stored in clear and a term of few documents may be somebody's name: the more personal
            the texts are, the higher this should be.
        subject: the column that says whose a text is; empty where terms are taken whoever uses them.
        min_subjects: by how many different ones a term must be used.
    """

    text: str
    output: str = "features"
    profile: str = "spark"
    max_features: int = 100
    rank: str = ""
    ngram: int = 1
    min_df: int = 0
    subject: str = ""
    min_subjects: int = 1

    def __post_init__(self) -> None:
        if self.profile not in PROFILES or self.rank not in ("", "documents", "terms"):
            raise UsageError("A profile is spark or sklearn, a rank is documents or terms.", where="vectorize")
        if min(self.max_features, self.ngram, self.min_subjects) < 1 or self.min_df < 0:
            raise UsageError("max_features, ngram, min_df and min_subjects are 1 or more.", where="vectorize")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A pipeline that adds the vectors, the vocabulary behind it, and each term's weight in the vocabulary's order."""

    pipeline: PipelineModel
    vocabulary: Vocabulary
    idf: tuple[float, ...]


def fit_tfidf(frame: DataFrame, plan: Tfidf) -> Fitted:
    """Choose the vocabulary and weigh it, in one pass over the table.

    The vectors are sparse and have the length 1 (or 0, for a text without a known term): term count × idf, L2 norm.
    Other columns pass through the pipeline untouched.

    Raises:
        StoreError: there is no document, or no term is left.
    """
    profile = PROFILES[plan.profile]
    words = word_stages(plan.text, profile=plan.profile, ngram=plan.ngram)
    whose = [identifier(plan.subject)] if plan.subject else []
    vocabulary = choose_vocabulary(
        PipelineModel(words).transform(frame.select(identifier(plan.text), *whose)), TERMS,
        max_features=plan.max_features, rank=plan.rank or profile.rank,
        min_df=plan.min_df or profile.min_df, ties=profile.ties,
        subject=plan.subject, min_subjects=plan.min_subjects,
    )  # fmt: skip
    idf = vocabulary.idf(plus=profile.idf_plus)
    working = ", ".join([*working_columns(plan.ngram), _COUNTED, _WEIGHED])
    stages: list[Transformer] = [
        *words,
        CountVectorizerModel.from_vocabulary(list(vocabulary.terms), inputCol=TERMS, outputCol=_COUNTED),
        # Not IDFModel: it can only be fitted, which would be a second pass for numbers that the first one has told.
        ElementwiseProduct(inputCol=_COUNTED, outputCol=_WEIGHED, scalingVec=Vectors.dense(list(idf))),
        Normalizer(inputCol=_WEIGHED, outputCol=plan.output, p=2.0),
        SQLTransformer(statement=f"SELECT * EXCEPT ({working}) FROM __THIS__"),  # noqa: S608  # our own names
    ]
    return Fitted(pipeline=PipelineModel(stages), vocabulary=vocabulary, idf=idf)


def as_struct(vector: Column) -> Column:
    """A vector as the struct it is stored as: type (0 is sparse), size, indices, values.

    A Delta log may name Spark's own vector type, but then no reader except Spark can open the table at all.
    """
    return F.unwrap_udt(vector)


def as_vector(struct: Column) -> Column:
    """The struct of a stored feature table as a vector again, for Spark ML; no number changes.

    By way of JSON, because SQL has no cast to a vector, and this needs neither Python workers nor a JVM of our own.
    """
    wrapped = T.StructType([T.StructField("vector", VectorUDT())])
    return F.from_json(F.to_json(F.struct(struct.alias("vector"))), wrapped)["vector"]
