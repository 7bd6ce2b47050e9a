"""What was signed last of each audit log: kept beside the signing key, out of reach of who can only write the logs.

Nothing that lies in a log's own folder decides what is signed next; this does, and whoever can write it has the key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from strongroom.audit.key_file import key_file
from strongroom.core.errors import KeyFault
from strongroom.core.settings import Settings
from strongroom.stores.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Signed:
    """One log, as it was signed last.

    Args:
        origin: the log's name, which is the first line of its checkpoints.
        key: the public key it was signed with.
        size: how many entries.
        heads: hashes (hexadecimal) of the tree's complete subtrees, from which it grows on.
        end: the byte at which those entries end.
        tail: hash of the log's last bytes before that one; see `AuditLog.tail`.
    """

    origin: str
    key: str
    size: int
    heads: tuple[str, ...]
    end: int
    tail: str


@dataclass(frozen=True, slots=True)
class SignedLogs:
    """Every log that this installation's key signs, by its name, and which of them lies in which folder."""

    logs: Mapping[str, Signed] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)

    def at(self, folder: Path) -> Signed | None:
        """The log that was signed last in a folder."""
        return self.logs.get(self.folders.get(str(folder.resolve()), ""))


def signed_logs(settings: Settings) -> SignedLogs | None:
    """All of them; None where that was never kept, or is kept from this user.

    Raises:
        KeyFault: the file is damaged.
    """
    path = _file(settings)
    try:
        found = json.loads(path.read_bytes())
        logs = {name: Signed(**{**each, "heads": tuple(each["heads"])}) for name, each in found["logs"].items()}
        kept = SignedLogs(logs, dict(found["folders"]))
        if not all(map(_sound, logs.values())) or not set(kept.folders.values()) <= logs.keys():
            raise ValueError
    except (FileNotFoundError, PermissionError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        todo = "Put it back from its copy, or, when it is lost: ./spark-submit.sh audit recover --reason TEXT"
        raise KeyFault("What was signed last cannot be read.", where=str(path), todo=todo) from None
    return kept


def keep_signed(
    settings: Settings, known: SignedLogs, folder: Path | None = None, signed: Signed | None = None
) -> None:
    """Keeps what is known, and that this log in this folder was signed so."""
    if folder is not None and signed is not None:
        logs = {**known.logs, signed.origin: signed}
        known = replace(known, logs=logs, folders={**known.folders, str(folder.resolve()): signed.origin})
    text = json.dumps({"logs": {name: asdict(each) for name, each in known.logs.items()}, "folders": known.folders})
    path = _file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole({path: f"{text}\n".encode()}, mode=0o600)


def _sound(signed: Signed) -> bool:
    """Whether the values are of their types, and belong together."""
    texts = (signed.origin, signed.key, signed.tail, *signed.heads)
    return (
        {type(text) for text in texts} == {str}
        and {type(signed.size), type(signed.end)} == {int}
        and signed.size.bit_count() == len(signed.heads)
        and all(len(bytes.fromhex(head)) == 32 for head in (signed.tail, *signed.heads))
    )


def _file(settings: Settings) -> Path:
    return key_file(settings).with_suffix(".logs")
