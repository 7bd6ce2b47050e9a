import pytest

from strongroom.core.suggest import did_you_mean, nearest

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
