"""Which terms become features: chosen where the data is, one pass over it, and only the chosen reach the driver."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from strongroom.core import workers
from strongroom.core.errors import StoreError

DOCUMENT = ""  # counted once per document, so that the same pass counts the documents; no term is empty
_COUNTS = "term string, count long, documents long"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms in alphabetical order (of code points); a term's place is its index in the vectors.

    `documents` says in how many documents a term stands, `counts` how often in all; `size` is the number of documents,
    `withheld` that of terms which would do but for the few people who use them.
    """

    terms: tuple[str, ...]
    documents: tuple[int, ...]
    counts: tuple[int, ...]
    size: int
    withheld: int = 0

    def idf(self, *, plus: float) -> tuple[float, ...]:
        """The weight of each term: `ln((1 + size) / (1 + documents)) + plus`, smoothed as Spark and scikit-learn do."""
        return tuple(math.log((1 + self.size) / (1 + documents)) + plus for documents in self.documents)


def choose_vocabulary(
    frame: DataFrame, terms: str, *, max_features: int, rank: str, min_df: int, ties: str, subject: str = "",
    min_subjects: int = 1,
) -> Vocabulary:  # fmt: skip
    """The most frequent terms of a table.

    Args:
        frame: one row a document.
        terms: its column of terms, array<string>.
        max_features: how many terms at most; no more than these reach the driver.
        rank: by the number of `documents` a term stands in, or by how often it stands anywhere (`terms`).
        min_df: in how many documents a term must stand at least. One that stands in a single document may well be
            somebody's name, and the vocabulary is stored in clear.
        ties: `name` takes the first in alphabetical order among equals, and so depends on nothing but the data.
            `argsort` takes whom scikit-learn takes, see `_argsorted`.
        subject: the column that says whose a document is; empty where nobody asks.
        min_subjects: how many different ones must use a term at least; a document without one counts for nobody.

    Raises:
        StoreError: there is no document, or no term is left.
    """
    is_document, withheld = F.col("term") == DOCUMENT, Observation()
    counted = _count(frame, F.col(terms), subject).where(is_document | (F.col("documents") >= min_df))
    if subject:
        few = ~is_document & (F.col("subjects") < min_subjects)
        counted = counted.observe(withheld, F.count_if(few).alias("terms")).where(~few).drop("subjects")
    by = "count" if rank == "terms" else "documents"
    if ties == "argsort":
        one_task = counted.repartition(1).sortWithinPartitions("term")
        best = one_task.mapInArrow(partial(_argsorted, by=by, limit=max_features), schema=_COUNTS)
    else:
        best = counted.orderBy(~is_document, F.col(by).desc(), F.col("term")).limit(max_features + 1)
    rows = sorted((str(row["term"]), int(row["count"]), int(row["documents"])) for row in best.collect())
    if len(rows) < 2:  # the count of documents alone, or nothing at all
        what = "No term is left for the vocabulary." if rows else "There is no document to learn from."
        todo = "Look at the rows that the principal may read, at vectorize.min_df and vectorize.min_subjects."
        raise StoreError(what, todo=todo, code="table.empty")
    (_, size, _), *chosen = rows
    return Vocabulary(
        terms=tuple(term for term, _, _ in chosen),
        counts=tuple(count for _, count, _ in chosen),
        documents=tuple(documents for _, _, documents in chosen),
        size=size,
        withheld=int(withheld.get["terms"]) if subject else 0,
    )


def _count(frame: DataFrame, terms: Column, subject: str) -> DataFrame:
    """Each term of the table, how often it stands anywhere and in how many documents; the empty one for each document.

    Within a sorted document a term differs from the one before it exactly once: so one explode and one shuffle tell
    both numbers, and no pair of document and term is ever grouped by. Where people are counted, pairs of them are.
    """
    whose = [F.col(subject).alias("subject")] if subject else []
    documents = frame.select(F.sort_array(F.concat(F.array(F.lit(DOCUMENT)), terms)).alias("term"), *whose)
    before = F.concat(F.array(F.lit(None).cast("string")), F.col("term")).alias("before")
    kept = ["subject"] if subject else []
    pairs = documents.select(F.explode(F.arrays_zip("term", before)).alias("pair"), *kept)
    pairs = pairs.select("pair.term", "pair.before", *kept).where(F.col("term").isNotNull())  # `before` is one longer
    first = ~F.col("term").eqNullSafe(F.col("before"))
    counts = (F.count(F.lit(1)).alias("count"), F.sum(first.cast("long")).alias("documents"))
    if not subject:
        return pairs.groupBy("term").agg(*counts)
    of_people = pairs.groupBy("term", "subject").agg(*counts).groupBy("term")
    sums = (F.sum(name).alias(name) for name in ("count", "documents"))
    return of_people.agg(*sums, F.count("subject").alias("subjects"))


def _argsorted(batches: Iterable[pa.RecordBatch], *, by: str, limit: int) -> Iterator[pa.RecordBatch]:
    """The terms that scikit-learn would keep, out of all terms in alphabetical order.

    `CountVectorizer` takes the first of `(-counts).argsort()`. numpy's default sort is not stable, so among equals at
    the cut that is neither the first nor the last, and another answer on another processor (AVX512, AVX2, neither:
    three vocabularies from the same reviews). The one way to the same terms is the same call over the same numbers; it
    runs in one task on an executor, which holds one number and one word per term.
    """
    workers.settle()
    gathered = list(batches)
    if not gathered:  # a table without rows has no batch, and without a batch there is no schema
        return
    table = pa.Table.from_batches(gathered)
    is_term = pc.not_equal(table["term"], DOCUMENT)
    terms = table.filter(is_term)
    # As in scikit-learn: 64-bit floats, because the sort of another type may take another way.
    order = (-terms[by].to_numpy().astype("float64")).argsort()[:limit]
    yield from table.filter(pc.invert(is_term)).to_batches()
    yield from terms.take(pa.array(order)).to_batches()
