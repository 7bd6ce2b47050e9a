"""What a new policy gives and takes away is said in words that a reviewer can sign."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strongroom.core.policy_file import parse_policy
from strongroom.govern.diff import diff
from strongroom.govern.matrix import Table

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
REVIEWS = Table(
    "training.reviews",
    ("user_id", "email", "label"),
    {"user_id": "personal", "email": "personal", "label": ""},
    {"user_id": (), "email": (), "label": ()},
)
OLD = """
roles:
  data_scientist: {members: [group:ml]}
  analyst: {members: [user:grace]}
grants:
  - role: data_scientist
    actions: [read]
    tables: [training.*]
    purposes: [model_training]
    columns: {deny: [email]}
    until: 2027-06-30
  - {role: analyst, actions: [read], tables: [training.*], columns: {allow: [label, user_id]}, purposes: [reporting]}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("", "", []),
        (
            "columns: {deny: [email]}",
            "columns: {}",
            ["group:ml gains email in training.reviews for model_training until 2027-06-30"],
        ),
        (
            "until: 2027-06-30",
            "until: 2026-01-01",
            ["group:ml loses user_id and label in training.reviews for model_training"],
        ),
        (
            "until: 2027-06-30",
            "until: 2028-06-30",
            [
                "group:ml keeps user_id and label in training.reviews until 2028-06-30 instead of 2027-06-30 "
                "for model_training"
            ],
        ),
        (
            "purposes: [reporting]}",
            "purposes: [reporting], enforce: physical}",
            ["user:grace sees user_id and label in training.reviews (physical) instead of as stored for reporting"],
        ),
        ("    purposes: [model_training]\n", "", [
            "group:ml gains user_id and label in training.reviews for no stated purpose and reporting until 2027-06-30"
        ]),
        (
            "[label, user_id]}",
            "[label, user_id], mask: {user_id: 'null'}}",
            ["user:grace sees user_id in training.reviews as replace-with-null instead of as stored for reporting"],
        ),
        (
            "[user:grace]",
            "[user:grace, user:eve]",
            ["user:eve gains user_id and label in training.reviews for reporting"],
        ),
        (
            "  - {role: analyst, actions: [read]",
            "  - {role: analyst, actions: [read, write]",
            ["user:grace gains write on training.reviews for reporting"],
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [act], principals: ['user:*']}",
            ["user:grace gains acting as user:*"],
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [read], tables: [raw.*], columns: {allow: [label]}}",
            ["user:grace gains label in raw.*"],
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [read], tables: [raw.*, other.x]}",
            ["user:grace gains every column in other.x", "user:grace gains every column in raw.*"],
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(old, new, sentences):
    before = parse_policy(OLD, "old.yaml")
    after = parse_policy(OLD.replace(old, new, 1) if old else OLD, "new.yaml")
    found = diff(before, after, tables=[REVIEWS], at=NOON)
    assert [each.text for each in found] == sentences


def test_the_way_back_is_told_the_other_way_round():
    before, after = parse_policy(OLD, "o"), parse_policy(OLD.replace("columns: {deny: [email]}", "columns: {}"), "n")
    assert [each.gains for each in diff(before, after, tables=[REVIEWS], at=NOON)] == [True]
    assert [each.text for each in diff(after, before, tables=[REVIEWS], at=NOON)] == [
        "group:ml loses email in training.reviews for model_training"
    ]
