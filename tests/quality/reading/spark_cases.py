"""What Spark writes, each in a file of its own, and what is to become of it. `spark_make.py` makes the files."""

from decimal import Decimal

from quality.reading.parquet_reading import Bad, Refused, clock, day, utc

d = Decimal
MICROS = {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"}
MILLIS = {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MILLIS"}
OLD_WAY = {"spark.sql.parquet.writeLegacyFormat": "true"}
JULIAN = {
    "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
    "spark.sql.parquet.int96RebaseModeInWrite": "LEGACY",
}
PACIFIC = {"spark.sql.session.timeZone": "America/Los_Angeles"}
OLD_DAYS = "date'0001-01-01', date'1500-03-01', date'1582-10-04', date'1582-10-15', null"
DAYS = [day("0001-01-01"), day("1500-03-01"), day("1582-10-04"), day("1582-10-15"), None]
OLD_TIMES = "timestamp'0001-01-01 00:00:00', timestamp'1582-10-04 23:59:59.5', timestamp'1890-01-01 01:02:03', null"
TIMES = [utc("0001-01-01T00:00:00"), utc("1582-10-04T23:59:59.500000"), utc("1890-01-01T01:02:03"), None]
NEW_TIMES = "timestamp'1900-01-02 00:00:00', timestamp'9999-12-30 00:00:00.000001', null"

CASES = [
    # name, values in SQL, options, contract, expected, why
    ("tinyint", "-128Y, 127Y, null", {}, "tinyint", [-128, 127, None], "fits"),
    ("smallint", "-32768S, null", {}, "int", [-32768, None], "widens"),
    ("int", "1, 300, null", {}, "tinyint", [1, Bad("300"), None], "what does not fit is a row's"),
    ("bigint", "1L, 2147483648L", {}, "int", [1, Bad("2147483648")], "narrower by value"),
    ("bigint_double", "1L, 9007199254740993L", {}, "double", [1.0, Bad("9007199254740993")], "no double holds it"),
    ("bigint_decimal", "1L, 1000L", {}, ("decimal", 5, 2), [d("1.00"), Bad("1000")], "too many digits"),
    ("float", "float('1.5'), float('NaN')", {}, "double", [1.5, float("nan")], "widens; NaN stays"),
    ("double", "1.5D, null", {}, "double", [1.5, None], "fits"),
    ("double_bigint", "1D", {}, "bigint", Refused("{logicalType: number, physicalType: double}"), "another kind"),
    ("boolean", "true, null", {}, "boolean", [True, None], "fits"),
    ("string", "'é', '', null", {}, "string", ["é", "", None], "fits"),
    ("string_binary", "'é'", {}, "binary", ["é".encode()], "the bytes of a text"),
    ("binary", "x'00ff', null", {}, "binary", [b"\x00\xff", None], "fits"),
    ("binary_string", "x'00ff'", {}, "string", Refused("physicalType: binary"), "says nothing of text"),
    ("date", "date'2020-02-29', null", {}, "date", [day("2020-02-29"), None], "fits"),
    ("date_far", "make_date(9999,12,31), date_add(date'9999-12-31', 1)", {}, "date",
     [day("9999-12-31"), Bad('"10000-01-01"')], "a year that nobody else reads"),
    ("int96", NEW_TIMES, {}, "timestamp", [utc("1900-01-02T00:00:00"), utc("9999-12-30T00:00:00.000001"), None],
     "Spark's default"),
    ("int96_far", "timestamp'2020-01-01 00:00:00', timestamp_micros(253402300800000000)", {}, "timestamp",
     [utc("2020-01-01T00:00:00"), Bad('"10000-01-01 00:00:00.000000000"')], "beyond year 9999"),
    ("int96_ntz", NEW_TIMES, {}, "timestamp_ntz", [clock("1900-01-02T00:00:00"), clock("9999-12-30T00:00:00.000001"),
     None], "UTC's clock, as Spark reads it"),
    ("micros", NEW_TIMES, MICROS, "timestamp", [utc("1900-01-02T00:00:00"), utc("9999-12-30T00:00:00.000001"), None],
     "fits"),
    ("millis", NEW_TIMES, MILLIS, "timestamp", [utc("1900-01-02T00:00:00"), utc("9999-12-30T00:00:00"), None],
     "widens"),
    ("ntz", "timestamp_ntz'2020-01-01 00:00:00.000001', null", {}, "timestamp_ntz",
     [clock("2020-01-01T00:00:00.000001"), None], "fits"),
    ("ntz_ltz", "timestamp_ntz'2020-01-01 00:00:00', null", {}, "timestamp", [utc("2020-01-01T00:00:00"), None],
     "taken as UTC, as Spark does"),
    ("date_timestamp", "date'2020-01-01'", {}, "timestamp", Refused("logicalType: date"), "a day is no moment"),
    ("decimal9", "1.50BD, -9999999.99BD, null", {}, ("decimal", 12, 2), [d("1.50"), d("-9999999.99"), None],
     "widens, INT32"),
    ("decimal18", "cast(1.5 as decimal(18,2)), null", {}, ("decimal", 18, 2), [d("1.50"), None], "INT64"),
    ("decimal38", "cast(1.5 as decimal(38,18)), cast(0.01 as decimal(38,18))", {}, ("decimal", 5, 1),
     [d("1.5"), Bad('"0.010000000000000000"')], "fixed bytes; a digit more than the contract has"),
    ("decimal_old", "cast(1.5 as decimal(9,2)), cast(-1 as decimal(9,2))", OLD_WAY, ("decimal", 9, 2),
     [d("1.50"), d("-1.00")], "fixed bytes for few digits, as Hive"),
    ("decimal_int", "cast(7 as decimal(38,0)), cast(3000000000 as decimal(38,0))", {}, "int",
     [7, Bad('"3000000000"')], "whole numbers as Oracle's exports have them"),
    ("decimal_double", "1.5BD", {}, "double", Refused("physicalType: 'decimal(2,1)'"), "would be rounded"),
    ("array", "array(1, null), array(), null", {}, ["bigint"], [[1, None], [], None], "widens inside"),
    ("array_old", "array(1, null), array(), null", OLD_WAY, ["int"], [[1, None], [], None], "bag and array_element"),
    ("array_two", "array(1, 2), array()", OLD_WAY, ["int"], [[1, 2], []], "two levels"),
    ("array_bad", "array(1, 300), array(1)", {}, ["tinyint"], [Bad("[1, 300]"), [1]], "one item breaks the row"),
    ("struct", "named_struct('x', 1, 'y', 'b'), null", {}, {"x": "bigint", "y": "string"},
     [{"x": 1, "y": "b"}, None], "fits"),
    ("struct_less", "named_struct('x', 1), null", {}, {"x": "int", "y": "string"}, [{"x": 1, "y": None}, None],
     "a field that the file has not"),
    ("struct_more", "named_struct('x', 1, 'z', 1)", {}, {"x": "int"}, Refused("column 'a.z'"), "an unknown field"),
    ("struct_drop", "named_struct('x', 1, 'y', map('k', 1))", {}, {"x": "int", "y": "drop"}, [{"x": 1, "y": None}],
     "a dropped field may be anything"),
    ("nested", "array(named_struct('x', array(timestamp'2020-01-01 00:00:00')), null)", {}, [{"x": ["timestamp"]}],
     [[{"x": [utc("2020-01-01T00:00:00")]}, None]], "INT96 deep inside"),
    ("map", "map('k', 1)", {}, "string", Refused("No type of a contract holds this"), "no map"),
    ("map_drop", "map('k', 1), null", {}, "drop", [None, None], "dropped"),
    ("variant_drop", "parse_json('{}')", {}, "drop", [None], "dropped"),
    ("null_int", "cast(null as int)", {}, "string", [None], "nothing but nulls fits anything"),
    ("null_map", "cast(null as map<string,int>)", {}, {"x": "int"}, [None], "nothing but nulls fits anything"),
    ("empty_map", "map(), cast(null as map<void,void>)", {}, "string", Refused("not null everywhere"),
     "an empty map is not null, though the footer counts it so"),
    ("old_days", OLD_DAYS, {}, "date", DAYS, "no rebase since Spark 3"),
    ("old_days_julian", OLD_DAYS, JULIAN, "date", DAYS, "rebased by the file's mark"),
    ("old_days_pacific", OLD_DAYS, JULIAN | PACIFIC, "date", DAYS, "days know no zone"),
    ("old_int96", OLD_TIMES, {}, "timestamp", TIMES, "no rebase since Spark 3"),
    ("old_int96_julian", OLD_TIMES, JULIAN, "timestamp", TIMES, "rebased by the file's mark"),
    ("old_micros_julian", OLD_TIMES, JULIAN | MICROS, "timestamp", TIMES, "the same"),
    ("old_millis_julian", OLD_TIMES, JULIAN | MILLIS, "timestamp", TIMES, "the same"),
    ("old_int96_pacific", OLD_TIMES, JULIAN | PACIFIC, "timestamp", Refused("from before 1900"), "zones of their time"),
    ("old_micros_pacific", OLD_TIMES, JULIAN | MICROS | PACIFIC, "timestamp", Refused("from before 1900"), "the same"),
    ("new_int96_pacific", NEW_TIMES, JULIAN | PACIFIC, "timestamp",
     [utc("1900-01-02T08:00:00"), utc("9999-12-30T08:00:00.000001"), None], "nothing old in it"),
]  # fmt: skip
