import pytest

from strongroom.core.suggest import did_you_mean, nearest, slip_of

KNOWN = ("rowCount", "nullValues", "missingValues", "contract", "max_features")


@pytest.mark.parametrize(
    ("word", "near", "why"),
    [
        ("rowCont", "rowCount", "a letter lost"),
        ("ROWCOUNT", "rowCount", "another case"),
        ("row_count", "rowCount", "another way to join words"),
        ("max-features", "max_features", "the same"),
        ("nulValues", "nullValues", "a letter lost, and missingValues is further off"),
        ("zebra", "", "like nothing"),
        ("", "", "nothing is like nothing"),
    ],
)
def test_the_nearest_word_is_what_was_meant(word, near, why):
    assert nearest(word, KNOWN) == near, why


def test_without_a_near_word_the_reader_gets_the_list():
    assert did_you_mean("contrakt", KNOWN) == "Did you mean 'contract'?"
    assert did_you_mean("zebra", ("a", "b")) == "Known: a, b."
    assert did_you_mean("zebra", ()) == ""


@pytest.mark.parametrize(
    ("word", "meant", "why"),
    [
        ("protct", "protect", "a letter lost"),
        ("prrotect", "protect", "a letter too many"),
        ("protecd", "protect", "another letter"),
        ("portect", "protect", "two letters changed places"),
        ("PROTECT", "protect", "another case"),
        ("porteet", "", "two letters of a word of seven"),
        ("preicsoin", "precision", "two of a word of nine"),
        ("prcsio", "", "three of it"),
        ("protect", "", "the word itself is no slip"),
        ("pii", "", "like none"),
    ],
)
def test_a_slip_is_one_letter_or_two_of_a_long_word(word, meant, why):
    assert slip_of(word, ("protect", "precision")) == meant, why
