"""Every cell of the access matrix is what a decision says, and no cell is missing."""

from __future__ import annotations

from collections import Counter

import pytest

from strongroom.core.decision import Request
from strongroom.core.policy import last_day
from strongroom.govern.cells import cells
from strongroom.govern.matrix import AS_STORED, IN_CLEAR, Table, principals_of, purposes_of, views
from strongroom.govern.policy import Engine

from . import policies

TABLES = [
    Table(
        name,
        policies.COLUMNS,
        {"email": "personal", "user_id": "personal", "address": "", "label": "internal", "note": ""},
        {name: ("pii",) if name == "email" else () for name in policies.COLUMNS if name != "address"},
        frozenset(policies.ENCRYPTED),
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
                    how = decision.masks.get(column, IN_CLEAR if column in decision.clear else AS_STORED)
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
    from strongroom.core.policy_file import parse_policy

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


def test_no_view_makes_no_cell():
    assert cells([]).num_rows == 0


def test_principals_and_purposes_are_those_that_the_policy_names():
    from strongroom.core.policy_file import load_policy

    policy = load_policy("conf/policy.yaml")
    assert "user:mary" in principals_of(policy)
    assert "group:ml" not in principals_of(policy)
    assert purposes_of(policy) == ("", "data_subject_request", "model_training")


@pytest.mark.parametrize("seed", range(150))
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
