"""The policy as Apache Ranger keeps it: access, masking and row-filter policies of a Hive service, as JSON to import.

The Hive service definition is also that of Spark (Apache Kyuubi's plugin), in whose SQL filters and masks are written.
Ranger takes the first filter and the first mask that fit a user, so it is told users, and each has one of either. A
grant with dates becomes policies with validity schedules; Ranger's end is the last second that counts, so the second in
which a grant ends is given to nobody. Ranger's MASK, MASK_SHOW_FIRST_4, MASK_SHOW_LAST_4 and MASK_HASH show more than
ours or something else, and are not used: CUSTOM says exactly what we mean.

Sources: apache/ranger at 8e7716cd, `RangerPolicy.java`, `RangerPolicyResourceSignature.java` (what makes two policies
one), `RangerValidityScheduleEvaluator.java`, `ranger-servicedef-hive.json`, `RangerExportPolicyList.java`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom.core.errors import ConfigError, Problem
from strongroom.core.escaping import json_text
from strongroom.govern.engine.engine import Engine
from strongroom.govern.export.parts import NARROW, Described, ExportPart, Platform, Scope, listed
from strongroom.govern.export.scope import objections
from strongroom.govern.export.views import Span, spans
from strongroom.govern.sql.masks import masked
from strongroom.govern.sql.row_filters import predicate

PLATFORM = Platform("Apache Ranger", ("read", "write", "delete"), dates=True, users=True)
_ACCESS, _MASK, _FILTER = 0, 1, 2  # Ranger's policy types
_ITEMS = {_MASK: "dataMaskPolicyItems", _FILTER: "rowFilterPolicyItems"}


def ranger(engine: Engine, tables: Sequence[Described], *, scope: Scope, service: str) -> list[ExportPart]:
    """Every Ranger policy that says what the policy says.

    Args:
        engine: the policy.
        tables: every table whose columns are known.
        scope: what of it.
        service: the name of the Hive service in Ranger.

    Raises:
        ConfigError: everything that Ranger has no words for.
    """
    problems = list(objections(engine, tables, scope=scope, platform=PLATFORM))
    found: dict[str, dict[str, Any]] = {}
    try:
        for span in spans(engine, tables, scope=scope, dates=True):
            problems += _awkward(span, engine)
            _tell(found, span, service)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return [ExportPart(name, _words(found[name]), json_text(found[name])) for name in sorted(found)]


def _awkward(span: Span, engine: Engine) -> Iterator[Problem]:
    """Names that mean something else in Ranger: more or fewer than two parts, and its wildcards."""
    name = span.found.table.name
    where = next(iter(span.sight.wheres), engine.policy.file)
    if name.count(".") != 1:
        yield Problem(f"{name} is no table of a database.", where, NARROW, "export.not-said")
    for column in span.found.table.columns:
        if {*"*?"} & {*column}:
            yield Problem(
                f"A column of {name} has a '*' or '?' in its name, which Ranger takes for any.",
                where,
                NARROW,
                "export.not-said",
            )


def _tell(policies: dict[str, dict[str, Any]], span: Span, service: str) -> None:
    """Put one sight into the policies it needs; sights of other users with the same resources share them."""
    sight, types = span.sight, span.found.types
    where = ", ".join(sight.wheres)
    for kind, columns in (("policyItems", sight.columns), ("denyPolicyItems", sight.denied)):
        if columns:
            policy = _policy(policies, span, service, _ACCESS, columns)
            policy.setdefault(kind, []).append(_item(span.users, "select"))
    if sight.writes:
        policy = _policy(policies, span, service, _ACCESS, ("*",))
        policy.setdefault("policyItems", []).append(_item(span.users, "update"))
    for column, how in sight.masks:
        policy = _policy(policies, span, service, _MASK, (column,))
        shown = {"dataMaskInfo": _mask(how, types[column], where)}
        policy.setdefault(_ITEMS[_MASK], []).append(_item(span.users, "select") | shown)
    if sight.rows:
        policy = _policy(policies, span, service, _FILTER, ())
        given = " OR ".join(predicate(text, types, where=where, portable=True) for text in sight.rows)
        policy.setdefault(_ITEMS[_FILTER], []).append(
            _item(span.users, "select") | {"rowFilterInfo": {"filterExpr": given}}
        )


def _policy(
    policies: dict[str, dict[str, Any]], span: Span, service: str, kind: int, columns: Sequence[str]
) -> dict[str, Any]:
    """The policy of these resources in that time, made when it is not there; its name follows from both."""
    database, _, table = span.found.table.name.partition(".")
    named = {"database": [database], "table": [table], **({"column": list(columns)} if columns else {})}
    schedule = _schedule(span.start, span.end)
    token = hashlib.sha256(json.dumps([service, kind, named, schedule]).encode()).hexdigest()[:8]
    name = f"strongroom {('access', 'mask', 'rows')[kind]} {span.found.table.name} {token}"
    return policies.setdefault(
        name,
        {
            "service": service,
            "name": name,
            "policyType": kind,
            "policyPriority": 0,
            "description": "Written by strongroom access export; the next export replaces it.",
            "isEnabled": True,
            "isAuditEnabled": True,
            "resources": {
                kind_: {"values": values, "isExcludes": False, "isRecursive": False} for kind_, values in named.items()
            },
            "serviceType": "hive",
            "policyLabels": ["strongroom"],
            **({"validitySchedules": [schedule]} if schedule else {}),
        },
    )


def _schedule(start: datetime | None, end: datetime | None) -> dict[str, Any]:
    """From the first whole second to the last one before the end; empty for all time."""
    found = {}
    if start is not None:
        whole = start if start.microsecond == 0 else start.replace(microsecond=0) + timedelta(seconds=1)
        found["startTime"] = _time(whole)
    if end is not None:
        found["endTime"] = _time(end - timedelta(seconds=1))
    return {**found, "timeZone": "UTC"} if found else {}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y/%m/%d %H:%M:%S")


def _item(users: Sequence[str], access: str) -> dict[str, Any]:
    return {
        "users": [user.removeprefix("user:") for user in users],
        "accesses": [{"type": access, "isAllowed": True}],
        "delegateAdmin": False,
    }


def _mask(how: str, type_: str, where: str) -> dict[str, str]:
    """Ranger's mask where it means the same, our own SQL elsewhere; Ranger puts the column's name for `{col}`."""
    shown = masked("{col}", type_, how, where=where)
    if how == "replace-with-null":
        return {"dataMaskType": "MASK_NULL"}
    if how == "truncate-to-year" and type_ == "date":
        return {"dataMaskType": "MASK_DATE_SHOW_YEAR"}
    return {"dataMaskType": "CUSTOM", "valueExpr": shown}


def _words(policy: Mapping[str, Any]) -> str:
    """A policy for people: who, what, of which columns, when."""
    resources = policy["resources"]
    table = ".".join(resources[kind]["values"][0] for kind in ("database", "table"))
    columns = ", ".join(resources["column"]["values"]) if "column" in resources else ""
    said = []
    for kind, verb in (("policyItems", "may"), ("denyPolicyItems", "may not")):
        said += [
            f"{', '.join(item['users'])} {verb} {item['accesses'][0]['type']} {columns}"
            for item in policy.get(kind, ())
        ]
    said += [
        f"{columns} is {item['dataMaskInfo']['dataMaskType']} for {', '.join(item['users'])}"
        for item in policy.get(_ITEMS[_MASK], ())
    ]
    said += [
        f"{', '.join(item['users'])} get rows where {item['rowFilterInfo']['filterExpr']}"
        for item in policy.get(_ITEMS[_FILTER], ())
    ]
    schedule = policy.get("validitySchedules", [{}])[0]
    times = [f"{word} {schedule[key]}" for word, key in (("from", "startTime"), ("to", "endTime")) if key in schedule]
    return " ".join([f"{table}: {'; '.join(said)}", *times])


def policies(parts: Sequence[ExportPart]) -> str:
    """Every policy, as `POST /service/plugins/policies/importPoliciesFromFile?updateIfExists=true` takes them."""
    return f'{{"policies": {listed(part.text for part in parts)}}}\n'


def changes(gone: Sequence[ExportPart], added: Sequence[ExportPart]) -> str:
    """Names to delete (`DELETE /service/public/v2/api/policy?servicename=…&policyname=…`), then policies to import."""
    lost = [json.dumps({"service": json.loads(part.text)["service"], "name": part.name}) for part in gone]
    return f'{{"delete": {listed(lost)},\n"policies": {listed(part.text for part in added)}}}\n'
