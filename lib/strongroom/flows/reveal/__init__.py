"""Open encrypted columns for somebody who may see them: into a table of their own, and never without a trace.

--columns a,b     what to open; columns that are not encrypted come as they lie, to tell rows apart
--where TEXT      only these rows, in the language of contract rules; it sees the columns as they lie
--to NAME         the table is revealed.NAME (default: the contract's name); it is replaced as a whole

Needs a purpose, the right to reveal each column, and the right to write revealed.NAME. Nobody reads that table unless a
grant says so; on a local lake its folder is its owner's alone. The audit log has who, which columns and how many rows
before the table is there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from strongroom.core.contract import Column, Contract, Type
from strongroom.core.contract.conditions import check_condition
from strongroom.core.contract.protection import is_kept, opens
from strongroom.core.contract.subject import TAG
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError, UsageError
from strongroom.core.escaping import preparing
from strongroom.core.expression import parse
from strongroom.core.expression.tree import names
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.core.suggest import did_you_mean
from strongroom.flows.foundation.authorise import ask, permit, refused
from strongroom.flows.foundation.consents import readable_people
from strongroom.flows.foundation.contracts import contract_of
from strongroom.flows.foundation.derived import Origin, tag_of
from strongroom.flows.foundation.people_rows import rows_of
from strongroom.flows.reveal.table import ROW_KEY, Opening, publish
from strongroom.govern.sql.row_filters import predicate
from strongroom.govern.sql.select import reading
from strongroom.protect import output_ddl, revealed_type
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from strongroom.stores.spark.error_translation import at_version
from strongroom.stores.spark.sql import columns_as, rows_where


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("--columns", metavar="A,B", default="", help="the columns, by name")
    parser.add_argument(
        "--where", metavar="TEXT", default="", help="only these rows, for example \"label = 'positive'\""
    )
    parser.add_argument("--to", metavar="NAME", default="", help="write revealed.NAME (default: the contract's name)")


def run(job: Job) -> Outcome:
    """Opens the columns.

    Raises:
        UsageError: no column or no purpose is named, or nothing among the columns is encrypted.
        Refused: the policy said no.
        StoreError: a table or the keyring cannot be used, or another run wrote the table first.
    """
    contract = contract_of(job, "prepare")
    columns, condition = _columns(job, contract), _condition(job, contract)
    decision = _authorise(job, contract, columns=columns, condition=condition)
    lake, source, target = Lake(job.settings.lake), contract.training, _target(job, contract)
    found = lake.open(source)
    if found is None:
        todo = f"./spark-submit.sh prepare --contract {contract.name}"
        raise StoreError("there is no such table yet", where=source, todo=todo, code="table.missing")
    people = readable_people(lake, job.settings, source, found, purpose=job.run.purpose, at=job.run.started)
    told = f"{', '.join(column.name for column in columns)} of {source}"
    if job.args.dry_run:
        would, answer = f"{told} would be opened into {target}", {"table": target, "version": None}
        return Outcome({target: lake.folder(target)}, summary=would, answer=answer)
    keyring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    recipe = {"job": "reveal", "columns": [column.name for column in columns], "where": job.args.where}
    origin = Origin(contract, {source: found.version()}, job.run.purpose, recipe, tag=tag_of(found))
    lying = rows_of(at_version(job.spark(), lake.spark_path(source), found.version()), people)
    rows = _rows(job, decision, lying, columns, condition)
    plan = Opening(columns, source, target, keyring.handle, tagged=TAG in rows.columns)
    return publish(job, rows, plan, decision=decision, origin=origin)


def _columns(job: Job, contract: Contract) -> tuple[Column, ...]:
    """The columns that the command names, in its order."""
    known = {column.name: column for column in contract.columns}
    wanted = list(dict.fromkeys(name.strip() for name in job.args.columns.split(",") if name.strip()))
    if not wanted:
        raise UsageError("reveal which columns?", todo="Give --columns A,B.")
    for name in wanted:
        if name not in known or revealed_type(known[name]) is None:
            there = [column.name for column in contract.columns if revealed_type(column) is not None]
            raise UsageError(f"the table has no column {name!r}", where=contract.file, todo=did_you_mean(name, there))
    if not any(opens(leaf) for name in wanted for leaf in known[name].leaves()):
        raise UsageError("none of these columns is encrypted", where=contract.file, todo="There is nothing to open.")
    return tuple(known[name] for name in wanted)


def _condition(job: Job, contract: Contract) -> tuple[str, ...]:
    """The columns that `--where` looks at.

    Raises:
        ConfigError: it is no condition, or looks at a column that does not lie there in a form to compare.
    """
    if not job.args.where:
        return ()
    lie = {leaf.path: replace(leaf, type=_as_it_lies(leaf)) for leaf in contract.leaves() if output_ddl(leaf)}
    tree = parse(job.args.where, where="--where")
    check_condition(tree, lie, where="--where")
    return tuple(dict.fromkeys(name.path.split(".")[0] for name in names(tree)))


def _as_it_lies(leaf: Column) -> Type:
    return leaf.type if is_kept(leaf) else Type(output_ddl(leaf))


def _authorise(job: Job, contract: Contract, *, columns: Iterable[Column], condition: Iterable[str]) -> Decision:
    """The right to reveal every column that is opened or asked about, and to write the table."""
    if not job.run.purpose:
        raise UsageError("reveal needs a purpose", todo="Give --purpose WORD, as the policy names it.")
    wanted = dict.fromkeys((*(column.name for column in columns), *condition))
    decision = ask(job, "reveal", contract.training, columns=wanted, contract=contract)
    if not decision.allowed:
        raise refused(job, decision, contract)
    if decision.masks:
        todo = "Leave it out, or ask for a grant without a mask."
        raise Refused(f"{', '.join(decision.masks)}: shown behind a mask only", where=decision.table, todo=todo)
    permit(job, "write", _target(job, contract))
    return decision


def _target(job: Job, contract: Contract) -> str:
    name = job.args.to or contract.name
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise UsageError("this is no table's name", where="--to", todo="Use letters, digits and '_'.")
    return f"revealed.{name}"


def _rows(job: Job, decision: Decision, rows: Any, columns: Sequence[Column], condition: tuple[str, ...]) -> Any:
    """The rows that policy and command leave, as they lie, with the row keys that values are bound to, and their tags.

    A row key is read whether or not the grant shows it: it serves to open, and nothing of it is written.
    """
    bound = row_keys_of(columns)
    gone = [name for name in (*(column.name for column in columns), *condition, *bound) if name not in rows.columns]
    if gone:
        what = f"the table has no column {', '.join(gone)}; it is older than the contract"
        raise ConfigError([Problem(what, decision.table, f"Run {preparing(decision.table.partition('.')[2])} first.")])
    sql = reading(decision, dict(rows.dtypes))
    if condition:
        rows = rows_where(rows, predicate(job.args.where, dict(rows.dtypes), where="--where"))
    rows = rows_where(rows, sql.where)
    keys = [f"{ROW_KEY}{place}" for place in range(len(bound))]
    beside = [f"{identifier(name)} as {key}" for name, key in zip(bound, keys, strict=True)]
    tag = [TAG] if TAG in rows.columns else []
    shown = columns_as(rows, (*sql.select, *beside, *(name for name in tag if name not in decision.columns)))
    return shown.select([*(identifier(column.name) for column in columns), *keys, *tag])
