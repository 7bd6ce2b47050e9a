"""What a new policy gives and takes away is said in words that a reviewer can sign."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from govern import policies
from govern.review.test_matrix import TABLES
from strongroom.core.policy.decision import Request
from strongroom.core.policy.file import parse_policy
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.diff import diff
from strongroom.govern.table import Table
from support.series import series

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
            ["user:grace sees user_id and label in training.reviews (physical) instead of as it lies for reporting"],
        ),
        ("    purposes: [model_training]\n", "", [
            "group:ml gains user_id and label in training.reviews for no stated purpose and reporting until 2027-06-30"
        ]),
        (
            "[label, user_id]}",
            "[label, user_id], mask: {user_id: 'null'}}",
            ["user:grace sees user_id in training.reviews as replace-with-null instead of as it lies for reporting"],
        ),
        (
            "[user:grace]",
            "[user:grace, user:eve]",
            ["user:eve gains user_id and label in training.reviews for reporting"],
        ),
        (
            "  - {role: analyst, actions: [read]",
            "  - {role: analyst, actions: [read, write]",
            ["No answer is known to change, but these rules do: old.yaml:12, new.yaml:12"],  # columns limit it
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [write], tables: [training.reviews], purposes: [reporting]}",
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


def test_of_a_column_that_is_shown_otherwise_it_is_told_how_it_lies():
    table = replace(REVIEWS, lies={"user_id": "token", "email": "encrypted", "label": "in clear"})
    masks = "[label, user_id], mask: {user_id: 'null', label: show-first-4}}"
    before, after = parse_policy(OLD, "o"), parse_policy(OLD.replace("[label, user_id]}", masks), "n")
    assert [each.text for each in diff(before, after, tables=[table], at=NOON)] == [
        "user:grace sees user_id in training.reviews as replace-with-null instead of as token for reporting",
        "user:grace sees label in training.reviews as show-first-4 instead of in clear for reporting",
    ]


def test_the_way_back_is_told_the_other_way_round():
    before, after = parse_policy(OLD, "o"), parse_policy(OLD.replace("columns: {deny: [email]}", "columns: {}"), "n")
    assert [each.gains for each in diff(before, after, tables=[REVIEWS], at=NOON)] == [True]
    assert [each.text for each in diff(after, before, tables=[REVIEWS], at=NOON)] == [
        "group:ml loses email in training.reviews for model_training"
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentences", "why"),
    [
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [read], tables: [raw.*], from: 2026-07-01, until: 2026-08-31}",
            ["from 2026-07-01 on: user:grace gains every column in raw.* until 2026-08-31"],
            "a grant that begins tomorrow",
        ),
        (
            "grants:",
            "denies:\n  - {role: analyst, actions: [read], tables: ['*'], from: 2026-07-01}\ngrants:",
            ["user:grace keeps user_id and label in training.reviews until 2026-06-30 instead of further notice "
             "for reporting"],
            "a deny that begins tomorrow",
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [act], principals: [user:ada], from: 2026-07-01}",
            ["from 2026-07-01 on: user:grace gains acting as user:ada"],
            "acting, from tomorrow on",
        ),
        (
            "grants:",
            "grants:\n  - {role: analyst, actions: [read], tables: [raw.*], columns: {allow: ['tag:open']}}",
            ["user:grace gains tag:open in raw.*"],
            "columns of a table that nobody has described",
        ),
        ("[user:grace]}", "[user:grace], os_group: analysts}",
         ["role analyst: its os_group is analysts instead of none"], "who opens the projection's files"),
        ("[user:grace]}", "[user:grace], key: 'file:/k'}",
         ["role analyst: its key is file:/k instead of none"], "who opens its keys"),
        (
            "grants:",
            "denies:\n  - {role: analyst, actions: [erase], tables: ['*']}\ngrants:",
            ["No answer is known to change, but these rules do: new.yaml:6"],
            "what is denied was never given",
        ),
        ("until: 2027-06-30", "until: 2027-06-30\n    reason: more words", [], "words for people change nothing"),
    ],
)  # fmt: skip
def test_what_changes_later_or_out_of_sight_is_told(old, new, sentences, why):
    before, after = parse_policy(OLD, "old.yaml"), parse_policy(OLD.replace(old, new, 1), "new.yaml")
    assert [each.text for each in diff(before, after, tables=[REVIEWS], at=NOON)] == sentences, why


def test_a_deny_that_ends_another_day_is_told_of_the_day_it_makes_a_difference():
    deny = "denies:\n  - {role: analyst, actions: [read], tables: ['*'], until: DAY}\ngrants:"
    before, after = (
        parse_policy(OLD.replace("grants:", deny.replace("DAY", day)), f"{day}.yaml")
        for day in ("2026-07-31", "2026-09-30")
    )
    assert [each.text for each in diff(before, after, tables=[REVIEWS], at=NOON)] == [
        "from 2026-08-01 on: user:grace loses user_id and label in training.reviews for reporting"
    ]


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(series(300)))
def test_no_two_policies_that_answer_differently_are_told_alike(seed):
    old, rng = policies.physical(seed), random.Random(seed)
    rules = list(old.grants)
    fresh = policies.grant(rng, 90)
    if rules and rng.random() < 0.7:
        rules[rng.randrange(len(rules))] = fresh
    else:
        rules.append(fresh)
    new = replace(old, grants=tuple(rules), denies=old.denies[: rng.randint(0, 3)])
    engines = [Engine(old), Engine(new)]

    def answers(request):
        found = [engine.narrow(request) for engine in engines]
        return [(each.allowed, each.columns, each.masks, each.rows, each.conditions, each.level) for each in found]

    differ = 0
    for _ in range(60):
        table = rng.choice(TABLES)
        request = Request(
            rng.choice(policies.USERS), "read", table.name, policies.START + timedelta(days=rng.randint(0, 25)),
            table.columns, rng.choice(("", *policies.PURPOSES)), "", table.classifications, table.tags, table.encrypted,
        )  # fmt: skip
        one, other = answers(request)
        differ += one != other
    told = [each for each in diff(old, new, tables=TABLES, at=policies.START) if not each.text.startswith("No answer")]
    assert told or not differ
