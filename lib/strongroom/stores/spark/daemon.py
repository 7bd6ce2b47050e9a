"""What forks Spark's Python workers on one machine: pyspark's own daemon, from the installed package.

The launcher names this module in `spark.python.daemon.module`.
"""

from strongroom.core.workers import without_zips

without_zips()

from pyspark.daemon import manager  # noqa: E402 -- only now it is not the zip's

if __name__ == "__main__":
    manager()  # type: ignore[no-untyped-call]
