"""What each platform is told, word for word, what it cannot be told, and what changes from one export to the next."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.policy import ACTIONS
from strongroom.core.policy.file import load_policy, parse_policy
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export import Described, Scope, members, plan
from strongroom.govern.export import iceberg as export_iceberg
from strongroom.govern.export import ranger as export_ranger
from strongroom.govern.export import unity as export_unity
from strongroom.govern.export.iceberg import iceberg
from strongroom.govern.export.ranger import ranger
from strongroom.govern.export.scope import next_change
from strongroom.govern.export.unity import unity
from strongroom.govern.table import Table

GOLDEN = Path(__file__).parents[1] / "golden"
NOW = Scope(datetime(2026, 12, 1, tzinfo=UTC), actions=("read", "write", "delete"), as_of_now=True)
READ = replace(NOW, actions=("read",))


READS = "  - {{role: {}, actions: [read], tables: [training.{}]}}\n"


def described(name, **columns):
    """A table: column → (type, classification); ids count from 1, and the first column is required."""
    table = Table(name, tuple(columns), {each: found[1] for each, found in columns.items()}, dict.fromkeys(columns, ()))
    types = {each: found[0] for each, found in columns.items()}
    return Described(table, types, {each: at + 1 for at, each in enumerate(columns)}, frozenset([*columns][:1]))


TABLES = [
    described("training.orders", order_id=("bigint", ""), country=("string", ""), iban=("string", "personal")),
    described(
        "training.reviews",
        email=("string", "personal"),
        born=("date", "personal"),
        label=("string", ""),
        rating=("int", ""),
    ),
]


def policy(grants, denies="[]", roles="{a: {members: [user:ada]}, b: {members: [user:bob]}}"):
    return Engine(parse_policy(f"roles: {roles}\ngrants:\n{grants}\ndenies: {denies}\n", "p.yaml"))


def told(target, engine, *, scope=None, tables=TABLES):
    if target == "unity":
        return unity(engine, tables, scope=scope or NOW, catalog="main", groups={})
    if target == "ranger":
        return ranger(engine, tables, scope=scope or NOW, service="hive")
    return iceberg(engine, tables, scope=scope or READ)


WHOLE = {"unity": export_unity.statements, "ranger": export_ranger.policies, "iceberg": export_iceberg.entries}
FILES = {"unity": "unity.sql", "ranger": "ranger.json", "iceberg": "iceberg.json"}


@pytest.mark.parametrize("target", FILES)
def test_a_platform_is_told_exactly_this(target):
    """To renew after a change that is meant: `STRONGROOM_GOLDEN=1 pytest` of this file, then read it."""
    engine = Engine(load_policy(str(GOLDEN / "policy.yaml")))
    text = WHOLE[target](told(target, engine))
    if os.environ.get("STRONGROOM_GOLDEN"):
        (GOLDEN / FILES[target]).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / FILES[target]).read_text(encoding="utf-8")


APART = "actions: [read], columns: {allow: [country]}", "actions: [read], rows: country = 'DE'"


@pytest.mark.parametrize(
    ("target", "grants", "what", "why"),
    [
        ("unity", ["actions: [read], purposes: [x]"], "knows no purposes", "a purpose"),
        ("ranger", ["actions: [read], purposes: [x]"], "knows no purposes", "a purpose"),
        ("iceberg", ["actions: [read], purposes: [x]"], "knows no purposes", "a purpose"),
        ("unity", ["actions: [read], enforce: physical"], "would give the table itself", "files of its own"),
        ("ranger", ["actions: [read], enforce: physical"], "would give the table itself", "files of its own"),
        ("iceberg", ["actions: [read], enforce: physical"], "would give the table itself", "files of its own"),
        ("unity", ["actions: [reveal]"], "no word for reveal", "only our jobs reveal"),
        ("ranger", ["actions: [act], principals: [user:bob]"], "no word for act", "acting for others"),
        ("iceberg", ["actions: [read, write]"], "no word for write", "they are for reading"),
        ("unity", ["actions: [read], until: 2027-06-30"], "ends after 2027-06-30", "an end"),
        ("iceberg", ["actions: [read], from: 2027-01-01"], "starts at 2027-01-01", "a start"),
        ("unity", ["actions: [read], tables: [training.nowhere]"], "know a table 'training.nowhere'", "no such table"),
        ("unity", ["actions: [write]"], "may only write", "MODIFY deletes too"),
        ("ranger", ["actions: [delete]"], "both are one", "update is both"),
        ("unity", ["actions: [write, delete], columns: {allow: [country]}"], "cannot limit writing", "columns"),
        ("ranger", ["actions: [write, delete], columns: {allow: [country]}"], "cannot limit writing", "columns"),
        ("unity", ["actions: [read], rows: country.code = 'DE'"], "no top-level column", "a nested field"),
        ("iceberg", ["actions: [read], rows: country.code = 'DE'"], "no top-level column", "a nested field"),
        ("iceberg", ["actions: [read], rows: lower(country) = 'de'"], "no word for it", "a function"),
        ("iceberg", ["actions: [read], rows: order_id + 1 > 2"], "no word for it", "arithmetic"),
        ("iceberg", ["actions: [read], rows: order_id > 2.5"], "no long", "a fraction beside whole numbers"),
        ("ranger", ["actions: [read], columns: {mask: {order_id: show-last-4}}"], "does not fit", "the mask's type"),
        ("ranger", APART, "for fewer rows", "other rows for other columns"),
        ("iceberg", APART, "for fewer rows", "other rows for other columns"),
    ],
)
def test_what_a_platform_has_no_words_for_is_refused_with_its_line(target, grants, what, why):
    tables = [
        each if "tables" in each or "principals" in each else f"{each}, tables: [training.orders]" for each in grants
    ]
    engine = policy("\n".join(f"  - {{role: a, {each}}}" for each in tables))
    with pytest.raises(ConfigError) as caught:
        told(target, engine, scope=replace(NOW, actions=ACTIONS, as_of_now=False))
    assert any(what in problem.what for problem in caught.value.problems), (why, caught.value.problems)
    assert all(problem.where.startswith("p.yaml:") and problem.todo for problem in caught.value.problems)


def test_a_deny_of_writing_a_column_is_refused_where_somebody_may_write():
    denies = "[{role: '*', actions: [write, delete], tables: ['*'], columns: [iban]}]"
    with pytest.raises(ConfigError, match="cannot deny writing some columns only"):
        told("unity", policy("  - {role: a, actions: [write, delete], tables: [training.orders]}", denies))
    assert told("unity", policy(READS.format("a", "orders"), denies))


def test_a_filter_that_looks_at_a_masked_column_is_refused_in_unity_catalog():
    engine = policy(
        "  - {role: a, actions: [read], tables: [training.orders], columns: {allow: [iban]}, rows: country = 'DE'}"
    )
    with pytest.raises(ConfigError, match="Rows depend on 'country'"):
        told("unity", engine)


def test_every_problem_is_told_at_once():
    grants = (
        "  - {role: a, actions: [read], tables: [training.orders], purposes: [x]}\n"
        "  - {role: b, actions: [erase], tables: [training.orders]}\n"
        "  - {role: b, actions: [write], tables: [training.reviews]}"
    )
    with pytest.raises(ConfigError) as caught:
        told("unity", policy(grants), scope=replace(NOW, actions=ACTIONS))
    assert [problem.where for problem in caught.value.problems] == ["p.yaml:3", "p.yaml:4", "p.yaml:5"]


def test_what_the_caller_leaves_out_is_no_problem():
    grants = (
        "  - {role: a, actions: [read], tables: [training.orders]}\n"
        "  - {role: a, actions: [reveal], tables: [training.orders]}\n"
        "  - {role: b, actions: [read], tables: [training.reviews], purposes: [x]}"
    )
    parts = told("unity", policy(grants), scope=replace(READ, tables="training.orders"))
    assert [part.text for part in parts if "SELECT" in part.text] == [
        "GRANT SELECT ON TABLE `main`.`training`.`orders` TO `a`"
    ]


def test_a_member_who_may_not_write_keeps_the_role_from_modify():
    grants = "  - {role: a, actions: [write, delete], tables: [training.orders]}"
    denies = "[{role: b, actions: [write], tables: [training.orders]}]"
    roles = "{a: {members: [user:ada, user:bob]}, b: {members: [user:bob]}}"
    with pytest.raises(ConfigError, match="user:bob is in the role 'a' and yet may not write"):
        told("unity", policy(grants, denies, roles))
    apart = "{a: {members: [user:ada]}, b: {members: [user:bob]}}"
    assert any(part.text.startswith("GRANT MODIFY") for part in told("unity", policy(grants, denies, apart)))


def test_a_group_of_a_directory_is_not_told_to_a_platform_that_is_told_users():
    grants = "  - {role: a, actions: [read], tables: [training.orders]}"
    engine = policy(grants, roles="{a: {members: [group:everybody]}}")
    for target in ("ranger", "iceberg"):
        with pytest.raises(ConfigError, match="does not say who is in 'group:everybody'"):
            told(target, engine)
    assert "everybody" in WHOLE["unity"](told("unity", engine))


def test_field_ids_that_nobody_knows_are_not_guessed():
    engine = policy("  - {role: a, actions: [read], tables: [training.orders]}")
    with pytest.raises(ConfigError, match=r"field ids of training\.orders are not known \(order_id, country, iban\)"):
        told("iceberg", engine, tables=[replace(TABLES[0], ids={})])


def test_a_required_field_is_not_made_null_in_iceberg():
    engine = policy("  - {role: a, actions: [read], tables: [training.orders], columns: {allow: [country]}}")
    (part,) = told("iceberg", engine)
    assert json.loads(part.text)["read-restrictions"]["required-column-projections"] == [
        {"field-id": 1, "action": "mask-to-fixed-value"},
        {"field-id": 3, "action": "replace-with-null"},
    ]


def test_ranger_policies_have_the_fields_of_rangers_model():
    """Names of RangerPolicy.java; Ranger passes over what it does not know, so a slip would lose a restriction."""
    fields = {
        "service", "name", "policyType", "policyPriority", "description", "isEnabled", "isAuditEnabled", "resources",
        "policyItems", "denyPolicyItems", "dataMaskPolicyItems", "rowFilterPolicyItems", "serviceType", "policyLabels",
        "validitySchedules",
    }  # fmt: skip
    items = {"users", "accesses", "delegateAdmin", "dataMaskInfo", "rowFilterInfo"}
    found = json.loads((GOLDEN / "ranger.json").read_text(encoding="utf-8"))["policies"]
    for each in found:
        assert set(each) <= fields
        kinds = {0: {"policyItems", "denyPolicyItems"}, 1: {"dataMaskPolicyItems"}, 2: {"rowFilterPolicyItems"}}
        assert kinds[each["policyType"]] & set(each)
        assert set(each["resources"]) == {0: {"database", "table", "column"}, 1: {"database", "table", "column"},
                                          2: {"database", "table"}}[each["policyType"]]  # fmt: skip
        assert all(set(item) <= items for name in each if name.endswith("Items") for item in each[name])
        assert all(set(when) <= {"startTime", "endTime", "timeZone"} for when in each.get("validitySchedules", ()))
    assert len({each["name"] for each in found}) == len(found)


def test_ranger_is_told_what_is_still_to_come_with_its_dates():
    grants = "  - {role: a, actions: [read], tables: [training.orders], from: 2027-01-01, until: 2027-06-30}"
    (part,) = told("ranger", policy(grants))
    assert json.loads(part.text)["validitySchedules"] == [
        {"startTime": "2027/01/01 00:00:00", "endTime": "2027/06/30 23:59:59", "timeZone": "UTC"}
    ]


@pytest.mark.parametrize("target", FILES)
def test_the_same_policy_changes_nothing_and_order_of_rules_neither(target):
    engine = Engine(load_policy(str(GOLDEN / "policy.yaml")))
    turned = replace(engine.policy, roles=engine.policy.roles[::-1])
    assert not plan(told(target, engine), told(target, Engine(engine.policy)))
    if target != "unity":  # whose functions list roles in the policy's order
        assert not plan(told(target, engine), told(target, Engine(turned)))


def test_a_plan_takes_rights_first_and_puts_a_mask_in_place_before_the_old_one_goes():
    old = policy(READS.format("a", "orders") + READS.format("b", "orders"))
    new = policy("  - {role: a, actions: [read], tables: [training.orders], columns: {mask: {country: show-first-4}}}")
    masked = policy(
        "  - {role: a, actions: [read], tables: [training.orders], columns: {mask: {country: show-last-4}}}"
    )
    first = plan(told("unity", old), told("unity", new))
    lines = list(first.lines())
    assert lines[0] == "- -- The account group `b` holds user:bob, and nobody else."
    assert any(line.startswith("- REVOKE SELECT ON TABLE `main`.`training`.`orders` FROM `b`") for line in lines)
    assert any("SET MASK" in line and line.endswith("(mask of training.orders.country)") for line in lines)
    statements = export_unity.changes(first.gone, first.added).split(";\n")
    assert statements[0] == "REVOKE SELECT ON TABLE `main`.`training`.`orders` FROM `b`"
    assert [each.split()[0] for each in statements if each] == ["REVOKE", "REVOKE", "REVOKE", "CREATE", "ALTER"]
    second = plan(told("unity", new), told("unity", masked))
    statements = [each for each in export_unity.changes(second.gone, second.added).split(";\n") if each]
    assert [each.split()[0] for each in statements] == ["CREATE", "ALTER", "DROP"]
    assert "SET MASK" in statements[1]
    assert not any("DROP MASK" in each for each in statements)  # not for a moment is the column bare
    third = plan(told("unity", masked), told("unity", old))
    last = export_unity.changes(third.gone, third.added)
    assert "ALTER COLUMN `country` DROP MASK;\nDROP FUNCTION" in last


def test_a_ranger_plan_names_what_to_delete_and_what_to_import():
    old = policy(READS.format("a", "orders") + READS.format("b", "reviews"))
    new = policy(READS.format("a", "orders") + READS.format("b", "orders"))
    found = plan(told("ranger", old), told("ranger", new))
    changed = json.loads(export_ranger.changes(found.gone, found.added))
    assert [each["name"].split(" ")[2] for each in changed["delete"]] == ["training.reviews"]
    assert [each["policyItems"][0]["users"] for each in changed["policies"]] == [["ada", "bob"]]
    assert next(found.lines()).startswith("- training.")


def test_when_a_rule_next_changes_is_told():
    engine = Engine(load_policy(str(GOLDEN / "policy.yaml")))
    assert next_change(engine.policy, TABLES, scope=NOW) == datetime(2027, 7, 1, tzinfo=UTC)
    assert members(engine.policy)["scientist"] == ("user:ada", "user:alan")
