"""Events on their way into the table of consents: files in its raw folder, which `prepare` takes in."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from strongroom.core.contract import Contract, Source
from strongroom.core.contract.legal_basis import REGISTER
from strongroom.core.contract_files import name_of
from strongroom.core.errors import ConfigError, Problem, StoreError
from strongroom.core.escaping import json_text, one_line
from strongroom.core.program import ROOT, typed
from strongroom.core.run import Job, Outcome
from strongroom.flows import prepare
from strongroom.flows.foundation.consents import contract_file
from strongroom.flows.foundation.contracts import contract_at
from strongroom.protect.consents import BACK, GIVEN, LIFTED, OBJECTED, RESTRICTED, WITHDRAWN
from strongroom.stores.artefacts.report_files import put
from strongroom.stores.lake import filesystem_of
from strongroom.stores.sources import location_of

SAYS: Mapping[str, str] = {
    "give": GIVEN, "withdraw": WITHDRAWN, "object": OBJECTED, "object-no-more": BACK, "restrict": RESTRICTED,
    "restrict-no-more": LIFTED,
}  # fmt: skip
"""Verb of the job → the event that it adds."""


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody has said, without who: as the contract's fields are called."""

    event: str
    purpose: str
    at: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    notice: str = ""
    notice_version: str = ""
    method: str = ""
    jurisdiction: str = ""
    record_id: str = ""

    def record(self, subject: str) -> dict[str, str]:
        """The raw record of one person; what is not said is left out."""
        said = {"record_id": self.record_id or secrets.token_hex(16), "subject": subject, "event": self.event}
        moments = {"at": self.at, "valid_from": self.valid_from, "valid_until": self.valid_until}
        told = {word: f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" for word, when in moments.items() if when}
        texts = ("purpose", "notice", "notice_version", "method", "jurisdiction")
        return {**said, **told, **{word: text for word in texts if (text := getattr(self, word))}}


def consent_contract(job: Job) -> Contract:
    """The contract of the consents; the project's own one is put among the contracts where there is none yet.

    Raises:
        ConfigError: it is not sound.
        StoreError: it cannot be written.
    """
    file, folder = contract_file(job.settings), Path(job.settings.contracts)
    ours = ROOT / "conf" / f"{REGISTER}.yaml"
    if file is None and not job.args.dry_run:
        file = folder / ours.name
        try:
            put(str(file), typed(ours.read_text(encoding="utf-8")))
        except OSError:
            todo = f"Copy {ours} there yourself."
            raise StoreError("the contract of the consents cannot be written", where=str(file), todo=todo) from None
        job.say(f"made {file}: the data set of the consents; see that the subject's domain is that of your tables")
    return contract_at(file or ours, "", (folder,), server=job.args.server)


def bring_in(job: Job, contract: Contract) -> int:
    """Copies the files of the command line into the raw folder; returns how many were not there yet.

    Raises:
        StoreError: one cannot be read or copied, or another one of its name is there.
    """
    _, folder = _place(job, contract)
    brought = 0
    for name in job.args.files:
        source = Path(name)
        target = f"{folder}/{name_of(source).removesuffix('.json').removesuffix('.jsonl')}.json"
        try:
            filesystem, inside = filesystem_of(target)
            if filesystem.get_file_info(inside).is_file:
                _refuse_another(source, filesystem, inside, target)
                continue
            if job.args.dry_run:
                continue
            _make(filesystem, inside)
            pafs.copy_files(
                str(source), inside, source_filesystem=pafs.LocalFileSystem(), destination_filesystem=filesystem
            )
            brought += 1
        except (OSError, pa.ArrowException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise StoreError(f"this file cannot be brought in ({why})", where=name, todo="Check it.") from None
    return brought


def _refuse_another(source: Path, filesystem: pafs.FileSystem, inside: str, target: str) -> None:
    with filesystem.open_input_stream(inside) as there:
        same = there.read() == source.read_bytes()
    if not same:
        what = "another file of this name was brought in before"
        raise StoreError(what, where=target, todo="Rename yours: what was said is never written over.")


def written(job: Job, contract: Contract, names: Sequence[str], event: Event) -> None:
    """Puts a file with the event of each person into the raw folder.

    Raises:
        StoreError: it cannot be written.
    """
    _, folder = _place(job, contract)
    lines = [json_text(event.record(name), ascii_only=True) + "\n" for name in names]
    file = f"{folder}/{job.run.id}.json"
    try:
        put(file, "".join(lines), mode=0o600 if "://" not in file else None)
    except OSError:
        raise StoreError("the event cannot be written", where=file, todo="Check free space and permission.") from None


def take_in(job: Job, contract: Contract, *, told: str, alone: bool = False) -> Outcome:
    """Lets `prepare` take in what is new; `alone`: without Spark, for an event or two.

    Raises:
        StoreError: what was written just now is in quarantine.
    """
    settings = job.settings
    mine: dict[str, object] = {**settings.jobs["prepare"], "mode": "append", "sample": False}
    if alone:
        mine["engine"] = "local"
        settings = replace(settings, spark={**settings.spark, "spark.master": "local[1]"})
    settings = replace(settings, jobs={**settings.jobs, "prepare": mine})
    args = argparse.Namespace(
        contract=contract.file, server=job.args.server, dry_run=job.args.dry_run, all=False, reread="", widen=False,
        from_version=None, mend_timestamps=False,
    )  # fmt: skip
    done = prepare.run(replace(job, settings=settings, args=args))
    if alone and done.rows.get("quarantined"):
        what = "the event was set aside: the contract's rules do not take it"
        todo = f"./spark-submit.sh quarantine list --contract {REGISTER} says which."
        raise StoreError(what, where=contract.quarantine, todo=todo, code="consent.set-aside")
    return Outcome(done.tables, done.rows, done.report, f"{one_line(f'consent: {told}')}\n{done.summary}", done.facts)


def _place(job: Job, contract: Contract) -> tuple[Source, str]:
    """The source that takes files of events, and its folder."""
    source = next((each for each in contract.sources if each.format == "json"), None)
    if source is None:
        what = "no server of this contract takes files of JSON, one event a line"
        raise ConfigError([Problem(what, contract.file, "Give it one; see conf/consent.yaml.", "consent.no-place")])
    return source, location_of(source, job.settings.lake.rstrip("/")).partition("*")[0].rpartition("/")[0]


def _make(filesystem: pafs.FileSystem, inside: str) -> None:
    if filesystem.type_name not in ("s3", "gcs", "abfs"):
        filesystem.create_dir(inside.rpartition("/")[0], recursive=True)
