from __future__ import annotations

import itertools
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.contract import Column, Contract, Read, Rule, SetRule, Type
from strongroom.core.errors import ConfigError
from strongroom.quality.counts.tally import Tally
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.row_rules import compile_rules

TAGS = Column("tags", "tags", Type("array", item=Column("item", "tags[]", Type("int"))))
COLUMNS = (
    Column("id", "id", Type("bigint"), required=True),
    Column("name", "name", Type("string"), role="label"),
    Column("day", "day", Type("date")),
    TAGS,
)
RULES = (
    Rule("id.required", "required", ("id",)),
    Rule("id.minimum", "minimum", ("id",), 0),
    Rule("name.maxLength", "maxLength", ("name",), 3),
    Rule("name.pattern", "pattern", ("name",), r"\S", severity="warning"),
    Rule("name.values", "validValues", ("name",), ["a", "b", ""], severity="info"),
    Rule("day.minimum", "minimum", ("day",), "2000-01-01"),
    Rule("tags[].maximum", "maximum", ("tags[]",), 5),
    Rule("tags.uniqueItems", "uniqueItems", ("tags",)),
    Rule("c", "expression", ("id", "name"), "if id > 10 then name is not null"),
)
SETS = (
    SetRule("few", "nullValues", ("name",), "mustBeLessThan", 3),
    SetRule("odd", "invalidValues", ("name",), "mustBeLessThan", 3, arguments={"validValues": ["a"], "pattern": "a"}),
)
TEXTUAL = pa.schema([("id", pa.string()), ("name", pa.string()), ("day", pa.string()), ("tags", pa.list_(pa.string()))])


def contract(*rules: Rule, columns: tuple[Column, ...] = COLUMNS, sets: tuple[SetRule, ...] = ()) -> Contract:
    return Contract("x", "x", "1", "c.yaml", "", (), columns, rules, sets)


def refusal(broken: Contract) -> str:
    with pytest.raises(ConfigError) as caught:
        compile_rules(broken)
    return str(caught.value)


ROWS = st.fixed_dictionaries(
    {
        "id": st.one_of(st.none(), st.integers(-3, 20).map(str), st.sampled_from(["x", ""])),
        "name": st.one_of(st.none(), st.sampled_from(["a", "b", "", " ", "abcd", "é", "ééé", "日本語文"])),
        "day": st.one_of(st.none(), st.sampled_from(["2024-01-01", "1999-12-31", "2023-02-29"])),
        "tags": st.one_of(st.none(), st.lists(st.one_of(st.none(), st.sampled_from(["1", "6", "x"])), max_size=3)),
    }
)


@pytest.mark.whole
@given(st.lists(ROWS, max_size=12), st.data())
@settings(max_examples=60, deadline=None)
def test_any_cut_of_a_table_gives_the_same_verdicts_and_counts(rows, data):
    whole_contract = contract(*RULES, sets=SETS)
    judge = compile_rules(whole_contract)
    table = pa.RecordBatch.from_pylist(rows, TEXTUAL)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    edges = [0, *cuts, len(rows)]

    def judged(start: int, end: int):
        typed = read_batch(table.slice(start, end - start), whole_contract)
        failures = judge.judge(typed.batch, typed.unreadable, {})
        return failures, Tally().add(failures, whole_contract)

    whole, tally = judged(0, len(rows))
    parts = [judged(start, end) for start, end in itertools.pairwise(edges)]
    assert np.concatenate([part.words for part, _ in parts]).tolist() == whole.words.tolist()
    assert np.concatenate([part.bad for part, _ in parts]).tolist() == whole.bad.tolist()
    assert [ids for part, _ in parts for ids in part.reasons().to_pylist()] == whole.reasons().to_pylist()
    merged = Tally()
    for part in data.draw(st.permutations([part for _, part in parts])):
        merged = merged.merge(part)
    assert merged == tally


def test_errors_send_a_row_away_and_anything_milder_is_counted():
    rules = (
        Rule("e", "minimum", ("id",), 0),
        Rule("w", "minimum", ("id",), 5, severity="warning"),
        Rule("i", "minimum", ("id",), 9, severity="info"),
    )
    batch = pa.RecordBatch.from_pydict({"id": [-1, 1, 6, 10]})
    judge = compile_rules(contract(*rules, columns=COLUMNS[:1]))
    failures = judge.judge(batch, {}, {})
    assert failures.bad.tolist() == [True, False, False, False]
    assert failures.reasons().to_pylist() == [["e"]]
    assert failures.counts == {"e": 1, "w": 2, "i": 3, "id:type": 0}


def test_more_rules_than_a_word_has_bits():
    rules = tuple(Rule(f"r{number}", "minimum", ("id",), number) for number in range(200))
    failures = compile_rules(contract(*rules, columns=COLUMNS[:1])).judge(
        pa.RecordBatch.from_pydict({"id": [0, 63, 64, 150, 500]}), {}, {}
    )
    assert failures.words.shape == (5, 4)  # 200 rules and the one for the type
    assert failures.bad.tolist() == [True, True, True, True, False]
    assert [len(ids) for ids in failures.reasons().to_pylist()] == [199, 136, 135, 49]
    assert failures.reasons().to_pylist()[3] == [f"r{number}" for number in range(151, 200)]
    assert failures.counts["r64"] == 2


def test_a_value_that_cannot_be_read_fails_even_without_a_rule_for_it():
    judge = compile_rules(contract(columns=(COLUMNS[0], TAGS)))
    assert [rule.id for rule in judge.rules] == ["id:type", "tags[]:type"]
    marks = {"id": np.array([True, False, False]), "tags[]": np.array([False, False, True])}
    batch = pa.RecordBatch.from_arrays(
        [pa.array([None, 1, 2], pa.int64()), pa.array([[], [], [None]], pa.list_(pa.int32()))], ["id", "tags"]
    )
    assert judge.judge(batch, marks, {}).reasons().to_pylist() == [["id:type"], ["tags[]:type"]]


def test_duplicates_nobody_looked_for_do_not_pass():
    judge = compile_rules(contract(Rule("u", "unique", ("id",)), columns=COLUMNS[:1]))
    batch = pa.RecordBatch.from_pydict({"id": [1, 1, 2]})
    assert judge.judge(batch, {}, {"u": np.array([True, True, False])}).bad.tolist() == [True, True, False]
    with pytest.raises(ValueError, match="nobody looked beyond the row"):
        judge.judge(batch, {}, {})


def test_metrics_count_kept_rows_only():
    sets = (
        SetRule("nulls", "nullValues", ("name",), "mustBe", 0),
        SetRule("listed", "missingValues", ("name",), "mustBe", 0, arguments={"missingValues": (None, "")}),
        SetRule("wrong", "invalidValues", ("name",), "mustBe", 0, arguments={"validValues": ("a",), "pattern": "^.?$"}),
        SetRule("rows", "rowCount", (), "mustBe", 0),
    )
    batch = pa.RecordBatch.from_pydict({"id": [-1, 1, 1, 1, 1], "name": [None, None, "", "a", "bc"]})
    judge = compile_rules(contract(Rule("m", "minimum", ("id",), 0), columns=COLUMNS[:2], sets=sets))
    assert judge.judge(batch, {}, {}).counted == {"nulls": 1, "listed": 2, "wrong": 2}


REFUSED = [
    (Rule("r", "minimum", ("id",), "x", line=4), "c.yaml:4: rule r: minimum needs a number.", "an argument"),
    (Rule("r", "minimum", ("name",), 1, line=4), "needs a number, and the column is string", "a type"),
    (Rule("r", "maxLength", ("id",), 1), "needs text", "a type"),
    (Rule("r", "maxLength", ("name",), -1), "a whole number from 0 up", "a count"),
    (Rule("r", "maxLength", ("name",), True), "a whole number from 0 up", "a boolean is no count"),
    (Rule("r", "pattern", ("id",), "a"), "needs a pattern on text", "a type"),
    (Rule("r", "pattern", ("name",), "(?<!a)b"), "no pattern RE2 takes", "look-around"),
    (Rule("r", "pattern", ("name",), "("), "no pattern RE2 takes", "an open bracket"),
    (Rule("r", "format", ("name",), "e-mail"), "Did you mean 'email'?", "a format"),
    (Rule("r", "format", ("id",), "email"), "needs text", "a type"),
    (Rule("r", "validValues", ("id",), ["1"]), "a value that is no bigint", "a value of another type"),
    (Rule("r", "validValues", ("id",), 7), "needs a list", "no list"),
    (Rule("r", "validValues", ("tags",), [1]), "no array<int>", "values are of items"),
    (Rule("r", "missingValues", ("id",), "x"), "needs a list", "a text is no list"),
    (Rule("r", "multipleOf", ("id",), 0), "above 0", "nothing is a multiple of 0"),
    (Rule("r", "multipleOf", ("day",), 1), "needs a number", "a type"),
    (Rule("r", "minItems", ("id",), 1), "needs an array", "a type"),
    (Rule("r", "uniqueItems", ("tags",), False), "true or is left out", "an argument"),
    (Rule("r", "minumum", ("id",), 1), "Did you mean 'minimum'?", "a check"),
    (Rule("r", "minimum", ("idd",), 1), "Did you mean 'id'?", "a column"),
    (Rule("r", "required", ("id", "name")), "is about one column", "one column too many"),
    (Rule("r", "expression", (), "id > ", line=9), "c.yaml:9: The expression", "half a condition"),
    (Rule("r", "expression", (), "idd > 1", line=9), "Did you mean 'id'?", "a column in a condition"),
]


@pytest.mark.parametrize(("rule", "message", "why"), REFUSED, ids=[f"{case[0].check}: {case[2]}" for case in REFUSED])
def test_a_rule_that_cannot_be_one_is_refused_before_any_row(rule, message, why):
    assert message in refusal(contract(rule)), why


def test_all_problems_come_together():
    broken = contract(
        Rule("a", "minimum", ("idd",), 1, line=3),
        Rule("b", "pattern", ("name",), "(", line=5),
        columns=(*COLUMNS, Column("when", "when", Type("date"), read=Read(format="%Y-%q"), line=2)),
        sets=(SetRule("s", "invalidValues", ("name",), "mustBe", 0, arguments={"validValue": []}, line=7),),
    )
    lines = refusal(broken).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "5", "7"]
    assert "the format knows no %q" in lines[0]
    assert "Did you mean 'validValues'?" in lines[3]


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(a|aa)+$", r"(x+x+)+y", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(.*)*!"])
def test_patterns_take_time_linear_in_the_text(pattern):
    judge = compile_rules(contract(Rule("p", "pattern", ("name",), pattern), columns=COLUMNS[1:2]))
    batch = pa.RecordBatch.from_pydict({"name": ["a" * 1_000_000 + "?", "x" * 1_000_000]})
    start = time.process_time()
    failures = judge.judge(batch, {}, {})
    assert failures.bad.all() or pattern.startswith("^(([a-z])")
    assert time.process_time() - start < 3  # a backtracking engine would need longer than there is time


def test_an_empty_batch_and_one_of_nulls_have_nothing_to_fail():
    judge = compile_rules(contract(*RULES[1:], sets=SETS))
    types = [pa.int64(), pa.string(), pa.date32(), pa.list_(pa.int32())]
    for rows in (0, 3):
        batch = pa.RecordBatch.from_arrays([pa.nulls(rows, kind) for kind in types], [c.name for c in COLUMNS])
        failures = judge.judge(batch, {}, {})
        assert failures.bad.tolist() == [False] * rows
        assert failures.reasons().to_pylist() == []
        assert failures.words.shape == (rows, 1)
