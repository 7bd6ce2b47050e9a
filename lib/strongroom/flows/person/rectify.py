"""`person rectify`: new values for columns of all rows of a person in training, and kept for every later `prepare`."""

from __future__ import annotations

import getpass
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from strongroom.arrow.types import arrow_type
from strongroom.arrow.types import plain as plain_array
from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import ACROSS, Contract
from strongroom.core.contract.subject import TAG, subject_of
from strongroom.core.errors import ConfigError, Problem, StoreError, UsageError
from strongroom.core.escaping import joined, preparing
from strongroom.core.jobs import job_of
from strongroom.core.keys.ring import Keyring
from strongroom.core.lineage import PEOPLE, LakeMap
from strongroom.core.run import RUN, Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation import subjects
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of
from strongroom.flows.foundation.derived import Origin, tag_of
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.row_pass.correcting import SCHEMA, Texts, replaced, unfit, written
from strongroom.protect import output_type, protector, seal
from strongroom.protect.methods.row_key import of_rows, row_keys_of
from strongroom.protect.tag_sets import TagSet, tag_set
from strongroom.quality.reading.columns import read_text
from strongroom.quality.row_rules import compile_rules
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits, properties
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.table_plan import TablePlan

RECTIFIED = "strongroom.rectified"
"""In the note of a version in which somebody's values were put right: the columns."""


@dataclass(frozen=True, slots=True)
class Righting:
    """What is to be put right, and whose: `values` are of one row, a column each; empty where they are taken back."""

    contract: Contract
    columns: tuple[str, ...]
    values: dict[str, pa.Array]
    tags: TagSet
    keyring: Keyring


def rectify(job: Job) -> Outcome:
    """Keeps the correction, then puts the person's rows right in one commit of training; says what that does not reach.

    Raises:
        UsageError: no column or value is given, or one is no value of its column.
        ConfigError: a value breaks a rule of the contract, or a column cannot be put right here.
        Refused: the policy does not let this run.
        StoreError: the table has no row of the person, or cannot be written; what was committed before stays.
    """
    contract = contract_of(job, "prepare")
    given = _from_file(job)
    columns = _columns(job, contract, given)
    for table in (contract.training, contract.corrections):
        permit(job, "write", table, contract=contract if table == contract.training else None, shows=True)
    permit(job, "reveal", contract.training, columns=columns, contract=contract, shows=True)
    lake, keyring = Lake(job.settings.lake), open_keyring(job.settings.keys, job.settings.keyring, create=False)
    tags = _tags(job, contract, keyring)
    rewrite = Rewrite.of(lake, contract.training, run_id=job.run.id)
    if rewrite is None:
        todo = preparing(contract.name)
        raise StoreError("there is no such table yet", where=contract.training, todo=todo, code="table.missing")
    rewrite.data_change = True  # so that whoever reads what is new, or writes beside it, sees it
    theirs = Counter({path: rows for path, _ in rewrite.files() if (rows := _rows(rewrite, path, tags))})
    if not theirs:
        what, todo = "this table has no row of that person", "Check how the raw data write the name, and --contract."
        raise StoreError(what, where=contract.training, todo=todo, code="person.unknown")
    known = map_of(job.settings)
    if job.args.dry_run:
        return _outcome(job, contract, known, columns, version=None, rows=theirs.total(), files=len(theirs))
    texts = None if job.args.withdraw else given or _prompted(columns)
    values = {} if texts is None else _judged(contract, texts)
    facts: dict[str, object] = {"rows": theirs.total(), "files": len(theirs), "withdrawn": job.args.withdraw}
    event = Event.made(job.run, "write", table=contract.training, columns=columns, facts=facts)
    AuditLog.open(job.settings).append(event)
    _keep(job, lake, Righting(contract, columns, values, tags, keyring), texts, rewrite)
    done = Counter[str]() if texts is None else _right(job, rewrite, Righting(contract, columns, values, tags, keyring))
    version = rewrite.onto.version()
    return _outcome(job, contract, known, columns, version=version, rows=done.total(), files=len(done))


def _columns(job: Job, contract: Contract, given: Texts) -> tuple[str, ...]:
    """The columns that are named, or for which there are values.

    Raises:
        UsageError: none is, or others than there are values for.
        ConfigError: one cannot be put right here.
    """
    named = tuple(dict.fromkeys(name.strip() for name in job.args.columns.split(",") if name.strip()))
    columns = named or tuple(given)
    if not columns:
        raise UsageError("rectify which columns?", todo="Give --columns A,B, or --values-from FILE.")
    if given and set(given) != set(columns):
        raise UsageError("the values are of other columns", where="--values-from", todo="Name the same ones.")
    problems = [
        Problem(
            f"{name!r} {why}, so it cannot be put right here",
            contract.file,
            f"Put it right in the raw data, then {preparing(contract.name)}.",
            "person.column",
        )
        for name in columns
        if (why := unfit(contract, name))
    ]
    if problems:
        raise ConfigError(problems)
    return columns


def _from_file(job: Job) -> Texts:
    """The new values of a JSON file, as raw data would write them; none where none is named.

    Raises:
        UsageError: it is no object of single values.
        StoreError: it cannot be read.
    """
    if not job.args.values_from:
        return {}
    wrong = UsageError(
        "this is no object of JSON with a single value for each column", where="--values-from",
        todo='Write {"column": "value"}; null is no value.',
    )  # fmt: skip
    try:
        found = json.loads(Path(job.args.values_from).read_bytes())
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise StoreError(what, where=job.args.values_from, todo="Check the path.", code="file.unreadable") from None
    except ValueError:
        raise wrong from None
    if not isinstance(found, dict) or any(isinstance(value, dict | list) for value in found.values()):
        raise wrong
    return {
        name: value if value is None or isinstance(value, str) else json.dumps(value) for name, value in found.items()
    }


def _prompted(columns: Sequence[str]) -> Texts:
    if not sys.stdin.isatty():
        raise UsageError("which values?", todo="Give --values-from FILE with JSON of column → value.")
    return {name: getpass.getpass(f"new value of {name} (as raw data write it): ") for name in columns}


def _tags(job: Job, contract: Contract, keyring: Keyring) -> TagSet:
    names = subjects.asked(job.args.subject_from)
    if len(names) > 1:
        raise UsageError(
            "several people are named", where="--subject-from", todo="Run it for each.", code="person.several"
        )
    if subject_of(contract) is None:
        todo = "Say subject: true of the column that names them."
        raise ConfigError([Problem("no column says whose a row is", contract.file, todo, "person.column")])
    (tags,) = subjects.tags_of(names, [contract], keyring=keyring).values()
    return tag_set([pa.array(sorted(tags[0]), pa.binary())])


def _judged(contract: Contract, texts: Texts) -> dict[str, pa.Array]:
    """The values, each of its column's type.

    Raises:
        ConfigError: one is none, or breaks a rule of the contract that looks at these columns alone.
    """
    values, problems = dict[str, pa.Array](), list[Problem]()
    for column in contract.as_read.columns:
        if column.name in texts:
            values[column.name], wrong = read_text(pa.array([texts[column.name]], pa.string()), column)
            if wrong.any():
                problems.append(_problem(contract, column.path, f"is no {column.type.ddl}", column.line))
    if not problems:
        arrays = {
            column.name: values.get(column.name, pa.nulls(1, arrow_type(column.type)))
            for column in contract.as_read.columns
        }
        judge = compile_rules(contract.as_read)
        across = {rule.id: np.zeros(1, np.bool_) for rule in judge.rules if rule.check in ACROSS}
        failures = judge.judge(pa.RecordBatch.from_pydict(arrays), {}, across)
        for rule in judge.rules:
            if rule.columns and set(rule.columns) <= texts.keys() and failures.counts[rule.id]:
                problems.append(_problem(contract, ", ".join(rule.columns), f"breaks {rule.id}", rule.line))
    if problems:
        raise ConfigError(problems)
    return values


def _problem(contract: Contract, path: str, why: str, line: int) -> Problem:
    where = f"{contract.file}:{line}"
    return Problem(f"the new value of {path!r} {why}", where, "Give one that the contract takes.", "person.value")


def _rows(rewrite: Rewrite, path: str, tags: TagSet) -> int:
    """How many rows of a file are the person's."""
    return sum(int(np.count_nonzero(_theirs(batch, tags))) for batch in rewrite.batches(path, [TAG]))


def _theirs(batch: pa.RecordBatch, tags: TagSet) -> np.ndarray:
    return tags.holds(batch.column(TAG).cast(pa.binary()))


def _keep(job: Job, lake: Lake, what: Righting, texts: Texts | None, rewrite: Rewrite) -> None:
    """The correction, before the table has it: a run that dies between the two has the next `prepare` do the rest."""
    contract = what.contract
    tags = pa.array(_bytes(what.tags), pa.binary())
    line = pa.array([written(texts, what.columns)] * len(tags), pa.binary())
    sealed = seal(line, table=contract.training, keyring=what.keyring)
    columns = [list(what.columns)] * len(tags)
    arrays = [tags, columns, sealed, [job.run.id] * len(tags), [job.run.started] * len(tags)]
    rows = pa.table([pa.array(each, field.type) for each, field in zip(arrays, SCHEMA, strict=True)], schema=SCHEMA)
    origin = Origin(
        contract, {contract.training: rewrite.onto.version()}, job.run.purpose, {"job": "person"},
        tag=tag_of(rewrite.onto),
    )  # fmt: skip
    said = origin.properties("corrections", run_id=job.run.id, schema=SCHEMA)
    fields = [origin.tag if field.name == TAG and origin.tag is not None else field for field in SCHEMA]
    plan = TablePlan(pa.schema(fields), f"what people had put right in {contract.training}, sealed", said)
    lake.ensure(contract.corrections, plan)
    commits.append(lake, contract.corrections, rows)
    properties.bring(lake, contract.corrections, plan, say=job.say)


def _bytes(tags: TagSet) -> list[bytes]:
    halves = zip(tags.heads.tolist(), tags.tails.tolist(), strict=True)
    return [head.to_bytes(8, "big") + tail.to_bytes(8, "big") for head, tail in halves]


def _right(job: Job, rewrite: Rewrite, what: Righting) -> Counter[str]:
    """The person's rows in training: files that hold them written anew, and those that others put there meanwhile."""
    note = {RUN: job.run.id, RECTIFIED: ", ".join(what.columns)}
    done, waiting, seen = Counter[str](), Counter[str](), set[str]()
    while todo := rewrite.todo(seen):
        for path, size in todo:
            seen.add(path)
            try:
                if rows := _rows(rewrite, path, what.tags):
                    waiting[path] = rows
                    rewrite.replace(path, size, change=partial(_changed, what=what))
            except FileNotFoundError:
                rewrite.check_left(path)
        for path in rewrite.commit(note=note):
            done[path] = waiting[path]
    rewrite.sweep()
    return done


def _changed(batch: pa.RecordBatch, *, what: Righting) -> pa.RecordBatch:
    """The batch with the person's values put right, protected as their columns are."""
    theirs = _theirs(batch, what.tags)
    count = int(np.count_nonzero(theirs))
    keys = {name: plain_array(batch.column(name)) for name in row_keys_of(what.contract.columns)}
    mine = of_rows(keys, pa.array(theirs)) if count else {}
    for column in what.contract.columns if count else ():
        if column.name in what.values and output_type(column) is not None:
            clear = pa.concat_arrays([what.values[column.name]] * count)
            new = protector(column, table=what.contract.training, keyring=what.keyring)(clear, mine)
            at = batch.schema.get_field_index(column.name)
            array = plain_array(batch.column(at))
            made = replaced(array, theirs, new.cast(array.type)).cast(batch.schema.field(at).type)
            batch = batch.set_column(at, batch.schema.field(at), made)
    return batch


def _stale(known: LakeMap, contract: Contract) -> list[dict[str, str]]:
    """What was made from the table before, with rows of people, and how it comes to what is right."""
    found = []
    for name in known.below(contract.training):
        node = known.node(name)
        if node is not None and node.whose.answer == PEOPLE and node.kind != "corrections":
            job = job_of(node.kind)
            todo = f"./spark-submit.sh {job} --contract {contract.name}" if job else "Make it anew by its job."
            found.append({"table": name, "todo": todo})
    return found


def _outcome(
    job: Job, contract: Contract, known: LakeMap, columns: Sequence[str], *, version: int | None, rows: int, files: int
) -> Outcome:
    table, stale = contract.training, _stale(known, contract)
    raw = [edge.source for edge in known.into(table)]
    told = "would be put right" if job.args.dry_run else "put right"
    if job.args.withdraw:
        told = "no longer put right: what the raw data say counts from the next run of prepare on"
    lines = [
        f"{table}{'' if version is None else f', version {version}'}: {', '.join(columns)} of "
        f"{counted(rows, 'row')} {told}",
        f"  kept in    {contract.corrections}, sealed: prepare and quarantine retry keep it over what raw files say",
        f"  unchanged  {', '.join(raw)}: have it put right where it comes from",
        *(f"  stale      {each['table']}: {each['todo']}" for each in stale),
        "  Older versions of the table keep the old value until VACUUM.",
    ]
    facts: dict[str, object] = {"table": table, "columns": list(columns), "rows": rows, "files": files}
    answer = {**facts, "version": version, "correction": contract.corrections, "stale": stale, "raw": raw}
    return Outcome(
        {table: Lake(job.settings.lake).folder(table)},
        {"written": rows},
        summary=joined(lines),
        facts=facts,
        answer=answer,
    )
