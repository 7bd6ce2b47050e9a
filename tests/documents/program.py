"""Runs the Python and SQL blocks of a page, as somebody would with a session of their own on the lake beside it.

A column that stands alone in a line is asked of the training table: it must give a value in some row. A query must give
a row with one.
"""

import ast
import sys

from pyspark.sql import Column

from strongroom.core.settings.file import load_settings
from strongroom.stores.spark.session import open_session

spark = open_session(load_settings("conf/local.yaml"))
reviews = spark.read.format("delta").load("lake/training/reviews")
spark.read.format("delta").load("lake/strongroom/metrics").createOrReplaceTempView("metrics")
names = {"spark": spark, "reviews": reviews}


def ask(frame, text):
    rows = [value for row in frame.take(100) for value in row]
    assert any(value is not None for value in rows), f"gives nothing: {text}"


for block in sys.stdin.read().split("\0"):
    kind, _, text = block.partition("\n")
    if kind == "sql":
        for query in filter(str.strip, text.split(";")):
            ask(spark.sql(query), query)
        continue
    for statement in ast.parse(text).body:
        code = ast.unparse(statement)
        if isinstance(statement, ast.Expr):
            value = eval(code, names)
            if isinstance(value, Column):
                ask(reviews.select(value), code)
        else:
            exec(code, names)
spark.stop()
