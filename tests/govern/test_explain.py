"""Every no says what would make it a yes, and keeps that promise."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from strongroom.core.decision import Request
from strongroom.core.errors import ConfigError
from strongroom.core.policy import Grant
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


def written(policy):
    """A policy as its file, a rule a line."""
    lines = ["roles:"]
    lines += [f"  {role.name}: {{members: {json.dumps(role.members)}}}" for role in policy.roles]
    lines += ["groups:", *(f"  {group.name}: {{members: {json.dumps(group.members)}}}" for group in policy.groups)]
    for key, rules in (("grants", policy.grants), ("denies", policy.denies)):
        lines.append(f"{key}:" if rules else f"{key}: []")
        for rule in rules:
            said = {"role": rule.role, "actions": rule.actions, "tables": rule.tables, "purposes": rule.purposes}
            said |= {"principals": getattr(rule, "principals", ()), "rows": getattr(rule, "rows", "")}
            if isinstance(rule, Grant):
                columns = {"allow": rule.columns.allow, "deny": rule.columns.deny, "mask": dict(rule.columns.mask)}
                said["columns"] = {word: each for word, each in columns.items() if each} if rule.tables else {}
            else:
                said["columns"] = rule.columns
            said |= {"from": rule.since and rule.since.isoformat(), "until": rule.until and rule.until.isoformat()}
            lines.append("  - " + json.dumps({word: each for word, each in said.items() if each}))
    return lines


def obeyed(lines, text):
    """The file once somebody has done with an editor what the explanation says."""
    left = [*lines]
    steps = re.split(r"(?:; | and )(?=remove |take |add the )", text.removesuffix("."))
    for verb, what in (step.split(" ", 1) for step in steps if not step.startswith("add")):
        at = int(what.rpartition(":")[2]) - 1
        if verb == "remove":
            left[at] = ""
            continue
        names, way = re.fullmatch(r"(.*) out of the columns (denied|masked) at p.yaml:\d+", what).groups()
        names = [str(yaml.safe_load(name)) for name in names.split(", ")]
        rule = json.loads(left[at].removeprefix("  - "))
        word = {"denied": "deny", "masked": "mask"}[way]
        of, word = (rule, "columns") if isinstance(rule["columns"], list) else (rule["columns"], word)
        of[word] = [each for each in of[word] if each not in names]
        of |= {} if of[word] else {word: None}
        left[at] = "  - " + json.dumps({**rule, "columns": _said(rule["columns"])})
    for step in steps:
        if step.startswith("add the role"):
            left.insert(1, "  " + step.removeprefix("add the role '").removesuffix("'"))
        elif step.startswith("add the grant"):
            at = next(place for place, line in enumerate(left) if line.startswith("grants:"))
            left[at : at + 1] = ["grants:", f"  - {step.removeprefix('add the grant ')}"]
    left = [line for line in left if line]
    for key in ("grants:", "denies:"):
        at = left.index(key) if key in left else None
        if at is not None and not "".join(left[at + 1 : at + 2]).startswith("  - "):
            left[at] += " []"
    return "\n".join(left) + "\n"


def _said(columns):
    return {word: each for word, each in columns.items() if each} if isinstance(columns, dict) else columns


@pytest.mark.parametrize("first", range(0, 1_000, 100))
def test_the_printed_words_put_into_the_file_flip_the_answer(first):
    flipped = 0
    for seed in range(first, first + 100):
        made, request = policies.policy(seed), policies.request(seed)
        lines = written(replace(made, grants=tuple(rule for rule in made.grants if "*" not in rule.columns.mask)))
        try:
            policy = parse_policy("\n".join(lines) + "\n", "p.yaml")
        except ConfigError:
            continue  # random rules may contradict themselves, which a file may not
        explanation = explain(Engine(policy), request)
        if not explanation.changes:
            continue
        text = str(explanation).rpartition("To allow it: ")[2]
        after = parse_policy(obeyed(lines, text), "p.yaml")
        assert Engine(after).decide(request).allowed, f"seed {seed}: {text}"
        flipped += 1
    assert flipped > 5


@pytest.mark.parametrize(
    "name",
    ["null", "true", "No", "1e3", "a b", "a#b", "a,b", "x: y", "classification:personal", "tag:x", "a*b", "a`b", "-",
     "~", "{a}", "'", '"', "größe", "a:", "&a", "@a", "%"],
)  # fmt: skip
def test_the_printed_grant_gives_a_column_of_any_name(name):
    request = Request("user:mary", "read", "training.x", NOON, (name,), "fun stuff" if name == "-" else "other")
    text = (
        str(explain(Engine(parse_policy(POLICY, "p.yaml")), request)).rpartition("add the grant ")[2].removesuffix(".")
    )
    after = parse_policy(POLICY.replace("grants:\n", f"grants:\n  - {text}\n"), "p.yaml")
    assert Engine(after).decide(request).allowed, text


def test_who_is_advised_against_an_expected_case_is_told():
    text = POLICY + (
        "expect:\n  - {as: user:mary, action: read, table: training.x, at: 2026-06-01, columns: [email], "
        "purpose: reporting, allowed: false}\n"
    )
    request = Request("user:mary", "read", "training.x", NOON, ("email",), "reporting")
    engine = Engine(parse_policy(text, "p.yaml"))
    assert str(explain(engine, request)).endswith(
        "\n  That is not what is expected at p.yaml:14: change it there, too."
    )
    assert "That is not what is expected at p.yaml:14." in refusal(engine, engine.decide(request)).todo


def test_a_column_that_is_denied_and_masked_is_taken_out_of_what_denies_it():
    text = POLICY.replace("columns: {deny: [email, tel]}", "columns: {deny: [email], mask: {email: show-last-4}}")
    request = Request("user:mary", "read", "training.x", NOON, ("email",), "reporting")
    found = str(explain(Engine(parse_policy(text, "p.yaml")), request))
    assert "To allow it: take email out of the columns denied at p.yaml:8." in found


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
            "  To allow it: take email out of the columns denied at p.yaml:8.",
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
