"""`prepare --mend-timestamps`: files of before that hold timestamps as only Spark reads them, written anew one by one.

No raw file is read and no row changes; a killed run keeps what it has committed, and the next one takes up there.
"""

from __future__ import annotations

from collections.abc import Iterator

from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.run import RUN, Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.keys.rewrap import AT_ONCE
from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.lake.old_timestamps import old_files
from strongroom.stores.lake.text_columns import tables_of


def mended(job: Job) -> Outcome:
    """Every table that a contract's jobs have published, or those of the contract that the command names.

    Raises:
        Refused: the policy does not let this principal write one of the tables; nothing was changed.
        StoreError: a table cannot be rewritten; what was committed before stays.
    """
    lake, lines, files = Lake(job.settings.lake), [], 0
    found = [(table, _permitted(job, lake, table, contract)) for table, contract in _published(job, lake)]
    todo = [(table, old) for table, old in found if old]
    for table, old in todo:
        if not job.args.dry_run:
            _rewritten(job, lake, table, old=set(old))
        files += len(old)
        lines.append(f"{table}: {counted(len(old), 'file')}")
    verb = "would be written anew" if job.args.dry_run else "written anew"
    told = f"{counted(files, 'file')} with timestamps of before {verb}"
    facts = {"files": files, "tables": len(todo)}
    answer = {"mended": [{"table": table, "files": len(old)} for table, old in todo]}
    return Outcome(rows={}, summary="\n".join((told, *lines)), facts=facts, answer=answer)


def _published(job: Job, lake: Lake) -> Iterator[tuple[str, Contract]]:
    """The tables that say which contract they were made by, where it is among those asked for."""
    asked = [contract_of(job, "prepare")] if job.args.contract else contracts_in(job.settings.contracts)
    by_id = {contract.id: contract for contract in asked}
    for table in tables_of(lake):
        found = lake.open(table)
        contract = by_id.get(found.metadata().configuration.get("strongroom.contract", "")) if found else None
        if contract is not None:
            yield table, contract


def _permitted(job: Job, lake: Lake, table: str, contract: Contract) -> list[str]:
    """The files of a table that there are to do, if this principal may."""
    old = old_files(lake, table)[0]
    if old:
        permit(settle_purpose(job, contract), "write", table, contract=contract)
    return old


def _rewritten(job: Job, lake: Lake, table: str, *, old: set[str]) -> None:
    rewrite = Rewrite.of(lake, table, run_id=job.run.id)
    if rewrite is None:
        return
    note = {RUN: job.run.id, "strongroom.timestamps": "INT96 to INT64"}
    for path, size in rewrite.files():
        if path not in old:
            continue
        job.say(f"{table}: {path}")
        try:
            rewrite.replace(path, size, change=lambda batch: batch)
        except FileNotFoundError:
            rewrite.check_left(path)
        if rewrite.pending >= AT_ONCE:
            rewrite.commit(note=note)
    rewrite.commit(note=note)
    rewrite.sweep()
