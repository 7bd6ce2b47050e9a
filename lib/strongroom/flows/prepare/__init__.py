"""Turn raw files into a training table: checked, protected, governed, and published as a whole or not at all.

--all               every contract of the folder, each after those it refers to; the exit code is the gravest
--reread FILE       the batch that read this raw file is read anew as a whole and takes its own place in the table
--widen             reads nothing: only brings the table's columns to the contract's types, however large it is
--from-version N    of a Delta source, leave alone what its versions up to N did
--mend-timestamps   reads nothing: writes just those files anew whose timestamps are of before

Try it with --dry-run first: it says what would be read, checked, protected and written, and touches nothing. Each run
leaves a report in the lake's folder reports/. With --set prepare.mode=append it reads just what is new.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from strongroom.core.contract import Contract, Source, raw_table
from strongroom.core.contract_files import is_example
from strongroom.core.errors import ConfigError, GateClosed, StoreError, sentences
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.cross_row.rules import new_keys, permit_references
from strongroom.flows.foundation import reporting, table_plans
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.hidden_folders import folders_hidden
from strongroom.flows.foundation.keyring import marked, ring_for
from strongroom.flows.prepare import evolve, failure_report, redactions, run_record, summary
from strongroom.flows.prepare import report as prepare_report
from strongroom.flows.prepare.absent import absent_before, absent_columns, foretold, names_in, told
from strongroom.flows.prepare.batch_inputs import Read, only_spark
from strongroom.flows.prepare.gate_distinct import with_former_values
from strongroom.flows.prepare.mend_timestamps import mended
from strongroom.flows.prepare.order import in_order as in_order
from strongroom.flows.prepare.owner_rules import judge_owners
from strongroom.flows.prepare.plan import Found, foreseen, mode_of, plan_batch
from strongroom.flows.prepare.publish import look_again, publish_quarantine, publish_training
from strongroom.flows.prepare.run_record import Done
from strongroom.flows.prepare.staged import stage
from strongroom.flows.row_pass import process, shape_check
from strongroom.flows.row_pass.inputs import road_of
from strongroom.flows.row_pass.people import with_gates
from strongroom.flows.row_pass.probe import probed
from strongroom.quality.gate import emptied, judge_set
from strongroom.quality.min_distinct import judge_frequencies
from strongroom.sample.lake import make_sample
from strongroom.stores import sources
from strongroom.stores.lake import Lake, owners, staging
from strongroom.stores.sources.kinds import Looked, kind_of, pinned
from strongroom.stores.spark.error_translation import translate
from strongroom.stores.spark.session import can_be_local


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `prepare` takes besides the options of every job."""
    parser.add_argument("--all", action="store_true", help="every contract, each after those that it refers to")
    parser.add_argument("--reread", metavar="FILE", default="", help="read the batch that held this raw file anew")
    parser.add_argument(
        "--widen", action="store_true", help="read nothing; only bring the table's columns to the contract's types"
    )
    parser.add_argument(
        "--from-version", metavar="N", type=int, help="of a Delta source, leave alone what versions up to N did"
    )
    parser.add_argument(
        "--mend-timestamps", action="store_true", help="write files anew whose timestamps only Spark reads; no more"
    )


def run(job: Job) -> Outcome:
    """Prepares one data set.

    Raises:
        ConfigError: contract, policy or data disagree; nothing was read, or nothing was published.
        Refused: the policy or the contract's purposes said no.
        GateClosed: a set rule failed; readers keep the previous version, the rest is written.
        StoreError: a source, a key or a table cannot be read or written; nothing was published.
    """
    if job.args.mend_timestamps:
        return mended(job)
    contract = _contract(job)
    job = settle_purpose(job, contract)
    _authorise(job, contract)
    redactions.check_model(contract)
    lake = Lake(job.settings.lake)
    permit_references(job, contract, lake)
    if _with_sample(job, lake):
        none = {source.name: (source, ()) for source in contract.sources}
        return summary.preview(job, contract, found=none, reads=none, mode=mode_of(job))
    try:
        with folders_hidden(contract, job.settings):
            return _steps(job, contract, lake=lake)
    except GateClosed:  # its report is written
        raise
    except BaseException as error:
        failure_report.report(job, contract, error, lake=lake)
        raise


def _steps(job: Job, contract: Contract, *, lake: Lake) -> Outcome:
    """From the sources' files to the run's record."""
    found = {source.name: (source, _listed(job, contract, source, lake)) for source in contract.sources}
    looked = {
        name: shape_check.look(source, files, contract.as_read, lake=lake.root)
        for name, (source, files) in found.items()
    }
    before = absent_before(lake, contract)
    if job.args.dry_run:
        return _rehearsal(job, contract, lake=lake, found=found, looked=looked, before=before)

    keyring = ring_for(job.settings, lake, contract, anew=mode_of(job) == "overwrite")
    if keyring.notice:
        job.say(keyring.notice)
    evolved = evolve.planned(job, contract, lake, mode=mode_of(job))
    training = marked(table_plans.training(contract), keyring, contract)
    planned = plan_batch(job, contract, lake=lake, found=found, evolved=evolved, plan=training)
    if planned is None:
        version = None if evolved is None else evolve.alone(job, contract, lake, evolved=evolved)
        return summary.unchanged(contract, lake=lake, version=version)
    batch = planned.batch
    replaces = planned.replaced is not None or (evolved is not None and bool(evolved.rewritten))
    owners.refuse(contract.training, planned.onto, mode="overwrite" if replaces else batch.mode)
    owners.refuse(contract.quarantine, planned.quarantine, mode=batch.mode)
    plan = process.PassPlan(contract, contract.training, keyring.handle, bool(job.settings.jobs["prepare"]["sketches"]))
    firsts = [files[0].path for source, files in found.values() if files and not pinned(source)]
    stage_folder = staging.place(lake, plan.table, batch.stage, stats=()).folder
    read = Read(batch, found, looked, planned.increments)
    choice = can_be_local(job.settings)  # elsewhere Spark does it anyway, and no table's log is looked at for that
    engine = road_of(job, size=sum(file.size for file in batch.files), only_spark=choice and only_spark(contract, read))
    way = probed(job, engine, files=firsts, folder=stage_folder)
    plan = with_gates(job, plan, lake, folder=stage_folder, reached=way.writes)

    begun = reporting.begin(job, contract.name)
    job.say(f"{contract.name}: reading {counted(len(batch.files), 'file')}, batch {batch.number}")
    look_again(lake, planned)
    replaced = "" if planned.replaced is None else planned.replaced.stage
    misses = redactions.misses_of(contract)
    staged = stage(job, way, plan, read, lake=lake, without=replaced)
    for source in contract.sources:
        sources.refuse_changed([] if pinned(source) else read.files(source))
    look_again(lake, planned)
    tally = staged.tally
    together = with_former_values(contract, tally, batch=batch, lake=lake, without=replaced)
    asked = judge_owners(contract, lake, onto=planned.onto, files=staged.good, tally=tally)
    verdicts = (*judge_set(contract, tally, facts=staged.measured), *judge_frequencies(contract, together), *asked)
    verdicts += redactions.judge_redactions(contract, tally, misses)
    empties = emptied(contract, tally) if batch.mode == "overwrite" else None
    if empties is not None and planned.onto is not None and planned.onto.count():
        verdicts = (*verdicts, empties)
    done = Done(job.run, contract, batch, tally, verdicts, keyring.primary, good=staged.good, bad=staged.bad)
    done = replace(done, plan=training, misses=misses)
    absent = absent_columns(contract, batch.files, names_in(looked, staged.names), before=before)
    done = replace(done, engine=way.told, absent=absent)
    job.say(f"{contract.name}: {counted(tally.rows, 'row')} read, {tally.kept:,} good, {tally.bad:,} to quarantine")
    done = replace(done, aside=publish_quarantine(job, done, lake=lake, planned=planned))
    run_record.write_metrics(done, lake=lake)
    if done.closed:  # what nobody is to read does not lie about
        staging.drop_stage(lake, contract.training, batch.stage)
    else:
        judge = None if batch.mode == "overwrite" else new_keys(job, way, plan, lake=lake, good=staged.good)
        done = replace(done, version=publish_training(job, done, lake=lake, planned=planned, judge=judge))
    with _only_the_report(done, lake=lake):
        report = prepare_report.report_of(job, done, lake=lake, found=found)
        done = replace(done, report=reporting.write_report(report, lake=lake))
        done = replace(done, notes=reporting.end(job, report, begun=begun))
        run_record.write_run(job, done, lake=lake)
    return _ended(done, lake=lake)


@contextmanager
def _only_the_report(done: Done, *, lake: Lake) -> Iterator[None]:
    """What fails once a version is published is told with that: whoever is told runs nothing again for it."""
    try:
        yield
    except Exception as error:
        known = translate(error)
        if known is None or isinstance(known, ConfigError) or done.version is None:
            raise
        published = f"version {done.version} of {done.contract.training} is published"
        what = f"{published}, and only its report failed: {known.what}"
        todo = sentences(known.todo, "Readers have that version; the next run leaves a report again")
        fault = type(known)(what, where=known.where, todo=todo, code=known.code)
        fault.outcome = summary.outcome(done, lake=lake)
        raise fault from None


def _rehearsal(
    job: Job, contract: Contract, *, lake: Lake, found: Found, looked: Mapping[str, Mapping[str, Looked]],
    before: Mapping[str, bool],
) -> Outcome:  # fmt: skip
    """What a run would do. Nothing is touched."""
    reads, more = foreseen(job, contract, lake=lake, found=found)
    files = tuple(file for _, some in reads.values() for file in some)
    absent = absent_columns(contract, files, names_in(looked), before=before) if files else ()
    more += [("would redact", redactions.foretold(contract, reads, looked))]
    more += [("in no file", foretold(contract, looked) if absent is None else told(absent))]
    return summary.preview(job, contract, found=found, reads=reads, mode=mode_of(job), foreseen=more)


def _listed(job: Job, contract: Contract, source: Source, lake: Lake) -> tuple[sources.RawFile, ...]:
    """The files of a source; of one that is not read none, since it may be archived."""
    if job.args.widen and not job.args.reread:
        return ()
    try:
        return kind_of(source.format).pin(source, lake.root)
    except StoreError as error:
        if error.code != "source.missing" or not is_example(contract.file):
            raise
        todo = f"This contract is of the invented data: ./spark-submit.sh sample makes it. Or delete {contract.file}."
        raise StoreError(error.what, where=error.where, todo=todo, code=error.code) from None


def _contract(job: Job) -> Contract:
    """The contract, with the settings' quarantine limit when they name one."""
    contract = contract_of(job, "prepare")
    limit = job.settings.jobs["prepare"].get("quarantine_limit")
    if isinstance(limit, float | int):
        contract = replace(contract, quarantine_limit=float(limit))
    return contract


def _authorise(job: Job, contract: Contract) -> None:
    for source in contract.sources:
        permit(job, "read", raw_table(source), contract=contract)
    for zone in ("training", "quarantine"):
        permit(job, "write", f"{zone}.{contract.name}", contract=contract)


def _with_sample(job: Job, lake: Lake) -> bool:
    """A first run on an empty lake gets invented data, where the settings say so; True when a dry run lacks it."""
    if not job.settings.jobs["prepare"].get("sample") or "://" in lake.root or Path(lake.root, "raw").exists():
        return False
    if job.args.dry_run:
        job.say("note: there is no raw data yet; a real run makes the sample lake first")
        return True
    made = make_sample(lake.root)
    job.say(f"made the sample lake in {lake.root}/raw: {made['lines']:,} reviews, {made['customers']:,} customers")
    return False


def _ended(done: Done, *, lake: Lake) -> Outcome:
    outcome = summary.outcome(done, lake=lake)
    if not done.closed:
        return outcome
    first = next(verdict for verdict in done.verdicts if verdict.closes)
    error = GateClosed(first.sentence, where=first.where, todo=f"See {done.report}; readers keep the previous version.")
    error.outcome = outcome
    raise error
