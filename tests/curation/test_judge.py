"""What a text is judged by besides the rules: signals of its row, its language, and what it shares with a test set."""

import pyarrow as pa
import pytest

from strongroom.core.contract import Curation
from strongroom.core.errors import EnvironmentFault
from strongroom.curation import language
from strongroom.curation.contamination import Contamination
from strongroom.curation.judge import Judge

there = pytest.mark.skipif(not language.available(), reason="the extra language is not installed")
ENGLISH = "The house is old and stands close to the river, and we have seen it often."
SPANISH = "La casa de mi abuela es muy antigua y está cerca del río donde jugábamos."
GERMAN = "Das Haus ist alt und steht nahe am Fluss, und wir haben es oft gesehen."


def reasons(curation, texts, signals=None, contaminated=None):
    return Judge(curation, contaminated).reasons(pa.array(texts, pa.string()), signals or {}).to_pylist()


def test_a_row_without_a_text_goes():
    assert reasons(Curation(), ["a", "", " \n", None]) == [[], ["empty"], ["empty"], ["empty"]]


@pytest.mark.parametrize(
    ("allowed", "values", "kind", "stays", "why"),
    [
        (("cc0", "mit"), ["cc0", "CC0", None, "mit"], pa.string(), [True, False, False, True], "exactly so"),
        ((False,), [False, True, None], pa.bool_(), [True, False, False], "nobody has said it: not allowed"),
        ((1, 2), [1, 3, 2], pa.int32(), [True, False, True], ""),
    ],
)
def test_a_signal_must_say_what_is_allowed(allowed, values, kind, stays, why):
    found = reasons(Curation(signals={"told": allowed}), ["x"] * len(values), {"told": pa.array(values, kind)})
    assert found == [[] if stay else ["signal.told"] for stay in stays], why


@there
def test_texts_of_another_language_go():
    asked = Curation(languages=("en", "es"), least_sure=0.5)
    assert reasons(asked, [ENGLISH, SPANISH, GERMAN, ""]) == [[], [], ["language"], ["empty", "language"]]
    assert reasons(Curation(languages=("de",), least_sure=0.5), [GERMAN]) == [[]]


@there
def test_thresholds_are_those_of_the_text_s_language():
    asked = Curation(
        rules={"gopher_quality": {"min_words": 5}},
        by_language={"es": {"gopher_quality": {"min_words": 50, "stop_words": ("la", "de"), "min_stop_words": 2}}},
    )
    assert reasons(asked, [ENGLISH, SPANISH, GERMAN]) == [
        [],
        [f"gopher_quality.{name}" for name in ("min_stop_words", "min_words")],
        [],
    ]
    without = Curation(rules={"gopher_quality": {"min_words": 5}})
    assert reasons(without, [GERMAN]) == [["gopher_quality.min_stop_words"]], "where nobody asks, all is English"


def test_without_its_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(language, "available", lambda: False)
    language.identifier.cache_clear()
    with pytest.raises(EnvironmentFault) as told:
        reasons(Curation(languages=("en",)), [ENGLISH])
    assert told.value.code == "curation.language"
    language.identifier.cache_clear()


@pytest.mark.parametrize(
    ("text", "shares", "why"),
    [
        ("he saw the QUICK, brown fox jump there", True, "five words in a row, whatever signs and case"),
        ("the quick brown\nfox jump", True, "over a line's end"),
        ("the quick brown dog jump", False, "four are too few"),
        ("a short one", True, "a shorter line is looked for whole"),
        ("a short two", False, ""),
        ("", False, "nothing"),
    ],
)
def test_what_a_list_has_is_not_trained_on(text, shares, why):
    listed = Contamination.of(["the quick brown fox jump over", "a short one", "", " "], words=5)
    found = reasons(Curation(), ["x", text, "y"], contaminated=listed)
    assert ("contamination" in found[1]) == shares, why
    assert found[0] == found[2] == []


def test_a_run_never_crosses_rows():
    listed = Contamination.of(["one two three four"], words=4)
    assert reasons(Curation(), ["one two", "three four"], contaminated=listed) == [[], []]
