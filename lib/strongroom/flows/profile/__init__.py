"""Propose a first contract of raw files, of a table of the lake, or of another system's schema. Needs no Java.

Every row is read up to 1 GB of files, above it ranges and row groups spread over all of them; the contract says how
many of how many. Each line that a person should decide ends in a question. What cannot be placed is left out (drop).
Then: check FILE, and prepare --contract FILE.

--option sep=';'    how the files are written, in the words of docs/contract.md, where a guess was wrong
--from SCHEMA       reads no data: a file of SQL DDL, JSON Schema, Avro or Delta schema, a Parquet file, a Delta table
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strongroom.core.contract import Source
from strongroom.core.contract.formats import FORMATS
from strongroom.core.contract_files import name_of
from strongroom.core.errors import ConfigError, StoreError, UsageError
from strongroom.core.escaping import joined, one_line, shell_word, visible_lines
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import sound_contract
from strongroom.flows.profile import page, schemas
from strongroom.flows.profile.found import Found, together
from strongroom.flows.profile.place import Place, folders_hidden, place_named, tables_of
from strongroom.flows.profile.reading import Reader
from strongroom.flows.profile.sampling import LIMIT, READ, Sample
from strongroom.flows.profile.typed_files import delta
from strongroom.quality.profile.proposal import Proposal, Proposed, written
from strongroom.quality.profile.propose import Seen, columns_of
from strongroom.stores.sources import RawFile, fixed_of, location_of, refuse_changed
from strongroom.stores.sources.hive_folders import shown_path
from strongroom.stores.sources.kinds import kind_of
from strongroom.stores.whole_file import write_first

PURPOSE = "model_training"
"""What a contract is for, and its data read for, when nobody says."""
_GROWN_UP = 10
"""Years: dates that all lie further back may be birthdays."""
_MOST_SERVERS = 20
_FLAGS = {"true": True, "false": False}
_SAID = (
    "header", "sep", "quote", "escape", "comment", "encoding", "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace",
)  # fmt: skip
"""Options of a contract's CSV server that `--option` takes."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `profile` takes besides the options of every job."""
    parser.add_argument("source", metavar="PATH|TABLE", help="a file, folder, pattern or URI, or raw.NAME of the lake")
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="the contract, for example conf/contracts/NAME.yaml"
    )
    parser.add_argument("--from", dest="schema", metavar="SCHEMA", default="", help="another system's schema")
    parser.add_argument("--option", dest="options", metavar="NAME=VALUE", action="append", default=[])
    parser.add_argument("--report", metavar="FILE", default="", help="one page of HTML with pictures")


def run(job: Job) -> Outcome:
    """Writes a contract.

    Raises:
        UsageError: the name is none for a contract, or there is a file already, be it the contract's or the page's.
        Refused: the policy does not let this run read the table.
        StoreError: there is no such data, or it cannot be read.
    """
    if not job.run.purpose:
        job = replace(job, run=replace(job.run, purpose=PURPOSE))
    out, name = _out(job.args.out)
    if job.args.report:
        _refuse_there(Path(job.args.report))
        if Path(job.args.report).absolute() == out.absolute():
            raise UsageError("the page and the contract are one file", where=job.args.report, todo="Name another.")
    options = _options(job.args.options)
    if job.args.schema:
        return _from_schema(job, out, name)
    place = place_named(job.args.source, job.settings.lake)
    if place.table:
        permit(job, "read", place.table)
    base = location_of(place.source, job.settings.lake)
    with folders_hidden(base):
        files = kind_of(place.source.format).pin(place.source, job.settings.lake)
    tables = tables_of(place, files, job.settings.lake)
    for table in sorted(tables - {place.table}):
        permit(job, "read", table)
    lake = job.settings.lake
    _refuse_among([Path(lake, table.replace(".", "/")) for table in tables if "://" not in lake], job)
    sample = Sample(sum(file.size for file in files), len(files), LIMIT, READ)
    if job.args.dry_run:
        what = "all rows" if sample.all else f"about {READ >> 20} MB"
        summary = f"Would read {what} of {counted(len(files), 'file')} and write {out}; nothing is touched."
        return Outcome(summary=one_line(summary), answer=_answer(out, "", len(files), None, ()))
    job.say(f"{name}: reading {counted(len(files), 'file')}")
    with folders_hidden(base):
        parts = _parts(place, files, Reader(sample, fixed_of(place.source, job.settings.lake), options))
        refuse_changed([] if place.delta else files)
    return _proposed(job, out, name, place, parts, sample)


@dataclass(frozen=True, slots=True)
class _Part:
    """The files that are written in one way."""

    files: tuple[RawFile, ...]
    found: Found


def _parts(place: Place, files: Sequence[RawFile], reader: Reader) -> list[_Part]:
    """What the files gave, those together that one server of a contract can name."""
    if place.delta:
        return [_Part(tuple(files), delta(files[0], reader.sample))]
    parts = list[_Part]()
    for file in files:
        found = reader.file(file)
        at = next((at for at, part in enumerate(parts) if part.found.alike(found)), -1)
        if at < 0:
            parts.append(_Part((file,), found))
        else:
            parts[at] = _Part((*parts[at].files, file), together(parts[at].found, found))
    formats = {part.found.format for part in parts}
    if "parquet" in formats and len(formats) > 1:
        what = f"here lie {' and '.join(sorted(formats))} files, which are no one data set"
        todo = "Name the ones that are: a pattern such as 'raw/x/*.csv'."
        raise StoreError(what, where=place.path, todo=todo, code="source.type")
    if len(parts) > 1 and formats == {"csv"}:
        for part in parts:
            whole = reader.all_by(files, dict(part.found.options), part.found.tree.fields.keys())
            if whole is not None:
                return [_Part(tuple(files), whole)]
    return parts


def _refuse_strangers(parts: Sequence[_Part], place: Place, lake: str) -> None:
    """Files that are written in several ways are one data set only where they have columns in common.

    Raises:
        StoreError: they have not, or a folder of theirs says a value, which no server of a contract may name.
    """
    if len(parts) < 2:
        return
    names = [part.found.tree.fields.keys() for part in parts]
    numbered = [dict(part.found.options).get("header") is False for part in parts]
    if len({*numbered}) > 1 or any(not names[0] & each or (numbered[0] and names[0] != each) for each in names):
        what = f"the files here have no columns in common, as they seem to be written: {_ways(parts, place, lake)}"
        todo = "Name those that are one data set by a pattern, or say how they are written: --option sep=';'."
        raise StoreError(what, where=place.path, todo=todo, code="source.type")
    base = location_of(place.source, lake)
    if any(shown_path(file.path, named=base) != file.path for part in parts for file in part.files):
        what = f"files in folders called name=value are written in several ways: {_ways(parts, place, lake)}"
        raise StoreError(what, where=place.path, todo="Write them in one way.", code="source.type")


def _ways(parts: Sequence[_Part], place: Place, lake: str) -> str:
    """Which files are written how, without what their folders say."""
    base = location_of(place.source, lake)
    found = []
    for part in parts[:_MOST_SERVERS]:
        names = [shown_path(file.path, named=base).rpartition("/")[2] for file in part.files[:3]]
        more = f" and {len(part.files) - 3} more" if len(part.files) > 3 else ""
        options = ", ".join(f"{name} {value!r}" for name, value in part.found.options if name != "header")
        columns = counted(len(part.found.tree.fields), "column")
        found.append(f"{', '.join(names)}{more} ({part.found.format}, {options + ', ' if options else ''}{columns})")
    return "; ".join(found)


def _proposed(job: Job, out: Path, name: str, place: Place, parts: Sequence[_Part], sample: Sample) -> Outcome:
    _refuse_strangers(parts, place, job.settings.lake)
    found = parts[0].found
    for part in parts[1:]:
        found = together(found, part.found)
    if not found.rows:
        raise StoreError(
            "there is no row here", where=place.path, todo="Give files that have some.", code="source.type"
        )
    seen = Seen(sample.all, any(part.found.format == "json" for part in parts), job.run.started.year - _GROWN_UP)
    columns = columns_of(found.tree, seen)
    sources = _sources(place, parts, job.settings.lake)
    told = _told(found, sample, sum(len(part.files) for part in parts))
    notes = []
    if found.torn:
        notes.append(
            f"No rows of their format: {counted(found.torn, 'record')}, to be set aside. How are the files written?"
        )
    if any(dict(part.found.options).get("header") is False for part in parts) and "header" not in _options(
        job.args.options
    ):
        notes.append(
            "The first line looks like values, or nothing tells that it names columns: they are numbered. If it does: "
            "--option header=true."
        )
    if len(parts) > 1:
        notes.append(f"The files are written in several ways: {_ways(parts, place, job.settings.lake)}. Is that so?")
    proposal = Proposal(name, sources, columns, job.run.purpose, told, notes)
    return _ended(job, out, proposal, found, sum(len(part.files) for part in parts))


def _told(found: Found, sample: Sample, files: int) -> str:
    """How many of how many rows were seen."""
    if found.total >= 0:
        total, about = found.total, ""
    else:
        total, about = max(found.rows, round(found.rows * sample.size / max(1, found.bytes))), "about "
    return f"{found.rows:,} of {about}{total:,} rows were seen, in {counted(files, 'file')}."


def _sources(place: Place, parts: Sequence[_Part], lake: str) -> list[Source]:
    """The servers: one for all files, or one for each file where they are written in several ways."""
    if len(parts) == 1:
        found = parts[0].found
        return [Source("raw", found.format, place.path, dict(found.options))]
    if sum(len(part.files) for part in parts) > _MOST_SERVERS:
        what = f"the files here are written in {len(parts)} ways"
        raise StoreError(
            what, where=place.path, todo="Name files that are written alike, by a pattern.", code="source.type"
        )
    fixed = fixed_of(place.source, lake)
    return [
        Source(f"raw_{number}", part.found.format, file.path.removeprefix(fixed), dict(part.found.options))
        for number, (part, file) in enumerate(((part, file) for part in parts for file in part.files), 1)
    ]


def _from_schema(job: Job, out: Path, name: str) -> Outcome:
    """A contract of somebody's schema; the data is not looked at."""
    place = place_named(job.args.schema, job.settings.lake)
    for table in sorted(tables_of(place, [RawFile(job.args.schema, 0, 0)], job.settings.lake)):
        permit(job, "read", table)
    columns = schemas.columns_from(job.args.schema)
    word = job.args.source
    if re.fullmatch(r"raw\.[A-Za-z0-9_]+", word):
        word = word.replace(".", "/")
    source = Source("raw", schemas.format_of(word, columns), word)
    told = f"No row was seen: the columns are those of {Path(job.args.schema).name}."
    proposal = Proposal(name, [source], columns, job.run.purpose, told)
    if job.args.dry_run:
        summary = f"Would write {out} with {counted(len(columns), 'column')}; nothing is touched."
        return Outcome(summary=one_line(summary), answer=_answer(out, "", 0, None, columns))
    return _ended(job, out, proposal, None, 0)


def _ended(job: Job, out: Path, proposal: Proposal, found: Found | None, files: int) -> Outcome:
    text = written(proposal)
    _refuse_unsound(text, out, (out.parent, Path(job.settings.contracts)), job.args.schema or job.args.source)
    report = job.args.report
    if report:  # first, so that no contract stands where the page cannot
        _write(Path(report), visible_lines(page.page(proposal, found)) + "\n")
    try:
        _write(out, text)
    except StoreError:
        if report:
            Path(report).unlink(missing_ok=True)
        raise
    leaves = [pair for column in proposal.columns for pair in column.leaves()]
    lines = [
        f"Wrote {out}: {counted(len(leaves), 'column')}. {proposal.told}",
        *(f"  {note}" for note in proposal.notes),
    ]
    wide = min(40, max(len(path) for path, _ in leaves))
    lines += [f"  {path:<{wide}}  {leaf.type.ddl:<13}  {_says(leaf)}" for path, leaf in leaves]
    lines += [
        "",
        "Read each line of it that ends in a question. Then:",
        f"  ./spark-submit.sh check {shell_word(str(out))}",
    ]
    lines += [f"  ./spark-submit.sh prepare --contract {shell_word(str(out))}"]
    rows = {"read": found.rows, "written": 0, "quarantined": 0} if found else {}
    dropped = sum(leaf.meaning is not None and leaf.meaning.kind == "unplaced" for _, leaf in leaves)
    facts = {"files": files, "columns": len(leaves), "unplaced": dropped, "source": job.args.source[:200]}
    return Outcome(
        rows=rows,
        report=report,
        summary=joined(lines),
        facts=facts | ({"rows": found.rows} if found else {}),
        answer=_answer(out, proposal.told, files, found, proposal.columns),
    )


def _refuse_unsound(text: str, out: Path, folders: tuple[Path, ...], source: str) -> None:
    """What `check` would refuse is not written.

    Raises:
        StoreError: no contract can say what was found.
    """
    try:
        sound_contract(text, str(out), folders)
    except ConfigError as error:
        what = f"no contract can say what is here: {error.problems[0].what}"
        todo = "Change it at the source, or write the contract by hand (docs/contract.md)."
        raise StoreError(what, where=source, todo=todo, code="source.type") from None


def _says(leaf: Proposed) -> str:
    meaning = leaf.meaning
    if meaning is None or not meaning.classification:
        method, why = (meaning.protect["method"], meaning.why) if meaning else ("drop", "")
        return f"{method}: not placed{f' ({why})' if why else ''}"
    return f"{meaning.protect['method']}: {meaning.classification} ({meaning.kind}, {meaning.why})"


def _answer(out: Path, told: str, files: int, found: Found | None, columns: Sequence[Proposed]) -> dict[str, object]:
    leaves = [pair for column in columns for pair in column.leaves()]
    return {
        "contract": str(out),
        "told": told,
        "files": files,
        "rows": None if found is None else {
            "seen": found.rows, "total": None if found.total < 0 else found.total, "torn": found.torn,
        },
        "columns": [
            {
                "path": path,
                "type": leaf.type.ddl,
                "classification": leaf.meaning.classification if leaf.meaning else "",
                "method": str(leaf.meaning.protect["method"]) if leaf.meaning else "drop",
                "placed": leaf.meaning is not None and leaf.meaning.kind != "unplaced",
                "entities": [
                    {"entity": share.entity, "whole": round(share.whole, 4), "within": round(share.within, 4)}
                    for share in leaf.shares
                ],
            }
            for path, leaf in leaves
        ],
    }  # fmt: skip


def _out(word: str) -> tuple[Path, str]:
    """The file to write, and the data set's name."""
    out = Path(word)
    name = name_of(out)
    if not word.endswith((".yaml", ".yml")) or not re.fullmatch(r"[A-Za-z0-9_]+", name):
        todo = "Name it NAME.yaml, of letters, digits and '_': that is what the table will be called."
        raise UsageError("this names no contract", where=word, todo=todo)
    _refuse_there(out)
    return out, name


def _refuse_among(folders: Sequence[Path], job: Job) -> None:
    """Nothing is written into a raw table: it would be one of its files on the next run."""
    for word in filter(None, (job.args.out, job.args.report)):
        if any(Path(word).resolve().is_relative_to(folder.resolve()) for folder in folders):
            what = "this would lie among the raw files that are read"
            raise UsageError(what, where=word, todo="Name a file in another folder.")


def _refuse_there(file: Path) -> None:
    if file.exists() or file.is_symlink():
        what = "there is a file already, and nothing is written over it"
        raise UsageError(what, where=str(file), todo="Name another, or move it away.")


def _options(words: Sequence[str]) -> dict[str, str | bool]:
    """The reader options that somebody said."""
    found: dict[str, str | bool] = {}
    for word in words:
        name, mark, value = word.partition("=")
        if not mark or name not in _SAID:
            raise UsageError(
                f"this is no option of a reader: {word!r}", where="--option", todo=f"Known: {', '.join(_SAID)}."
            )
        said = _FLAGS.get(value, value.replace("\\t", "\t"))
        fits, want = FORMATS["csv"].options[name]
        if not fits(said):
            raise UsageError(
                f"{name!r} is {want}", where="--option", todo="Write NAME=VALUE, as docs/contract.md has it."
            )
        found[name] = said
    return found


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = write_first(out, text.encode(), mode=0o644)
    except OSError as error:
        todo = "Check the folder, its permission and free space."
        raise StoreError(
            f"this cannot be written: {error.strerror}", where=str(out), todo=todo, code="output.unwritable"
        ) from error
    if not made:
        raise UsageError("there is a file already, and nothing is written over it", where=str(out))
