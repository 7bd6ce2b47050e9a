"""How a report says numbers and answers "may I use this table?", and that its nouns refuse personal values."""

from __future__ import annotations

import dataclasses
import re

import pytest

from browser.report_demo import COLUMNS, RULES, SET_RULES, clean, closed, demo, failed, never
from strongroom.core.contract import Reference, Rule, SetRule
from strongroom.core.report import bound_in_words, rule_in_words
from strongroom.core.report.columns import ColumnFacts, LabelBalance, LabelCount
from strongroom.core.report.distribution import Spread, ValueShare
from strongroom.core.suggest import counted
from strongroom.reports.markup import element, join, name, plain
from strongroom.reports.phrases import duration, exact_percent, listed, number, percent, size, verdict


def _told(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("share", "words", "why"),
    [
        (0.0, "0 %", "a true zero"),
        (1e-9, "< 0.01 %", "one row in a billion is not zero"),
        (0.00012, "0.01 %", "two digits when small"),
        (0.0314, "3.1 %", "one digit in the middle"),
        (0.5, "50.0 %", "the digit stays, so that figures align"),
        (0.994, "99.40 %", "two digits near the whole"),
        (0.9999999, "> 99.99 %", "almost all is not all"),
        (1.0, "100 %", "a true whole"),
        (None, "–", "not measured"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(share: float | None, words: str, why: str) -> None:
    assert _told(percent(share)) == words, why


def test_numbers_are_said_as_people_read_them() -> None:
    said = {
        number(1_234_567): "1,234,567",
        number(0.141): "0.141",
        number(123_456.789): "123,456.8",
        number(float("nan")): "–",
        number(None): "–",
        size(512): "512 B",
        size(999_999): "1 MB",
        size(412_880_231): "413 MB",
        size(None): "–",
        duration(0.84): "0.8 s",
        duration(41.3): "41 s",
        duration(125): "2 min 5 s",
        duration(4_320): "1 h 12 min",
        counted(1, "row"): "1 row",
        counted(2_000, "row"): "2,000 rows",
        exact_percent(0.005): "0.5 %",
        listed([]): "",
        listed(["a", "b", "c"]): "a, b or c",
    }
    assert {_told(text): text_wanted for text, text_wanted in said.items()} == {
        wanted: wanted for wanted in said.values()
    }


FAILED = dataclasses.replace(SET_RULES[0], passed=False)
VERDICTS = [
    (clean(), "yes", "Yes, version 13", "every rule holds"),
    (demo(), "care", "Yes, version 13, with 2 warnings", "one set rule and one row rule warn"),
    (closed(), "care", "Yes, version 12; the newer run did not pass its gate", "readers have what they had"),
    (dataclasses.replace(closed(), readable=None), "no", "No: the gate is closed", "and readers have nothing"),
    (failed(), "care", "Yes, version 12; the newer run failed", "readers have what they had"),
    (never(), "no", "No: this run ended early", "and there never was anything"),
    (
        dataclasses.replace(demo(), set_rules=(FAILED,)),
        "no",
        "No: the gate is closed",
        "fails closed, whatever the status",
    ),
    (dataclasses.replace(demo(), quarantined=20_000), "no", "No: the gate is closed", "2 % is over the limit of 1 %"),
    (dataclasses.replace(clean(), status="dry run"), "no", "Not yet: this was a rehearsal", "nothing was written"),
    (
        dataclasses.replace(clean(), status="unchanged", read=0, written=0),
        "yes",
        "Yes, version 13",
        "stands",
    ),
    (dataclasses.replace(clean(), written=999_990), "care", "Yes, version 13, with 1 warning", "ten rows are nowhere"),
    (
        dataclasses.replace(clean(), written=1_000_010),
        "care",
        "Yes, version 13, with 1 warning",
        "ten rows came out twice",
    ),
]


@pytest.mark.parametrize(("report", "answer", "headline", "why"), VERDICTS, ids=[why for *_, why in VERDICTS])
def test_the_answer_fails_closed(report, answer, headline, why) -> None:
    given = verdict(report)
    assert (given.answer, given.headline) == (answer, headline), why


def test_the_answer_says_for_whom_and_what() -> None:
    assert verdict(clean()).sentence == "It may be read for model_training, by data_scientist or ml_engineer."
    open_to_all = dataclasses.replace(clean(), audience=(), contract=dataclasses.replace(clean().contract, purposes=()))
    assert "for what the policy allows, by everyone the policy lets read it" in verdict(open_to_all).sentence


def test_the_answer_names_the_version_that_stands_and_whose_it_is() -> None:
    assert verdict(failed()).sentence == (
        "Readers keep version 12; it may be read as before, by data_scientist or ml_engineer. "
        "It was published by run 2026-02-26T021503-4f1a of 26 February 2026, 02:15 UTC."
    )
    assert verdict(failed()).reasons == ("There is no file here.",)
    assert verdict(never()).sentence == "There is no version to read yet."


def test_a_closed_gate_names_every_reason() -> None:
    reasons = [_told(reason) for reason in verdict(closed()).reasons]
    assert reasons[:2] == [
        "Set rule label.invalidValues: 4.73 %, must be at most 1 %.",
        "4.7 % of the rows are in quarantine; the limit is 1 %.",
    ]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"personal": True, "minimum": "a"}, "a personal value"),
        ({"personal": True, "max_length": 3}, "a length can single a person out"),
        ({"personal": False, "method": "hash", "maximum": "z"}, "a protected value"),
        ({"personal": True, "top": (ValueShare("a", 1.0, None),)}, "a frequent value"),
        ({"personal": False, "method": "mask", "spread": Spread("lengths", ())}, "lengths of a masked one"),
        ({"minimum": "a"}, "a column is personal until somebody says it is not"),
    ],
)
def test_bounds_of_a_personal_or_protected_column_cannot_be_put_in(facts, why) -> None:
    with pytest.raises(ValueError, match="must not hold its values"):
        ColumnFacts("email", "string", **facts)


@pytest.mark.parametrize("column", ["email", "user_id", "phone", "nowhere"])
def test_label_values_of_a_column_that_is_not_open_cannot_be_put_in(column: str) -> None:
    with pytest.raises(ValueError, match="is not an open column"):
        dataclasses.replace(demo(), label=LabelBalance(column, (LabelCount("ada@example.org", 1, 1),)))


@pytest.mark.parametrize(
    ("limit", "quarantined", "read", "over"),
    [(0.29, 29, 100, False), (0.29, 30, 100, True), (0.0, 0, 100, False), (0.0, 1, 100, True), (0.5, 0, 0, False)],
)
def test_the_limit_is_held_exactly(limit: float, quarantined: int, read: int, over: bool) -> None:
    report = dataclasses.replace(demo(), quarantine_limit=limit, quarantined=quarantined, read=read)
    assert report.over_limit is over


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ValueError, match="is none of done"):
        dataclasses.replace(demo(), status="fine")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SetRule("a", "rowCount", (), "mustBeGreaterThan", 0), "must be greater than 0 rows"),
        (SetRule("a", "nullValues", ("x",), "mustBeLessOrEqualTo", 2.5, unit="percent"), "must be at most 2.5 %"),
        (SetRule("a", "rowCount", (), "mustBeBetween", (1000, 2000)), "must be between 1,000 and 2,000 rows"),
        (SetRule("a", "sql", (), "mustNotBe", 3), "must not be 3"),
    ],
)
def test_a_bound_is_said_in_words(rule: SetRule, words: str) -> None:
    assert _told(bound_in_words(rule)) == words


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("plain_name", "plain_name", "left alone"),
        ("a\u202eb", "a‹U+202E›b", "would turn the line around"),
        ("a\x00\n", "a‹U+0000›‹U+000A›", "controls"),
        ("\ud800", "‹U+D800›", "half a pair cannot be written as UTF-8"),
        ("عمر\u200cها", "عمر\u200cها", "words that need a joiner keep it"),
        ("x" * 500, "x" * 399 + "…", "long text is cut, and says so"),
    ],
)
def test_text_from_outside_hides_nothing(text: str, shown: str, why: str) -> None:
    assert plain(text) == shown, why


def test_markup_escapes_everything_that_is_not_markup() -> None:
    inner = element("b", "<i>", title="\"'<>")
    assert inner == '<b title="&quot;&#x27;&lt;&gt;">&lt;i&gt;</b>'
    assert join(inner, "<b>") == inner + "&lt;b&gt;"
    assert name("a.b<c") == '<bdi class="name">a.<wbr>b&lt;c</bdi>'


def test_the_demonstration_is_consistent() -> None:
    assert demo().failures == sum(rule.failures for rule in RULES) == 7_920
    assert demo().passed == demo().written
    assert closed().passed == 952_690
    assert not demo().over_limit
    assert closed().over_limit
    assert {column.path for column in COLUMNS if column.open} >= {"label", "text_content"}


@pytest.mark.parametrize(
    ("check", "argument", "values", "said"),
    [
        ("validValues", ("positive", "negative", "neutral"), True, "one of positive, negative, neutral"),
        ("validValues", ("a", "b"), False, "one of 2 values"),
        ("validValues", tuple("abcdefgh"), True, "one of a, b, c, d, e, f and 2 more"),
        ("maxLength", 10000, True, "at most 10,000 letters"),
        ("minimum", "2020-01-31", True, "at least 2020-01-31"),
        ("reference", Reference("training.people", ("id",)), True, "one that training.people.id has"),
        ("required", None, True, "must be there"),
        ("pattern", "^[{}]+$", True, "of the form ^[{}]+$"),
        ("expression", "x" * 200, True, "x" * 80 + "…"),
    ],
)
def test_a_rule_is_said_in_words(check, argument, values, said):
    assert rule_in_words(Rule("r", check, ("c",), argument=argument), values=values) == said


def test_every_check_of_a_contract_has_words():
    told = Rule.__doc__.partition("one of:")[2].partition(".")[0].strip(" `").replace("\n", " ")
    for check in re.split(r"[,\s]+", told):
        assert rule_in_words(Rule("r", check, ("c",), argument=1), values=True), check
