from datetime import datetime

import pytest

from strongroom.learn.features.labels import label_summary

pytestmark = pytest.mark.spark


def test_each_label_is_counted_with_its_first_and_last_time(spark):
    days = [("neg", 3), ("pos", 1), ("neg", 2), (None, 5), ("pos", 9), ("pos", None)]
    rows = [(label, day and datetime(2025, 1, day)) for label, day in days]
    frame = spark.createDataFrame(rows, "sentiment string, at timestamp")
    assert [tuple(row) for row in label_summary(frame, label="sentiment", time="at").collect()] == [
        (None, 1, datetime(2025, 1, 5), datetime(2025, 1, 5)),
        ("neg", 2, datetime(2025, 1, 2), datetime(2025, 1, 3)),
        ("pos", 3, datetime(2025, 1, 1), datetime(2025, 1, 9)),
    ]


def test_without_a_time_there_is_a_count_only(spark):
    frame = spark.createDataFrame([(1,), (1,), (0,)], "label int")
    rows = [tuple(row) for row in label_summary(frame, label="label").collect()]
    assert rows == [(0, 1, None, None), (1, 2, None, None)]


def test_without_a_label_everything_is_counted_together(spark):
    frame = spark.createDataFrame([(datetime(2025, 1, 2),), (datetime(2025, 1, 1),)], "`the time` timestamp")
    rows = [tuple(row) for row in label_summary(frame, time="the time").collect()]
    assert rows == [(None, 2, datetime(2025, 1, 1), datetime(2025, 1, 2))]
