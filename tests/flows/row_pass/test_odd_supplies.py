"""Files that somebody has made to be odd end a run by their name, and say what is wrong with them."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.quarantine.test_retry import HEADER, LOCAL, small, visits
from strongroom.flows import prepare
from strongroom.flows.prepare import stage
from support.lakes import install


def parquet(file):
    pq.write_table(pa.table({"n": [1, 2]}), file)


def test_a_maker_that_is_no_text_is_nobody(tmp_path, capsys):
    place = install(tmp_path, capsys)
    visits(place, "parquet", [small(10)])
    file = place.lake / "raw/visits/a.parquet"
    file.parent.mkdir(parents=True)
    parquet(file)
    data = file.read_bytes()
    at = data.rindex(b"parquet-cpp")
    file.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    done = place.run(prepare, *LOCAL)
    assert done.code == 0, done.err
    assert len(place.rows("training.visits")) == 2


def test_a_column_whose_name_is_no_text(tmp_path, capsys):
    place = install(tmp_path, capsys)
    visits(place, "parquet", [small(10)])
    file = place.lake / "raw/visits/a.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"n": [1], "odd_name": [1]}), file, store_schema=False)
    file.write_bytes(file.read_bytes().replace(b"odd_name", b"odd_\xff\xfe\xfde"))
    done = place.run(prepare, *LOCAL)
    assert done.code in (3, 7), done.err
    assert "a.parquet" in done.err


SAID = [
    # format, options, name, content, what is told
    ("csv", HEADER, "a.csv", b'n\n1\n"2"x\n', "a quote is broken"),
    ("json", ", customProperties: [{property: options, value: {document: true}}]", "a.json", b'[{"n":1},', "document"),
    ("json", "", "a.json.gz", gzip.compress(b'{"n":1}\n' * 1000, mtime=0)[:-9], "packed as its name says"),
    ("json", "", "a.json.gz", b'{"n":1}\n', "packed as its name says"),
]


@pytest.mark.parametrize(("form", "options", "name", "content", "told"), SAID, ids=range(len(SAID)))
def test_what_is_wrong_is_said(tmp_path, capsys, form, options, name, content, told):
    place = install(tmp_path, capsys)
    visits(place, form, [small(10)], options)
    file = place.lake / "raw/visits" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    done = place.run(prepare, *LOCAL)
    assert done.code == 7
    assert told in done.err
    assert name in done.err


@pytest.mark.parametrize(("change", "code"), [("more", 7), ("less", 7), ("other", 7), ("gone", 0), ("new", 0)])
def test_a_file_that_is_written_while_it_is_read_publishes_nothing(tmp_path, capsys, monkeypatch, change, code):
    place = install(tmp_path, capsys)
    visits(place, "json", [small(10)])
    file = place.lake / "raw/visits/a.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"n":1}\n')

    def meanwhile(*given, **more):
        staged = stage(*given, **more)
        if change == "gone":
            file.unlink()
        else:
            content = {"more": b'{"n":1}\n{"n":2}\n', "less": b'{"n":', "other": b'{"n":3}\n', "new": b'{"n":4}\n'}
            (file.with_name("b.json") if change == "new" else file).write_bytes(content[change])
        return staged

    monkeypatch.setattr(prepare, "stage", meanwhile)
    done = place.run(prepare, *LOCAL)
    assert done.code == code, done.err
    assert ("written while it was read" in done.err) is bool(code)
    assert [row["n"] for row in place.rows("training.visits")] == ([] if code else [1])
