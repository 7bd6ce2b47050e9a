"""Rules that do nothing, or less than they seem to, are told with their line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from govern import policies
from govern.answers import answers
from strongroom.core.policy import Grant
from strongroom.core.policy.file import parse_policy
from strongroom.govern.review.lint import lint
from strongroom.govern.table import Table
from support.series import series

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
            "p.yaml:5: This grant ended on 2026-05-31. Remove it."
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
            "Whoever keeps the policy says which of the two it is."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*]}\ndenies:\n"
         '  - {role: "*", actions: [delete], tables: ["*"]}', [
            "p.yaml:5: This grant never gives anything: p.yaml:7 denies all of it. Remove the grant."
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
            "Whoever keeps the policy says which of the two it is.",
        ]),
        ("  - {role: a, actions: [grant], tables: [strongroom.policy], approval: user:x, reason: y}", [
            "p.yaml:4: The role 'a' never reads here: p.yaml:5 lets it grant, which excludes reading. "
            "Whoever keeps the policy says which of the two it is.",
            "p.yaml:5: No table is called 'strongroom.policy'. Known: training.reviews, features.reviews.",
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*, features.*], columns: {allow: [emial, other]}}", [
            "p.yaml:5: No table here has a column 'emial'. Did you mean 'email'?"
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email, user_id], deny: [email]}}", [
            "p.yaml:5: 'email' is allowed and denied here, so it is denied. Remove it from what is allowed."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email]}}\ndenies:\n"
         '  - {role: a, actions: [delete], tables: ["*"], columns: [email]}', [
            "p.yaml:5: This grant never gives anything: p.yaml:7 denies all of it. Remove the grant."
        ]),
        ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email, user_id]}}\ndenies:\n"
         '  - {role: a, actions: [delete], tables: ["*"], columns: [email]}', []),
        ("denies:\n  - {role: a, actions: [delete], tables: [training.*], until: 2026-05-31}", [
            "p.yaml:6: This deny ended on 2026-05-31. Remove it."
        ]),
        ("expect:\n  - {as: user:b, action: read, table: training.rewiews, at: 2026-01-01, allowed: false}\n"
         "  - {as: user:b, action: read, table: training.reviews, columns: [emial], at: 2026-01-01, allowed: false}", [
            "p.yaml:6: No table is called 'training.rewiews'. Did you mean 'training.reviews'?",
            "p.yaml:7: No table here has a column 'emial'. Did you mean 'email'?",
        ]),
        ("groups:\n  g: {members: [user:x]}", [
            "p.yaml:6: No role holds the group 'g'. Remove it."
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
        "Whoever keeps the policy says which of the two it is."
    ]


def test_roles_without_grants_and_groups_without_members_are_told():
    text = "roles:\n  a: {members: [group:mll]}\n  b: {members: [group:ml]}\ngroups:\n  ml: {members: [user:x]}\n"
    policy = parse_policy(text + "grants:\n  - {role: a, actions: [read], tables: [features.*]}\n", "p.yaml")
    assert [str(problem) for problem in lint(policy, tables=TABLES, at=NOON)] == [
        "p.yaml:2: The policy does not say who is in 'group:mll', so nobody is. Did you mean 'group:ml'?",
        "p.yaml:3: No rule names the role 'b'. Remove it.",
    ]


FOLLOWED = [
    ("  - {role: a, actions: [delete], tables: [training.*], until: 2026-05-31}", "Remove it.", [5],
     "a grant that is over"),
    ("  - {role: a, actions: [read], tables: [training.reviews], purposes: [p]}", "Remove it.", [5], "told twice"),
    ("  - {role: a, actions: [delete], tables: [training.*]}\ndenies:\n"
     '  - {role: "*", actions: [delete], tables: ["*"]}', "Remove the grant.", [5], "denied, and never given"),
    ("denies:\n  - {role: a, actions: [delete], tables: [training.*], until: 2026-05-31}", "Remove it.", [5, 6],
     "a deny that is over"),
    ("groups:\n  g: {members: [user:x]}", "Remove it.", [5, 6], "a group that nobody uses"),
    ("  - {role: a, actions: [delete], tables: [training.*], columns: {allow: [email, user_id], deny: [email]}}",
     "Remove it from what is allowed.", {"allow: [email, user_id]": "allow: [user_id]"}, "allowed and denied"),
    ("  - {role: a, actions: [erase], tables: [training.*], reason: r}", "Add 'approval: …'.",
     {"reason: r": "reason: r, approval: user:eve"}, "grave, and nobody's word for it"),
]  # fmt: skip


def without(text, lines):
    return "".join(f"{line}\n" for number, line in enumerate(text.splitlines(), 1) if number not in lines)


@pytest.mark.parametrize(("more", "todo", "how", "why"), FOLLOWED, ids=[why for *_, why in FOLLOWED])
def test_doing_what_is_advised_silences_it_and_changes_no_answer(more, todo, how, why):
    text = HEAD + more + "\n"
    before = parse_policy(text, "p.yaml")
    told = [problem for problem in lint(before, tables=TABLES, at=NOON) if problem.todo == todo]
    assert told, why
    edited = without(text, how) if isinstance(how, list) else text
    for old, new in how.items() if isinstance(how, dict) else ():
        edited = edited.replace(old, new)
    after = parse_policy(edited, "p.yaml")
    assert [problem.what for problem in lint(after, tables=TABLES, at=NOON) if problem.todo == todo] == [], why
    asked = {"tables": TABLES, "at": NOON, "purposes": ("p",)}
    assert answers(before, **asked) == answers(after, **asked), why


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(series(60)))
def test_whatever_is_advised_to_be_removed_gave_nothing(seed):
    """Of random policies: no answer changes, now and on every later day on which some rule begins or ends."""
    at, policy = policies.START.replace(day=10), policies.physical(seed)
    tables = [Table(name, policies.COLUMNS) for name in policies.TABLES]
    asked = {"tables": tables, "purposes": policies.PURPOSES, "people": policies.USERS}
    edges = [edge for rule in policy.rules for edge in (rule.since, rule.until) if edge is not None and edge > at]
    for problem in lint(policy, tables=tables, at=at):
        if problem.todo in ("Remove it.", "Remove the grant."):
            keep = [rule for rule in policy.rules if rule.where != problem.where]
            left = replace(
                policy,
                grants=tuple(rule for rule in keep if isinstance(rule, Grant)),
                denies=tuple(rule for rule in keep if not isinstance(rule, Grant)),
            )
            for moment in (at, *edges):
                assert answers(policy, at=moment, **asked) == answers(left, at=moment, **asked), problem


@pytest.mark.parametrize(
    ("more", "what", "why"),
    [
        ("columns: {allow: [email], deny: [email]}}", "'email' is allowed and denied",
         "to allow nothing is to allow all"),
        ("columns: {deny: [user_id]}}\ndenies:\n  - {role: a, actions: [delete], tables: ['*']}",
         "never gives anything",
         "what it withholds would be open by another grant"),
        ("enforce: physical}", "is worth nothing there", "either level would change what somebody reads"),
    ],
)  # fmt: skip
def test_where_doing_something_would_open_or_close_a_column_nothing_is_advised(more, what, why):
    text = HEAD + "  - {role: a, actions: [ACT], tables: [training.reviews], " + more
    text = text.replace("ACT", "read" if "enforce" in more else "delete") + "\n"
    found = [problem for problem in lint(parse_policy(text, "p.yaml"), tables=TABLES, at=NOON) if what in problem.what]
    assert found, why
    assert all(not problem.todo or problem.todo.startswith("Whoever keeps the policy says") for problem in found), why


NESTED = Table("training.n", ("device", "tags"), inside=frozenset({"device.ip", "device.os.name", "device.os"}))


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("columns: {deny: [device.ip]}", []),
        ("columns: {deny: [DEVICE.os.name], mask: {device.ip: 'null'}}", []),
        ("columns: {deny: ['tags[]']}", []),
        ("rows: device.ip = 'x'", []),
        ("columns: {deny: [device.pi]}", ["No table here has a column 'device.pi'. Did you mean 'device.ip'?"]),
        ("rows: device.pi = 'x'", [
            "The condition of 'rows' asks 'device.pi', which training.n does not have. Did you mean 'device.ip'?"
        ]),
        ("columns: {allow: [device.ip]}", [
            "'device.ip' is a part of a column, and tables are read by whole columns: this gives none of it. "
            "Whoever keeps the policy says whether the column is meant."
        ]),
    ],
)  # fmt: skip
def test_fields_inside_columns_are_known(rule, found):
    text = "roles:\n  a: {members: [user:ada]}\ngrants:\n  - {role: a, actions: [read], tables: [training.n], RULE}\n"
    policy = parse_policy(text.replace("RULE", rule), "p.yaml")
    assert [str(problem) for problem in lint(policy, tables=[NESTED], at=NOON)] == [
        f"p.yaml:4: {each}" for each in found
    ]


@pytest.mark.parametrize(("path", "told"), [("device.ip", 0), ("device.os.name", 0), ("device.zip", 1)])
def test_a_case_about_a_field_is_held_against_the_table(path, told):
    text = (
        "roles:\n  a: {members: [user:ada]}\ngrants:\n  - {role: a, actions: [read], tables: [training.n]}\nexpect:\n"
        f"  - {{as: user:ada, action: read, table: training.n, columns: [{path}], at: 2026-01-01, allowed: true}}\n"
    )
    assert len(lint(parse_policy(text, "p.yaml"), tables=[NESTED], at=NOON)) == told
