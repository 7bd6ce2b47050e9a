"""Text → terms: the Spark ML stages that cut a text into words, drop stop words and join neighbours.

Two profiles. `spark` is for training; `sklearn` cuts exactly as scikit-learn's `TfidfVectorizer(stop_words='english')`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from pyspark.ml import Transformer
from pyspark.ml.feature import NGram, RegexTokenizer, SQLTransformer, StopWordsRemover

from strongroom.core import lower_case
from strongroom.core.sql_text import identifier

LOWER, SPLIT, KEPT, TERMS = "__lower", "__split", "__kept", "__terms"
"""Working columns of the pipeline; its last stage drops them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one family of tools counts words.

    Args:
        word: Java regular expression of one word in lower-case text.
        clean: SQL expression of the text before it is cut; `{text}` stands for the lower-case text.
        rank: what orders the vocabulary by default: `documents` or `terms`.
        min_df: in how many documents a term must stand, by default.
        idf_plus: what is added to the logarithm, so that a term of every document still weighs something.
        ties: who wins when the last place is shared: the first by `name`, or whom numpy's `argsort` happens to take.
    """

    word: str
    clean: str
    rank: str
    min_df: int
    idf_plus: float
    ties: str


PROFILES = {
    # Spark's stop words have "don't" among them: an apostrophe inside a word stays, a typographic one is made plain.
    "spark": Profile(r"(?U)\w[\w']*\w", "translate({text}, '’', '''')", "documents", 2, 0.0, "name"),
    # Python's \w is a letter, a number of any kind or '_'; Java's (?U)\w has marks and joiners too, and no '½'.
    "sklearn": Profile(r"[\p{L}\p{N}_]{2,}", "{text}", "terms", 1, 1.0, "argsort"),
}


def stop_words(profile: str) -> list[str]:
    """The profile's English stop words: Spark's own, or scikit-learn's from `stop_words.txt`."""
    if profile == "spark":
        return StopWordsRemover.loadDefaultStopWords("english")
    lines = files("strongroom.learn.features").joinpath("stop_words.txt").read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def word_stages(text: str, *, profile: str, ngram: int) -> list[Transformer]:
    """Stages that add the column `TERMS`, an array of strings, to a table with the column `text`.

    A missing text is an empty one. Terms are in lower case, without stop words; with `ngram` n they are the runs of 1
    to n words that are neighbours once stop words are gone, joined by a blank.
    """
    style = PROFILES[profile]
    clean = style.clean.format(text=lower_case.SPARK.format(f"coalesce({identifier(text)}, '')"))
    stages: list[Transformer] = [
        SQLTransformer(statement=f"SELECT *, {clean} AS {LOWER} FROM __THIS__"),  # noqa: S608  # quoted, from a contract
        RegexTokenizer(inputCol=LOWER, outputCol=SPLIT, pattern=style.word, gaps=False, toLowercase=False),
        # caseSensitive: all is in lower case already, and the other way asks the machine's locale again.
        StopWordsRemover(
            inputCol=SPLIT, outputCol=KEPT, stopWords=stop_words(profile), caseSensitive=True, locale="en_US"
        ),
    ]
    runs = [NGram(n=size, inputCol=KEPT, outputCol=f"{KEPT}{size}") for size in range(2, ngram + 1)]
    columns = ", ".join([KEPT, *(run.getOutputCol() for run in runs)])
    joined = SQLTransformer(statement=f"SELECT *, concat({columns}) AS {TERMS} FROM __THIS__")  # noqa: S608
    return [*stages, *runs, joined]


def working_columns(ngram: int) -> list[str]:
    """Every column that `word_stages` adds."""
    return [LOWER, SPLIT, KEPT, *(f"{KEPT}{size}" for size in range(2, ngram + 1)), TERMS]
