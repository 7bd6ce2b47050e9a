"""Every no says what would make it a yes, and keeps that promise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strongroom.core.decision import Request
from strongroom.core.policy_file import parse_policy
from strongroom.govern.explain import explain, follow, refusal
from strongroom.govern.policy import Engine

from . import policies

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


def promise_is_kept(seed):
    policy, request = policies.policy(seed), policies.request(seed)
    explanation = explain(Engine(policy), request)
    changes = explanation.changes
    if explanation.decision.allowed:
        assert not changes
        return
    assert Engine(follow(policy, changes)).decide(request).allowed, f"seed {seed}: {explanation}"
    for left_out in range(len(changes)):
        fewer = changes[:left_out] + changes[left_out + 1 :]
        assert not Engine(follow(policy, fewer)).decide(request).allowed, f"seed {seed}: one change too many"


def test_doing_what_an_explanation_says_flips_the_answer_and_doing_less_does_not():
    for seed in range(500):
        promise_is_kept(seed)


@pytest.mark.slow
def test_doing_what_an_explanation_says_flips_the_answer_on_ten_thousand_policies():
    for seed in range(10_000):
        promise_is_kept(seed)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        pytest.param(
            Request("user:mary", "read", "training.x", NOON, ("id",)),
            "user:mary may not read training.x (id): no grant gives it.\n"
            "  p.yaml:7 gives it for the purpose model_training.\n"
            "  p.yaml:8 gives it for the purpose reporting.\n"
            "  To allow it: add the grant {role: data_scientist, actions: [read], tables: [training.x], "
            "columns: {allow: [id]}}.",
            id="no purpose was said",
        ),
        pytest.param(
            Request("user:mary", "read", "training.x", datetime(2027, 7, 1, tzinfo=UTC), purpose="model_training"),
            "user:mary may not read training.x for model_training: no grant gives it.\n"
            "  p.yaml:7 gave it until 2027-06-30.\n"
            "  p.yaml:8 gives it for the purpose reporting.\n"
            "  To allow it: add the grant {role: data_scientist, actions: [read], tables: [training.x], "
            "purposes: [model_training]}.",
            id="the grant is over",
        ),
        pytest.param(
            Request("user:mary", "read", "training.x", NOON, ("id", "EMAIL"), "reporting"),
            "user:mary may not read training.x (EMAIL) for reporting: denied by p.yaml:8.\n"
            "  To allow it: take email out of the columns at p.yaml:8.",
            id="only the column asked for is opened",
        ),
        pytest.param(
            Request("user:ada", "delete", "training.x", NOON),
            "user:ada may not delete training.x: denied by p.yaml:12.\n"
            "  To allow it: remove p.yaml:12; add the grant {role: lead, actions: [delete], tables: [training.x]}.",
            id="a denial and no grant; the smaller role gets it",
        ),
        pytest.param(
            Request("user:ada", "read", "raw.x", NOON, ("id",)),
            "user:ada may not read raw.x (id): no grant gives it.\n"
            "  p.yaml:10 gives it from 2026-07-01 on.\n"
            "  To allow it: add the grant {role: lead, actions: [read], tables: [raw.x], columns: {allow: [id]}}.",
            id="not yet",
        ),
        pytest.param(
            Request("user:noor", "read", "raw.x", NOON, ("id",)),
            "user:noor may not read raw.x: who may grant does not read, and p.yaml:9 gives grant.\n"
            "  To allow it: remove p.yaml:9; add the grant {role: steward, actions: [read], tables: [raw.x], "
            "columns: {allow: [id]}}.",
            id="separate duties",
        ),
        pytest.param(
            Request("user:eve.o'neill", "read", "raw.x", NOON, ("a b",), actor="user:ada"),
            "user:eve.o'neill may not read raw.x: user:ada may not act as user:eve.o'neill.\n"
            '  To allow it: add the grant {role: lead, actions: [act], principals: ["user:eve.o\'neill"]}; '
            "add the role 'eve_o_neill: {members: [\"user:eve.o'neill\"]}' and "
            'add the grant {role: eve_o_neill, actions: [read], tables: [raw.x], columns: {allow: ["a b"]}}.',
            id="acting for somebody in no role",
        ),
        pytest.param(
            Request("user:ada", "read", "raw.x; drop", NOON),
            "user:ada may not read raw.x; drop: this is not a plain name.",
            id="nothing helps a name that is none",
        ),
    ],
)
def test_an_explanation_says_it_in_words(request_, text):
    assert str(explain(Engine(parse_policy(POLICY, "p.yaml")), request_)) == text


def test_a_refusal_carries_where_and_what_to_do():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    error = refusal(engine, engine.decide(Request("user:mary", "delete", "training.x", NOON)))
    assert (error.exit_code, error.where) == (5, "p.yaml:12")
    assert "remove p.yaml:12" in error.todo


@pytest.mark.parametrize(
    ("principal", "actor"), [("user:*", ""), ("user:ada ", ""), ("", ""), ("role:lead", ""), ("user:ada", "user:*")]
)
def test_a_principal_whose_name_is_none_is_told_no_change_and_at_once(principal, actor):
    asked = Request(principal, "read", "training.x", NOON, ("id",), "model_training", actor)
    found = explain(Engine(parse_policy(POLICY, "p.yaml")), asked)
    assert (found.decision.allowed, found.changes) == (False, ()), "no grant can name it"


def test_an_allowed_request_needs_no_change():
    engine = Engine(parse_policy(POLICY, "p.yaml"))
    explanation = explain(engine, Request("user:mary", "read", "training.x", NOON, ("id",), "reporting"))
    assert str(explanation) == "user:mary may read training.x for reporting: p.yaml:8."
