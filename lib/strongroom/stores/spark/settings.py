"""What of Spark, the JVM and the session may change bytes or meaning, and what each is set to: here and nowhere else.

Every key of Spark's own list (`SET -v`) and of its Parquet library is pinned here or has a reason not to be, in
`tests/stores/spark/settings.tsv`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from strongroom.core.errors import Problem

MEANING = {
    # time: one zone, the calendar of ISO 8601, and timestamps as Delta's protocol demands them
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96AsTimestamp": "true",
    "spark.sql.parquet.int96TimestampConversion": "false",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    # what an expression means
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.ansi.enforceReservedKeywords": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.quotedRegexColumnNames": "false",
    "spark.sql.variable.substitute": "false",  # `${env:NAME}` in a text would be the driver's environment
    "spark.sql.icu.caseMappings.enabled": "true",
    "spark.sql.function.concatBinaryAsString": "false",
    "spark.sql.function.eltOutputAsString": "false",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
    "spark.sql.charAsVarchar": "false",
    "spark.sql.readSideCharPadding": "true",
    "spark.sql.preserveCharVarcharTypeInfo": "false",
    "spark.sql.jsonGenerator.ignoreNullFields": "true",
    # which rows of which files
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreInvalidPartitionPaths": "false",
    "spark.sql.columnNameOfCorruptRecord": "_corrupt_record",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "true",
    "spark.sql.sources.partitionOverwriteMode": "STATIC",  # else a stage keeps what an earlier try left in it
    "spark.sql.parquet.binaryAsString": "false",
    "spark.sql.parquet.mergeSchema": "false",
    "spark.sql.parquet.respectSummaryFiles": "false",
    "spark.sql.parquet.aggregatePushdown": "false",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
    "spark.sql.timeTravelVersionKey": "versionAsOf",
    "spark.databricks.delta.stalenessLimit": "0ms",
    # what Python is handed
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
    "spark.sql.execution.pyspark.binaryAsBytes": "true",
}
"""Set on every session, and not for the settings file to say."""

READING = (
    "spark.sql.ansi.enabled", "spark.sql.caseSensitive", "spark.sql.timestampType",
    "spark.sql.parser.quotedRegexColumnNames",
    "spark.sql.icu.caseMappings.enabled", "spark.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreMissingFiles",
    "spark.sql.parquet.datetimeRebaseModeInRead", "spark.sql.parquet.int96RebaseModeInRead",
    "spark.sql.parquet.int96TimestampConversion", "spark.sql.parquet.binaryAsString",
)  # fmt: skip
"""Those of them that decide what a published table's rows are; a zone only decides how they are shown."""

WORK = {
    "spark.sql.maxConcurrentOutputFileWriters": "3",  # good, bad and tally rows leave a task without a sort
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(32 << 20),  # a worker holds a few of these at once
    "spark.sql.files.maxPartitionBytes": str(128 << 20),  # with the next one: parts of a file depend on it alone
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.parquet.compression.codec": "snappy",
}
"""How the work is done: set on every session, and the settings file beats it."""

PARQUET = {
    "parquet.writer.version": "v1",
    "parquet.enable.dictionary": "true",
    "parquet.bloom.filter.enabled": "false",  # it answers whoever guesses
    "parquet.column.statistics.enabled": "false",  # but for the columns that a table's plan leaves open
    "parquet.page.write-checksum.enabled": "true",
}
"""How Spark writes Parquet: options of each write, which beat whatever the session and Hadoop's files say."""

JVM = "-Duser.language=en -Duser.country=US -Duser.timezone=UTC -Dfile.encoding=UTF-8"
"""What each JVM is started with, after whatever else: the last word counts."""

PROBES = {
    "lower('I\u0130\u00e9')": "ii\u0307\u00e9",
    "CAST(INTERVAL '1 02:03:04' DAY TO SECOND AS STRING)": "INTERVAL '1 02:03:04' DAY TO SECOND",
}
"""What a JVM gives whose locale has the letters and digits of English; one that was started by others is asked."""

UNSET = ("spark.sql.legacy.", "parquet.")
"""Prefixes of keys that must say nothing: a session that has any of them is without it from then on."""


def refused(settings: Mapping[str, str], *, file: str) -> Iterator[Problem]:
    """What a settings file or a command line says of Spark and may not."""
    for key, value in settings.items():
        if key in MEANING and value.lower() != MEANING[key].lower():
            what = f"{key} is {MEANING[key]} wherever Strongroom works: another value changes what rows mean."
            yield Problem(what, file, "Leave it out.", "settings.meaning")
        elif key not in MEANING and key.removeprefix("spark.hadoop.").startswith(UNSET):
            what = f"{key} changes what rows mean, or which bytes are written."
            yield Problem(what, file, "Leave it out.", "settings.meaning")
