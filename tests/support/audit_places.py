"""An installation whose audit log was signed, and what somebody who can write the log's folder does to it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

from strongroom.audit.checkpoint import Checkpoint, VerifierKey, new_signing_key, open_checkpoint, sign
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import Tree, leaf_hash
from strongroom.core.audit_event import RECOVER, Event
from strongroom.core.run import Outcome
from strongroom.flows import audit
from support.lakes import install

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
JOB = SimpleNamespace(__name__="strongroom.flows.tried", __doc__="A job.", run=lambda job: Outcome())
FORGED = Event(NOON, "r", "prepare", "user:eve", "run", "started").entry() + b"\n"
BREAK = Event(NOON, "r", "audit", "user:kim", RECOVER, "done", facts={"reason": "none"}).entry() + b"\n"


@dataclass(frozen=True)
class Place:
    """An installation whose audit log was signed, and what its folder held at some moments before."""

    root: object
    run: object

    @property
    def log(self):
        return AuditLog(self.root / "audit")

    @property
    def key(self):
        return VerifierKey.of(self.log.note("key.pub"))

    def head(self):
        return open_checkpoint(self.log.note("checkpoint"), [self.key])

    def entries(self, change):
        """Write the entries anew, as lines."""
        lines = self.log.path.read_bytes().splitlines(keepends=True)
        self.log.path.write_bytes(b"".join(change(lines)))

    def verify(self, code, *options):
        return self.run(audit, "verify", *options, code=code)


def signed_place(tmp_path, capsys):
    """Signed at the end of four jobs; `earlier` is the folder after the first."""
    made = install(tmp_path, capsys)

    def run(flow, *options, code=0):
        done = made.run(flow, *options)
        assert done.code == code, done.err
        return done

    found = Place(tmp_path, run)
    run(JOB)
    shutil.copytree(tmp_path / "audit", tmp_path / "earlier")
    for _ in range(3):
        run(JOB)
    return found


def roots(place):
    tree = Tree()
    for entry in place.log.entries():
        tree.add(leaf_hash(entry))
    return tree


def nothing(place):
    pass


def tree_file(place):
    """What the log's folder once said of where to go on."""
    first = place.log.path.read_bytes().index(b"\n") + 1
    tree = roots(place)
    kept = {"size": tree.size, "start": first, "heads": [head.hex() for head in tree.heads]}
    (place.root / "audit/tree.json").write_text(json.dumps(kept))


def older_folder(place):
    shutil.rmtree(place.root / "audit")
    shutil.copytree(place.root / "earlier", place.root / "audit")


def another_log(place):
    for path in (place.root / "audit").iterdir():
        path.unlink()
    place.log.path.write_bytes(FORGED * 9)


def own_key(place):
    """A whole new log with a checkpoint, under a key of the attacker's own."""
    another_log(place)
    key = new_signing_key(bytes(32))
    tree = roots(place)
    place.log.keep_note("checkpoint", sign(Checkpoint("strongroom-log-1", tree.size, tree.root()), key))


def shifted(place):
    """As many bytes taken out as a forged entry has, so that the old end is the end of an entry again."""
    size = len(place.log.path.read_bytes())
    place.entries(lambda lines: [FORGED, *lines])
    os.truncate(place.log.path, size)


def text(name, content):
    def write(place):
        (place.root / "audit" / name).unlink(missing_ok=True)
        (place.root / "audit" / name).write_bytes(content)

    return write
