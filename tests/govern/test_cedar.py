"""Where Cedar can say what a policy says, it gives the same answer."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import cedarpy
import pytest

from govern import cedar
from govern.policies import GROUPS, PURPOSES, ROLES, START, USERS, moment, some
from strongroom.core.policy import ACTIONS, EVERYONE, Columns, Deny, Grant, Policy, Role
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine

TABLES = ("training.reviews", "training.orders", "raw.reviews")
PATTERNS = (*TABLES, "training.*", "raw.*", "*.reviews", "*")
COLUMNS = ("email", "user_id", "label")
WORDS = ("personal", "internal")
SELECTORS = (*COLUMNS, *(f"classification:{word}" for word in WORDS))
DOING = ACTIONS[:-1]


def policy(rng):
    groups = tuple(
        Role(name, some(rng, USERS) + tuple(f"group:{other}" for other in GROUPS[:number] if rng.random() < 0.4))
        for number, name in enumerate(GROUPS)
    )
    members = USERS + tuple(f"group:{name}" for name in GROUPS)
    grants = tuple(
        Grant(
            rng.choice(ROLES), some(rng, DOING, least=1), some(rng, PATTERNS, least=1),
            purposes=some(rng, PURPOSES, most=1), columns=columns(rng), since=moment(rng), until=moment(rng),
        )
        for _ in range(rng.randint(5, 15))
    )  # fmt: skip
    denies = tuple(
        Deny(
            rng.choice((*ROLES, EVERYONE)), some(rng, DOING, least=1), some(rng, PATTERNS, least=1, most=1),
            some(rng, PURPOSES, most=1), some(rng, SELECTORS, most=1), moment(rng), moment(rng),
        )
        for _ in range(rng.randint(0, 2))
    )  # fmt: skip
    return Policy(
        "p.yaml", "", tuple(Role(name, some(rng, members, least=1)) for name in ROLES), groups, grants, denies
    )


def columns(rng):
    return Columns(some(rng, SELECTORS, least=1) if rng.random() < 0.5 else ("*",), some(rng, SELECTORS, most=1))


def request(rng):
    column = rng.choice((*COLUMNS, "other"))
    return Request(
        principal=rng.choice(USERS),
        action=rng.choice(("read", "read", *DOING)),
        table=rng.choice(TABLES),
        at=START + timedelta(hours=rng.randint(0, 20 * 24)),
        columns=(column,),
        purpose=rng.choice((*PURPOSES, "")),
        classifications={column: rng.choice((*WORDS, ""))},
        tags={column: ()},
    )


def compare(*, policies, requests):
    seen = Counter()
    for seed in range(policies):
        rng = random.Random(seed)
        made = policy(rng)
        asked = [request(rng) for _ in range(requests)]
        theirs = cedarpy.is_authorized_batch(
            [cedar.request(each) for each in asked], cedar.policies(made), cedar.entities(made, TABLES, USERS)
        )
        engine = Engine(made)
        for each, answer in zip(asked, theirs, strict=True):
            assert not answer.diagnostics.errors
            assert engine.decide(each).allowed is answer.allowed, f"seed {seed}: {each}"
            seen[answer.allowed] += 1
    assert min(seen[True], seen[False]) > sum(seen.values()) / 20, f"too few of one kind to mean anything: {seen}"


def test_a_thousand_random_cases_get_the_answer_that_cedar_gives():
    compare(policies=25, requests=40)


@pytest.mark.slow
def test_ten_thousand_random_cases_get_the_answer_that_cedar_gives():
    compare(policies=250, requests=40)
