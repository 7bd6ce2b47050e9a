from __future__ import annotations

import math
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from quality.conformance import Case, batch_of, cases, contract_of, counting, failing, others_of, refused
from strongroom.arrow.leaves import every
from strongroom.core.contract import ACROSS, Contract, Reference, Rule
from strongroom.core.errors import ConfigError
from strongroom.quality.counts.failures import Failures
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import judge_set
from strongroom.quality.reading.columns import read_batch
from strongroom.quality.row_rules import compile_rules

ALL = list(cases())


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        for setting in ("timezone = 'UTC'", "ieee_floating_point_ops = false", "error_on_division_by_zero = false"):
            connection.execute(f"set {setting}")
        connection.execute("set threads = 1")  # the tables are tiny
        yield connection


def test_there_are_enough_cases_and_each_has_a_reason_of_its_own():
    assert len(ALL) >= 300
    assert all(case.why for case in ALL)


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_exactly_the_rows_named_fail_however_the_table_is_cut(case: Case, database):
    contract = contract_of(case.contract)
    raw = batch_of(case, contract)
    ask(database, raw, contract, case)
    shared = {rule.id: beyond(database, rule) for rule in contract.rules if rule.check in ACROSS}
    judge = compile_rules(contract)

    def judged(start: int, length: int) -> tuple[Failures, Tally]:
        typed = read_batch(raw.slice(start, length), contract)
        cut = {rule: mask[start : start + length] for rule, mask in shared.items()}
        failures = judge.judge(typed.batch, typed.unreadable, cut)
        return failures, Tally().add(failures, contract)

    rows = raw.num_rows
    whole, tally = judged(0, rows)
    expected = {rule.id: case.fails.get(rule.id, []) for rule in whole.rules}
    assert {**expected, **case.fails} == expected, "a rule of the case is not among the contract's"
    assert failed_rows(whole) == expected, case.why
    assert whole.counts == {rule: len(found) for rule, found in expected.items()}
    assert reasons(whole, rows) == {row: ids for row in range(rows) if (ids := why(whole, expected, row))}

    for size in {1, max(1, rows // 2)}:
        parts = [judged(start, size) for start in range(0, rows, size)]
        assert sum((failed_rows_at(part, place * size) for place, (part, _) in enumerate(parts)), Counter()) == Counter(
            (rule, row) for rule, found in expected.items() for row in found
        )
        merged = Tally()
        for _, part in parts:
            merged = part.merge(merged)
        assert merged == (tally if rows else Tally())

    verdicts = {verdict.rule: verdict for verdict in judge_set(contract, tally, facts=case.facts)}
    assert verdicts.keys() == case.gate.keys()
    for rule, (measured, passed) in case.gate.items():
        assert verdicts[rule].passed is passed, verdicts[rule].sentence
        assert verdicts[rule].measured == measured or math.isclose(verdicts[rule].measured, measured)
    agree(database, whole, contract, case)
    agree_on_numbers(database, whole, contract, case)


def agree_on_numbers(database: duckdb.DuckDBPyConnection, failures: Failures, contract: Contract, case: Case) -> None:
    """DuckDB counts the same among the rows that are kept, wherever a set rule has words in SQL."""
    columns = every(contract)
    kept = [row for row, bad in enumerate(failures.bad.tolist()) if not bad]
    among = f"from given where i in ({', '.join(map(str, kept)) or 'null'})"
    for rule in contract.set_rules:
        said = counting(rule, columns[rule.columns[0]] if len(rule.columns) == 1 else None)
        if said is not None and case.sql is not False and rule.id in case.gate:
            count = database.execute(f"select count(*) filter ({said}) {among}").fetchall()[0][0]
            share = 100 * count / len(kept) if kept else 0
            measured = case.gate[rule.id][0]
            assert math.isclose(measured, share if rule.unit == "percent" else count), f"{rule.id}: {said}"
            COUNTED[rule.metric] += 1


COUNTED: Counter[str] = Counter()
"""How often DuckDB was asked for the number of a metric."""


def test_duckdb_was_asked_for_the_numbers_of_metrics_too():
    """Of the cases that ran: all of them, unless some were chosen."""
    asked = {"nullValues", "missingValues", "invalidValues", "rowCount"}
    assert sum(COUNTED.values()) < 40 or COUNTED.keys() == asked, COUNTED


def failed_rows(failures: Failures) -> dict[str, list[int]]:
    bits = [
        (failures.words[:, place // 64] >> np.uint64(place % 64)) & np.uint64(1) for place in range(len(failures.rules))
    ]
    return {rule.id: np.nonzero(bit)[0].tolist() for rule, bit in zip(failures.rules, bits, strict=True)}


def failed_rows_at(failures: Failures, start: int) -> Counter[tuple[str, int]]:
    return Counter((rule, start + row) for rule, found in failed_rows(failures).items() for row in found)


def why(failures: Failures, expected: dict[str, list[int]], row: int) -> list[str]:
    return [rule.id for rule in failures.rules if rule.severity == "error" and row in expected[rule.id]]


def reasons(failures: Failures, rows: int) -> dict[int, list[str]]:
    return dict(zip(np.arange(rows)[failures.bad].tolist(), failures.reasons().to_pylist(), strict=True))


def ask(database: duckdb.DuckDBPyConnection, raw: pa.RecordBatch, contract: Contract, case: Case) -> None:
    """Put the rows into DuckDB, as they came (`raw_v`) and typed (`v`)."""
    typed = read_batch(raw, contract).batch
    names = ["i", *typed.schema.names, *(f"raw_{name}" for name in raw.schema.names)]
    given = pa.table([pa.array(range(raw.num_rows), pa.int64()), *typed.columns, *raw.columns], names=names)
    database.register("given", given)
    for other, rows in others_of(case):
        database.register(other.name, pa.table(rows.columns, names=rows.schema.names))


def beyond(database: duckdb.DuckDBPyConnection, rule: Rule) -> np.ndarray:
    """The rows that break a rule which no row answers alone: duplicates, or references to nothing."""
    names = [name_of(path) for path in rule.columns]
    some = " and ".join(f"{name} is not null" for name in names)
    if isinstance(rule.argument, Reference):
        pairs = zip(names, rule.argument.columns, strict=True)
        same = " and ".join(f'{name} = other."{column}"' for name, column in pairs)
        query = f"select {some} and not exists (from {rule.argument.table} other where {same}) from given order by i"
    else:
        query = f"select count(*) over (partition by {', '.join(names)}) > 1 and {some} from given order by i"
    return np.array([row[0] for row in database.sql(query).fetchall()], np.bool_)


def name_of(path: str) -> str:
    return ".".join(f'"{part}"' for part in path.split("."))


def agree(database: duckdb.DuckDBPyConnection, failures: Failures, contract: Contract, case: Case) -> None:
    """DuckDB finds the same rows, wherever it can be asked."""
    if case.sql is False:
        return
    columns = every(contract)
    for rule, found in zip(failures.rules, failed_rows(failures).values(), strict=True):
        column = columns[rule.columns[0]] if len(rule.columns) == 1 else None
        query = case.sql.get(rule.id) or failing(rule, column, text=case.text)
        if rule.check not in ACROSS and query is not None and case.sql.get(rule.id) is not False:
            rows = database.sql(f"select i from given where {query} order by i").fetchall()
            assert [row[0] for row in rows] == found, f"{rule.id}: {query}"


@pytest.mark.parametrize(("message", "contract"), list(refused()), ids=[message for message, _ in refused()])
def test_what_cannot_run_is_refused_with_its_line(message, contract):
    with pytest.raises(ConfigError) as caught:
        compile_rules(contract_of(contract))
    assert message in str(caught.value)
    assert str(caught.value).startswith("case.yaml:")
