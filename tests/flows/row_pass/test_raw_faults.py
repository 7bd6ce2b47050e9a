"""What readers of raw files once lost, forged or refused for a wrong reason: each in a whole run, without a JVM."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.row_pass import roads
from flows.row_pass.odd_files import contract
from strongroom.flows.row_pass import engines, feeds

KEEP = "customProperties: [{property: protect, value: {method: keep}}]"
DROP = "customProperties: [{property: protect, value: {method: drop}}]"


def column(name, kind="string", *, more="", protect=KEEP):
    return f"      - {{name: {name}, logicalType: {kind}, {protect}{', ' + more if more else ''}}}\n"


def named(name, source, kind="string"):
    return column(name, kind, more=f"physicalName: '{source}'")


ID, TEXT = column("id", "integer"), column("text")
ADDR = f"""\
      - name: addr
        logicalType: object
        properties: [{{name: city, logicalType: string, {KEEP}}}]
      - name: items
        logicalType: array
        items: {{logicalType: object, properties: [{{name: sku, logicalType: string, {KEEP}}}]}}
"""
HEADER = "{header: true}"


@dataclass(frozen=True)
class Raw:
    """A data set `t` and what must come of it.

    Args:
        why: what is right about that.
        columns: of the contract.
        files: by name, the bytes of each file, or a table.
        form: of the files.
        options: of the source.
        code: how the run ends.
        good: the rows that arrive, as tuples in the order of their first value.
        aside: reasons, number in the file, and bytes, of what is set aside.
        where: ends of the places that are told.
        said: what is told of it.
    """

    why: str
    columns: str
    files: dict
    form: str = "csv"
    options: str = HEADER
    code: int = 0
    good: tuple = ()
    aside: tuple = ()
    where: tuple = ()
    said: tuple = ()


def csv(why, data, columns=ID + TEXT, **more):
    return Raw(why, columns, {"a.csv": data}, **more)


def json(why, data, columns, **more):
    return Raw(why, columns, {"a.json": data}, form="json", options=more.pop("options", "{}"), **more)


def parquet(why, table, columns, **more):
    files = table if isinstance(table, dict) else {"a.parquet": table}
    return Raw(why, columns, files, form="parquet", options="{}", **more)


LETTERS = b'id,text\n1,"first line\n999,injected"\n2,"Dear all,\nthis is lost"\n3,plain\n'
LETTER_ROWS = ((1, "first line\n999,injected"), (2, "Dear all,\nthis is lost"), (3, "plain"))
UNCLOSED = b'id,text\n5,"x\n6,y\n7,z\n'
K6 = [
    csv("a break within quotes is text, and forges no row", LETTERS, good=LETTER_ROWS),
    csv("whatever is said of multiLine", LETTERS, options="{header: true, multiLine: false}", good=LETTER_ROWS),
    csv("no trusted quote, no trusted row", UNCLOSED, code=7, where=("a.csv, byte 8 (line 2)",)),
    csv("nor with multiLine", UNCLOSED, options="{header: true, multiLine: true}", code=7,
        where=("a.csv, byte 8 (line 2)",)),
    csv("or all from there is set aside, line by line", b"id,text\n4,w\n" + UNCLOSED[8:],
        options="{header: true, onBrokenQuote: quarantineRest}", good=((4, "w"),),
        aside=(("row.untrusted", "row 2 (line 3)", b'\x025,"x'), ("row.untrusted", "row 3 (line 4)", b"\x026,y"),
               ("row.untrusted", "row 4 (line 5)", b"\x027,z"))),
    csv("two people are not one", b"id,text\n1,Ren\xe9\n2,Ren\xe8\n3,Ren\xc3\xa9\n", good=((3, "Ren\u00e9"),),
        aside=(("row.parse", "row 1 (line 2)", b"\x011,Ren\xe9"),
               ("row.parse", "row 2 (line 3)", b"\x012,Ren\xe8"))),
    csv("UTF-16 is read", "\ufeffid,text\n1,Ren\u00e9\n".encode("utf-16-le"),
        options="{header: true, encoding: UTF-16}",
        good=((1, "Ren\u00e9"),)),
    csv("in both orders", "\ufeffid,text\r\n1,a\u010ab\r\n".encode("utf-16-be"),
        options="{header: true, encoding: UTF-16}",
        good=((1, "a\u010ab"),)),
    csv("as Excel writes it", b"id,text\n1,Ren\xe9 \x80\n", options="{header: true, encoding: windows-1252}",
        good=((1, "Ren\u00e9 \u20ac"),)),
    csv("with the bytes that it has no letter for", b"id,text\n1,Ren\x81\n",
        options="{header: true, encoding: windows-1252}", aside=(("row.parse", "row 1 (line 2)", b"\x011,Ren\x81"),)),
    csv("and the euro of Latin-9", b"id,text\n1,\xa4\n", options="{header: true, encoding: ISO-8859-15}",
        good=((1, "\u20ac"),)),
    json("a name inside that nobody knows stops the run as one at the top does",
         b'{"id":1}\n{"id":2,"addr":{"City":"Oslo"},"items":[{"sku":"a","price":9}]}\n', ID + ADDR, code=3,
         where=("a.json, row 2", "a.json, row 2"), said=("'addr.City'", "'items[].price'", "'addr.city'")),
    json("and says the line beside the record, where blank ones stand before", b'{"id":1}\n\n \n{"id":2,"x":1}\n', ID,
         code=3, where=("a.json, row 2 (line 4)",)),
    csv("quoted breaks, blank lines and comments count for an editor",
        b'\n#c\nid,text\n1,"a\nb"\n\n#\n2,c,d\n3,"e\n\nf"\nx,g\n',
        options="{header: true, comment: '#'}", good=((1, "a\nb"), (3, "e\n\nf")),
        aside=(("id.type", "row 4 (line 12)", b"\x01x,g"), ("row.parse", "row 2 (line 8)", b"\x012,c,d"))),
    json("an object is no text", b'{"id":1,"text":{"x":1}}\n{"id":2,"text":"y"}\n', ID + TEXT, good=((2, "y"),),
         aside=(("text.type", "row 1", b'\x01{"id":1,"text":{"x":1}}'),)),
    json("a document is read where the contract says so", b'[\n {"id": 1,\n  "text": "x"},\n {"id": 2}\n]\n', ID + TEXT,
         options="{document: true}", good=((1, "x"), (2, None))),
    json("and where it is broken, that is told as an editor counts",
         b'[\n {"id": 1},\n {"id" 2}\n]\n', ID + TEXT,
         code=7, options="{document: true}", where=("a.json, byte 21 (line 3)",)),
    json("of lines, no line of it is a row, and it is told what it looks like",
         b'[\n {\n  "id": 1,\n  "text": "x"\n }\n]\n', ID + TEXT,
         aside=tuple(("row.parse", f"row {n}", b"\x01" + line) for n, line in
                     enumerate((b"[", b" {", b'  "id": 1,', b'  "text": "x"', b" }", b"]"), 1)),
         said=("document: true",)),
]  # fmt: skip

DAY = column("day", "date", more="logicalTypeOptions: {minimum: '2020-01-01'}")
NUMBERS = pa.table({"id": [1, 2]})
K7 = [
    parquet("a folder's value is a column's", {"day=2026-01-01/a.parquet": NUMBERS}, ID + DAY,
            good=((1, date(2026, 1, 1)), (2, date(2026, 1, 1)))),
    Raw("of JSON, too", ID + DAY, {"day=2026-01-01/a.json": b'{"id":1}\n'}, form="json", options="{}",
        good=((1, date(2026, 1, 1)),)),
    Raw("of CSV, too", ID + TEXT, {"text=a%2Fb/a.csv": b"id\n1\n"}, good=((1, "a/b"),)),
    parquet("typed, and judged", {"day=noon/a.parquet": NUMBERS.slice(1),
        "day=1999-01-01/b.parquet": NUMBERS.slice(0, 1)},
            ID + DAY, aside=(("day.minimum", "row 1", None), ("day.type", "row 1", None))),
    parquet("nothing", {"day=__HIVE_DEFAULT_PARTITION__/a.parquet": NUMBERS}, ID + DAY, good=((1, None), (2, None))),
    parquet("one that the contract does not name is an unknown column", {"land=NO/a.parquet": NUMBERS}, ID + DAY,
        code=3,
            where=("land=*/a.parquet",), said=("'land'",)),
    parquet("folder and file agree, or the row breaks type",
            {"day=2026-01-01/a.parquet": pa.table({"id": [1, 2], "day": [date(2026, 1, 1), date(2026, 1, 2)]})},
        ID + DAY,
            good=((1, date(2026, 1, 1)),), aside=(("day.type", "row 2", None),)),
    parquet("a column that no file has is null, and that is said", NUMBERS, ID + DAY, good=((1, None), (2, None)),
            said=("in no file, so null in every row",)),
]  # fmt: skip

AT = column("at", "timestamp")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def stamps(*nanos):
    return pa.table({"id": range(1, len(nanos) + 1), "at": pa.array(nanos, pa.timestamp("ns", "UTC"))})


def dropped(kind, values):
    return pa.table({"id": [1], "odd": pa.array(values, kind)})


SECONDS = int(NOON.timestamp())
ODD = ID + column("odd", protect=DROP)
K8 = [
    parquet("nanoseconds of pandas that are whole microseconds", stamps(SECONDS * 10**9, None), ID + AT,
            good=((1, NOON), (2, None))),
    parquet("others are not cut off", stamps(SECONDS * 10**9 + 1, SECONDS * 10**9), ID + AT, good=((2, NOON),),
            aside=(("at.type", "row 1", None),)),
    *(parquet(f"a column that is dropped may be of any type: {kind}", dropped(kind, values), ODD, good=((1,),))
      for kind, values in (
          (pa.map_(pa.string(), pa.int64()), [[("a", 1)]]), (pa.uuid(), [uuid.UUID(int=7).bytes]),
          (pa.time64("us"), [time(1)]), (pa.uint64(), [2**63]), (pa.null(), [None]), (pa.binary(), [b"\xff"]),
      )),
    parquet("nothing but nulls fits any type", pa.table({"id": [1], "at": pa.nulls(1)}), ID + AT, good=((1, None),)),
    parquet("a map is no text, and it is told what to write", pa.table({"id": [1], "text": pa.array(
        [[("a", 1)]], pa.map_(pa.string(), pa.int64()))}), ID + TEXT, code=3, where=("t.yaml:12",),
        said=("'text'", "map")),
]  # fmt: skip

FULL = ID + TEXT + column("more")
K10 = [
    csv("by name, in any order", b"text,id\nx,1\n", good=((1, "x"),)),
    csv("another case is another name, and told as such", b"ID,text\n1,x\n", code=3, where=("a.csv",),
        said=("'ID'", "'id'")),
    csv("a column that may be null may be missing", b"id,text\n1,x\n", FULL, good=((1, "x", None),)),
    csv("a name twice is told as that", b"id,text,text\n1,x,y\n", code=3, where=("a.csv",),
        said=("the column 'text' 2 times",)),
    csv("a mark before a quoted header is no part of it", b'\xef\xbb\xbf"id","text"\n1,x\n', good=((1, "x"),)),
    csv("a source calls it as it likes", b"id,First Name\n1,Ada\n", ID + named("first_name", "First Name"),
        good=((1, "Ada"),)),
    csv("an index of pandas has no name: it is told which column that is", b",id,text\n0,1,x\n",
        code=3, where=("a.csv",),
        said=("column 1",)),
    csv("a separator at the end makes a column without a name", b"id,text,\n1,x,\n", code=3, where=("a.csv",),
        said=("column 3",)),
    csv("a required one may not be missing", b"id\n1\n", ID + column("text", more="required: true"), code=3,
        where=("t.yaml:12",), said=("'text'", "a.csv")),
]  # fmt: skip

CASES = [(kind, case) for kind, cases in (("K6", K6), ("K7", K7), ("K8", K8), ("K10", K10)) for case in cases]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case.why}" for kind, case in CASES])
def test_what_came_of_raw_files_that_were_misread(tmp_path, capsys, kind, case):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", case.form, case.columns, options=case.options))
    for name, content in case.files.items():
        file = place.lake / "raw/t" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content) if isinstance(content, bytes) else pq.write_table(content, file)
    done = roads.run(place, "t", "local")
    assert done.code == case.code, done.err
    where = sorted(problem["where"] for problem in done.line["problems"])
    assert len(where) == len(case.where), done.err
    assert all(place.endswith(end) for place, end in zip(where, sorted(case.where), strict=True)), where
    for words in case.said:
        assert words in done.err + done.out
    found = place.rows("training.t") if (place.lake / "training/t/_delta_log").exists() else []
    rows = sorted((tuple(row.values()) for row in found), key=lambda row: row[0])
    assert tuple(rows) == case.good
    typed = case.form == "parquet"  # and then a row is sealed as JSON, which other tests look at
    opened = roads.opened(place, "t")
    aside = sorted((*reasons, number, None if typed else clear) for _, reasons, _, number, clear in opened)
    assert aside == sorted(case.aside)


def test_a_column_that_no_file_has_is_told_before_anything_is_read(tmp_path, capsys):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "parquet", ID + column("dya", "date")))
    file = place.lake / "raw/t/day=2026-01-01/a.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(NUMBERS, file)
    refused = roads.run(place, "t", "local", "--dry-run")
    assert (refused.code, "Did you mean 'dya'?" in refused.err) == (3, True), "a folder is a column that nobody knows"
    file.rename(place.lake / "raw/t/a.parquet")
    file.parent.rmdir()
    told = roads.run(place, "t", "local", "--dry-run")
    assert told.code == 0
    assert "dya" in told.out
    assert "in no file, so null in every row" in told.out


def test_a_column_that_no_json_has_is_told_once_it_is_read(tmp_path, capsys, monkeypatch):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "json", ID + TEXT + DAY + column("txt")))
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    roads.force(monkeypatch, "local", split=200)
    plain = b"".join(b'{"id":%d}\n' % n for n in range(100))
    (folder / "a.json").write_bytes(plain + b'{"id":100,"day":"2026-01-01"}\n{"id":101,"text":null}\n')
    append = ("--set", "prepare.mode=append")
    assert "of JSON only reading tells" in roads.run(place, "t", "local", *append, "--dry-run").out
    first = roads.run(place, "t", "local", *append)
    assert "in no file    txt  in no file, so null in every row; the nearest name there is 'text'\n" in first.out
    assert not any(name in first.out for name in ("day  in no file", "text  in no file", "warning"))
    (folder / "b.json").write_bytes(plain.replace(b":", b":2").replace(b"}", b',"text":null}'))
    second = roads.run(place, "t", "local", *append)
    assert "  warning: in no file, so null in every row; the last batch had it" in second.out, "a name may go"
    page = next(file for file in (place.lake / "reports").glob("*/*.html") if second.line["report"].endswith(file.name))
    assert "No file has the column" in page.read_text()
    absent = {
        (row["batch"], row["name"]): row["value"]
        for row in place.rows("strongroom.metrics") if row["metric"] == "absent" and row["name"] != "id"
    }  # fmt: skip
    assert absent == {
        (1, "text"): 0, (1, "day"): 0, (1, "txt"): 1, (2, "text"): 0, (2, "day"): 1, (2, "txt"): 1,
    }  # fmt: skip


UNIQUE = column("id", "integer", more="unique: true")


@pytest.mark.parametrize(
    ("columns", "again", "why"),
    [
        (ID + TEXT, {"b.csv"}, "what other tasks have read stays"),
        (UNIQUE + TEXT, {"a.csv", "b.csv", "c.csv"}, "keys of what was no row were compared with those of all files"),
    ],
)
def test_a_file_whose_quoted_breaks_cross_parts_is_read_again_alone(tmp_path, capsys, monkeypatch, columns, again, why):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "csv", columns, options=HEADER))
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    for name, ids in (("a", range(40)), ("c", range(40, 80))):
        (folder / f"{name}.csv").write_text("id,text\n" + "".join(f"{n},plain\n" for n in ids) + "x,bad\n")
    (folder / "b.csv").write_text('id,text\n80,"' + "99,forged\n" * 40 + '"\n81,plain\nx,bad\n')
    opened, parts = [], feeds.blocks_of

    def blocks_of(part, *rest, **more):
        if more.get("only") is None:
            opened.append((part.path.rpartition("/")[2], part.start))
        return parts(part, *rest, **more)

    def run(self, tasks, schema):  # a task for each item, as Spark and pools have it
        return pa.concat_tables(
            pa.Table.from_batches([*tasks.function([engines.numbers_of([n])])], schema) for n in range(tasks.count)
        )

    monkeypatch.setattr(feeds, "blocks_of", blocks_of)
    monkeypatch.setattr(engines.Local, "run", run)
    roads.force(monkeypatch, "local", split=150)
    done = roads.run(place, "t", "local")
    assert done.code == 0, done.err
    twice = {name for name, start in opened if opened.count((name, start)) > 1}
    assert twice == again, why
    assert len(again) == 3 or f"read anew: {len(again)} file\n" in done.err + done.out
    rows = {row["id"]: row["text"] for row in place.rows("training.t")}
    assert rows == dict.fromkeys(range(82), "plain") | {80: "99,forged\n" * 40}
    assert len(place.rows("training.t")) == 82
    assert done.line["rows"] == {"read": 85, "written": 82, "quarantined": 3}
    aside = sorted((file[-5:], where) for _, _, file, where, _ in roads.opened(place, "t"))
    assert aside == [("a.csv", "row 41 (line 42)"), ("b.csv", "row 3 (line 44)"), ("c.csv", "row 41 (line 42)")]
    assert len(list((place.lake / "training/t").rglob("*.parquet"))) == len(place.delta("training.t").file_uris())


def test_a_rehearsal_of_an_increment_counts_what_is_new(tmp_path, capsys):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "csv", ID + TEXT, options=HEADER))
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"id,text\n1,x\n")
    append = ("--set", "prepare.mode=append", "--dry-run")
    assert "1 file, 12 bytes, csv" in roads.run(place, "t", "local", *append).out, "nothing has been read yet"
    assert roads.run(place, "t", "local", *append[:-1]).code == 0
    (folder / "b.csv").write_bytes(b"id\n2\n")
    (folder / "c.csv").write_bytes(b"id\n3\n")
    told = roads.run(place, "t", "local", *append).out
    assert "2 files, 10 bytes, csv" in told
    assert "; 1 other read already" in told
    assert "text  warning: in no file" in told, "what was read already has it"
    assert "3 files, 22 bytes, csv" in roads.run(place, "t", "local", "--dry-run").out, "an overwrite reads all"
    again = roads.run(place, "t", "local", "--dry-run", "--reread", str(folder / "a.csv")).out
    assert "1 file, 12 bytes, csv" in again
    assert "; 2 others of other batches" in again
    assert roads.run(place, "t", "local", *append[:-1]).code == 0
    told = roads.run(place, "t", "local", *append).out
    assert "0 files, 0 bytes, csv" in told
    assert "in no file" not in told
    (folder / "c.csv").write_bytes(b"id\n4444\n")
    assert roads.run(place, "t", "local", *append).code == 7, "as the run would end"


@pytest.mark.parametrize(
    ("data", "options", "code", "said"),
    [
        (b"id,text\nx,x\n", ("--set", "prepare.quarantine_limit=0.1"), 6, "gate"),
        (b"id,textx\n1,2\n", (), 3, "The data has a column"),
        (b'id,text\n1,"2\n', (), 7, "no row of this file can be trusted"),
    ],
)
def test_a_run_that_is_refused_leaves_a_page_and_says_where(tmp_path, capsys, data, options, code, said):
    place = roads.installed(tmp_path / "a", capsys)
    (place.root / "contracts/t.yaml").write_text(contract("t", "csv", ID + TEXT, options=HEADER))
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(data)
    done = roads.run(place, "t", "local", *options)
    assert done.code == code
    (page,) = (place.lake / "reports").glob("*/*.html")
    assert done.line["report"] == str(page)
    assert str(page) in done.err
    assert said in page.read_text()


@pytest.mark.parametrize(("limit", "code", "left"), [("", 6, [1]), ("1", 0, [])])
def test_a_run_of_which_no_row_passes_empties_no_table_unless_the_contract_says_so(tmp_path, capsys, limit, code, left):
    place = roads.installed(tmp_path / "a", capsys)
    text = contract("t", "csv", ID + TEXT, options=HEADER)
    unlimited = re.sub(r".*quarantineLimit.*\n", "", text)
    assert unlimited != text
    (place.root / "contracts/t.yaml").write_text(unlimited)
    folder = place.lake / "raw/t"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"id,text\n1,x\n")
    assert roads.run(place, "t", "local").code == 0
    (folder / "a.csv").write_bytes(b"id,text\nx,x\n")
    limited = ("--set", f"prepare.quarantine_limit={limit}.0") if limit else ()
    done = roads.run(place, "t", "local", *limited)
    assert done.code == code, done.err
    assert [row["id"] for row in place.rows("training.t")] == left
