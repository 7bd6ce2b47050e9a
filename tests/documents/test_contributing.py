"""CONTRIBUTING's recipes, followed to the letter on a copy of the project."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from documents.pages import ROOT
from documents.sandbox import HOME, Sandbox
from strongroom.stores.lake import Lake

pytestmark = pytest.mark.slow  # each adds to a copy of the whole project and has its checks run there

METHOD = '''"""`reverse`: text from its end."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def kernel(column, *, table, keyring):
    return lambda array: pc.utf8_reverse(array)


def output_type(column):
    return pa.string()


def output_ddl(column):
    return "string"
'''


FLOW = '''"""Count the rows of a training table."""

from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.stores.lake import Lake


def run(job: Job) -> Outcome:
    contract = contract_of(job, "prepare")
    job, table = settle_purpose(job, contract), f"training.{contract.name}"
    permit(job, "read", table, contract=contract)
    return Outcome(summary=f"{Lake(job.settings.lake).open(table).count()} rows")
'''


CHECK = '''"""Does the text begin as it should? `prefixes`."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.arrow import buffers


def prefixes(argument, column):
    """Fails where the text begins with none of the list."""
    if column.type.name != "string":
        raise ValueError("needs a text")

    def fails(flat):
        found = [buffers.bools(pc.fill_null(pc.starts_with(flat.values, each), True)) for each in argument]
        return buffers.some(~sum(found).astype(bool))

    return fails
'''
CASES = """about: prefixes of a text
groups:
  - properties:
      - {logicalType: string, quality: [{metric: invalidValues, mustBe: 0, arguments: {prefixes: [a, "b-"]}}]}
    rule: v.invalidValues
    cases:
      - {why: any of the list will do, values: [apple, b-1, b1, c], fails: [2, 3]}
      - {why: null passes and the empty text does not, values: [null, ""], fails: [1]}
      - {why: case counts, values: [Apple], fails: [0]}
"""
RULE = """        quality:
          - {metric: invalidValues, mustBe: 0, arguments: {prefixes: [r-00, r-01]}}"""


ARROW = '''"""`arrow`: files of Arrow's own format, batch by batch."""

from __future__ import annotations

import pyarrow as pa

from strongroom.core.contract import source_name
from strongroom.quality.reading.parquet_leaves import Shaper
from strongroom.quality.reading.parquet_moments import Moments
from strongroom.quality.reading.parquet_pairs import Look, asked_by, pairs
from strongroom.quality.reading.parquet_rows import fits, shaped
from strongroom.stores.sources.files import place_of
from strongroom.stores.sources.kinds import File, Kind, Looked


def look(of: File):
    filesystem, path = place_of(of.file.path)
    with filesystem.open_input_file(path) as file:
        schema = pa.ipc.open_file(file).schema
    asked = [column for column in of.contract.columns if source_name(column) not in {*of.folders} - {*schema.names}]
    wrong = fits(schema, asked, path=of.file.path, contract=of.contract.file, asked=asked_by(of.contract))
    return Looked(of.file, of.folders, has=frozenset(schema.names)), wrong


def rows(file, part, contract, columns, seen):
    opened = pa.ipc.open_file(file)
    unread = {column.path for column in contract.columns} - {column.path for column in columns}
    found = pairs(opened.schema, contract.columns, Look(None, part.path, contract.file, asked_by(contract), unread))
    batches = ((opened.get_batch(number), None) for number in range(opened.num_record_batches))
    return shaped(batches, found, seen, Shaper(part.path, Moments()))


KIND = Kind(look, rows)
'''


def recipe(name):
    return re.search(rf"## {name}\n(.*?)\n## ", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]


def files(text):
    return re.findall(r"`((?:lib/strongroom/|tests/|jobs/)?[\w/]+\.py)`", text)


def copied(tmp_path):
    place = Sandbox(tmp_path / "strongroom", tmp_path / "kept")
    place.clone()
    return place


def add(place, file, after, line):
    """A line behind one that stands there once."""
    path = place.root / file
    text = path.read_text()
    assert text.count(after) == 1, (file, after)
    path.write_text(text.replace(after, f"{after}\n{line}"))


def change(place, file, old, new):
    path = place.root / file
    assert path.read_text().count(old) == 1, (file, old)
    path.write_text(path.read_text().replace(old, new))


def test_add_a_job(tmp_path):
    assert files(recipe("Add a job"))[:3] == [
        "lib/strongroom/flows/NAME.py", "lib/strongroom/core/jobs.py", "jobs/NAME.py"
    ], "the files below are those of the recipe"  # fmt: skip
    place = copied(tmp_path)
    (place.root / "lib/strongroom/flows/count.py").write_text(FLOW)
    table = place.root / "lib/strongroom/core/jobs.py"
    row = '    "access": JobEntry('
    assert table.read_text().count(row) == 1
    table.write_text(table.read_text().replace(row, f'    "count": JobEntry("Count the rows of a table"),\n{row}'))
    button = (place.root / "jobs/check.py").read_text()
    (place.root / "jobs/count.py").write_text(button.replace("check", "count"))
    assert "Count the rows of a table" in place.run("./spark-submit.sh --help").stdout
    assert place.run("./spark-submit.sh prepare --set prepare.engine=local").returncode == 0
    asked = place.run("./spark-submit.sh count --contract reviews")
    assert (asked.returncode, asked.stdout.endswith(" rows\n")) == (0, True), asked.stdout + asked.stderr
    refused = place.run("./spark-submit.sh count --contract reviews --as user:nobody")
    assert refused.returncode == 5


def test_add_a_protection(tmp_path):
    assert files(recipe("Add a protection"))[:2] == [
        "lib/strongroom/protect/methods/NAME.py", "core/contract/protection.py"
    ], "the files below are those of the recipe"  # fmt: skip
    place = copied(tmp_path)
    lib = "lib/strongroom"
    (place.root / lib / "protect/methods/reverse.py").write_text(METHOD)
    line = '    "reverse": Method("turned around", "reversed", types=("string",)),'
    add(
        place,
        f"{lib}/core/contract/protection.py",
        '    "drop": Method("left out", unreadable="it is left out"),',
        line,
    )
    old = "{property: protect, value: {method: encrypt, domain: email}}"
    change(place, "conf/contracts/reviews.yaml", old, "{property: protect, value: {method: reverse}}")
    done = place.run("./spark-submit.sh prepare --set prepare.mode=overwrite --set prepare.engine=local")
    assert done.returncode == 0, done.stderr
    assert re.search(r"email +turned around", done.stdout)
    asked = place.run("./spark-submit.sh access explain --as user:engineer --table training.reviews --columns email"
                      " --purpose model_training")  # fmt: skip
    assert "email: reversed" in asked.stdout, asked.stdout + asked.stderr


def test_add_a_rule(tmp_path):
    checks, metrics = "lib/strongroom/quality/checks", "lib/strongroom/core/contract/metrics.py"
    assert files(recipe("Add a rule")) == [
        f"{checks}/NAME.py", f"{checks}/__init__.py", metrics, "core/contract/rules.py", "tests/quality/conformance.py"
    ], "the files below are those of the recipe"  # fmt: skip
    place = copied(tmp_path)
    (place.root / checks / "prefixes.py").write_text(CHECK)
    change(place, f"{checks}/__init__.py", "patterns, presence, values", "patterns, prefixes, presence, values")
    add(place, f"{checks}/__init__.py", '        "validValues": values.valid_values,',
        '        "prefixes": prefixes.prefixes,')  # fmt: skip
    change(place, metrics, '("validValues", "pattern")', '("validValues", "pattern", "prefixes")')
    (place.root / "tests/quality/cases/prefixes.yaml").write_text(CASES)
    sql = """    "prefixes": lambda name, values, _: "not (" + " or ".join(
        f"starts_with({name}, '{each}')" for each in values) + ")","""
    add(place, "tests/quality/conformance.py", '    "pattern": lambda name, form, _: f"not regexp_matches({name}, '
        "'{form}')\",", sql)  # fmt: skip
    change(
        place,
        "docs/contract.md",
        "`validValues: […]` or `pattern: …`",
        "`validValues: […]`, `pattern: …` or `prefixes: […]`",
    )
    asked = place.run(f"{HOME}/venv/bin/python -m pytest -q -m 'not spark' tests/quality/test_conformance.py"
                      " tests/core/contract/test_words.py -k 'prefixes or every_word'")  # fmt: skip
    assert asked.returncode == 0, asked.stdout[-3000:]
    add(place, "conf/contracts/reviews.yaml", "        logicalTypeOptions: {pattern: '^r-[0-9]{6,}$'}", RULE)
    done = place.run("./spark-submit.sh prepare --set prepare.mode=overwrite --set prepare.engine=local")
    assert done.returncode == 0, done.stderr
    aside = Lake(str(place.root / "lake")).read("quarantine.reviews").column("reasons").to_pylist()
    assert sum("review_id.invalidValues" in reasons for reasons in aside) > 0, "r-020000 is one of them"


def test_add_a_source(tmp_path):
    kinds = "lib/strongroom/stores/sources/kinds"
    assert [f"{kinds}/NAME.py", "lib/strongroom/core/contract/formats.py"] == [
        file for file in files(recipe("Add a source")) if file.startswith("lib")
    ], "the files below are those of the recipe"
    place = copied(tmp_path)
    (place.root / kinds / "arrow.py").write_text(ARROW)
    add(place, "lib/strongroom/core/contract/formats.py", '    "delta": Format(),', '    "arrow": Format(),')
    assert place.run("./spark-submit.sh prepare --contract customers --set prepare.engine=local").returncode == 0
    raw = place.root / "lake/raw/customers"
    for file in raw.glob("*.parquet"):
        table = pq.read_table(file)
        with pa.ipc.new_file(file.with_suffix(".arrow"), table.schema) as out:
            out.write_table(table, max_chunksize=100)
        file.unlink()
    before = rows_of(place)
    change(place, "conf/contracts/customers.yaml", "raw/customers/*.parquet, format: parquet",
           "raw/customers/*.arrow, format: arrow")  # fmt: skip
    again = "./spark-submit.sh prepare --contract customers --set prepare.engine=local --set prepare.mode="
    done = place.run(f"{again}overwrite")
    assert done.returncode == 0, done.stderr
    assert len(before) > 1_000
    assert rows_of(place) == before, "the same rows, whatever they lie in"
    nothing = place.run(f"{again}append")
    assert "nothing new to read" in nothing.stdout, "an increment reads files that were not there"
    (raw / "odd.arrow").write_bytes(b"ARROW1 and no more")
    broken = place.run(f"{again}append")
    assert (broken.returncode, "odd.arrow" in broken.stderr) == (7, True), broken.stderr


def rows_of(place):
    """The rows, but for what is encrypted, under keys that a new table has anew."""
    rows = Lake(str(place.root / "lake")).read("training.customers").to_pylist()
    told = [tuple(value for value in row.values() if not isinstance(value, bytes)) for row in rows]
    return sorted(map(str, told))
