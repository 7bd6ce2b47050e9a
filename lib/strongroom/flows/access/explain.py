"""`access explain`: one question to the policy, its answer, and what is known of the table that it is about."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from strongroom.core.contract.subject import TAG
from strongroom.core.errors import Refused, UsageError
from strongroom.core.escaping import joined
from strongroom.core.policy import PHYSICAL, Grant, last_day
from strongroom.core.policy.decision import Decision, Request
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import did_you_mean
from strongroom.flows.access.people import explained_people
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.consents import people_of, readers_people
from strongroom.flows.foundation.known_tables import Known, known_tables
from strongroom.flows.foundation.projections import contract_for, projections_of
from strongroom.flows.foundation.role_keys import openable
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import projection_for
from strongroom.govern.review.explain import Explanation, explain, role_line
from strongroom.govern.review.explain import line as grant_line
from strongroom.govern.review.matrix import BY_COLUMN, OPENED, opened
from strongroom.govern.table import UNREADABLE, Table, described
from strongroom.stores.keys.role_files import file_of
from strongroom.stores.lake import Lake


def explained(job: Job, *, at: datetime) -> Outcome:
    """Answers, and says which columns are given and how they lie; of a table that is not known, that it is not.

    Raises:
        UsageError: no table is named.
    """
    if not job.args.table:
        raise UsageError("Which table?", todo="Give --table, for example training.reviews.")
    engine, action = engine_of(job.settings.policy), job.args.action or "read"
    known = known_tables(job.settings) if action != "act" else Known(())
    found = known.find(job.args.table)
    table = described(found or Table(job.args.table, ()), (engine.policy,))
    columns = tuple(name.strip() for name in job.args.columns.split(",") if name.strip())
    if not columns and action in BY_COLUMN:
        columns = tuple(name for name in table.columns if name != TAG)  # which nobody gets but by its name
    classifications, tags = table.notes_of(columns)
    request = Request(
        principal=job.run.principal,  # asking what somebody may do is not acting for them
        action=action,
        table=job.args.table,
        at=at,
        columns=columns,
        purpose=job.run.purpose,
        classifications=classifications,
        tags=tags,
        encrypted=table.encrypted,
    )
    answer = explain(engine, request)
    decision = answer.decision if answer.decision.allowed else engine.narrow(request)
    assumed = not job.args.columns and (found is None or not found.columns)
    if assumed and decision.allowed and not answer.decision.allowed:  # nobody knows that it has what is withheld
        withheld = f"  withheld, should it have them: {', '.join(answer.decision.withheld)}"
        lines, notes = [decision.reason, *_given(decision, table)], [withheld]
    else:
        lines, notes = [*answer.lines(), *_given(decision, table)], []
    if decision.allowed and decision.level == PHYSICAL and found is not None:
        notes += _projected(job, engine, replace(request, columns=table.columns), decision)
    if decision.clear and decision.allowed:
        notes += _by_keys(job, engine, decision)
    notes += _parts(engine, request, decision, table)
    notes += _unknown(known, found, columns, name=job.args.table) if action != "act" else []
    people = [*explained_people(job, job.args.table, at=at)] if job.args.subject_from else []
    notes += [each.line(number) for number, each in enumerate(people, 1)]
    told = answer if not (assumed and decision.allowed) else Explanation(decision)
    refused = job.args.exit_code and not told.decision.allowed
    return Outcome(
        summary=joined([*lines, *notes]),
        facts={"allowed": answer.decision.allowed},
        answer={
            **_plain(told, decision, table),
            "withheld": list(answer.decision.withheld),
            "notes": [note.strip() for note in notes],
            **({"people": [asdict(each) for each in people]} if people else {}),
        },
        exit_code=Refused.exit_code if refused else 0,
        status=Refused.__name__ if refused else "done",
    )


def _plain(told: Explanation, given: Decision, table: Table) -> dict[str, object]:
    """The answer for programs; of a no, `given` is the part that would be given."""
    asked, addition = told.decision.request, told.addition
    return {
        "allowed": told.decision.allowed,
        "reason": told.decision.reason,
        "principal": asked.principal,
        "action": asked.action,
        "table": asked.table,
        "purpose": asked.purpose,
        "at": asked.at.isoformat(),
        "columns": list(asked.columns),
        "given": [_column(name, given, table) for name in given.columns] if given.allowed else [],
        "rows": list(given.rows),
        "enforced": given.level if given.allowed else None,
        "rules": [_rule(grant) for grant in given.grants] if given.allowed else [],
        "denied_by": [rule.where for rule, _ in told.decision.denying],
        "hints": list(told.hints),
        "missing_grant": grant_line(addition.grant) if addition else None,
        "missing_role": role_line(addition.role) if addition and addition.role else None,
    }


def _column(name: str, given: Decision, table: Table) -> dict[str, object]:
    return {"column": name, "shown": _shown(name, given, table), "where": list(given.conditions.get(name, ()))}


def _rule(grant: Grant) -> dict[str, object]:
    """A rule that gives, and what limits it."""
    ends = last_day(grant.until) if grant.until else None
    told = {
        "enforced": grant.enforce,
        "until": ends,
        "approval": grant.approval or None,
        "reason": grant.reason or None,
    }
    return {"where": grant.where, "role": grant.role, **told}


def _given(decision: Decision, table: Table) -> list[str]:
    """What a decision gives: columns, masks, rows, and the rules with their ends and reasons."""
    if not decision.allowed:
        return []
    lines = []
    for name in decision.columns:
        limited = f", where {' or '.join(decision.conditions[name])}" if name in decision.conditions else ""
        lines.append(f"  {name}: {_shown(name, decision, table)}{limited}")
    if decision.rows:
        lines.append(f"  rows: {' or '.join(decision.rows)}")
    for grant in decision.grants:
        ends = f" until {last_day(grant.until)}" if grant.until else ""
        said = [f"approved by {grant.approval}" if grant.approval else "", grant.reason]
        how = "" if grant.enforce == decision.level else f" ({grant.enforce})"
        lines.append(f"  by {grant.where}, role {grant.role}{how}{ends} {'; '.join(filter(None, said))}".rstrip())
    return [*lines, f"  enforced: {decision.level} (docs/threat-model.md says what that does not stop)"]


def _shown(name: str, decision: Decision, table: Table) -> str:
    """How a column that is given is shown."""
    way = table.way(name) if decision.request.action == "read" else opened(table.way(name))
    return OPENED if name in decision.clear else decision.masks.get(name, way)


def _projected(job: Job, engine: Engine, request: Request, decision: Decision) -> list[str]:
    """Where the answer lies, and what of it does not: encrypted columns, and what another member may not have."""
    lake, people = Lake(job.settings.lake), None
    if (there := lake.open(request.table)) is not None:
        people = people_of(readers_people(lake, job.settings, request.table, there, at=request.at))
    contract = contract_for(job.settings, request.table)
    found = projection_for(projections_of(engine, request, contract, people), decision)
    if found is None:
        return ["  in no projection: its members may have nothing of it together"]
    gone = [name for name in decision.columns if name not in found.decision.columns]
    lines = [f"  in: {lake.folder(found.table)}"]
    return [*lines, f"  not in it: {', '.join(gone)} (docs/policy.md says why)"] if gone else lines


def _by_keys(job: Job, engine: Engine, decision: Decision) -> list[str]:
    """Whose keys open what is given by keys, and what no role's keys open: not all of its members may have it."""
    asked = decision.request
    _, found = openable(
        engine, job.settings, decision.table, principal=asked.principal, at=asked.at, there=decision.request.columns
    )
    lines = []
    for role in dict.fromkeys(found[name] for name in decision.clear if name in found):
        names = ", ".join(name for name in decision.clear if found.get(name) == role)
        lines.append(f"  opened by the keys of {role}: {names} ({file_of(job.settings.role_keys, role)})")
    gone = [name for name in decision.clear if name not in found]
    return [*lines, f"  opened by no role's keys: {', '.join(gone)} (docs/policy.md says why)"] if gone else lines


def _parts(engine: Engine, request: Request, decision: Decision, table: Table) -> list[str]:
    """Fields inside columns that are given though the column as a whole is not: a table is read by whole columns."""
    tops = {name: table.top(name) for name in decision.columns if table.top(name) not in ("", name)}
    whole = dict.fromkeys(tops.values())
    if not decision.allowed or not whole:
        return []
    classifications, tags = table.notes_of(whole)
    asked = replace(request, columns=tuple(whole), classifications=classifications, tags=tags)
    given = engine.narrow(asked).columns
    lost = [name for name, top in tops.items() if top not in given]
    return [f"  not by read_table, which reads whole columns: {', '.join(lost)}"] if lost else []


def _unknown(known: Known, found: Table | None, columns: tuple[str, ...], *, name: str) -> list[str]:
    """What is not known of the table, and so of the answer."""
    told = [f"  not known: what lies in {place} ({why})" for place, why in known.unread]
    if found is None:
        near = did_you_mean(name, [table.name for table in known.tables])
        return [*told, f"  not known: {name} is no table of the lake or of a contract. {near}"]
    if found.state == UNREADABLE:
        return [*told, f"  not known: {name} cannot be read, so which columns it has and how they lie"]
    if found.state:
        of = "" if found.columns else ", so which columns it will have"
        told.append(f"  {'not known: ' if of else ''}{name} is {found.state}{of}")
    missing = [column for column in columns if found.columns and not found.top(column)]
    return [*told, *([f"  not in {name}: {', '.join(missing)}"] if missing else [])]
