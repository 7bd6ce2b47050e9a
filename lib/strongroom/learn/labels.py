"""What a training set holds, label by label."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def label_summary(frame: DataFrame, *, label: str, time: str = "") -> DataFrame:
    """One row a label (a missing label is one too): `label, rows, first, last`, ordered by label.

    `first` and `last` are the earliest and latest `time` of its rows, or null without such a column.
    """
    when = F.col(time) if time else F.lit(None).cast("timestamp")
    return (
        frame.groupBy(F.col(label).alias("label"))
        .agg(F.count(F.lit(1)).alias("rows"), F.min(when).alias("first"), F.max(when).alias("last"))
        .orderBy("label")
    )
