"""Row expressions become one predicate that nothing can break out of."""

from __future__ import annotations

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.sql_text import identifier
from strongroom.govern.sql.row_filters import predicate

COLUMNS = dict.fromkeys(("label", "Amount", "address", "odd`name", "a.b", "ok"), "string") | {
    "when": "timestamp",
    "day": "date",
    "place": "struct<name:string,local:timestamp_ntz>",
}


@pytest.mark.parametrize(
    ("text", "sql", "why"),
    [
        ("label <> 'neutral'", "(`label` <> 'neutral')", "the example of the design"),
        ("LABEL != 'x'", "(`label` <> 'x')", "columns as Spark finds them"),
        ("label = 'it''s'", "(`label` = CAST(X'69742773' AS STRING))", "a quote is written as bytes"),
        (r"label = '\'", "(`label` = CAST(X'5c' AS STRING))", "so is a backslash"),
        ("label = 'große'", "(`label` = CAST(X'67726fc39f65' AS STRING))", "and anything that is not ASCII"),
        ("amount + 1 > 2.50", "(try_add(`Amount`, 1) > 2.50BD)", "arithmetic that fails is unknown"),
        ("amount = 9223372036854775808", "(`Amount` = 9223372036854775808BD)", "too large for a bigint"),
        ("-amount < -1", "(try_subtract(0, `Amount`) < try_subtract(0, 1))", "signs"),
        ("address.city is null", "(`address`.`city` IS NULL)", "a field"),
        ("`a.b` is not null", "(NOT (`a.b` IS NULL))", "a column with a dot in its name"),
        ("label in ('a', 'b') and not ok", "((`label` IN ('a', 'b')) AND (NOT `ok`))", "lists and booleans"),
        ("if ok then amount / 2 = 1", "((NOT `ok`) OR (try_divide(`Amount`, 2) = 1))", "if is not or"),
        ("length(label) = 3", "(char_length(`label`) = 3)", "functions"),
        ("lower(label) = 'a'", "(collate(lower(collate(`label`, 'UNICODE')), 'UTF8_BINARY') = 'a')", "in any locale"),
        ("day = timestamp '2026-01-02 03:00:00'", "(`day` = TIMESTAMP_NTZ'2026-01-02 03:00:00')", "midnight in UTC"),
        ("place.local < date '2026-01-02'", "(`place`.`local` < TIMESTAMP_NTZ'2026-01-02 00:00:00')", "no zone"),
        ("day - date '2026-01-02' > 3", "(datediff(`day`, DATE'2026-01-02') > 3)", "days"),
        (
            "when > place.local",
            "(timestampadd(MICROSECOND, unix_micros(`when`), TIMESTAMP_NTZ'1970-01-01 00:00:00') > `place`.`local`)",
            "two kinds of moments, in UTC",
        ),
        ("ok = true", "(`ok` = true)", "a word"),
        (
            "when between date '2026-01-01' and timestamp '2026-01-02T03:04:05+01:00'",
            "((`when` >= TIMESTAMP'2026-01-01 00:00:00+00:00') AND (`when` <= TIMESTAMP'2026-01-02 02:04:05+00:00'))",
            "moments, in UTC",
        ),
    ],
)
def test_an_expression_is_written_anew(text, sql, why):
    assert predicate(text, COLUMNS, where="p.yaml:1") == sql, why


@pytest.mark.parametrize(
    "text",
    [
        "1 = 1; drop table x",
        "label = 'a' --",
        "label = 'a' or exists (select 1)",
        "label = (select max(label) from t)",
        "java_method('java.lang.System', 'exit', '1') = 1",
        "label like '%'",
        "label /* */ = 'a'",
        'label = "a"',
        "secret = 'a'",
        "amount = 1" + "0" * 40,
        "",
    ],
)
def test_what_is_no_condition_on_the_columns_is_refused(text):
    with pytest.raises(ConfigError) as caught:
        predicate(text, COLUMNS, where="p.yaml:1")
    assert all(problem.where == "p.yaml:1" for problem in caught.value.problems)


def test_any_engine_gets_its_own_lower_case():
    assert predicate("lower(label) = 'a'", COLUMNS, where="", portable=True) == "(lower(`label`) = 'a')"


def test_a_name_cannot_end_its_quotes():
    assert identifier("a` or 1=1") == "`a`` or 1=1`"
