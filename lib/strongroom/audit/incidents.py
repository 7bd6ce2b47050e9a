"""Incidents on disk: a folder each beside the audit log's entries, its owner's alone, with the evidence in it.

`INCIDENT/opened.json`, `freeze.json` (what was frozen, to put it back), `notified.json`, `closed.json`, and
`evidence/`: files of the moment, their list with each SHA-256 (`evidence.json`), and that list's own SHA-256 as a
signed note (`evidence.note`), as the audit log's heads are signed. The audit log says who opened it, since when the
clock runs, and the SHA-256 of list and freeze: a record that says otherwise is told, and evidence of a time without a
signing key is held by the next head that is signed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from strongroom.audit.checkpoint import open_note, sign_note
from strongroom.audit.incident_log import differing, logged
from strongroom.audit.key_file import is_kept_from_us
from strongroom.audit.log import AuditLog
from strongroom.audit.signing_keys import former_keys, sound_key
from strongroom.core.errors import KeyFault, StoreError, UsageError
from strongroom.core.escaping import json_text
from strongroom.core.incident import Incident
from strongroom.core.settings import Settings
from strongroom.core.suggest import did_you_mean
from strongroom.stores.whole_file import write_whole

FOLDER = "incidents"
OPENED, FREEZE, NOTIFIED, CLOSED = "opened", "freeze", "notified", "closed"
_LIST, _NOTE = "evidence.json", "evidence.note"
OURS = re.compile(
    rf"{FOLDER}/[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}/"
    r"((opened|freeze|notified|closed|assessed-[A-Za-z0-9._-]+)\.json|evidence\.(json|note)|evidence/[a-z-]+\.[a-z]+)"
)
"""What this module writes, as paths below the audit log's folder."""
_MOMENTS = ("opened", "aware", "notified", "closed")
_LISTS = ("frozen", "columns")


def place_of(settings: Settings, incident: str) -> Path:
    """The folder of an incident."""
    return Path(settings.audit) / FOLDER / incident


def incidents(settings: Settings) -> tuple[Incident, ...]:
    """Every incident, the newest first.

    Raises:
        StoreError: the folder cannot be looked into, or a record in it cannot be read.
    """
    root = Path(settings.audit) / FOLDER
    try:
        names = sorted((each.name for each in root.iterdir() if each.is_dir()), reverse=True) if root.is_dir() else []
    except OSError as error:
        raise _unreadable(root, error) from error
    found = [_incident(root / name) for name in names]
    return tuple(sorted(found, key=lambda each: each.opened, reverse=True))


def incident_of(settings: Settings, name: str) -> Incident:
    """One incident.

    Raises:
        UsageError: there is none of that name.
        StoreError: it cannot be read.
    """
    known = {each.id: each for each in incidents(settings)}
    if name not in known:
        todo = did_you_mean(name, known) if known else "None was opened."
        raise UsageError(f"there is no incident {name!r}", todo=todo)
    return known[name]


def keep(settings: Settings, incident: str, name: str, said: Mapping[str, object]) -> None:
    """Writes one record of an incident, whole.

    Raises:
        StoreError: it cannot be written.
    """
    text = json_text(dict(sorted(said.items())), indent=1) + "\n"
    _write(place_of(settings, incident), {f"{name}.json": text.encode()})


def keep_opened(settings: Settings, incident: Incident, freeze: bytes) -> None:
    """Writes what an incident began with, and what it froze."""
    said = {each.name: _plain(getattr(incident, each.name)) for each in fields(incident)}
    _write(place_of(settings, incident.id), {f"{FREEZE}.json": freeze})
    keep(settings, incident.id, OPENED, {name: value for name, value in said.items() if value})


def freeze_of(settings: Settings, incident: str) -> bytes:
    """What an incident froze, as it was kept to put it back.

    Raises:
        StoreError: it cannot be read.
    """
    file = place_of(settings, incident) / f"{FREEZE}.json"
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error


def keep_evidence(settings: Settings, incident: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Writes evidence, and returns the SHA-256 of its list, and why that is not signed (empty: it is).

    Raises:
        StoreError: it cannot be written.
    """
    place = place_of(settings, incident)
    listed = {name: sha256(data).hexdigest() for name, data in sorted(files.items())}
    text = (json.dumps({"incident": incident, "files": listed}, indent=1, sort_keys=True) + "\n").encode()
    fingerprint = sha256(text).hexdigest()
    _write(place / "evidence", files)
    _write(place, {_LIST: text})
    try:
        if is_kept_from_us(settings):
            return fingerprint, "another user of the system holds the signing key"
        key = sound_key(AuditLog.open(settings), settings)
    except KeyFault as fault:
        return fingerprint, fault.what
    _write(place, {_NOTE: sign_note(_signed(incident, fingerprint), key).encode()})
    return fingerprint, ""


def check_evidence(settings: Settings, incident: Incident) -> bool:
    """Holds evidence against its list, the list and the incident's record against the audit log, and the signature.

    Returns:
        Whether there is a signature.

    Raises:
        StoreError: a file is gone, was changed or came later, or the signature is gone or not ours.
    """
    place = place_of(settings, incident.id)
    try:
        text = (place / _LIST).read_bytes()
        listed: Mapping[str, str] = json.loads(text)["files"]
        changed = [name for name, known in listed.items() if _sum(place / "evidence" / name) != known]
        note = (place / _NOTE).read_text(encoding="utf-8") if (place / _NOTE).is_file() else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(place, error) from error
    changed += [each.name for each in (place / "evidence").iterdir() if each.name not in listed]
    if sha256(text).hexdigest() != incident.evidence:
        changed.append(_LIST)
    seen = {
        "evidence": incident.evidence, "aware": incident.aware.isoformat(), "signed": bool(note),
        "freeze": sha256(freeze_of(settings, incident.id)).hexdigest(),
    }  # fmt: skip
    changed += differing(logged(settings).get(incident.id), seen, incident.opened_by)
    if note:
        try:
            if open_note(note, former_keys(settings)) != _signed(incident.id, incident.evidence):
                changed.append(_NOTE)
        except ValueError:
            changed.append(_NOTE)
    if changed:
        what = f"evidence is not what was kept: {', '.join(changed)}"
        todo = "Find out who wrote there; the audit log names the SHA-256 of the evidence's list."
        raise StoreError(what, where=str(place), todo=todo, code="incident.evidence")
    return bool(note)


def _signed(incident: str, fingerprint: str) -> str:
    return f"strongroom-incident\n{incident}\n{fingerprint}\n"


def _sum(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _incident(place: Path) -> Incident:
    try:
        said: dict[str, Any] = dict(_records(place))
        said |= {name: datetime.fromisoformat(said[name]) for name in _MOMENTS if said.get(name)}
        said |= {name: tuple(said[name]) for name in _LISTS if name in said}
        return Incident(**said)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(place, error) from error


def _records(place: Path) -> Iterator[tuple[str, Any]]:
    """What the records of an incident say, those of before first."""
    for name in (OPENED, NOTIFIED, CLOSED):
        file = place / f"{name}.json"
        if file.is_file() or name == OPENED:
            yield from json.loads(file.read_bytes()).items()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()  # to the microsecond, since events are held against it
    return list(value) if isinstance(value, tuple) else value


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        for each in reversed((folder, *folder.parents)):
            each.mkdir(mode=0o700, exist_ok=True)
        write_whole({folder / name: data for name, data in files.items()}, mode=0o600)
    except OSError as error:
        todo = "Make the audit log's folder writable for this user; what is frozen stays frozen."
        what = f"the record of an incident cannot be written ({error.strerror or type(error).__name__})"
        raise StoreError(what, where=str(folder), todo=todo, code="incident.unwritable") from error


def _unreadable(place: Path, error: Exception) -> StoreError:
    why = getattr(error, "strerror", None) or type(error).__name__
    todo = "Find out who wrote there; what is frozen stays frozen."
    return StoreError(
        f"the record of an incident cannot be read ({why})", where=str(place), todo=todo, code="incident.damaged"
    )
