"""Rules that no row answers alone, in whole runs without a JVM, against the conformance cases and DuckDB."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.row_pass import roads
from flows.row_pass.odd_files import HEAD, TAIL
from quality.conformance import batch_of, cases, contract_of, others_of
from strongroom.flows import keys, quarantine
from strongroom.stores.sources import work_items

CASES = [case for case in cases() if case.name.startswith(("references", "unique")) and case.rows]
TIMES = max(4, int(os.environ.get("STRONGROOM_FUZZ", "1000")) // 250)
APPEND = ("--set", "prepare.mode=append")


@pytest.fixture
def place(tmp_path, capsys):
    return roads.installed(tmp_path / "a", capsys)


def broken(place, name):
    """By rule, the numbers (from 0) of the rows that were set aside for it."""
    found = defaultdict(list)
    for _, reasons, _, position, _ in roads.opened(place, name):
        for reason in reasons:
            found[reason].append(int(position.split()[1]) - 1)
    return {rule: sorted(rows) for rule, rows in found.items()}


def lay(place, contract, table):
    (place.root / "contracts" / f"{contract['id']}.yaml").write_text(json.dumps(contract))
    file = place.lake / contract["servers"][0]["path"]
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def limitless(contract):
    limit = {"property": "quarantineLimit", "value": 1}
    return {**contract, "customProperties": [*contract["customProperties"], limit]}


def in_whole_runs():
    """Every fourth case; the others, of which test_marks.py asks the same without a whole run, in the slow suite."""
    for number, case in enumerate(CASES):
        yield pytest.param(case, id=case.name, marks=[pytest.mark.slow] if number % 4 != 2 else [])


@pytest.mark.parametrize("case", list(in_whole_runs()))
def test_the_cases_of_every_rule(place, monkeypatch, case):
    monkeypatch.setattr(work_items, "TARGET", 300)
    contract = limitless(case.contract)
    for (_, batch), (name, other) in zip(others_of(case), case.others.items(), strict=True):
        lay(
            place,
            limitless({key: value for key, value in other.items() if key != "rows"}),
            pa.Table.from_batches([batch]),
        )
        assert roads.run(place, name, "local").code == 0
    if case.text:
        names = [column.name for column in contract_of(case.contract).columns]
        lines = (json.dumps(dict(zip(names, row, strict=True))) for row in case.rows)
        (place.root / "contracts/t.yaml").write_text(json.dumps(contract))
        (place.lake / "raw").mkdir(parents=True, exist_ok=True)
        (place.lake / "raw/t.json").write_text("".join(f"{line}\n" for line in lines))
    else:
        lay(place, contract, pa.Table.from_batches([batch_of(case, contract_of(case.contract))]))
    done = roads.run(place, "t", "local")
    closed = any(not passed for _, passed in case.gate.values())
    assert done.code == (6 if closed else 0), done.err
    mild = {rule.id for rule in contract_of(case.contract).rules if rule.severity != "error"}
    assert broken(place, "t") == {rule: rows for rule, rows in case.fails.items() if rows and rule not in mild}


WAYS = ("keep", "hash, domain: d", "encrypt, domain: d", "encrypt, mode: randomised", "drop")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {
    "integer": ("", pa.int64(), lambda r: r.randrange(12)),
    "string": ("", pa.string(), lambda r: r.choice(["", "a", "A", "a ", "\u00e9", "e\u0301", "b", "c"])),
    "number": (', physicalType: "decimal(9,2)"', pa.decimal128(9, 2), lambda r: Decimal(r.randrange(9)) / 4),
    "date": ("", pa.date32(), lambda r: date(2026, 1, 1) + timedelta(days=r.randrange(9))),
    "timestamp": ("", pa.timestamp("us", "UTC"), lambda r: NEW_YEAR + timedelta(hours=r.randrange(9))),
}  # fmt: skip


def text(name, kinds, way, *, unique=True, refers=False):
    """A contract of key columns `a`, `b` and `o.c` of these kinds, protected this way, and the row's number `n`."""

    def column(name, kind, more=""):
        protect = f"customProperties: [{{property: protect, value: {{method: {way}}}}}]"
        return f"{{name: {name}, logicalType: {kind}{KINDS[kind][0]}{more}, {protect}}}"

    alone, to = ", unique: true" if unique else "", ", relationships: [{to: other.a}]" if refers else ""
    lines = [
        f"      - {column('a', kinds[0], alone or to)}",
        f"      - {column('b', kinds[1])}",
        f"      - {{name: o, logicalType: object, properties: [{column('c', kinds[2], alone or to)}]}}",
        "      - {name: n, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}",
    ]
    if unique:
        lines += ["    quality: [{metric: duplicateValues, arguments: {properties: [b, o.c]}, mustBe: 0}]"]
    if refers:
        pair = "{from: [t.b, t.a], to: [other.b, other.a]}"
        lines += [f"    relationships: [{pair}]"]
    head = HEAD.replace("NAME", name).replace("PATH", f"raw/{name}/*.parquet").replace("FORM", "parquet")
    return (
        head.replace(", customProperties: [{property: options, value: OPTIONS}]", "") + "\n".join(lines) + "\n" + TAIL
    )


def rows(r, kinds, count, first=0):
    def some(kind):
        return [None if r.random() < 0.15 else KINDS[kind][2](r) for _ in range(count)]

    inner = [None if r.random() < 0.1 else {"c": value} for value in some(kinds[2])]
    return pa.table({
        "a": pa.array(some(kinds[0]), KINDS[kinds[0]][1]), "b": pa.array(some(kinds[1]), KINDS[kinds[1]][1]),
        "o": pa.array(inner, pa.struct([("c", KINDS[kinds[2]][1])])),
        "n": pa.array(range(first, first + count), pa.int64()),
    })  # fmt: skip


def put(place, name, number, table):
    folder = place.lake / "raw" / name
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / f"{number}.parquet", row_group_size=3)


def shared(mine, theirs, key):
    """DuckDB's answer: the rows of mine whose key another of them, or one of theirs, has."""
    names = [f"k{place}" for place in range(len(key))]
    picked = ", ".join(f"{path} AS {name}" for path, name in zip(key, names, strict=True))
    given = " AND ".join(f"{name} IS NOT NULL" for name in names)
    same = " AND ".join(f"x.{name} = y.{name}" for name in names)
    return numbers(
        f"""WITH mine AS (SELECT n, {picked} FROM mine), theirs AS (SELECT {picked} FROM theirs)
        SELECT n FROM mine x WHERE {given} AND (
            EXISTS (SELECT 1 FROM mine y WHERE y.n <> x.n AND {same})
            OR EXISTS (SELECT 1 FROM theirs y WHERE {same}))""", mine, theirs)  # fmt: skip


def dangling(mine, theirs, key, there=()):
    """DuckDB's answer: the rows of mine whose key is not among theirs."""
    given = " AND ".join(f"x.{path} IS NOT NULL" for path in key)
    same = " AND ".join(f"x.{path} = y.{other}" for path, other in zip(key, there or key, strict=True))
    query = f"SELECT n FROM mine x WHERE {given} AND NOT EXISTS (SELECT 1 FROM theirs y WHERE {same})"
    return numbers(query, mine, theirs)


def numbers(query, mine, theirs):
    with duckdb.connect() as base:
        base.register("mine", mine)
        base.register("theirs", theirs)
        return sorted(number for (number,) in base.execute(query).fetchall())


def aside(place, name):
    """By rule, the numbers `n` of the rows set aside: the newest batch's."""
    found, opened = defaultdict(list), roads.opened(place, name)
    newest = max((row[0] for row in opened), default=0)
    for batch, reasons, _, _, clear in opened:
        for reason in reasons:
            if batch == newest:
                found[reason].append(json.loads(clear)["n"])
    return {rule: sorted(rows) for rule, rows in found.items()}


def told(**rules):
    return {rule.replace("__", "."): rows for rule, rows in rules.items() if rows}


def of_number(table, chosen):
    return table.filter(pa.array([number in chosen for number in table["n"].to_pylist()]))


@pytest.mark.parametrize("seed", range(TIMES))
def test_random_keys_are_unique_as_duckdb_says_also_under_several_master_keys(place, monkeypatch, seed):
    r = random.Random(seed)
    kinds, way = [r.choice(list(KINDS)) for _ in range(3)], WAYS[seed % len(WAYS)]
    monkeypatch.setattr(work_items, "TARGET", 600)
    (place.root / "contracts/t.yaml").write_text(text("t", kinds, way))
    published = rows(r, kinds, 0)
    for number in range(3):
        mine = rows(r, kinds, r.randrange(1, 14), first=100 * number)
        put(place, "t", number, mine)
        done = roads.run(place, "t", "local", *APPEND)
        assert done.code == 0, done.err
        theirs = published if "randomised" not in way and way != "drop" else published.slice(0, 0)
        wanted = told(
            a__unique=shared(mine, theirs, ["a"]), o__c__unique=shared(mine, theirs, ["o.c"]),
            t__duplicateValues=shared(mine, theirs, ["b", "o.c"]),
        )  # fmt: skip
        found = aside(place, "t") if done.line["rows"]["quarantined"] else {}
        assert found == wanted, (kinds, way, number)
        bad = {n for some in wanted.values() for n in some}
        good = {row["n"] for row in place.rows("training.t")}
        assert good == {*published["n"].to_pylist()} | {*mine["n"].to_pylist()} - bad
        published = pa.concat_tables([published, of_number(mine, {*mine["n"].to_pylist()} - bad)])
        assert place.run(keys, "rotate").code == 0


@pytest.mark.parametrize("seed", range(TIMES))
def test_random_keys_refer_as_duckdb_says_also_under_several_master_keys(place, monkeypatch, seed):
    r = random.Random(seed)
    kinds, way = [r.choice(list(KINDS)) for _ in range(2)], WAYS[seed % 2]
    kinds.append(kinds[0])
    monkeypatch.setattr(work_items, "TARGET", 600)
    (place.root / "contracts/other.yaml").write_text(text("other", kinds, way, unique=False))
    (place.root / "contracts/t.yaml").write_text(text("t", kinds, way, unique=False, refers=True))
    theirs = rows(r, kinds, 0)
    for number in range(3):
        more = rows(r, kinds, r.randrange(1, 5), first=100 * number)
        put(place, "other", number, more)
        assert roads.run(place, "other", "local", *APPEND).code == 0
        theirs = pa.concat_tables([theirs, more])
        mine = rows(r, kinds, 12)
        put(place, "t", 0, mine)
        done = roads.run(place, "t", "local")
        assert done.code == 0, done.err
        wanted = told(
            a__reference=dangling(mine, theirs, ["a"]), o__c__reference=dangling(mine, theirs, ["o.c"], ["a"]),
            t__reference=dangling(mine, theirs, ["b", "a"]),
        )  # fmt: skip
        assert aside(place, "t") == wanted, (kinds, way, number)
        assert place.run(keys, "rotate").code == 0
    more = mine.set_column(3, "n", pa.array(range(900, 912), pa.int64()))
    moved = pa.array([c and c["c"] for c in mine["o"].to_pylist()], mine["a"].type)
    put(place, "other", 9, pa.concat_tables([more, more.set_column(0, "a", moved)]))
    assert roads.run(place, "other", "local", *APPEND).code == 0
    tried = roads.run(place, "t", "local", "retry", flow=quarantine)
    assert tried.code == 0, tried.err
    assert aside(place, "t") == {}, "all that was missing is there now"
    assert sorted(row["n"] for row in place.rows("training.t")) == mine["n"].to_pylist()


SET = """\
      - {name: k, logicalType: string, quality: [{metric: duplicateValues, mustBeLessThan: 3}], PROTECT}
      - {name: at, logicalType: timestamp, customProperties: [{property: protect, value: {method: keep}}]}
    quality:
      - {type: sql, name: pairs, query: "SELECT count(*) FROM t x JOIN t y ON x.at = y.at", mustBe: 3}
"""
SLA = "slaProperties: [{property: latency, element: t.at, value: 2, unit: d}]\n"


@pytest.mark.parametrize("way", WAYS[:3])
@pytest.mark.parametrize(
    ("keys_", "days", "code", "why"),
    [
        ("xxy", 0, 0, "two rows share"),
        ("xxx", 0, 6, "three rows share: all copies count"),
        ("xyz", 3, 6, "the newest is of three days ago"),
    ],
)
def test_rules_of_the_whole_set_are_measured_without_a_jvm(place, way, keys_, days, code, why):
    head = HEAD.replace("NAME", "t").replace("PATH", "raw/t/*.parquet").replace("FORM", "parquet")
    head = head.replace(", customProperties: [{property: options, value: OPTIONS}]", "")
    protect = f"customProperties: [{{property: protect, value: {{method: {way}}}}}]"
    (place.root / "contracts/t.yaml").write_text(head + SET.replace("PROTECT", protect) + SLA + TAIL)
    newest = datetime.now(UTC) - timedelta(days=days)
    moments = [newest - timedelta(hours=hour) for hour in range(3)]
    put(place, "t", 0, pa.table({"k": list(keys_), "at": pa.array(moments, pa.timestamp("us", "UTC"))}))
    done = roads.run(place, "t", "local")
    assert done.code == code, (why, done.err)
