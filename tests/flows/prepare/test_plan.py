"""What an overwrite says that it undoes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from strongroom.core.run import RUN
from strongroom.flows.prepare.plan import gone

OURS = CommitProperties(custom_metadata={RUN: "r1"})


def deleted(table):
    table.delete("a = 1")


def changed(table):
    table.update({"a": "9"}, predicate="a = 2")


def merged(table):
    merge = table.merge(pa.table({"a": [3]}), "target.a = source.a", source_alias="source", target_alias="target")
    merge.when_matched_delete().execute()


@pytest.mark.parametrize(
    ("acts", "told", "why"),
    [
        ([], "", "nobody did anything"),
        ([deleted], "1 version, first 1", "a row is gone that raw files may hold"),
        ([changed, merged], "2 versions, first 1", "so are these"),
        ([lambda table: table.optimize.compact()], "", "the rows are what they were"),
        ([lambda table: table.delete("a = 1", commit_properties=OURS)], "", "what we take out ourselves is known"),
    ],
)
def test_rows_that_others_deleted_or_changed_come_back(tmp_path, acts, told, why):
    for part in ([1, 2], [3]):
        mode = "overwrite" if part == [1, 2] else "append"
        write_deltalake(tmp_path, pa.table({"a": part}), mode=mode, commit_properties=OURS)
    first = DeltaTable(tmp_path).version()
    for act in acts:
        act(DeltaTable(tmp_path))
    lines = gone((), known=(), table=DeltaTable(tmp_path))
    shown = told.replace("first 1", f"first {first + 1}")
    assert ([shown in line for line in lines] == [True]) if told else lines == [], why
    write_deltalake(tmp_path, pa.table({"a": [1]}), mode="overwrite", commit_properties=OURS)
    assert gone((), known=(), table=DeltaTable(tmp_path)) == [], "a run has written all rows since"
