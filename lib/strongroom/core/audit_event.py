"""One thing that happened, for the audit log: who, as which role, what, for which purpose, and how it ended."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from strongroom.core.escaping import in_log
from strongroom.core.policy.decision import Decision
from strongroom.core.run import Run

OUTCOMES = ("started", "allowed", "done", "refused", "gate", "failed")
"""`started` before anything is touched; `allowed` and `refused` by the policy; `gate`: stopped by the quality gate."""

ASSERTED = "asserted"
"""In an event, what proves who asked: nothing does."""

RECOVER = "recover"
"""The action of an event that records that the log itself was accepted as it lay."""

_LONGEST_TEXT = 1_000
_LONGEST_NAME = 300
_LONGEST_ONCE = 8 * _LONGEST_NAME
"""A name of nothing but signs that are written by their numbers, as older releases wrote it."""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the audit log. It holds names, counts and fingerprints, and never a value of the data or a key.

    Args:
        time: aware; kept in UTC.
        run: id of the run it belongs to.
        job: the job's word.
        principal: who the decision was about.
        action: `run` for a job as a whole, one of `core.policy.ACTIONS`, or another plain word (`key`, `export`).
        outcome: one of `OUTCOMES`.
        actor: who really asked, when that is somebody else.
        roles: the roles that gave it.
        table: for example `training.reviews`.
        columns: the columns that were touched, as the contract names them; empty is the table as it lies.
        purpose: one word; may be empty.
        contract: fingerprint of the contract; `policy` of the policy.
        error: the class of the error that ended it.
        facts: more of what happened: names, counts, fingerprints, file:line. Plain JSON, short texts.

    People type tables, columns and purposes. One that is too long for a name is not repeated, and what nobody sees of
    one, or of a fact, is written by its number.

    Raises:
        ValueError: a field that no entry may have.
    """

    time: datetime
    run: str
    job: str
    principal: str
    action: str
    outcome: str
    actor: str = ""
    roles: tuple[str, ...] = ()
    table: str = ""
    columns: tuple[str, ...] = ()
    purpose: str = ""
    contract: str = ""
    policy: str = ""
    error: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError("an event needs a time with its zone")
        if self.outcome not in OUTCOMES:
            raise ValueError(f"an event's outcome is one of {', '.join(OUTCOMES)}")
        if not (self.run and self.job and self.principal and self.action):
            raise ValueError("an event names its run, job, principal and action")
        for name in _TEXTS:
            object.__setattr__(self, name, _told(getattr(self, name)))
        for name in _LISTS:
            object.__setattr__(self, name, tuple(map(_told, getattr(self, name))))
        object.__setattr__(self, "facts", _plain(self.facts))

    def entry(self) -> bytes:
        """The event as the log keeps it: a line of canonical JSON (sorted keys, no spaces, UTF-8), without its end."""
        found = {name: getattr(self, name) for name in _NAMES if name != "time" and getattr(self, name)}
        found["time"] = self.time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return _ENCODER.encode(found).encode()

    @classmethod
    def made(cls, run: Run, action: str, outcome: str = "allowed", **more: Any) -> Event:
        """What happened in a run: who, since when and for what, as the run has it; `more` is the rest, or otherwise."""
        known = {"time": run.started, "principal": run.principal, "actor": run.actor, "purpose": run.purpose}
        return cls(run=run.id, job=run.job, action=action, outcome=outcome, **{**known, **more})

    @classmethod
    def decided(cls, run: Run, decision: Decision, *, policy: str, contract: str = "") -> Event:
        """The event that a decision is; its time is the run's, whatever moment was asked about.

        Args:
            run: in which it was asked.
            decision: what was asked, and answered.
            policy: fingerprint of the policy.
            contract: fingerprint of the contract, where there is one.
        """
        asked = decision.request
        rules = [grant.where for grant in decision.grants] if decision.allowed else []
        facts: dict[str, object] = {
            "level": decision.level,
            "masks": dict(decision.masks),
            "clear": list(decision.clear),
            "rules": rules or [rule.where for rule, _ in decision.denying],
            "flaw": decision.flaw,
            "identity": run.proof or ASSERTED,
            "at": asked.at.isoformat() if asked.at != run.started else "",
        }
        return cls.made(
            run,
            asked.action,
            "allowed" if decision.allowed else "refused",
            principal=asked.principal,
            actor=asked.actor,
            roles=decision.roles,
            table=asked.table,
            columns=decision.columns if decision.allowed else asked.columns,
            purpose=asked.purpose,
            contract=contract,
            policy=policy,
            facts={name: found for name, found in facts.items() if found},
        )

    @classmethod
    def of(cls, entry: bytes) -> Event:
        """The event that an entry of the log holds.

        Raises:
            ValueError: these bytes are no entry.
        """
        try:
            found = json.loads(entry)
            found["time"] = datetime.fromisoformat(found["time"])
            for name in _LISTS:
                found[name] = tuple(found.get(name, ()))
            return cls(**found)
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError("this is no entry of an audit log") from error


def well_formed(entry: bytes) -> bool:
    """Whether these bytes are an entry exactly as an event writes itself; quicker than making the event."""
    try:
        found = json.loads(entry.decode())
        facts = found.get("facts", _SOME)
        texts = [value for name, value in found.items() if name not in _NOT_TEXT]
        listed = [value for name in _LISTS & found.keys() for value in _listed(found[name])]
        _plain(facts)
        return (
            found.keys() >= _REQUIRED
            and found.keys() <= _KNOWN
            and found["outcome"] in OUTCOMES
            and all(texts)
            and max(map(len, (*texts, *listed))) <= _LONGEST_ONCE
            and not _hidden("".join((*texts, *listed)))
            and isinstance(facts, dict)
            and bool(facts)
            and _TIME.fullmatch(found["time"]) is not None
            and datetime.fromisoformat(found["time"]) is not None  # a day that is none raises
            and _ENCODER.encode(found).encode() == entry
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return False


_NAMES = tuple(each.name for each in fields(Event))
_KNOWN = frozenset(_NAMES)
_LISTS = frozenset(("roles", "columns"))
_TEXTS = _KNOWN - _LISTS - {"time", "facts"}
_NOT_TEXT = _LISTS | {"facts"}
_SOME: Mapping[str, object] = {"some": True}
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_REQUIRED = {"time", "run", "job", "principal", "action", "outcome"}
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _listed(found: object) -> list[str]:
    if not isinstance(found, list) or not found:
        raise TypeError("not a list of names")
    return found


def _hidden(text: str) -> bool:
    """Whether a text holds a sign that no name holds; one that only another release of Unicode knows may be there."""
    return not text.isprintable() and any(unicodedata.category(sign) in _HIDDEN for sign in text)


def _told(text: str) -> str:
    """The text as a name: not longer than one, and what nobody sees (or no file takes) by its number."""
    written = in_log(text)
    return written if len(written) <= _LONGEST_NAME else f"(no name: {len(text):,} characters)"


def _plain(value: object) -> object:
    """The facts, every text in them as it may stand in the log. Raises ValueError for what has no canonical JSON form,
    and for texts long enough to be somebody's data.
    """
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise ValueError("a fact in an event is longer than a fact needs to be")
        return in_log(value)[:_LONGEST_TEXT]
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("facts of an event are named by texts")
        return {in_log(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is not None and not isinstance(value, int | float | bool):
        raise ValueError("facts of an event are plain JSON")
    return value
