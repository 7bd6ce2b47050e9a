"""Real reviews: names planted in every form are gone, and hardly anything else is."""

import pytest

from benchmarks.text_reviews import FILES, REVIEWS, Person, damage, leaks, readable

pytestmark = pytest.mark.skipif(not REVIEWS.is_dir(), reason=f"no reviews in {REVIEWS}")


@pytest.mark.parametrize("known", [True, False], ids=["in another column", "announced once"])
@pytest.mark.parametrize("name", FILES)
def test_no_planted_name_is_readable(name, known):
    assert leaks(name, 1, known=known) == []


def test_of_a_thousand_words_less_than_one_is_taken_that_names_nothing():
    words, replaced, wrong = damage()
    assert 400 < replaced < 0.02 * words
    assert len(wrong) <= 0.001 * words, wrong


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("so vandenberghes came", True),
        ("so VÁNDENBERGHE came", True),
        ("rosalind", True),
        ("signed R.V. today", True),
        ("signed [PERSON_1] today, a U.R.V. thing", False),
    ],
)
def test_what_readable_means(text, left):
    assert readable(Person("Rosalind", "Vandenberghe"), text) == left
