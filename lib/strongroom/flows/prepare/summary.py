"""What `prepare` tells a person: before (a dry run), after, and when there was nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from strongroom.core.contract import Column, Contract, Reference, Rule
from strongroom.core.contract.protection import METHODS, is_kept
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.cross_row.fingerprints import findable
from strongroom.flows.prepare import redactions
from strongroom.flows.prepare.absent import told
from strongroom.flows.prepare.run_record import former_keys
from strongroom.flows.row_pass.inputs import road_of
from strongroom.flows.row_pass.person_gates import OBJECTED, WAITING
from strongroom.protect.rekey import holds_tokens
from strongroom.stores.lake import Lake
from strongroom.stores.sources.manifest import REREAD
from strongroom.stores.spark.session import is_local

if TYPE_CHECKING:
    from strongroom.flows.prepare.plan import Found
    from strongroom.flows.prepare.run_record import Done
    from strongroom.quality.gate import SetVerdict


Blocks = Iterable[tuple[str, list[tuple[str, str]]]]
"""A title, and pairs to stand under it."""


def _why(reason: str) -> str:
    """A reason for leaving rows out, and what brings them in."""
    return f"{reason}: {_BACK[reason]}" if reason in _BACK else reason


_BACK = {
    WAITING: "they wait for a consent, and come in by prepare in overwrite or --reread FILE",
    OBJECTED: "their people object to every purpose; they come in when that is taken back",
}


def outcome(done: Done, *, lake: Lake) -> Outcome:
    """The summary of a run that wrote something, be it only quarantine and metrics."""
    contract, tally = done.contract, done.tally
    where = tables_of(contract, lake)
    written = 0 if done.closed else tally.kept
    files, aside = counted(len(done.batch.files), "file"), contract.quarantine
    lines = [
        f"{contract.name} {contract.version}: "
        + ("the gate is closed, readers keep the previous version" if done.closed else "done"),
        "",
        *_rows("read", [(counted(tally.rows, "row"), f"in {files}, batch {done.batch.number}")]),
        *_rows("written", [(counted(written, "row"), f"training.{contract.name}, version {done.version}")]),
        *_rows("quarantined", [(counted(tally.bad, "row"), f"{aside}, each with its reasons, sealed")]),
        *_rows("left out", [(counted(count, "row"), _why(why)) for why, count in sorted(tally.left_out.items())]),
        *_rows("in no file", told(done.absent or ())),
        *_rows("broken rules", _worst(done)),
        *_rows("protected", protections(contract)),
        *_rows("redacted", redactions.told(done)),
        *_rows("set rules", [("failed" if v.closes else "warning", v.sentence) for v in done.verdicts if not v.passed]),
        *_rows("key", _keys(done, lake=lake)),
        *_rows("run by", [(done.engine, "")] if done.engine else []),
        *_rows("tables", [(name, path) for name, path in where.items()]),
        *_rows("report", [(done.report, "")]),
        "",
        "next: " + _next(done),
    ]
    rows = {"read": tally.rows, "written": written, "quarantined": tally.bad}
    facts = {
        "table": contract.training, "version": done.version, "batch": done.batch.number, **rows,
        "contract": contract.fingerprint, "key": f"{done.key:08x}",
    }  # fmt: skip
    versions = {contract.training: done.version, aside: done.aside}
    answer = {
        "contract": contract.name,
        "contract_version": contract.version,
        "batch": done.batch.number,
        "mode": done.batch.mode,
        "versions": {table: version for table, version in versions.items() if version is not None},
        "key": f"{done.key:08x}",
        "gate": "closed" if done.closed else "open",
        "failures": {rule: count for rule, count in tally.failed.items() if count},
        "left_out": {reason: count for reason, count in tally.left_out.items() if count},
        "set_rules": [_verdict(verdict) for verdict in done.verdicts],
        "redacted": {
            facts.path: {"texts": facts.texts, "found": dict(facts.found), "leaks": facts.leaks}
            for facts in redactions.redaction_facts(done)
        },
        "not_reached": list(done.notes),
    }
    return Outcome(tables=where, rows=rows, report=done.report, summary=joined(lines), facts=facts, answer=answer)


def _verdict(verdict: SetVerdict) -> dict[str, object]:
    """What a rule on the whole set said, for programs."""
    told = {"rule": verdict.rule, "severity": verdict.severity, "passed": verdict.passed}
    return {**told, "measured": verdict.measured, "where": verdict.where}


def unchanged(contract: Contract, *, lake: Lake, version: int | None = None) -> Outcome:
    """The summary of a run that read nothing; `version` is the training table's where its columns became others."""
    tables = "the tables are as they were" if version is None else f"the columns are the contract's, version {version}"
    where = tables_of(contract, lake)
    return Outcome(
        tables=where,
        rows={"read": 0, "written": 0, "quarantined": 0},
        summary=f"{contract.name} {contract.version}: nothing new to read; {tables}.",
        answer={
            "contract": contract.name,
            "contract_version": contract.version,
            "batch": None,
            "versions": {name: table.version() for name in where if (table := lake.open(name)) is not None},
        },
    )


def preview(job: Job, contract: Contract, *, found: Found, reads: Found, mode: str, foreseen: Blocks = ()) -> Outcome:
    """What a run `reads` of what is `found`, checks, protects and writes; `foreseen` is what it does more."""
    lake = Lake(job.settings.lake)
    sizes = {name: sum(one.size for one in files) for name, (_, files) in reads.items()}
    shown = []
    for name, (source, files) in reads.items():
        told = f"{counted(len(files), 'file')}, {sizes[name]:,} bytes, {source.format}, {source.path}"
        left = len(found[name][1]) - len(files)
        why = "of other batches" if mode == REREAD else "read already"
        shown.append((name, f"{told}; {counted(left, 'other')} {why}" if left else told))
    checks = [(rule.id, _check(rule, contract, mode=mode)) for rule in contract.rules]
    checks += [(rule.id, f"{rule.metric}, gates the run") for rule in contract.set_rules if rule.severity == "error"]
    lines = [
        f"{contract.name} {contract.version}: dry run by {job.run.principal} for {job.run.purpose}, nothing is touched",
        "",
        *_rows("would read", shown),
        *_rows("would check", checks),
        *_rows("would protect", protections(contract)),
        *_rows("would run", [_way(job, contract, size=sum(sizes.values()))]),
        *(line for title, pairs in foreseen for line in _rows(title, pairs)),
        *_rows("would write", [(name, f"{path} ({mode})") for name, path in tables_of(contract, lake).items()]),
    ]
    answer = {
        "contract": contract.name,
        "contract_version": contract.version,
        "mode": mode,
        "would_read": [
            {"source": name, "format": source.format, "path": source.path, "files": len(files), "bytes": sizes[name]}
            for name, (source, files) in reads.items()
        ],
    }
    return Outcome(tables=tables_of(contract, lake), summary=joined(lines), answer=answer)


def _check(rule: Rule, contract: Contract, *, mode: str) -> str:
    """What a row rule asks, and of what more than the row itself."""
    counted = "" if rule.severity == "error" else " (counted only)"
    if isinstance(rule.argument, Reference):
        return f"refers to training.{rule.argument.table} ({', '.join(rule.argument.columns)}){counted}"
    if rule.check != "unique" or mode != "append":
        return rule.check + counted
    leaves = [leaf for leaf in contract.leaves() if leaf.path in rule.columns]
    seen = "and in the table" if all(map(findable, leaves)) else "only: as it is protected nobody finds it in the table"
    return f"unique in the new files {seen}{counted}"


def _way(job: Job, contract: Contract, *, size: int) -> tuple[str, str]:
    """How the work is carried, and why; docs/decisions/road.md has the figures of other ways."""
    leaves = list(contract.leaves())
    ruled = {path for rule in contract.rules for path in rule.columns} & {leaf.path for leaf in leaves}
    changed = [leaf for leaf in leaves if not is_kept(leaf)]
    why = f"{len(ruled):,} of {len(leaves):,} have rules, {len(changed):,} change, and nulls are counted in each"
    road, where = road_of(job, size=size).told, job.settings.spark.get("spark.master", "local")
    asked = "" if is_local(where) else " (workers are asked when it runs whether they reach the storage)"
    return f"one pass, {road}{asked}", f"over all columns: {why}"


def protections(contract: Contract) -> list[tuple[str, str]]:
    """Every column that does not leave as it came, and how it leaves."""
    found = [(leaf.path, protection(leaf)) for leaf in contract.leaves() if not is_kept(leaf)]
    return found or [("nothing", "every column is kept as it is")]


def protection(leaf: Column) -> str:
    """How a column leaves, as a privacy officer would say it."""
    if leaf.protect is None:
        return "kept as it is"
    said = ", ".join(filter(None, (_WORDS[name](value) for name, value in leaf.protect.options.items())))
    return METHODS[leaf.protect.method].said + (f" ({said})" if said else "")


def _bands(value: Any) -> str:
    if "edges" in value:
        return f"in bands with the edges {', '.join(map(str, value['edges']))}"
    return f"in bands of {value['width']} from {value['min']} to {value['max']}"


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "mode": lambda mode: "equal values stay equal" if mode == "deterministic" else "equal values look different",
    "domain": lambda domain: f"joins with the domain {domain}",
    "normalise": lambda _: "all spellings of a name alike",
    "profile": lambda profile: f"by {profile.upper()}",
    "key": lambda _: "under the key of its classification",
    "minDistinct": lambda least: f"if there are {least:,} different values or more",
    "rowKey": lambda column: f"bound to its row by {column}",
    "keepFirst": lambda count: f"the first {counted(count, 'character')} stay",
    "keepLast": lambda count: f"the last {counted(count, 'character')} stay",
    "keepDomain": lambda keeps: "what is behind @ stays" if keeps else "what is behind @ goes",
    "with": lambda sign: f"the rest is {sign}",
    "bands": _bands,
    "date": lambda part: f"to its {part}",
    "prefix": lambda count: f"to its first {counted(count, 'character')}",
    "find": lambda words: "all that is found" if words == "all" else f"looks for {', '.join(words)}",
    "known": lambda names: f"and for {'what is personal' if names == 'all' else ', '.join(names)} of its row",
    "replace": {
        "label": "labels stand for it",
        "token": "tokens stand for it",
        "mask": "asterisks stand for it",
        "remove": "nothing stands for it",
    }.__getitem__,
    "reversible": lambda kept: "the original beside it, encrypted" if kept else "",
    "maxLeaks": lambda limit: f"if at most {limit:g} % of the texts have something left",
    "maxMissRate": lambda limit: f"if at most {limit:g} % are missed",
    "languages": lambda words: f"by the lists of {'all languages' if words == 'all' else ', '.join(words)}",
    "model": lambda used: "with the model" if used else "without the model",
}
"""What each option of `protect` does, in plain words."""


def _keys(done: Done, *, lake: Lake) -> list[tuple[str, str]]:
    """The run's key; and where rows with tokens under other ones are in the table, that they do not join."""
    mine = (f"{done.key:08x}", "hashes and encrypts; see ./spark-submit.sh keys list")
    hashed = any(holds_tokens(column) for column in done.contract.columns)
    others = former_keys(done, lake=lake) if hashed and not done.closed else ()
    why = (
        "made tokens of earlier rows: one value has two, which do not join; --set prepare.mode=overwrite makes all anew"
    )
    return [mine, *((key, why) for key in others)]


def _worst(done: Done) -> list[tuple[str, str]]:
    """The rules most rows broke."""
    broken = sorted(
        ((count, rule) for rule, count in done.tally.failed.items() if count), key=lambda pair: (-pair[0], pair[1])
    )
    shown = [(rule, counted(count, "row")) for count, rule in broken[:8]]
    return [*shown, ("…", f"and {len(broken) - 8} more rules, see the report")] if len(broken) > 8 else shown


def _next(done: Done) -> str:
    if done.closed:
        return "mend the source or the contract, and run again."
    if done.contract.role("text") is not None:
        return f"./spark-submit.sh vectorize --contract {done.contract.name}"
    return "open the report in a browser."


def tables_of(contract: Contract, lake: Lake) -> dict[str, str]:
    return {f"{zone}.{contract.name}": lake.folder(f"{zone}.{contract.name}") for zone in ("training", "quarantine")}


def _rows(title: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """A block of the summary: the title once, then one line per pair, aligned."""
    found = list(pairs)
    width = max((len(first) for first, _ in found), default=0)
    return [
        f"  {title if place == 0 else '':<14}{first:<{min(width, 34)}}  {second}".rstrip()
        for place, (first, second) in enumerate(found)
    ]
