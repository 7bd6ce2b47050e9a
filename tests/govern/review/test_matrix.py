"""Every cell of the access matrix is what a decision says, and no cell is missing."""

from __future__ import annotations

from collections import Counter

import pytest

from govern import policies
from strongroom.core.policy import ACTIONS, last_day
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.matrix import BY_COLUMN, OPENED, WHOLE, principals_of, purposes_of, views
from strongroom.govern.review.matrix_table import cells
from strongroom.govern.table import Table
from support.series import series

TABLES = [
    Table(
        name,
        policies.COLUMNS,
        {"email": "personal", "user_id": "personal", "address": "", "label": "internal", "note": ""},
        {name: ("pii",) if name == "email" else () for name in policies.COLUMNS if name != "address"},
        frozenset(policies.ENCRYPTED),
        lies={"email": "encrypted", "user_id": "token", "label": "in clear"},
    )
    for name in policies.TABLES
]
AT = policies.START.replace(day=10)


def by_deciding(engine, principals, purposes):
    """The same cells, asked for one by one."""
    found = Counter()
    for table in TABLES:
        for who in principals:
            for purpose in purposes:
                request = Request(
                    who, "read", table.name, AT, table.columns, purpose, "", table.classifications, table.tags,
                    table.encrypted,
                )  # fmt: skip
                decision = engine.narrow(request)
                for column in decision.columns if decision.allowed else ():
                    rows = decision.conditions.get(column, decision.rows)
                    how = decision.masks.get(column, OPENED if column in decision.clear else table.way(column))
                    found[who, table.name, column, purpose, how, frozenset(rows), decision.level] += 1
    return found


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize("levels", [policies.physical, policies.keyed])
def test_cells_are_what_decisions_say(seed, levels):
    engine = Engine(levels(seed))
    principals, purposes = (*policies.USERS, "group:g0", "user:nobody"), ("", *policies.PURPOSES)
    table = cells(views(engine, TABLES, principals=principals, purposes=purposes, at=AT)).to_pylist()
    found = Counter(
        (
            row["principal"],
            row["table"],
            row["column"],
            row["purpose"],
            row["how"],
            frozenset(text.strip("()") for text in row["rows"].split(" or ") if text),
            row["level"],
        )
        for row in table
    )
    assert found == by_deciding(engine, principals, purposes)


def test_a_cell_lasts_as_long_as_the_longest_grant_that_gives_it():
    from strongroom.core.policy.file import parse_policy

    policy = parse_policy(
        """roles: {a: {members: [user:u]}, b: {members: [user:u]}}
grants:
  - {role: a, actions: [read], tables: [t], columns: {allow: [email, label]}, until: 2026-06-30}
  - {role: b, actions: [read], tables: [t], columns: {allow: [email]}, until: 2026-12-31}
  - {role: b, actions: [read], tables: [t], columns: {allow: [note]}}
""",
        "p.yaml",
    )
    table = Table("t", ("email", "label", "note"))
    found = cells(views(Engine(policy), [table], principals=["user:u"], purposes=[""], at=AT)).to_pylist()
    assert {row["column"]: row["until"] for row in found} == {"email": "2026-12-31", "label": "2026-06-30", "note": ""}


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("action", [action for action in ACTIONS if action not in BY_COLUMN])
def test_cells_of_other_actions_are_what_decisions_on_the_whole_say(seed, action):
    """Also of `act`, where principals stand in the tables' place."""
    engine = Engine(policies.physical(seed))
    people, purposes = (*policies.USERS, "group:g0"), ("", *policies.PURPOSES)
    tables = [Table(name, ()) for name in policies.USERS] if action == "act" else TABLES
    table = cells(views(engine, tables, principals=people, purposes=purposes, at=AT, action=action)).to_pylist()
    wanted = Counter()
    for each in tables:
        for who in people:
            for purpose in purposes:
                decision = engine.decide(Request(who, action, each.name, AT, purpose=purpose))
                if decision.allowed:
                    wanted[who, action, each.name, WHOLE, purpose, frozenset(decision.rows)] += 1
    assert wanted == Counter(
        (row["principal"], row["action"], row["table"], row["column"], row["purpose"],
         frozenset(text.strip("()") for text in row["rows"].split(" or ") if text))
        for row in table
    )  # fmt: skip


def test_what_is_revealed_is_shown_in_clear_and_what_no_key_opens_is_not():
    from strongroom.core.policy.file import parse_policy

    rules = "[{role: a, actions: [read, reveal], tables: [t]}]"
    policy = parse_policy(f"roles: {{a: {{members: [user:u]}}}}\ngrants: {rules}\n", "p.yaml")
    table = Table("t", ("email", "user_id", "note"), lies={"email": "encrypted", "user_id": "token"})
    shown = {
        action: {
            name: part.how
            for view in views(Engine(policy), [table], principals=["user:u"], purposes=[""], at=AT, action=action)
            for part in view.parts
            for name in part.columns
        }
        for action in BY_COLUMN
    }
    assert shown["read"] == {"email": "encrypted", "user_id": "token", "note": "unknown"}
    assert shown["reveal"] == {"email": "in clear", "user_id": "token", "note": "unknown"}


def test_no_view_makes_no_cell():
    assert cells([]).num_rows == 0


def test_principals_and_purposes_are_those_that_the_policy_names():
    from strongroom.core.policy.file import load_policy

    policy = load_policy("conf/policy.yaml")
    assert "user:mary" in principals_of(policy)
    assert "group:ml" not in principals_of(policy)
    assert purposes_of(policy) == ("", "consent_management", "data_subject_request", "model_training")


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(series(150)))
def test_a_cell_stays_as_it_is_until_its_day_and_not_beyond(seed):
    """Told by deciding at every hour at which some rule begins or ends."""
    policy = policies.physical(seed)
    engine = Engine(policy)
    edges = sorted({each for rule in policy.rules for each in (rule.since, rule.until) if each and each > AT})
    table = cells(views(engine, TABLES, principals=policies.USERS, purposes=("", *policies.PURPOSES), at=AT))
    for row in table.to_pylist():
        described = next(each for each in TABLES if each.name == row["table"])

        def state(at, row=row, described=described):
            asked = Request(
                row["principal"], "read", row["table"], at, described.columns, row["purpose"], "",
                described.classifications, described.tags, described.encrypted,
            )  # fmt: skip
            found, column = engine.narrow(asked), row["column"]
            if not found.allowed or column not in found.columns:
                return None
            return found.masks.get(column), frozenset(found.conditions.get(column, found.rows))

        same = [state(edge) == state(AT) for edge in edges]
        ends = [last_day(edge) for edge, is_same in zip(edges, same, strict=True) if not is_same]
        assert row["until"] == (ends[0] if ends else ""), (row, ends)
