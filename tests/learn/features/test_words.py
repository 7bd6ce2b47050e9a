import re

import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from strongroom.learn.features.tokens import TERMS, stop_words, word_stages, working_columns

TEXTS = [
    ("plain", "Good case, Excellent value."),
    ("one letter and none", "a I x 5 ! ?"),
    ("digits and underscore count", "10 v1.2 snake_case 3rd __"),
    ("an apostrophe parts words", "I don't like O'Brien's"),
    ("NEL and other blanks", "one\x85two\u2028three\u00a0four\u3000five"),
    ("accents", "café CAFÉ naïve Łódź Straße"),
    ("combining accents part words in Python", "cafe\u0301s e\u0301t"),
    ("vowel signs part words in Python", "बहुत बढ़िया उत्पाद"),
    ("numbers that are no digits", "½½ ²³ ⅷⅷ ①② x²"),
    ("joiners and connectors are no word letters", "ab\u200dcd ef\u200cgh ij‿kl mn＿op"),
    ("capitals of every kind", "ΟΔΟΣ İSTANBUL ISPARTA ǅungla"),
    ("beyond the first plane", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 😀😀 𐐀𐐁"),
    ("other scripts", "とても気に入りました 很差 منتج رائع"),
    ("nothing", ""),
    ("blanks only", " \n\t"),
]


def cut(spark, texts, *, profile, ngram=1):
    frame = spark.createDataFrame(list(enumerate(texts)), "n int, `the text` string")
    for stage in word_stages("the text", profile=profile, ngram=ngram):
        frame = stage.transform(frame)
    assert frame.columns == ["n", "the text", *working_columns(ngram)]
    return [list(row[TERMS]) for row in frame.orderBy("n").collect()]


@pytest.mark.spark
@pytest.mark.parametrize("ngram", [1, 3])
def test_the_sklearn_profile_cuts_as_sklearn_does(spark, ngram):
    analyse = TfidfVectorizer(stop_words="english", ngram_range=(1, ngram)).build_analyzer()
    texts = [text for _, text in TEXTS]
    assert cut(spark, texts, profile="sklearn", ngram=ngram) == [analyse(text) for text in texts]


@pytest.mark.spark
def test_a_missing_text_is_an_empty_one(spark):
    assert cut(spark, [None, "good"], profile="sklearn") == [[], ["good"]]


@pytest.mark.spark
@pytest.mark.parametrize(
    ("text", "terms", "why"),
    [
        ("I don't LIKE it", ["like"], "don't is a stop word of Spark's list, as it is written"),
        ("I don’t like it", ["like"], "and as typographers write it"),
        ("the 'best' o'clock'", ["best", "o'clock"], "quotes around a word are not part of it"),
        ("बढ़िया", ["बढ़िया"], "a word with vowel signs stays whole"),
        ("x 5 -- '' ''", [], "one letter is no word"),
    ],
)
def test_the_spark_profile_keeps_words_whole(spark, text, terms, why):
    assert cut(spark, [text], profile="spark") == [terms], why


@pytest.mark.spark
def test_runs_of_words_cross_the_gaps_of_stop_words(spark):
    assert cut(spark, ["bad and ugly case"], profile="spark", ngram=2) == [
        ["bad", "ugly", "case", "bad ugly", "ugly case"]
    ]


def test_the_shipped_stop_words_are_those_of_sklearn():
    words = stop_words("sklearn")
    assert set(words) == ENGLISH_STOP_WORDS
    assert len(words) == len(set(words)) == 318
    assert all(re.fullmatch("[a-z]+", word) for word in words)
