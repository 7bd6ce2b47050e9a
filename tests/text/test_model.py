"""The optional model: looks only where lists leave a doubt, is loaded once, and is missed with a word to the user."""

from itertools import pairwise

import pyarrow as pa
import pytest

from strongroom.core.errors import EnvironmentFault
from strongroom.text import Finder, model
from strongroom.text.block import blocks
from strongroom.text.finder import doubts
from strongroom.text.lexicon import LANGUAGES, lexicon
from strongroom.text.recognisers import names
from support.finding import of

there = pytest.mark.skipif(not model.available(), reason="the extra ner is not installed")
DOUBTFUL = "Yesterday Qamuxle waited outside, and nobody came."
PLAIN = "The battery works well and the screen is bright."


def block_of(*texts):
    (block,) = blocks(texts, lexicon(LANGUAGES))
    return block


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(model, "available", lambda: False)
    model.loaded.cache_clear()
    with pytest.raises(EnvironmentFault) as told:
        Finder(model=True).find(pa.array([DOUBTFUL]))
    assert told.value.code == "text.model"
    model.loaded.cache_clear()


def test_texts_without_a_doubt_never_load_it(monkeypatch):
    monkeypatch.setattr(model, "loaded", lambda: pytest.fail("loaded"))
    Finder(model=True).find(pa.array([PLAIN, "Mr John Smith came.", None]))


def test_of_a_long_row_each_word_is_looked_at_once_and_few_of_them():
    many = " ".join(f"so Qamu{letter}xle ran;" for letter in "abcdefghijklmnopqrstuvwxyz") * 20
    for text, most in ((f"{DOUBTFUL} Then Qamuxle left; Qamuxle ran. {PLAIN * 20}", 1), (many, 1 + len(many) // 2_000)):
        block = block_of(text)
        assert 1 <= len(list(doubts(block, list(names.names(block))))) <= most


def test_in_a_short_text_every_capital_that_nothing_surely_explains_is_a_doubt():
    """A rule that says what is no name is judged by the model: after an article a name counts for nothing."""
    for text, doubted in (
        ("so my Qamuxle broke", True),
        ("so Dr Anna Smith broke", False),
        ("so my phone broke", False),
    ):
        block = block_of(text)
        assert bool(list(doubts(block, list(names.names(block))))) == doubted


@there
def test_the_chances_of_all_labels_of_an_entity_add_up():
    grouped = model.loaded().grouped
    assert grouped.sum(1).tolist() == [1] * len(grouped), "each label is of one entity, or of none"
    person = model._ENTITIES.index("person")
    assert grouped[:, person].sum() == 4, "given names and surnames, their beginnings and what goes on"


@pytest.mark.parametrize(
    ("length", "most", "why"),
    [(300, 1, "a short row whole"), (5_000, 1, "of a long row what lies around"), (500_000, 1, "however long")],
)
def test_windows_are_few_and_short(length, most, why):
    text = PLAIN * (length // 2 // len(PLAIN)) + DOUBTFUL + PLAIN * (length // 2 // len(PLAIN))
    block = block_of(text)
    at = text.index("Qamuxle")
    places = model.windows(block, [(at, at + 7)])
    assert len(places) <= most, why
    assert all(end - start <= 600 and start <= at < end for start, end in places)


def test_long_windows_overlap_so_that_nothing_is_cut():
    block = block_of("word " * 1_000)
    places = model.windows(block, [(at, at + 4) for at in range(0, 5_000, 50)])
    assert all(one[1] > two[0] for one, two in pairwise(places))
    assert places[-1][1] >= 4_900


@there
def test_it_finds_a_name_that_no_list_has():
    text = "Please ask Gaetane about it."
    assert of(text, "person") == []
    table = Finder(("person",), model=True).find(pa.array([text]))
    shown = {text[start:end] for start, end in zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True)}
    assert shown == {"Gaetane"}


@there
def test_it_is_loaded_once_a_process():
    assert model.loaded() is model.loaded()
