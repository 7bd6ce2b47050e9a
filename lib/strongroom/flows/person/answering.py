"""`person show` and `person export`: one search of all places, and the answer to the terminal or into files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from strongroom.audit.log import AuditLog
from strongroom.core.audit_event import Event
from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.errors import Refused, StoreError, UsageError
from strongroom.core.escaping import joined, json_text
from strongroom.core.keys.ring import Keyring
from strongroom.core.lineage import LakeMap
from strongroom.core.person import Answer, Held
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation import subjects
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.foundation.provenance import untold
from strongroom.flows.foundation.subjects import Within
from strongroom.flows.person.opening import Row, clear_rows
from strongroom.flows.person.others import own_words, without_others
from strongroom.flows.person.places import RAW, Found, Search, places_of
from strongroom.flows.person.told import held_of, models_of, readers_of, recipients_of
from strongroom.protect.subject_tags import TYPE
from strongroom.protect.tag_sets import TagSet, tag_set
from strongroom.reports.page.person import page
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from strongroom.stores.whole_file import write_folder

DATA, PAGE = "answer.json", "answer.html"


@dataclass(frozen=True, slots=True)
class Sought:
    """The person that a run is about, and what is needed to look for them.

    Args:
        name: as it was asked for; goes no further than texts of the answer are compared with it.
        tags: by what the name counts within; a set of each.
    """

    name: str
    tags: Mapping[Within, TagSet]
    contracts: Sequence[Contract]
    keyring: Keyring
    known: LakeMap
    lake: Lake


def sought(job: Job) -> Sought:
    """Who is meant, of all contracts that can read the name.

    Raises:
        UsageError: nobody, or several people are named, or no such domain is there.
        StoreError: no contract can read the name.
    """
    names = subjects.asked(job.args.subject_from)
    if len(names) > 1:
        what = "several people are named, and an answer to one must not tell of another"
        raise UsageError(what, where="--subject-from", todo="Run it for each.", code="person.several")
    contracts = contracts_in(job.settings.contracts)
    keyring = open_keyring(job.settings.keys, job.settings.keyring, create=False)
    tags = {
        within: tag_set([pa.array(sorted(theirs[0]), TYPE)])
        for within, theirs in subjects.tags_of(names, contracts, keyring=keyring).items()
    }
    if job.args.domain and (wrong := [word for word in job.args.domain if not any(map(_of(word), tags))]):
        there = ", ".join(sorted(" ".join(within[1:]) for within in tags))
        raise UsageError(f"there is no domain {wrong[0]!r}", where="--domain", todo=f"Known: {there}.")
    return Sought(names[0], tags, contracts, keyring, map_of(job.settings), Lake(job.settings.lake))


def _of(word: str) -> Callable[[Within], bool]:
    """Whether something is the domain of that word, or, where a column has none, `TABLE COLUMN`."""
    return lambda within: word == " ".join(within[1:])


def found_of(job: Job, who: Sought) -> Found:
    """All rows of the person, as they lie, wherever the policy lets this run look.

    Raises:
        Refused: it lets it look nowhere.
        UsageError: there are rows in several domains, which may be of several people.
        StoreError: there are none.
    """
    search = Search(job, who.lake, who.keyring, who.tags)
    chosen = list(map(_of, job.args.domain))
    places = places_of(who.known, who.contracts)
    found = search.look(each for each in places if not chosen or any(one(each.within) for one in chosen))
    if found.refusals and len(found.refusals) == found.asked:
        raise found.refusals[0]
    within = dict.fromkeys(each.place.within for each in found.lying)
    if len(within) > 1 and not chosen:
        there = ", ".join(" ".join(each) for each in within)
        what = f"the name counts in several domains ({there}), and may be another person in each"
        raise UsageError(what, where="--domain", todo="Say which: --domain WORD.", code="person.ambiguous")
    found.gaps += untold(job.settings.lake, who.contracts, who.known)
    if not found.lying:
        refused = f", but {counted(len(found.gaps), 'place')} could not be looked into" if found.gaps else ""
        what = f"nobody of that name is found in {counted(found.asked, 'place')}{refused}"
        todo = "Check how the raw data write it. If it is right, this is the answer (Art. 15(1)): nothing is held."
        raise StoreError(what, where="--subject-from", todo=todo, code="person.unknown")
    return found


def answer_of(job: Job, who: Sought, found: Found, *, values: bool) -> Answer:
    """The whole answer; with `values` all is opened, and the audit log has that before anybody sees it."""
    rows: list[list[Row]] = [[] for _ in found.lying]
    masked = [0] * len(rows)
    if values:
        _tell(job, found)
        rows = [clear_rows(each, who.keyring) for each in found.lying]
        if not job.args.whole_texts:
            contracts = [each.place.contract for each in found.lying]
            own = own_words(zip(contracts, rows, strict=True), [who.name])
            masked = [without_others(each, theirs, own) for each, theirs in zip(contracts, rows, strict=True)]
    pairs = zip(found.lying, rows, masked, strict=True)
    held = [held_of(each, who.known, values=tuple(theirs), masked=count) for each, theirs, count in pairs]
    readers, unread = readers_of(job, [each.place for each in held])
    return Answer(
        asked=job.run.started.isoformat(),
        purpose=job.run.purpose,
        within=tuple(dict.fromkeys(" ".join(each.place.within) for each in found.lying)),
        held=tuple(sorted(held, key=_order)),
        readers=readers,
        recipients=recipients_of(who.known, who.lake, held=held, contracts=who.contracts),
        models=models_of(who.known, who.lake, held=held, tags=who.tags),
        gaps=tuple(dict.fromkeys((*found.gaps, *unread))),
        limits=tuple(_limits(found)),
    )


def _order(held: Held) -> tuple[bool, str]:
    """Tables first, raw files behind them."""
    return held.place.startswith("raw."), held.place


def _tell(job: Job, found: Found) -> None:
    """What is opened of whom nobody is told, but of which tables, how many rows, and whether texts stay whole."""
    facts: dict[str, object] = {"whole_texts": job.args.whole_texts} if job.args.whole_texts else {}
    events = [
        Event.made(
            job.run, "read" if each.place.kind == RAW else "reveal", table=each.place.name, columns=each.columns,
            contract=each.place.contract.fingerprint if each.place.contract is not None else "",
            facts={**facts, "rows": each.count},
        )
        for each in found.lying
    ]  # fmt: skip
    AuditLog.open(job.settings).append(*events)


def _limits(found: Found) -> Iterator[str]:
    for place, unplaced in found.unplaced.items():
        yield from (f"{place}: {counted(count, 'row')}, {why}" for why, count in unplaced.rows.items())


def show(job: Job) -> Outcome:
    """A readable summary; `--values` adds what the rows say."""
    if job.args.dry_run:
        return _rehearsal(job)
    who = sought(job)
    answer = answer_of(job, who, found_of(job, who), values=job.args.values)
    return _outcome(answer, lines=[*_summary(answer), *(_values(answer) if job.args.values else ())])


def export(job: Job) -> Outcome:
    """The answer as two files in a new folder: there as a whole, or not at all.

    Raises:
        UsageError: no new folder is named, or it lies in the lake.
        StoreError: it cannot be written.
    """
    folder = _folder(job)
    if job.args.dry_run:
        return _rehearsal(job)
    who = sought(job)
    answer = answer_of(job, who, found_of(job, who), values=True)
    files = {
        DATA: (json_text(answer.plain(values=True), indent=1) + "\n").encode(),
        PAGE: page(answer, at=job.run.started).encode(),
    }
    try:
        write_folder(folder, files)
    except OSError as error:
        what = f"the answer cannot be written: {error.strerror}"
        raise StoreError(what, where=str(folder), todo="Name a new folder.", code="output.unwritable") from None
    return _outcome(answer, lines=[*_summary(answer), "", f"  {folder}/{PAGE}", f"  {folder}/{DATA}"], out=str(folder))


def _folder(job: Job) -> Path:
    if not job.args.out:
        raise UsageError("export where to?", todo="Give --out FOLDER, which is not there yet.")
    folder, lake = Path(job.args.out).resolve(), job.settings.lake
    if "://" not in lake and folder.is_relative_to(Path(lake).resolve()):
        what = "this folder is in the lake, where the answer would be one more place that holds the person"
        raise UsageError(what, where="--out", todo="Name one elsewhere.")
    if folder.exists():
        raise UsageError("this folder is there already", where="--out", todo="Name a new one.")
    return folder


def _rehearsal(job: Job) -> Outcome:
    """Where would be looked; nothing is read, and nobody is asked for a name."""
    contracts = contracts_in(job.settings.contracts)
    places = list(dict.fromkeys(each.name for each in places_of(map_of(job.settings), contracts)))
    told = [f"{counted(len(places), 'place')} would be looked into", *(f"  {name}" for name in places)]
    return Outcome(summary=joined(told), answer={"places": places})


def _outcome(answer: Answer, *, lines: Sequence[str], out: str = "") -> Outcome:
    """Exit 0 where the answer is whole; 5 where only grants are missing; else 7."""
    codes = {gap.code for gap in answer.gaps}
    error = None if not codes else Refused if codes == {"person.refused"} else StoreError
    code, status = (0, "done") if error is None else (error.exit_code, error.__name__)
    facts: dict[str, object] = {
        "places": len(answer.held),
        "rows": answer.rows,
        "gaps": len(answer.gaps),
        "masked": sum(each.masked for each in answer.held),
    }
    return Outcome(
        rows={"read": answer.rows}, report=out, summary=joined(lines), facts=facts,
        answer={"out": out, **answer.plain(values=False)}, exit_code=code, status=status,
    )  # fmt: skip


def _summary(answer: Answer) -> Iterator[str]:
    """The answer for a terminal, without values."""
    yield f"{counted(answer.rows, 'row')} in {counted(len(answer.held), 'place')} ({', '.join(answer.within)})"
    for each in answer.held:
        version = "" if each.version is None else f", version {each.version}"
        yield ""
        yield f"{each.place}: {counted(each.rows, 'row')}{version}, {each.holds}"
        yield f"  columns    {', '.join(column.name for column in each.columns)}"
        if each.withheld:
            yield f"  left out   {', '.join(f'{column.name} ({column.why})' for column in each.withheld)}"
        yield f"  what for   {', '.join(_purpose(each, purpose) for purpose in each.purposes) or 'nothing says it'}"
        yield f"  from       {', '.join(each.made_from)}"
        yield f"  until      {each.until or 'the contract does not say it'}"
        if each.masked:
            yield f"  others     {counted(each.masked, 'name')} of others taken out of texts"
    yield from _beside(answer)


def _purpose(held: Held, purpose: str) -> str:
    basis = (held.basis or {}).get(purpose)
    return f"{purpose} ({basis})" if basis else f"{purpose} (the contract names no legal basis)"


def _beside(answer: Answer) -> Iterator[str]:
    if answer.readers:
        yield from ("", "read by (the audit log knows tables, not rows)")
        for one in answer.readers:
            purpose = f" for {one.purpose}" if one.purpose else ""
            yield f"  {one.principal}  {one.action} {one.table}{purpose}, {one.times}×, last {one.last[:16]}"
    if answer.recipients:
        yield from ("", "given to")
        for each in answer.recipients:
            yield f"  {each.role}  {each.kind} of {each.table}: {', '.join(each.columns)}"
    if answer.models:
        yield from ("", "models trained on it")
        for model in answer.models:
            rows = "rows nobody can count any more" if model.rows is None else counted(model.rows, "row")
            yield f"  {model.model}  {rows} of {model.table} version {model.version}"
    if answer.limits:
        yield from ("", *(f"nobody can tell  {limit}" for limit in answer.limits))
    if answer.gaps:
        yield from ("", *(f"not whole  {gap}" for gap in answer.gaps))


def _values(answer: Answer) -> Iterator[str]:
    for each in answer.held:
        yield from ("", each.place)
        yield from (f"  {json_text(row)}" for row in each.values)
