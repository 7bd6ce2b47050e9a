"""Rules that no data can meet together stop the run, with the lines of both; rules that some data meets do not."""

import pytest

from core.contract.test_refusals import SOUND
from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError

TEXT, NUMBER = "{minLength: 1, maxLength: 100}", "{minimum: 0, maximum: 86400}"
NULLS, ROWS = "{metric: nullValues, mustBeLessThan: 5, unit: percent}", "{metric: rowCount, mustBeGreaterThan: 0}"


def rows(*more):
    return (ROWS, ROWS + "".join(f"\n      - {{metric: {each}}}" for each in more))


def told(*changes):
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    try:
        parse_contract(text, "c.yaml")
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("rowCount, mustBeLessThan: 1",), 38),
        (("rowCount, mustBeLessThan: 5", "rowCount, mustBeGreaterThan: 10"), 39),
        (("rowCount, mustBe: 5", "rowCount, mustNotBe: 5"), 39),
        (("rowCount, mustBeBetween: [1, 3]", "rowCount, mustNotBeBetween: [0, 4]"), 39),
        (("rowCount, mustBeGreaterThan: 4", "rowCount, mustBeLessThan: 5"), 39),
        (("rowCount, mustBeBetween: [1, 3]", "rowCount, mustBeBetween: [4, 5]"), 39),
    ],
)
def test_set_rules_that_leave_no_number_are_refused(more, line):
    found = told(rows(*more))
    assert len(found) == 1, found
    assert found[0].startswith(f"c.yaml:{line}: No 'rowCount' meets this rule and that of line ")


@pytest.mark.parametrize(
    "more",
    [
        ("rowCount, mustBeGreaterThan: 4", "rowCount, mustBeLessThan: 6"),
        ("rowCount, mustBeGreaterOrEqualTo: 5", "rowCount, mustBeLessOrEqualTo: 5"),
        ("rowCount, mustNotBe: 5", "rowCount, mustNotBe: 6"),
        ("rowCount, mustBeLessThan: 5", "rowCount, mustBeGreaterThan: 10, severity: warning"),
        ("rowCount, mustNotBeBetween: [2, 10]", "rowCount, mustBeBetween: [1, 10]"),
    ],
)
def test_set_rules_that_some_number_meets_are_taken(more):
    assert told(rows(*more)) == []


@pytest.mark.parametrize(
    ("changes", "part", "why"),
    [
        ([(NULLS, "{metric: nullValues, mustBeGreaterThan: 5}]\n        required: true\n        x: [")],
         "'seconds.required' lets no such row through, so 'nullValues' is 0", "what is required is not null"),
        ([(NULLS, "{metric: missingValues, mustBe: 0, arguments: {missingValues: [1]}}, "
                  "{metric: missingValues, mustBeGreaterThan: 2, arguments: {missingValues: [1]}}")],
         "so 'missingValues' is 0", "the same, as a metric"),
        ([(NULLS, "{metric: invalidValues, mustBe: 0, arguments: {validValues: [1, 2]}}, "
                  "{metric: invalidValues, mustBe: 3, arguments: {validValues: [1, 2]}}")],
         "so 'invalidValues' is 0", "invalid rows are set aside"),
        ([(NULLS, "{metric: duplicateValues, mustBe: 0}, {metric: duplicateValues, mustBeBetween: [1, 2]}")],
         "so 'duplicateValues' is 0", "so are doubled ones"),
        ([(NUMBER, "{minimum: 3, maximum: 4, multipleOf: 10}")], "No multiple of 10 lies within the bounds", "3 to 4"),
        ([(NUMBER, "{exclusiveMinimum: 10, maximum: 19, multipleOf: 10}")], "No multiple of 10", "10 itself is out"),
        ([(NUMBER, "{minimum: 0.1, exclusiveMaximum: 0.2, multipleOf: 0.2}")], "No multiple of 0.2", "0.2 is out"),
        ([(TEXT, "{format: date, minLength: 20}")], "No text of the format 'date' is as long", "ten letters"),
        ([(TEXT, "{format: uuid, maxLength: 35}")], "No text of the format 'uuid' is as long", "thirty-six"),
        ([(NULLS, "{metric: invalidValues, mustBe: 0, arguments: {validValues: [-1, -2.5]}}")],
         "None of the valid values meets 'minimum'", "all are below"),
        ([("logicalType: string\n        logicalTypeOptions: " + TEXT,
           "logicalType: string\n        physicalType: varchar(3)\n        logicalTypeOptions: {minLength: 5}")],
         "The physical type is shorter than 'minLength'", "three letters are not five"),
    ],
)  # fmt: skip
def test_rules_of_a_column_that_nothing_meets_are_refused(changes, part, why):
    found = told(*changes)
    assert any(part in problem for problem in found), (why, found)
    assert all(problem.startswith("c.yaml:") for problem in found)


@pytest.mark.parametrize(
    "change",
    [
        (NUMBER, "{minimum: 3, maximum: 10, multipleOf: 10}"),
        (NUMBER, "{exclusiveMinimum: 0, exclusiveMaximum: 0.3, multipleOf: 0.1}"),
        (NUMBER, "{minimum: -5, maximum: 5, multipleOf: 10}"),
        (TEXT, "{format: date, minLength: 10, maxLength: 10}"),
        (TEXT, "{format: ipv4, minLength: 8}"),
        (NULLS, "{metric: invalidValues, mustBe: 0, arguments: {validValues: [-1, 2.5]}}"),
        (NULLS, "{metric: invalidValues, mustBe: 3, arguments: {validValues: [1, 2]}}"),
        (NULLS, "{metric: nullValues, mustBeGreaterThan: 5}"),
    ],
)
def test_rules_of_a_column_that_something_meets_are_taken(change):
    assert told(change) == []
