"""How long rows are kept: what a contract may say of it, and the instant that follows."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from strongroom.core.contract import Retention
from strongroom.core.contract.file import parse_contract
from strongroom.core.contract.retention import kept_since
from strongroom.core.errors import ConfigError

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/visits, format: json}]
schema:
  - name: visits
    properties:
      - {name: day, logicalType: date, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: at, logicalType: timestamp, customProperties: [{property: protect, value: {method: encrypt}}]}
      - {name: stars, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
slaProperties:
"""


def read(*entries):
    return parse_contract(CONTRACT + "".join(f"  - {entry}\n" for entry in entries), "visits.yaml")


@pytest.mark.parametrize(
    ("said", "amount", "unit"),
    [
        ("{property: retention, element: visits.day, value: 2, unit: y}", 2, "y"),
        ("{property: re, element: day, value: 18, unit: months}", 18, "m"),
        ("{property: retention, element: visits.day, value: 30, unit: d}", 30, "d"),
    ],
)
def test_a_retention_of_a_time_is_run(said, amount, unit):
    found = read("{property: latency, element: visits.day, value: 2, unit: d}", said).retention
    assert found == Retention("day", amount, unit, 17)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{property: retention, element: visits.dya, value: 2, unit: y}", "contract.unknown-name"),
        ("{property: retention, element: dya, value: 2, unit: y}", "contract.unknown-name"),
        ("{property: retention, element: visits.stars, value: 2, unit: y}", "contract.misfit"),
        ("{property: retention, element: visits.at, value: 2, unit: y}", "contract.misfit"),
        ("{property: retention, element: visits.day, value: 0, unit: y}", "contract.wrong-type"),
        ("{property: retention, element: visits.day, value: 1.5, unit: y}", "contract.wrong-type"),
        ("{property: retention, element: visits.day, value: 2, unit: yaers}", "contract.unknown-name"),
        ("{property: retention, element: visits.day, value: 2}", "contract.unknown-name"),
    ],
)
def test_what_cannot_be_run_is_refused(said, code):
    with pytest.raises(ConfigError) as error:
        read(said)
    assert [(problem.code, problem.where) for problem in error.value.problems] == [(code, "visits.yaml:16")]


def test_one_of_them_is_enough():
    entry = "{property: retention, element: visits.day, value: 2, unit: y}"
    with pytest.raises(ConfigError) as error:
        read(entry, entry)
    assert [problem.code for problem in error.value.problems] == ["contract.twice"]


def test_without_a_column_it_is_documentation():
    found = read("{property: retention, value: 2, unit: y}")
    assert found.retention is None
    assert [note.where for note in found.notes] == ["visits.yaml:16"]


@pytest.mark.parametrize(
    ("retention", "at", "since"),
    [
        (("y", 1), (2024, 2, 29, 13), (2023, 2, 28, 13)),
        (("m", 1), (2024, 3, 31), (2024, 2, 29)),
        (("m", 15), (2024, 1, 15), (2022, 10, 15)),
        (("d", 2), (2024, 3, 1), (2024, 2, 28)),
        (("w", 1), (2024, 1, 1), (2023, 12, 25)),
        (("y", 9000), (2024, 1, 1), (1, 1, 1)),
        (("d", 999_999), (2024, 1, 1), (1, 1, 1)),
        (("w", 10**12), (2024, 1, 1), (1, 1, 1)),
    ],
)
def test_months_and_years_are_those_of_the_calendar(retention, at, since):
    unit, amount = retention
    assert kept_since(Retention("day", amount, unit), datetime(*at, tzinfo=UTC)) == datetime(*since, tzinfo=UTC)


def test_the_instant_is_one_of_utc():
    at = datetime(2024, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert kept_since(Retention("day", 1, "m"), at) == datetime(2024, 1, 29, 23, tzinfo=UTC)
