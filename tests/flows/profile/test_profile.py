"""`profile`: from raw files to a contract by which `check` is content and `prepare` sets no row aside."""

import json
import random
import shutil
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from deltalake import write_deltalake

from flows.profile.odd_tables import ODD
from flows.profile.raw import put
from strongroom.core.contract.file import load_contract
from strongroom.flows import check, prepare, profile
from strongroom.flows.profile.place import Place, place_named, tables_of
from strongroom.stores.sources import RawFile
from support.lakes import ROOT, install

DATA = ROOT.parent / "shared/data"
TABLES = [
    "adult", "reviews", *(f"arx/{path.name}" for path in sorted((DATA / "arx").glob("*"))),
    *(f"text/{path.name}" for path in sorted((DATA / "text").glob("*"))),
]  # fmt: skip
DEEP = [f"vectors/{path.name}" for path in sorted((DATA / "vectors").glob("*"))]
"""One row of four levels: whose contract the standard's own schema takes seconds to check."""


def profiled(place, source="raw.odd", *options, name="odd"):
    out = place.root / "contracts" / f"{name}.yaml"
    done = place.run(profile, source, "--out", str(out), *options)
    assert done.code == 0, done.err
    return out, done


def rows_of(place, name="odd"):
    """Read, written and set aside, once `check` has been content and `prepare` has run."""
    done = place.run(check, str(place.root / "contracts" / f"{name}.yaml"))
    assert done.code == 0, done.err
    done = place.run(prepare, "--contract", name)
    assert done.code == 0, done.err
    return done.line["rows"]


def types_of(out):
    return {leaf.path: leaf.type.ddl for leaf in load_contract(str(out)).leaves()}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_table_is_what_it_is_and_no_row_is_set_aside(place, odd):
    table = ODD[odd]
    put(place, table.data, table.name)
    out, done = profiled(place)
    found = types_of(out)
    assert {path: found.get(path) for path in table.types} == table.types
    assert done.line["answer"]["rows"] == {"seen": table.rows, "total": table.rows, "torn": 0}
    assert rows_of(place) == {"read": table.rows, "written": table.rows, "quarantined": 0}


def test_there_are_more_than_thirty_of_them():
    assert len(ODD) > 40


@pytest.mark.parametrize("name", [*TABLES, *(pytest.param(name, marks=pytest.mark.slow) for name in DEEP)])
def test_public_data_is_profiled_and_prepared_whole(place, name):
    source = DATA / name
    if source.is_dir():
        shutil.copytree(source, place.lake / "raw" / "odd")
    else:
        put(place, source.read_bytes(), source.name)
    profiled(place)
    rows = rows_of(place)
    assert rows["read"] > 0
    assert rows["quarantined"] == 0


@pytest.fixture
def known():
    if not DATA.is_dir():
        pytest.skip(f"LOUD: {DATA} is missing, so nothing is shown on real data here")


def test_types_are_those_of_the_contracts_that_were_written_by_hand(place, tmp_path):
    """Column by column, at any depth, by logical type; a census without a header by the columns' places."""
    sampled = install(tmp_path / "b", place.capsys, sample=3_000)
    same, all_ = 0, 0
    for name, by_hand in {
        "reviews": ROOT / "conf/contracts/reviews.yaml",
        "customers": ROOT / "conf/contracts/customers.yaml",
        "adult": ROOT / "tests/contracts/adult.yaml",
        "sentiment": ROOT / "tests/contracts/sentiment.yaml",
    }.items():
        if name in ("adult", "sentiment"):
            shutil.copytree(DATA / {"adult": "adult", "sentiment": "reviews"}[name], sampled.lake / "raw" / name)
        out, _ = profiled(sampled, f"raw.{name}", name=f"{name}_found")
        theirs = [(leaf.path, leaf.type) for leaf in load_contract(str(by_hand)).leaves()]
        ours = [(leaf.path, leaf.type) for leaf in load_contract(str(out)).leaves()]
        pairs = (
            zip(theirs, ours, strict=True)
            if name == "adult"
            else [(one, (one[0], dict(ours)[one[0]])) for one in theirs]
        )
        for (_, one), (_, other) in pairs:
            same += kind(one) == kind(other)
            all_ += 1
    assert all_ > 35
    assert same / all_ >= 0.95


def kind(type_):
    whole = ("tinyint", "smallint", "int", "bigint")
    return "whole" if type_.name in whole else type_.name


PEOPLE = (
    "Kundennr;Vorname;Nachname;E-Mail;Telefon;Geburtsdatum;IBAN;Karte;IP;Notiz;unklar;status\n"
    "1001;Adalind;Lovelace;ada@example.org;+49 171 2345678;10.12.1915;DE89370400440532013000;4111 1111 1111 1111;"
    "10.0.0.1;Frau Lovelace bat um einen Rückruf am Montag;Zuse;aktiv\n"
    "1002;Alan;Turing;alan@example.org;+49 171 8765432;23.06.1912;GB82WEST12345698765432;5500 0000 0000 0004;10.0.0.2;"
    "Herr Turing kommt am Dienstag gegen zehn Uhr vorbei;Hopper;aus\n"
)
VALUES = (
    "Adalind", "Lovelace", "Turing", "example.org", "2345678", "1915", "1912", "DE89", "4111", "10.0.0.", "Montag",
    "Zuse", "Hopper",
)  # fmt: skip


def test_no_value_of_a_person_leaves(place):
    """Neither in the contract nor on the page, nor in what is said, answered or logged."""
    put(place, PEOPLE * 1)
    out, done = profiled(place, "raw.odd", "--report", str(place.root / "page.html"))
    log = "".join(path.read_text() for path in (place.root / "audit").rglob("*") if path.is_file())
    for text in (out.read_text(), (place.root / "page.html").read_text(), done.out, done.err, log):
        assert [value for value in VALUES if value in text] == []


def test_each_column_is_taken_for_what_it_is(place):
    put(place, PEOPLE + PEOPLE.split("\n", 1)[1] * 4)
    _, done = profiled(place)
    found = {column["path"]: (column["classification"], column["method"]) for column in done.line["answer"]["columns"]}
    assert found == {
        "Kundennr": ("personal", "hash"),
        "Vorname": ("personal", "encrypt"),
        "Nachname": ("personal", "encrypt"),
        "E-Mail": ("personal", "encrypt"),
        "Telefon": ("personal", "mask"),
        "Geburtsdatum": ("personal", "generalise"),
        "IBAN": ("confidential", "encrypt"),
        "Karte": ("confidential", "encrypt"),
        "IP": ("personal", "hash"),
        "Notiz": ("personal", "redact"),
        "unklar": ("", "drop"),
        "status": ("internal", "keep"),
    }


def test_what_cannot_be_placed_is_left_out_and_asked_about(place):
    put(place, "x,y,status\n" + "1,a,ok\n2,b,ok\n" * 5)
    out, _ = profiled(place)
    columns = {column.name: column for column in load_contract(str(out)).columns}
    assert {name: column.method for name, column in columns.items()} == {"x": "drop", "y": "drop", "status": "keep"}
    lines = out.read_text().splitlines()
    assert all(line.endswith("?") or "decide" in line for line in lines if "protect, value" in line)


def test_a_person_has_neither_bounds_nor_values_and_the_rest_has_room(place):
    rows = "".join(
        f"{age},{'MF'[age % 2]},{price},{'red' if age % 3 else 'blue'}\n"
        for age, price in zip(range(18, 78), range(137, 197), strict=True)
    )
    put(place, f"age,sex,price,color\n{rows}")
    out, _ = profiled(place)
    rules = {(rule.columns[0], rule.check): rule.argument for rule in load_contract(str(out)).rules}
    assert not {("age", "minimum"), ("age", "maximum"), ("sex", "validValues"), ("sex", "maxLength")} & rules.keys()
    assert (rules["price", "minimum"], rules["price", "maximum"]) == (100, 200)
    assert rules["color", "validValues"] == ("blue", "red")


def test_the_rules_are_run(place):
    """A row that is none of what was seen is set aside: so the tests above can fail."""
    file = put(place, "id,price\n" + "".join(f"{at},{at + 100}\n" for at in range(200)))
    profiled(place)
    file.write_text(file.read_text() + "7,120\n500,x\n300,9999999\n400,\n")
    assert rows_of(place) == {"read": 204, "written": 199, "quarantined": 5}


def test_the_key_is_found_and_a_column_that_is_only_different_is_none(place):
    put(place, "amount,order_id,status\n1.5,7,a\n2.5,8,a\n3.5,9,a\n")
    out, _ = profiled(place)
    assert [column.name for column in load_contract(str(out)).columns if column.unique] == ["order_id"]


def test_a_whole_file_is_read_however_many_blocks_it_has(place):
    rows = 120_000
    text = "id;name;größe\n" + "".join(
        f"{at};Zoë Müller {at % 900} {'schöne Grüße ' * 5};{at % 50}\n" for at in range(rows)
    )
    put(place, text.encode("latin-1"))
    _, done = profiled(place)
    assert done.line["answer"]["rows"] == {"seen": rows, "total": rows, "torn": 0}


def test_of_a_large_source_ranges_of_all_files_are_read_and_the_contract_says_how_many(place, monkeypatch):
    monkeypatch.setattr(profile, "LIMIT", 1 << 20)
    monkeypatch.setattr(profile, "READ", 512 << 10)
    chance = random.Random(3)
    for file in range(4):
        lines = "".join(
            f'{{"id": {at}, "price": {chance.random() * 90:.2f}, "word": "w{at % 7}"}}\n' for at in range(20_000)
        )
        put(place, lines, f"part-{file}.json")
        put(place, "id,price\n" + "".join(f"{at},{at % 97}\n" for at in range(60_000)), f"part-{file}.csv", "csv")
    for name, total in (("odd", 80_000), ("csv", 240_000)):
        out, done = profiled(place, f"raw.{name}", name=name)
        seen = done.line["answer"]["rows"]
        assert seen["total"] is None
        assert 0.1 * total < seen["seen"] < 0.6 * total
        said = yaml.safe_load(out.read_text())["description"]["limitations"]
        assert said.startswith(f"{seen['seen']:,} of about ")
        about = int(said.split("about ")[1].split(" ")[0].replace(",", ""))
        assert abs(about - total) < 0.1 * total
        rows = rows_of(place, name)
        assert rows["read"] == total
        assert rows["quarantined"] <= 0.001 * total
        assert "primaryKey" not in out.read_text(), "nobody knows of the rows that were not seen"


def test_of_large_parquet_row_groups_are_read_from_the_first_to_the_last(place, monkeypatch):
    monkeypatch.setattr(profile, "LIMIT", 1_000)
    monkeypatch.setattr(profile, "READ", 4_000)
    folder = place.lake / "raw" / "odd"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"n": pa.array(range(10_000))}), folder / "a.parquet", row_group_size=500)
    out, done = profiled(place)
    seen = done.line["answer"]["rows"]
    assert seen["total"] == 10_000
    assert 0 < seen["seen"] < 10_000
    assert f"{seen['seen']:,} of 10,000 rows" in out.read_text()
    assert rows_of(place)["quarantined"] == 0


def test_a_delta_table_and_folders_that_say_columns(place):
    table = pa.table({"id": [1, 2, 3], "day": ["2024-01-01"] * 3, "status": ["a", "a", "b"]})
    write_deltalake(str(place.lake / "raw/odd"), table, partition_by=["status"])
    out, _ = profiled(place)
    assert types_of(out) == {"id": "bigint", "day": "string", "status": "string"}
    assert rows_of(place)["written"] == 3
    for status in "ab":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"id": [1, 2]}), sink)
        put(place, sink.getvalue().to_pybytes(), f"status={status}/a.parquet", "folders")
    out, _ = profiled(place, "raw.folders", name="folders")
    assert next(column for column in load_contract(str(out)).columns if column.name == "status").required
    assert rows_of(place, "folders")["written"] == 4
    for month in (1, 2):
        put(place, "id,price\n1,2.5\n", f"month={month}/a.csv", "hive")
    out, _ = profiled(place, "raw.hive", name="hive")
    assert types_of(out) == {"id": "bigint", "price": "double", "month": "bigint"}
    assert rows_of(place, "hive")["written"] == 2


def test_files_that_are_written_in_two_ways_are_two_servers(place):
    put(place, "id;price\n1;2,5\n", "a.csv")
    put(place, "id,price\n2,x\n", "b.csv")
    out, _ = profiled(place)
    assert [source.options["sep"] for source in load_contract(str(out)).sources if "sep" in source.options] == [";"]
    assert rows_of(place)["written"] == 2


def test_a_guess_may_be_corrected(place):
    put(place, "alpha:beta\ngamma:delta\n")
    out, _ = profiled(place, "raw.odd", "--option", "sep=:", "--option", "header=true")
    assert [column.name for column in load_contract(str(out)).columns] == ["alpha", "beta"]


# Who may


def test_it_needs_the_right_to_read_the_raw_table(place):
    put(place, "id,n\n1,2\n")
    out = place.root / "contracts/odd.yaml"
    done = place.run(profile, "raw.odd", "--out", str(out), "--as", "user:ada")
    assert (done.code, done.line["problems"][0]["code"]) == (5, "policy.refused")
    assert not out.exists()
    event = [each for each in place.audit() if each.action == "read"][-1]
    assert (event.principal, event.table, event.outcome) == ("user:ada", "raw.odd", "refused")


def test_a_run_is_an_event_with_what_it_read(place):
    put(place, "id,n\n1,2\n")
    profiled(place)
    events = [(each.action, each.outcome) for each in place.audit()]
    assert events == [("run", "started"), ("read", "allowed"), ("run", "done")]
    assert place.audit()[-1].facts["rows"] == 1


@pytest.mark.parametrize(
    "way",
    ["path", "link", "folder of links", "pattern", "other zone", "uri", "URI", "table of links", "schema of links"],
)
def test_no_way_around_leads_into_the_lake(place, tmp_path, way):
    file = put(place, "id,n\n1,2\n", table="secret")
    place.edit("policy.yaml", "tables: [raw.*]", "tables: [raw.odd]")
    link = tmp_path / "harmless.csv"
    link.symlink_to(file)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.csv").symlink_to(file)
    (place.lake / "training/x").mkdir(parents=True)
    (place.lake / "training/x/a.csv").write_text("id,n\n1,2\n")
    write_deltalake(str(place.lake / "raw/secret2"), pa.table({"id": [1]}))
    (tmp_path / "linked/_delta_log").mkdir(parents=True)
    for each in (place.lake / "raw/secret2").rglob("*"):
        if each.is_file():
            (tmp_path / "linked" / each.relative_to(place.lake / "raw/secret2")).symlink_to(each)
    source = {
        "uri": f"file://{file}", "URI": f"FILE://{file}", "table of links": str(tmp_path / "linked"),
        "schema of links": "x.csv", "schema's uri": "x.csv",
        "path": str(file), "link": str(link), "folder of links": f"{tmp_path}/mine",
        "pattern": f"{file.parent}/*.csv", "other zone": str(place.lake / "training/x"),
    }[way]  # fmt: skip
    linked = {"schema of links": str(tmp_path / "linked"), "schema's uri": f"file://{tmp_path}/linked"}.get(way)
    schema = ("--from", linked) if linked else ()
    done = place.run(profile, source, *schema, "--out", str(place.root / "contracts/odd.yaml"))
    assert done.code == 5


@pytest.mark.parametrize(
    ("word", "lake", "table"),
    [
        ("s3://b/l/raw/t", "s3a://b/l", "raw.t"), ("s3a://b/l//raw/t/a.csv", "s3://b/l/", "raw.t"),
        ("s3://b/other/raw/t", "s3a://b/l", ""), ("s3n://b/l/training/t", "s3://b/l", "elsewhere.raw"),
    ],
)  # fmt: skip
def test_a_store_has_several_names_and_one_policy(word, lake, table):
    assert place_named(word, lake).table == table


def test_what_lies_in_a_store_is_in_no_lake_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tables_of(Place("s3://b/x", "", False), [RawFile("s3://b/x/a.csv", 1, 1)], str(tmp_path)) == set()


def test_outside_the_lake_the_system_s_right_counts(place, tmp_path):
    (tmp_path / "mine.csv").write_text("id,n\n1,2\n")
    out, _ = profiled(place, str(tmp_path / "mine.csv"))
    assert load_contract(str(out)).sources[0].path == str(tmp_path / "mine.csv")
    assert not [each for each in place.audit() if each.action == "read"]
    assert place.audit()[-1].outcome == "done"


# What is refused


@pytest.mark.parametrize(
    ("data", "name", "code", "why"),
    [
        (b"", "a.csv", "source.type", "nothing is in it"),
        (b"PK\x03\x04rest", "a.xlsx", "source.type", "a workbook"),
        (b"\x00\x01\x02\x03\x04\x05" * 40, "a.bin", "source.type", "bytes"),
        (b"[1, 2, 3]", "a.json", "source.json", "an array of numbers"),
        (b'[{"a": 1}, {"a": ', "a.json", "source.damaged", "a torn document"),
        (b",n\n1,2\n3,4\n", "a.csv", "source.header", "a column without a name"),
        (b"n,N\n1,2\n3,4\n", "a.csv", "source.header", "two columns that are one but for case"),
        (b"a,b\r1,2\r3,4\r", "a.csv", "source.type", "carriage returns alone"),
        (json.dumps([{f"k{at}": 1} for at in range(3_000)]).encode(), "a.json", "source.type", "names that are values"),
        (b'{"a": 1, "A": 2}', "a.json", "source.name", "names that are one but for case"),
        (b'{"a\xe2\x80\xae": 1}', "a.json", "source.name", "a sign that nobody sees"),
        ("a,b\u202e\n1,2\n3,4\n".encode(), "a.csv", "source.name", "the same in a header"),
        (b"sep=;\na;b\n1;2\n", "a.csv", "source.header", "a line for Excel"),
        (b'{"": 1}', "a.json", "source.name", "an empty name"),
        (b'[{"ada@example.org": 1}]', "a.json", "source.type", "a name that is a person's"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_without_a_value_of_it(place, data, name, code, why):
    put(place, data, name)
    done = place.run(profile, "raw.odd", "--out", str(place.root / "contracts/odd.yaml"))
    assert (done.code, done.line["problems"][0]["code"]) == (7, code), why
    assert "example.org" not in done.err
    assert not (place.root / "contracts/odd.yaml").exists()


def test_nothing_is_written_over_a_contract_and_a_rehearsal_writes_none(place):
    put(place, "id,n\n1,2\n")
    out = place.root / "contracts/reviews.yaml"
    before = out.read_bytes()
    assert place.run(profile, "raw.odd", "--out", str(out)).code == 2
    assert out.read_bytes() == before
    fresh = place.root / "contracts/odd.yaml"
    done = place.run(profile, "raw.odd", "--out", str(fresh), "--dry-run")
    assert (done.code, fresh.exists(), place.audit()[2:]) == (0, False, [])


@pytest.mark.parametrize("option", ["header=perhaps", "sep=ab", "encoding=EBCDIC", "colour=red", "header"])
def test_an_option_is_one_of_a_contract_s(place, option):
    put(place, "id,n\n1,2\n")
    done = place.run(profile, "raw.odd", "--out", str(place.root / "odd.yaml"), "--option", option)
    assert (done.code, (place.root / "odd.yaml").exists()) == (2, False)


@pytest.mark.parametrize("out", ["odd.txt", "an odd name.yaml", "x-y.yaml"])
def test_a_contract_has_the_name_of_a_table(place, out):
    put(place, "id,n\n1,2\n")
    assert place.run(profile, "raw.odd", "--out", str(place.root / out)).code == 2


def test_53_columns_with_names_and_birthdays_are_a_matter_of_a_minute(place):
    table = ODD["53 columns"]
    head, *lines = table.data.decode("windows-1252").split("\n")
    put(place, "\n".join([head, *lines * 100]).encode("windows-1252"))
    start = time.monotonic()
    _, done = profiled(place)
    assert time.monotonic() - start < 60
    assert done.line["answer"]["rows"]["seen"] == 30_000
    assert len(done.line["answer"]["columns"]) == 53
