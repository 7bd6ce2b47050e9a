"""A row that was set aside is on a retry the row that it was: with what its folders say, and of the types it had."""

import json
import math
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.flows import prepare, quarantine
from support.lakes import install

LOCAL = ("--contract", "visits", "--set", "prepare.engine=local")
PRIVACY = ("--contract", "visits", "--set", "principal=user:pia", "--purpose", "data_subject_request")
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers:
  - {{server: raw, type: local, path: 'raw/visits/**', format: {form}{options}}}
schema:
  - name: visits
    properties:
{columns}
customProperties:
  - {{property: purposes, value: [model_training]}}
"""
KEEP = "{property: protect, value: {method: keep}}"
HEADER = ", customProperties: [{property: options, value: {header: true}}]"


def column(name, kind, more="", read=""):
    read = f", {{property: read, value: {read}}}" if read else ""
    return f"      - {{name: {name}, logicalType: {kind}, customProperties: [{KEEP}{read}]{more}}}"


def visits(place, form, columns, options=""):
    (place.root / "contracts/visits.yaml").write_text(
        CONTRACT.format(form=form, columns="\n".join(columns), options=options)
    )


def small(limit):
    return column("n", "integer", f", logicalTypeOptions: {{maximum: {limit}}}")


REGION = column("region", "string", ", physicalName: Region, logicalTypeOptions: {pattern: '^[A-Z/]+$'}")


def write(place, form, folder, numbers):
    lies = place.lake / "raw/visits" / folder
    lies.mkdir(parents=True)
    if form == "parquet":
        pq.write_table(pa.table({"n": numbers}), lies / "a.parquet")
    elif form == "json":
        (lies / "a.json").write_text("".join(json.dumps({"n": number}) + "\n" for number in numbers))
    else:
        (lies / "a.csv").write_text("n\n" + "".join(f"{number}\n" for number in numbers))


def came(place, *names):
    rows = place.rows("training.visits")
    return sorted(tuple(row[name] for name in names) for row in rows)


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_what_folders_say_is_said_again(tmp_path, capsys, form):
    place = install(tmp_path, capsys)
    visits(place, form, [small(10), REGION], HEADER if form == "csv" else "")
    write(place, form, "Region=N%2FE", [1, 100])
    write(place, form, "Region=low", [2])
    assert place.run(prepare, *LOCAL).code == 0
    assert came(place, "n", "region") == [(1, "N/E")]
    shown = [json.loads(line) for line in place.run(quarantine, "show", *PRIVACY).out.splitlines() if "{" in line]
    assert {(str(row["row"]["n"]), row["row"]["region"]) for row in shown if "row" in row} == {
        ("100", "N/E"), ("2", "low"),
    }  # fmt: skip
    visits(place, form, [small(1000), REGION], HEADER if form == "csv" else "")
    assert place.run(quarantine, "retry", *LOCAL).code == 0
    assert came(place, "n", "region") == [(1, "N/E"), (100, "N/E")], "its folder's value breaks the rule still"


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_a_row_that_says_something_else_than_its_folder_does_not_pass_and_keeps_what_it_says(tmp_path, capsys, form):
    place = install(tmp_path, capsys)
    visits(place, form, [small(10), REGION])
    lies = place.lake / "raw/visits/Region=A"
    lies.mkdir(parents=True)
    if form == "parquet":
        pq.write_table(pa.table({"n": [1, 2], "Region": ["A", "B"]}), lies / "a.parquet")
    else:
        (lies / "a.json").write_text('{"n":1,"Region":"A"}\n{"n":2,"Region":"B"}\n')
    assert place.run(prepare, *LOCAL).code == 0
    shown = place.run(quarantine, "show", *PRIVACY).out
    assert '"B"' in shown or '\\"B\\"' in shown, "what stood in the file"
    assert place.run(quarantine, "retry", *LOCAL).code == 0
    assert came(place, "n", "region") == [(1, "A")]


KINDS = [
    # column, Arrow type, value, why
    (column("v", "number"), pa.float64(), math.nan, "no text is such a number, and a double is"),
    (column("v", "number"), pa.float64(), -math.inf, "nor this"),
    (column("v", "number", ", physicalType: float"), pa.float32(), math.inf, "a float"),
    (column("v", "number", "", "{decimal: ',', thousands: '.'}"), pa.float64(), 1.5, "signs are of texts"),
    (column("v", "number", ", physicalType: 'decimal(9,3)'", "{decimal: ','}"), pa.decimal128(9, 3),
     Decimal("1.250"), "of a decimal, too"),
    (column("v", "date", ", logicalTypeOptions: {format: dd.MM.yyyy}"), pa.date32(), date(2024, 2, 29),
     "and a format"),
    (column("v", "integer", "", "{missing: ['7']}"), pa.int64(), 7, "and what is taken for missing"),
    (column("v", "boolean", "", "{missing: ['true']}"), pa.bool_(), True, "of whatever kind"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "kind", "value", "why"), KINDS, ids=[row[-1] for row in KINDS])
def test_a_typed_value_is_the_same_value(tmp_path, capsys, told, kind, value, why):
    place = install(tmp_path, capsys)
    visits(place, "parquet", [small(10), told])
    lies = place.lake / "raw/visits"
    lies.mkdir(parents=True)
    pq.write_table(pa.table({"n": [1, 100], "v": pa.array([value, value], kind)}), lies / "a.parquet")
    assert place.run(prepare, *LOCAL).code == 0
    visits(place, "parquet", [small(1000), told])
    assert place.run(quarantine, "retry", *LOCAL).code == 0
    assert [repr(row["v"]) for row in place.rows("training.visits", "n")] == [repr(value)] * 2, why


def test_a_whole_number_that_no_double_holds_does_not_become_another(tmp_path, capsys):
    place = install(tmp_path, capsys)
    visits(place, "parquet", [small(10), column("v", "number")])
    lies = place.lake / "raw/visits"
    lies.mkdir(parents=True)
    pq.write_table(pa.table({"n": [1, 2, 3], "v": [(1 << 53) + 1, 1 << 53, 3]}), lies / "a.parquet")
    assert place.run(prepare, *LOCAL).code == 0
    assert place.run(quarantine, "retry", *LOCAL).code == 0
    assert came(place, "n", "v") == [(2, float(1 << 53)), (3, 3.0)]
    assert [row["reasons"] for row in place.rows("quarantine.visits")] == [["v.type"]]


def test_a_file_without_a_header_has_the_columns_that_its_folders_do_not_say(tmp_path, capsys):
    place = install(tmp_path, capsys)
    visits(place, "csv", [column("region", "string"), small(10)])
    lies = place.lake / "raw/visits/region=A"
    lies.mkdir(parents=True)
    (lies / "a.csv").write_text("1\n100\n")
    assert place.run(prepare, *LOCAL).code == 0
    visits(place, "csv", [column("region", "string"), small(1000)])
    assert place.run(quarantine, "retry", *LOCAL).code == 0
    assert came(place, "region", "n") == [("A", 1), ("A", 100)]
