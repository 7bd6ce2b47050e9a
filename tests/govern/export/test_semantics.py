"""What a platform gives once it has been told equals what `read_table` gives, or the export was refused.

Random policies and users; each platform's own rules of evaluation stand in `exports.py`.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from govern import policies
from govern.export import exports
from strongroom.core.errors import ConfigError
from strongroom.core.expression import parse
from strongroom.core.policy import ACTIONS, Columns
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export import Described, Scope
from strongroom.govern.export.iceberg import _Writer, entries, iceberg
from strongroom.govern.export.ranger import policies as ranger_document
from strongroom.govern.export.ranger import ranger
from strongroom.govern.export.unity import statements, unity
from strongroom.govern.sql.row_filters import predicate
from strongroom.govern.table import Table

MANY = 120
_BY_TIME = ("truncate-to-year", "truncate-to-month")  # no mask of these tables' texts; the export refuses them


def cases(seeds: range):
    """Engine, scope: every policy with a purpose, at a moment of its time."""
    for seed in seeds:
        rng = random.Random(seed)
        found = policies.policy(seed)
        grants = tuple(
            replace(grant, columns=replace(grant.columns, mask={
                name: how for name, how in grant.columns.mask.items() if how not in _BY_TIME
            }))
            for grant in found.grants
        )  # fmt: skip
        at = policies.START + timedelta(days=rng.randint(0, 20), hours=rng.randint(0, 23))
        scope = Scope(at, rng.choice(policies.PURPOSES), ("read",), as_of_now=True)
        yield Engine(replace(found, grants=grants)), scope


def spoken(export, engine, **options):
    """The parts of an export, or None where it was refused for one of the reasons of these policies: rows by column."""
    try:
        return export(engine, exports.TABLES, **options)
    except ConfigError as error:
        if all(
            "for fewer rows" in problem.what or "Rows depend on 'label'" in problem.what for problem in error.problems
        ):
            return None
        raise


@pytest.mark.whole
def test_unity_catalog_gives_every_cell_that_read_table_gives_and_no_other():
    sql, told, given = exports.engine_of_sql(), 0, 0
    for engine, scope in cases(range(MANY)):
        parts = spoken(unity, engine, scope=scope, catalog="main", groups={})
        if parts is None:
            continue
        platform, told = exports.Unity(statements(parts)), told + 1
        for table in exports.NAMES:
            for user in policies.USERS:
                wanted = exports.ours(sql, engine, exports.request(user, table, scope.at, scope.purpose))
                found = platform.read(sql, table, engine.roles(user))
                if wanted is None:
                    assert found in (None, []), (engine.policy, table, user)
                else:
                    assert found == wanted, (engine.policy, table, user)
                    given += bool(wanted)
    assert told > MANY / 3
    assert given > MANY


@pytest.mark.whole
def test_ranger_gives_what_read_table_gives_now_and_at_every_moment_to_come():
    sql, told, given = exports.engine_of_sql(), 0, 0
    for engine, scope in cases(range(MANY)):
        parts = spoken(ranger, engine, scope=scope, service="hive")
        if parts is None:
            continue
        platform, told = exports.Ranger(json.loads(ranger_document(parts))["policies"]), told + 1
        for later in (timedelta(), timedelta(days=1), timedelta(days=3, hours=7), timedelta(days=40)):
            at = scope.at + later
            for table in exports.NAMES[:2]:
                for user in policies.USERS:
                    wanted = exports.ours(sql, engine, exports.request(user, table, at, scope.purpose))
                    assert platform.read(sql, user, table, at) == wanted, (engine.policy, table, user, at)
                    given += bool(wanted)
    assert told > MANY / 2
    assert given > MANY


@pytest.mark.whole
def test_a_reader_of_iceberg_restrictions_gives_what_read_table_gives():
    sql, told, given = exports.engine_of_sql(), 0, 0
    for engine, scope in cases(range(MANY)):
        parts = spoken(iceberg, engine, scope=scope)
        if parts is None:
            continue
        found, told = json.loads(entries(parts)), told + 1
        by_user = {(f"{'.'.join(each['namespace'])}.{each['name']}", each["principal"]): each for each in found}
        for table in exports.NAMES:
            for user in policies.USERS:
                wanted = exports.ours(sql, engine, exports.request(user, table, scope.at, scope.purpose))
                assert exports.iceberg_read(by_user.get((table, user))) == wanted, (engine.policy, table, user)
                given += bool(wanted)
    assert told > MANY / 2
    assert given > MANY


@pytest.mark.parametrize("platform", ["unity", "ranger", "iceberg"])
def test_without_leave_to_narrow_whatever_is_not_told_is_refused_with_its_line(platform):
    """Each grant is exported or named by an error: none is lost on the way."""
    export = {
        "unity": lambda *args, **kwargs: unity(*args, **kwargs, catalog="main", groups={}),
        "ranger": lambda *args, **kwargs: ranger(*args, **kwargs, service="hive"),
        "iceberg": iceberg,
    }[platform]
    able = ("read",) if platform == "iceberg" else ("read", "write", "delete")
    for seed in range(MANY):
        engine = Engine(policies.policy(seed))
        scope = Scope(policies.START, "", ACTIONS)
        wanted = {
            grant.where
            for grant in engine.policy.grants
            if (grant.until is None or grant.until > scope.at)
            and (grant.purposes or set(grant.actions) - set(able) or (grant.until and platform != "ranger"))
        }
        refused: set[str] = set()
        try:
            export(engine, exports.TABLES, scope=scope)
        except ConfigError as error:
            refused = {problem.where for problem in error.problems}
        assert wanted <= refused


TYPED = Described(
    Table("t", ("n", "m", "x", "s", "d", "b")),
    {"n": "int", "m": "int", "x": "double", "s": "string", "d": "date", "b": "boolean"},
    {"n": 1, "m": 2, "x": 3, "s": 4, "d": 5, "b": 6},
)  # fmt: skip
ATOMS = (
    "n < 3", "n <> 2", "3 >= n", "n in (1, 3)", "n is null", "n = m", "n < m", "n <> m", "x > 1.5", "x <= 1.5",
    "x = 1.5", "1.5 < x", "s = 'b'", "s < 'b'", "s in ('a', 'ü')", "d >= date '2024-02-01'", "b", "b = false", "true",
    "n between 1 and 2",
)  # fmt: skip


def random_condition(rng: random.Random, deep: int) -> str:
    if deep == 0 or rng.random() < 0.3:
        return rng.choice(ATOMS)
    left = random_condition(rng, deep - 1)
    if rng.random() < 0.4:
        return f"not ({left})"
    word = rng.choice(("and", "or", "then"))
    right = random_condition(rng, deep - 1)
    return f"(if {left} then {right})" if word == "then" else f"({left} {word} {right})"


@pytest.mark.whole
def test_an_iceberg_filter_holds_where_our_expression_is_true_though_iceberg_knows_no_unknown():
    rng, sql = random.Random(7), duckdb.connect()
    sql.execute("CREATE TABLE t (n INT, m INT, x DOUBLE, s VARCHAR, d DATE, b BOOLEAN)")
    pick = lambda *values: rng.choice(values)  # noqa: E731
    rows = [
        (pick(None, 1, 2, 3), pick(None, 1, 2), pick(None, 1.5, 2.0, float("nan")), pick(None, "a", "b", "ü"),
         pick(None, "2024-01-31", "2024-02-01"), pick(None, True, False))
        for _ in range(60)
    ]  # fmt: skip
    sql.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows)
    whole = sql.execute("SELECT * FROM t").fetchall()
    for _ in range(600):
        text = random_condition(rng, 3)
        where = exports.dialect(predicate(text, TYPED.types, where="p.yaml:1", portable=True))
        wanted = [found for (found,) in sql.execute(f"SELECT coalesce({where}, false) FROM t").fetchall()]
        told = json.loads(json.dumps(_Writer(TYPED, "p.yaml:1").true(parse(text, where="p.yaml:1"))))
        assert [exports.holds(told, dict(enumerate(row, 1))) for row in whole] == wanted, text


@pytest.mark.whole
def test_nobody_writes_on_a_platform_who_may_not_write_here_and_everybody_does_who_may():
    told = given = 0
    for seed in range(3 * MANY):
        found, scope = policies.policy(seed), Scope(policies.START, "reporting", ("write", "delete"), as_of_now=True)
        grants = tuple(
            replace(grant, actions=("write", "delete"), columns=Columns(), rows="")
            for grant in found.grants
            if "act" not in grant.actions
        )
        denies = tuple(replace(deny, actions=("write", "delete"), columns=()) for deny in found.denies)
        engine = Engine(replace(found, grants=grants, denies=denies))
        ranged = exports.Ranger(
            [json.loads(part.text) for part in ranger(engine, exports.TABLES, scope=scope, service="h")]
        )
        try:
            united = exports.Unity(statements(unity(engine, exports.TABLES, scope=scope, catalog="main", groups={})))
        except ConfigError as error:
            united = None
            if not all("MODIFY has no deny" in problem.what for problem in error.problems):
                raise
        for table in exports.NAMES:
            path = ".".join(f"`{part}`" for part in ("main", *table.split(".")))
            for user in policies.USERS:
                may = engine.decide(
                    replace(exports.request(user, table, scope.at, scope.purpose), action="write", columns=())
                )
                assert ranged.writes(user, table, scope.at) is may.allowed
                if united is not None:
                    told += 1
                    assert bool(united.writers.get(path, set()) & set(engine.roles(user))) is may.allowed
                    given += may.allowed
    assert told > given > MANY
