"""Jobs of ours up to their publication, over files that Arrow stages, and what others do to the same tables meanwhile.

A row is (id, text). What others do is done by Delta's own libraries; what is ours is ours, all but the pass itself.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from strongroom.core.contract.file import parse_contract
from strongroom.core.run import Job, Run
from strongroom.flows.foundation import table_plans
from strongroom.flows.keys import rewrap as keys_rewrap
from strongroom.flows.prepare import publish
from strongroom.flows.prepare.plan import Planned
from strongroom.flows.prepare.run_record import Done
from strongroom.flows.quarantine import retry as quarantine_retry
from strongroom.flows.row_pass.engines import Local
from strongroom.flows.row_pass.inputs import Road
from strongroom.flows.row_pass.process import PassPlan
from strongroom.protect.rewrap import Rewrapped
from strongroom.quality.counts.tally import Tally
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.projections import Projected, Relaid, Written, source_id
from strongroom.stores.sources import RawFile, manifest
from strongroom.stores.sources.manifest import RETRY, Batch
from strongroom.stores.table_plan import TablePlan

CONTRACT = parse_contract(
    """
apiVersion: v3.1.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/t/*.parquet, format: parquet}
schema:
  - name: t
    properties:
      - {name: id, logicalType: integer, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: text, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
customProperties:
  - {property: purposes, value: [model_training]}
""",
    "t.yaml",
)
TRAINING, ASIDE, PROJECTED, VALUES = "training.t", "quarantine.t", "projected.r.any.training.t", "features.t"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = (b"\x01\x00\x00\x00" + key + b"." * 30 for key in (b"\x01", b"\x02"))
"""How a value begins that lies under the old key or the new one."""
BASE = [(number, "old") for number in range(1, 7)]
MINE = [(101, "mine"), (102, "mine")]
ID = pa.schema([("id", pa.int64()), ("text", pa.string())])
SEALED = pa.schema([("id", pa.int64()), ("text", pa.binary())])


def table(rows, schema=ID):
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def aside(rows, run="before"):
    """Rows of a quarantine: the id stands for the batch, the text is the sealed row."""
    told = {"run_id": run, "reasons": ["x"], "source_file": "f", "source_position": "p"}
    return pa.Table.from_pylist(
        [told | {"batch": number, "row": text.encode()} for number, text in rows], table_plans.QUARANTINE
    )


def held(lake, name):
    """What a table holds, read from its log by another reader than the one that wrote it."""
    found = DeltaTable(lake.folder(name))
    columns = {ASIDE: ["batch", "row"]}.get(name, ["id", "text"])
    parts = [pq.read_table(unquote(uri), columns=columns, partitioning=None) for uri in found.file_uris()]
    rows = [tuple(row.values()) for part in parts for row in part.to_pylist()]
    assert len(rows) == pa.table(found.scan()).num_rows, "one reader sees what the other does"
    return sorted((number, text.decode() if isinstance(text, bytes) else text) for number, text in rows)


def made(root, name):
    """A lake with the table, three files in it, and a keyring beside it."""
    lake = Lake(str(root / "lake"))
    open_keyring(f"file:{root}/kek", f"{root}/keyring.json", create=True)
    lake.ensure(TRAINING, table_plans.training(CONTRACT))
    lake.ensure(ASIDE, table_plans.quarantine(CONTRACT))
    parts = [BASE[:2], BASE[2:4], BASE[4:]]
    if name == PROJECTED:
        _project(lake, {str(place): part for place, part in enumerate(parts)})
        return lake
    for part in parts:
        if name == ASIDE:
            commits.append(lake, ASIDE, aside(part))
        elif name == VALUES:
            commits.append(lake, VALUES, table([(number, OLD + text.encode()) for number, text in part], SEALED))
        else:
            commits.append(lake, TRAINING, table(part))
    return lake


def put(lake, name, stage, rows):
    """What the pass would have left in a stage, and told of."""
    folder = Path(lake.folder(name), staging.written(lake, stage))
    folder.mkdir(parents=True)
    pq.write_table(rows, folder / "part-0.parquet")
    return tuple(staging.staged(lake, name, stage))


def job(lake):
    """A run without Spark."""
    settings = SimpleNamespace(keyring=str(Path(lake.root).parent / "keyring.json"))
    run = Run("mine", "prepare", "user:ada", "model_training", NOW)
    return Job(run, settings, argparse.Namespace(dry_run=False), spark=None, say=lambda _: None)


def prepare(lake, mode):
    """From the plan to the published version; two rows pass."""
    mine = job(lake)
    ring = open_keyring(f"file:{Path(lake.root).parent}/kek", mine.settings.keyring, create=False)
    known = manifest.batches(lake, "t")
    onto, quarantine = manifest.fence(lake, TRAINING, known), manifest.fence(lake, ASIDE, known)
    batch = Batch("t", len(known) + 1, mine.run.id, mode, (RawFile("f", 1, 1),))
    manifest.plan(lake, batch, planned=NOW)
    planned = Planned(batch, onto, quarantine, ())
    publish.look_again(lake, planned)
    good = put(lake, TRAINING, batch.stage, table(MINE))
    Path(lake.folder(TRAINING), staging.written(lake, batch.stage), "part-1.parquet").touch()  # of a dead attempt
    publish.look_again(lake, planned)
    done = Done(mine.run, CONTRACT, batch, Tally(rows=2), (), ring.primary, good=good)
    publish.publish_quarantine(mine, done, lake=lake, planned=planned)
    publish.publish_training(mine, done, lake=lake, planned=planned, judge=None)


def retry(lake):
    """Of the six rows in quarantine the first two pass now, the other four stay."""
    known = manifest.batches(lake, "t")
    quarantine, onto = manifest.fence(lake, ASIDE, known), manifest.fence(lake, TRAINING, known)
    batch = Batch("t", len(known) + 1, "mine", RETRY, (RawFile(f"{ASIDE}@{quarantine.version()}", 0, 0),))
    manifest.plan(lake, batch, planned=NOW)
    good = put(lake, TRAINING, batch.stage, table(BASE[:2]))
    bad = put(lake, ASIDE, batch.stage, aside(BASE[2:], run="mine"))
    tried = SimpleNamespace(tally=Tally(rows=6, bad=4), good=good, bad=bad)
    mine = job(lake)
    keys = open_keyring(f"file:{Path(lake.root).parent}/kek", mine.settings.keyring, create=False).handle
    plan, way = PassPlan(CONTRACT, TRAINING, keys), Road(Local(), None)
    quarantine_retry._publish(mine, way, plan, tried, lake=lake, batch=batch, onto=onto, quarantine=quarantine)
    for name, files in ((TRAINING, good), (ASIDE, bad)):
        staging.drop_remains(lake, name, batch.stage, named=staging.names(files))


def discard(lake):
    """Takes out row 6 of the quarantine."""
    commits.without(lake, ASIDE, where="batch = 6")


def rewrap(lake):
    """Every value under the old key comes under the new one."""

    def moved(array, _):
        there = pc.starts_with(array.cast(pa.binary()), OLD)
        texts = [
            NEW + one[len(OLD) :] if lies else one
            for one, lies in zip(array.to_pylist(), there.to_pylist(), strict=True)
        ]
        return Rewrapped(pa.array(texts, array.type), pc.sum(there).as_py() or 0, 0)

    work = keys_rewrap.Work(CONTRACT, VALUES, {"text": moved})
    keys_rewrap._table(job(lake), work, lake, old=[1])


def project(lake):
    """The source's first file is gone, another one is new."""
    _project(lake, {"1": BASE[2:4], "2": BASE[4:], "3": MINE})


def _project(lake, source):
    """As `flows/project/refreshing.py` does it: what is new comes in, what is gone goes out, once more if it must
    be."""
    for again in (False, True):
        made = Projected.open(lake, PROJECTED, TablePlan(ID), group=None)
        known, wanted = made.files(), {source_id(name): rows for name, rows in source.items()}
        stage = made.stage("mine")
        place = made.begin(stage)
        written = []
        for number in wanted.keys() - known.keys():
            name = f"{number}-{'second' if again else 'first'}.parquet"
            pq.write_table(table(wanted[number]), f"{place}/{name}")
            written.append(Written(number, name, Path(place, name).stat().st_size, len(wanted[number])))
        gone = known.keys() - wanted.keys()
        try:
            made.commit(
                stage, written, gone=gone, schema=ID, content=("c",), anew=False, at_ms=1, note={"strongroom.run": "m"}
            )
        except Relaid:
            continue
        made.sweep()
        return
    raise AssertionError("rewritten twice")


@dataclass(frozen=True)
class Ours:
    """A job, the table that it is raced for, and what that holds after it, given what it held before.

    `whole`: it replaces what is there, and so is refused beside rows of others. `besides`: ids of rows of others that
    it may take out or not.
    """

    run: Callable
    table: str
    then: Callable
    whole: bool = False
    besides: tuple = ()


OURS = {
    "prepare append": Ours(lambda lake: prepare(lake, "append"), TRAINING, lambda rows: rows + MINE),
    "prepare overwrite": Ours(lambda lake: prepare(lake, "overwrite"), TRAINING, lambda rows: MINE, whole=True),
    "prepare, quarantine": Ours(lambda lake: prepare(lake, "append"), ASIDE, lambda rows: rows),
    "retry": Ours(retry, ASIDE, lambda rows: BASE[2:], whole=True),
    "retry, training": Ours(retry, TRAINING, lambda rows: rows + BASE[:2]),
    "discard": Ours(discard, ASIDE, lambda rows: [row for row in rows if row[0] != 6]),
    "rewrap": Ours(rewrap, VALUES, lambda rows: [(number, _moved(text)) for number, text in rows]),
    "project": Ours(project, PROJECTED, lambda rows: BASE[2:] + MINE, besides=(201,)),
}


def _moved(text):
    return text.replace(OLD.decode(), NEW.decode())


@dataclass(frozen=True)
class Theirs:
    """What others do to a table, and what it holds after it, given what it held before; `rows`: whether it changes."""

    act: Callable
    then: Callable = lambda rows: rows
    rows: bool = True


def vacuum(found):
    found.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)


def forget(found):
    """A checkpoint, and the log before it cleaned up."""
    found.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"}, raise_if_not_exists=False)
    found.create_checkpoint()
    for file in Path(found.table_uri.removeprefix("file://"), "_delta_log").glob("*.json"):
        os.utime(file, (0, 0))
    found.cleanup_metadata()


def merge(found):
    name = _number(found)
    new = pa.table({name: pa.array([2], pa.int64())})
    merged = found.merge(new, f"s.{name} = t.{name}", source_alias="s", target_alias="t")
    merged.when_matched_update({_text(found): _literal(found, "merged")}).execute()


def add(found):
    write_deltalake(found, _row(found, 201, "theirs"), mode="append")


def replace_all(found):
    write_deltalake(found, _row(found, 301, "theirs"), mode="overwrite")


THEIRS = {
    "OPTIMIZE": Theirs(lambda found: found.optimize.compact(), rows=False),
    "VACUUM": Theirs(vacuum, rows=False),
    "OPTIMIZE and VACUUM": Theirs(lambda found: (found.optimize.compact(), vacuum(found)), rows=False),
    "a property": Theirs(
        lambda found: found.alter.set_table_properties({"owner": "ada"}, raise_if_not_exists=False), rows=False
    ),
    "a constraint": Theirs(lambda found: found.alter.add_constraint({"sane": f"{_number(found)} > 0"}), rows=False),
    "a description": Theirs(lambda found: found.alter.set_table_description("theirs"), rows=False),
    "DELETE": Theirs(
        lambda found: found.delete(f"{_number(found)} = 1"), lambda rows: [row for row in rows if row[0] != 1]
    ),
    "MERGE": Theirs(merge, lambda rows: [(number, "merged" if number == 2 else text) for number, text in rows]),
    "INSERT": Theirs(add, lambda rows: [*rows, (201, "theirs")]),
    "INSERT OVERWRITE": Theirs(replace_all, lambda rows: [(301, "theirs")]),
    "DELETE and OPTIMIZE": Theirs(
        lambda found: (found.delete(f"{_number(found)} = 1"), found.optimize.compact()),
        lambda rows: [row for row in rows if row[0] != 1],
    ),
    "a clean-up of the log": Theirs(forget, rows=False),
}


def _names(found):
    return [field.name for field in found.schema().fields]


def _number(found):
    return "batch" if "batch" in _names(found) else "id"


def _text(found):
    return "row" if "row" in _names(found) else "text"


def _literal(found, text):
    binary = '"binary"' in found.schema().to_json()
    return f"arrow_cast(X'{text.encode().hex()}', 'Binary')" if binary else f"'{text}'"


def _row(found, number, text):
    if "batch" in _names(found):
        return aside([(number, text)], run="theirs")
    return (
        table([(number, text.encode())], SEALED) if '"binary"' in found.schema().to_json() else table([(number, text)])
    )
