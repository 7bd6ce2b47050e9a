import math
from collections import Counter

import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from strongroom.core.errors import StoreError
from strongroom.learn.features.vocabulary import Vocabulary, _argsorted, choose_vocabulary

DOCUMENTS = [["b", "a", "a"], ["a", "c"], [], ["c", "b", "d"], ["e", "e", "e", "e"], ["b"]]
#                a: 3 times in 2, b: 3 in 3, c: 2 in 2, d: 1 in 1, e: 4 in 1


@pytest.fixture(scope="module")
def documents(spark):
    return spark.createDataFrame([(terms,) for terms in DOCUMENTS], "terms array<string>")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("rank", "max_features", "min_df", "ties", "terms", "why"),
    [
        ("documents", 9, 1, "name", "abcde", "room for all"),
        ("documents", 1, 1, "name", "b", "b is in three documents"),
        ("documents", 2, 1, "name", "ab", "a and c are in two: the alphabet decides"),
        ("terms", 1, 1, "name", "e", "e stands four times"),
        ("terms", 9, 2, "name", "abc", "d and e are in one document only"),
        ("documents", 9, 1, "argsort", "abcde", "nobody is cut"),
        ("documents", 1, 1, "argsort", "b", "nobody ties with b"),
        ("terms", 3, 1, "argsort", "abe", "nor at this cut"),
        ("terms", 9, 3, "argsort", "b", "only b is in three"),
    ],
)
def test_the_most_frequent_terms_are_chosen(documents, rank, max_features, min_df, ties, terms, why):
    chosen = choose_vocabulary(documents, "terms", max_features=max_features, rank=rank, min_df=min_df, ties=ties)
    counts = Counter(term for document in DOCUMENTS for term in document)
    in_documents = Counter(term for document in DOCUMENTS for term in set(document))
    assert chosen.terms == tuple(terms), why
    assert chosen.size == 6
    assert chosen.counts == tuple(counts[term] for term in chosen.terms)
    assert chosen.documents == tuple(in_documents[term] for term in chosen.terms)


@pytest.mark.spark
@pytest.mark.parametrize("ties", ["name", "argsort"])
@pytest.mark.parametrize(
    ("rows", "min_df", "why"),
    [([], 1, "no document"), ([([],), ([],)], 1, "no term"), ([(["a"],)], 2, "no term of two documents")],
)
def test_nothing_to_learn_is_an_error(spark, rows, min_df, why, ties):
    frame = spark.createDataFrame(rows, "terms array<string>")
    with pytest.raises(StoreError, match=r"document|term"):
        choose_vocabulary(frame, "terms", max_features=5, rank="terms", min_df=min_df, ties=ties)


def test_equals_at_the_cut_are_those_of_sklearn():
    words = [f"w{number:04d}" for number in range(3_000)]
    text = [" ".join(word for place, word in enumerate(words) if place % step == 0) for step in (1, 7, 11)]
    kept = CountVectorizer(max_features=900).fit(text).vocabulary_
    table = pa.table({"term": words, "count": [1 + (n % 7 == 0) + (n % 11 == 0) for n in range(3_000)]})
    table = table.append_column("documents", table["count"])
    batches = pa.concat_tables([pa.table({"term": [""], "count": [3], "documents": [3]}), table]).to_batches(500)
    chosen = pa.Table.from_batches(_argsorted(batches, by="count", limit=900))["term"].to_pylist()
    assert chosen[0] == ""
    assert set(chosen[1:]) == set(kept)


def test_weights_are_smoothed_logarithms():
    vocabulary = Vocabulary(terms=("a", "b"), documents=(3, 1), counts=(9, 1), size=3)
    assert vocabulary.idf(plus=0.0) == (0.0, math.log(2))
    assert vocabulary.idf(plus=1.0) == (1.0, 1 + math.log(2))
