"""What a contract tells of a column reaches the policy whole, with the fields inside it."""

from __future__ import annotations

import pytest

from strongroom.core.contract import Column, Type
from strongroom.govern.engine.selectors import classification_of, tags_of


def leaf(name, classification="", tags=()):
    return Column(name, name, Type("string"), classification=classification, tags=tags)


def struct(*fields, classification="", tags=()):
    return Column("s", "s", Type("struct", fields=fields), classification=classification, tags=tags)


@pytest.mark.parametrize(
    ("column", "classification", "tags", "why"),
    [
        (leaf("a", "personal", ("pii",)), "personal", ("pii",), "a plain column"),
        (leaf("a"), "", (), "nothing said"),
        (struct(leaf("a", "personal"), leaf("b", "personal")), "personal", (), "all alike inside"),
        (struct(leaf("a", "personal"), leaf("b", "internal")), "internal,personal", (), "different inside"),
        (struct(leaf("a", "personal"), leaf("b")), ",personal", (), "one without any, so not wholly personal"),
        (struct(leaf("a", tags=("pii",)), leaf("b")), "", None, "a tag inside: unknown for the whole"),
        (struct(leaf("a", tags=("pii",)), tags=("pii",)), "", ("pii",), "the whole has it too"),
    ],
)
def test_a_column_is_told_with_what_is_inside(column, classification, tags, why):
    assert (classification_of(column), tags_of(column)) == (classification, tags), why
