"""`keys rewrap`: what lies encrypted under old keys is encrypted under the primary one, file by file.

A killed run keeps what it has committed, and the next one takes up there: files without old keys are passed over. Why
tokens stay behind: docs/decisions/rewrap.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from strongroom.arrow.types import plain
from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.protection import opens
from strongroom.core.escaping import joined
from strongroom.core.keys.ring import Keyring
from strongroom.core.run import RUN, Job, Outcome
from strongroom.core.suggest import counted
from strongroom.core.zones import PROTECTED
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.protect.methods.row_key import row_keys_of
from strongroom.protect.rewrap import Rewrapped, Rewrapper, as_it_is, rewrapper, row_rewrapper, under
from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.lake.others import REWRAP

AT_ONCE = 256 << 20
"""Bytes of new files that one commit takes in: so much work a killed run loses at most."""
_BINARY = (pa.binary(), pa.large_binary(), pa.binary_view())
"""Types that a file's binary values may be of: a DELETE by another library writes views."""


@dataclass(frozen=True, slots=True)
class Work:
    """A table, what rewraps each of its columns, and the columns that values are bound to."""

    contract: Contract
    table: str
    columns: dict[str, Rewrapper]
    row_keys: tuple[str, ...] = ()


def rewrapped(job: Job, ring: Keyring) -> Outcome:
    """Every table of every contract, or of the one that the command names.

    Raises:
        Refused: the policy does not let this principal write one of the tables; nothing was changed.
        StoreError: a table cannot be rewritten; what was committed before stays.
    """
    lake, old, todo = Lake(job.settings.lake), ring.enabled[1:], permitted(job, ring)
    counts: Counter[str] = Counter()
    lines, tables = list[str](), list[dict[str, object]]()
    for work in todo if old else []:
        found = _table(job, work, lake, old=old)
        counts.update(found)
        tables.append({"table": work.table, **{name: found[name] for name in ("values", "files", "unopened")}})
        lines.append(
            f"{work.table}: {counted(found['values'], 'value')} in {counted(found['files'], 'file')}"
            + (f"; {found['unopened']:,} do not open and stay" if found["unopened"] else "")
        )
    verb = "would move" if job.args.dry_run else "moved"
    told = (
        f"{verb} to key {ring.primary:08x}: {counted(counts['values'], 'value')} in {counted(counts['files'], 'file')}"
    )
    after = "Older versions keep the old values until VACUUM; `keys coverage` tells what is left, tokens among it."
    facts = {"primary": f"{ring.primary:08x}", **{name: counts[name] for name in ("values", "files", "unopened")}}
    summary = joined((told, *lines, after))
    answer = {**facts, "tables": tables}
    return Outcome(rows={"rewrapped": counts["values"]}, summary=summary, facts=facts, answer=answer)


def permitted(job: Job, ring: Keyring) -> list[Work]:
    """The tables there are to do, each of which this principal may write.

    Raises:
        Refused: the policy does not let them.
    """
    lake = Lake(job.settings.lake)
    todo = [
        work for contract in _contracts(job) for work in _works(contract, ring) if lake.open(work.table) is not None
    ]
    for work in todo:
        permit(settle_purpose(job, work.contract), "write", work.table, contract=work.contract)
    return todo


def _contracts(job: Job) -> list[Contract]:
    if job.args.contract:
        return [contract_of(job, "prepare")]
    return contracts_in(job.settings.contracts)


def _works(contract: Contract, ring: Keyring) -> Iterator[Work]:
    """The tables that hold a contract's values: what is derived keeps some of the training table's as they lie."""
    training = contract.training
    columns = {
        column.name: rewrapper(column, table=training, keyring=ring)
        for column in contract.columns
        if any(map(opens, column.leaves()))
    }
    for zone in PROTECTED if columns else ():
        yield Work(contract, f"{zone}.{contract.name}", columns, row_keys_of(contract.columns))
    for table in (contract.quarantine, contract.corrections):
        yield Work(contract, table, {"row": row_rewrapper(table=training, keyring=ring)})


def _table(job: Job, work: Work, lake: Lake, *, old: Iterable[int]) -> Counter[str]:
    """Rewraps one table; returns how many values and files, and how many values do not open.

    Files that others put in their place meanwhile (a compaction, a DELETE) are looked at, too, until none is left.
    """
    counts: Counter[str] = Counter()
    rewrite, keys = Rewrite.of(lake, work.table, run_id=job.run.id), tuple(old)
    if rewrite is None:
        return counts
    note = {RUN: job.run.id, REWRAP: "encrypted under the primary key"}
    by_file: dict[str, Counter[str]] = {}
    seen: set[str] = set()
    while todo := rewrite.todo(seen):
        for path, size in todo:
            seen.add(path)
            try:
                by_file[path] = found = _file(job, work, rewrite, path, size, keys=keys)
                counts.update(found if path not in rewrite.waiting else ())
            except FileNotFoundError:
                rewrite.check_left(path)
            if rewrite.pending >= AT_ONCE:
                counts.update(_sum(by_file[path] for path in rewrite.commit(note=note)))
        counts.update(_sum(by_file[path] for path in rewrite.commit(note=note)))
    if not job.args.dry_run:
        rewrite.sweep()
    return counts


def _file(job: Job, work: Work, rewrite: Rewrite, path: str, size: int, *, keys: tuple[int, ...]) -> Counter[str]:
    """Rewraps one file of a table; what it found counts once it is committed."""
    values = sum(_lies(batch, keys) for batch in rewrite.batches(path, list(work.columns)))
    if not values:
        return Counter()
    job.say(f"{work.table}: {values:,} values in {path}")
    if job.args.dry_run:
        return Counter(files=1, values=values)
    found: Counter[str] = Counter()
    rewrite.replace(path, size, change=partial(_changed, work=work, found=found))
    if not found["values"]:
        rewrite.forget()
        return found
    return found + Counter(files=1)


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter())


def _changed(batch: pa.RecordBatch, *, work: Work, found: Counter[str]) -> pa.RecordBatch:
    """The batch rewrapped. A table without the row key that values are bound to keeps these as they lie, unopened."""
    arrays, there = [], batch.schema.names
    missing = pa.nulls(batch.num_rows, pa.string())
    row_keys = {name: plain(batch.column(name)) if name in there else missing for name in work.row_keys}
    for name, array in zip(there, batch.columns, strict=True):
        done: Rewrapped = work.columns.get(name, as_it_is)(array, row_keys)
        found.update(values=done.moved, unopened=done.left)
        arrays.append(done.array if done.array.type == array.type else done.array.cast(array.type))
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _lies(batch: pa.RecordBatch, keys: tuple[int, ...]) -> int:
    """Values of a batch that lie under one of these keys."""
    return sum(int(under(leaf, keys).sum()) for array in batch.columns for leaf in _binaries(array))


def _binaries(array: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_struct(array.type):
        for part in array.flatten():
            yield from _binaries(part)
    elif pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        yield from _binaries(array.flatten())
    elif array.type in _BINARY:
        yield array.cast(pa.binary())
