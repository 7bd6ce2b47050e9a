"""Runs the Python and SQL blocks of a page, as somebody would with a session of their own on the lake beside it.

A column that stands alone in a line is asked of the training table: it must give a value in some row. A query must give
a row with one.
"""

import ast
import sys

from pyspark.sql import Column

from strongroom.core.settings.file import load_settings
from strongroom.setup.own_session import own_session

WITH_SESSION = "import strongroom\n", "strongroom.functions", "strongroom.jupyter"
"""What a block that needs Spark brings in; the kernels of text need none."""


def ask(frame, text):
    rows = [value for row in frame.take(100) for value in row]
    assert any(value is not None for value in rows), f"gives nothing: {text}"


blocks = [block.partition("\n")[::2] for block in sys.stdin.read().split("\0")]
spark = reviews = None
if any(kind == "sql" or any(word in text for word in WITH_SESSION) for kind, text in blocks):
    spark = own_session(load_settings("conf/local.yaml"), say=lambda _: None)
    reviews = spark.read.format("delta").load("lake/training/reviews")
    spark.read.format("delta").load("lake/strongroom/metrics").createOrReplaceTempView("metrics")
names = {"spark": spark, "reviews": reviews}
for kind, text in blocks:
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
if spark is not None:
    spark.stop()
