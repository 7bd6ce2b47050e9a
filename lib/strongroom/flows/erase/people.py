"""The people whom a request names: a value of the data set's subject a line, or a JSON object of column → value with
the subject's column, and what else is to be looked for: e-mail addresses, names, in whatever table they may be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.file import contracts_in
from strongroom.core.contract.subject import domain_of, people_of, subject_of
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.keys.ring import Keyring
from strongroom.core.settings import Settings
from strongroom.flows.foundation.subjects import asked, tags_of

Person = Mapping[str, str]
"""Values by column; the subject's is there."""


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


def people_from(source: str, subject: Column) -> list[Person]:
    """The people of a file, of standard input (`-`), or of a prompt (empty), each once.

    Who stands there twice with other values stays twice: all of these are looked for.

    Raises:
        UsageError: there is none, or a line is neither a value nor an object that has the subject's column.
        StoreError: the file cannot be read.
    """
    found = _people(asked(source), source or "the prompt", subject)
    return [dict(known) for known in dict.fromkeys(tuple(sorted(person.items())) for person in found)]


def counted_people(people: Sequence[Person], subject: Column) -> int:
    """How many people that are."""
    return len({person[subject.path] for person in people})


def _people(lines: Sequence[str], place: str, subject: Column) -> Iterator[Person]:
    for number, line in enumerate(lines, 1):
        person = _person(line.strip(), subject)
        if not person.get(subject.path):
            todo = f"A line is a value of {subject.path}, or a JSON object of one text a column that has it."
            raise UsageError("this line names nobody", where=f"{place}, line {number}", todo=todo)
        yield person


def _person(line: str, subject: Column) -> Person:
    if not line.startswith("{"):
        return {subject.path: line}
    try:
        found = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return {}
    known = {name: value for name, value in found if value not in ("", None)}
    whole = len(known) == sum(value not in ("", None) for _, value in found)
    # what cannot be looked for, or only half of it, is no line: the proof would pass over it in silence
    return known if whole and all(isinstance(value, str) for value in known.values()) else {}


def tags_for(people: Sequence[Person], contract: Contract, settings: Settings, ring: Keyring, *, place: str) -> bytes:
    """The people's tags, 16 bytes each, as any data set makes them within which they are the same people.

    Raises:
        UsageError: somebody's is no value of the subject's column.
    """
    subject = subject_or_refuse(contract)
    within = domain_of(subject, table=contract.training)
    alike = [each for each in (contract, *contracts_in(settings.contracts)) if people_of(each) == within]
    found = tags_of([person[subject.path] for person in people], alike, keyring=ring)[within]
    if none := sum(not tags for tags in found):
        what, todo = f"{none:,} of the values are none of {subject.path}", "Write each as the raw files do."
        raise UsageError(what, where=place or "the prompt", todo=todo, code="erasure.nobody")
    return b"".join(sorted({tag for tags in found for tag in tags}))
