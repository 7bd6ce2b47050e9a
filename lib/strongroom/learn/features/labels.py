"""What a training set holds, label by label."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from strongroom.core.sql_text import identifier


def label_summary(frame: DataFrame, *, label: str = "", time: str = "") -> DataFrame:
    """One row a label (a missing label is one too): `label, count, first, last`, ordered by label.

    `first` and `last` are the earliest and latest `time` of its rows, or null without such a column. Without a label
    there is one row, about all.
    """
    what = F.col(identifier(label)) if label else F.lit(None).cast("string")
    when = F.col(identifier(time)) if time else F.lit(None).cast("timestamp")
    return (
        frame.groupBy(what.alias("label"))
        .agg(F.count(F.lit(1)).alias("count"), F.min(when).alias("first"), F.max(when).alias("last"))
        .orderBy("label")
    )
