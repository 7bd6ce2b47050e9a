"""Tend what people have said about the use of their data: who consents, objects, is restricted (GDPR Art. 7, 21, 18).

consent import FILE…       take in events, one JSON object a line; without FILE, what lies in raw/consent
consent show               all that a person has said, and for which purposes his rows may be used now
consent give               a person says yes …        --about PURPOSE, with --notice, --method, --from, --until
consent withdraw           … takes it back …          --about PURPOSE
consent object             … objects …                --about PURPOSE
consent object-no-more     … takes that back
consent restrict           nobody reads the person's rows, for any purpose, until …
consent restrict-no-more   … they may again

Who it is comes from a prompt, a file or standard input (--subject-from), never from the command line; several people, a
line each. From then on no read and no derived table has rows that the new event forbids: docs/consent.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from strongroom.core.contract import Contract
from strongroom.core.contract.legal_basis import CONSENTS
from strongroom.core.contract.subject import domain_of, subject_of
from strongroom.core.errors import UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.consent.events import SAYS, Event, bring_in, consent_contract, take_in, written
from strongroom.flows.foundation import subjects
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.consents import Register, Said, purposes_of, said_by
from strongroom.flows.foundation.contracts import settle_purpose
from strongroom.flows.foundation.keyring import ring_for
from strongroom.protect.consents import GIVEN, LIFTED, RESTRICTED, standing
from strongroom.stores.lake import Lake


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("verb", choices=("import", "show", *SAYS))
    parser.add_argument("files", metavar="FILE", nargs="*", help="import: files of events, one JSON object a line")
    subjects.argument(parser)
    parser.add_argument("--about", metavar="PURPOSE", default="", help="the purpose that the event is about")
    parser.add_argument("--at", metavar="MOMENT", default="", help="when it was said, in UTC (default: now)")
    parser.add_argument("--record", metavar="ID", default="", help="of the consent record (default: a new one)")
    parser.add_argument("--from", dest="valid_from", metavar="MOMENT", default="", help="give: from then on")
    parser.add_argument("--until", dest="valid_until", metavar="MOMENT", default="", help="give: not from then on")
    for word, what in (("notice", "the privacy notice"), ("notice-version", "its version")):
        parser.add_argument(f"--{word}", metavar="WORDS", default="", help=f"give: {what} that was shown")
    parser.add_argument("--method", metavar="WORDS", default="", help="how it was said, for example letter")
    parser.add_argument("--jurisdiction", metavar="CODE", default="", help="for example DE or US-CA")


def run(job: Job) -> Outcome:
    """Does what the verb says.

    Raises:
        UsageError: somebody, or the purpose, is not named.
        ConfigError: the contract of the consents is not sound.
        Refused: the policy said no.
        StoreError: files or tables cannot be read or written.
    """
    contract = consent_contract(job)
    job = settle_purpose(job, contract)
    if job.args.verb == "import":
        permit(job, "write", CONSENTS, contract=contract)
        copied = bring_in(job, contract)
        done = take_in(job, contract, told=f"{counted(copied, 'file')} brought in")
        return replace(done, answer={"files": copied, "rows": dict(done.rows)})
    if job.args.verb == "show":
        permit(job, "read", CONSENTS, contract=contract, shows=True)
        return _show(job, _tags(job, contract, subjects.asked(job.args.subject_from)))
    permit(job, "write", CONSENTS, contract=contract)
    return _say(job, contract)


def _say(job: Job, contract: Contract) -> Outcome:
    """Adds an event for each person."""
    event = _event(job)
    names = subjects.asked(job.args.subject_from)
    tags = _tags(job, contract, names)
    register = Register.of(Lake(job.settings.lake))
    strangers = sum(not said_by(register, each) for each in tags) if event.event != GIVEN else 0
    if strangers:
        who = counted(strangers, "person")
        job.say(f"note: of {who} nothing was known here; is each written as the raw data write it?")
    about = f" about {event.purpose}" if event.purpose else ""
    told = f"{counted(len(names), 'person')}: {event.event}{about}, as of {event.at:%Y-%m-%d %H:%M:%S} UTC"
    if job.args.dry_run:
        return Outcome(summary=f"Would write: {told}.", answer={"events": 0, "event": event.event})
    written(job, contract, names, event)
    done = take_in(job, contract, told=told, alone=True)
    after = "\n".join((done.summary, joined(["", *_follows(event.event)])))
    answer = {"events": len(names), "event": event.event}
    facts = {**done.facts, "people": len(names), "event": event.event, "about": event.purpose}
    return Outcome(done.tables, done.rows, done.report, after, facts, answer)


def _follows(event: str) -> list[str]:
    """What a person is told that an event does, and does not do by itself."""
    if event in (GIVEN, LIFTED, "objection_withdrawn"):
        return ["Rows that waited come in by prepare in overwrite, or by prepare --reread FILE."]
    return [
        "No read has these rows from now on. Files that roles hold follow with the next `project`, which readers wait",
        "for; models keep what they have learnt, and tables the rows: that is what erasure is for.",
    ]


def _event(job: Job) -> Event:
    """The event that the command line tells."""
    event, args = SAYS[job.args.verb], job.args
    restricts = event in (RESTRICTED, LIFTED)
    if not restricts and not args.about:
        raise UsageError("what is this about?", where="--about", todo="Give --about PURPOSE.")
    if restricts and args.about:
        raise UsageError("restriction is about every purpose", where="--about", todo="Leave --about out.")
    given = [word for word in ("valid_from", "valid_until", "notice", "notice_version") if getattr(args, word)]
    if given and event != GIVEN:
        raise UsageError("only a consent has a notice, a start and an end", todo="Leave them out.")
    at = moment(args.at, "--at") or job.run.started
    ends = (moment(args.valid_from, "--from"), moment(args.valid_until, "--until"))
    return Event(
        event, args.about, at, *ends, args.notice, args.notice_version, args.method, args.jurisdiction, args.record
    )


def moment(text: str, where: str) -> datetime | None:
    """A moment as people type it, in UTC where it says no zone; None of an empty text."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        todo = "Write it as 2027-06-30 or 2027-06-30T12:00:00Z."
        raise UsageError("this is no moment", where=where, todo=todo) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tags(job: Job, contract: Contract, names: tuple[str, ...]) -> tuple[frozenset[bytes], ...]:
    """Each person's tag.

    Raises:
        UsageError: one is written as no subject of the raw data is.
    """
    subject = subject_of(contract)
    if subject is None:
        raise UsageError("the contract of the consents names no subject", where=contract.file)
    ring = ring_for(job.settings, Lake(job.settings.lake), contract)
    found = subjects.tags_of(names, [contract], keyring=ring)[domain_of(subject, table=contract.training)]
    if lacking := [place for place, tags in enumerate(found, 1) if not tags]:
        what = f"line {lacking[0]} is no {subject.path} of this contract"
        raise UsageError(what, where="--subject-from", todo="Write people as the raw data do.")
    return found


def _show(job: Job, people: tuple[frozenset[bytes], ...]) -> Outcome:
    """What each person has said, and what that means now for each purpose that rests on something."""
    register, lines, answer = Register.of(Lake(job.settings.lake)), list[str](), list[dict[str, object]]()
    bases = purposes_of(job.settings)
    for number, tags in enumerate(people, 1):
        events, now = said_by(register, tags), dict[str, bool]()
        for purpose, basis in bases:
            found = standing(register.of_people(tags), purpose=purpose, basis=basis, at=job.run.started)
            now[f"{purpose} ({basis})"] = bool(len(found)) == found.keeps
        lines += [f"person {number}: {counted(len(events), 'event')}", *(f"  {_line(each)}" for each in events)]
        lines += [f"  now, {about}: {'may be used' if may else 'may not be used'}" for about, may in now.items()]
        answer.append({"events": [_plain(each) for each in events], "now": now})
    return Outcome(summary=joined(lines), facts={"people": len(people)}, answer={"people": answer})


def _line(said: Said) -> str:
    ends = (("from", said.valid_from), ("until", said.valid_until))
    more = "".join(f", {word} {when:%Y-%m-%d %H:%M:%S}" for word, when in ends if when is not None)
    return f"{said.at:%Y-%m-%d %H:%M:%S}  {said.event}  {said.purpose or 'every purpose'}{more}"


def _plain(said: Said) -> dict[str, object]:
    moments = {"at": said.at, "valid_from": said.valid_from, "valid_until": said.valid_until}
    told = {word: when.isoformat() if when is not None else None for word, when in moments.items()}
    return {"event": said.event, "purpose": said.purpose, **told}
