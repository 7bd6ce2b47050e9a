"""Each rule at its threshold: a text that just keeps it, and one that just does not."""

import numpy as np
import pytest

from strongroom.core.contract.curation import RULES
from strongroom.curation.families import FAMILIES
from strongroom.curation.texts import Texts

PROSE = "The old house that we have seen is close to the river and the garden of it. "
OFF = {family: dict.fromkeys(asked, False) for family, asked in RULES.items()}
CASES = [
    # family, threshold, its value, a text that keeps it, one that does not, why
    ("gopher_quality", "min_words", 3, "one two three .", "one two .", "signs are no words"),
    ("gopher_quality", "max_words", 3, "one two three .", "one two three four", ""),
    ("gopher_quality", "min_mean_letters", 3.0, "abc , def", "ab , def", "signs have no length"),
    ("gopher_quality", "max_mean_letters", 3.0, "abc def", "abcd def", ""),
    ("gopher_quality", "max_symbols", 0.25, "a b c #", "a b # #", "one of four words"),
    ("gopher_quality", "max_symbols", 0.25, "a b c …", "a b... …", "either sign for it, and three points"),
    ("gopher_quality", "max_bullet_lines", 0.5, "- a\nb", "- a\n  • b\nc\n- d\n- e", ""),
    ("gopher_quality", "max_ellipsis_lines", 0.5, "a...\nb", "a...\nb … \nc", "blanks behind it"),
    ("gopher_quality", "min_alphabetic", 0.5, "a 1", "a 1 2", "a word has a letter"),
    ("gopher_repetition", "max_duplicate_paragraphs", 0.3, "a\n\nb\n\nc\n\na", "a\n\nb\n\na", "one of three"),
    ("gopher_repetition", "max_duplicate_paragraph_letters", 0.2, "abcdefgh\n\nb\n\nb", "ab\n\nab", ""),
    ("gopher_repetition", "max_duplicate_lines", 0.3, "a\nb\nc\na", "a\n\nb\na", "empty lines do not count"),
    ("gopher_repetition", "max_duplicate_line_letters", 0.2, "abcdefgh\nb\nb", "abc\nabc", ""),
    ("gopher_repetition", "max_top_2", 0.55, "a b c d a b", "a b a b", "3 letters twice, of 11 and of 7"),
    ("gopher_repetition", "max_top_3", 0.5, "a b c d e f g h", "a b c", "the first, where all stand once"),
    ("gopher_repetition", "max_repeated_5", 0.15, "a b c d e f g", "a b c d e a b c d e", "5 of 19 letters"),
    ("gopher_repetition", "max_repeated_5", 0.3, "a a a a a a a a a", "a a a a a a a a a a a", "they do not overlap"),
    ("c4", "min_sentences", 2, "One is here. Two is here.", "One is here, and two.", "in one line"),
    ("c4", "min_sentences", 1, "One is here.\nand not here", "and not here\nOne is here...", "only lines with an end"),
    ("c4", "lorem_ipsum", True, "It says lorem.", "It says Lorem Ipsum.", ""),
    ("c4", "curly_brackets", True, "It says so.", "It says {so}.", ""),
    ("fineweb", "min_ended_lines", 0.5, "one.\ntwo", "one. \ntwo", "exactly at the end"),
    ("fineweb", "max_short_lines", 0.5, "short\n" + "x" * 31, "short\n" + "x" * 30, "30 letters are short"),
    ("fineweb", "max_duplicate_line_letters", 0.21, "abcdef\nab\nab", "abcde\nab\nab", "2 of 10, 2 of 9 letters"),
    ("fineweb", "max_line_breaks", 0.5, "a b c d\ne\n", "a b\nc\n", "2 of 5, 2 of 3 words"),
]


@pytest.mark.parametrize(("family", "name", "value", "keeps", "fails", "why"), CASES)
def test_a_threshold(family, name, value, keeps, fails, why):
    asked = {**OFF[family], "short_line": 30, name: value} if family == "fineweb" else {**OFF[family], name: value}
    if family == "c4":
        asked |= {"end_marks": True, "citations": True}
    found = dict(FAMILIES[family](Texts.of(["x y z", keeps, fails, ""]), asked))
    assert found.keys() == {name}, "what is false is not asked"
    assert found[name].tolist()[1:3] == [False, True], why


def test_stop_words_are_different_ones():
    asked = {**OFF["gopher_quality"], "min_stop_words": 2, "stop_words": ("the", "have")}
    texts = Texts.of(["the the the", "we have the one", "The Have", "they haven't the one"])
    ((_, found),) = FAMILIES["gopher_quality"](texts, asked)
    assert found.tolist() == [True, False, True, False], "'have' is a word of \"haven't\", capitals are others"


@pytest.mark.parametrize(
    ("line", "counts", "why"),
    [
        ("It ends well.[12]", True, "a citation is not its end"),
        ("It ends well. [citation needed]", False, "but a blank is"),
        ("It ends with three...", False, "no end"),
        ('It says "so"', True, "a quote is one"),
        ("Too short.", False, "three words are a line"),
        ("It needs JavaScript here.", False, ""),
        ("See our privacy policy here.", False, ""),
        (f"It has {'x' * 1001} in it.", False, "a word too long"),
    ],
)
def test_a_line_that_c4_takes_out_does_not_count(line, counts, why):
    found = dict(FAMILIES["c4"](Texts.of([line]), {**RULES["c4"], "min_sentences": 1}))
    assert found["min_sentences"].tolist() == [not counts], why


def test_a_row_is_judged_alike_alone_and_beside_others():
    texts = [PROSE * 5, "", "a\n\n\na\n", "{ x }", PROSE.replace(" ", "\n") * 3, "…", "\n", "ü ü ü. Ü!"]
    for family, judge in FAMILIES.items():
        together = dict(judge(Texts.of(texts), RULES[family]))
        for row, text in enumerate(texts):
            alone = dict(judge(Texts.of([text]), RULES[family]))
            assert {name: bool(found[0]) for name, found in alone.items()} == {
                name: bool(np.asarray(found)[row]) for name, found in together.items()
            }, (family, text)  # fmt: skip
