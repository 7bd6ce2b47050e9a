"""The benchmarks run, and their harness measures: tiny numbers of rows, no Spark, and no figure is judged here."""

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import kernels, measure, rules
from benchmarks.measure import Costs, cpu_seconds, interleaved, ratio, show

FOLDER = Path(measure.__file__).parent
SHARED = {
    "measure",
    "orders",
    "other_text_finders",
    "other_tools_checks",
    "session",
    "shop",
    "text_reviews",
    "text_templates",
    "venvs",
}


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_ways_take_turns_and_a_warm_up_is_not_counted(capsys):
    calls = []
    ways = {"one": lambda: calls.append("one"), "two": lambda: (calls.append("two"), print("noise"), time.sleep(0.02))}
    costs = interleaved(ways, rounds=2, warmups=1)
    assert calls == ["one", "two"] * 3
    assert {name: (len(cost.cpu), len(cost.wall)) for name, cost in costs.items()} == {"one": (2, 2), "two": (2, 2)}
    assert min(costs["two"].wall) >= 0.02
    assert capsys.readouterr().out == "", "a figure's line stands alone"


def test_a_ratio_is_taken_within_each_round():
    busy = ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0])
    assert busy == {"value": 2.0, "spread": [2.0, 3.0]}, "not the ratio of medians, which is 3"
    assert ratio([10.0], [1.0], times=0.1)["value"] == 1.0
    assert Costs((1.0, 5.0, 2.0), (1.2345, 9.0, 0.1)).medians() == {"cpu_s": 2.0, "wall_s": 1.23}


def test_cpu_of_a_child_counts_while_it_lives_and_after():
    burn = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True)\ninput()"
    before = cpu_seconds()
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert cpu_seconds() - before >= 0.35
        child.communicate(b"\n")
    assert cpu_seconds() - before >= 0.35


@pytest.mark.parametrize(
    ("value", "aim", "met"),
    [(1.12, "<= 1.12", True), (1.13, "<= 1.12", False), (30, ">= 30", True), (29.9, ">= 30", False)],
)
def test_a_line_says_whether_the_aim_is_met(capsys, value, aim, met):
    show("a figure", value=value, aim=aim, rows=7)
    (line,) = lines(capsys)
    assert line == {"benchmark": Path(sys.argv[0]).stem, "figure": "a figure", "value": value, "rows": 7,
                    "aim": aim, "met": met}  # fmt: skip


@pytest.mark.parametrize("module", [kernels, rules])
def test_what_needs_no_spark_runs(capsys, module):
    module.run(rows=300, rounds=1)
    figures = lines(capsys)
    assert all(line["value"] > 0 and line["unit"] == "ns a row" for line in figures)
    assert len({line["figure"] for line in figures}) == len(figures)
    if module is kernels:
        aims = {line["figure"]: line["aim"] for line in figures if "aim" in line}
        assert aims == {"token, 24": "<= 60", "siv, 24": "<= 150", "decrypt, 24": "<= 200"}


def test_every_benchmark_is_one_that_the_command_finds():
    """run.sh takes a file for a benchmark by its last line; the others are shared, and known here."""
    for file in FOLDER.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), file.name
        last = file.read_text(encoding="utf-8").splitlines()[-1]
        assert last.startswith("    main(run") != (file.stem in SHARED), file.name
