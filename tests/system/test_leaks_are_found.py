"""The searcher finds a secret of each kind in each kind of place, so that finding none means something."""

import base64
import gzip
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from system.leaks import Marker, find

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
