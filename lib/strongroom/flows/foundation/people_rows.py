"""The rows of the people whose rows may be used: a join with their tags, of which nobody else sees anything."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from strongroom.core.contract.subject import TAG
from strongroom.protect.consents import Standing

SENT_WHOLE = 5_000_000
"""People whose tags every worker is sent; where there are more, rows travel to them."""
_TAG = "__people_tag"


def rows_of(rows: Any, people: Standing | None) -> Any:
    """The rows of a DataFrame with tags that may be used. A row without a subject has nobody who could say yes.

    Args:
        rows: the DataFrame, as it lies.
        people: whose rows those are; None: all of them.
    """
    if people is None or people.open:
        return rows
    tags = _frame(rows.sparkSession, people, _TAG)
    tags = tags.hint("broadcast") if len(people) <= SENT_WHOLE else tags
    return rows.join(tags, on=rows[TAG] == tags[_TAG], how="left_semi" if people.keeps else "left_anti")


def marked_rows(rows: Any, people: Standing, mark: str) -> Any:
    """All the rows, where they are and in their order, with a column more that says of each whether it may be used."""
    from pyspark.sql import functions as F

    tags = _frame(rows.sparkSession, people, f"{mark}_tag").withColumn(f"{mark}_in", F.lit(True)).hint("broadcast")
    listed = F.coalesce(F.col(f"{mark}_in"), F.lit(False))
    joined = rows.join(tags, on=rows[TAG] == tags[f"{mark}_tag"], how="left")
    return joined.withColumn(mark, listed if people.keeps else ~listed).drop(f"{mark}_tag", f"{mark}_in")


def _frame(spark: Any, people: Standing, name: str) -> Any:
    """The people's tags as a DataFrame of one column."""
    tags = pa.chunked_array([each.cast(pa.binary()) for each in people.tags], pa.binary())
    return spark.createDataFrame(pa.table({name: tags}))
