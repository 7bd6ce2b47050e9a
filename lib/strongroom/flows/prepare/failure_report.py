"""The report of a run that ended early: a page that says so, a red test, a figure that alarms, a FAIL event."""

from __future__ import annotations

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, StrongroomError, Terminated
from strongroom.core.report import ContractFacts, Report, SourceFacts
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation import reporting
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.run_rows import seconds_of
from strongroom.flows.prepare.run_record import write_failed
from strongroom.govern.table import table_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.publication import readable
from strongroom.stores.spark.error_translation import translate


def report(job: Job, contract: Contract, error: BaseException, *, lake: Lake) -> None:
    """Writes and sends what is known; the error goes on to whoever called, whatever becomes of its report.

    Nothing is written by a rehearsal, nor over the report of a run that has ended: the same id may be given again.
    """
    if job.args.dry_run:
        return
    try:
        failed = _failed(job, contract, error, lake=lake)
        if reporting.is_written(failed, lake=lake):
            return
        page = reporting.write_report(failed, lake=lake)
        notes = reporting.end(job, failed)
        write_failed(job, contract, lake=lake, report=page, notes=notes)
        job.say(f"report: {page}")
        if isinstance(error, StrongroomError) and error.outcome is None:
            error.outcome = Outcome(report=page)
    except Exception as second:  # the first error counts
        job.say(f"note: this run leaves no report ({type(second).__name__})")


def _failed(job: Job, contract: Contract, error: BaseException, *, lake: Lake) -> Report:
    table = contract.training
    may_read = reporting.readers_of(job, table_of(contract, table, protected=True), purposes=contract.purposes)
    return Report(
        run=job.run,
        contract=ContractFacts.of(contract),
        policy=policy_of(job),
        table=table,
        status="failed",
        read=None,
        written=None,
        quarantined=None,
        seconds=seconds_of(job.run),
        sources=tuple(SourceFacts(source.name, source.format, source.path) for source in contract.sources),
        tables={table: lake.folder(table)},
        readable=readable(lake, table),
        audience=reporting.roles_of(may_read),
        readers=may_read,
        problem=_problem(error),
        todo="Run again once it is mended; the message of the job says how.",
    )


def _problem(error: BaseException) -> str:
    """One sentence of ours. What another's error says may quote data, so that only its class is told."""
    if isinstance(error, KeyboardInterrupt):
        return f"It was stopped by {'SIGTERM' if isinstance(error, Terminated) else 'Ctrl-C'}."
    known = translate(error)
    if known is None:
        return f"It ended with a bug: {type(error).__name__}."
    what = known.problems[0].what if isinstance(known, ConfigError) else known.what
    return what[:1].upper() + what[1:].rstrip(".") + "."
