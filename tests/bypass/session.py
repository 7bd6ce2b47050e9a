"""Attempts inside the caller's own Spark session, around what `read_table` has put there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bypass.asking import TABLE, ask
from bypass.place import Reach

Found = Iterator[object]


def rows(frame: object) -> Found:
    yield frame.columns, [row.asDict(recursive=True) for row in frame.collect()]


def load_by_path(at: Reach) -> Found:
    yield from rows(at.session.read.format("delta").load(at.source))


def sql_by_path(at: Reach) -> Found:
    yield from rows(at.session.sql(f"SELECT * FROM delta.`{at.source}`"))


def as_parquet(at: Reach) -> Found:
    yield from rows(at.session.read.parquet(*at.below(at.source)))


def older_version(at: Reach) -> Found:
    yield from rows(at.session.read.format("delta").option("versionAsOf", 1).load(at.source))


def catalog_table(at: Reach) -> Found:
    """A name of one's own for the guarded path."""
    at.session.sql("DROP TABLE IF EXISTS stolen")
    at.session.sql(f"CREATE TABLE stolen USING delta LOCATION '{at.source}'")
    try:
        yield from rows(at.session.table("stolen"))
    finally:
        at.session.sql("DROP TABLE stolen")


def view_of_another(at: Reach) -> Found:
    """A temporary view that somebody left in a session that is shared."""
    ask(at, TABLE, "user:engineer", "").createOrReplaceGlobalTempView("left_behind")
    try:
        yield from rows(at.session.newSession().sql("SELECT * FROM global_temp.left_behind"))
    finally:
        at.session.catalog.dropGlobalTempView("left_behind")


def view_named_like_the_table(at: Reach) -> Found:
    """A temporary view in the table's name does not make `read_table` read it, nor itself show more."""
    ask(at).createOrReplaceTempView("reviews")
    try:
        yield from rows(at.session.sql("SELECT * FROM reviews"))
        yield from rows(ask(at))
    finally:
        at.session.catalog.dropTempView("reviews")


def column_in_another_case(at: Reach) -> Found:
    yield from rows(ask(at).selectExpr("label", "TEXT_CONTENT"))


def condition_on_a_withheld_column(at: Reach) -> Found:
    """Guessing: does a row come back or not?"""
    word = "quillfeather"
    yield word if ask(at).where(f"text_content LIKE '{word}%'").count() else "no row came back"


def order_by_a_withheld_column(at: Reach) -> Found:
    yield from rows(ask(at).orderBy("text_content"))


def error_message(at: Reach) -> Found:
    """A cast that fails quotes the value."""
    frame = ask(at).where("CAST(text_content AS INT) > 0")
    try:
        frame.collect()
    except Exception as error:
        if "CAST_INVALID_INPUT" not in str(error):
            raise
        yield str(error)


def error_message_of_a_withheld_row(at: Reach) -> Found:
    frame = ask(at).where("CAST(review_id AS INT) > 0")
    try:
        frame.collect()
    except Exception as error:
        if "CAST_INVALID_INPUT" not in str(error):
            raise
        yield str(error)


def function_that_tells(at: Reach) -> Found:
    """A user function in the condition, which writes down whatever row it is shown."""
    from pyspark.sql import functions as F

    told = f"{at.mine}/told"

    def tell(text):
        with Path(told).open("a") as stream:
            stream.write(f"{text}\n")
        return True

    heard = F.udf(tell, "boolean")
    ask(at).where(heard("review_id")).collect()
    yield Path(told).read_text()


def plan_text(at: Reach) -> Found:
    yield ask(at)._jdf.queryExecution().toString()


def plan_undone(at: Reach) -> Found:
    """The plan is the session's own: what lies under the policy's select and filter is taken out and run."""
    jvm, plan = at.session._jvm, ask(at)._jdf.queryExecution().analyzed()
    while plan.children().size():
        plan = plan.children().head()
    session = at.session._jsparkSession
    frame = getattr(jvm.org.apache.spark.sql.classic, "Dataset$").__getattr__("MODULE$").ofRows(session, plan)
    yield frame.toJSON().collectAsList()


def metadata_columns(at: Reach) -> Found:
    yield from rows(ask(at).selectExpr("_metadata.file_path"))


def metadata_of_the_source(at: Reach) -> Found:
    yield from rows(at.session.read.format("delta").load(at.source).selectExpr("_metadata.file_path"))


def input_files(at: Reach) -> Found:
    yield ask(at).inputFiles()


def cached_frame(at: Reach) -> Found:
    """A DataFrame that was cached while the grant held."""
    kept = ask(at, TABLE, "user:engineer", "").cache()
    try:
        kept.count()
        yield from rows(kept.select("text_content"))
    finally:
        kept.unpersist()


def statistics_of_the_optimizer(at: Reach) -> Found:
    yield str(ask(at)._jdf.queryExecution().optimizedPlan().stats().toString())


def sampled_past_the_filter(at: Reach) -> Found:
    """Rows beyond the filter do not come back by sampling, joining or grouping what is given."""
    frame = ask(at)
    yield from rows(frame.sample(1.0, seed=1))
    yield from rows(frame.join(frame.select("review_id"), "review_id", "right"))
    yield from rows(frame.groupBy("review_id").count())


def our_code_replaced(at: Reach) -> Found:
    """The code that decides runs in the caller's own process."""
    from dataclasses import replace

    from strongroom.govern.engine.engine import Engine

    true = Engine.narrow
    Engine.narrow = lambda self, request: true(self, replace(request, principal="user:engineer", purpose=""))
    try:
        yield from rows(ask(at))
    finally:
        Engine.narrow = true


def temporary_files(at: Reach) -> Found:
    """The files that a Delta table made from what is given would hold."""
    target = f"{at.mine}/copied"
    ask(at).write.format("delta").mode("overwrite").save(target)
    for file in Path(target).rglob("*.parquet"):
        from system.leaks import contents

        yield from contents(file)
