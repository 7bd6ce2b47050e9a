"""`tests/run.sh --changed` runs every test that a change can touch: told of single files, shown by planted faults."""

import ast
import os
import shutil
import subprocess
import sys

import pytest

from changed import ALL, ROOT, touched

LIB = "lib/strongroom"
FAULTS = {
    "arrow/leaves.py": "steps_of",
    "audit/merkle.py": "root",
    "core/contract/contradictions.py": "contradictions",
    "core/contract_files.py": "files_in",
    "core/escaping.py": "one_line",
    "core/expression/parser.py": "parse",
    "core/yaml.py": "parse",
    "databricks/format.py": "parse_notebook",
    "flows/check.py": "run",
    "flows/foundation/derived.py": "Origin.whose",
    "flows/prepare/summary.py": "preview",
    "govern/review/lint.py": "lint",
    "govern/sql/masks.py": "masked",
    "protect/methods/mask.py": "kernel",
    "protect/rekey.py": "holds_tokens",
    "protect/subject_tags.py": "tagger",
    "quality/counts/kmv.py": "Distinct.add",
    "quality/reading/csv_header.py": "header_of",
    "reports/page/page.py": "page",
    "stores/lake/commits.py": "commit",
}
"""Module → function that is broken in it."""


@pytest.mark.parametrize(
    ("file", "test"),
    [
        (f"{LIB}/protect/methods/mask.py", "tests/protect/methods/test_mask.py"),  # which names no module of a method
        (f"{LIB}/learn/features/tfidf.py", "tests/flows/vectorize/test_vectorize.py"),
        (f"{LIB}/core/yaml.py", "tests/setup/test_spark_submit.py"),
        (f"{LIB}/flows/sample.py", "tests/system/test_kill.py"),
        ("tests/support/lakes.py", "tests/flows/keys/test_keys.py"),
        ("tests/flows/check/test_check.py", "tests/flows/check/test_check.py"),
        ("docs/policy.md", "tests/documents/test_documents.py"),
        ("benchmarks/measure.py", "tests/test_benchmarks.py"),
    ],
)
def test_what_stands_on_a_file_is_touched_by_it(file, test):
    assert test in touched([file])


def test_what_does_not_is_not():
    assert "tests/protect/cipher/test_aes.py" not in touched([f"{LIB}/govern/sql/masks.py"])
    assert touched(["tests/flows/check/test_check.py"]) == ["tests/flows/check/test_check.py"]
    assert touched([]) == []


@pytest.mark.parametrize(
    "file",
    ["conf/policy.yaml", "spark-submit.sh", "tests/conftest.py", "pyproject.toml", "tests/contracts/visits.yaml",
     "requirements.txt", f"{LIB}/learn/features/stop_words.txt", "lib/strongroom/no_such_module.py"],
)  # fmt: skip
def test_what_the_graph_does_not_know_touches_everything(file):
    assert touched([file]) == [ALL]
    assert touched([f"{LIB}/govern/sql/masks.py", file]) == [ALL]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project as it stands, to be broken."""
    root = tmp_path_factory.mktemp("broken") / "strongroom"
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for file in subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / file).is_file():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, root / file)
    return root


def broken(text, function):
    """The module with a function that does nothing but fail."""
    body = ast.parse(text).body
    for name in function.split("."):
        node = next(node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name)
        body = node.body
    first = body[1] if isinstance(body[0], ast.Expr) and len(body) > 1 else body[0]
    lines = text.split("\n")
    lines.insert(first.lineno - 1, " " * first.col_offset + "raise ArithmeticError('planted')")
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(("module", "function"), FAULTS.items())
def test_a_planted_fault_is_red(copy, module, function):
    path = copy / LIB / module
    whole = path.read_text()
    path.write_text(broken(whole, function))
    environment = {**os.environ, "PYTHONPATH": ""}
    try:
        chosen = subprocess.run(
            [sys.executable, "tests/changed.py", f"{LIB}/{module}"],
            cwd=copy, capture_output=True, text=True, check=True, env=environment,
        ).stdout.split()  # fmt: skip
        assert chosen != [ALL]
        near = sorted(chosen, key=lambda test: len(os.path.commonpath([test, f"tests/{module}"])), reverse=True)
        words = [sys.executable, "-m", "pytest", "-m", "not spark and not slow", "-x", *near]
        red = subprocess.run(
            [*words, "--cache-clear"], cwd=copy, capture_output=True, text=True, env=environment, timeout=600
        )
    finally:
        path.write_text(whole)
    assert red.returncode == 1, red.stdout[-2_000:]
    green = subprocess.run(
        [*words, "--last-failed"], cwd=copy, capture_output=True, text=True, env=environment, timeout=600
    )
    assert green.returncode == 0, f"it was red for another reason: {green.stdout[-2_000:]}"
