"""A person is erased from an installation as people would do it, and looked for afterwards."""

import json
from pathlib import Path

import pyarrow as pa

from strongroom.core.contract.file import load_contract
from strongroom.core.contract.subject import subject_of
from strongroom.core.settings.file import load_settings
from strongroom.flows import erase
from strongroom.protect.subject_tags import tagger
from strongroom.stores.keys import open_keyring

POLICY = """
roles:
  engineer: {members: [user:engineer]}
  officer: {members: [user:pia]}
grants:
  - {role: engineer, actions: [read, write, delete, reveal], tables: ["*"], columns: {allow: ["*", email]}}
  - {role: officer, actions: [erase], tables: ["*"]}
"""
PIA = ("--set", "principal=user:pia")
"""Somebody else than took the request."""


def request(place, *people, name="r-1", contract="reviews"):
    """Takes a request; people are values, or dictionaries of column and value."""
    file = place.root / "people.txt"
    file.write_text("\n".join(json.dumps(each) if isinstance(each, dict) else str(each) for each in people))
    done = place.run(
        erase, "request", "--subject-from", str(file), "--reason", "asked", "--identity", "letter", "--run-id", name,
        "--contract", contract,
    )  # fmt: skip
    file.unlink()
    return done


def erased(place, *people, name="r-1", contract="reviews", prove=True):
    """Takes a request through all of it; what the proof said, or the run."""
    steps = [("approve", f"erase-{name}", *PIA), ("run",), *([("prove", f"erase-{name}")] if prove else [])]
    done = request(place, *people, name=name, contract=contract)
    for verb, *words in steps:
        assert done.code == 0, (done.err, done.out)
        done = place.run(erase, verb, *words)
    return done


def files_with(folder, *values, without=()):
    """The files below a folder that hold one of these texts as they lie, by name; for what is not compressed."""
    return sorted(
        str(path.relative_to(folder))
        for path in Path(folder).rglob("*")
        if path.is_file() and not any(part in without for part in path.parts)
        and any(value.encode() in path.read_bytes() for value in values)
    )  # fmt: skip


def tag_of(place, user, contract="reviews"):
    """The tag of a value of the data set's subject."""
    settings = load_settings(str(place.settings), ())
    ring = open_keyring(settings.keys, settings.keyring, create=False)
    found = load_contract(str(place.root / f"contracts/{contract}.yaml"))
    return tagger(subject_of(found), table=found.training, keyring=ring)(pa.array([user]))[0].as_py()


def raw_rows(place):
    """The rows of the raw reviews, of those lines that are some, with a sensible user."""
    for file in sorted((place.lake / "raw/reviews").glob("*.json")):
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row.get("user_id"), int) and row["user_id"] > 0:
                yield row
