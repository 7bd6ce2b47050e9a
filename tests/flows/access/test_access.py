"""The policy answers from the command line, without Java."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from strongroom import run_job
from strongroom.core.contract.protection import METHODS
from strongroom.core.policy import ACTIONS, LEVELS
from strongroom.core.policy.model import MASKS
from strongroom.flows import access
from strongroom.flows.access import matrix_page
from strongroom.govern.review.matrix import GIVEN, OPENED
from strongroom.govern.table import UNKNOWN
from strongroom.reports import phrases
from strongroom.reports.phrases import seen_as
from support.matrix import lines_of


@pytest.fixture
def ask(tmp_path, capsys):
    config = tmp_path / "local.yaml"
    config.write_text(
        f"lake: {tmp_path}/lake\nkeys: file:{tmp_path}/kek\nkeyring: {tmp_path}/keys/ring.json\n"
        f"policy: {Path.cwd()}/conf/policy.yaml\ncontracts: {Path.cwd()}/conf/contracts\n"
        f"audit: {tmp_path}/audit\nprincipal: user:engineer\n"
    )

    def run(*words, code=0):
        assert run_job.run(access, [*words, "--config", str(config)]) == code
        return capsys.readouterr()

    return run


def test_a_denial_names_the_rule_and_what_would_change_it(ask):
    shown = ask("explain", "--as", "user:grace", "--table", "training.reviews", "--columns", "email").out
    assert "user:grace may not read training.reviews (email): denied by conf/policy.yaml:" in shown
    assert "  Whether it may be otherwise: the role steward (user:noor) decides.\n" in shown


def test_without_columns_it_says_what_is_given_all_the_same_and_how_strongly(ask):
    shown = ask("explain", "--as", "user:grace", "--table", "training.reviews").out
    assert "  user_id: replace-with-null\n" in shown
    assert "  rows: label <> 'neutral'\n" in shown
    assert "  enforced: advisory" in shown
    assert "  email:" not in shown


def test_without_columns_nobody_is_asked_for_the_tag_of_a_subject(ask, tmp_path):
    text = "roles: {a: {members: [user:x]}}\ngrants:\n  - {role: a, actions: [read], tables: [training.*]}\n"
    (tmp_path / "p.yaml").write_text(text)
    words = ("explain", "--as", "user:x", "--table", "training.reviews", "--set", f"policy={tmp_path}/p.yaml")
    shown = ask(*words, "--exit-code").out
    assert "_subject" not in shown
    assert "_subject" in ask(*words, "--columns", "_subject", "--exit-code", code=5).out


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ("", "physical"),
        ("  - {role: b, actions: [read], tables: [training.*], columns: {allow: [label]}}\n", "advisory"),
        ("  - {role: b, actions: [read], tables: [raw.*]}\n", "physical"),
    ],
)
def test_an_answer_is_as_strong_as_the_weakest_grant_that_gave_it(ask, tmp_path, more, level):
    text = "roles: {a: {members: [user:x]}, b: {members: [user:x]}}\ngrants:\n"
    grant = "  - {role: a, actions: [read], tables: [training.*], enforce: physical}\n"
    (tmp_path / "p.yaml").write_text(text + grant + more)
    options = ("--as", "user:x", "--table", "training.reviews", "--set", f"policy={tmp_path}/p.yaml")
    shown = ask("explain", *options).out
    assert f"  enforced: {level} " in shown
    assert ("role a (physical)" in shown) == (level == "advisory")
    assert ("/lake/projected/a/any/training/reviews\n  not in it: email (" in shown) == (level == "physical")
    ask("matrix", "--out", str(tmp_path / "m.csv"), *options)
    with (tmp_path / "m.csv").open() as file:
        assert {row["level"] for row in csv.DictReader(file)} == {level}
    event = json.loads((tmp_path / "audit/entries.jsonl").read_text().splitlines()[-1])
    assert event["outcome"] == "done"


def test_a_grant_tells_its_end_its_approval_and_its_reason(ask):
    shown = ask(
        "explain",
        "--as",
        "user:ada",
        "--purpose",
        "model_training",
        "--table",
        "training.reviews",
        "--columns",
        "label",
    ).out
    assert "user:ada may read training.reviews for model_training: conf/policy.yaml:" in shown
    assert "role data_scientist until 2027-06-30 approved by user:pia; sentiment project" in shown


def test_the_moment_can_be_chosen(ask):
    words = ("explain", "--as", "user:ada", "--purpose", "model_training", "--table", "training.reviews")
    assert "may read" in ask(*words, "--columns", "label", "--at", "2027-06-30T23:59:59Z").out
    assert "gave it until 2027-06-30" in ask(*words, "--columns", "label", "--at", "2027-07-01").out


def test_asking_needs_no_grant_to_act_and_is_audited_with_both_names(ask, tmp_path):
    ask("explain", "--as", "user:grace", "--table", "training.reviews")
    entries = [json.loads(line) for line in (tmp_path / "audit/entries.jsonl").read_text().splitlines()]
    assert {(entry["principal"], entry["actor"]) for entry in entries} == {("user:grace", "user:engineer")}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("explain",), "--table"),
        (("explain", "--table", "training.reviews", "--at", "soon"), "2027-06-30"),
        (("diff", "one.yaml"), "two"),
        (("explain", "--action", "look"), "look"),
        (("look",), "look"),
    ],
)
def test_what_is_not_understood_is_a_usage_error(ask, words, hint):
    shown = ask(*words, code=2).err
    assert hint in shown or "Which two policies" in shown


def test_the_shipped_policy_has_nothing_to_lint(ask):
    assert "Nothing to say" in ask("lint").out


def test_the_matrix_is_said_in_lines(ask):
    shown = ask("matrix", "--table", "training.reviews").out
    assert "training.reviews: user_id: replace-with-null where (label <> 'neutral'): user:grace: (none said)" in shown


@pytest.mark.parametrize("name", ["matrix.csv", "matrix.parquet", "matrix"])
def test_the_matrix_is_written_as_a_table(ask, tmp_path, name):
    out = tmp_path / name
    ask("matrix", "--out", str(out))
    if name.endswith(".csv"):
        with out.open() as file:
            rows = list(csv.DictReader(file))
    else:
        found = pq.read_table(out) if name.endswith(".parquet") else DeltaTable(str(out)).to_pyarrow_table()
        rows = found.to_pylist()
    mine = [row for row in rows if row["principal"] == "user:grace" and row["purpose"] == ""]
    assert {row["column"]: row["how"] for row in mine}["user_id"] == "replace-with-null"
    assert not any(row["column"] == "email" for row in mine)
    assert {row["level"] for row in rows} == {"advisory"}


def test_the_page_holds_every_line_and_loads_nothing(ask, tmp_path):
    ask("matrix", "--out", str(tmp_path / "m.html"))
    page = (tmp_path / "m.html").read_text()
    (line,) = [line for line in lines_of(page) if line.people == "user:grace" and line.columns == ["user_id"]]
    assert (line.roles, line.may, line.shown) == ("analyst", "read", seen_as("replace-with-null"))
    assert "neutral" in line.rows
    assert line.until == "no end"
    (ada,) = [line for line in lines_of(page) if "user:ada" in line.people and line.columns == ["phone"]]
    assert (ada.roles, ada.until) == ("data_scientist", "2027-06-30")
    assert "http:" not in page
    assert "https:" not in page
    assert "src=" not in page


def test_the_page_has_words_for_every_action_every_level_and_every_way_that_values_are_shown():
    ways = {method.lies for method in METHODS.values() if method.lies} | {UNKNOWN, GIVEN, OPENED, *MASKS}
    assert {*phrases._SHOWN} == ways
    assert {*phrases._ENFORCED} == {*LEVELS}
    assert {*matrix_page._ACTIONS} == {*ACTIONS}


def test_two_policies_are_compared_in_words(ask, tmp_path):
    old = (
        "roles: {ml: {members: [group:ml]}}\ngrants:\n  - {role: ml, actions: [read], tables: [training.reviews], %s}\n"
    )
    (tmp_path / "old.yaml").write_text(old % "purposes: [model_training], columns: {deny: [email]}")
    (tmp_path / "new.yaml").write_text(old % "purposes: [model_training], until: 2099-06-30")
    shown = ask("diff", str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")).out
    assert "group:ml gains email in training.reviews for model_training until 2099-06-30\n" in shown
    assert "Nothing changes." in ask("diff", str(tmp_path / "old.yaml"), str(tmp_path / "old.yaml")).out


def test_no_java_and_no_spark_are_needed():
    import subprocess

    code = "import sys; from strongroom.flows import access, audit; print('pyspark' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "lib"})
    assert found.stdout.strip() == "False", found.stderr


KEYED = """
roles:
  support: {members: [user:ada, user:al], key: file:support.kek}
  strict: {members: [user:al]}
grants:
  - {role: support, actions: [read], tables: [training.*], enforce: cryptographic, columns: {allow: ["tag:x", email]}}
"""
STRICT = "  - {role: strict, actions: [read], tables: [training.reviews], columns: {mask: {email: show-last-4}}}\n"


@pytest.fixture
def keyed(tmp_path, ask):
    """A policy of its own, in place of the shipped one."""
    config = tmp_path / "local.yaml"
    config.write_text(config.read_text().replace(f"{Path.cwd()}/conf/policy.yaml", str(tmp_path / "policy.yaml")))

    def run(policy, *words, code=0):
        (tmp_path / "policy.yaml").write_text(policy)
        return ask(*words, code=code)

    return run


def test_what_keys_give_is_told_with_the_role_that_holds_them(keyed, tmp_path):
    words = ("explain", "--as", "user:ada", "--table", "training.reviews", "--columns")
    shown = keyed(KEYED, *words, "email").out
    assert "  email: in clear by keys\n" in shown
    assert "enforced: cryptographic" in shown
    assert f"  opened by the keys of support: email ({tmp_path}/lake/strongroom/role-keys/support.json)\n" in shown
    assert "may not read training.reviews (user_id)" in keyed(KEYED, *words, "user_id").out, (
        "hashed, so there is no key"
    )
    taken = keyed(KEYED + STRICT, *words, "email").out
    assert "opened by no role's keys: email" in taken, "al sees it masked, so the role does not hold its key"
    matrix = keyed(KEYED, "matrix", "--table", "training.reviews").out
    assert "training.reviews: email: in clear by keys: user:ada, user:al: (none said)" in matrix


def test_a_change_of_keys_is_told_in_words(keyed, tmp_path):
    (tmp_path / "old.yaml").write_text(KEYED[: KEYED.index("grants")] + "grants: []\n")
    shown = keyed(KEYED, "diff", str(tmp_path / "old.yaml"), str(tmp_path / "policy.yaml")).out
    assert "user:ada gains email in training.reviews in clear by keys (cryptographic)" in shown


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (KEYED.replace('"tag:x"', "label"), "policy.yaml:6: 'label' is not encrypted"),
        (
            KEYED.replace("training.*", "features.*"),
            "policy.yaml:6: No table of this grant has a column that is encrypt",
        ),
        (
            KEYED.replace("training.*", "training.reviews"),
            "policy.yaml:3: training.reviews.email cannot be given by keys: the same key opens training.customers",
        ),
        (KEYED + STRICT, "user:al is in 'strict', too, and what "),
    ],
)
def test_a_grant_that_keys_cannot_keep_is_told_by_lint(keyed, policy, said):
    assert said in keyed(policy, "lint", code=3).err


def test_a_platform_is_not_told_to_give_the_table_where_keys_give_columns(keyed, tmp_path):
    words = ("export", "--to", "unity-catalog", "--out", str(tmp_path / "out"), "--dry-run")
    assert "would give the table itself where 'support' is given it 'cryptographic'" in keyed(KEYED, *words, code=3).err


def test_keys_that_open_too_much_are_given_once_they_are_set_apart_as_lint_says(keyed, tmp_path):
    config, policy = tmp_path / "local.yaml", KEYED.replace("training.*", "training.reviews")
    told = keyed(policy, "lint", code=3).err
    assert "the same key opens training.customers.email. Set their keys apart in the contracts." in told
    shutil.copytree(Path.cwd() / "conf/contracts", tmp_path / "contracts")
    config.write_text(config.read_text().replace(f"{Path.cwd()}/conf/contracts", str(tmp_path / "contracts")))
    reviews = tmp_path / "contracts/reviews.yaml"
    reviews.write_text(reviews.read_text().replace("{method: encrypt, domain: email}", "{method: encrypt}"))
    assert "the same key" not in keyed(policy, "lint", code=3).err
    shown = keyed(policy, "explain", "--as", "user:ada", "--table", "training.reviews", "--columns", "email").out
    assert "  opened by the keys of support: email (" in shown
    other = keyed(policy, "explain", "--as", "user:ada", "--table", "training.customers", "--columns", "email").out
    assert "user:ada may not read training.customers (email)" in other, "and nothing else is"
