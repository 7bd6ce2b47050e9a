"""What pandas, polars, DuckDB, Arrow and fastparquet write, and what is to become of it.

Each case: a word, what makes the column, the contract's type, what is read, and why.
"""

import datetime
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from quality.reading.parquet_reading import Bad, Refused, clock, day, utc

d = Decimal
ID = uuid.UUID("05b16a01-46c6-56dd-bd6e-c6dfb4a1427a")
NOT_UTF8 = [b"\xff", "é".encode(), None]
BAD_TEXT = [Bad(r'"\udcff"'), "é", None]
NANOS = [1, 1000, None]
AS_NANOS = [Bad('"1970-01-01 00:00:00.000000001"'), utc("1970-01-01T00:00:00.000001"), None]
CLOCK_NANOS = [AS_NANOS[0], clock("1970-01-01T00:00:00.000001"), None]
BIG = 2**64 - 1
DEC = [d("1.50"), d("0.01"), None]
OLD = [day("0001-01-01"), day("1582-10-04"), None]


OLD_DAYS = [-719162, -141438, None]


def arrow_text(values, kind):
    return pa.array(values, pa.binary()).view(pa.string()).cast(kind)


ARROW = [
    # options of write_table beside the array where needed
    ("int8", pa.array([-128, None], pa.int8()), "tinyint", [-128, None], "fits"),
    ("int16", pa.array([-32768, 300], pa.int16()), "tinyint", [Bad("-32768"), Bad("300")], "all rows are bad"),
    ("int32", pa.array([1, None], pa.int32()), "bigint", [1, None], "widens"),
    ("int64", pa.array([2**31, 1]), "int", [Bad("2147483648"), 1], "narrower by value"),
    ("int64_float", pa.array([2**24 + 1, 2**24]), "float", [Bad("16777217"), 2.0**24], "no float holds it"),
    ("uint8", pa.array([255], pa.uint8()), "smallint", [255], "widens"),
    ("uint8_same", pa.array([255, 1], pa.uint8()), "tinyint", [Bad("255"), 1], "unsigned is told apart"),
    ("uint16", pa.array([65535], pa.uint16()), "int", [65535], "widens"),
    ("uint32", pa.array([2**32 - 1], pa.uint32()), "bigint", [2**32 - 1], "widens"),
    ("uint64", pa.array([BIG, 1], pa.uint64()), "bigint", [Bad(str(BIG)), 1], "above the signed ones"),
    ("uint64_decimal", pa.array([BIG], pa.uint64()), ("decimal", 20, 0), [d(BIG)], "what the advice says"),
    ("uint64_double", pa.array([BIG, 2**63], pa.uint64()), "double", [Bad(str(BIG)), 2.0**63], "exact or not at all"),
    ("int64_double", pa.array([2**63 - 1, 2**62]), "double", [Bad(str(2**63 - 1)), 2.0**62], "the same"),
    ("half", pa.array([np.float16(1.5), None], pa.float16()), "float", [1.5, None], "widens"),
    ("float", pa.array([1.5, float("nan")], pa.float32()), "double", [1.5, float("nan")], "NaN stays NaN"),
    ("double_float", pa.array([0.1]), "float", Refused("{logicalType: number, physicalType: double}"), "would round"),
    ("bool", pa.array([True, None]), "boolean", [True, None], "fits"),
    ("bool_int", pa.array([True]), "int", Refused("{logicalType: boolean}"), "another kind"),
    ("string", pa.array(["é", None]), "string", ["é", None], "fits"),
    ("string_bad", arrow_text(NOT_UTF8, pa.string()), "string", BAD_TEXT, "not UTF-8"),
    ("large_string", arrow_text(NOT_UTF8, pa.large_string()), "string", BAD_TEXT, "the same"),
    ("string_view", pa.array(["é", None], pa.string_view()), "string", ["é", None], "fits"),
    ("dictionary", pa.array(["a", None, "a"]).dictionary_encode(), "string", ["a", None, "a"], "decoded"),
    ("dictionary_bad", arrow_text(NOT_UTF8, pa.string()).dictionary_encode(), "string", BAD_TEXT, "not UTF-8"),
    ("dictionary_int", pa.array([300, 1]).dictionary_encode(), "tinyint", [Bad("300"), 1], "decoded, judged"),
    ("text_int", pa.array(["1"]), "int", Refused("{logicalType: string}"), "a text is no number"),
    ("int_text", pa.array([1]), "string", Refused("{logicalType: integer, physicalType: bigint}"), "nor the reverse"),
    ("json", pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}"])), "string", ["{}"], "text"),
    ("binary", pa.array([b"\x00"]), "binary", [b"\x00"], "fits"),
    ("large_binary", pa.array([b"\x00"], pa.large_binary()), "binary", [b"\x00"], "fits"),
    ("binary_view", pa.array([b"\x00"], pa.binary_view()), "binary", [b"\x00"], "fits"),
    ("fixed", pa.array([b"ab", None], pa.binary(2)), "binary", [b"ab", None], "fits"),
    ("uuid", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([ID.bytes, None], pa.binary(16))), "string",
     [str(ID), None], "as RFC 9562 writes it"),
    ("uuid_binary", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([ID.bytes], pa.binary(16))), "binary",
     [ID.bytes], "its bytes"),
    ("date32", pa.array([*OLD_DAYS, 2932897], pa.date32()), "date", [*OLD, Bad('"10000-01-01"')], "year 10000"),
    ("date64", pa.array([86_400_000], pa.date64()), "date", [day("1970-01-02")], "the same days"),
    ("seconds", pa.array([1, None], pa.timestamp("s", "UTC")), "timestamp", [utc("1970-01-01T00:00:01"), None],
     "widens"),
    ("millis", pa.array([-1, None], pa.timestamp("ms", "Asia/Tokyo")), "timestamp",
     [utc("1969-12-31T23:59:59.999000"), None], "widens; the zone is only for show"),
    ("millis_far", pa.array([253402300800000, 2**62], pa.timestamp("ms")), "timestamp",
     [Bad('"10000-01-01 00:00:00.000000000"'), Bad('"<value out of range: 4611686018427387>.904000000"')],
     "beyond year 9999, and beyond 64 bits"),
    ("micros", pa.array([1, -62135596800000000], pa.timestamp("us")), "timestamp_ntz",
     [clock("1970-01-01T00:00:00.000001"), clock("0001-01-01")], "fits; Arrow has no other calendar"),
    ("micros_zone", pa.array([1], pa.timestamp("us", "UTC")), "timestamp_ntz", [clock("1970-01-01T00:00:00.000001")],
     "UTC's clock, as Spark reads it"),
    ("nanos", pa.array(NANOS, pa.timestamp("ns", "UTC")), "timestamp", AS_NANOS, "never cut"),
    ("nanos_ntz", pa.array(NANOS, pa.timestamp("ns")), "timestamp_ntz", CLOCK_NANOS, "never cut"),
    ("int96", (pa.array(NANOS, pa.timestamp("ns")), {"use_deprecated_int96_timestamps": True}), "timestamp", AS_NANOS,
     "INT96 has nanoseconds too"),
    ("time32", pa.array([1, None], pa.time32("ms")), "string", ["00:00:00.001", None], "no other type holds it"),
    ("time64", pa.array([1], pa.time64("ns")), "string", ["00:00:00.000000001"], "every digit"),
    ("duration", pa.array([1], pa.duration("us")), "bigint", [1], "Parquet knows none: a number"),
    ("period", pa.array([600], pa.int64()).cast(pa.duration("s")), "timestamp", Refused("int64"), "the same"),
    ("decimal", pa.array(DEC, pa.decimal128(9, 2)), ("decimal", 10, 3), [d("1.500"), d("0.010"), None], "widens"),
    ("decimal_less", pa.array(DEC, pa.decimal128(9, 2)), ("decimal", 9, 1), [d("1.5"), Bad('"0.01"'), None],
     "a digit more than the contract has"),
    ("decimal_int32", (pa.array(DEC, pa.decimal128(9, 2)), {"store_decimal_as_integer": True}), ("decimal", 9, 2), DEC,
     "INT32"),
    ("decimal_int64", (pa.array(DEC, pa.decimal128(18, 2)), {"store_decimal_as_integer": True}), ("decimal", 18, 2),
     DEC, "INT64"),
    ("decimal32", pa.array(DEC, pa.decimal32(9, 2)), ("decimal", 9, 2), DEC, "Arrow's short ones"),
    ("decimal256", pa.array([d(10) ** 40, d(1)], pa.decimal256(60, 2)), ("decimal", 38, 2),
     [Bad('"1' + "0" * 40 + '.00"'), d("1.00")], "longer than any other"),
    ("decimal_bigint", pa.array([d("7.00"), d("7.01")], pa.decimal128(9, 2)), "bigint", [7, Bad('"7.01"')],
     "whole or not"),
    ("null", pa.nulls(2), {"x": ["int"]}, [None, None], "nothing but nulls fits anything"),
    ("null_typed", pa.nulls(2, pa.map_(pa.string(), pa.int8())), "date", [None, None], "the footer says so"),
    ("null_untold", (pa.nulls(2, pa.string()), {"write_statistics": False}), "date", Refused("not date"),
     "the footer says nothing"),
    ("empty", pa.array([], pa.int32()), "bigint", [], "no row at all"),
    ("list", pa.array([[1, None], [], None], pa.list_(pa.int8())), ["int"], [[1, None], [], None], "widens inside"),
    ("large_list", pa.array([[300], [1]], pa.large_list(pa.int64())), ["tinyint"], [Bad("[300]"), [1]], "an item"),
    ("fixed_list", pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), ["int"], [[1, 2], None], "fits"),
    ("struct", pa.array([{"x": 1}, None], pa.struct([("x", pa.int8())])), {"x": "int"}, [{"x": 1}, None], "widens"),
    ("struct_case", pa.array([{"x": 1, "X": 2}], pa.struct([("x", pa.int8()), ("X", pa.int8())])), {"x": "int"},
     Refused("two columns 'a.x' and 'a.X'"), "one name"),
    ("struct_old", pa.array([{"x": OLD_DAYS}], pa.struct([("x", pa.list_(pa.date32()))])),
     {"x": ["date"]}, [{"x": OLD}], "no rebase"),
    ("map", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), ["int"], Refused("map<"), "no map"),
    ("map_drop", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), "drop", [None], "dropped"),
    ("list_map_drop", pa.array([[[("k", 1)]]], pa.list_(pa.map_(pa.string(), pa.int8()))), ["drop"], [None],
     "dropped, down to its items"),
]  # fmt: skip

STAMPS = pd.to_datetime(pd.Series(["1970-01-01 00:00:00.000000001", "1970-01-01 00:00:00.000001", None]))
WHOLE = pd.to_datetime(pd.Series(["2020-01-01", None]))
IN_2020 = [utc("2020-01-01"), None]
PANDAS = [
    ("int64", pd.Series([1, 300]), "tinyint", [1, Bad("300")], "by value"),
    ("nullable", pd.Series([1, None], dtype="Int16"), "int", [1, None], "widens"),
    ("uint64", pd.Series([BIG], dtype="uint64"), "bigint", [Bad(str(BIG))], "above the signed ones"),
    ("became_float", pd.Series([1, None]), "bigint", Refused("is double"), "what pandas makes of a missing number"),
    ("float32", pd.Series([1.5, None], dtype="float32"), "double", [1.5, None], "NaN is missing to pandas"),
    ("object", pd.Series(["é", None]), "string", ["é", None], "fits"),
    ("bytes", pd.Series([b"\xff", None]), "binary", [b"\xff", None], "fits"),
    ("category", pd.Series(["a", "b", None], dtype="category"), "string", ["a", "b", None], "a dictionary"),
    ("bool", pd.Series([True, None], dtype="boolean"), "boolean", [True, None], "fits"),
    ("stamps", STAMPS, "timestamp", AS_NANOS, "nanoseconds, never cut"),
    ("stamps_whole", WHOLE, "timestamp", IN_2020, "nanoseconds, all of them whole"),
    ("stamps_zone", WHOLE.dt.tz_localize("Europe/Berlin"), "timestamp", [utc("2019-12-31T23:00:00"), None], "moments"),
    ("stamps_date", WHOLE, "date", Refused("logicalType: timestamp"), "a moment is no day"),
    ("int96", (STAMPS, {"use_deprecated_int96_timestamps": True}), "timestamp", AS_NANOS, "as old pandas wrote"),
    ("days", pd.Series([datetime.date(1, 1, 1), None]), "date", [day("0001-01-01"), None], "objects, not stamps"),
    ("decimals", pd.Series([d("1.50"), None]), ("decimal", 9, 2), [d("1.50"), None], "widens"),
    ("timedelta", pd.to_timedelta(pd.Series([1])), "bigint", [1], "Parquet knows none: a number"),
    ("missing", pd.Series([None, None]), "date", [None, None], "nothing but nulls"),
    ("lists", pd.Series([[1], None]), ["int"], [[1], None], "narrows inside"),
    ("dicts", pd.Series([{"x": 1}, {"y": 2}]), {"x": "int"}, Refused("column 'a.y'"), "an unknown field"),
    ("period", pd.Series(pd.period_range("2020-01", periods=1, freq="M")), "drop", [600], "a number inside"),
]  # fmt: skip

POLARS = [
    ("int8", pl.Series([1, None], dtype=pl.Int8), "bigint", [1, None], "widens"),
    ("uint8", pl.Series([255], dtype=pl.UInt8), "tinyint", [Bad("255")], "unsigned is told apart"),
    ("uint64", pl.Series([BIG, 1], dtype=pl.UInt64), "bigint", [Bad(str(BIG)), 1], "above the signed ones"),
    ("int128", pl.Series([1], dtype=pl.Int128), "drop", [None], "Arrow opens it without its own schema"),
    ("float32", pl.Series([1.5, float("nan"), None], dtype=pl.Float32), "double", [1.5, float("nan"), None], "widens"),
    ("string", pl.Series(["é", None]), "string", ["é", None], "fits"),
    ("categorical", pl.Series(["a", None], dtype=pl.Categorical), "string", ["a", None], "a dictionary"),
    ("enum", pl.Series(["a"], dtype=pl.Enum(["a"])), "string", ["a"], "a dictionary"),
    ("binary", pl.Series([b"\xff"]), "binary", [b"\xff"], "fits"),
    ("boolean", pl.Series([True, None]), "boolean", [True, None], "fits"),
    ("date", pl.Series([datetime.date(1, 1, 1), None]), "date", [day("0001-01-01"), None], "no other calendar"),
    ("nanos", pl.Series(NANOS).cast(pl.Datetime("ns", "UTC")), "timestamp", AS_NANOS, "never cut"),
    ("micros", pl.Series([1, None]).cast(pl.Datetime("us")), "timestamp_ntz", [clock("1970-01-01T00:00:00.000001"),
     None], "fits"),
    ("millis", pl.Series([1]).cast(pl.Datetime("ms", "Europe/Berlin")), "timestamp",
     [utc("1970-01-01T00:00:00.001000")], "widens"),
    ("time", pl.Series([datetime.time(1, 2, 3)]), "string", ["01:02:03.000000000"], "no other type holds it"),
    ("duration", pl.Series([datetime.timedelta(1)]), "bigint", [86_400_000_000], "Parquet knows none: a number"),
    ("decimal", pl.Series(["1.50", None]).cast(pl.Decimal(10, 2)), ("decimal", 12, 2), [d("1.50"), None], "widens"),
    ("decimal_less", pl.Series(["1.50", "1.25"]).cast(pl.Decimal(38, 2)), ("decimal", 5, 1), [d("1.5"), Bad('"1.25"')],
     "by value"),
    ("null", pl.Series([None, None]), ["int"], [None, None], "nothing but nulls"),
    ("list", pl.Series([[1, None], [], None], dtype=pl.List(pl.Int64)), ["int"], [[1, None], [], None], "narrows"),
    ("array", pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)), ["int"], [[1, 2], None], "of fixed length"),
    ("struct", pl.Series([{"x": 1}, {"x": None}]), {"x": "int", "y": "date"}, [{"x": 1, "y": None},
     {"x": None, "y": None}], "a field that the file has not"),
    ("struct_bad", pl.Series([{"x": 2**31}]), {"x": "int"}, [Bad('{"x": 2147483648}')], "narrower by value"),
]  # fmt: skip

DUCKDB = [
    # a list in DuckDB's SQL
    ("tinyint", "[1, null]::tinyint[]", "int", [1, None], "widens"),
    ("utinyint", "[255]::utinyint[]", "tinyint", [Bad("255")], "unsigned is told apart"),
    ("ubigint", f"[{BIG}, 1]::ubigint[]", "bigint", [Bad(str(BIG)), 1], "above the signed ones"),
    ("bigint", "[2147483648, 1]::bigint[]", "int", [Bad("2147483648"), 1], "narrower by value"),
    ("hugeint", "[1]::hugeint[]", "bigint", Refused("is double"), "DuckDB itself rounds these"),
    ("real", "['nan'::real, 1.5::real]", "double", [float("nan"), 1.5], "widens"),
    ("boolean", "[true, null]", "boolean", [True, None], "fits"),
    ("varchar", "['é', null]", "string", ["é", None], "fits"),
    ("enum", "['a']::enum('a')[]", "string", ["a"], "text"),
    ("json", "['{}']::json[]", "string", ["{}"], "text"),
    ("bit", "['101']::bit[]", "string", ["101"], "text"),
    ("blob", r"['\xFF'::blob]", "binary", [b"\xff"], "fits"),
    ("uuid", f"['{ID}', null]::uuid[]", "string", [str(ID), None], "as RFC 9562 writes it"),
    ("date", "['0001-01-01', null]::date[]", "date", [day("0001-01-01"), None], "no other calendar"),
    ("date_infinite", "['infinity', '2020-01-01']::date[]", "date",
     [Bad('"<value out of range: 2147483647>"'), day("2020-01-01")], "the last day of all is none of ours"),
    ("timestamp", "['1970-01-01 00:00:00.000001', null]::timestamp[]", "timestamp_ntz",
     [clock("1970-01-01T00:00:00.000001"), None], "fits"),
    ("timestamptz", "['1970-01-01 00:00:00+00']::timestamptz[]", "timestamp", [utc("1970-01-01")], "fits"),
    ("timestamp_ns", "['1970-01-01 00:00:00.000000001', '1970-01-01 00:00:00.000001', null]::timestamp_ns[]",
     "timestamp", AS_NANOS, "never cut"),
    ("time", "['01:02:03']::time[]", "string", ["01:02:03.000000"], "no other type holds it"),
    ("interval", "[interval 1 day]", "drop", [None], "dropped"),
    ("interval_read", "[interval 1 day]", "string", Refused("fixed_size_binary[12]"), "no text"),
    ("decimal4", "[1.5, 2.5]::decimal(4,1)[]", ("decimal", 4, 1), [d("1.5"), d("2.5")], "INT32"),
    ("decimal18", "[1.5]::decimal(18,2)[]", ("decimal", 20, 2), [d("1.50")], "INT64, widens"),
    ("decimal38", "[1.5, 1.25]::decimal(38,2)[]", ("decimal", 5, 1), [d("1.5"), Bad('"1.25"')], "by value"),
    ("literal", "[1.5]", "double", Refused("'decimal(2,1)'"), "what a literal is to DuckDB"),
    ("null", "[null, null]", "timestamp", [None, None], "nothing but nulls, though as INT32"),
    ("list", "[[1, null], [], null]", ["bigint"], [[1, None], [], None], "widens"),
    ("array", "[[1, 2], [3, null]]::integer[2][]", ["int"], [[1, 2], [3, None]], "of fixed length"),
    ("array_null", "[[1, 2], null]::integer[2][]", ["int"], Refused("cannot be read"), "DuckDB 2.0 writes it broken"),
    ("struct", "[{'x': 300, 'y': 'b'}, null]", {"x": "tinyint", "y": "string"}, [Bad('{"x": 300, "y": "b"}'), None],
     "by value"),
    ("map", "[map {'k': 1}]", "drop", [None], "dropped"),
]  # fmt: skip

FASTPARQUET = [
    # options of fastparquet.write beside the series where needed
    ("int64", pd.Series([1, 300]), "tinyint", [1, Bad("300")], "by value"),
    ("nullable", pd.Series([1, None], dtype="Int64"), "int", [1, None], "narrows"),
    ("uint8", pd.Series([255], dtype="uint8"), "tinyint", [Bad("255")], "unsigned is told apart"),
    ("uint64", pd.Series([BIG], dtype="uint64"), ("decimal", 20, 0), [d(BIG)], "widens"),
    ("float32", pd.Series([1.5], dtype="float32"), "double", [1.5], "widens"),
    ("float64", pd.Series([1.5, None]), "float", Refused("physicalType: double"), "would round"),
    ("boolean", pd.Series([True, None], dtype="boolean"), "boolean", [True, None], "fits"),
    ("utf8", (pd.Series(["é", None]), {"object_encoding": "utf8"}), "string", ["é", None], "fits"),
    ("bytes", (pd.Series([b"\xff"]), {"object_encoding": "bytes"}), "binary", [b"\xff"], "fits"),
    ("bytes_text", (pd.Series([b"a"]), {"object_encoding": "bytes"}), "string", Refused("binary"), "says no text"),
    ("json", (pd.Series([{"k": 1}]), {"object_encoding": "json"}), "string", ['{"k":1}'], "text"),
    ("category", pd.Series(["a", "b"], dtype="category"), "string", ["a", "b"], "a dictionary"),
    ("stamps", STAMPS, "timestamp", AS_NANOS, "nanoseconds, never cut"),
    ("int96", (WHOLE, {"times": "int96"}), "timestamp", IN_2020, "as Hive and Spark want it"),
    ("int96_nanos", (STAMPS, {"times": "int96"}), "timestamp", AS_NANOS, "never cut"),
    ("micros", WHOLE.astype("datetime64[us]"), "timestamp_ntz", [clock("2020-01-01"), None], "fits"),
    ("timedelta", pd.to_timedelta(pd.Series([1]), "s"), "string", ["00:00:01.000000"], "fastparquet says it is a time"),
    ("missing", (pd.Series([None, None]), {"object_encoding": "utf8"}), "date", [None, None], "nothing but nulls"),
]  # fmt: skip
