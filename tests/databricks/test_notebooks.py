"""The project's notebooks, run unchanged on a small lake, and the entry they use."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.core.errors import ConfigError, Refused, StrongroomError, UsageError
from strongroom.databricks.dbutils import Dbutils, Picture, Screen, Table
from strongroom.databricks.format import parse_notebook
from strongroom.flows import explore, notebook, sample
from strongroom.flows.notebook import run_cells
from strongroom.notebook import run_flow
from strongroom.sample.lake import make_sample
from support.lakes import ROOT, install

BROKEN = {  # what is planted in the sample → the rule that finds it
    "missing_user_id": "user_id.required",
    "missing_email": "email.required",
    "missing_label": "label.required",
    "missing_text": "text_content.required",
    "malformed_email": "email.pattern",
    "empty_text": "text_content.pattern",
    "impossible_date": "training_date.type",
    "unknown_label": "label.invalidValues",
    "long_text": "text_content.maxLength",
    "rating_as_text": "rating.type",
    "corrupt_line": "row.parse",
}
NULLS = {
    "user_id": "missing_user_id",
    "email": "missing_email",
    "label": "missing_label",
    "text_content": "missing_text",
}


@pytest.fixture
def bare(tmp_path, capsys):
    return install(tmp_path / "a b", capsys)


def test_a_flow_runs_as_its_job_would(bare):
    options = ["--rows=120"]
    outcome = run_flow(sample, spark=None, config=str(bare.settings), options=options, run_id="r1", purpose="trying")
    assert outcome.tables["raw.reviews"] == f"{bare.lake}/raw/reviews"
    events = [(event.run, event.job, event.outcome, event.principal, event.purpose) for event in bare.audit()]
    assert events == [("r1", "sample", ending, "user:engineer", "trying") for ending in ("started", "done")]


@pytest.mark.parametrize(
    ("given", "kind", "words", "why"),
    [
        ({"config": "/not/there.yaml"}, ConfigError, "--config", "no settings"),
        ({"settings": {"prepare.mod": "x"}}, ConfigError, "Unknown setting 'prepare.mod'", "an unknown setting"),
        ({"options": ["--row=3"]}, UsageError, "unrecognized arguments: --row=3", "an unknown option"),
        ({"options": ["--rows=3"]}, UsageError, "too small", "the flow's own refusal"),
    ],
)
def test_errors_are_those_of_the_job(bare, given, kind, words, why):
    with pytest.raises(kind) as stopped:
        run_flow(sample, **{"spark": None, "config": str(bare.settings), **given})
    assert words in str(stopped.value) + stopped.value.todo, why


def test_a_bug_keeps_its_place_and_loses_its_message(bare, monkeypatch):
    def broken(*_, **__):
        raise ValueError("ada@example.com")

    monkeypatch.setattr(sample, "make_sample", broken)
    with pytest.raises(StrongroomError) as stopped:
        run_flow(sample, spark=None, config=str(bare.settings))
    assert type(stopped.value) is StrongroomError
    assert "ValueError" in str(stopped.value)
    assert Path(__file__).name in stopped.value.where
    assert "ada@" not in str(stopped.value)
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__, "a notebook would show the bug's own message"
    assert [event.outcome for event in bare.audit()] == ["started", "failed"]


def test_on_databricks_the_one_who_acts_is_the_one_logged_in(bare, monkeypatch):
    class Session:  # the platform's answer, which only the platform can give
        def sql(self, _):
            return self

        def first(self):
            return ["ada@example.com"]

    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    monkeypatch.setattr("strongroom.stores.identity.databricks.CLUSTER", Path("/usr"))
    run_flow(sample, spark=Session(), config=str(bare.settings), options=["--rows=120"])
    assert {event.principal for event in bare.audit()} == {"user:ada@example.com"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, spark):
    """One lake for all: the notebooks are run in their order."""
    found = install(tmp_path_factory.mktemp("lake") / "a b", None)
    return found, make_sample(str(found.lake), rows=200)


def shown(place, name: str, **params: str):
    """What a notebook of the project leaves: its names, and all it showed."""
    from pyspark.sql import SparkSession

    file = f"notebooks/{name}.py"
    dbutils = Dbutils({"config": str(place.settings), **params})
    screen = Screen(dbutils.secrets)
    names = {"spark": SparkSession.getActiveSession(), "dbutils": dbutils}
    space = run_cells(parse_notebook((ROOT / file).read_text(), file), screen, names=names, say=lambda _: None)
    return space, [output for outputs in screen.cells for output in outputs]


@pytest.fixture(scope="module")
def prepared(place):
    found, facts = place
    space, outputs = shown(found, "01_prepare", run_id="first")
    return found, facts, space, outputs


@pytest.mark.spark
def test_01_prepare_publishes_the_table_and_tells_its_summary(prepared):
    place, facts, space, outputs = prepared
    rows = space["outcome"].rows
    assert rows["read"] == facts["lines"] == rows["written"] + rows["quarantined"]
    assert len(place.rows("training.reviews")) == rows["written"]
    assert outputs == [space["outcome"].summary + "\n"]
    assert [(event.run, event.job, event.outcome) for event in place.audit()][-1] == ("first", "prepare", "done")
    again, _ = shown(place, "01_prepare", run_id="first")
    assert again["outcome"].rows == {"read": 0, "written": 0, "quarantined": 0}, "the same run again changes nothing"
    assert place.delta("training.reviews").version() == space["outcome"].facts["version"]


@pytest.mark.spark
def test_02_explore_draws_what_the_tables_hold(prepared):
    place, facts, *_ = prepared
    space, outputs = shown(place, "02_explore")
    assert sum(len(output.png) for output in outputs if isinstance(output, Picture)) < 500_000, "pages stay small"
    rows = place.rows("training.reviews")
    labels = dict(space["labels"].itertuples(index=False, name=None))
    lengths = dict(space["lengths"].itertuples(index=False, name=None))
    assert labels == Counter(row["label"] for row in rows)
    assert lengths == Counter(len(row["text_content"]) for row in rows)
    [run] = space["runs"].to_dict("records")
    assert (run["run_id"], run["status"]) == ("first", "done")
    assert (run["rows_read"], run["rows_written"]) == (facts["lines"], len(rows))
    failures = dict(space["failures"].itertuples(index=False, name=None))
    assert {rule: failures[rule] for rule in BROKEN.values()} == {
        rule: facts["planted"][fault] for fault, rule in BROKEN.items()
    }
    before = dict(zip(space["nulls"]["column"], space["nulls"]["before"], strict=True))
    assert {name: before[name] for name in NULLS} == {
        name: facts["planted"][fault] / facts["lines"] for name, fault in NULLS.items()
    }
    assert set(space["nulls"]["after"]) == {0.0}
    titles = [output.title for output in outputs if isinstance(output, Picture)]
    assert titles == [
        "Labels", "Length of the texts", "Rows per run", "Rows that broke a rule", "Nulls per column, before and after",
    ]  # fmt: skip
    assert sum(isinstance(output, Table) for output in outputs) == 1


@pytest.mark.spark
def test_02_explore_shows_a_reader_only_what_is_theirs(prepared):
    place, *_ = prepared
    with pytest.raises(Refused, match=r"notebooks/02_explore.py:\d+") as stopped:
        shown(place, "02_explore", principal="user:grace")
    assert "user:engineer may not act as user:grace" in str(stopped.value)
    grace = place.root / "grace.yaml"  # an analyst: no neutral reviews, no e-mail addresses, no metrics
    grace.write_text(place.settings.read_text().replace("user:engineer", "user:grace"))
    space, outputs = shown(place, "02_explore", config=str(grace))
    assert (space["labels"] is None, space["runs"], space["failures"]) == (False, None, None)
    assert sum(output.startswith("Not yours: ") for output in outputs if isinstance(output, str)) == 3
    view = run_flow(explore, spark=None, config=str(grace))
    labels = dict(explore.label_counts(view).itertuples(index=False, name=None))
    rows = place.rows("training.reviews")
    assert labels == Counter(row["label"] for row in rows if row["label"] != "neutral")
    assert "not shown     email" in view.summary
    with pytest.raises(Refused):
        run_flow(explore, spark=None, config=str(place.settings), settings={"principal": "user:nobody"})
    assert [(event.principal, event.outcome) for event in place.audit()][-1] == ("user:nobody", "refused")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("principal", "columns"),
    [("", {"email", "label"}), ("user:ada", {"label"}), ("user:grace", {"label"})],
)
def test_04_my_tables_lists_reads_and_draws_what_is_the_readers(prepared, principal, columns):
    place, *_ = prepared
    space, outputs = shown(place, "04_my_tables", principal=principal)
    listed, picture = outputs
    assert listed.heads == ("name", "purpose", "columns")
    assert any(row[0] == "training.reviews" for row in listed.rows)
    assert {"email", "label"} & set(space["mine"].columns) == columns
    assert isinstance(picture, Picture)
    assert picture.title == "Rows with a value, in percent"


def test_04_my_tables_is_ten_lines():
    notebook = parse_notebook((ROOT / "notebooks/04_my_tables.py").read_text(), "04_my_tables.py")
    lines = [line for cell in notebook.cells if cell.kind == "python" for line in cell.text.splitlines() if line]
    assert len(lines) == 10


@pytest.mark.spark
def test_the_data_scientist_runs_the_notebooks_meant_for_her(prepared, capsys):
    """As shipped: what is hers is shown, a line says what is not, and a set option reaches each notebook's settings."""
    place = replace(prepared[0], capsys=capsys)
    ada = ("--set", "principal=user:ada")
    for name in ("02_explore", "03_vectorize", "04_my_tables"):
        done = place.run(notebook, str(ROOT / f"notebooks/{name}.py"), *ada)
        assert done.code == 0, f"{name}: {done.err}"
        page = Path(done.line["report"]).read_text()
        assert (">email" in page) is False, name
        assert page.count("Not yours: ") == (3 if name == "02_explore" else 0)
    assert {event.principal for event in place.audit()[-20:]} == {"user:ada"}
    refused = place.run(notebook, str(ROOT / "notebooks/01_prepare.py"), *ada)
    assert (refused.code, refused.line["status"]) == (5, "Refused"), "that one is the engineer's"


@pytest.mark.spark
def test_03_vectorize_weighs_a_new_text_with_the_saved_pipeline(prepared):
    place, *_ = prepared
    space, outputs = shown(
        place, "03_vectorize", max_features="40", new_text="Works, works! Unheardof price.", run_id="v1"
    )
    rows = place.rows("training.reviews")
    assert space["outcome"].rows["written"] == len(rows) == len(place.rows("features.reviews"))
    vocabulary = {row["term"]: row for row in place.rows("features.reviews_vocabulary")}
    terms = space["terms"].to_dict("records")
    assert len(vocabulary) == 40
    assert [row["documents"] for row in terms] == sorted(
        (row["documents"] for row in vocabulary.values()), reverse=True
    )[:20]
    known = {"works": 2, "price": 1}.items() & {
        (term, n) for term, n in (("works", 2), ("price", 1)) if term in vocabulary
    }
    raw = {term: count * vocabulary[term]["idf"] for term, count in known}
    length = sum(weight**2 for weight in raw.values()) ** 0.5
    weights = dict(space["weights"].itertuples(index=False, name=None))
    assert weights == pytest.approx({term: weight / length for term, weight in raw.items()})
    assert weights, "the test's own text has a known word"
    assert [output.title for output in outputs if isinstance(output, Picture)] == [
        "Texts that hold the term", "Weights of the new text",
    ]  # fmt: skip


@pytest.mark.spark
def test_the_job_runs_a_notebook_of_the_project_and_leaves_its_page(prepared, capsys):
    place, *_ = prepared
    place = replace(place, capsys=capsys)
    done = place.run(notebook, str(ROOT / "notebooks/01_prepare.py"), "--run-id", "first", "--param", "mode=append")
    assert done.code == 0, done.err
    page = Path(done.line["report"])
    assert page == place.lake / "reports/notebooks/01_prepare/first.html"
    assert "nothing new to read" in page.read_text()
    jobs = [(event.job, event.outcome) for event in place.audit() if event.action == "run"][-4:]
    assert jobs == [("notebook", "started"), ("prepare", "started"), ("prepare", "done"), ("notebook", "done")]
