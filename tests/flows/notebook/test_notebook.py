"""Running a notebook: cells in order in one namespace, what the command line tells it, and where an error came from."""

import json
import re

import pytest

from strongroom.core.errors import ConfigError, GateClosed, KeyFault, Problem, Refused, StrongroomError
from strongroom.core.settings.file import load_settings
from strongroom.databricks.dbutils import Dbutils, Screen
from strongroom.databricks.format import parse_notebook
from strongroom.flows import notebook
from strongroom.flows.notebook import run_cells
from support.lakes import install

CUT = "\n# COMMAND ----------\n"


def source(*cells: str) -> str:
    return "# Databricks notebook source\n" + CUT.join(cells)


def ran(*cells: str, **names):
    dbutils = Dbutils({})
    screen, said = Screen(dbutils.secrets), []
    space = run_cells(
        parse_notebook(source(*cells), "n.py"), screen, names={"dbutils": dbutils, **names}, say=said.append
    )
    return space, screen, said


@pytest.fixture
def place(tmp_path, capsys, monkeypatch):
    """An installation without Spark: these notebooks need none."""
    monkeypatch.setattr("strongroom.stores.spark.session.open_session", lambda *_, **__: None)
    return install(tmp_path / "a b", capsys)


def write(place, *cells: str) -> str:
    file = place.root / "n.py"
    file.write_text(source(*cells))
    return str(file)


def pages(place):
    return [path.read_text() for path in (place.lake / "reports/notebooks/n").glob("*.html")]


def test_cells_share_a_namespace_and_the_last_value_is_shown():
    space, screen, said = ran("x = 20", "# MAGIC %md\n# MAGIC text", "y = x + 1\nprint('hello')\ny", "None", "z = y;")
    assert (space["y"], space["z"]) == (21, 21)
    assert screen.cells == [[], [], ["hello\n21\n"], [], []]
    assert said[1] == "n.py: cell 3 of 5, line 7"


def test_what_the_notebook_finds_is_there():
    space, screen, _ = ran("displayHTML('<b>')\ndisplay(spark)\nfound = dbutils.widgets", spark="the session")
    assert [output if isinstance(output, str) else output.text for output in screen.cells[0]] == [
        "<b>",
        "the session\n",
    ]
    assert isinstance(space["found"].get, object)


@pytest.mark.parametrize(
    ("raised", "kind", "told", "why"),
    [
        ("1 / 0", StrongroomError, "n.py:5: a cell stopped with ZeroDivisionError", "foreign errors keep their place"),
        ("int('ada@example.com')", StrongroomError, "withheld", "their message may quote data"),
        ("raise SystemExit(3)", StrongroomError, "SystemExit", "a cell cannot choose the exit code"),
        (
            "raise Refused('no', where='policy.yaml:3', todo='Ask.')",
            Refused,
            "n.py:5 (policy.yaml:3): no. Ask.",
            "ours",
        ),
        ("raise GateClosed('shut')", GateClosed, "n.py:5: shut", "their class is the exit code"),
        ("raise ConfigError([Problem('odd', 'c.yaml:1')])", ConfigError, "n.py:5: This cell stopped on it.", "a list"),
        ("open('/not/there')", StrongroomError, "n.py:5 (/not/there)", "the operating system's"),
    ],
)
def test_an_error_says_its_line_and_no_value(raised, kind, told, why):
    names = {each.__name__: each for each in (ConfigError, GateClosed, Problem, Refused)}
    with pytest.raises(kind) as stopped:
        ran("x = 1", f"\n{raised}", **names)
    assert str(Problem(stopped.value.what, stopped.value.where, stopped.value.todo)).find(told) >= 0, why
    assert "ada@" not in str(stopped.value)


def test_the_line_is_the_notebooks_own_even_when_a_library_raised():
    with pytest.raises(StrongroomError, match="JSONDecodeError") as stopped:
        ran("import json\n\ndef read(text):\n    return json.loads(text)", "x = 1\nread('{')")
    assert stopped.value.where == "n.py:5", "the deepest line of the notebook: inside the function it defines"


def test_a_run_leaves_a_page_and_its_two_events(place):
    file = write(
        place,
        "# MAGIC %md\n# MAGIC # Hello",
        "dbutils.widgets.text('name', 'nobody')\nprint('I am', dbutils.widgets.get('name'))",
    )
    done = place.run(notebook, file, "--param", "name=ada")
    assert (done.code, done.line["status"]) == (0, "done"), done.err
    [page] = pages(place)
    assert done.line["report"].endswith(f"reports/notebooks/n/{done.line['run_id']}.html")
    assert "<h1>Hello</h1>" in page
    assert "I am ada" in page
    assert "I am ada" not in done.out + done.err, "output goes to the page only: logs keep no data"
    events = [(event.job, event.outcome, event.principal) for event in place.audit()]
    assert events == [("notebook", "started", "user:engineer"), ("notebook", "done", "user:engineer")]
    facts = place.audit()[-1].facts
    assert facts["widgets"] == ["name"]
    assert re.fullmatch("[0-9a-f]{64}", facts["sha256"])


def test_what_is_set_counts_for_every_settings_file_that_a_notebook_reads(place):
    cell = (
        "from strongroom.core.settings.file import load_settings\nfrom strongroom.flows import access\n"
        "from strongroom.notebook import run_flow\n"
        f"found = load_settings({str(place.settings)!r})\n"
        f"cell = load_settings({str(place.settings)!r}, ['prepare.mode=overwrite'])\n"
        "print('read', found.principal, found.jobs['prepare']['mode'], cell.jobs['prepare']['mode'])\n"
        f"run_flow(access, spark=spark, config={str(place.settings)!r}, options=['lint'])"
    )
    file = write(place, cell)
    done = place.run(notebook, file, "--set", "principal=user:pia", "--set", "prepare.mode=append")
    assert done.code == 0, done.err
    assert "read user:pia append overwrite" in pages(place)[0]
    assert {event.principal for event in place.audit()} == {"user:pia"}
    assert {event.job for event in place.audit()} == {"notebook", "access"}
    assert load_settings(str(place.settings)).principal == "user:engineer", "and for no other"


def test_a_stopped_notebook_keeps_what_it_showed_and_its_exit_code(place):
    file = write(
        place,
        "print('first')",
        "from strongroom.core.errors import KeyFault\nraise KeyFault('no key', todo='Get one.')",
        "print('second')",
    )
    done = place.run(notebook, file)
    assert done.code == KeyFault.exit_code
    assert done.line["status"] == "KeyFault"
    [page] = pages(place)
    assert (">first<" in page, "second" in page, "n.py:5: no key. Get one." in page) == (True, False, True)
    assert re.search(r"where: .*n\.py:5\n", done.err)
    assert place.audit()[-1].outcome == "failed"


def test_a_foreign_error_quotes_nothing_anywhere(place):
    done = place.run(notebook, write(place, "int('ada@example.com')"))
    assert (done.code, done.line["status"]) == (1, "StrongroomError")
    kept = "".join(pages(place)).replace("int(&#x27;ada@example.com&#x27;)", "")  # the code itself is shown
    assert "ada@" not in done.out + done.err + kept + json.dumps(done.line)


@pytest.mark.parametrize(
    ("options", "code", "words", "why"),
    [
        (["--param", "nam=x"], 2, "Did you mean 'name'", "an unknown widget would be passed over in silence"),
        (["--param", "name"], 2, "NAME=VALUE", "not a pair"),
        (["--as", "user:ada"], 2, "--as does not reach", "else it would run as somebody else"),
        (["--purpose", "ads"], 2, "--purpose does not reach", "the same"),
        (["--contract", "reviews"], 2, "--contract does not reach", "the same"),
        (["--set", "spark.sql.shuffle.partitions=1"], 0, "", "Spark's own are set on the session"),
    ],
)
def test_options_that_would_not_reach_the_notebook_are_refused(place, options, code, words, why):
    done = place.run(notebook, write(place, "dbutils.widgets.text('name', '')"), *options)
    assert (done.code, words in done.err) == (code, True), why + done.err


def test_the_usual_options_reach_the_widgets_of_their_names(place):
    made = "".join(
        f"dbutils.widgets.text('{name}', '')\n" for name in ("config", "contract", "purpose", "principal", "run_id")
    )
    file = write(
        place,
        made + "print([dbutils.widgets.get(n) for n in ('config', 'contract', 'purpose', 'principal', 'run_id')])",
    )
    done = place.run(
        notebook,
        file,
        "--contract",
        "reviews",
        "--purpose",
        "p",
        "--as",
        "user:ada",
        "--run-id",
        "r1",
        "--param",
        "contract=mine",
    )
    assert done.code == 0, done.err
    [page] = pages(place)
    assert (
        f"[&#x27;{place.settings}&#x27;, &#x27;mine&#x27;, &#x27;p&#x27;, &#x27;user:ada&#x27;, &#x27;r1&#x27;]" in page
    )


@pytest.mark.parametrize(
    ("cells", "code", "words", "why"),
    [
        (
            ["print(1)", "# MAGIC %sql\n# MAGIC SELECT 1"],
            3,
            "n.py:4: The magic command %sql",
            "nothing runs before it is known to run",
        ),
        (["def"], 3, "n.py:2: This is not Python", "syntax"),
    ],
)
def test_what_cannot_run_stops_before_the_first_cell(place, cells, code, words, why):
    done = place.run(notebook, write(place, *cells))
    assert (done.code, words in done.err, pages(place)) == (code, True, []), why + done.err


def test_a_notebook_that_is_not_there_is_a_usage_error(place):
    write(place, "x = 1")
    done = place.run(notebook, str(place.root / "nn.py"))
    assert done.code == 2
    assert "n.py'?" in done.err


def test_a_dry_run_tells_cells_and_widgets_and_runs_nothing(place):
    file = write(place, "# DBTITLE 1,Set up\ndbutils.widgets.text('a', '')", "raise SystemExit")
    done = place.run(notebook, file, "--dry-run", "--param", "a=b")
    assert done.code == 0, done.err
    assert "python    line 3  Set up" in done.out
    assert "a = b" in done.out
    assert not (place.lake / "reports").exists()
