"""A no says who decides, and a grant only where it gives what was asked and nothing else; following it keeps that."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from govern import policies
from govern.answers import answers
from strongroom.core.policy.decision import Request
from strongroom.core.policy.file import parse_policy
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.explain import explain, follow, refusal
from strongroom.govern.review.matrix import BY_COLUMN
from strongroom.govern.table import Table

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = """
roles:
  data_scientist: {members: [user:ada, user:mary]}
  lead: {members: [user:ada]}
  steward: {members: [user:noor]}
grants:
  - {role: data_scientist, actions: [read], tables: [training.*], purposes: [model_training], until: 2027-06-30}
  - {role: data_scientist, actions: [read], tables: [training.*], purposes: [reporting], columns: {deny: [email, tel]}}
  - {role: steward, actions: [grant], tables: ["*"]}
  - {role: lead, actions: [read], tables: [raw.*], columns: {allow: [id]}, from: 2026-07-01}
denies:
  - {role: data_scientist, actions: [delete], tables: ["*"]}
"""
DECIDES = "the role steward (user:noor)"


def followed(seed):
    """Follows what is told of a random request, and holds every answer of before and after against each other."""
    policy, request = policies.physical(seed), policies.request(seed)
    found = explain(Engine(policy), request)
    if found.addition is None:
        return False
    after = follow(policy, found.addition)
    assert not found.decision.allowed
    assert Engine(after).decide(request).allowed, f"seed {seed}: {found}"
    asked = set(request.columns) if request.action in BY_COLUMN else set()
    columns = tuple(dict.fromkeys((*policies.COLUMNS, *request.columns)))
    names = {*policies.TABLES, found.decision.table} - {request.table if request.action == "act" else ""}
    tables = [Table(name, columns, dict(request.classifications), dict(request.tags)) for name in names]
    more = {"tables": tables, "at": request.at, "purposes": (request.purpose,), "people": (request.principal,)}
    was, will = answers(policy, **more), answers(after, **more)
    for lost in was - will:  # who saw some rows of what was asked for sees all of them now
        assert (lost[:3], lost[6]) == ((request.principal, request.action, found.decision.table), lost[6] or None)
        assert (*lost[:6], "") in will, f"seed {seed}: {found} takes something"
    for principal, action, table, column, purpose, *_ in will - was:
        assert (principal, action) == (request.principal, request.action), f"seed {seed}: {found}"
        assert table == found.decision.table, f"seed {seed}: {found}"
        assert not asked or any(f"{column}.".startswith(f"{name}.") for name in asked), f"seed {seed}: {found}"
        assert purpose == request.purpose or not request.purpose, f"seed {seed}: {found}"
    return True


@pytest.mark.whole
def test_following_what_is_told_gives_what_was_asked_and_nothing_else_to_nobody_else():
    assert sum(followed(seed) for seed in range(300)) > 20


@pytest.mark.slow
def test_so_it_does_on_ten_thousand_policies():
    assert sum(followed(seed) for seed in range(300, 10_000)) > 500


@pytest.mark.parametrize(
    "name",
    ["null", "true", "No", "1e3", "a b", "a#b", "a,b", "-", "~", "{a}", "'", '"', "größe", "&a", "@a", "%", "x.y"],
)
def test_the_printed_grant_gives_a_column_of_any_name_and_no_other(name):
    request = Request("user:mary", "read", "other.x", NOON, (name,), "reporting")
    shown = str(explain(Engine(parse_policy(POLICY, "p.yaml")), request))
    role, text = shown.rpartition("add the role '")[2].removesuffix(".").split("' and add the grant ")
    text = POLICY.replace("grants:\n", f"grants:\n  - {text}\n").replace("roles:\n", f"roles:\n  {role}\n")
    engine = Engine(parse_policy(text, "p.yaml"))
    assert engine.decide(request).allowed, text
    other = Request("user:mary", "read", "other.x", NOON, ("other",), "reporting")
    assert not engine.decide(other).allowed, text


TOLD = [
    (
        Request("user:mary", "read", "training.x", NOON, ("id",)),
        "user:mary may not read training.x (id): no grant gives it.\n"
        "  p.yaml:7 gives it for the purpose model_training.\n"
        "  p.yaml:8 gives it for the purpose reporting.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "no purpose was said; a grant for any would be more than that",
    ),
    (
        Request("user:mary", "read", "training.x", NOON, ("email",)),
        "user:mary may not read training.x (email): no grant gives it.\n"
        "  p.yaml:7 gives it for the purpose model_training.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "a grant that withholds the column gives it for no purpose",
    ),
    (
        Request("user:mary", "read", "training.x", datetime(2027, 7, 1, tzinfo=UTC), ("id",), "model_training"),
        "user:mary may not read training.x (id) for model_training: no grant gives it.\n"
        "  p.yaml:7 gave it until 2027-06-30.\n"
        "  p.yaml:8 gives it for the purpose reporting.\n"
        f"  To give just that, {DECIDES} could add the role 'mary: {{members: [user:mary]}}' and "
        "add the grant {role: mary, actions: [read], tables: [training.x], purposes: [model_training], "
        "columns: {allow: [id]}}.",
        "the grant is over; a role of two would give it to both",
    ),
    (
        Request("user:mary", "read", "training.x", NOON, ("id", "EMAIL"), "reporting"),
        "user:mary may not read training.x (EMAIL) for reporting: denied by p.yaml:8.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "what a rule withholds is not talked open",
    ),
    (
        Request("user:ada", "delete", "training.x", NOON),
        f"user:ada may not delete training.x: denied by p.yaml:12.\n  Whether it may be otherwise: {DECIDES} decides.",
        "a deny is not talked away",
    ),
    (
        Request("user:ada", "write", "raw.x", NOON),
        "user:ada may not write raw.x: no grant gives it.\n"
        f"  To give just that, {DECIDES} could add the grant {{role: lead, actions: [write], tables: [raw.x]}}.",
        "a role that she is in alone",
    ),
    (
        Request("user:ada", "read", "raw.x", NOON, ("id",)),
        "user:ada may not read raw.x (id): no grant gives it.\n"
        "  p.yaml:10 gives it from 2026-07-01 on.\n"
        f"  To give just that, {DECIDES} could add the grant {{role: lead, actions: [read], tables: [raw.x], "
        "columns: {allow: [id]}}.",
        "not yet",
    ),
    (
        Request("user:noor", "read", "raw.x", NOON, ("id",)),
        "user:noor may not read raw.x: who may grant does not read, and p.yaml:9 gives grant.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "separate duties stay separate",
    ),
    (
        Request("user:eve.o'neill", "read", "raw.x", NOON, ("a b",), actor="user:ada"),
        "user:eve.o'neill may not read raw.x: user:ada may not act as user:eve.o'neill.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "acting as somebody gives all that they may, which is more than was asked",
    ),
    (
        Request("user:ada", "grant", "raw.x", NOON),
        f"user:ada may not grant raw.x: no grant gives it.\n  Whether it may be otherwise: {DECIDES} decides.",
        "it would take reading away",
    ),
    (
        Request("user:eve.o'neill", "read", "new.x", NOON, ("a b",), "fun"),
        "user:eve.o'neill may not read new.x (a b) for fun: no grant gives it.\n"
        f"  To give just that, {DECIDES} could add the role 'eve_o_neill: {{members: [\"user:eve.o'neill\"]}}' and "
        "add the grant {role: eve_o_neill, actions: [read], tables: [new.x], purposes: [fun], "
        'columns: {allow: ["a b"]}}.',
        "somebody in no role",
    ),
    (
        Request("user:eve", "read", "new.x", NOON, ("tag:x",), "fun"),
        "user:eve may not read new.x (tag:x) for fun: no grant gives it.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "no rule can say that name and mean that column only",
    ),
    (
        Request("user:eve", "read", "new.x", NOON, ("id",), "fun stuff"),
        "user:eve may not read new.x (id) for fun stuff: no grant gives it.\n"
        f"  Whether it may be otherwise: {DECIDES} decides.",
        "no rule can say that purpose",
    ),
    (
        Request("user:ada", "read", "raw.x; drop", NOON),
        "user:ada may not read raw.x; drop: this is not a plain name.",
        "nothing helps a name that is none",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "text", "why"), TOLD, ids=[why for *_, why in TOLD])
def test_an_explanation_says_it_in_words(request_, text, why):
    assert str(explain(Engine(parse_policy(POLICY, "p.yaml")), request_)) == text, why


@pytest.mark.parametrize(("request_", "text", "why"), TOLD, ids=[why for *_, why in TOLD])
def test_what_is_told_of_other_purposes_and_days_is_so(request_, text, why):
    """Whoever asks again as a near miss says gets a yes."""
    from dataclasses import replace

    engine = Engine(parse_policy(POLICY, "p.yaml"))
    for line in text.splitlines()[1:]:
        if " gives it for the purpose " in line:
            for purpose in line.removesuffix(".").partition(" for the purpose ")[2].split(" or "):
                assert engine.decide(replace(request_, purpose=purpose)).allowed, why
        if " gives it from " in line or " gave it until " in line:
            day = line.removesuffix(".").removesuffix(" on").rpartition(" ")[2]
            then = replace(request_, at=datetime.fromisoformat(day).replace(tzinfo=UTC))
            assert engine.decide(then).allowed, why


def test_a_no_that_the_policy_expects_of_itself_is_not_talked_away():
    text = POLICY + (
        "expect:\n  - {as: user:mary, action: write, table: raw.x, at: 2026-06-01, purpose: p, allowed: false}\n"
    )
    request, engine = (
        Request("user:mary", "write", "raw.x", NOON, (), "p"),
        Engine(parse_policy(text, "p.yaml")),
    )
    told = f"The policy expects this no at p.yaml:14. Whether it stays: {DECIDES} decides."
    assert str(explain(engine, request)).splitlines()[1:] == [f"  {told}"]
    assert refusal(engine, engine.decide(request)).todo == told


@pytest.mark.parametrize("level", ["physical", "cryptographic"])
def test_where_files_or_keys_are_given_no_grant_of_the_table_is_told(level):
    """With one, `read_table` would read the table, and give what that grant gives and no more."""
    text = POLICY.replace("columns: {allow: [id]}, from: 2026-07-01", f"columns: {{allow: [id]}}, enforce: {level}")
    text = text.replace("lead: {members: [user:ada]}", "lead: {members: [user:ada], key: file:/k}")
    request = Request("user:ada", "read", "raw.x", NOON, ("email",), "reporting")
    assert explain(Engine(parse_policy(text, "p.yaml")), request).addition is None


def test_a_refusal_carries_where_and_who_decides():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    error = refusal(engine, engine.decide(Request("user:mary", "delete", "training.x", NOON)))
    assert (error.exit_code, error.where) == (5, "p.yaml:12")
    assert error.todo == f"Whether it may be otherwise: {DECIDES} decides."


def test_without_anybody_who_may_grant_it_is_whoever_keeps_the_file():
    engine = Engine(
        parse_policy(POLICY.replace('  - {role: steward, actions: [grant], tables: ["*"]}\n', ""), "p.yaml")
    )
    assert "whoever keeps the policy decides" in str(
        explain(engine, Request("user:mary", "delete", "training.x", NOON))
    )


@pytest.mark.parametrize(
    ("principal", "actor"), [("user:*", ""), ("user:ada ", ""), ("", ""), ("role:lead", ""), ("user:ada", "user:*")]
)
def test_for_a_principal_whose_name_is_none_no_grant_is_told(principal, actor):
    asked = Request(principal, "read", "training.x", NOON, ("id",), "model_training", actor)
    found = explain(Engine(parse_policy(POLICY, "p.yaml")), asked)
    assert (found.decision.allowed, found.addition) == (False, None), "no grant can name it"


def test_an_allowed_request_needs_nothing():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    explanation = explain(engine, Request("user:mary", "read", "training.x", NOON, ("id",), "reporting"))
    assert str(explanation) == "user:mary may read training.x for reporting: p.yaml:8."
    assert json.dumps(explanation.hints) == "[]"
