"""The certificate of an erasure: what was searched, and what was found; signed as the heads of the audit log are.

It is one JSON document, `{"statement": {…}, "signature": "— name …"}`. Signed is the statement in its canonical form
(keys in order, no blanks, ASCII) as the text of a signed note (https://c2sp.org/signed-note). It names no value and no
token. Names of what a request has are those of OpenDSR.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from strongroom.audit.checkpoint import VerifierKey, open_note, sign_note, signed_by
from strongroom.core.errors import StoreError
from strongroom.core.secret import Secret
from strongroom.proof.forms import Needle
from strongroom.proof.report import Report, Unsearched
from strongroom.proof.wanted import Wanted

FORMAT = "strongroom.erasure-certificate/1"
LIMITS = (
    "A deleted file is not wiped: a disk, its journal, a snapshot or a backup may still hold its bytes.",
    "An object store may keep versions of an object that a listing does not name.",
    "Copies that left the lake (readers, exports, recipients) are not searched; recipients are to be told.",
    "What is encrypted is searched as it is stored: sealed rows are not opened.",
    "Counts, sketches and vocabularies that many people made together are not taken apart.",
    "A model's weights may hold what it was trained on: models that were affected are named.",
    "What somebody typed as the name of a file or job stands in the audit log, which is only added to.",
    "Values spelled otherwise than they were given, or parts of them, are not searched.",
)
"""What no search of a lake can tell, said in each certificate."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a certificate says besides the search.

    Args:
        request: the request's id.
        reason: its class (a word of ours, nothing that somebody typed).
        received: when it came in.
        expected: by when it is to be done.
        started: when the search began.
        ended: when it ended.
        version: of the program.
        tables: the versions that were the newest.
        models: those that were trained on the person, each with what becomes of it.
        recipients: who is to be told (Art. 19 GDPR).
        unreached: what the erasure itself could not reach, and why.
        kept: what stays by law or because it names nobody, each with its reason.
    """

    request: str
    reason: str
    received: datetime
    expected: datetime
    started: datetime
    ended: datetime
    version: str
    tables: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    recipients: Sequence[str] = ()
    unreached: Sequence[Unsearched] = ()
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying a certificate.

    Args:
        state: `ok`; `unknown_key`, none of the known keys signed it; `tampered`, it is not what was signed.
        signer: the name and id of the key that it says has signed it.
        statement: what it says, when it is sound; else nothing.
    """

    state: Literal["ok", "unknown_key", "tampered"]
    signer: str = ""
    statement: Mapping[str, Any] = field(default_factory=dict)


def issue(statement: Statement, report: Report, *, needles: Iterable[Needle], key: Secret) -> str:
    """The signed certificate, as the text of a JSON document.

    Args:
        statement: of the request.
        report: of the search.
        needles: what was searched for, to make sure that nothing of it stands in there.
        key: the key that signs the audit log (`audit.signing_keys.sound_key`).

    Raises:
        StoreError: a value of the person stands in what it would say.
    """
    said = _said(statement, report)
    canonical = _canonical(said)
    _refuse_values(canonical, list(needles), statement.request)
    signature = sign_note(canonical + "\n", key).rpartition("\n\n")[2].strip()
    return json.dumps({"statement": said, "signature": signature}, indent=2) + "\n"


def verify(text: str, keys: Iterable[VerifierKey]) -> Verdict:
    """Whether a certificate is what one of these keys has signed.

    Args:
        text: the document.
        keys: public keys, as of `audit.signing_keys.former_keys`.
    """
    known = list(keys)
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_refuse)
        statement, signature = document.pop("statement"), document.pop("signature")
        note = f"{_canonical(statement)}\n\n{signature}\n"
        by = signed_by(note)
        if document or len(by) != 1 or "\n" in signature or statement["format"] != FORMAT:
            return Verdict("tampered")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Verdict("tampered")
    if by[0] not in {f"{each.name}+{each.id.hex()}" for each in known}:
        return Verdict("unknown_key", by[0])
    try:
        open_note(note, known)
    except ValueError:
        return Verdict("tampered", by[0])
    return Verdict("ok", by[0], statement)


def _said(statement: Statement, report: Report) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "subject_request_id": statement.request,
        "subject_request_type": "erasure",
        "request_status": "in_progress" if report.found else "completed",
        "reason": statement.reason,
        "received_time": _moment(statement.received),
        "expected_completion_time": _moment(statement.expected),
        "program": {"name": "strongroom", "version": statement.version},
        "tables": [{"table": name, "version": statement.tables[name]} for name in sorted(statement.tables)],
        "search": {
            "started_time": _moment(statement.started),
            "ended_time": _moment(statement.ended),
            "roots": list(report.roots),
            "files": len(report.files),
            "bytes": report.size,
            "bytes_opened": report.opened,
            "files_sha256": report.digest,
            "subjects": report.subjects,
            "values": report.needles,
            "patterns": dict(report.patterns),
            "values_by_column": dict(report.by_column),
            "columns": list(report.columns),
            "invented": {"values": report.decoys, "hits": sum(each.count for each in report.invented)},
        },
        "hits": sum(each.count for each in report.found),
        "places": [asdict(each) for each in report.found],
        "unsearched": [asdict(each) for each in (*report.unsearched, *statement.unreached)],
        "kept": [{"what": what, "why": statement.kept[what]} for what in sorted(statement.kept)],
        "models": [{"model": name, "becomes": statement.models[name]} for name in sorted(statement.models)],
        "recipients": list(statement.recipients),
        "limits": list(LIMITS),
    }  # fmt: skip


def _canonical(said: object) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _refuse_values(text: str, needles: list[Needle], request: str) -> None:
    found = {(hit.needle, hit.form) for hit in Wanted(needles, ()).find(np.frombuffer(text.encode(), np.uint8))}
    if found:
        names = sorted({needles[number].name for number, _ in found})
        what = f"A value of a person would stand in the certificate: {', '.join(names)}."
        todo = "Name the roots, tables, models and recipients by words that are nobody's."
        raise StoreError(what, where=request, todo=todo, code="proof.value")


def _moment(when: datetime) -> str:
    """In UTC, to the second; one without a zone is UTC's."""
    moment = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)


def _refuse(_: str) -> Any:
    raise ValueError("a number that no certificate has")
