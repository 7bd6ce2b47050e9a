"""What every job's attempts came to, as figures for Prometheus: one file a command and data set, beside the reports.

An attempt is not a success: when the last one began and how it ended stand beside when one last went well, so that an
alarm can ask for either. Counts and the last success go on from what the file says. Nothing here can change how a job
ends: what cannot be written or sent costs a note.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from strongroom.core.contract.file import parts_of
from strongroom.core.contract_files import files_in, name_of, named_part
from strongroom.core.errors import ConfigError, Stopped, Terminated
from strongroom.core.escaping import file_name
from strongroom.core.settings import Settings
from strongroom.reports.feeds.prometheus import Gauge, text_of
from strongroom.reports.send import Delivery, push_message
from strongroom.stores.artefacts.report_files import get, put
from strongroom.stores.spark.error_translation import translate

_SAMPLE = re.compile(r"strongroom_(\w+)\{(.*)\} (\S+)")
_CODE = re.compile(r'exit_code="(\d+)"')
_HELP = {
    "attempt_running": "1 while an attempt runs, else 0; a killed one never says 0.",
    "attempt_started_seconds": "Start of the last attempt, in seconds since 1970.",
    "attempt_ended_seconds": "End of the last attempt that ended.",
    "attempt_seconds": "Wall time of the last attempt that ended.",
    "attempt_exit_code": "Exit code of the last attempt that ended; 0 is done.",
    "success_seconds": "End of the last attempt that ended with 0; missing until there is one.",
    "attempts_total": "Attempts that ended, by exit code.",
}


@dataclass(slots=True)
class Attempt:
    """One attempt of one command at one data set; `gauges` are told with its end, whoever adds them."""

    command: str
    contract: str
    started: datetime
    gauges: list[Gauge] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where figures go: the file, and the gateway with its token and patience."""

    path: str
    gateway: str
    token: str
    seconds: float


def attempt_of(name: str, args: argparse.Namespace, settings: Settings, *, started: datetime) -> Attempt:
    """The attempt of a job: its name with its verb, and the data set, where that has a contract here.

    Whatever else is typed for a contract is no label: a slip would be a series of its own for ever.
    """
    section = settings.jobs.get(name, {})
    asked = str(args.contract or section.get("contract") or "")
    contract = name_of(asked)
    known = {name_of(file): file for file in files_in(settings.contracts)}
    whole, part = named_part(contract)
    here = whole in known and (not part or part in _parts(known[whole]))
    command = f"{name} {getattr(args, 'verb', '')}".strip()
    return Attempt(command, contract if here else "", started)


def _parts(file: Path) -> tuple[str, ...]:
    """The schema objects of a contract's file; none where it cannot be read, which the job itself tells."""
    try:
        return parts_of(file)
    except ConfigError:
        return ()


@contextmanager
def recorded(
    attempt: Attempt, settings: Settings, *, now: Callable[[], datetime], say: Callable[[str], None]
) -> Iterator[None]:
    """Tells that the attempt runs, and how it ended, whatever ends it."""
    begun = _told(attempt, settings, say=say)
    try:
        yield
    except BaseException as error:
        _told(attempt, settings, code=_code_of(error), now=now, say=say, after=begun)
        raise
    _told(attempt, settings, code=0, now=now, say=say, after=begun)


def _code_of(error: BaseException) -> int:
    """The exit code that the job will end with."""
    if isinstance(error, KeyboardInterrupt):
        return Stopped.exit_code if isinstance(error, Terminated) else 130
    known = translate(error)
    return known.exit_code if known is not None else 1


def _told(
    attempt: Attempt, settings: Settings, *, say: Callable[[str], None], code: int | None = None,
    now: Callable[[], datetime] | None = None, after: Delivery | None = None,
) -> Delivery | None:  # fmt: skip
    """Writes and sends the figures. The end waits for the beginning to arrive, and for itself, a bounded time each."""
    try:
        place = _place(attempt, settings)
        ended = None if code is None or now is None else (code, now())
        text = text_of(_gauges(attempt, _samples(get(place.path)), ended), labels=_labels(attempt))
        put(place.path, text, mode=0o644)
        if after is not None:
            after.outcome()
        sent = None
        if place.gateway:
            message = push_message(place.gateway, text, group=_labels(attempt))
            sent = Delivery([message], token=place.token, seconds=place.seconds)
        reason = sent.outcome() if sent is not None and ended is not None else ""
        if reason:
            say(f"note: not sent to pushgateway: {reason}; what it would have got is in {place.path}")
    except Exception as error:  # a job ends as it ended
        say(f"note: no figures of this attempt ({type(error).__name__})")
        return None
    return sent


def _place(attempt: Attempt, settings: Settings) -> _Place:
    section: Mapping[str, object] = settings.jobs.get("prepare", {})
    name = file_name("attempt." + ".".join(filter(None, (attempt.command, attempt.contract))))
    path = f"{settings.lake.rstrip('/')}/reports/prometheus/{name}.prom"
    token, seconds = str(section.get("pushgateway_token") or ""), float(str(section.get("send_seconds") or 5))
    return _Place(path, str(section.get("pushgateway") or ""), token, seconds)


def _labels(attempt: Attempt) -> dict[str, str]:
    return {"command": attempt.command, **({"contract": attempt.contract} if attempt.contract else {})}


def _samples(text: str) -> dict[str, dict[int | None, float]]:
    """Figures of a file of ours by name and exit code; what is none of them is left out."""
    found: dict[str, dict[int | None, float]] = {}
    for line in text.splitlines():
        if (sample := _SAMPLE.fullmatch(line)) and sample[1] in _HELP:
            code = _CODE.search(sample[2])
            try:
                found.setdefault(sample[1], {})[int(code[1]) if code else None] = float(sample[3])
            except ValueError:  # somebody else's hand
                continue
    return found


def _gauges(
    attempt: Attempt, before: Mapping[str, Mapping[int | None, float]], ended: tuple[int, datetime] | None
) -> Iterator[Gauge]:
    """The figures after what the file said before."""
    start = attempt.started.timestamp()
    now: dict[str, dict[int | None, float]] = {name: dict(samples) for name, samples in before.items()}
    now |= {"attempt_running": {None: float(ended is None)}, "attempt_started_seconds": {None: start}}
    if ended is not None:
        code, end = ended[0], ended[1].timestamp()
        now |= {
            "attempt_ended_seconds": {None: end},
            "attempt_seconds": {None: end - start},
            "attempt_exit_code": {None: float(code)},
        }
        now |= {"success_seconds": {None: end}} if code == 0 else {}
        total = now.setdefault("attempts_total", {})
        total[code] = total.get(code, 0.0) + 1
    for name, told in _HELP.items():
        samples = [
            ({} if code is None else {"exit_code": str(code)}, value) for code, value in now.get(name, {}).items()
        ]
        yield Gauge(name, told, tuple(samples), kind="counter" if name.endswith("_total") else "gauge")
    if ended is not None:
        yield from attempt.gauges
