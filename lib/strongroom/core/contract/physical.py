"""The physical types of other systems, in the words of Spark SQL: what a type says by its name alone.

A name that means one thing in every system stands in `ANYWHERE`; what one system means by it stands in that system's
table, which counts where a contract names a server of it. A name that is in neither says nothing: it is documentation.
Sources: the type references of PostgreSQL 17, Snowflake, BigQuery, SQL Server 2022, Oracle 23, MySQL 8.4, Databricks,
Avro 1.12 and JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.core.suggest import slip_of

_OURS = (
    "string", "binary", "bigint", "int", "smallint", "tinyint", "decimal", "double", "float", "boolean", "date",
    "timestamp", "timestamp_ntz", "struct", "array",
)  # fmt: skip


def _table(**kinds: str) -> dict[str, str]:
    """Name → kind, from kind → its names, with `,` between them."""
    return {name.strip(): kind for kind, names in kinds.items() for name in names.split(",")}


# fmt: off
ANYWHERE: Mapping[str, str] = {name: name for name in _OURS} | _table(
    string="varchar, char, character varying, character, nvarchar, nchar, varchar2, nvarchar2, national character, "
    "national character varying, bpchar, text, ntext, tinytext, mediumtext, longtext, clob, nclob, str, citext, uuid, "
    "uniqueidentifier, time, timetz, time with time zone, time without time zone, time-millis, time-micros, xml, "
    "xmltype, json, jsonb, enum, rowid, urowid, inet, cidr, macaddr, sysname, long varchar",
    binary="varbinary, bytea, blob, tinyblob, mediumblob, longblob, raw, long raw, bytes, fixed, image",
    tinyint="byte, int8",
    smallint="short, int2, smallserial, int16",
    int="integer, int4, serial, mediumint, int32",
    bigint="long, bigserial, int64, byteint",
    float="real, float4, binary_float",
    double="double precision, float8, float64, binary_double",
    decimal="dec, numeric, number, bignumeric, bigdecimal",
    boolean="bool",
    timestamp="timestamp_ltz, timestamp with time zone, timestamptz, timestamp_tz, timestampltz, timestamp-millis, "
    "timestamp with local time zone, datetimeoffset, timestamp-micros",
    timestamp_ntz="timestamp without time zone, timestampntz, datetime, datetime2, smalldatetime, "
    "local-timestamp-millis, local-timestamp-micros",
    struct="object, record, row, message",
    array="list, repeated",
)
# fmt: on
"""Name → ours, in a contract that names no system that means something else by it; `int8` is Parquet's, in bits."""

SYSTEMS: Mapping[str, Mapping[str, str]] = {
    "postgres": _table(
        bigint="int8, serial8",
        int="serial4",
        smallint="serial2",
        double="float",
        timestamp_ntz="timestamp",
        string="name, bit, bit varying, varbit, money, interval",
    ),
    "snowflake": _table(
        bigint="int, integer, smallint, tinyint, byteint",
        double="float, float4, float8, real",
        timestamp_ntz="timestamp",
        string="variant, geography, geometry",
    ),
    "bigquery": _table(double="float", string="geography, interval", bigint="int, integer, smallint, tinyint, byteint"),
    "sqlserver": _table(
        boolean="bit",
        double="float",
        binary="rowversion",
        smallint="tinyint",
        string="sql_variant",
        decimal="money, smallmoney",
    ),
    "oracle": _table(bigint="int, integer, smallint", double="float", timestamp_ntz="date, timestamp", string="long"),
    "mysql": _table(double="real", int="year", string="set"),
    "databricks": {},
}
"""Type of a server → what its system means by a name, where that is not what it means anywhere."""

DIGITS: Mapping[str, tuple[int, int]] = {
    "snowflake": (38, 0), "bigquery": (38, 9), "sqlserver": (18, 0), "mysql": (10, 0), "databricks": (10, 0),
}  # fmt: skip
"""Type of a server → digits of a decimal that names none."""

MONEY: Mapping[str, tuple[int, int]] = {"money": (19, 4), "smallmoney": (10, 4)}
"""SQL Server's decimals that have a name of their own."""

NESTED = tuple(_table(nested="json, jsonb, variant, super, array, list, repeated, struct, object, record, row, map"))
"""Names of values that have others inside them, which JSON writes as such."""

_SAME = {"postgresql": "postgres", "cloudsql": "postgres", "redshift": "postgres", "mssql": "sqlserver"}
TEXTS = (
    "string", "varchar", "char", "character varying", "character", "nvarchar", "nchar", "varchar2", "nvarchar2",
    "national character", "national character varying", "bpchar",
)  # fmt: skip
"""Names whose number in brackets is a length: of characters, or of bytes, of which there are no fewer."""
_DIGITS = re.compile(r"\(\s*(\d{1,9})\s*(?:char|byte)?\s*(?:,\s*(\d{1,9})\s*)?\)")
_BRACKETS = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Physical:
    """A physical type, read: its name, ours for it (empty where it says nothing), and the numbers in its brackets."""

    name: str
    kind: str = ""
    first: int | None = None
    second: int | None = None
    slip: str = ""

    @property
    def length(self) -> int | None:
        """The most characters that it holds, if it says so."""
        return self.first if self.name in TEXTS else None


def is_system(kind: str) -> bool:
    """Whether a type of a server is that of a system whose types have a table here."""
    return _SAME.get(kind, kind) in SYSTEMS


def usual_digits(system: str) -> tuple[int, int] | None:
    """The digits of a decimal that names none, in the system of a type of server; None where they are not known."""
    return DIGITS.get(_SAME.get(system, system))


def read_physical(written: str, system: str = "") -> Physical:
    """What a physical type says; `system` is the type of the server that it is of, or empty.

    `slip` is the known name that it is a slip of, where nobody knows the name itself.
    """
    said = " ".join(written.lower().split())
    digits = _DIGITS.search(said)
    name = " ".join(_BRACKETS.sub("", said).split())
    system = _SAME.get(system, system)
    kind = SYSTEMS.get(system, {}).get(name) or ("array" if name.endswith("[]") else ANYWHERE.get(name, ""))
    first, second = (int(found) if found else None for found in digits.groups()) if digits else (None, None)
    long = [known for known in ANYWHERE if len(known) > 4 and known.isalpha()]
    slip = slip_of(name, long) if not kind and len(name) > 4 and name.isalpha() else ""
    return Physical(name, kind, first, second, slip)
