"""Notebooks in source format: which cells there are, and what is refused with its line."""

from pathlib import Path

import pytest

from strongroom.core.errors import ConfigError
from strongroom.databricks.format import parse_notebook

ROOT = Path(__file__).parents[2]
CUT = "\n# COMMAND ----------\n"


def source(*cells: str) -> str:
    return "# Databricks notebook source\n" + CUT.join(cells)


@pytest.mark.parametrize(
    ("cells", "found", "why"),
    [
        (["x = 1"], [("python", 2, "x = 1\n", "")], "no cut is needed for one cell"),
        (["x = 1", "\ny = 2\n"], [("python", 2, "x = 1\n", ""), ("python", 5, "y = 2\n", "")], "blank lines count"),
        (["# MAGIC %md\n# MAGIC # Hi\n# MAGIC\n# MAGIC you"], [("markdown", 2, "# Hi\n\nyou\n", "")], "Markdown"),
        (["# MAGIC %md hello"], [("markdown", 2, "hello\n", "")], "text on the line of the magic"),
        (["# DBTITLE 1,Load it\nx = 1"], [("python", 3, "x = 1\n", "Load it")], "a title is no code"),
        (["", "\n\n", "x = 1"], [("python", 8, "x = 1\n", "")], "empty cells are left out"),
        (["s = '''\n%pip\n'''"], [("python", 2, "s = '''\n%pip\n'''\n", "")], "a sign in a text is no magic"),
        (["# MAGICal = 1\nx = 1"], None, "a comment that only looks like magic is still refused, not run by half"),
    ],
)
def test_cells_are_told_apart(cells, found, why):
    if found is None:
        with pytest.raises(ConfigError, match="not both"):
            parse_notebook(source(*cells), "n.py")
        return
    cells = parse_notebook(source(*cells), "n.py").cells
    assert [(cell.kind, cell.line, cell.text, cell.title) for cell in cells] == found, why


@pytest.mark.parametrize(
    ("text", "where", "words", "why"),
    [
        ("x = 1\n", "n.py:1", "Start it with '# Databricks notebook source'", "a plain Python file"),
        ("", "n.py:1", "no notebook", "an empty file"),
        (source("# MAGIC %sql\n# MAGIC SELECT 1"), "n.py:2", "%sql does not run here. Write spark.sql(…)", "SQL"),
        (source("x = 1", "# MAGIC %pip install y"), "n.py:4", "%pip does not run here. Add the package", "as magic"),
        (source("x = 1\n%pip install y"), "n.py:3", "%pip does not run here", "as IPython writes it"),
        (source("x = 1\n!ls"), "n.py:3", "%sh does not run here", "a shell line"),
        (source("# MAGIC %run ./other"), "n.py:2", "Put the code into lib/", "other notebooks"),
        (source("# MAGIC %scala\n# MAGIC val x = 1"), "n.py:2", "Only Python and %md", "other languages"),
        (source("# MAGIC select 1"), "n.py:2", "does not run here", "magic without a name"),
        (source("# MAGIC %md\nx = 1"), "n.py:3", "not both", "a cell cannot be two things"),
        (source("x = (1"), "n.py:2", "not Python", "a bracket left open"),
        (source("x = 1", "for\n"), "n.py:4", "not Python", "the line is the file's"),
    ],
)
def test_what_does_not_run_here_is_refused_with_its_line(text, where, words, why):
    with pytest.raises(ConfigError) as refused:
        parse_notebook(text, "n.py")
    [problem] = refused.value.problems
    assert (problem.where, words in str(problem)) == (where, True), why


def test_all_problems_come_at_once():
    with pytest.raises(ConfigError) as refused:
        parse_notebook(source("# MAGIC %sql", "x = (", "# MAGIC %sh ls"), "n.py")
    assert [problem.where for problem in refused.value.problems] == ["n.py:2", "n.py:4", "n.py:6"]


def test_a_syntax_error_quotes_no_line_of_the_file():
    with pytest.raises(ConfigError) as refused:
        parse_notebook(source("password = 'hunter2' oops"), "n.py")
    assert "hunter2" not in str(refused.value)


def test_code_knows_its_line_and_its_last_value():
    cell = parse_notebook(source("x = 20", "\nx = 2\nx + 1"), "n.py").cells[1]
    whole, last = cell.code("n.py")
    space = {}
    exec(whole, space)
    assert (eval(last, space), whole.co_filename) == (3, "n.py")
    assert max(line for *_, line in last.co_lines()) == 6


def test_widgets_are_known_without_running_anything():
    text = source(
        'dbutils.widgets.text("a", "1")', 'dbutils.widgets.dropdown(name="b", defaultValue="x", choices=["x"])'
    )
    assert parse_notebook(text, "n.py").widgets == ("a", "b")


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "notebooks").glob("*.py")))
def test_the_notebooks_of_the_project_can_run_here_and_are_thin(file):
    notebook = parse_notebook((ROOT / "notebooks" / file).read_text(), file)
    code = [line for cell in notebook.cells if cell.kind == "python" for line in cell.text.splitlines() if line]
    assert {"config", "purpose", "principal"} <= set(notebook.widgets)
    assert {"contract", "table"} & set(notebook.widgets), "what it is about"
    assert notebook.cells[0].kind == "markdown"
    assert not [line for line in code if line.split(" ")[0] in ("def", "class", "for", "while", "if", "try:")]


def test_the_example_of_the_docs_can_run_here():
    text = (ROOT / "docs/notebooks.md").read_text()
    example = text.partition("```python notebooks/ratings.py\n")[2].partition("```")[0]
    assert parse_notebook(example, "docs/notebooks.md").widgets == ("config",)
