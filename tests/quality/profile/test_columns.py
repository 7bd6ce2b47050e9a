"""Two hundred columns of our own are taken for what they are, those that nobody looked at as well."""

import pytest

from support.columns import columns, scores


@pytest.mark.parametrize("held_out", [False, True])
def test_columns_are_taken_for_what_they_are(held_out):
    found = scores(column for column in columns() if column.held_out == held_out)
    assert found.columns > 80
    assert found.f1 >= 0.95, found.wrong
    assert found.macro >= 0.95, found.by_label()


def test_redact_is_what_is_proposed_for_text_that_names_people():
    assert scores(columns()).by_label()["text"] >= 0.95


def test_there_are_two_hundred():
    assert len(columns()) == 200
    assert len({column.name for column in columns() if not column.truth}) >= 50
    assert len({column.name for column in columns() if None in column.values}) >= 60
