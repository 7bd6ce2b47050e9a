"""A notebook in Databricks' format, opened in Jupyter: the same cells, after one that makes what Databricks brings."""

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from strongroom import jupyter
from strongroom.core.settings import file as settings_file
from strongroom.core.settings.file import hand_on, load_settings
from strongroom.databricks.format import parse_notebook
from strongroom.databricks.ipynb import ipynb
from strongroom.flows import notebook, prepare
from support.kernel import execute
from support.lakes import ROOT, install

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))
ODD = {"prepare.mode": "append", "principal": "user:ada \"'\\ é"}


@pytest.fixture
def place(tmp_path, capsys):
    """An installation with the project's notebooks beside its settings."""
    found = install(tmp_path / "a b", capsys, sample=200)
    shutil.copytree(ROOT / "notebooks", found.root / "notebooks", ignore=shutil.ignore_patterns("*.ipynb"))
    yield found
    hand_on([])


def cells(text):
    return [("".join(cell["source"]), cell["cell_type"]) for cell in json.loads(text)["cells"]]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_cells_are_those_of_the_notebook_after_one_more(name):
    found = parse_notebook((ROOT / f"notebooks/{name}.py").read_text(), name)
    (first, kind), *rest = cells(ipynb(found, config="c.yaml", params={"a": "b"}, settings=ODD))
    assert rest == [(cell.text.strip("\n"), "code" if cell.kind == "python" else "markdown") for cell in found.cells]
    asked = {}
    program = first.replace("from strongroom.jupyter import notebook", "")
    exec(program, {"notebook": lambda **given: asked.update(given) or (1, 2, 3, 4)})
    assert (kind, asked) == ("code", {"config": "c.yaml", "params": {"a": "b"}, "settings": ODD})


def test_the_job_writes_it_beside_the_notebook_once_with_what_it_was_told(place):
    options = (str(place.root / "notebooks/04_my_tables.py"), "--jupyter", "--param", "table=training.reviews")
    done = place.run(notebook, *options, "--set", "principal=user:ada")
    assert done.code == 0, done.err
    file = place.root / "notebooks/04_my_tables.ipynb"
    assert done.line["answer"]["written"] == str(file)
    first, _ = cells(file.read_text())[0]
    assert 'config="../local.yaml"' in first
    assert 'params={"table": "training.reviews"}' in first
    assert 'settings={"principal": "user:ada"}' in first
    again = place.run(notebook, *options)
    assert (again.code, again.line["problems"][0]["where"]) == (2, str(file)), "it may hold somebody's work"


def test_what_the_first_cell_sets_counts_for_every_settings_file_until_it_is_set_anew(place, monkeypatch):
    monkeypatch.setattr(jupyter, "session_of", lambda config: f"session of {config}")
    told = {"config": str(place.settings), "params": {"table": "t"}}
    spark, dbutils, *_ = jupyter.notebook(**told, settings={"principal": "user:ada", "prepare.mode": "append"})
    assert spark == f"session of {place.settings}"
    found = load_settings(str(place.settings))
    assert (found.principal, found.jobs["prepare"]["mode"]) == ("user:ada", "append")
    for name, default in (("config", ""), ("table", "x"), ("other", "its own")):
        dbutils.widgets.text(name, default)
    assert [dbutils.widgets.get(name) for name in ("config", "table", "other")] == [str(place.settings), "t", "its own"]
    jupyter.notebook(**told)
    assert load_settings(str(place.settings)).principal == "user:engineer"
    assert settings_file._for_good == []


def test_a_figure_is_shown_once(monkeypatch):
    from matplotlib import pyplot

    shown, module = [], ModuleType("IPython.display")
    module.display, module.HTML = shown.append, lambda text: ("html", text)
    module.Image = lambda data, **_: ("png", data[:4])
    figure = pyplot.figure()
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    jupyter.display(figure)
    jupyter.display("text")
    jupyter.display_html("<b>")
    assert shown == [("png", b"\x89PNG"), "text", ("html", "<b>")]
    assert pyplot.get_fignums() == [], "else Jupyter draws it again"


@pytest.mark.slow
@pytest.mark.spark
def test_a_kernel_of_jupyter_s_runs_each_of_them_as_the_data_scientist(place):
    assert place.run(prepare).code == 0
    for name in ("02_explore", "03_vectorize", "04_my_tables"):
        source = place.root / f"notebooks/{name}.py"
        assert place.run(notebook, str(source), "--jupyter", "--set", "principal=user:ada").code == 0
        file = source.with_suffix(".ipynb")
        execute(file)
        outputs = [each for cell in json.loads(file.read_text())["cells"] for each in cell.get("outputs", ())]
        pictures = sum("image/png" in each.get("data", {}) for each in outputs)
        assert pictures == {"02_explore": 2, "03_vectorize": 2, "04_my_tables": 1}[name]
        said = "".join("".join(each.get("text", "")) for each in outputs if each.get("name") == "stdout")
        assert said.count("Not yours: ") == (3 if name == "02_explore" else 0)
    assert {event.principal for event in place.audit()[-12:]} == {"user:ada"}
    assert {Path(path).name for path in place.root.glob("notebooks/*.ipynb")} == {
        "02_explore.ipynb", "03_vectorize.ipynb", "04_my_tables.ipynb",
    }  # fmt: skip
