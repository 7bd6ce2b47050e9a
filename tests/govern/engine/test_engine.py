"""The policy decides as docs/policy.md says, in a table of cases with the reason for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.policy.decision import Request
from strongroom.core.policy.file import parse_policy
from strongroom.govern.engine.engine import Engine, compile_policy, disappointments

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = """
roles:
  data_scientist: {members: [user:ada, group:ml, user:both]}
  analyst:        {members: [user:grace, user:both]}
  steward:        {members: [user:noor]}
  support:        {members: [user:sam, user:noor]}
  north:          {members: [user:nora, user:wide]}
  south:          {members: [user:sue, user:wide]}
groups:
  ml: {members: [user:alan, group:research]}
  research: {members: [user:mary]}
grants:
  - {role: data_scientist, actions: [read, write], tables: [training.*], purposes: [model_training], until: 2027-06-30}
  - {role: data_scientist, actions: [read], tables: [features.größe]}
  - role: analyst
    actions: [read]
    tables: [training.*]
    columns: {deny: [email], mask: {user_id: "null"}}
    rows: label = 'a'
  - {role: steward, actions: [grant, read], tables: ["*"]}
  - {role: support, actions: [act], principals: [user:ada, group:ml]}
  - role: support
    actions: [read]
    tables: [strongroom.*]
    columns: {allow: [address, "classification:internal", "tag:open"]}
  - {role: north, actions: [read], tables: [raw.sales], columns: {allow: [id, amount]}, rows: region = 'north'}
  - role: south
    actions: [read]
    tables: [raw.sales]
    columns: {allow: [id, name], mask: {name: show-last-4}}
    rows: region = 'south'
  - role: south
    actions: [read]
    tables: [raw.sales]
    purposes: [fraud]
    columns: {allow: [id], mask: {id: mask-alphanum}}
  - {role: south, actions: [read], tables: [raw.sales], purposes: [fraud], columns: {mask: {id: sha-256-global}}}
denies:
  - {role: analyst, actions: [write, delete], tables: ["*"]}
  - {role: "*", actions: [read], tables: [training.secret, "*.größe"], purposes: [reporting]}
  - role: data_scientist
    actions: [read]
    tables: [training.*]
    columns: [classification:sensitive, address.city]
    from: 2026-01-01
"""
TRAIN = {"purpose": "model_training"}
KNOWN = {
    "classifications": {"id": "", "health": "sensitive", "label": "internal", "note": "", "mixed": "internal,sensitive"}
}

REVIEWS = "training.reviews"


def yes(principal, action, table, why, **more):
    return pytest.param(Request(principal, action, table, **{"at": NOON, **more}), True, id=why)


def no(principal, action, table, why, **more):
    return pytest.param(Request(principal, action, table, **{"at": NOON, **more}), False, id=why)


CASES = [
    yes(
        "user:ada",
        "read",
        REVIEWS,
        "a grant gives it",
        columns=("email",),
        **TRAIN,
        classifications={"email": "personal"},
    ),
    no("user:ada", "read", REVIEWS, "a grant for a purpose needs the purpose", columns=("email",)),
    no("user:ada", "delete", REVIEWS, "an action nobody granted", **TRAIN),
    yes("user:ada", "write", REVIEWS, "writing the whole table", **TRAIN),
    no("user:ada", "write", "raw.reviews", "a table nobody granted", **TRAIN),
    no("user:eve", "read", REVIEWS, "in no role", **TRAIN),
    no("", "read", REVIEWS, "no principal at all"),
    no("user:Ada", "write", REVIEWS, "principals keep their case", **TRAIN),
    yes("user:ada", "write", "TRAINING.Reviews", "tables do not, as in Spark", **TRAIN),
    yes("user:mary", "write", REVIEWS, "through two groups", **TRAIN),
    yes("group:research", "write", REVIEWS, "a group within the group", **TRAIN),
    yes("user:ada", "write", REVIEWS, "the last day counts", **TRAIN, at=datetime(2027, 6, 30, 23, 59, tzinfo=UTC)),
    no("user:ada", "write", REVIEWS, "the day after does not", **TRAIN, at=datetime(2027, 7, 1, tzinfo=UTC)),
    yes(
        "user:ada",
        "write",
        REVIEWS,
        "days are days of UTC",
        **TRAIN,
        at=datetime(2027, 7, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    ),
    no("user:ada", "read", "training.a.b", "a star stays within one part", **TRAIN, columns=("id",), **KNOWN),
    no("user:ada", "write", "training.größe", "a star gives plain ASCII names only", **TRAIN),
    no("user:ada", "write", "training.rеviews", "a Cyrillic look-alike is another table", **TRAIN),
    no("user:ada", "write", "training.ｒeviews", "a full-width letter makes no name", **TRAIN),
    no("user:ada", "write", "training.re\u200bviews", "a zero-width space makes no name", **TRAIN),
    no("user:ada", "write", "training.reviews ", "nor does a space", **TRAIN),
    no("user:ada", "write", "training.*", "nor does a pattern", **TRAIN),
    no("user:ada", "write", "delta.`/lake/training/reviews`", "nor does a path", **TRAIN),
    no("user:ada", "write", "training..reviews", "nor does an empty part", **TRAIN),
    no("user:ada", "read", "features.größe", "granted in full, but no purpose is no way around a deny for one"),
    yes("user:ada", "read", "features.größe", "the deny is for another purpose", **TRAIN),
    no("user:ada", "read", "features.große", "another letter, another table", **TRAIN),
    no("user:grace", "write", REVIEWS, "denied, and not granted either"),
    no("user:grace", "read", REVIEWS, "columns are compared as Spark does", columns=("label", "EMAIL")),
    no("user:grace", "read", REVIEWS, "a look-alike of a denied column is taken too", columns=("label", "ｅmail")),
    yes("user:grace", "read", REVIEWS, "masked is given", columns=("label", "user_id")),
    no("user:grace", "read", REVIEWS, "the table as it lies has columns that are withheld"),
    no(
        "user:both",
        "read",
        REVIEWS,
        "a second role opens nothing that the first one closes",
        columns=("email",),
        **TRAIN,
        classifications={"email": ""},
    ),
    no("user:both", "write", REVIEWS, "a deny beats the other role's grant", **TRAIN),
    no("user:ada", "read", REVIEWS, "denied by classification", columns=("health",), **TRAIN, **KNOWN),
    no("user:ada", "read", REVIEWS, "a field inside is denied by classification", columns=("mixed",), **TRAIN, **KNOWN),
    no("user:sam", "read", "strongroom.runs", "only a field inside is allowed", columns=("mixed",), **KNOWN),
    no("user:ada", "read", REVIEWS, "unknown classification: maybe denied", columns=("other",), **TRAIN, **KNOWN),
    yes("user:ada", "read", REVIEWS, "known to have none", columns=("note",), **TRAIN, **KNOWN),
    no(
        "user:ada",
        "read",
        REVIEWS,
        "holds a field that is denied",
        columns=("address",),
        **TRAIN,
        classifications={"address": ""},
    ),
    yes(
        "user:ada",
        "read",
        REVIEWS,
        "another field of it",
        columns=("address.street",),
        **TRAIN,
        classifications={"address.street": ""},
    ),
    yes(
        "user:ada",
        "read",
        REVIEWS,
        "before the deny began",
        columns=("health",),
        **TRAIN,
        at=datetime(2025, 1, 1, tzinfo=UTC),
        **KNOWN,
    ),
    yes("user:sam", "read", "strongroom.runs", "a name covers its fields", columns=("address.city",)),
    yes("user:sam", "read", "strongroom.runs", "allowed by classification", columns=("label",), **KNOWN),
    yes("user:sam", "read", "strongroom.runs", "allowed by tag", columns=("x",), tags={"x": ("open",)}),
    no("user:sam", "read", "strongroom.runs", "unknown is not allowed", columns=("x",)),
    no("user:sam", "read", "strongroom.runs", "some columns are not the table"),
    yes("user:noor", "grant", REVIEWS, "the steward grants"),
    no("user:noor", "read", REVIEWS, "who grants does not read", columns=("label",)),
    yes("user:ada", "write", REVIEWS, "sam may act as ada", **TRAIN, actor="user:sam"),
    no("user:ada", "write", REVIEWS, "grace may not", **TRAIN, actor="user:grace"),
    no("user:alan", "write", REVIEWS, "acting as a group is not acting as its members", **TRAIN, actor="user:sam"),
    no(
        "user:ada",
        "read",
        REVIEWS,
        "who grants does not read under another name either",
        columns=("note",),
        **TRAIN,
        actor="user:noor",
        **KNOWN,
    ),
    yes("user:sam", "act", "user:ada", "the question itself"),
    no("user:sam", "act", "user:*", "no pattern is a principal"),
]


@pytest.mark.parametrize(("request_", "allowed"), CASES)
def test_a_request_is_decided_as_the_case_says(request_, allowed):
    decision = compile_policy(parse_policy(POLICY, "p.yaml")).decide(request_)
    assert decision.allowed is allowed, decision.reason


def ask(principal, columns, *, purpose="", table="raw.sales"):
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    return engine.decide(Request(principal, "read", table, NOON, columns, purpose))


def test_two_grants_give_each_its_own_columns_for_its_own_rows():
    decision = ask("user:wide", ("id", "amount", "name"))
    assert decision.allowed
    assert decision.rows == ("region = 'north'", "region = 'south'")
    assert decision.conditions == {"amount": ("region = 'north'",), "name": ("region = 'south'",)}
    assert decision.masks == {"name": "show-last-4"}
    assert decision.roles == ("north", "south")
    assert [grant.where for grant in decision.grants] == ["p.yaml:26", "p.yaml:27"]


def test_a_column_given_for_every_row_by_one_grant_makes_no_row_filter_for_others():
    decision = ask("user:sue", ("id", "name"), purpose="fraud")
    assert decision.rows == ()
    assert decision.conditions == {}, "the last grant gives every column for every row"


def test_two_masks_that_differ_become_null():
    assert ask("user:sue", ("id",), purpose="fraud").masks == {"id": "replace-with-null"}


def test_narrowing_gives_the_columns_that_may_be_seen():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    request = Request("user:grace", "read", "training.reviews", NOON, ("user_id", "email", "label"))
    assert engine.narrow(request).columns == ("user_id", "label")
    assert engine.narrow(request).allowed
    assert not engine.narrow(Request("user:grace", "read", "training.reviews", NOON, ("email",))).allowed


def test_a_denial_names_the_rule_and_its_line():
    assert ask("user:grace", ("email",), table="training.reviews").reason == (
        "user:grace may not read training.reviews (email): denied by p.yaml:15."
    )


def test_a_request_without_zone_or_with_an_unknown_action_is_a_bug_of_the_caller():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    with pytest.raises(ValueError, match="zone"):
        engine.decide(Request("user:ada", "read", "training.reviews", NOON.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="action"):
        engine.decide(Request("user:ada", "look", "training.reviews", NOON))


def test_a_policy_that_disappoints_itself_is_not_taken():
    case = "  - {{as: {}, action: read, table: training.x, columns: [{}], at: 2026-06-01, allowed: {}}}\n"
    cases = (
        case.format("user:ada", "email", "true")
        + case.format("user:grace", "label", "true")
        + case.format("user:grace", "label", "false")
        + case.format("user:grace", "user_id", "true, mask: {user_id: show-last-4}")
    )
    text = POLICY + "expect:\n" + cases
    first = text[: text.index("expect:")].count("\n") + 2
    with pytest.raises(ConfigError) as caught:
        compile_policy(parse_policy(text, "p.yaml"))
    assert [problem.where for problem in caught.value.problems] == [f"p.yaml:{first + number}" for number in (0, 2, 3)]


EXPECTING = """
roles:
  a: {members: [user:ada]}
grants:
  - {role: a, actions: [read], tables: [training.x], columns: {allow: ["tag:open", name], mask: {name: show-last-4}}}
  - {role: a, actions: [read], tables: [training.y], rows: n = 1}
  - {role: a, actions: [read], tables: [training.y], rows: n = 2}
expect:
  - {as: user:ada, action: read, table: training.TABLE, columns: [COLUMN], at: 2026-06-01, allowed: true, MORE}
"""


@pytest.mark.parametrize(
    ("table", "column", "more", "holds"),
    [
        ("x", "label", "tags: {label: [open]}", True),
        ("x", "label", "tags: {label: [other]}", False),
        ("x", "name", "tags: {}", True),
        ("x", "name", "mask: {name: show-last-4}", True),
        ("x", "name", "mask: {}", False),
        ("x", "name", "rows: []", True),
        ("y", "name", "mask: {}", True),
        ("y", "name", "rows: [n = 2, n = 1]", True),
        ("y", "name", "rows: n = 1", False),
        ("y", "name", "rows: []", False),
    ],
)
def test_a_case_says_tags_masks_and_rows(table, column, more, holds):
    text = EXPECTING.replace("TABLE", table).replace("COLUMN", column).replace("MORE", more)
    policy = parse_policy(text, "p.yaml")
    assert bool(disappointments(Engine(policy))) != holds


def test_who_may_change_the_policy_itself_reads_nothing():
    text = (
        "roles:\n  a: {members: [user:ada]}\ngrants:\n  - {role: a, actions: [read, write], tables: [training.x]}\n"
        "  - {role: a, actions: [grant], tables: [strongroom.policy], until: 2026-06-30}\n"
    )
    engine = Engine(parse_policy(text, "p.yaml"))
    asked = Request("user:ada", "read", "training.x", NOON)
    refused = engine.decide(asked)
    assert (refused.allowed, [rule.where for rule, _ in refused.denying]) == (False, ["p.yaml:5"])
    assert engine.decide(replace(asked, action="write")).allowed
    assert engine.decide(replace(asked, at=NOON.replace(month=7))).allowed, "once it is over"
    assert engine.about("read", "training.x")[2], "and platforms are told"


def test_the_policy_that_ships_is_taken():
    from strongroom.core.policy.file import load_policy

    compile_policy(load_policy("conf/policy.yaml"))
