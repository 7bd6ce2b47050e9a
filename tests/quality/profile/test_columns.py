"""Two hundred columns of our own are taken for what they are, those that nobody looked at as well."""

from functools import cache

import pytest

from support.columns import Scores, columns, scores


@cache
def half(held_out: bool) -> Scores:
    return scores(column for column in columns() if column.held_out == held_out)


@pytest.mark.whole
@pytest.mark.parametrize("held_out", [False, True])
def test_columns_are_taken_for_what_they_are(held_out):
    found = half(held_out)
    assert found.columns > 80
    assert found.f1 >= 0.95, found.wrong
    assert found.macro >= 0.95, found.by_label()


@pytest.mark.whole
def test_redact_is_what_is_proposed_for_text_that_names_people():
    one, other = half(False), half(True)
    both = Scores(right=one.right + other.right, false=one.false + other.false, missed=one.missed + other.missed)
    assert both.by_label()["text"] >= 0.95


def test_there_are_two_hundred():
    assert len(columns()) == 200
    assert len({column.name for column in columns() if not column.truth}) >= 50
    assert len({column.name for column in columns() if None in column.values}) >= 60
