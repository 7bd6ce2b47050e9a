"""The people whom a request names: read from a prompt, a file or standard input, and never from an argument.

A line is a value of the data set's subject, or a JSON object of column → value that has the subject's column, and what
else is to be looked for: e-mail addresses, names, in whatever table they may be.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.subject import subject_of
from strongroom.core.errors import ConfigError, Problem, StoreError, UsageError
from strongroom.core.keys.ring import Keyring
from strongroom.protect.subject_tags import tagger
from strongroom.quality.reading.columns import read_text

Person = Mapping[str, str]
"""Values by column; the subject's is there."""
STDIN = "-"


def subject_or_refuse(contract: Contract) -> Column:
    """The column that says whose row it is.

    Raises:
        ConfigError: the contract names none.
    """
    subject = subject_of(contract)
    if subject is None:
        what, todo = "this contract names no data subject", "Write `subject: true` at the column that does."
        raise ConfigError([Problem(what, contract.file, todo, "erasure.nobody")])
    return subject


def people_from(place: str, subject: Column) -> list[Person]:
    """The people of a file, of standard input (`-`), or of a prompt (empty), each once.

    Raises:
        UsageError: there is none, or a line is neither a value nor an object.
        StoreError: the file cannot be read.
    """
    found = list(_people(_lines(place, subject), place or "the prompt", subject))
    if not found:
        raise UsageError("nobody is named", where=place or "the prompt", todo="Give one person a line.")
    return list({person[subject.path]: person for person in found}.values())


def _lines(place: str, subject: Column) -> Sequence[str]:
    if not place:
        if not sys.stdin.isatty():
            raise UsageError("nobody is named", todo="Give --subject-from FILE, or - for standard input.")
        return [getpass.getpass(f"{subject.path} of the person (not shown): ")]
    try:
        text = sys.stdin.read() if place == STDIN else Path(place).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise StoreError(f"this file cannot be read ({why})", where=place, todo="Check it.") from None
    return text.splitlines()


def _people(lines: Sequence[str], place: str, subject: Column) -> Iterator[Person]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        person = _person(line.strip(), subject)
        if not person.get(subject.path):
            todo = f"A line is a value of {subject.path}, or a JSON object that has it."
            raise UsageError("this line names nobody", where=f"{place}, line {number}", todo=todo)
        yield person


def _person(line: str, subject: Column) -> Person:
    if not line.startswith("{"):
        return {subject.path: line}
    try:
        found = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, str) and value}


def tags_for(people: Sequence[Person], contract: Contract, ring: Keyring, *, place: str = "") -> bytes:
    """The people's tags, 16 bytes each.

    Raises:
        UsageError: somebody's is no value of the subject's column.
    """
    subject = subject_or_refuse(contract)
    texts = pa.array([person[subject.path] for person in people], pa.string())
    values, bad = read_text(texts, next(leaf for leaf in contract.as_read.leaves() if leaf.path == subject.path))
    if bad.any() or values.null_count:
        count = int(bad.sum()) or values.null_count
        todo = f"Write it as the raw files do ({subject.type.ddl})."
        raise UsageError(f"{count} of the values is none of {subject.path}", where=place, todo=todo)
    return b"".join(tagger(subject, table=contract.training, keyring=ring)(values).to_pylist())
