"""Random policies and requests, small enough that rules meet often."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from strongroom.core.policy import ACTIONS, EVERYONE, LEVELS, MASKS, Columns, Deny, Grant, Policy, Role
from strongroom.core.policy.decision import Request

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = tuple(f"user:u{number}" for number in range(5))
GROUPS = ("g0", "g1", "g2")
ROLES = ("r0", "r1", "r2", "r3")
TABLES = ("training.reviews", "training.orders", "raw.reviews", "features.größe")
PATTERNS = (*TABLES, "training.*", "raw.*", "*", "*.reviews", "Training.Reviews")
PURPOSES = ("model_training", "reporting")
COLUMNS = ("email", "user_id", "address", "address.city", "label", "note")
SELECTORS = (*COLUMNS, "classification:personal", "classification:internal", "tag:pii", "*")
CLASSIFICATIONS = ("personal", "internal", "", "internal,personal")


def some(rng: random.Random, words: tuple[str, ...], *, least: int = 0, most: int = 3) -> tuple[str, ...]:
    return tuple(rng.sample(words, rng.randint(least, min(most, len(words)))))


def moment(rng: random.Random) -> datetime | None:
    return START + timedelta(days=rng.randint(0, 20)) if rng.random() < 0.3 else None


def policy(seed: int) -> Policy:
    rng = random.Random(seed)
    groups = tuple(
        Role(name, some(rng, USERS) + tuple(f"group:{other}" for other in GROUPS[:number] if rng.random() < 0.4))
        for number, name in enumerate(GROUPS)
    )
    members = USERS + tuple(f"group:{name}" for name in GROUPS)
    return Policy(
        file="p.yaml",
        fingerprint="",
        roles=tuple(Role(name, some(rng, members, least=1)) for name in ROLES),
        groups=groups,
        grants=tuple(grant(rng, number) for number in range(rng.randint(0, 16))),
        denies=tuple(deny(rng, number) for number in range(rng.randint(0, 3))),
    )


def physical(seed: int) -> Policy:
    """The same policy, but most of its grants of reading are physical."""
    rng, made = random.Random(seed), policy(seed)
    grants = [
        replace(each, enforce="physical") if each.actions == ("read",) and rng.random() < 0.7 else each
        for each in made.grants
    ]
    return replace(made, grants=tuple(grants))


ENCRYPTED = ("email", "note", "address.city")


def keyed(seed: int) -> Policy:
    """The same policy, its grants of reading at every level; those by keys have neither rows nor masks."""
    rng, made = random.Random(seed), policy(seed)
    grants = []
    for each in made.grants:
        level = rng.choice(("advisory", "physical", "cryptographic", "cryptographic"))
        if each.actions == ("read",):
            plain = replace(each, rows="", columns=replace(each.columns, mask={})) if level == LEVELS[2] else each
            grants.append(replace(plain, enforce=level))
        else:
            grants.append(each)
    return replace(made, grants=tuple(grants))


def grant(rng: random.Random, number: int) -> Grant:
    where = f"p.yaml:{number + 10}"
    if rng.random() < 0.1:
        return Grant(rng.choice(ROLES), ("act",), principals=(rng.choice((*USERS, "user:*")),), where=where)
    columns = Columns(
        allow=some(rng, SELECTORS, least=1) if rng.random() < 0.5 else ("*",),
        deny=some(rng, SELECTORS[:-1], most=1) if rng.random() < 0.4 else (),
        mask={name: rng.choice(MASKS) for name in some(rng, SELECTORS, most=2)} if rng.random() < 0.4 else {},
    )
    return Grant(
        role=rng.choice(ROLES),
        actions=("read",) if rng.random() < 0.7 else some(rng, ACTIONS[:-1], least=1),
        tables=some(rng, PATTERNS, least=1),
        purposes=some(rng, PURPOSES, most=1),
        columns=columns,
        rows=rng.choice(("", "", "label = 'a'", "label = 'b'")),
        since=moment(rng),
        until=moment(rng),
        where=where,
    )


def deny(rng: random.Random, number: int) -> Deny:
    return Deny(
        role=rng.choice((*ROLES, EVERYONE)),
        actions=("read",) if rng.random() < 0.7 else some(rng, ACTIONS[:-1], least=1),
        tables=some(rng, PATTERNS, least=1),
        purposes=some(rng, PURPOSES, most=1),
        columns=some(rng, SELECTORS[:-1], most=1),
        since=moment(rng),
        until=moment(rng),
        where=f"p.yaml:{number + 30}",
    )


def request(seed: int) -> Request:
    rng = random.Random(~seed)
    columns = some(rng, COLUMNS, most=4)
    return Request(
        principal=rng.choice(USERS),
        action="read" if rng.random() < 0.8 else rng.choice(ACTIONS[:-1]),
        table=rng.choice((*TABLES, "TRAINING.reviews")),
        at=START + timedelta(days=rng.randint(0, 20), hours=rng.randint(0, 23)),
        columns=columns,
        purpose=rng.choice((*PURPOSES, "")),
        actor=rng.choice(("",) * 30 + USERS),
        classifications={name: rng.choice(CLASSIFICATIONS) for name in columns if rng.random() < 0.8},
        tags={name: some(rng, ("pii", "free"), most=1) for name in columns if rng.random() < 0.8},
    )
