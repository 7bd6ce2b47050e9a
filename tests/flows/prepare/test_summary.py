"""What people are told of a run, in their words."""

from __future__ import annotations

import pytest

from flows.row_pass import roads
from flows.row_pass.odd_files import contract
from flows.row_pass.test_raw_faults import ID
from strongroom.core.contract import Column, Protect, Type
from strongroom.core.contract.protection import METHODS
from strongroom.core.escaping import preparing
from strongroom.flows import audit, check, prepare, quarantine, vectorize
from strongroom.flows.prepare import summary
from support.lakes import install


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("drop", {}, "left out"),
        ("hash", {"profile": "aes-cmac"}, "keyed hash (by AES-CMAC)"),
        (
            "encrypt",
            {"mode": "deterministic", "domain": "email", "minDistinct": 1000},
            "encrypted (equal values stay equal, joins with the domain email, "
            "if there are 1,000 different values or more)",
        ),
        (
            "encrypt",
            {"mode": "randomised", "key": "classification", "rowKey": "id"},
            "encrypted (equal values look different, under the key of its classification, bound to its row by id)",
        ),
        ("mask", {"keepFirst": 1, "with": "*"}, "masked (the first 1 character stay, the rest is *)"),
        ("mask", {"keepLast": 4, "keepDomain": True}, "masked (the last 4 characters stay, what is behind @ stays)"),
        ("generalise", {"bands": {"width": 10, "min": 0, "max": 90}}, "generalised (in bands of 10 from 0 to 90)"),
        ("generalise", {"bands": {"edges": [1, 5]}}, "generalised (in bands with the edges 1, 5)"),
        ("generalise", {"date": "year"}, "generalised (to its year)"),
        ("generalise", {"prefix": 3}, "generalised (to its first 3 characters)"),
    ],
)
def test_a_column_s_protection_is_told_in_plain_words(method, options, said):
    column = Column("c", "c", Type("string"), line=1, protect=Protect(method, options=options))
    assert summary.protection(column) == said


def test_every_option_has_its_words():
    assert {name for method in METHODS.values() for name in method.options} == set(summary._WORDS)


@pytest.mark.parametrize("flow", [prepare, vectorize])
def test_help_is_for_whoever_runs_the_job(flow):
    assert "order of steps" not in flow.__doc__


@pytest.mark.parametrize("flow", [check, prepare])
def test_a_contract_that_is_not_there_is_a_matter_of_usage(tmp_path, capsys, flow):
    place = install(tmp_path, capsys)
    done = place.run(flow, "--contract", "reviws")
    assert (done.code, "Did you mean 'reviews'?" in done.err) == (2, True)
    assert "there is no contract 'reviws'" in done.err


def test_an_advised_command_is_whole(tmp_path, capsys):
    assert preparing("a b", "--reread x", mode="append") == (
        "./spark-submit.sh prepare --contract 'a b' --set prepare.mode=append --reread x"
    )
    place = roads.installed(tmp_path, capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "csv", ID))
    done = place.run(quarantine, "list", "--contract", "t")
    assert f"Run ./spark-submit.sh prepare --config {place.settings} --contract t." in done.err


@pytest.mark.parametrize(("term", "said"), [("since", "2026-13-01"), ("until", "May")])
def test_a_date_that_is_none_is_told_with_its_term(tmp_path, capsys, term, said):
    place = install(tmp_path, capsys)
    done = place.run(audit, "search", f"{term}={said}", "--set", "principal=user:pia")
    assert done.code == 2
    assert f"The term '{term}' takes a date, and '{said}' is none." in done.err
    assert f"{term}=2026-05-31" in done.err


def test_a_report_says_of_which_month_it_is_where_nobody_named_one(tmp_path, capsys):
    place = install(tmp_path, capsys)
    pia = ("--set", "principal=user:pia")
    first = place.run(audit, "report", *pia).out.splitlines()[0]
    assert first.endswith(", the month before this one (--month YYYY-MM names another)")
    assert place.run(audit, "report", "--month", "2026-05", *pia).out.startswith("# Audit report for 2026-05\n")
    told = place.run(audit, "report", "--out", str(tmp_path / "r.md"), *pia).out
    assert "the month before this one" in told
