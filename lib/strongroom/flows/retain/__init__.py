"""Take rows out that have had their time, everywhere: as long as a contract says, and no longer. No Java.

retain --dry-run     how many rows are too old, table by table; nothing is changed
retain run           takes them out of the training table, of what was set aside, and of everything derived
--contract NAME      of one data set alone; default: of each that says how long rows are kept

How long that is stands in the contract, as the service level `retention` of a column that tells a row's time. `prepare`
leaves rows out that are older, so none comes back. A deny of `delete` in the policy is a legal hold: the table stays.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.retention import kept_since
from strongroom.core.errors import ConfigError, Problem, StoreError, UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted, did_you_mean
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.retain.work import MODELS, Told, Work


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `retain` takes besides the options of every job."""
    parser.add_argument("verb", choices=("run",), nargs="?", help="default, with --dry-run: only count")


def run(job: Job) -> Outcome:
    """Takes the rows out, or counts them.

    Raises:
        UsageError: neither `run` nor `--dry-run`; or no contract says how long rows are kept.
        Refused: the policy does not let this principal delete in one of the tables; nothing was changed.
        StoreError: a place could not be reached; all others are done, and the same again goes on.
    """
    if not job.args.verb and not job.args.dry_run:
        raise UsageError("retain what?", todo="Count with `retain --dry-run`, take rows out with `retain run`.")
    known = map_of(job.settings)
    works = [
        Work(job, contract, contract.retention, known, kept_since(contract.retention, job.run.started))
        for contract in _chosen(job)
        if contract.retention is not None
    ]
    for work in works:
        for node in work.nodes():
            if node.kind != MODELS and not work.hold(node.name):
                permit(job, "delete", node.name, contract=work.contract)
    for work in works:
        work.each()
    return _outcome(job, works)


def _chosen(job: Job) -> list[Contract]:
    """The contracts that say how long rows are kept, or the one that is named."""
    all_ = contracts_in(job.settings.contracts)
    wanted = str(job.args.contract or "")
    if not wanted:
        return all_
    found = [contract for contract in all_ if wanted in (contract.name, contract.file)]
    if not found:
        names = [contract.name for contract in all_]
        raise UsageError(f"there is no contract {wanted!r}", where="--contract", todo=did_you_mean(wanted, names))
    if found[0].retention is None:
        todo = "Add slaProperties: [{property: retention, element: TABLE.COLUMN, value: 2, unit: y}]."
        raise ConfigError([Problem("It does not say how long rows are kept.", found[0].file, todo, "retention.unsaid")])
    return found


def _outcome(job: Job, works: list[Work]) -> Outcome:
    verb = "would go" if job.args.dry_run else "gone"
    lines, rows = list[str](), 0
    for work in works:
        lines.append(f"{work.contract.name}: rows are kept since {work.since:%Y-%m-%d}")
        for told in work.done:
            rows += told.rows
            lines.append(f"  {told.table}: {counted(told.rows, 'row')} {verb}, of {counted(told.files, 'file')}")
        lines += [f"  {told.table} stays: {told.why}" for told in work.held]
        lines += [f"  {told.table} not reached: {told.why}" for told in work.unreached]
        lines += [f"  to be made anew: {name}" for name in work.due]
    answer = {
        "data_sets": [
            {
                "contract": work.contract.name, "since": f"{work.since:%Y-%m-%dT%H:%M:%SZ}", "due": work.due,
                "tables": [*map(_done, work.done)], "held": [*map(_why, work.held)],
                "unreached": [*map(_why, work.unreached)],
            }
            for work in works
        ]
    }  # fmt: skip
    outcome = Outcome(
        rows={"old": rows}, summary=joined(lines or ["No contract says how long rows are kept."]), answer=answer,
        facts={"rows": rows, "data_sets": len(works), "held": sum(len(work.held) for work in works)},
    )  # fmt: skip
    missing = [told for work in works for told in work.unreached]
    if missing and not job.args.dry_run:
        what = f"{counted(len(missing), 'place')} could not be reached: {missing[0].why}"
        error = StoreError(what, where=missing[0].table, todo="All else is done.", code="retention.unreached")
        error.outcome = outcome
        raise error
    return outcome


def _done(told: Told) -> dict[str, object]:
    return {name: value for name, value in asdict(told).items() if name != "why"}


def _why(told: Told) -> dict[str, object]:
    return {"table": told.table, "why": told.why}
