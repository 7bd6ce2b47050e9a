"""The audit log: is it whole, what does it hold, and how to prove it to somebody else.

audit verify                        check every entry and the last checkpoint, and sign a new one
audit verify --witness FILE         … and against a checkpoint that somebody else kept
audit verify --proof FILE --entry FILE   only that this proof is about this entry; the log is not read
audit verify --new-key              … and sign with a new key, when the old one is lost; for who may write the keys
audit recover --reason TEXT         go on from a log that is not what was signed, and record that; for the same people
audit recover --lake --reason TEXT  record that the lake was put back from a backup, with the versions of its tables
audit search table=training.reviews outcome=refused since=2026-01-01
audit prove 41 --out 41.tlog-proof  that entry 41 is in the log
audit prove --witness FILE          that the log only grew since that checkpoint, as a witness asks
audit report --month 2026-05        who read personal data and for what, refusals, reveals, who could have

Each FILE is what another of these printed, wrote with --out or answered with --json. A checkpoint for a witness is
what verify prints; an entry is a line of search.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from strongroom.audit import signing, signing_keys, verify
from strongroom.audit.checkpoint import (
    Checkpoint,
    VerifierKey,
    consistency_text,
    inclusion_text,
    open_checkpoint,
    open_inclusion,
)
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import consistency_proof, included, inclusion_proof, leaf_hash, root
from strongroom.core.audit_event import OUTCOMES, Event
from strongroom.core.errors import StoreError, UsageError
from strongroom.core.escaping import joined, json_text
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import did_you_mean
from strongroom.flows.audit import recover, report
from strongroom.flows.audit.handed_in import checkpoint_in, entry_in, proof_in, read_bytes
from strongroom.flows.foundation.authorise import permit, policy_of
from strongroom.stores.artefacts.matrix_files import write_lines

_TABLE, _KEYS = "strongroom.audit", "strongroom.keys"
_TERMS = ("who", "role", "job", "run", "action", "outcome", "table", "column", "purpose", "since", "until")
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `audit` takes besides the options of every job."""
    parser.add_argument("verb", choices=("verify", "recover", "search", "prove", "report"))
    parser.add_argument(
        "terms", metavar="TERM", nargs="*", help=f"search: {', '.join(_TERMS)}, as NAME=VALUE; prove: N"
    )
    parser.add_argument("--witness", metavar="FILE", action="append", default=[], help="a checkpoint somebody kept")
    parser.add_argument("--key", metavar="KEY|FILE", default="", help="public key to check with (default: our own)")
    parser.add_argument("--new-key", action="store_true", help="verify: sign with a new key from now on")
    parser.add_argument("--reason", metavar="TEXT", default="", help="recover: what happened, for the record")
    parser.add_argument("--lake", action="store_true", help="recover: the lake was put back from a backup")
    parser.add_argument("--proof", metavar="FILE", default="", help="verify: only check this proof; needs --entry")
    parser.add_argument("--entry", metavar="FILE", default="", help="verify: the entry that --proof is about")
    parser.add_argument("--month", metavar="YYYY-MM", default="", help="report: default is the month before this one")
    parser.add_argument("--limit", metavar="N", type=int, default=100, help="search: show the last N (default 100)")
    parser.add_argument("--out", metavar="FILE", default="", help="write the answer there instead of showing it")


def run(job: Job) -> Outcome:
    """Does what the verb says. Search and report need a grant to read `strongroom.audit`."""
    log = AuditLog.open(job.settings)
    if job.args.verb == "verify":
        return _check_proof(job, log) if job.args.proof else _verify(job, log)
    if job.args.verb == "prove":
        return _prove(job, log)
    if job.args.verb == "recover":
        return recover.recover(job, log)
    permit(job, "read", _TABLE, shows=True)
    if job.args.verb == "search":
        return _search(job, log)
    return report.report(job, log)


def _verify(job: Job, log: AuditLog) -> Outcome:
    """Every entry, the last checkpoint, and those of witnesses."""
    if job.args.new_key:
        return _renew(job, log)
    # Without a checkpoint there is nothing to check with a key, and none is made.
    keys = _keys(job, log) if job.args.witness or log.note(signing_keys.CHECKPOINT) else []
    heads = {name: _opened(name, keys) for name in job.args.witness}
    lost: StoreError | None = None
    try:
        heads |= signing.last_signed(log, job.settings, keys).heads
    except StoreError as fault:  # what a witness can tell of the log says more, and comes first
        lost = fault
    found = verify.check(log, heads)
    if lost is not None:
        raise lost
    facts = {"entries": found.size, "root": found.root.hex(), "checkpoints": len(heads), "breaks": len(found.breaks)}
    breaks = "".join(f"\n{line}" for line in recover.told(found.breaks))
    whole = f"The log is whole: {found.size:,} entries.{breaks}"
    answer = {**facts, "breaks": [recover.plain(*each) for each in found.breaks], "checkpoint": None}
    if job.args.dry_run or job.args.key:
        return Outcome(summary=whole, facts=facts, answer=answer)
    note = signing.seal(log, job.settings).note
    answer["checkpoint"] = note
    return _handed_out(job, f"{whole}\nHand this to a witness:\n", note, facts=facts, answer=answer)


def _handed_out(job: Job, told: str, note: str, **more: Any) -> Outcome:
    """A checkpoint for witnesses, below what is told of it or in a file."""
    if not job.args.out:
        return Outcome(summary=f"{told}{note}", **more)
    write_lines(note.rstrip("\n"), job.args.out)
    return Outcome(report=job.args.out, summary=f"{told}{job.args.out}", **more)


def _renew(job: Job, log: AuditLog) -> Outcome:
    """A new signing key, for who may write the keys; the log has to hold against all that is left of the old one."""
    decision = permit(job, "write", _KEYS)
    old = _keys(job, log)
    heads = {name: _opened(name, old) for name in job.args.witness}
    if job.args.dry_run:
        told = f"Checkpoints of {old[0].name} would be followed by those of a new key."
        return Outcome(summary=told, answer={"checkpoint": None})
    policy = policy_of(job)
    event = replace(Event.decided(job.run, decision, policy=policy), action="key", outcome="done")
    sealed = signing.renew(log, job.settings, old, heads, event)
    told = "The log is whole. It is signed with a new key from now on:\n"
    return _handed_out(job, told, sealed.note, answer={"checkpoint": sealed.note})


def _check_proof(job: Job, log: AuditLog) -> Outcome:
    """A proof of inclusion by itself: the log is not read."""
    if not job.args.entry:
        raise UsageError("--proof needs the entry it is about.", todo="Give --entry FILE with the entry's one line.")
    try:
        index, proof, note = open_inclusion(proof_in(job.args.proof))
        head = open_checkpoint(note, _keys(job, log))
    except ValueError as error:
        raise StoreError(f"This proof shows nothing: {error}.", where=job.args.proof, code="audit.proof") from error
    if not included(leaf_hash(entry_in(job.args.entry, index)), index, size=head.size, head=head.root, proof=proof):
        raise StoreError("The entry is not the one this proof is about.", where=job.args.proof, code="audit.proof")
    summary = f"The entry is number {index} of the {head.size:,} entries that {head.origin} signed."
    return Outcome(summary=summary, answer={"entry": index, "size": head.size, "origin": head.origin})


def _prove(job: Job, log: AuditLog) -> Outcome:
    """A proof of one entry, or of growth since a witness's checkpoint."""
    sealed = signing.seal(log, job.settings)
    leaves = [leaf_hash(entry) for entry, _ in zip(log.entries(), range(sealed.head.size), strict=False)]
    if root(leaves) != sealed.head.root:
        raise StoreError(
            "The audit log was changed.",
            where=str(log.folder),
            todo="Run './spark-submit.sh audit verify'.",
            code="audit.changed",
        )
    if job.args.witness:
        if len(job.args.witness) > 1:
            raise UsageError("A proof of growth is for one witness.", where="--witness", todo="Run it for each.")
        old = _opened(job.args.witness[0], _keys(job, log))
        if not 0 < old.size <= len(leaves):
            raise StoreError(
                "The log is shorter than that checkpoint.", where=job.args.witness[0], code="audit.changed"
            )
        return _proof(job, consistency_text(old.size, consistency_proof(leaves, old.size), sealed.note))
    if len(job.args.terms) != 1 or not job.args.terms[0].isdigit():
        raise UsageError("Which entry?", todo="Give its number, as search shows it, or --witness FILE.")
    index = int(job.args.terms[0])
    if index >= len(leaves):
        raise UsageError(f"There is no entry {index}.", todo=f"The last one is {len(leaves) - 1}.")
    return _proof(job, inclusion_text(index, inclusion_proof(leaves, index), sealed.note))


def _proof(job: Job, text: str) -> Outcome:
    return replace(_out(job, text), answer={"proof": text})


def _search(job: Job, log: AuditLog) -> Outcome:
    terms = _terms(job.args.terms)
    found = [(index, event) for index, event in log.numbered() if _fits(event, terms)]
    shown = found[-job.args.limit :] if job.args.limit > 0 else found
    events = [(index, json.loads(event.entry())) for index, event in shown]
    lines = [f"{index:>8}  {json_text(event, compact=True)}" for index, event in events]
    if len(found) > len(shown):
        lines.append(f"The last {len(shown)} of {len(found)}; --limit 0 shows all.")
    told = _out(job, joined(lines) or "Nothing.", facts={"found": len(found)})
    rows = None if job.args.out else [{"entry": index, **event} for index, event in events]
    return replace(told, lines=rows, answer={"found": len(found), "shown": len(shown)})


def _terms(words: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` words, each name once; moments as such."""
    terms: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in _TERMS:
            raise UsageError(f"Unknown term {name!r}.", todo=f"{did_you_mean(name, _TERMS)} Write it as NAME=VALUE.")
        if name == "outcome" and value not in OUTCOMES:
            raise UsageError(f"Unknown outcome {value!r}.", todo=did_you_mean(value, OUTCOMES))
        terms[name] = _moment(name, value) if name in ("since", "until") else value
    return terms


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        todo = f"Write it as {name}=2026-05-31 or {name}=2026-05-31T12:00:00Z."
        raise UsageError(f"The term '{name}' takes a date, and {text!r} is none.", todo=todo) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _fits(event: Event, terms: dict[str, Any]) -> bool:
    """Whether an event is one that the terms describe; `who` is the principal or the one who acted for it."""
    if not terms.get("since", event.time) <= event.time or event.time >= terms.get("until", _END_OF_TIME):
        return False
    return all(value in _held(event, name) for name, value in terms.items() if name not in ("since", "until"))


def _held(event: Event, name: str) -> tuple[str, ...]:
    if name == "who":
        return (event.principal, event.actor)
    if name == "role":
        return event.roles
    if name == "column":
        return event.columns
    return (getattr(event, name),)


def _keys(job: Job, log: AuditLog) -> list[VerifierKey]:
    """The public keys to check with, today's first: those given, else this installation's, those of before among them.

    For a renewal today's is the last one that is known.
    """
    text = job.args.key
    if not text:
        former = signing_keys.former_keys(job.settings)[::-1]
        if not job.args.new_key:
            return [signing_keys.public_key(log, job.settings), *former]
        if former:
            return former
        todo = "Give --key NAME+ID+KEY from somebody who kept it, and --witness FILE: the log's folder proves nothing."
        raise UsageError("Nothing beside the signing key tells which one signed this log.", todo=todo)
    try:
        return [VerifierKey.of(line) for line in (text if "+" in text else read_bytes(text).decode()).split()]
    except ValueError as error:
        raise UsageError(
            f"This is no public key: {error}.", todo="Give NAME+ID+KEY or a file that holds it."
        ) from error


def _opened(file: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    try:
        return open_checkpoint(checkpoint_in(file), keys)
    except ValueError as error:
        raise StoreError(f"This checkpoint cannot be trusted: {error}.", where=file, code="audit.checkpoint") from error


def _out(job: Job, text: str, *, facts: dict[str, object] | None = None) -> Outcome:
    """The answer on screen, or in a file."""
    if not job.args.out:
        return Outcome(summary=text.rstrip("\n"), facts=facts or {})
    write_lines(text.rstrip("\n"), job.args.out)
    return Outcome(report=job.args.out, summary=f"Written to {job.args.out}.", facts=facts or {})
