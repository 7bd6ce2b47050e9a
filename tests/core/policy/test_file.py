"""A policy file says exactly what it says, or everything that is wrong with it, line by line."""
# ruff: noqa: E501 - a case is a line

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.policy import Columns, Deny, Grant, Role, last_day
from strongroom.core.policy.file import load_policy, parse_policy

HEAD = "roles:\n  analyst: {members: [user:grace]}\n"
GRANT = HEAD + "grants:\n  - {role: analyst, actions: [read], tables: [training.x]%s}\n"
KEYED = GRANT.replace("]}\ng", "], key: file:k}\ng").replace("%s", ", enforce: cryptographic%s")


def problems(text):
    with pytest.raises(ConfigError) as caught:
        parse_policy(text, "p.yaml")
    return [f"{problem.where} {problem.code}" for problem in caught.value.problems]


def test_every_part_of_a_policy_is_read():
    policy = parse_policy(
        """roles:
  analyst: {members: [user:grace, group:ml]}
groups:
  ml: {members: [user:alan, group:research]}
grants:
  - role: analyst
    actions: [read, reveal]
    tables: [training.*]
    purposes: [model_training]
    columns: {allow: [label, "tag:open"], deny: ["classification:personal"]}
    rows: label <> 'neutral'
    from: 2026-01-01
    until: 2027-06-30
    approval: user:pia
    reason: a project
  - {role: analyst, actions: [read], tables: ["*"], columns: {mask: {email: "null", phone: show-last-4}}}
  - {role: analyst, actions: [act], principals: [user:ada, "user:*"]}
denies:
  - {role: "*", actions: [write], tables: [raw.*], purposes: [a], columns: [email], until: "2027-06-30T12:00:00+02:00"}
""",
        "p.yaml",
    )
    assert policy.roles == (Role("analyst", ("user:grace", "group:ml"), "p.yaml:2"),)
    assert policy.groups == (Role("ml", ("user:alan", "group:research"), "p.yaml:4"),)
    first, second, third = policy.grants
    assert first == Grant(
        role="analyst",
        actions=("read", "reveal"),
        tables=("training.*",),
        purposes=("model_training",),
        columns=Columns(("label", "tag:open"), ("classification:personal",)),
        rows="label <> 'neutral'",
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2027, 7, 1, tzinfo=UTC),
        approval="user:pia",
        reason="a project",
        where="p.yaml:6",
    )
    assert second.columns.mask == {"email": "replace-with-null", "phone": "show-last-4"}
    assert third.principals == ("user:ada", "user:*")
    assert policy.denies == (
        Deny(
            "*",
            ("write",),
            ("raw.*",),
            ("a",),
            ("email",),
            None,
            datetime(2027, 6, 30, 10, tzinfo=UTC),
            "",
            "p.yaml:19",
        ),
    )


def test_a_grant_says_how_it_is_enforced_and_a_role_who_may_open_its_files():
    policy = parse_policy(GRANT.replace("}\ng", ", os_group: ml}\ng") % ", enforce: physical", "p.yaml")
    assert policy.grants[0].enforce == "physical"
    assert policy.roles[0].os_group == "ml"
    plain = parse_policy(GRANT % "", "p.yaml")
    assert (plain.grants[0].enforce, plain.roles[0].os_group) == ("advisory", "")
    keyed = parse_policy(KEYED % ", purposes: [a.b]", "/etc/p.yaml")
    assert (keyed.grants[0].enforce, keyed.roles[0].key) == ("cryptographic", "file:/etc/k")


def test_the_example_of_the_design_is_read():
    load_policy("conf/policy.yaml")


def test_the_fingerprint_is_of_what_it_says_not_of_how_it_is_written():
    one = parse_policy(HEAD, "a.yaml")
    assert one.fingerprint == parse_policy("# words\nroles: {analyst: {members: ['user:grace']}}", "b.yaml").fingerprint
    assert one.fingerprint != parse_policy(HEAD.replace("grace", "ada"), "a.yaml").fingerprint


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("grants: []", ["p.yaml:1 policy.missing"]),
        (HEAD + "grant: []", ["p.yaml:3 policy.unknown-field"]),
        (HEAD + "grants: {}", ["p.yaml:3 policy.wrong-type"]),
        (
            GRANT % ", colums: {deny: [email]}",
            ["p.yaml:4 policy.unknown-field"],
        ),
        (
            GRANT.replace("role: analyst,", "role: analist,") % "",
            ["p.yaml:4 policy.unknown-name"],
        ),
        (
            GRANT.replace("[read]", "[reads]") % "",
            ["p.yaml:4 policy.unknown-name"],
        ),
        (GRANT.replace("[read]", "read") % "", ["p.yaml:4 policy.wrong-type"]),
        (GRANT.replace("[read]", "[]") % "", ["p.yaml:4 policy.missing"]),
        (GRANT.replace("[training.x]", "[training.x, training.x]") % "", ["p.yaml:4 policy.twice"]),
        (GRANT.replace("training.x", "training x") % "", ["p.yaml:4 policy.name"]),
        (GRANT.replace("training.x", "training..x") % "", ["p.yaml:4 policy.name"]),
        (GRANT.replace("role: analyst,", 'role: "*",') % "", ["p.yaml:4 policy.everyone"]),
        (GRANT % ", until: 30.06.2027", ["p.yaml:4 policy.date"]),
        (GRANT % ", until: 2027-02-30", ["p.yaml:4 policy.date"]),
        (GRANT % ", until: 2027-06-30T12:00:00", ["p.yaml:4 policy.date"]),
        (GRANT % ", from: 2027-07-01, until: 2027-06-30", ["p.yaml:4 policy.date"]),
        (GRANT % ", columns: {mask: {email: null}}", ["p.yaml:4 policy.wrong-type"]),
        (GRANT % ", columns: {mask: {email: show-last-5}}", ["p.yaml:4 policy.unknown-name"]),
        (GRANT % ", rows: 'label ='", ["p.yaml:4 expression.invalid"]),
        (GRANT % ", approval: user:grace", ["p.yaml:4 policy.approval"]),
        (GRANT % ", from: '0001-01-01T00:00:00+14:00'", ["p.yaml:4 policy.date"]),
        (GRANT % ", until: '9999-12-31T23:59:59-14:00'", ["p.yaml:4 policy.date"]),
        (GRANT % ", enforce: phisical", ["p.yaml:4 policy.unknown-name"]),
        (GRANT % ", enforce: cryptographic", ["p.yaml:4 policy.role-key"]),
        (KEYED % ", rows: a > 1", ["p.yaml:4 policy.level"]),
        (KEYED % ", columns: {mask: {a: 'null'}}", ["p.yaml:4 policy.level"]),
        (KEYED.replace("[read]", "[read, write]") % "", ["p.yaml:4 policy.level"]),
        (KEYED.replace("file:k", "not-a-reference") % "", ["p.yaml:2 policy.role-key", "p.yaml:4 policy.role-key"]),
        (KEYED.replace("grants", "  b: {members: [user:bo], key: file:./k}\ngrants") % "", ["p.yaml:3 policy.role-key"]),
        (GRANT.replace("[read]", "[read, write]") % ", enforce: physical", ["p.yaml:4 policy.level"]),
        (GRANT % ", enforce: physical, purposes: [a.b]", ["p.yaml:4 policy.level"]),
        (HEAD.replace("}", ", os_group: 'no group'}"), ["p.yaml:2 policy.name"]),
        (GRANT % ", approval: pia", ["p.yaml:4 policy.name"]),
        (GRANT.replace("[read]", "[read, write]") % ", rows: x = 1", ["p.yaml:4 policy.rows-and-masks"]),
        (GRANT.replace("[read]", "[read, write]") % ', columns: {mask: {a: "null"}}', ["p.yaml:4 policy.rows-and-masks"]),
        (GRANT % ", principals: [user:ada]", ["p.yaml:4 policy.acting"]),
        (GRANT.replace("[read]", "[act]") % "", ["p.yaml:4 policy.missing", "p.yaml:4 policy.acting"]),
        (HEAD.replace("user:grace", "grace"), ["p.yaml:2 policy.name"]),
        (HEAD.replace("user:grace", "'user:*'"), ["p.yaml:2 policy.name"]),
        (HEAD + "groups:\n  a: {members: [group:b]}\n  b: {members: [group:a]}", ["p.yaml:4 policy.circle", "p.yaml:5 policy.circle"]),
        (HEAD + "denies:\n  - {role: analyst, actions: [act], tables: [x]}", ["p.yaml:4 policy.unknown-name"]),
        (HEAD + "expect:\n  - {as: grace, action: red, table: x, at: 2026-01-01, allowed: yes}", ["p.yaml:4 policy.unknown-name", "p.yaml:4 policy.wrong-type", "p.yaml:4 policy.name"]),
        (HEAD + "expect:\n  - {as: user:grace, action: read, table: x, allowed: true}", ["p.yaml:4 policy.missing"]),
        ("- a", ["p.yaml:1 policy.wrong-type"]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_is_told_with_its_line(text, lines):
    assert problems(text) == lines


def test_nobody_approves_what_they_get_by_a_group_in_a_group():
    groups = "groups:\n  outer: {members: [group:inner]}\n  inner: {members: [user:deep]}\n"
    nested = HEAD.replace("[user:grace]", "[group:outer]") + groups
    grant = "grants:\n  - {role: analyst, actions: [read], tables: [training.x], approval: %s}\n"
    own = ["p.yaml:7 policy.approval"]
    for name in ("user:deep", "group:inner", "group:outer"):
        assert problems(nested + grant % name) == own
    assert parse_policy(nested + grant % "user:other", "p.yaml").grants[0].approval == "user:other"


@pytest.mark.parametrize("name", ["user:{USER}", "user:{OWNER}", "group:{x}"])
def test_a_macro_of_a_platform_is_no_principal(name):
    (line,) = problems(HEAD.replace("user:grace", f"'{name}'"))
    assert line == "p.yaml:2 policy.name"


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    text = HEAD.replace("members", "member") + (
        "grants:\n  - {role: x, actions: [y], tables: [z], until: never}\ndenies:\n  - {role: analyst}\n"
    )
    found = problems(text)
    assert [line.split(":")[1].split(" ")[0] for line in found] == ["2", "4", "4", "4", "6", "6"]


@pytest.mark.parametrize("value", ["", "null", "3", "text", "[]", "{}", "[[]]", "{a: {b: c}}"])
@pytest.mark.parametrize("key", ["roles", "groups", "grants", "denies", "expect"])
def test_no_value_anywhere_makes_it_stumble(key, value):
    for text in (f"{key}: {value}", HEAD + f"{key}: {value}" if key != "roles" else f"roles: {value}"):
        with suppress(ConfigError):
            parse_policy(text, "p.yaml")


GRANT_KEYS = [
    "role",
    "actions",
    "tables",
    "principals",
    "purposes",
    "columns",
    "rows",
    "from",
    "until",
    "approval",
    "reason",
]


@pytest.mark.parametrize("value", ["", "3", "text", "[]", "[3]", "{}", "[[]]", "{a: {b: c}}", "{allow: 3, mask: [a]}"])
@pytest.mark.parametrize("key", GRANT_KEYS)
def test_no_value_of_a_grant_makes_it_stumble(key, value):
    with suppress(ConfigError):
        parse_policy(GRANT % f", {key}: {value}", "p.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_policy(str(tmp_path / "policy.yaml"))
    assert "cannot be read" in str(caught.value)


@pytest.mark.parametrize(
    ("until", "day"),
    [
        (datetime(2027, 7, 1, tzinfo=UTC), "2027-06-30"),
        (datetime(2027, 7, 1, 12, tzinfo=UTC), "2027-07-01T12:00:00+00:00"),
    ],
)
def test_the_end_of_a_grant_is_told_as_the_file_has_it(until, day):
    assert last_day(until) == day
