"""What Spark reads of files whose columns are called otherwise, or stand in folders."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom.core.contract import Column, Contract, Protect, Source, Type
from strongroom.flows.row_pass.shape_check import look
from strongroom.stores.sources import list_files
from strongroom.stores.sources.kinds import Split
from strongroom.stores.sources.kinds.parquet import frame


def column(name, kind="string", **more):
    return Column(name, name, Type(kind), line=7, protect=Protect("keep"), **more)


COLUMNS = (
    column("id", "bigint", source="Nr."),
    column("at", source="Wann+?"),
    Column("a", "a", Type("struct", fields=(column("city", source="Ort"),)), source="Ad dr"),
)
FOLDERS = {
    "Nr.=1/Wann%2B%3F=x%2Fy%20z+1": (1, "x/y z+1"),
    "Nr.=2/Wann+?=50%é": (2, "50%é"),
    "Nr.=__HIVE_DEFAULT_PARTITION__/Wann%2B%3F=": (None, None),
    "Nr.=4": (4, None),
}


@pytest.mark.spark
def test_columns_come_by_the_sources_names_and_from_folders(spark, tmp_path):
    lake = tmp_path / "Nr.=9"  # what the lake lies in says nothing
    for number, folder in enumerate(FOLDERS):
        place = Path(lake, "raw", folder)
        place.mkdir(parents=True)
        row = {"Ad dr": {"Ort": f"city {number}"}}
        pq.write_table(pa.Table.from_pylist([row]), place / "p.parquet")
    source = Source("s", "parquet", "raw")
    contract = Contract("t", "t", "1", "t.yaml", "f", (source,), COLUMNS)
    files = list_files(source, str(lake))
    looked = [*look(source, files, contract, lake=str(lake)).values()]
    found = frame(spark, Split(0, contract, looked), str(lake)).toArrow().to_pylist()
    told = {row["a"]["city"]: (row["id"], row["at"]) for row in found}
    expected = {
        f"city {number}": (None if nr is None else str(nr), at) for number, (nr, at) in enumerate(FOLDERS.values())
    }
    assert told == expected, "a folder's value is text, which the pass reads as the column's type"
