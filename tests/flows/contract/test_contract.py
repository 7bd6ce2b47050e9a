"""What a new contract breaks for whom: one change each, and who is told."""

import json
import shutil
from pathlib import Path

import pytest

from strongroom import run_job
from strongroom.flows import contract

ROOT = Path(__file__).parents[3]
PAIR = ["conf/contracts/reviews.yaml", "new.yaml"]


@pytest.fixture
def change(tmp_path, monkeypatch, capsys):
    """The differences after one change of the shipped contract, as whom → (what, breaks)."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)

    def ask(*pairs, words=()):
        text = Path(PAIR[0]).read_text()
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        Path("new.yaml").write_text(text)
        code = run_job.run(contract, ["--config", "conf/local.yaml", "--json", "diff", *PAIR, *words])
        told = json.loads(capsys.readouterr().out)
        return code, [(one["whom"], one["what"], one["breaks"]) for one in told["answer"]["differences"]]

    return ask


def _column(name):
    """The lines of one column of the shipped contract."""
    lines = (ROOT / PAIR[0]).read_text().split("\n")
    start = next(at for at, line in enumerate(lines) if line == f"      - name: {name}")
    end = next(at for at in range(start + 1, len(lines)) if not lines[at].startswith("        "))
    return "\n".join(lines[start:end]) + "\n"


def test_the_same_contract_changes_nothing(change):
    assert change() == (0, [])


def test_a_column_that_goes_breaks_the_table_its_readers_and_the_raw_data(change):
    code, found = change((_column("email"), ""))
    assert code == 0
    broken = {whom: what for whom, what, breaks in found if breaks}
    assert "'email'" in broken["training.reviews"]
    assert "'email'" in broken["raw.reviews"]
    assert [whom for whom, what, _ in found if what == "reads 'email' no more"], "somebody read it"
    assert not [whom for whom, what, breaks in found if what == "'email.type' is checked no more" and breaks]


def test_a_column_that_comes_and_may_be_null_breaks_nothing(change):
    new = "      - name: shop\n        logicalType: string\n        customProperties:\n"
    new += "          - {property: protect, value: {method: drop}}\n"
    code, found = change((_column("email"), _column("email") + new), words=["--exit-code"])
    assert code == 0
    assert ("raw.reviews", "may have 'shop'", False) in found
    assert not any(breaks for whom, _, breaks in found if whom != "rows")


def test_a_stricter_rule_breaks_rows_and_ends_with_3_where_that_is_asked(change):
    code, found = change(("mustBeGreaterThan: 0", "mustBeGreaterThan: 1000"), words=["--exit-code"])
    assert code == 3
    ((whom, what, breaks),) = found
    assert (whom, breaks) == ("rows", True)
    assert "close the gate" in what


def test_another_key_breaks_the_table_and_another_method_its_readers_too(change):
    email = _column("email")
    _, found = change((email, email.replace("domain: email", "domain: other")))
    assert [whom for whom, what, breaks in found if breaks] == ["training.reviews"]
    assert "protected otherwise" in found[0][1]
    _, found = change((email, email.replace("method: encrypt", "method: hash")))
    assert ("user:engineer", "reads 'email' otherwise: token, not encrypted", True) in found


def test_who_refers_to_what_is_no_more_is_told(change):
    other = Path("conf/contracts/customers.yaml").read_text()
    assert "reviews." not in other
    Path("conf/contracts/customers.yaml").write_text(
        other.replace(
            "      - name: user_id\n", "      - name: user_id\n        relationships: [{to: reviews.user_id}]\n", 1
        )
    )
    text = _column("user_id")
    _, found = change((text, text.replace("domain: person", "domain: other", 1)))
    assert [whom for whom, what, breaks in found if whom == "customers" and breaks and "cannot be compared" in what]


def test_two_contracts_are_named():
    assert run_job.run(contract, ["--config", str(ROOT / "conf/local.yaml"), "diff", "reviews"]) == 2


def test_a_new_version_of_somebody_elses_contract_is_taken_with_the_overlay_of_the_old(change, capsys):
    text = "apiVersion: v3.1.0\nkind: DataContract\nid: s\nversion: '1'\nstatus: active\n"
    text += "schema: [{name: s, properties: [{name: a, logicalType: string}]}]\n"
    Path("conf/contracts/theirs.yaml").write_text(text)
    Path("new.yaml").write_text(text.replace("version: '1'", "version: '2'"))
    Path("conf/protection").mkdir()
    Path("conf/protection/theirs.yaml").write_text(
        "servers: [{server: raw, type: local, path: raw/s/*.json, format: json}]\npattern: {'*': drop}\n"
    )
    code = run_job.run(contract, ["--config", "conf/local.yaml", "--json", "diff", "theirs", "new.yaml"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [(one["what"], one["kind"]) for one in told["answer"]["differences"]] == [("version: 2, was 1", "harmless")]
