"""Errors of ours that crossed from a worker as one text keep their kind and the file that they are about."""

import traceback

import pytest
from pyspark.errors import PySparkException

from strongroom.core.errors import ConfigError, KeyFault, Problem, StoreError
from strongroom.stores.spark.error_translation import translate

CROSSED = [
    # what a worker raised, and what the driver makes of it
    (StoreError("this file cannot be read", where="/lake/raw/a.csv", todo="Mend it.", code="source.unreadable"), 7,
     [("this file cannot be read. Mend it.", "/lake/raw/a.csv")]),
    (StoreError("from here on no row is trusted", where="s3://b/a.csv, byte 7"), 7,
     [("from here on no row is trusted", "s3://b/a.csv, byte 7")]),
    (ConfigError([Problem("one", "/a/x.parquet", "Do.", "source.type"), Problem("two", "/c/t.yaml:12")]), 3,
     [("one. Do.", "/a/x.parquet"), ("two", "/c/t.yaml:12")]),
    (KeyFault("a key is gone: nobody has it"), 7, [("a key is gone: nobody has it", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("raised", "code", "told"), CROSSED, ids=[case[2][0][0] for case in CROSSED])
def test_what_a_worker_says_keeps_its_place(raised, code, told):
    said = "".join(traceback.format_exception(raised))  # what a worker sends
    found = translate(PySparkException(f"Traceback:\n  File x\n{said}\n\tat org.apache.spark"))
    assert (type(found), found.exit_code) == (type(raised), code)
    assert [(problem.what, problem.where) for problem in found.problems] == told
    assert [problem.code for problem in found.problems] == [problem.code for problem in raised.problems]
