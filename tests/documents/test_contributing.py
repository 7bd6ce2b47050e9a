"""CONTRIBUTING's recipes, followed to the letter on a copy of the project."""

from __future__ import annotations

import re

from documents.pages import ROOT
from documents.sandbox import Sandbox

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


def recipe(name):
    return re.search(rf"## {name}\n(.*?)\n## ", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]


def files(text):
    return re.findall(r"`((?:lib/strongroom/|tests/|jobs/)?[\w/]+\.py)`", text)


def test_add_a_job(tmp_path):
    assert files(recipe("Add a job"))[:3] == [
        "lib/strongroom/flows/NAME.py", "lib/strongroom/core/jobs.py", "jobs/NAME.py"
    ], "the files below are those of the recipe"  # fmt: skip
    place = Sandbox(tmp_path / "strongroom", tmp_path / "kept")
    place.clone()
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
    place = Sandbox(tmp_path / "strongroom", tmp_path / "kept")
    place.clone()

    def add(file, after, line):
        path = place.root / file
        text = path.read_text()
        assert text.count(after) == 1
        path.write_text(text.replace(after, f"{after}\n{line}"))

    lib = "lib/strongroom"
    (place.root / lib / "protect/methods/reverse.py").write_text(METHOD)
    line = '    "reverse": Method("turned around", "reversed", types=("string",)),'
    add(f"{lib}/core/contract/protection.py", '    "drop": Method("left out", unreadable="it is left out"),', line)
    contract = place.root / "conf/contracts/reviews.yaml"
    text, old = contract.read_text(), "{property: protect, value: {method: encrypt, domain: email}}"
    assert text.count(old) == 1
    contract.write_text(text.replace(old, "{property: protect, value: {method: reverse}}"))
    done = place.run("./spark-submit.sh prepare --set prepare.mode=overwrite --set prepare.engine=local")
    assert done.returncode == 0, done.stderr
    assert re.search(r"email +turned around", done.stdout)
    asked = place.run("./spark-submit.sh access explain --as user:engineer --table training.reviews --columns email"
                      " --purpose model_training")  # fmt: skip
    assert "email: reversed" in asked.stdout, asked.stdout + asked.stderr
