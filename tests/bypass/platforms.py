"""Attempts on what `access export` wrote, as the platforms' own rules read it (`govern/exports.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bypass.place import Reach
from govern.export import exports
from strongroom.core.errors import Refused
from strongroom.core.policy.file import parse_policy
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export import Scope
from strongroom.govern.export.iceberg import entries, iceberg
from strongroom.govern.export.ranger import policies as ranger_document
from strongroom.govern.export.ranger import ranger
from strongroom.govern.export.unity import statements, unity

Found = Iterator[object]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TABLE, EVE, OWNER = "training.reviews", "user:eve", "user:ann"
POLICY = """
roles:
  reader: {members: [user:eve, user:both]}
  whole:  {members: [user:ann]}
  wide:   {members: [user:both]}
  past:   {members: [user:lee]}
grants:
  - {role: reader, actions: [read], tables: [training.reviews], purposes: [reporting], rows: label = 'a',
     columns: {deny: [email], mask: {user_id: mask-alphanum}}}
  - {role: whole, actions: [read], tables: [training.reviews]}
  - {role: wide, actions: [read], tables: [training.reviews]}
  - {role: past, actions: [read], tables: [training.reviews], until: 2026-06-10}
"""
ROWS = [
    ("hidden.mail@secret.example", "hidden-271828", "Main St", "a", "note that is given"),
    ("other@secret.example", "u-2", "Main St", "b", "hiddenrow"),
    ("third@secret.example", "u-3", "Main St", None, "hiddennull"),
]
SECRETS = {
    "exported column": ["hidden.mail@secret.example"],
    "exported mask": ["hidden-271828"],
    "exported given": ["note that is given"],
    "exported row": ["hiddenrow", "hiddennull"],
}
PLATFORMS = ("unity", "ranger", "iceberg")


def read(
    platform: str, who: str, *, table: str = TABLE, groups: tuple[str, ...] = (), at: datetime = NOW
) -> list[tuple]:
    """What a platform gives that was told the policy at `NOW`.

    Raises:
        Refused: it gives no right to read.
    """
    engine, scope = Engine(parse_policy(POLICY, "p.yaml")), Scope(NOW, "reporting", ("read",), as_of_now=True)
    sql, here = exports.engine_of_sql(ROWS), [exports.TABLES[0]]
    if platform == "unity":
        told = exports.Unity(statements(unity(engine, here, scope=scope, catalog="main", groups={})))
        found = told.read(sql, table, groups or engine.roles(who))
    elif platform == "ranger":
        parts = ranger(engine, here, scope=scope, service="hive")
        found = exports.Ranger(json.loads(ranger_document(parts))["policies"]).read(sql, who, table, at)
    else:
        by_user = {each["principal"]: each for each in json.loads(entries(iceberg(engine, here, scope=scope)))}
        found = exports.iceberg_read(by_user.get(who) if table == TABLE else None, ROWS)
    if found is None:
        raise Refused(f"{platform} gives {who} no right to read {table}")
    return found


def everywhere(who: str, **more: object) -> Callable[[Reach], Found]:
    """One reader on each platform. One that refuses while another gives would be a difference, so all are asked."""

    def attempt(at: Reach) -> Found:
        refused = []
        for platform in PLATFORMS:
            try:
                yield read(platform, who, **more)
            except Refused as error:
                refused.append(error)
        if len(refused) == len(PLATFORMS):
            raise refused[0]
        if refused:
            raise AssertionError(f"only some platforms refuse: {refused}")

    return attempt


def owner(at: Reach) -> Found:
    yield from everywhere(OWNER)(at)


def on(platform: str, who: str, **more: object) -> Callable[[Reach], Found]:
    def attempt(at: Reach) -> Found:
        yield read(platform, who, **more)

    return attempt


def after_the_end(platform: str) -> Callable[[Reach], Found]:
    return on(platform, "user:lee", at=NOW + timedelta(days=30))


def another_case(platform: str) -> Callable[[Reach], Found]:
    return on(platform, EVE, table="TRAINING.Reviews")


def engine_of_the_platform_left_out(at: Reach) -> Found:
    """A reader of Iceberg that ignores restrictions, or the table's path: the rows as they lie."""
    yield exports.engine_of_sql(ROWS).execute("SELECT * FROM t").fetchall()


def column_of_later(at: Reach) -> Found:
    """A column that was added after the export: here `note` stands for it."""
    engine, scope = Engine(parse_policy(POLICY, "p.yaml")), Scope(NOW, "reporting", ("read",), as_of_now=True)
    told = exports.Unity(statements(unity(engine, [exports.TABLES[0]], scope=scope, catalog="main", groups={})))
    masks = {key: text for key, text in told.masks.items() if key[1] != "email"}  # as if it had not been there
    told.masks = masks
    yield told.read(exports.engine_of_sql(ROWS), TABLE, engine.roles(EVE))
