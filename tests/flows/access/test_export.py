"""The policy leaves for another platform: whole or not at all, once, planned, permitted and audited. No Java."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom import run_job
from strongroom.flows import access
from strongroom.flows.access.table_descriptions import ddl
from strongroom.stores.artefacts import policy_exports

POLICY = """
roles:
  scientist: {members: [user:ada]}
  analyst: {members: [user:grace]}
  steward: {members: [user:noor]}
grants:
  - {role: scientist, actions: [read], tables: [lab.*], purposes: [training], columns: {mask: {email: show-last-4}}}
  - {role: analyst, actions: [read], tables: [lab.reviews], columns: {allow: [label]}, rows: label <> 'x'}
  - {role: steward, actions: [grant], tables: [strongroom.policy]}
"""


@pytest.fixture
def ask(tmp_path, capsys):
    (tmp_path / "contracts").mkdir()
    policy, config = tmp_path / "policy.yaml", tmp_path / "local.yaml"
    policy.write_text(POLICY)
    schema = pa.schema([("email", pa.string()), ("label", pa.string()), ("born", pa.date32())])
    write_deltalake(tmp_path / "lake/lab/reviews", schema.empty_table())
    config.write_text(
        f"lake: {tmp_path}/lake\nkeys: file:{tmp_path}/kek\nkeyring: {tmp_path}/keys/ring.json\npolicy: {policy}\n"
        f"contracts: {tmp_path}/contracts\naudit: {tmp_path}/audit\nprincipal: user:noor\n"
    )

    def run(*words, code=0, to="unity-catalog", purpose="training"):
        given = ["export", "--config", str(config), "--to", to, "--out", str(tmp_path / "out"), "--only", "read"]
        assert run_job.run(access, [*given, "--purpose", purpose, *words]) == code
        return capsys.readouterr()

    run.folder, run.policy = tmp_path / "out/unity-catalog", policy
    return run


def events(tmp_path):
    return [json.loads(line) for line in (tmp_path / "audit/entries.jsonl").read_text().splitlines()]


def state(folder: Path):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_the_second_export_of_the_same_policy_writes_nothing(ask):
    first = ask().out
    assert "+ GRANT SELECT ON TABLE `main`.`lab`.`reviews` TO `scientist` (role scientist reads lab.reviews)\n" in first
    before, target = state(ask.folder), ask.folder.resolve()
    assert set(before) == {"grants.sql", "changes/0001.sql", "manifest.json"}
    assert ask().out.splitlines()[0] == "Nothing changes."
    assert state(ask.folder) == before
    assert ask.folder.resolve() == target


def test_a_change_is_planned_and_only_the_change_is_in_its_file(ask):
    ask()
    ask.policy.write_text(POLICY.replace("  - {role: analyst, actions: [read]", "  - {role: analyst, actions: [write]")
                          .replace(", columns: {allow: [label]}, rows: label <> 'x'", ""))  # fmt: skip
    plan = ask().out
    assert "- REVOKE SELECT ON TABLE `main`.`lab`.`reviews` FROM `analyst`" in plan
    assert "- ALTER TABLE `main`.`lab`.`reviews` DROP ROW FILTER" in plan
    files = state(ask.folder)
    assert set(files) == {"grants.sql", "changes/0001.sql", "changes/0002.sql", "manifest.json"}
    changed = files["changes/0002.sql"].decode()
    assert changed.startswith("REVOKE SELECT ON TABLE `main`.`lab`.`reviews` FROM `analyst`;\n")
    assert "`scientist`" not in changed.replace("is_account_group_member", "")
    assert b"analyst" not in files["grants.sql"]


def test_a_dry_run_plans_and_writes_nothing_and_needs_no_grant(ask, tmp_path):
    assert "+ GRANT SELECT" in ask("--dry-run", "--set", "principal=user:ada").out
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_said_stops_all_of_it_and_leaves_the_last_export(ask):
    ask()
    before = state(ask.folder)
    ask.policy.write_text(POLICY + "  - {role: analyst, actions: [read], tables: [lab.reviews], until: 2090-01-01}\n")
    shown = ask(code=3).err
    assert f"{ask.policy}:10: This rule ends after 2090-01-01, and Unity Catalog knows no dates." in shown
    assert state(ask.folder) == before
    assert "Export again before then" in ask("--as-of-now").out


def test_who_may_not_grant_may_not_export_and_both_are_on_record(ask, tmp_path):
    ask("--set", "principal=user:ada", code=5)
    assert not (tmp_path / "out").exists()
    ask()
    found = [(e["principal"], e["action"], e["outcome"]) for e in events(tmp_path) if e["action"] != "run"]
    assert found == [
        ("user:ada", "grant", "refused"), ("user:noor", "grant", "allowed"), ("user:noor", "export", "allowed"),
    ]  # fmt: skip
    event = next(e for e in events(tmp_path) if e["action"] == "export")
    manifest = json.loads((ask.folder / "manifest.json").read_text())
    assert event["facts"]["target"] == "unity-catalog"
    assert event["policy"] == event["facts"]["policy"] == manifest["policy"]
    assert event["facts"]["export"] == manifest["sha256"]["grants.sql"]


def test_a_file_changed_by_hand_is_not_taken_for_what_was_exported(ask):
    ask()
    (ask.folder / "grants.sql").write_text("-- nothing\n")
    assert "Changed since it was exported: grants.sql." in ask(code=7).err


def test_what_a_killed_export_left_is_swept_by_the_next(ask, tmp_path):
    (tmp_path / "out/.unity-catalog-0000").mkdir(parents=True)
    (tmp_path / "out/.unity-catalog-0000.link").symlink_to(".unity-catalog-0000")
    ask()
    assert [each.name for each in sorted((tmp_path / "out").iterdir())] == [ask.folder.resolve().name, "unity-catalog"]


def test_a_failing_disk_leaves_the_last_export_whole(ask, monkeypatch, tmp_path):
    ask()
    before = state(ask.folder)
    ask.policy.write_text(POLICY.replace("user:grace", "user:gus"))
    for step in ("write_whole", "os.replace"):

        def fails(*_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(*((policy_exports.os, "replace") if step == "os.replace" else (policy_exports, step)), fails)
            assert "No space left on device" in ask(code=7).err
        assert state(ask.folder) == before
        assert [each.name for each in sorted((tmp_path / "out").iterdir())] == [
            ask.folder.resolve().name,
            "unity-catalog",
        ]
    assert "+ -- The account group `analyst` holds user:gus, and nobody else." in ask().out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--to", "unity-catalog", "--group", "scientist"), "no group named"),
        (("--group", "nobody=x"), "an unknown role"),
        (("--group", "scientist=analyst"), "two roles in one group would see each other's columns"),
        (("--only", "reed"), "an unknown action"),
        (("--out", ""), "no folder"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(ask, words, why):
    assert ask(*words, code=2).err, why


def test_roles_go_by_the_names_their_groups_have(ask):
    ask("--group", "scientist=data-scientists (EU)", "--catalog", "prod")
    text = (ask.folder / "grants.sql").read_text()
    assert "GRANT SELECT ON TABLE `prod`.`lab`.`reviews` TO `data-scientists (EU)`" in text
    assert "is_account_group_member(CAST(X'" in text  # parentheses are no plain text
    assert "'scientist'" not in text


def test_iceberg_field_ids_come_from_its_metadata(ask, tmp_path):
    shown = ask(to="iceberg-restrictions", code=3).err
    assert "The field ids of lab.reviews are not known" in shown
    fields = [
        {"id": 10 + at, "name": name, "required": False, "type": "string"}
        for at, name in enumerate(("email", "label", "born"))
    ]
    (tmp_path / "ids").mkdir()
    file = tmp_path / "ids/lab.reviews.json"
    file.write_text(json.dumps({"current-schema-id": 1, "schemas": [{"schema-id": 1, "fields": fields}]}))
    ask("--schemas", str(tmp_path / "ids"), to="iceberg-restrictions")
    (ada, grace) = json.loads((tmp_path / "out/iceberg-restrictions/restrictions.json").read_text())
    assert ada["read-restrictions"] == {"required-column-projections": [{"field-id": 10, "action": "show-last-4"}]}
    hidden = [{"field-id": 10, "action": "replace-with-null"}, {"field-id": 12, "action": "replace-with-null"}]
    assert grace["read-restrictions"]["required-column-projections"] == hidden
    file.write_text("[]")
    assert (
        "no schema of an Iceberg table"
        in ask("--schemas", str(tmp_path / "ids"), to="iceberg-restrictions", code=3).err
    )


def test_ranger_gets_policies_to_import(ask, tmp_path):
    ask("--service", "lake", to="ranger")
    found = json.loads((tmp_path / "out/ranger/policies.json").read_text())["policies"]
    assert {each["service"] for each in found} == {"lake"}
    assert json.loads((tmp_path / "out/ranger/changes/0001.json").read_text()) == {"delete": [], "policies": found}


def test_a_delta_type_is_written_as_spark_writes_it():
    struct = {"type": "struct", "fields": [{"name": "a`b", "type": "integer"}]}
    assert ddl({"type": "array", "elementType": struct}) == "array<struct<`a``b`:int>>"
    assert ddl({"type": "map", "keyType": "string", "valueType": "long"}) == "map<string,bigint>"
    assert [ddl(each) for each in ("decimal(10,2)", "short", "byte", "date")] == [
        "decimal(10,2)",
        "smallint",
        "tinyint",
        "date",
    ]
