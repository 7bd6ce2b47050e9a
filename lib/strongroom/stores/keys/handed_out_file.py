"""The record of what roles were given, beside the keyring: one JSON file of mode 0600, changed as a whole or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from strongroom.core.errors import KeyFault
from strongroom.core.escaping import json_text
from strongroom.core.keys.handed_out import Given, Handed
from strongroom.stores.keys.keyring_file import write_if_unchanged


def record_of(keyring: str) -> Path:
    """Where the record of that keyring lies: `keyring.handed.json`."""
    return Path(keyring).with_suffix(".handed.json")


def read_handed(keyring: str) -> tuple[Handed, bytes]:
    """The record, and its bytes for `save_handed`; an empty one when nothing was given yet.

    Raises:
        KeyFault: it is damaged or unreadable. Without it nobody can say who may have kept a key.
    """
    path = record_of(keyring)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Handed(), b""
    except OSError as fault:
        raise KeyFault(
            f"the record of roles' keys cannot be read: {fault.strerror}", where=str(path), todo="Make it readable."
        ) from None
    try:
        return _handed(json.loads(data)), data
    except (ValueError, KeyError, TypeError, AttributeError):
        todo = "Restore it from a copy; or delete it, and `keys rotate`, since nobody knows who kept a key."
        raise KeyFault("the record of roles' keys is damaged", where=str(path), todo=todo) from None


def save_handed(keyring: str, found: Handed, *, before: bytes) -> None:
    """The record in its file.

    Raises:
        KeyFault: it cannot be written, or another run changed it since it was read; nothing was changed.
    """
    path = record_of(keyring)
    try:
        write_if_unchanged(path, _document(found), before=before)
    except FileExistsError:
        what = "another run gave or took roles' keys meanwhile, so this one did not"
        raise KeyFault(what, where=str(path), todo="Run again.", code="keyring.changed") from None
    except OSError as fault:
        what = f"the record of roles' keys cannot be written: {fault.strerror}"
        raise KeyFault(what, where=str(path), todo="Make its folder writable; then run again.") from None


def _document(found: Handed) -> bytes:
    roles = {
        role: {
            "keys": {name: list(opened) for name, opened in given.keys.items()},
            "ids": [f"{key_id:08x}" for key_id in given.ids],
            "members": list(given.members), "holder": given.holder, "mark": given.mark, "digest": given.digest,
        }
        for role, given in found.roles.items()
    }  # fmt: skip
    held: dict[str, dict[str, list[str]]] = {}
    for (name, key_id), people in sorted(found.held.items()):
        held.setdefault(name, {})[f"{key_id:08x}"] = sorted(people)
    marks = {mark: sorted(people) for mark, people in found.marks.items()}
    return (json_text({"roles": roles, "held": held, "marks": marks}, indent=1) + "\n").encode()


def _handed(found: Mapping[str, Mapping[str, Mapping[str, list[str]]]]) -> Handed:
    roles = {role: _given(each) for role, each in found["roles"].items()}
    held = {
        (name, int(key_id, 16)): frozenset(people)
        for name, by_id in found["held"].items()
        for key_id, people in by_id.items()
    }
    return Handed(roles, held, {mark: frozenset(people) for mark, people in found["marks"].items()})


def _given(found: Mapping[str, object]) -> Given:
    keys, ids, members = found["keys"], found["ids"], found["members"]
    if not isinstance(keys, dict) or not isinstance(ids, list) or not isinstance(members, list):
        raise TypeError("not a record")
    return Given(
        {name: tuple(opened) for name, opened in keys.items()},
        tuple(int(key_id, 16) for key_id in ids),
        tuple(members), str(found["holder"]), str(found["mark"]), str(found["digest"]),
    )  # fmt: skip
