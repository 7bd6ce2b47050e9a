"""What `profile` cannot place leaves in no way: neither kept, nor as a name, a bound, a valid value or a place."""

import csv
import datetime
import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from flows.profile.raw import put
from strongroom.core.contract.file import load_contract
from strongroom.flows import check, prepare, profile

PLAIN = ["open", "done", "sent"]
PEOPLE = [("Adalind", "Quellmann"), ("Torvald", "Zwiebel"), ("Perpetua", "Osgood"), ("Iphigenie", "Rabe")]


def profiled(place, *options):
    out, page = place.root / "contracts/odd.yaml", place.root / "page.html"
    done = place.run(profile, "raw.odd", "--out", str(out), "--report", str(page), *options)
    said = "".join((done.out, done.err, *(each.read_text() for each in (out, page) if each.exists())))
    return out, done, said


def kept(out):
    return {leaf.path for leaf in load_contract(str(out)).leaves() if leaf.method == "keep"}


# Values of persons, in the minority


SINGLES = {
    "an e-mail address": "q.zwiebel@nirgends.example",
    "an address within words": "see q.zwiebel@nirgends.example",
    "a telephone": "+49 171 5551234",
    "an IBAN": "DE89 3704 0044 0532 0130 00",
    "a card": "4111 1111 1111 1111",
    "a number of a state": "078-05-1120",
    "an identity card": "12345678Z",
    "a name": "Adalind Quellmann",
    "a family name": "Quellmann",
    "a street": "Lindenweg 5",
}


@pytest.mark.parametrize("sort", SINGLES)
@pytest.mark.parametrize("at", [0, 4_000])
def test_one_value_of_a_person_among_thousands_and_the_column_is_not_kept(place, sort, at):
    """Also behind the first two hundred different values."""
    lines = [f"{row},{PLAIN[row % 3]},{row % 5}" for row in range(5_000)]
    lines[at] = f"{at},{SINGLES[sort]},3"
    put(place, "\n".join(["amount,status,rating", *lines]) + "\n")
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"amount", "rating"}
    assert SINGLES[sort] not in said
    assert not [rule for rule in load_contract(str(out)).rules if rule.check == "validValues"]


@pytest.mark.parametrize("sort", ["an e-mail address", "a telephone", "an IBAN", "a card", "a number of a state"])
def test_nor_is_a_column_of_other_values_of_which_some_are_of_persons(place, sort):
    chance = random.Random(5)
    words = [f"w{chance.randrange(10**6)}" for _ in range(3_000)]
    for at in range(700, 3_000, 4):
        words[at] = SINGLES[sort]
    put(place, "category,price\n" + "".join(f"{word},{at % 9}\n" for at, word in enumerate(words)))
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"price"}
    assert SINGLES[sort] not in said


@pytest.mark.parametrize(
    "name", ["Mara", "Anna-Lena Quellmann", "Quellmann, Peter", "Frau Zwiebel", "12 Baker Street", "Ngozi Ågren"]
)
def test_a_set_of_few_values_that_come_often_is_none_where_one_is_a_person_s(place, name):
    put(place, "category,price\n" + "".join(f'"{"abc"[row % 3]}",1\n"{name}",2\n' for row in range(60)))
    out, _, said = profiled(place)
    assert kept(out) == {"price"}
    assert name not in said


@pytest.mark.parametrize(
    ("name", "words", "odd", "why"),
    [
        ("status", "open done sent", "Schmidt", "a family name"),
        ("status", "open done sent", "ŁOPEZ", "one in capitals, with another accent"),
        ("brand", "apple orange", "Nguyen", "a family name"),
        ("category", "red green", "mara", "a first name, written small"),
        ("category", "red green", "Ivanova", "a family name"),
        ("status", "open done", "Иванова", "a family name in Cyrillic"),
        ("status", "open done", "王芳", "one in Chinese"),
        ("status", "да нет", "محمد", "one in Arabic among yes and no"),
        ("status", "open done", "김민준", "one in Korean"),
        ("status", "open done", "@quelli", "a handle"),
        ("status", "open done", "q.zwiebler", "another"),
        ("is_active", "true false", "Zorbatilda", "a word among yes and no"),
        ("country", "DE FR", "Zwetlana", "a word among codes"),
        ("size", "S M XL", "Zorbatilda", "another"),
        ("rating", "1 2 3", "Zorbatilda", "a word among numbers"),
        ("hour", "10:00 11:00", "ZQ840312", "a code among hours"),
    ],
)
@pytest.mark.parametrize("times", [3, 300])
def test_a_closed_set_is_none_where_one_value_is_out_of_place(place, name, words, odd, why, times):
    values = words.split() * 1_000 + [odd] * times
    put(place, f"{name},score\n" + "".join(f"{value},{at % 5}\n" for at, value in enumerate(values)))
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"score"}, why
    assert odd not in said


def test_plates_are_no_closed_set(place):
    put(place, "type,score\n" + "".join(f"M-AB {at % 30 + 100},1\n" for at in range(900)))
    assert kept(profiled(place)[0]) == {"score"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("status", "open done sent pending"),
        ("workclass", "Private Self-emp-not-inc Local-gov Federal-gov Never-worked"),
        ("country", "Germany France Deutschland DE"),
        ("day", "Monday Tuesday Sunday"),
        ("month", "January May June"),
        ("active", "да нет"),
        ("active", "yes no maybe"),
        ("unit", "kg µg pcs"),
        ("color", "Red Green White"),
        ("rating", "1 2 3 poor"),
    ],
)
def test_closed_sets_of_ordinary_words_are_kept(place, name, words):
    """So that the tests above can fail."""
    put(place, f"{name},score\n" + "".join(f"{word},1\n" for word in words.split() * 20))
    assert kept(profiled(place)[0]) == {name, "score"}


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("amount", [4111111111111111, 5500000000000004, 12], "cards"),
        ("total", [491715551234, 17, 18], "telephones"),
        ("rate", [44051401359, 1, 2], "persons of Poland"),
        ("order_id", [1, 2, 3], "numbers of orders"),
        ("product", [1001, 1002, 1003], "numbers of things"),
        ("date", [19151210, 19870401, 20010911], "birthdays as numbers"),
        ("year", [1951, 1987, 2001], "years of birth"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet", "floats"])
def test_numbers_by_which_somebody_may_be_known_are_not_kept(place, name, values, why, form):
    rows = values + list(range(7, 500)) if name in ("amount", "total", "rate") else values * 9
    if form == "csv":
        put(place, f"{name},score\n" + "".join(f"{value},{at % 5}\n" for at, value in enumerate(rows)))
    else:
        kind = pa.int64() if form == "parquet" else pa.float64()
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({name: pa.array(rows, kind), "score": [1.5] * len(rows)}), sink)
        put(place, sink.getvalue().to_pybytes(), "a.parquet")
    out, done, _ = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"score"}, why


@pytest.mark.parametrize("name", ["size", "status", "type", "state", "status_code", "rating", "kind"])
@pytest.mark.parametrize(
    "number", ["03012345678", "912345678", "0301 234 567", "(030) 12-34-56-7", "K9123456", "5551234", "tel. 5551234"]
)
def test_nor_are_texts_of_digits_that_come_again_and_again(place, name, number):
    values = ["open", "done", "sent"] * 999 + [number] * 3
    put(place, f"{name},score\n" + "".join(f"{value},{at % 5}\n" for at, value in enumerate(values)))
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"score"}
    assert number not in said


def test_nor_are_texts_of_nothing_but_such_digits(place):
    put(place, "status,score\n" + "".join(f"0171555{at % 6:04d},1\n" for at in range(300)))
    out, _, said = profiled(place)
    assert kept(out) == {"score"}
    assert "0171555" not in said


def _days(form):
    chance = random.Random(7)
    return [
        int((datetime.date(1940, 1, 1) + datetime.timedelta(chance.randrange(25_000))).strftime(form))
        for _ in range(400)
    ]


BIRTHDAYS = {
    "one yyyymmdd": [*range(1, 400), 19840312],
    "yyyymmdd": _days("%Y%m%d"),
    "ddmmyyyy": _days("%d%m%Y"),
    "mmddyyyy": _days("%m%d%Y"),
    "yymmdd": _days("%y%m%d"),
    "ddmmyy": _days("%d%m%y"),
    "Excel": [14_000 + 61 * at for at in range(400)],
}


@pytest.mark.parametrize("sort", BIRTHDAYS)
@pytest.mark.parametrize("name", ["level", "rating", "status", "size"])
@pytest.mark.parametrize("form", ["csv", "parquet", "floats", "text", "json"])
def test_numbers_that_read_as_birthdays_are_not_kept_whatever_they_are_called(place, sort, name, form):
    values = BIRTHDAYS[sort]
    if form in ("csv", "json"):
        line = "{},1\n" if form == "csv" else f'{{{{"{name}": {{}}, "score": 1}}}}\n'
        put(place, (f"{name},score\n" if form == "csv" else "") + "".join(map(line.format, values)), f"a.{form}")
    else:
        kind = {"parquet": pa.int32(), "floats": pa.float64(), "text": pa.string()}[form]
        column = pa.array(map(str, values) if form == "text" else values, kind)
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({name: column, "score": [1.5] * len(values)}), sink)
        put(place, sink.getvalue().to_pybytes(), "a.parquet")
    out, done, _ = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == {"score"}


def test_numbers_that_read_as_days_by_chance_are_kept(place):
    """So that the test above can fail."""
    chance = random.Random(3)
    rows = "".join(f"{chance.randrange(10**8)},{chance.randrange(10**6)},{1 + at % 40}\n" for at in range(3_000))
    put(place, f"size,weight,level\n{rows}")
    out, _, _ = profiled(place)
    assert kept(out) == {"size", "weight", "level"}


@pytest.mark.parametrize("name", ["created", "updated_at", "order_date", "date", "timestamp"])
@pytest.mark.parametrize("form", ["csv", "german", "moments", "parquet", "timestamps", "epochs"])
@pytest.mark.parametrize("old", [True, False])
def test_one_old_date_among_thousands_of_late_ones_and_none_is_kept(place, name, form, old):
    days = [datetime.date(2024, 1 + at % 12, 1 + at % 28) for at in range(3_000)]
    days[1_234] = datetime.date(1986, 3, 12) if old else days[0]
    if form in ("parquet", "timestamps"):
        column = pa.array(days, pa.date32()).cast(pa.date32() if form == "parquet" else pa.timestamp("us"))
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({name: column, "score": [1.5] * len(days)}), sink)
        put(place, sink.getvalue().to_pybytes(), "a.parquet")
    else:
        written = {"csv": "%Y-%m-%d", "german": "%d.%m.%Y", "moments": "%Y-%m-%dT00:00:00", "epochs": "%s"}[form]
        put(place, f"{name},score\n" + "".join(f"{day.strftime(written)},1\n" for day in days))
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    assert kept(out) == ({"score"} if old else {name, "score"})
    assert "1986" not in said


@pytest.mark.parametrize(
    ("name", "days", "why"),
    [
        ("date", ["1800-01-01", *(f"{year}-06-15" for year in range(1950, 2024))], "a day that stands for none"),
        ("date", [*(f"{year}-06-15" for year in range(1950, 2024)), "9999-12-31"], "another"),
        ("date", [*(f"2024-06-{day:02d}" for day in range(1, 29)), "1951-03-04"], "one of many"),
        ("created", [f"{year}-06-15" for year in range(1950, 1999)], "no program is so old"),
    ],
)
def test_dates_that_may_be_birthdays_are_not_kept(place, name, days, why):
    put(place, f"{name},score\n" + "".join(f"{day},1\n" for day in days))
    out, _, said = profiled(place)
    assert kept(out) == {"score"}, why
    assert "1950" not in said


def test_dates_of_late_numbers_and_sets_are_kept(place):
    """So that the tests above can fail."""
    rows = "".join(
        f"2024-01-{row % 28 + 1:02d},{row * 1.5},{'ab'[row % 2]},true,{1_700_000_000 + row},10:{row % 60:02d}:00,"
        f"{('de', 'en', 'fr')[row % 3]},1970-01-01\n"
        for row in range(90)
    )
    put(place, f"date,price,category,active,timestamp,time,language,created\n{rows}")
    out, _, _ = profiled(place)
    assert kept(out) == {"date", "price", "category", "active", "timestamp", "time", "language", "created"}


@pytest.mark.parametrize("name", ["phone", "plz"])
def test_a_part_leaves_in_clear_only_where_all_values_have_the_form_that_it_is_a_part_of(place, name):
    good = {"phone": "+49 171 5551234", "plz": "SW1A 1AA"}[name]
    for other, clear in (("", True), ("Quellmann-Zwiebel", False)):
        put(place, f"{name},score\n" + f"{good},1\n" * 50 + f"{other or good},2\n")
        out, _, _ = profiled(place)
        method = next(leaf.method for leaf in load_contract(str(out)).leaves() if leaf.path == name)
        assert (method in ("mask", "generalise")) is clear
        out.unlink()
        (place.root / "page.html").unlink()


def test_neither_bounds_nor_lengths_are_told_of_what_was_not_placed(place):
    put(place, "x,y,price\n" + "".join(f"{1234 + row},{'q' * 37},{row}\n" for row in range(50)))
    out, _, said = profiled(place)
    bounded = {rule.columns[0] for rule in load_contract(str(out)).rules if rule.check in
               ("minimum", "maximum", "minLength", "maxLength")}  # fmt: skip
    assert bounded == {"price"}
    assert "1234" not in said


# Texts


TICKET = "{} called about the invoice and wants a refund before Friday, case {}"


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_text_that_names_people_is_proposed_to_leave_redacted(place, form):
    people = [*PEOPLE[:2], ("Imogen", "Ashcombe"), ("Rupert", "Pemberton")]
    texts = [TICKET.format(" ".join(people[at % 4]), at) for at in range(80)]
    if form == "csv":
        put(place, "notes,score\n" + "".join(f'"{text}",1\n' for text in texts))
    elif form == "json":
        put(place, "".join(json.dumps({"notes": text, "score": 1}) + "\n" for text in texts), "a.json")
    else:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"notes": texts, "score": [1] * 80}), sink)
        put(place, sink.getvalue().to_pybytes(), "a.parquet")
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    notes = next(leaf for leaf in load_contract(str(out)).leaves() if leaf.path == "notes")
    assert (notes.method, notes.classification) == ("redact", "personal")
    assert place.run(check, str(out)).code == 0
    done = place.run(prepare, "--contract", "odd", "--set", "prepare.engine=local")
    assert done.code == 0, done.err
    said += str(DeltaTable(str(place.lake / "training/odd")).to_pyarrow_table().to_pylist())
    assert not [name for person in people for name in person if name in said]


def test_nothing_but_sentences_leaves_redacted_since_the_rest_of_them_leaves_in_clear(place):
    """Names that no list has, addresses and cells of several things are none."""
    lines = [f'"{first} {last} <q{at}@x.example>","{at} Zorb Street, 12345 Nirgends am See, Haus 4"'
             for at, (first, last) in enumerate(PEOPLE * 9)]  # fmt: skip
    put(place, "a,b\n" + "\n".join(lines) + "\n")
    out, done, _ = profiled(place)
    assert done.code == 0, done.err
    assert {leaf.method for leaf in load_contract(str(out)).leaves()} <= {"encrypt", "drop", "hash"}


@pytest.mark.parametrize("at", [0, 3_000, 59_999])
def test_a_closed_set_is_looked_at_whole_however_many_rows_there_are(place, at):
    values = ["open", "done"] * 30_000
    values[at] = values[(at + 7) % 60_000] = values[(at + 17) % 60_000] = "q.zwiebel@nirgends.example"
    put(place, "status,score\n" + "".join(f"{value},1\n" for value in values))
    out, _, said = profiled(place)
    assert kept(out) == {"score"}
    assert "zwiebel" not in said


# Files that are written in several ways


def people(sep, *, header):
    rows = [(f"{first} {last}", f"{first}@nirgends.example".lower(), "3") for first, last in PEOPLE]
    out = io.StringIO()
    csv.writer(out, delimiter=sep, lineterminator="\n").writerows(
        [*([("name", "email", "rating")] if header else []), *rows]
    )
    return out.getvalue()


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("seps", [",;", ";,", ",;\t", ";|", ",,;"])
def test_files_of_several_separators_are_servers_of_their_own_and_are_named(place, seps, header):
    for at, sep in enumerate(seps):
        put(place, people(sep, header=header), f"part-{at}.csv")
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    contract = load_contract(str(out))
    assert [column.name for column in contract.columns] == (
        ["name", "email", "rating"] if header else ["column_1", "column_2", "column_3"]
    )
    assert len(contract.sources) == len(seps)
    assert all(f"part-{at}.csv" in done.out for at in range(len(seps)))
    assert kept(out) == ({"rating"} if header else set())
    assert "nirgends" not in said


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("name,rating\nA B,1\n", "Zwiebel;Quellmann;nirgends\nZwiebel;Rabe;dort\n", "one has no line of names"),
        ("price,rating\n1,1\n2,3\n", "day;place\n2024-01-01;Wien\n2024-01-02;Rom\n", "no column is in both"),
    ],
)
def test_files_without_columns_in_common_are_refused_by_their_names(place, one, other, why):
    put(place, one, "part-0.csv")
    put(place, other, "part-1.csv")
    out, done, said = profiled(place)
    assert (done.code, done.line["problems"][0]["code"]) == (7, "source.type"), why
    assert "part-0.csv" in done.err
    assert "part-1.csv" in done.err
    assert not out.exists()
    assert "Zwiebel" not in said


# Files without a line of names


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("Quellmann,Wien,N/A", "a word for what is missing"),
        ("Quellmann,Wien,NA", "another"),
        ("Quellmann,Wien,", "nothing"),
        ("Quellmann,?,7", "another word, and a number"),
        ("Adalind Zwiebel,Wien,unknown", "no number"),
        ("Peter Price,Wien,x", "a first name, and a word that names columns"),
        ("q@nirgends.example,Wien,x", "an address"),
        ("+49 171 5551234,Wien,x", "a telephone"),
        ("078-05-1120,Wien,x", "a number of a state"),
        ("Quellmann,Quellmann,x", "one word twice"),
        ("Quellmann,1915-12-10,x", "a date"),
        ("Quellmann,10.12.1915,x", "a date"),
    ],
)
def test_a_first_line_of_values_names_no_columns_and_that_is_said(place, first, why):
    put(place, f"{first}\nZwiebel,Rom,5\nOsgood,Paris,6\nRabe,Wien,7\n" + "Rabe,Wien,8\n" * 5)
    out, done, said = profiled(place)
    assert done.code == 0, done.err
    contract = load_contract(str(out))
    assert contract.sources[0].options["header"] is False, why
    assert [column.name for column in contract.columns] == ["column_1", "column_2", "column_3"]
    assert "--option header=true" in done.out
    assert not [value for value in first.split(",") if len(value) > 3 and value != "unknown" and value in said]


# Folders


@pytest.mark.parametrize("fault", ["none", "torn", "no names", "several ways", "bytes"])
def test_what_a_folder_says_is_told_nowhere(place, fault):
    put(place, "id,rating\n1,2\n", "kunde=Quellmann/a.csv")
    data = {
        "none": b"id,rating\n3,4\n", "torn": b"PAR1 and no more", "no names": b",\n1,2\n",
        "several ways": b"id;rating\n3;4\n", "bytes": b"\x00\x01\x02\x03" * 99,
    }[fault]  # fmt: skip
    put(place, data, "kunde=Zwiebel/b.csv")
    out, done, said = profiled(place)
    whole = fault in ("none", "no names")
    assert (done.code, out.exists()) == ((0, True) if whole else (7, False))
    assert not [name for name in ("Quellmann", "Zwiebel") if name in said + str(done.line)]


def test_nor_where_columns_do_not_fit_which_is_the_fault_of_a_contract(place):
    file = put(place, "", "kunde=Quellmann/a.parquet")
    pq.write_table(pa.table([[1], [2]], ["rating", "Rating"]), file)
    _, done, said = profiled(place)
    assert done.code == 3, done.err
    assert done.line["problems"][0]["where"].endswith("kunde=*/a.parquet")
    assert "Quellmann" not in said + str(done.line)


def test_a_folder_that_somebody_names_himself_is_told(place):
    put(place, b"PAR1 and no more", "kunde=Zwiebel/b.csv")
    done = place.run(profile, f"{place.lake}/raw/odd/kunde=Zwiebel", "--out", str(place.root / "x.yaml"))
    assert "kunde=Zwiebel/b.csv" in done.err


# What is written


@pytest.mark.parametrize("option", ["--out", "--report"])
@pytest.mark.parametrize("below", ["", "new"])
def test_nothing_is_written_among_the_raw_files(place, option, below):
    raw = put(place, "rating,score\n1,2\n").parent
    files = {"--out": str(place.root / "x.yaml"), "--report": str(place.root / "x.html")}
    files[option] = str(raw / below / files[option].rpartition("/")[2])
    done = place.run(profile, "raw.odd", *(word for pair in files.items() for word in pair))
    assert done.code == 2
    assert [file.name for file in raw.iterdir()] == ["data.csv"]
    assert not (place.root / "x.yaml").exists()


def test_where_the_page_cannot_be_written_no_contract_is_left_and_a_second_run_goes_through(place):
    put(place, "rating,score\n1,2\n")
    (place.root / "busy").write_text("a file")
    out = str(place.root / "x.yaml")
    done = place.run(profile, "raw.odd", "--out", out, "--report", str(place.root / "busy/page.html"))
    assert done.line["problems"][0]["code"] == "output.unwritable"
    assert not (place.root / "x.yaml").exists()
    assert place.run(profile, "raw.odd", "--out", out).code == 0
