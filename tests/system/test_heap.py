"""Where workers read the sources, no raw value enters the JVM: not its heap, nor what it writes while it shuffles."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare
from support.lakes import install

pytestmark = pytest.mark.spark
MARKER = "Heapmarkerquibble"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/people, format: FORM, customProperties: [OPTIONS]}]
schema:
  - name: people
    properties:
      - {name: who, logicalType: string, unique: true, classification: personal,
         customProperties: [{property: protect, value: {method: hash}}]}
      - {name: note, logicalType: string, classification: personal, logicalTypeOptions: {minLength: 3},
         customProperties: [{property: protect, value: {method: encrypt}}]}
customProperties: [{property: purposes, value: [model_training]}]
"""
ROWS = [{"who": f"{MARKER}-who-{number}", "note": f"{MARKER}-note-{number}"} for number in range(400)]
ROWS += [{"who": f"{MARKER}-who-1", "note": "x"}]


def as_json(folder):
    (folder / "a.json").write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def as_csv(folder):
    (folder / "a.csv").write_text("who,note\n" + "".join(f"{row['who']},{row['note']}\n" for row in ROWS))


def as_parquet(folder):
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "a.parquet")


def heap_holds(spark, folder: Path, text: bytes) -> bool:
    """Whether a dump of all objects of the JVM, those that are garbage too, holds these bytes."""
    jvm, file = spark._jvm, folder / "heap.hprof"
    bean = jvm.java.lang.Class.forName("com.sun.management.HotSpotDiagnosticMXBean")
    server = jvm.java.lang.management.ManagementFactory.getPlatformMBeanServer()
    name = "com.sun.management:type=HotSpotDiagnostic"
    jvm.java.lang.management.ManagementFactory.newPlatformMXBeanProxy(server, name, bean).dumpHeap(str(file), False)
    found, rest = False, b""
    with file.open("rb") as dump:
        while piece := dump.read(32 << 20):
            found = found or text in rest + piece
            rest = piece[-len(text) :]
    file.unlink()
    return found


@pytest.mark.parametrize(  # a dump takes seconds
    "write", [as_json, *(pytest.param(each, marks=pytest.mark.slow) for each in (as_csv, as_parquet))]
)
def test_no_raw_value_is_in_the_heap_where_workers_read(tmp_path, capsys, spark, monkeypatch, write):
    place, form = install(tmp_path, capsys, engine="spark"), write.__name__.removeprefix("as_")
    options = "{property: options, value: {header: true}}" if form == "csv" else ""
    text = CONTRACT.replace("FORM", form).replace("OPTIONS", options)
    marker = f"{MARKER}{form}"
    (place.root / "contracts/people.yaml").write_text(text)
    folder = place.lake / "raw/people"
    folder.mkdir(parents=True)
    monkeypatch.setattr(f"{__name__}.ROWS", [{k: v.replace(MARKER, marker) for k, v in row.items()} for row in ROWS])
    write(folder)
    options = ("--contract", "people", "--set", "prepare.quarantine_limit=1")
    assert place.run(prepare, *options).line["rows"] == {"read": 401, "written": 399, "quarantined": 2}
    assert not heap_holds(spark, tmp_path, f"{marker}-note-7".encode())
    probed = prepare.probed
    monkeypatch.setattr(prepare, "probed", lambda job, way, **more: replace(probed(job, way, **more), direct=False))
    for _ in range(5):  # what is no longer used may be collected before anybody looks
        assert place.run(prepare, *options).line["rows"] == {"read": 401, "written": 399, "quarantined": 2}
        if heap_holds(spark, tmp_path, f"{marker}-note-7".encode()):
            return
    raise AssertionError("what Spark reads is found, or else the search finds nothing")
