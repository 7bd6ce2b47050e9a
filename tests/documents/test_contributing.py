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


def test_add_a_protection(tmp_path):
    recipe = re.search(r"## Add a protection\n(.*?)\n## ", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]
    assert re.findall(r"`((?:lib/strongroom/)?[\w/]+\.py)`", recipe)[:3] == [
        "lib/strongroom/protect/methods/NAME.py", "protect/columns.py", "core/contract/protection.py"
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
    add(
        f"{lib}/protect/columns.py",
        '    "drop": "strongroom.protect.methods.drop",',
        '    "reverse": "strongroom.protect.methods.reverse",',
    )
    line = '    "reverse": Method("turned around", "reversed", types=("string",)),'
    add(f"{lib}/core/contract/protection.py", '    "drop": Method("left out"),', line)
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
