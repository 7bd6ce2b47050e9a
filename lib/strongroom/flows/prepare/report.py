"""The report of a run: what was counted, put into the words of `core/report/model.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.protection import is_keyed
from strongroom.core.contract.references import referenced
from strongroom.core.report import (
    ContractFacts,
    PastRun,
    ReasonCount,
    Report,
    RuleFacts,
    SetRuleFacts,
    SourceFacts,
    bound_in_words,
    rule_in_words,
)
from strongroom.core.report.columns import ColumnFacts, LabelBalance, LabelCount
from strongroom.core.run import Job
from strongroom.core.sql_text import all_of, equals, present
from strongroom.flows.foundation.authorise import policy_of
from strongroom.flows.foundation.reporting import readers_of, roles_of
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.flows.prepare import distributions, redactions, sketches, summary
from strongroom.flows.prepare.owner_rules import PREFIX
from strongroom.flows.prepare.plan import Found
from strongroom.flows.prepare.run_record import Done
from strongroom.flows.prepare.sketches import States
from strongroom.flows.row_pass import process
from strongroom.govern.table import table_of
from strongroom.quality.counts import sketch_states
from strongroom.quality.counts.kmv import FEW
from strongroom.quality.counts.labels import Labels, is_open, label_of
from strongroom.quality.counts.sketches import DISTINCT, LENGTHS, QUANTILES, TOP
from strongroom.quality.min_distinct import frequency_rule, minimum_of
from strongroom.stores.lake import Lake
from strongroom.stores.lake.publication import readable

HISTORY = 30
"""Earlier runs that a report draws."""


def report_of(job: Job, done: Done, *, lake: Lake, found: Found) -> Report:
    """The report of a run that came to its gate."""
    contract, tally = done.contract, done.tally
    before = sketches.before(lake, contract, batch=done.batch, key=done.key)
    as_it_lies = table_of(contract, contract.training, protected=True)
    may_read = readers_of(job, as_it_lies, purposes=contract.purposes)
    return Report(
        run=done.run,
        contract=ContractFacts.of(contract),
        policy=policy_of(job),
        table=contract.training,
        status="gate closed" if done.closed else "done",
        read=tally.rows,
        written=0 if done.closed else tally.kept,
        quarantined=tally.bad,
        left_out=dict(tally.left_out),
        seconds=done.seconds,
        sources=_sources(done, found),
        columns=columns_of(done, before=before),
        rules=_rules(done),
        set_rules=_set_rules(done),
        reasons=_reasons(done),
        label=_labels(contract, tally.labels),
        history=_history(lake, done),
        quarantine_limit=contract.quarantine_limit,
        tables=summary.tables_of(contract, lake),
        versions=_versions(done),
        readable=readable(lake, contract.training),
        absent=done.absent or (),
        redactions=redactions.redaction_facts(done),
        misses=redactions.miss_facts(done),
        not_looked_for=redactions.not_looked_for(contract),
        references=tuple(lake.folder(f"training.{name}") for name in referenced(contract)),
        audience=roles_of(may_read),
        readers=may_read,
        todo="Mend the source or the contract, and run again." if done.closed else "",
        problem=next((verdict.sentence for verdict in done.verdicts if verdict.closes), ""),
    )


def _versions(done: Done) -> dict[str, int]:
    """The versions that the run made of its tables."""
    made = {done.contract.training: done.version, done.contract.quarantine: done.aside}
    return {name: version for name, version in made.items() if version is not None}


def columns_of(done: Done, *, before: States) -> tuple[ColumnFacts, ...]:
    """What a report says of each leaf; `before` are the sketches of what readers had."""
    return tuple(_told(_column(leaf, done), leaf, done, before=before) for leaf in done.contract.leaves())


def _sources(done: Done, found: Found) -> tuple[SourceFacts, ...]:
    read = set(done.batch.files)
    return tuple(
        SourceFacts(
            source.name, source.format, source.path, len(mine := [file for file in files if file in read]),
            sum(file.size for file in mine),
        )
        for source, files in found.values()
    )  # fmt: skip


def _column(leaf: Column, done: Done) -> ColumnFacts:
    counts = done.tally.columns.get(leaf.path)
    facts = ColumnFacts.of(
        leaf,
        protection=summary.protection(leaf),
        key=f"{done.key:08x}" if is_keyed(leaf) else "",
        nulls_before=counts.nulls if counts else None,
        nulls_after=counts.nulls_kept if counts else None,
        empty=counts.empty if counts and leaf.type.name == "string" else None,
    )
    if counts is None or not is_open(leaf):
        return facts
    return replace(
        facts,
        minimum=None if counts.smallest is None else str(counts.smallest),
        maximum=None if counts.largest is None else str(counts.largest),
        min_length=counts.shortest,
        max_length=counts.longest,
    )


def _told(facts: ColumnFacts, leaf: Column, done: Done, *, before: States) -> ColumnFacts:
    """The facts with what the sketches say: of open columns how values spread, of others how many there are."""
    now, had = done.tally.sketches.get(leaf.path, {}), before.get(leaf.path, {})
    if DISTINCT in now:
        facts = replace(facts, distinct=sketches.distinct_count(done.contract, done.tally, leaf.path))
        near = sketch_states.distinct_of(now[DISTINCT])
        if near.high - near.low > 1 and not sketches.is_exact(done.contract, done.tally, leaf.path):
            low, high = (sketches.within(done.tally, leaf.path, end) for end in (near.low, near.high))
            facts = replace(facts, distinct_low=low, distinct_high=high)
        if done.batch.mode != "overwrite" and not done.closed and DISTINCT in had:
            whole = sketch_states.distinct_of(sketch_states.merge(DISTINCT, [now[DISTINCT], had[DISTINCT]]))
            facts = replace(facts, distinct_table=max(round(whole.value), facts.distinct or 0))
    if TOP in now and is_open(leaf):
        facts = replace(facts, top=distributions.shares_of(now[TOP], had.get(TOP)))
    kind = QUANTILES if QUANTILES in now else LENGTHS
    if kind in now and is_open(leaf):
        facts = replace(facts, spread=distributions.spread_of(leaf, kind, now=now[kind], before=had.get(kind)))
    return facts


def _rules(done: Done) -> tuple[RuleFacts, ...]:
    shown = {leaf.path for leaf in done.contract.leaves() if is_open(leaf)}
    rules = [
        RuleFacts(
            rule.id,
            rule.check,
            rule.columns,
            done.tally.failed.get(rule.id, 0),
            rule.severity,
            rule.dimension,
            rule_in_words(rule, values={*rule.columns} <= shown),
        )
        for rule in done.contract.rules
    ]
    known = {rule.id for rule in rules}
    others = [
        RuleFacts(name, name.rpartition(".")[2].rpartition(":")[2], (), count)
        for name, count in sorted(done.tally.failed.items())
        if name not in known and (count or name == process.UNPARSED)
    ]
    return (*rules, *others)


def _set_rules(done: Done) -> tuple[SetRuleFacts, ...]:
    rules = {rule.id: rule for rule in done.contract.set_rules}
    declared = tuple(
        SetRuleFacts(
            verdict.rule, verdict.measured, bound_in_words(rule), verdict.passed, rule.unit, verdict.severity,
            rule.dimension, rule.columns,
        )
        for verdict in done.verdicts
        if (rule := rules.get(verdict.rule)) is not None
    )  # fmt: skip
    return (*declared, *_frequencies(done), *_redactions(done), *_owners(done))


def _redactions(done: Done) -> Iterator[SetRuleFacts]:
    """What was left in redacted texts, where the contract limits it."""
    verdicts = {verdict.rule: verdict for verdict in done.verdicts}
    for rule, path, bound in redactions.limits_of(done.contract):
        if (of := verdicts.get(rule)) is not None:
            yield SetRuleFacts(rule, of.measured, bound, of.passed, "percent", of.severity, "", (path,))


def _frequencies(done: Done) -> Iterator[SetRuleFacts]:
    """What was found about few different values, as rules of the set: the contract's protection asks for them."""
    for verdict in done.verdicts:
        path = verdict.rule.rpartition(".")[0]
        leaf = next((leaf for leaf in done.contract.leaves() if leaf.path == path), None)
        if leaf is not None and verdict.rule == frequency_rule(leaf):
            bound = f"must be at least {minimum_of(leaf) or FEW:,} different values"
            yield SetRuleFacts(
                verdict.rule, verdict.measured, bound, verdict.passed, "values", verdict.severity, "", (path,)
            )


def _owners(done: Done) -> Iterator[SetRuleFacts]:
    """What the table's owner asks of its rows."""
    for verdict in done.verdicts:
        if verdict.rule.startswith(PREFIX):
            bound = "must be broken by no row"
            yield SetRuleFacts(verdict.rule, verdict.measured, bound, verdict.passed, "rows", verdict.severity, "", ())


def _reasons(done: Done) -> tuple[ReasonCount, ...]:
    warnings = {rule.id for rule in done.contract.rules if rule.severity != "error"}
    found = [ReasonCount(rule, count) for rule, count in done.tally.failed.items() if count and rule not in warnings]
    return tuple(sorted(found, key=lambda reason: (-reason.rows, reason.rule)))


def _labels(contract: Contract, labels: Labels) -> LabelBalance | None:
    column = label_of(contract)
    if column is None:
        return None
    values = [LabelCount(value, *pair) for value, pair in labels.values.items()]
    values += [LabelCount(None, *labels.missing)] if any(labels.missing) else []
    rest = (labels.invalid[0] + labels.other[0], labels.invalid[1] + labels.other[1])
    return LabelBalance(column.path, tuple(values), LabelCount("other", *rest) if any(rest) else None)


def _history(lake: Lake, done: Done) -> tuple[PastRun, ...]:
    columns = ("run_id", "started", "rows_read", "rows_written", "rows_quarantined", "failures")
    ours = all_of(equals("dataset", done.contract.name), present("rows_read"))
    rows = lake.read(RUNS, columns, where=ours)
    past: Sequence[dict[str, object]] = [] if rows is None else rows.sort_by("started").to_pylist()[-HISTORY:]
    return tuple(
        PastRun(str(row["run_id"]), row["started"].isoformat(), *(int(str(row[name])) for name in columns[2:]))  # type: ignore[attr-defined]
        for row in past
    )
