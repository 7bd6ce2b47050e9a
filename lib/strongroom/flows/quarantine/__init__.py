"""Work with rows that were set aside: list them, show them to who may, try them again, or discard them.

list      counts by reason, run and source file; opens nothing
show      the rows themselves, for a principal that may reveal them; audited
retry     judges them by today's contract; rows that now pass go to training exactly once
discard   deletes them, by run or by age
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.contract.subject import people_of
from strongroom.core.errors import StoreError, UsageError
from strongroom.core.escaping import joined, json_text, one_line, preparing
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import equals, one_of
from strongroom.core.suggest import counted, did_you_mean
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.erased import refuse_behind
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.flows.quarantine import retry
from strongroom.flows.quarantine.records import read_again
from strongroom.flows.row_pass.row_json import RECORD, UNTRUSTED, as_json
from strongroom.flows.row_pass.source_positions import in_file
from strongroom.protect import unseal
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits
from strongroom.stores.sources.origins import Form, Origin, origins_of

VERBS = ("list", "show", "retry", "discard")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--reason", default="", help="only rows with this reason, for example email.pattern")
    parser.add_argument("--run", default="", help="only rows that this run set aside")
    parser.add_argument("--older-than", metavar="DAYS", type=int, default=None, help="discard: rows of runs that old")
    parser.add_argument("--limit", type=int, default=20, help="show: at most so many rows (default 20)")


def run(job: Job) -> Outcome:
    """Does what the verb says.

    Raises:
        Refused: the policy said no.
        StoreError: there is no quarantine, or it cannot be read or written.
    """
    contract = contract_of(job, "prepare")
    lake, table = Lake(job.settings.lake), contract.quarantine
    found = lake.open(table)
    if found is None:
        raise StoreError(
            "there is no quarantine yet",
            where=lake.folder(table),
            todo=f"Run {preparing(contract.name)}.",
            code="table.missing",
        )
    refuse_behind(job.settings, table, found, people_of(contract))
    verb = {"list": _list, "show": _show, "retry": retry.retry, "discard": _discard}[job.args.verb]
    return verb(job if job.args.verb == "show" else settle_purpose(job, contract), contract, lake)


def _list(job: Job, contract: Contract, lake: Lake) -> Outcome:
    """Counts by reason, run and file."""
    permit(job, "read", contract.quarantine, contract=contract, shows=True)
    rows = _rows(job, contract, lake, columns=("run_id", "batch", "reasons", "source_file"))
    asked = {rule.id: rule.columns for rule in contract.rules}
    blocks = (
        ("reason", Counter(each for row in rows for each in row["reasons"] or ())),
        ("run", Counter(row["run_id"] for row in rows)),
        ("file", Counter(row["source_file"] for row in rows)),
    )
    lines = [f"quarantine.{contract.name}: {counted(len(rows), 'row')}; a row may have several reasons"]
    ranked = {title: sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))) for title, counts in blocks}
    for title, counts in ranked.items():
        lines += ["", f"  {'rows':>8}  {title}"]
        told = [(_reason(name, asked.get(name, ())) if title == "reason" else name, count) for name, count in counts]
        lines += [f"  {count:>8,}  {one_line(name or '(none)')}" for name, count in told]
    facts = {"table": contract.quarantine}
    answer = {
        **facts,
        "rows": len(rows),
        **{f"{title}s": [{title: name, "rows": count} for name, count in counts] for title, counts in ranked.items()},
    }
    return Outcome(rows={"quarantined": len(rows)}, summary=joined(lines), facts=facts, answer=answer)


def _reason(rule: str, columns: tuple[str, ...]) -> str:
    """A rule's id, and the columns it is about where the id does not begin with the one."""
    told = len(columns) == 1 and rule.startswith(f"{columns[0]}.")
    return rule if told or not columns else f"{rule} ({', '.join(columns)})"


def _show(job: Job, contract: Contract, lake: Lake) -> Outcome:
    """The rows in clear, one JSON object a line, and an event that says who saw how many."""
    table = contract.quarantine
    decision = permit(job, "reveal", table, contract=contract)
    if job.args.limit < 1:
        raise UsageError("--limit is at least 1")
    rows = _rows(job, contract, lake)[: job.args.limit]
    keyring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    sealed = pa.array([row["row"] for row in rows], pa.binary())
    opened, _ = unseal(sealed, table=contract.training, keyring=keyring)
    facts = {"rows": len(rows)}
    event = Event.made(job.run, "reveal", roles=decision.roles, table=table, contract=contract.fingerprint, facts=facts)
    AuditLog.open(job.settings).append(event)  # before anything is shown
    asked = {rule.id: rule.columns for rule in contract.rules}
    kept = origins_of(lake, contract.name, sorted({row["batch"] for row in rows}))
    shown = [
        _line(row, clear, asked, contract, kept.get((row["batch"], row["source_file"])))
        for row, clear in zip(rows, opened.to_pylist(), strict=True)
    ]
    if not shown:
        job.say("no such row")
    told = joined(map(json_text, shown))
    return Outcome(
        rows={"read": len(rows)},
        summary=told,
        facts={"table": table},
        lines=shown,
        answer={"table": table, "shown": len(shown)},
    )


def _line(
    row: dict[str, Any], clear: bytes | None, asked: Mapping[str, tuple[str, ...]], contract: Contract,
    origin: Origin | None,
) -> dict[str, object]:  # fmt: skip
    told = {name: row.get(name) for name in ("reasons", "source_file", "source_position")}
    if origin is not None and told["source_position"]:
        told["source_position"] = in_file(str(told["source_position"]), origin.parts)
    columns = dict.fromkeys(column for rule in row["reasons"] or () for column in asked.get(rule, ()))
    return {**told, "columns": [*columns], **_clear(clear, contract, origin.form if origin else None)}


def _clear(clear: bytes | None, contract: Contract, form: Form | None) -> dict[str, object]:
    r"""What was set aside: the row as its columns, where it is one, and of a text file the very record.

    Bytes of it that are no text are shown as `\xff`, numbers that are none as the texts "NaN" and "Infinity".
    """
    if clear is None:
        return {"row": "cannot be opened with this keyring"}
    if clear[:1] not in (RECORD, UNTRUSTED):
        return {"row": json.loads(clear)}
    encoding = form.encoding if form is not None else "UTF-8"
    record: dict[str, object] = {"record": clear[1:].decode(encoding, "backslashreplace")}
    rows = read_again(pa.array([clear[1:]], pa.binary()), contract.as_read.columns, form) if clear[:1] == RECORD else []
    found = [line for part in rows for line in as_json(part.rows).to_pylist()]
    return {**record, "row": json.loads(found[0])} if found else record


def _discard(job: Job, contract: Contract, lake: Lake) -> Outcome:
    """Deletes rows by run or by age; without either it deletes nothing."""
    table = contract.quarantine
    permit(job, "delete", table, contract=contract)
    runs = _chosen_runs(job, contract, lake)
    have = _rows(replace(job, args=argparse.Namespace(**{**vars(job.args), "run": "", "reason": ""})), contract, lake)
    gone = sum(row["run_id"] in runs for row in have)
    if job.args.dry_run or not gone:
        told = f"{gone:,} of {counted(len(have), 'row')} would be discarded"
        answer = {"table": table, "discarded": 0, "would_discard": gone, "of": len(have)}
        return Outcome(rows={"discarded": 0}, summary=told, answer=answer)
    commits.without(lake, table, where=one_of("run_id", sorted(runs)))
    left = len(have) - gone
    summary = f"{counted(gone, 'row')} discarded, {left:,} left; their files go with the next VACUUM after 7 days"
    facts = {"table": table, "discarded": gone}
    return Outcome(
        rows={"discarded": gone}, summary=summary, facts=facts, answer={**facts, "would_discard": 0, "of": len(have)}
    )


def _chosen_runs(job: Job, contract: Contract, lake: Lake) -> set[str]:
    if job.args.run:
        return {job.args.run}
    if job.args.older_than is None or job.args.older_than < 0:
        raise UsageError("discard what?", todo="Give --run ID or --older-than DAYS.")
    before = job.run.started - timedelta(days=job.args.older_than)
    rows = lake.read(RUNS, ("run_id", "started"), where=equals("dataset", contract.name))
    return {row["run_id"] for row in (rows.to_pylist() if rows is not None else []) if row["started"] <= before}


def _rows(job: Job, contract: Contract, lake: Lake, *, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """The rows that the options choose, in a stable order.

    Raises:
        UsageError: there are rows, and none has the reason asked for.
    """
    where = equals("run_id", job.args.run) if job.args.run else None
    found = lake.read(contract.quarantine, tuple(columns) if columns else None, where=where)
    rows = (
        found.sort_by([("batch", "ascending"), ("source_file", "ascending")]).to_pylist() if found is not None else []
    )
    if not (reason := job.args.reason):
        return rows
    chosen = [row for row in rows if reason in (row["reasons"] or ())]
    if rows and not chosen:
        known = {each for row in rows for each in row["reasons"] or ()}
        raise UsageError(f"no row here has the reason {reason!r}", where="--reason", todo=did_you_mean(reason, known))
    return chosen
