"""The searcher finds a secret of each kind in each kind of place, so that finding none means something."""

import base64
import gzip
import json
import subprocess
import sys
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.lakes import ROOT, install
from system.leaks import Marker, find, octal
from system.processes import environment
from system.standalone import ConnectServer
from system.watching import Watch

MAIL, DIGITS, KEY = "ada.byron@marker.example", "8130475926413", bytes(range(200, 232))
MARKERS = [Marker("mail", MAIL.encode()), Marker("digits", DIGITS.encode()), Marker("key", KEY)]
STATISTICS = pa.table({"user_id": pa.array([1, int(DIGITS)])})
CASES = [
    ("log line", "err.log", f"spark: ERROR Executor: {MAIL}\n".encode(), "a foreign message"),
    ("event log", "events", json.dumps({"Failure Reason": f"x {MAIL} y"}).encode(), "a failed task's reason"),
    ("packed event log", "events.zstd", pa.compress(MAIL.encode() * 9, "zstd", asbytes=True), "Spark packs its events"),
    ("rotated log", "out.log.gz", gzip.compress(MAIL.encode()), "logs are packed when they rotate"),
    ("page of the UI", "ui/sql.json", json.dumps({"planDescription": f"a = {DIGITS}"}).encode(), "a literal in a plan"),
    ("page of HTML", "ui/sql.html", f"<td>{MAIL}</td>".encode(), "a plan as people see it"),
    ("link", "ui/link.html", f'<a href="?q={MAIL.replace("@", "%40")}">'.encode(), "a value in a URL"),
    ("block on disk", "blockmgr/shuffle_0", b"\0\1" + int(DIGITS).to_bytes(8, "big") + b"\2", "rows are binary there"),
    ("spilled text", "blockmgr/spill", MAIL.encode("utf-16-le"), "the JVM's own strings"),
    (
        "Delta log",
        "_delta_log/0.json",
        json.dumps({"stats": json.dumps({"minValues": {"e": MAIL}})}).encode(),
        "minima",
    ),
    ("table property", "_delta_log/1.json", json.dumps({"configuration": {"k": KEY.hex()}}).encode(), "a key in hex"),
    ("closure", "closure.bin", b"\x80\x05C " + KEY, "a pickled key"),
    ("setting", "environment.json", json.dumps({"k": base64.b64encode(KEY).decode()}).encode(), "a key as a setting"),
    ("setting, shifted", "x.json", base64.b64encode(b"k=" + KEY + b";"), "a key inside something coded"),
    ("shifted once more", "y.json", base64.urlsafe_b64encode(b"k" + KEY + b";"), "and as URLs have it"),
    ("upper case", "z.txt", KEY.hex().upper().encode(), "hexadecimal as Java prints it"),
    (
        "Connect operation",
        "events",
        json.dumps({"statementText": f'string: "{MAIL}"'}).encode(),
        "a literal of a query",
    ),
    ("Connect closure", "events", json.dumps({"statementText": f'command: "{octal(KEY)}"'}).encode(), "a pickled key"),
    ("Connect error", "ui/connect.html", f"<td>[CAST_INVALID_INPUT] '{MAIL}'</td>".encode(), "what a query failed on"),
    ("protobuf", "server.log", f'data: "\\001{octal(KEY)}"'.encode(), "bytes as protocol buffers show them"),
    ("bytes of Python", "err.log", f"ValueError: {b'k' + KEY!r}".encode(), "a key in an exception"),
    ("list of bytes", "err.log", f"{list(KEY)}".encode(), "a key as numbers"),
    ("array of Java", "err.log", f"{[byte - 256 for byte in KEY]}".encode(), "a key as Java prints it"),
    ("explain", "page.html", f"<pre>Filter (email#3 = {MAIL})</pre>".encode(), "a plan that somebody asked for"),
    ("report", "reports/r.html", f'<text x="3">{DIGITS}</text>'.encode(), "a figure of a report"),
    ("metric", "metrics.prom", f'rows{{value="{MAIL}"}} 3'.encode(), "a label of a metric"),
    ("spilled row", "spill-1", b"\0" + MAIL.encode("utf-16-be"), "texts of another order of bytes"),
    ("artifact", "artifacts/pyfiles/a.py", f"KEY = bytes.fromhex('{KEY.hex()}')".encode(), "code sent to a server"),
    ("audit log", "audit/entries.jsonl", json.dumps({"facts": {"what": f"bad {DIGITS}"}}).encode(), "a fact"),
    ("file name", f"training/email={MAIL}/part-0", b"", "a partition named by its value"),
]


@pytest.mark.parametrize(("kind", "name", "data", "why"), CASES, ids=[case[0] for case in CASES])
def test_a_planted_leak_is_found(tmp_path, kind, name, data, why):
    file = tmp_path / "a" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    found = find(MARKERS, tmp_path)
    assert found, why
    assert all(name.split("/")[0] in line for line in found)


def test_it_is_found_in_parquet_among_the_values_in_the_statistics_and_in_the_footer(tmp_path):
    text = pa.table({"email": pa.array([MAIL, "b"]).dictionary_encode(), "n": [1, 2]})
    pq.write_table(text, tmp_path / "values.parquet", compression="zstd")
    pq.write_table(STATISTICS, tmp_path / "statistics.parquet", compression="gzip", use_dictionary=False)
    noted = pa.table({"a": [1]}).replace_schema_metadata({"note": MAIL})
    pq.write_table(noted, tmp_path / "footer.parquet")
    found = find(MARKERS, tmp_path)
    for file in ("values", "statistics", "footer"):
        assert any(f"{file}.parquet" in line for line in found), file


def test_it_is_found_inside_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "modules.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("strongroom/key.py", f"KEY = '{KEY.hex()}'")
    assert find(MARKERS, tmp_path)


def test_nothing_is_found_where_nothing_is_or_where_it_may_be(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/part.json").write_text(MAIL)
    (tmp_path / "other.json").write_text(json.dumps({"email": "someone.else@marker.example", "id": 8130475926414}))
    assert find([Marker("mail", MAIL.encode(), allowed=("raw/",)), MARKERS[1], MARKERS[2]], tmp_path) == []


def test_a_place_where_it_may_be_is_that_place_only(tmp_path):
    for name in ("show-1/out.log", "show-1/err.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(MAIL)
    [found] = find([Marker("mail", MAIL.encode(), allowed=("show-*/out.log",))], tmp_path)
    assert found == "mail as raw in show-1/err.log"


CLIENT = """
import sys
from strongroom.core.settings.file import load_settings
from strongroom.stores.spark.session import open_session
from pyspark.ml.feature import CountVectorizerModel
from pyspark.sql import SparkSession, functions as F

file, master, hidden = sys.argv[1:]
if hidden == "as our jobs do":
    spark = open_session(load_settings(file, [f"spark.master={master}"]))
else:
    spark = SparkSession.builder.remote(master).getOrCreate()
rows = spark.createDataFrame([("inrowsmarker-4",)], "a string")
secret = bytes(range(200, 232))
def leaky(batches):
    for batch in batches:
        assert secret
        yield batch
assert rows.mapInArrow(leaky, "a string").count() == 1
assert rows.select(F.lit("literalmarker-3")).collect()
CountVectorizerModel.from_vocabulary(["vocabularymarker-6"], inputCol="a", outputCol="b")
try:
    spark.sql("select cast('failedmarker-5' as int)").collect()
except Exception:
    pass
"""
"""A closure, rows, a literal, a parameter of a model with secrets in them, and a query that fails on one."""


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["as anybody may", "as our jobs do"])
def test_what_a_real_connect_server_writes_down_is_found(tmp_path, hidden):
    place = install(tmp_path / "a", None)
    with (
        Watch(tmp_path / "watched", pause=0.5) as watch,
        ConnectServer(tmp_path / "server", **watch.spark).up(**watch.environment) as server,
    ):
        words = [sys.executable, "-c", CLIENT, str(place.settings), server.master, hidden]
        subprocess.run(words, check=True, env=environment(PYTHONPATH=str(ROOT / "lib")), cwd=tmp_path)
        time.sleep(2)  # for the pages
    shown = {"literalmarker-3", "vocabularymarker-6", "failedmarker-5"}
    text = [*shown, "inrowsmarker-4"]
    found = find([Marker(word, word.encode()) for word in text] + [MARKERS[2]], tmp_path)
    events = {line.partition(" as ")[0] for line in found if "watched/events" in line}
    pages = {line.partition(" as ")[0] for line in found if "watched/ui" in line}
    assert "failedmarker-5" in events & pages, (
        "no session hides an error or SQL: our jobs make none that quotes a value"
    )
    if hidden == "as anybody may":
        assert events >= shown
    else:
        assert events | pages == {"failedmarker-5"}


LEAKY = """
import sys
from pyspark import StorageLevel
from pyspark.sql import SparkSession, functions as F

builder = SparkSession.builder.master("local[2]")
for word in sys.argv[1:]:
    builder = builder.config(*word.split("=", 1))
spark = builder.config("spark.sql.adaptive.enabled", "false").config("spark.sql.shuffle.partitions", "3").getOrCreate()
rows = spark.createDataFrame([(f"inrowsmarker-{number}", number) for number in range(2000)], "a string, n int")
rows = rows.where(F.col("a") != "literalmarker-3")
rows.explain("extended")
moved = rows.repartition(3, "n").groupBy("a").agg(F.sum("n").alias("n"))
moved.persist(StorageLevel.DISK_ONLY)
assert moved.count() == 2000
held = spark.sparkContext.broadcast(["broadcastmarker-8"] * 1000)
assert spark.sparkContext.parallelize([1]).map(lambda _: len(held.value)).collect() == [1000]
def fail(batches):
    for batch in batches:
        raise ValueError("workermarker-7")
        yield batch
for act in (lambda: spark.sql("select cast('failedmarker-5' as int)").collect(),
            lambda: rows.mapInArrow(fail, "a string").collect()):
    try:
        act()
    except Exception as error:
        print(error, file=sys.stderr)
"""
"""A job that leaks as jobs do: by its plan, by what it shuffles, keeps and sends, and by errors on both sides."""


@pytest.mark.slow
def test_what_a_real_job_leaves_behind_is_found(tmp_path):
    with Watch(tmp_path / "watched", pause=0.2) as watch, (tmp_path / "out.log").open("wb") as out:
        words = [sys.executable, "-c", LEAKY, *(f"{name}={value}" for name, value in watch.spark.items())]
        with (tmp_path / "err.log").open("wb") as err:
            given = environment(PYTHONPATH=str(ROOT / "lib"), PYSPARK_PYTHON=sys.executable, **watch.environment)
            subprocess.run(words, check=True, env=given, cwd=tmp_path, stdout=out, stderr=err)
    markers = [Marker(word, word.encode()) for word in (
        "inrowsmarker-1", "literalmarker-3", "broadcastmarker-8", "workermarker-7", "failedmarker-5",
    )]  # fmt: skip
    places = {(line.split(" as ")[0], line.rpartition(" in ")[2]) for line in find(markers, tmp_path)}
    kinds = {
        "explain": ("literalmarker-3", "out.log"), "events": ("literalmarker-3", "watched/events/"),
        "pages": ("literalmarker-3", "watched/ui/"), "shuffle": ("inrowsmarker-1", "shuffle_"),
        "kept blocks": ("inrowsmarker-1", "rdd_"), "broadcast": ("broadcastmarker-8", "watched/scratch/"),
        "driver's log": ("failedmarker-5", "err.log"), "worker's error in the log": ("workermarker-7", "err.log"),
        "worker's error in events": ("workermarker-7", "watched/events/"),
        "worker's error on pages": ("workermarker-7", "watched/ui/"),
    }  # fmt: skip
    missed = {
        kind for kind, (word, where) in kinds.items()
        if not any(word == name and where in place for name, place in places)
    }  # fmt: skip
    assert missed == set(), sorted(places)[:60]
