from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from strongroom.core.contract import Column, Type
from strongroom.core.contract.conditions import check_condition
from strongroom.core.errors import ConfigError
from strongroom.core.expression import parse
from strongroom.core.expression.tree import Binary, Call, In, IsNull, Literal, Name, names

A, B, C = Name("a"), Name("b"), Name("c")

TREES = [
    ("a <= b", Binary("<=", A, B), "a comparison"),
    ("a != b", Binary("<>", A, B), "both spellings of unequal"),
    ("a or b and c", Binary("or", A, Binary("and", B, C)), "and binds tighter"),
    ("(a or b) and c", Binary("and", Binary("or", A, B), C), "brackets win"),
    ("NOT a = b", Call("not", Binary("=", A, B)), "words in any case; not is looser than a comparison"),
    ("not a and b", Binary("and", Call("not", A), B), "not is tighter than and"),
    ("if a then b", Binary("or", Call("not", A), B), "an implication"),
    ("if a then b or c", Binary("or", Call("not", A), Binary("or", B, C)), "then reaches to the end"),
    ("a - b - c = 0", Binary("=", Binary("-", Binary("-", A, B), C), Literal(0)), "from left to right"),
    ("a + b * c > 1", Binary(">", Binary("+", A, Binary("*", B, C)), Literal(1)), "products first"),
    ("-a * b < 0", Binary("<", Binary("*", Call("-", A), B), Literal(0)), "a sign is tightest"),
    ("a is null", IsNull(A), "presence"),
    ("a is not null", Call("not", IsNull(A)), "and its opposite"),
    ("a in ('x', 'it''s')", In(A, (Literal("x"), Literal("it's"))), "a doubled quote is one"),
    ("a not in (1, -2, 3.50)", Call("not", In(A, (Literal(1), Literal(-2), Literal(Decimal("3.50"))))), "signs"),
    (
        "a between 1 and 2 and b",
        Binary("and", Binary("and", Binary(">=", A, Literal(1)), Binary("<=", A, Literal(2))), B),
        "the first and belongs to between",
    ),
    ("length(lower(a)) = 3", Binary("=", Call("length", Call("lower", A)), Literal(3)), "functions"),
    ("`odd name` = true", Binary("=", Name("odd name"), Literal(True)), "backticks"),
    ("address.city = ''", Binary("=", Name("address.city"), Literal("")), "a nested field, and the empty text"),
    ("date = date '2024-02-29'", Binary("=", Name("date"), Literal(date(2024, 2, 29))), "date is no reserved word"),
    (
        "a < timestamp '2024-01-01T02:00:00+02:00'",
        Binary("<", A, Literal(datetime(2024, 1, 1, tzinfo=UTC))),
        "a timestamp is held in UTC",
    ),
    ("größe >= 1e3", Binary(">=", Name("größe"), Literal(Decimal("1e3"))), "letters of all languages"),
]


@pytest.mark.parametrize(("text", "tree", "why"), TREES, ids=[case[0] for case in TREES])
def test_text_becomes_this_tree(text, tree, why):
    assert parse(text, where="c.yaml:1") == tree, why


WRONG = [
    ("", "character 1", "nothing"),
    ("a <", "a value is expected at the end", "half a comparison"),
    ("a == 1", "character 4", "another language's equality"),
    ("a = null", "Write 'is null'", "SQL's classic"),
    ('a = "x"', "single quotes", "the wrong quotes"),
    ("a = 'x", "single quotes", "an open text"),
    ("a < b < c", "character 7", "a chain means something else in each language"),
    ("a b", "'and', 'or'", "no operator"),
    ("a in ()", "a value is expected", "an empty list is never met"),
    ("a in (b)", "plain values", "lists are of literals"),
    ("lenght(a) = 1", "Did you mean 'length'?", "a misspelt function"),
    ("d < date '2024-02-30'", "this is no date", "no such day"),
    ("a is not nul", "'null' is expected", "a misspelt word"),
    ("a not 1", "'in' or 'between'", "not needs something to negate"),
    ("a @ 1", "'@'", "a sign without meaning"),
    ("if a", "'then' is expected", "half an implication"),
    ("__import__('os').system('x')", "there is no '__import__'", "code is no expression"),
    ("(" * 60 + "a" + ")" * 60, "nested deeper", "depth is bounded"),
    ("not " * 60 + "a", "nested deeper", "in every way"),
    ("- " * 60 + "a = 1", "nested deeper", "in every way"),
    (" or ".join(["a"] * 400), "more than 300 parts", "size is bounded"),
    ("a" * 10_001, "longer than", "length is bounded"),
]


@pytest.mark.parametrize(("text", "message", "why"), WRONG, ids=[case[0][:30] for case in WRONG])
def test_what_is_no_condition_is_refused_with_its_place(text, message, why):
    with pytest.raises(ConfigError) as caught:
        parse(text, where="c.yaml:7")
    assert message in str(caught.value), why
    assert str(caught.value).startswith("c.yaml:7:"), why


def test_names_come_in_the_order_they_are_written():
    tree = parse("if a in (1) then lower(b.c) = `d e` or not a is null", where="")
    assert [name.path for name in names(tree)] == ["a", "b.c", "d e", "a"]


COLUMNS = {
    name: Column(name, name, Type(kind))
    for name, kind in {
        "n": "int", "m": "decimal", "s": "string", "b": "boolean", "d": "date", "t": "timestamp", "x": "binary",
    }.items()
} | {"o": Column("o", "o", Type("struct")), "l[]": Column("item", "l[]", Type("int"))}  # fmt: skip

KINDS = [
    ("n < m", "", "all numbers compare"),
    ("d <= t", "", "a date is its midnight"),
    ("d - d < 30", "", "days between dates"),
    ("length(s) + n > 1", "", "a length is a number"),
    ("b and not b = true", "", "a boolean is a condition"),
    ("o is null and x is null", "", "presence can be asked of anything"),
    ("n", "no condition", "a number is none"),
    ("s < n", "not comparable", "text and number"),
    ("d < '2024-01-01'", "date '2024-01-31'", "a hint how dates are written"),
    ("s in ('a', 1)", "character 12", "each item of a list"),
    ("b < b", "no meaning between booleans", "no order among them"),
    ("s + s = s", "does not join", "no concatenation"),
    ("d + 1 = d", "does not join", "no shifting of dates"),
    ("lower(n) = 'a'", "wants a text", "a function's operand"),
    ("n and b", "joins conditions", "a number is none here either"),
    ("-s = 1", "wants a number", "the sign"),
    ("o = 1", "only 'is null'", "structs do not compare"),
    ("`l[]` = 1", "no single value", "items of an array"),
    ("nn = 1", "Did you mean 'n'?", "a column that is not there"),
]


@pytest.mark.parametrize(("text", "message", "why"), KINDS, ids=[case[0] for case in KINDS])
def test_operators_fit_their_operands(text, message, why):
    tree = parse(text, where="c.yaml:7")
    if not message:
        check_condition(tree, COLUMNS, where="c.yaml:7")
        return
    with pytest.raises(ConfigError) as caught:
        check_condition(tree, COLUMNS, where="c.yaml:7")
    assert message in str(caught.value), why
