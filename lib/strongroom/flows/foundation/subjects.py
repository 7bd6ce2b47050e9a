"""The data subjects that somebody asks about: their names come from a prompt, a file or standard input, and no further.

A name is never an argument, which every process of the machine can read, and the shell remembers. What goes on from
here is tags.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import domain_of, subject_of
from strongroom.core.errors import StoreError, UsageError
from strongroom.core.keys.ring import Keyring
from strongroom.protect import subject_tags
from strongroom.quality.reading.columns import read_text

Within = tuple[str, ...]
"""Within what equal values are one person: `core/contract/subject.py: domain_of`."""


def argument(parser: argparse.ArgumentParser) -> None:
    """The option that says where the names come from."""
    parser.add_argument(
        "--subject-from", metavar="FILE|-", default="",
        help="the people, a line each as the raw data name them; - is standard input (default: a prompt)",
    )  # fmt: skip


def asked(source: str) -> tuple[str, ...]:
    """The people's names as the raw data write them, each once, in their order.

    Args:
        source: a file with a line for each, `-` for standard input; empty for a prompt that shows nothing.

    Raises:
        UsageError: there is no name, or nobody to be asked.
        StoreError: the file cannot be read as UTF-8.
    """
    try:
        text = _prompted() if not source else _read(source)
    except UnicodeDecodeError:
        raise StoreError("this is not UTF-8", where=source, todo="Save it as UTF-8.", code="file.encoding") from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise StoreError(what, where=source, todo="Check the path.", code="file.unreadable") from None
    names = tuple(dict.fromkeys(line for line in text.removeprefix("\ufeff").splitlines() if line.strip()))
    if not names:
        raise UsageError("whom is this about?", where="--subject-from", todo="Give each person a line.")
    return names


def _prompted() -> str:
    if not sys.stdin.isatty():
        raise UsageError("whom is this about?", todo="Give --subject-from FILE, or - for standard input.")
    try:
        return getpass.getpass("data subject (as the raw data write it): ")
    except EOFError:
        return ""


def _read(source: str) -> str:
    return (sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()).decode()


def tags_of(
    names: Sequence[str], contracts: Iterable[Contract], *, keyring: Keyring
) -> Mapping[Within, tuple[frozenset[bytes], ...]]:
    """Each person's tags, by that within which they count; a set for each name, empty where no contract can read it.

    A name is read as each contract reads its raw column: trimmed, as a number, and so on. So one of them may have two
    tags within one domain, where `07` is a number in one table and text in another.
    """
    found: dict[Within, tuple[frozenset[bytes], ...]] = {}
    texts = pa.array(names, pa.string())
    for contract in contracts:
        subject = subject_of(contract)
        if subject is None:
            continue
        within = domain_of(subject, table=contract.training)
        values, _ = read_text(texts, subject)
        tags = subject_tags.tagger(subject, table=contract.training, keyring=keyring)(values).to_pylist()
        before = found.get(within, (frozenset[bytes](),) * len(names))
        found[within] = tuple(each if tag is None else each | {tag} for each, tag in zip(before, tags, strict=True))
    return found
