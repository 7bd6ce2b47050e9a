"""One of many writers of one table: `python -m stores.lake.appending LAKE TABLE NAME COUNT KIND`."""

import sys

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from strongroom.stores.lake import Lake, commits


def main(root: str, table: str, name: str, count: str, kind: str) -> None:
    lake = Lake(root)
    for number in range(int(count)):
        rows = pa.table({"writer": [name], "number": pa.array([number], pa.int64())})
        if kind == "ours":
            commits.append(lake, table, rows)
        else:  # as any other program on deltalake does
            write_deltalake(DeltaTable(lake.folder(table)), rows, mode="append")


if __name__ == "__main__":
    main(*sys.argv[1:])
