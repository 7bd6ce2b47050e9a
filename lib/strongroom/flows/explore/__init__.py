"""Look at a data set: its protected rows as the policy shows them, and what earlier runs have counted.

`run` says who looks at what and for which purpose, and returns a `View`; the other functions ask it one question each.
Every answer is a small table of counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from strongroom.core.contract import Contract
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.read import read_as
from strongroom.flows.vectorize.tables import MODEL

RUNS = 30
"""Most runs that are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration(Outcome):
    """A data set and the one way to its tables: `read(table)` is a DataFrame of what the principal may see of it.

    `roles` tells the names of the columns `text` and `label`, where there are such.
    """

    contract: Contract
    roles: Mapping[str, str]
    read: Callable[[str], Any]

    @property
    def table(self) -> str:
        """The training table's name."""
        return self.contract.training

    @property
    def features(self) -> str:
        """The feature table's name; its vocabulary and summary are named after it."""
        return self.contract.features


def run(job: Job) -> Exploration:
    """Opens the view.

    Raises:
        Refused: the policy or the contract's purposes said no.
        StoreError: there is no such table yet.
    """
    contract = contract_of(job, "prepare")
    job = settle_purpose(job, contract)

    read = cache(lambda table: read_as(job, table))  # one decision and one audit event a table
    shown = read(contract.training).columns  # a refusal comes now, and is the run's end in the audit log
    withheld = [column.name for column in contract.columns if column.name not in shown]
    lines = [
        f"{contract.name} {contract.version}, read by {job.run.principal} for {job.run.purpose or 'no stated purpose'}",
        f"  columns       {', '.join(shown)}",
        f"  not shown     {', '.join(withheld)}" if withheld else "",
    ]
    return Exploration(
        contract=contract, roles=_roles(job, contract), read=read, summary=joined(filter(None, lines)),
        facts={"table": contract.training, "columns": shown},
    )  # fmt: skip


def mine(
    question: Callable[[Exploration], pd.DataFrame], view: Exploration, *show: Callable[[pd.DataFrame], object],
    say: Callable[[str], None],
) -> pd.DataFrame | None:  # fmt: skip
    """What a question answers, shown; None, and a line that says so, where policy or contract give nothing for it."""
    try:
        found = question(view)
    except Refused as no:
        say(f"Not yours: {no.what} ({no.where}).")
        return None
    except ConfigError as no:
        if no.code != "contract.missing":
            raise
        say(f"Not here: {no.problems[0].what} ({no.problems[0].where}).")
        return None
    for each in show:
        each(found)
    return found


def _roles(job: Job, contract: Contract) -> dict[str, str]:
    """The columns that `vectorize` takes for text and label: those of the settings, else those of the contract."""
    found = {}
    for role in ("text", "label"):
        column = contract.role(role)
        name = str(job.settings.jobs["vectorize"].get(role) or "") or (column.name if column else "")
        if name:
            found[role] = name
    return found


def label_counts(view: Exploration) -> pd.DataFrame:
    """`label, rows`: how often each label stands in the training table, most frequent first."""
    from pyspark.sql import functions as F

    label = F.col(_column(view, "label")).alias("label")
    found = view.read(view.table).groupBy(label).agg(F.count(F.lit(1)).alias("rows")).toPandas()
    return _ordered(found, "rows", "label")


def text_lengths(view: Exploration) -> pd.DataFrame:
    """`length, rows`: how many texts have so many characters, shortest first; a missing text is not among them."""
    from pyspark.sql import functions as F

    length = F.length(_column(view, "text")).alias("length")
    counted = view.read(view.table).groupBy(length).agg(F.count(F.lit(1)).alias("rows"))
    return pd.DataFrame(counted.where("length IS NOT NULL").orderBy("length").toPandas())


def last_runs(view: Exploration) -> pd.DataFrame:
    """`run_id, started, status, rows_read, rows_written, rows_quarantined` of the last runs that counted, oldest first.

    Raises:
        StoreError: the data set was never prepared.
    """
    names = ["run_id", "started", "status", "rows_read", "rows_written", "rows_quarantined"]
    runs = view.read("strongroom.runs").where(_dataset(view)).where("rows_read IS NOT NULL").select(names)
    found = pd.DataFrame(runs.orderBy("started", ascending=False).limit(RUNS).toPandas())
    if found.empty:
        todo = f"./spark-submit.sh prepare --contract {view.contract.name}"
        raise StoreError("this data set was never prepared", where=view.contract.name, todo=todo, code="table.missing")
    return found.iloc[::-1].reset_index(drop=True)


def metrics(view: Exploration, *, run_id: str = "") -> pd.DataFrame:
    """`about, name, metric, value`: everything that a run has counted; the last one where none is named."""
    from pyspark.sql import functions as F

    run_id = run_id or str(last_runs(view)["run_id"].iloc[-1])
    of_run = view.read("strongroom.metrics").where(_dataset(view) & (F.col("run_id") == run_id))
    return pd.DataFrame(of_run.select("about", "name", "metric", "value").toPandas())


def last_failures(view: Exploration) -> pd.DataFrame:
    """`rule_failures` of the last run."""
    return rule_failures(metrics(view))


def last_nulls(view: Exploration) -> pd.DataFrame:
    """`nulls` of the last run."""
    return nulls(metrics(view))


def rule_failures(counted: pd.DataFrame) -> pd.DataFrame:
    """`rule, rows` out of a run's metrics: how many rows broke each rule, most first; rules that held are there too."""
    found = counted[counted["about"] == "rule"].rename(columns={"name": "rule", "value": "rows"})
    return _ordered(found[["rule", "rows"]].astype({"rows": "int64"}), "rows", "rule")


def nulls(counted: pd.DataFrame) -> pd.DataFrame:
    """`column, before, after` out of a run's metrics: the share of nulls among the rows read and those that passed.

    Shares are from 0 to 1, largest first.
    """
    rows = counted[counted["about"] == "rows"].set_index("metric")["value"]
    columns = counted[counted["about"] == "column"].pivot(index="name", columns="metric", values="value")
    counts = columns.reindex(columns=["nulls", "nulls_kept"]).fillna(0.0)
    shares = {"before": counts["nulls"] / max(rows["read"], 1), "after": counts["nulls_kept"] / max(rows["good"], 1)}
    return _ordered(pd.DataFrame(shares).rename_axis("column").reset_index(), "before", "column")


def top_terms(view: Exploration, *, most: int = 20) -> pd.DataFrame:
    """`term, documents, idf` of the terms that stand in most texts, most first."""
    from pyspark.sql import functions as F

    terms = view.read(f"{view.features}_vocabulary").select("term", "documents", "idf")
    return pd.DataFrame(terms.orderBy(F.col("documents").desc(), "term").limit(most).toPandas())


def weigh(view: Exploration, text: str) -> pd.DataFrame:
    """`term, weight` of a new text by the pipeline behind the features, heaviest first, without terms it does not know.

    Raises:
        StoreError: the feature table does not say which pipeline made it.
    """
    from pyspark.ml import PipelineModel

    made = view.read(view.features)
    notes = made.schema["features"].metadata if "features" in made.columns else {}
    if MODEL not in notes:
        todo = f"./spark-submit.sh vectorize --contract {view.contract.name}"
        raise StoreError(
            "no pipeline is known for these features", where=view.features, todo=todo, code="table.missing"
        )
    folder, column = notes[MODEL], _column(view, "text")
    pipeline = PipelineModel.load(folder if "://" in folder else f"file://{folder}")
    [row] = pipeline.transform(made.sparkSession.createDataFrame([(text,)], f"{column} string")).collect()
    terms = view.read(f"{view.features}_vocabulary").select("index", "term").toPandas().set_index("index")["term"]
    weights = zip(row["features"].indices, row["features"].values, strict=True)
    known = [(str(terms[place]), float(weight)) for place, weight in weights]
    return _ordered(pd.DataFrame(known, columns=["term", "weight"]), "weight", "term")


def _dataset(view: Exploration) -> Any:
    from pyspark.sql import functions as F

    return F.col("dataset") == view.contract.name


def _ordered(found: pd.DataFrame, by: str, name: str) -> pd.DataFrame:
    return found.sort_values([by, name], ascending=[False, True], ignore_index=True)


def _column(view: Exploration, role: str) -> str:
    """The column of a role, as Spark names it.

    Raises:
        ConfigError: there is no such column.
        Refused: the principal may not see it.
    """
    name = view.roles.get(role)
    if name is None:
        raise ConfigError(
            [Problem(f"no column is the {role}", view.contract.file, f"Give one the role {role}.", "contract.missing")]
        )
    if name not in view.read(view.table).columns:
        todo = "Ask whoever keeps the policy, and see: ./spark-submit.sh access explain"
        raise Refused(f"the column {name!r} is not among those that the policy shows", where=view.table, todo=todo)
    return identifier(name)
