"""Turn the texts of a training table into TF-IDF features: vectors, their vocabulary, and a pipeline for new texts.

Options are settings: --set vectorize.max_features=500, profile, rank, ngram,
min_df, min_subjects, text, label, key, time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pyspark.sql import functions as F

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.protection import METHODS, leaves_out
from strongroom.core.contract.subject import TAG, subject_of
from strongroom.core.errors import ConfigError, Problem, Refused, StoreError
from strongroom.core.escaping import joined, preparing
from strongroom.core.run import Job, Outcome
from strongroom.core.sql_text import identifier
from strongroom.core.suggest import did_you_mean
from strongroom.flows.foundation.authorise import ask, permit, refused
from strongroom.flows.foundation.contracts import contract_of, settle_purpose
from strongroom.flows.foundation.derived import Origin, Target, tag_of
from strongroom.flows.read import read_to_derive
from strongroom.flows.vectorize import tables as out
from strongroom.learn.features.labels import label_summary
from strongroom.learn.features.tfidf import Fitted, Tfidf, as_struct, fit_tfidf
from strongroom.stores.lake import Lake

MIN_SUBJECTS = 5
"""By how many people a term must be used where a contract says whose rows are: a vocabulary is stored in clear."""
NO_ROWS = {"read": 0, "written": 0, "quarantined": 0}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to vectorize: the contract, the columns (key, label and time may be empty), how, and where results lie."""

    contract: Contract
    key: str
    label: str
    time: str
    tfidf: Tfidf
    lake: Lake
    run_id: str

    @property
    def source(self) -> str:
        return self.contract.training

    @property
    def columns(self) -> list[str]:
        """Every column that is read, once."""
        return list(dict.fromkeys(name for name in (self.key, self.label, self.tfidf.text, self.time) if name))

    @property
    def recipe(self) -> dict[str, object]:
        """What was asked, as far as it decides what comes out."""
        return {"job": "vectorize", "key": self.key, "label": self.label, "time": self.time, **asdict(self.tfidf)}

    @property
    def model(self) -> str:
        """The pipeline's folder: one a run."""
        return f"{self.lake.folder(f'models.{self.contract.name}')}/{self.run_id}"

    @property
    def tables(self) -> dict[str, str]:
        """Each table that is written, and its folder."""
        return {name: self.lake.folder(name) for name in out.names(self.contract).values()}


def run(job: Job) -> Outcome:
    """Vectorizes one data set.

    The pipeline is written first and the feature table last, each as a whole; the same run id again changes nothing.

    Raises:
        ConfigError: a column is not there, or its text cannot be read.
        Refused: the policy or the contract's purposes said no.
        StoreError: there is nothing to learn from, or a table cannot be read or written.
    """
    contract = contract_of(job, "vectorize")
    job = settle_purpose(job, contract)
    plan = _plan(job, contract)
    _authorise(job, plan)
    source = plan.lake.open(plan.source)
    if source is None:
        todo = f"./spark-submit.sh prepare --contract {contract.name}"
        raise StoreError("there is no such table yet", where=plan.source, todo=todo, code="table.missing")
    if job.args.dry_run:
        return _preview(job, plan)
    origin = Origin(contract, {plan.source: source.version()}, job.run.purpose, plan.recipe, tag=tag_of(source))
    targets = {
        what: Target.of(job, plan.lake, table, origin, personal=what == "features")
        for what, table in out.names(contract).items()
    }
    for target in targets.values():
        target.refuse()
    if targets["features"].done:
        for target in targets.values():
            target.again()
        done = f"{contract.name}: this run is done already."
        return Outcome(plan.tables, {**NO_ROWS}, summary=done, answer=_none(plan))
    rows = read_to_derive(job, plan.source, version=source.version())
    if plan.tfidf.subject and not _tag(rows):
        what = "its rows carry no tag of their data subject, so nobody can tell how many use a term"
        todo = f"Make them anew: {preparing(contract.name, mode='overwrite')}; or --set vectorize.min_subjects=1."
        raise StoreError(what, where=plan.source, todo=todo, code="table.untagged")
    frame = rows.select([identifier(name) for name in (*plan.columns, *_tag(rows))])
    job.say(f"{contract.name}: choosing at most {plan.tfidf.max_features:,} terms from version {source.version()}")
    fitted = fit_tfidf(frame, plan.tfidf)
    job.say(f"{contract.name}: {fitted.vocabulary.size:,} texts, {len(fitted.idf):,} terms; writing the features")
    fitted.pipeline.write().overwrite().save(plan.lake.spark_path(f"models.{contract.name}", job.run.id))
    version = _publish(job, plan, frame=frame, fitted=fitted, targets=targets)
    return _done(plan, fitted, version=version, source=source.version())


def _plan(job: Job, contract: Contract) -> Plan:
    """Settings and contract put together; what neither names is looked for by role, and a key by the data subject.

    Raises:
        ConfigError: every column that is missing, unknown or unreadable.
    """
    section, problems = job.settings.jobs["vectorize"], list[Problem]()
    chosen: dict[str, str] = {}
    for role in ("text", "key", "label", "time"):
        name = str(section.get(role) or "")
        column = next((column for column in contract.columns if column.name == name), None)
        if name and column is None:
            todo = did_you_mean(name, [column.name for column in contract.columns])
            problems.append(Problem(f"vectorize.{role}: the contract has no column {name!r}", contract.file, todo))
            continue
        column = column or contract.role(role) or (_subject(contract) if role == "key" else None)
        if column is None and role == "text":
            todo = "Give it the role text, or name it by --set vectorize.text=COLUMN."
            problems.append(Problem("no column is the text", contract.file, todo))
        elif column is not None:
            problems += _readable(contract, column, role=role)
            chosen[role] = column.name
    several = int(str(section["min_subjects"] or (MIN_SUBJECTS if subject_of(contract) else 1)))
    if several > 1 and subject_of(contract) is None:
        todo = "Say 'subject: true' of the column that names whose rows are, or leave min_subjects out."
        problems.append(Problem("vectorize.min_subjects: the contract names no subject", contract.file, todo))
    if problems:
        raise ConfigError(problems)
    tfidf = Tfidf(
        text=chosen["text"],
        profile=str(section["profile"]),
        max_features=int(str(section["max_features"])),
        rank=str(section["rank"] or ""),
        ngram=int(str(section["ngram"])),
        min_df=int(str(section["min_df"] or 0)),
        subject=TAG if several > 1 else "",
        min_subjects=several,
    )
    return Plan(
        contract,
        chosen.get("key", ""),
        chosen.get("label", ""),
        chosen.get("time", ""),
        tfidf,
        Lake(job.settings.lake),
        job.run.id,
    )


def _subject(contract: Contract) -> Column | None:
    """The data subject's token will do as a key, where a column of its own is that."""
    return next((column for column in contract.columns if column.subject), None)


def _readable(contract: Contract, column: Column, *, role: str) -> list[Problem]:
    why = METHODS[column.method].unreadable
    where = f"{contract.file}:{column.line}"
    if leaves_out(column) or (role == "text" and why):
        return [Problem(f"{column.name!r} cannot be the {role}: {why}", where, "Choose another column.")]
    if role == "text" and column.type.name != "string":
        return [Problem(f"{column.name!r} cannot be the text: it is {column.type.ddl}", where, "Choose a string.")]
    return []


def _authorise(job: Job, plan: Plan) -> None:
    """Ask before anything starts: to read each column that is needed, the text and the key in clear, and to write.

    Rows that the principal may not see are left out; that is no reason to refuse.
    """
    decision = ask(job, "read", plan.source, columns=plan.columns, contract=plan.contract)
    if not decision.allowed:
        raise refused(job, decision, plan.contract)
    masked = [name for name in (plan.tfidf.text, plan.key) if name in decision.masks or name in decision.conditions]
    if masked:
        todo = "Run as somebody who may read them in clear, or choose other columns."
        raise Refused(f"{decision.request.principal} sees {', '.join(masked)} masked", where=plan.source, todo=todo)
    for table in out.names(plan.contract).values():
        permit(job, "write", table, contract=plan.contract)


def _tag(rows: Any) -> list[str]:
    """The column that says whose a row is, where there is one."""
    return [name for name in rows.columns if name == TAG]


def _publish(job: Job, plan: Plan, *, frame: Any, fitted: Fitted, targets: dict[str, Target]) -> int:
    """Vocabulary, summary, and the features last: who sees new features finds the rest there already."""
    contract = plan.contract
    words = job.spark().createDataFrame(out.vocabulary_rows(fitted.vocabulary, fitted.idf)).coalesce(1)
    terms = out.vocabulary_plan(contract, text=plan.tfidf.text)
    targets["vocabulary"].publish(words, terms, rows=lambda: len(fitted.idf))
    summary = label_summary(frame, label=plan.label, time=plan.time).coalesce(1)
    targets["summary"].publish(summary, out.summary_plan(contract, summary), rows=summary.count)
    named = [identifier(name) for name in dict.fromkeys((plan.key, plan.label)) if name]
    features = as_struct(F.col("features")).alias("features")
    vectors = fitted.pipeline.transform(frame).select(*named, features, *_tag(frame))
    made = out.feature_plan(
        contract, vectors, text=plan.tfidf.text, model=plan.model, tag=targets["features"].origin.tag
    )
    return targets["features"].publish(vectors, made, rows=lambda: fitted.vocabulary.size)


def _done(plan: Plan, fitted: Fitted, *, version: int, source: int) -> Outcome:
    vocabulary, name = fitted.vocabulary, plan.contract.name
    heavy = sorted(zip(fitted.idf, vocabulary.terms, strict=True), key=lambda pair: (-pair[0], pair[1]))[:10]
    counts = plan.lake.read(out.names(plan.contract)["summary"])
    labels = [] if counts is None or not plan.label else counts.sort_by("label").to_pylist()
    lines = [
        f"{name} {plan.contract.version}: {vocabulary.size:,} rows have features, version {version}",
        "",
        f"  read          {plan.source}, version {source}",
        f"  vocabulary    {len(vocabulary.terms):,} terms, profile {plan.tfidf.profile}",
        *_withheld(plan, vocabulary.withheld),
        f"  top weights   {', '.join(f'{term} {weight:.2f}' for weight, term in heavy)}",
        *(f"  {'labels' if not place else '':<14}{row['label']}: {row['count']:,}" for place, row in enumerate(labels)),
        *(
            f"  {'tables' if not place else '':<14}{table}  {path}"
            for place, (table, path) in enumerate(plan.tables.items())
        ),
        f"  pipeline      {plan.model}",
    ]
    rows = {**NO_ROWS, "read": vocabulary.size, "written": vocabulary.size}
    facts = {"table": f"features.{name}", "version": version, "source": f"{plan.source} version {source}",
             "model": plan.model, "terms": len(vocabulary.terms), "withheld": vocabulary.withheld,
             "profile": plan.tfidf.profile, "contract": plan.contract.fingerprint, **rows}  # fmt: skip
    told = ("table", "version", "source", "model", "terms", "withheld", "profile")
    answer = {name: facts[name] for name in told}
    return Outcome(tables=plan.tables, rows=rows, summary=joined(lines), facts=facts, answer=answer)


def _withheld(plan: Plan, terms: int) -> list[str]:
    """A line about terms that too few people use, where that is asked."""
    if not plan.tfidf.subject:
        return []
    return [f"  withheld      {terms:,} terms that fewer than {plan.tfidf.min_subjects} people use"]


def _preview(job: Job, plan: Plan) -> Outcome:
    lines = [
        f"{plan.contract.name} {plan.contract.version}: a dry run by {job.run.principal}; nothing is touched",
        f"  would read    {plan.source}: {', '.join(plan.columns)}",
        f"  would learn   at most {plan.tfidf.max_features:,} terms of {plan.tfidf.text}, profile {plan.tfidf.profile}",
        *(f"  would write   {table}  {path}" for table, path in plan.tables.items()),
        f"  would write   {plan.model}",
    ]
    return Outcome(tables=plan.tables, summary=joined(lines), answer=_none(plan))


def _none(plan: Plan) -> dict[str, object]:
    """The answer of a run that makes no version."""
    return {"table": plan.contract.features, "version": None}
