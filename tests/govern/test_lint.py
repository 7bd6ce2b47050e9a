"""Rules that do nothing, or less than they seem to, are told with their line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strongroom.core.policy_file import parse_policy
from strongroom.govern.lint import lint
from strongroom.govern.matrix import Table

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TABLES = [
    Table(
        "training.reviews",
        ("user_id", "email"),
        {"user_id": "personal", "email": ""},
        {"user_id": ("pii",), "email": ()},
    ),
    Table("features.reviews", ()),
]
HEAD = "roles:\n  a: {members: [user:ada]}\ngrants:\n  - {role: a, actions: [read, write], tables: [training.*]}\n"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", []),
        ("  - {role: a, actions: [read], tables: [features.*], columns: {allow: [anything]}}", []),
        ("  - {role: a, actions: [delete], tables: [training.rewiews]}", [
            "p.yaml:5: No table is called 'training.rewiews'. Did you mean 'training.reviews'?"
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [emial]}}", [
            "p.yaml:5: No table here has a column 'emial'. Did you mean 'email'?"
        ]),
        ("  - {role: a, actions: [reveal], tables: [training.*], approval: user:e, reason: r, rows: EMAIL = emial}", [
            "p.yaml:5: The condition of 'rows' asks 'emial', which training.reviews does not have. "
            "Did you mean 'email'?"
        ]),
        ("  - {role: a, actions: [reveal], tables: [features.*], approval: user:eve, reason: r, rows: x = 1}", []),
        ('  - {role: a, actions: [delete], tables: [training.*], columns: {allow: ["tag:pi"]}}', [
            "p.yaml:5: No column here has the tag 'pi'. Did you mean 'pii'?"
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], until: 2026-05-31}", [
            "p.yaml:5: This grant ended on 2026-05-31. Remove it, or renew it."
        ]),
        ("  - {role: a, actions: [read], tables: [training.reviews], purposes: [p]}", [
            "p.yaml:5: This grant adds nothing to p.yaml:4. Remove it."
        ]),
        ("  - {role: a, actions: [read, write], tables: [training.*]}", [
            "p.yaml:5: This grant adds nothing to p.yaml:4. Remove it."
        ]),
        ("  - {role: a, actions: [read], tables: [training.reviews], columns: {deny: [email]}}", []),
        ("  - {role: a, actions: [read], tables: [training.reviews], columns: {deny: [email]}, enforce: physical}", [
            "p.yaml:5: p.yaml:4 lets the same role read at the source, so this grant's level is worth nothing there. "
            "Enforce both in the same way."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*]}\ndenies:\n"
         '  - {role: "*", actions: [delete], tables: ["*"]}', [
            "p.yaml:5: This grant never gives anything: p.yaml:7 denies all of it. Remove one of them."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*]}\ndenies:\n"
         '  - {role: "*", actions: [delete], tables: ["*"], purposes: [p]}', []),
        ("  - {role: a, actions: [delete], tables: [training.*], until: 2027-01-01}\ndenies:\n"
         '  - {role: "*", actions: [delete], tables: ["*"], until: 2026-12-01}', []),
        ("  - {role: a, actions: [erase], tables: [training.*]}", [
            "p.yaml:5: A grant of erase without approval. Add 'approval: …'.",
            "p.yaml:5: A grant of erase without reason. Add 'reason: …'.",
        ]),
        ("  - {role: a, actions: [grant], tables: [training.*], approval: user:x, reason: y}", [
            "p.yaml:4: The role 'a' never reads here: p.yaml:5 lets it grant, which excludes reading. "
            "Give one of the two to another role.",
        ]),
        ("  - {role: a, actions: [grant], tables: [strongroom.policy], approval: user:x, reason: y}", [
            "p.yaml:4: The role 'a' never reads here: p.yaml:5 lets it grant, which excludes reading. "
            "Give one of the two to another role.",
            "p.yaml:5: No table is called 'strongroom.policy'. Known: training.reviews, features.reviews.",
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*, features.*], columns: {allow: [emial, other]}}", [
            "p.yaml:5: No table here has a column 'emial'. Did you mean 'email'?"
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email, user_id], deny: [email]}}", [
            "p.yaml:5: 'email' is allowed and denied here, so it is denied. Remove one of the two."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email]}}\ndenies:\n"
         '  - {role: a, actions: [delete], tables: ["*"], columns: [email]}', [
            "p.yaml:5: This grant never gives anything: p.yaml:7 denies all of it. Remove one of them."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email, user_id]}}\ndenies:\n"
         '  - {role: a, actions: [delete], tables: ["*"], columns: [email]}', []),
        ("denies:\n  - {role: a, actions: [delete], tables: [training.*], until: 2026-05-31}", [
            "p.yaml:6: This deny ended on 2026-05-31. Remove it, or renew it."
        ]),
        ("expect:\n  - {as: user:b, action: read, table: training.rewiews, at: 2026-01-01, allowed: false}\n"
         "  - {as: user:b, action: read, table: training.reviews, columns: [emial], at: 2026-01-01, allowed: false}", [
            "p.yaml:6: No table is called 'training.rewiews'. Did you mean 'training.reviews'?",
            "p.yaml:7: No table here has a column 'emial'. Did you mean 'email'?",
        ]),
        ("groups:\n  g: {members: [user:x]}", [
            "p.yaml:6: No role holds the group 'g'. Remove it, or put it into a role."
        ]),
    ],
)  # fmt: skip
def test_what_a_careful_reader_would_ask_is_asked(more, found):
    policy = parse_policy(HEAD + more + "\n", "p.yaml")
    assert [str(problem) for problem in lint(policy, tables=TABLES, at=NOON)] == found


def test_who_grants_by_one_role_and_reads_by_another_is_told():
    text = (
        "roles:\n  a: {members: [user:ada, user:bob]}\n  s: {members: [user:bob]}\ngrants:\n"
        "  - {role: a, actions: [read], tables: [training.*]}\n"
        "  - {role: s, actions: [grant], tables: [training.*], approval: user:x, reason: y}\n"
    )
    assert [str(problem) for problem in lint(parse_policy(text, "p.yaml"), tables=TABLES, at=NOON)] == [
        "p.yaml:5: user:bob never reads here: p.yaml:6 lets them grant, which excludes reading. "
        "Give one of the two to another role."
    ]


def test_roles_without_grants_and_groups_without_members_are_told():
    text = "roles:\n  a: {members: [group:mll]}\n  b: {members: [group:ml]}\ngroups:\n  ml: {members: [user:x]}\n"
    policy = parse_policy(text + "grants:\n  - {role: a, actions: [read], tables: [features.*]}\n", "p.yaml")
    assert [str(problem) for problem in lint(policy, tables=TABLES, at=NOON)] == [
        "p.yaml:2: The policy does not say who is in 'group:mll', so nobody is. "
        "Did you mean 'group:ml'? Add it under 'groups'.",
        "p.yaml:3: No rule names the role 'b'. Remove it, or grant it something.",
    ]
