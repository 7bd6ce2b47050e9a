"""What a contract tells of a column reaches the policy whole, with the fields inside it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strongroom.core.contract import Column, Type
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.selectors import Selector, classification_of, column_of, tags_of

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("selector", "classification", "tags", "gives", "takes", "why"),
    [
        ("tag:pii", "", ("pii",), True, True, "the word itself"),
        ("tag:PII", "", ("pii",), False, True, "case withholds and never gives"),
        ("tag:pii", "", ("PII",), False, True, "whichever of both is written otherwise"),
        ("tag:\uff50ii", "", ("pii",), False, True, "width too"),
        ("tag:pi", "", ("pii",), False, False, "another word"),
        ("classification:Personal", "personal", (), False, True, "the same of classifications"),
        ("classification:Personal", "internal,personal", (), False, True, "of a part of the column, too"),
        ("classification:Personal", "personally", (), False, False, "another word"),
        ("tag:personal", "personal", (), False, False, "a classification is no tag"),
    ],
)
def test_a_word_in_other_letters_withholds_and_never_gives(selector, classification, tags, gives, takes, why):
    request = Request("user:a", "read", "t", NOW, ("c",), "", "", {"c": classification}, {"c": tags})
    column, selected = column_of(request, "c"), Selector.of([selector])
    assert (selected.gives(column), selected.takes(column)) == (gives, takes), why
