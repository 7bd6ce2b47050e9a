"""A table brought to a changed contract in an increment: columns added, others written anew as wider ones.

Which changes can be is decided in `flows/prepare/evolution.py`. Columns are added before anything is read; files are
written anew, one by one and after the gate, and published with the new rows and the new columns in one version.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field

from strongroom.core.contract import Contract, Type
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.run import RUN, Job
from strongroom.core.suggest import counted
from strongroom.flows.foundation import table_plans
from strongroom.flows.foundation.erased import free_of_erased, within_of
from strongroom.flows.prepare.evolution import LOOSE, NEW, SEALED, WIDER, Evolution, evolution
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.protect.rewrap import Rewrapper, as_it_is, sealed_anew
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits, owners, properties
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.lake.others import REWRAP, files_of
from strongroom.stores.lake.staging import is_of
from strongroom.stores.table_plan import delta_schema

_WORDS = {
    NEW: "is added; null in the rows that are there",
    LOOSE: "may be null from now on",
    WIDER: "gets a wider type",
    SEALED: "gets a wider type, and is encrypted anew",
}


def evolution_of(contract: Contract, table: DeltaTable) -> Evolution:
    """What brings this table to the contract. Raises ConfigError when something cannot be."""
    same = table.metadata().configuration.get("strongroom.contract_fingerprint") == contract.fingerprint
    return evolution(pa.schema(table.schema().to_arrow()), table_plans.training(contract).schema, contract, same=same)


def planned(job: Job, contract: Contract, lake: Lake, *, mode: str) -> Evolution | None:
    """What becomes of the training table's columns in a run that keeps its rows; None in one that does not.

    Raises:
        ConfigError: something cannot be, or would write more anew than an increment may.
    """
    table = lake.open(contract.training)
    if mode == "overwrite" or table is None:
        return None
    found = evolution_of(contract, table)
    refuse_large(job, contract, found, table)
    return found


def alone(job: Job, contract: Contract, lake: Lake, *, evolved: Evolution) -> int | None:
    """What a run does about the columns that has no file to read; the table's version when that changed it."""
    if not evolved.changes:
        return None
    name, plan = contract.training, table_plans.training(contract)
    table = lake.open(name)
    if table is None:
        return None
    if evolved.rewritten:
        owners.refuse(name, table, mode="overwrite")
        widen(job, contract, lake, evolved=evolved)
    properties.bring(lake, name, plan, say=job.say)
    note(lake, name, plan.schema)
    table = lake.open(name)
    return None if table is None else int(table.version())


def told(evolved: Evolution, table: DeltaTable) -> list[tuple[str, str]]:
    """Path and change of each column, and which files are written anew for it, for people."""
    lines = [(path, _WORDS[change]) for path, change in evolved.changes.items()]
    if evolved.rewritten:
        files = files_of(table)
        lines.append(("written anew", f"{counted(len(files), 'file')}, {sum(files.values()):,} bytes"))
    return lines


def refuse_large(job: Job, contract: Contract, evolved: Evolution, table: DeltaTable) -> None:
    """Ends a run that would have to write more anew than the settings let an increment write by the way.

    Raises:
        ConfigError: with the command that does it alone.
    """
    most, bytes_ = float(str(job.settings.jobs["prepare"]["widenLimit"])), sum(files_of(table).values())
    if evolved.rewritten and bytes_ > most * 1e9 and not job.args.widen:
        columns = ", ".join(evolved.rewritten)
        what = f"wider columns ({columns}) mean that {bytes_ / 1e9:,.1f} GB are written anew, and the limit is {most:g}"
        todo = f"Do it alone: ./spark-submit.sh prepare --contract {contract.name} --widen (or set prepare.widenLimit)."
        raise ConfigError([Problem(what, f"{contract.file}:{_line(contract, evolved)}", todo, "contract.change")])


def _line(contract: Contract, evolved: Evolution) -> int:
    name = evolved.rewritten[0].partition(".")[0].removesuffix("[]")
    return next(column.line for column in contract.columns if column.name == name)


def add(lake: Lake, name: str, evolved: Evolution, table: DeltaTable) -> DeltaTable:
    """The table with its new columns, and null where it may be from now on: no row differs by either."""
    tops = {path.partition(".")[0].removesuffix("[]") for path in evolved.added}
    tops -= {path.partition(".")[0].removesuffix("[]") for path in evolved.rewritten}  # these come with the files
    there = {field.name for field in table.schema().fields}
    fields = [field if field.name not in there else Field(field.name, field.type, nullable=field.nullable)
              for field in delta_schema(evolved.schema).fields if field.name in tops]  # fmt: skip
    if not fields:
        return table
    commits.altered(lake, name, lambda now, props: now.alter.add_columns(fields, commit_properties=props))
    found = lake.open(name)
    return table if found is None else found


def note(lake: Lake, name: str, schema: pa.Schema) -> None:
    """What the table's columns say of themselves, as the contract has it now."""
    table = lake.open(name)
    if table is None:
        return
    have = {field.name: field for field in table.schema().fields}
    lacking = list[Field]()
    for field in delta_schema(schema).fields:
        old = have.get(field.name)
        if old is None:
            continue
        fresh = {key: value for key, value in field.metadata.items() if key not in old.metadata}
        if fresh:  # all of these in one version
            lacking.append(Field(old.name, old.type, nullable=old.nullable, metadata=fresh))
        changed = {key: value for key, value in field.metadata.items() if old.metadata.get(key, value) != value}
        if changed:
            commits.altered(lake, name, partial(_noted, field.name, changed))
    if lacking:
        commits.altered(lake, name, lambda now, props: now.alter.add_columns(lacking, commit_properties=props))


def _noted(column: str, metadata: Mapping[str, str], now: DeltaTable, props: CommitProperties) -> None:
    now.alter.set_column_metadata(column, dict(metadata), commit_properties=props)


def widened(job: Job, contract: Contract, lake: Lake, *, evolved: Evolution, without: str = "") -> Rewrite:
    """The files of the newest version, but those of one batch's stage, written anew with the columns to come.

    Raises:
        StoreError: a file cannot be read or written, or holds encrypted values that do not open.
    """
    name = contract.training
    rewrite = Rewrite.of(lake, name, run_id=job.run.id)
    if rewrite is None:
        raise StoreError("this table vanished", where=name, todo="Run again.", code="table.vanished")
    rewrite.schema = evolved.schema
    again = _sealed(job, contract, evolved) if evolved.former else {}
    for path, size in rewrite.files():
        if without and is_of(path, without):
            continue
        job.say(f"{name}: written anew with wider columns: {path}")
        rewrite.replace(
            path, size, change=partial(_anew, again=again, row_keys=row_keys_of(contract.columns), where=name)
        )
    return rewrite


def widen(job: Job, contract: Contract, lake: Lake, *, evolved: Evolution) -> int:
    """The same of all files, as a version of its own; returns its number."""
    name = contract.training
    rewrite = widened(job, contract, lake, evolved=evolved)
    schema = owners.with_notes(evolved.schema, rewrite.onto)
    change = Change([new for _, new in rewrite.pairs], whole=True, schema=schema)
    columns = ", ".join(evolved.rewritten)
    # REWRAP tells other runs at work that the rows are what they were.
    said = {RUN: job.run.id, REWRAP: f"wider columns: {columns}"}
    free = free_of_erased(job.settings, lake, name, change, within=within_of(rewrite.onto))
    version = commits.commit(lake, name, free, looked=rewrite.onto, writers=rewrite.writers, note=said)
    rewrite.reopen()
    rewrite.sweep()
    return version


def _sealed(job: Job, contract: Contract, evolved: Evolution) -> dict[str, Rewrapper]:
    ring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    table, former = contract.training, evolved.former
    return {
        column.name: sealed_anew(column, former=Type(former[column.name]), table=table, keyring=ring)
        for column in contract.columns
        if column.name in former
    }


def _anew(
    batch: pa.RecordBatch, *, again: Mapping[str, Rewrapper], row_keys: tuple[str, ...], where: str
) -> pa.RecordBatch:
    keys = {name: batch.column(name) for name in row_keys if name in batch.schema.names}
    arrays: list[Any] = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        done = again.get(name, as_it_is)(array, keys)
        if done.left:
            what = f"{counted(done.left, 'value')} of {name!r} do not open, so they cannot be encrypted as wider ones"
            raise StoreError(
                what, where=where, todo="See `keys list` for keys that are disabled or gone.", code="key.wrong"
            )
        arrays.append(done.array.cast(array.type))
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
