"""The rules of `orders` as other tools say them, run by the tool's own Python: `other_tools` starts this.

    TOOL_PYTHON -m benchmarks.other_tools_checks TOOL RAW RULES ROUNDS EVENTS

RULES is a file with a list of `[column, check, argument]`. Prints one object of JSON: how many rules the tool could
say, how many found something, the CPU and wall seconds of a round, and what failing rows it handed out. Each tool is
asked as its own documentation asks it, with its defaults, once for all rules.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import cpu_seconds

Rule = tuple[str, str, Any]
Answer = tuple[int, int, str]
"""Rules that could be said, rules that found something, and what came of failing rows."""


def cuallee(spark: Any, rows: Any, rules: Sequence[Rule]) -> Answer:
    from cuallee import Check, CheckLevel

    check = Check(CheckLevel.WARNING, "orders")
    say: dict[str, Callable[[str, Any], Any]] = {
        "required": lambda column, _: check.is_complete(column),
        "unique": lambda column, _: check.is_unique(column),
        "minimum": check.is_greater_or_equal_than,
        "maximum": check.is_less_or_equal_than,
        "pattern": check.has_pattern,
        "validValues": check.is_contained_in,
        "minLength": lambda column, least: check.satisfies(column, f"length({column}) >= {least}"),
        "maxLength": lambda column, most: check.satisfies(column, f"length({column}) <= {most}"),
        "expression": lambda _, condition: check.satisfies("order_id", condition),
    }
    for column, kind, argument in rules:
        say[kind](column, argument)
    found = check.validate(rows).collect()
    return len(rules), sum(row.status == "FAIL" for row in found), "counts only"


def pandera(spark: Any, rows: Any, rules: Sequence[Rule]) -> Answer:
    import pandera.pyspark as pa

    say: dict[str, Callable[[Any], Any]] = {
        "minimum": pa.Check.ge,
        "maximum": pa.Check.le,
        "pattern": pa.Check.str_matches,
        "validValues": pa.Check.isin,
        "minLength": lambda least: pa.Check.str_length(min_value=least),
        "maxLength": lambda most: pa.Check.str_length(max_value=most),
    }
    mine = [rule for rule in rules if rule[1] in (*say, "required", "unique")]
    columns = {}
    for field in rows.schema.fields:
        checks = [say[kind](argument) for column, kind, argument in mine if column == field.name and kind in say]
        needed = (field.name, "required", None) in mine
        columns[field.name] = pa.Column(field.dataType, checks, nullable=not needed)
    unique = [column for column, kind, _ in mine if kind == "unique"]
    checked = pa.DataFrameSchema(columns, unique=unique).validate(rows)
    errors = json.loads(json.dumps(checked.pandera.errors, default=str))
    found = sum(len(each) for kinds in errors.values() for each in kinds.values())
    return len(mine), found, "names of failed checks only"


def great_expectations(spark: Any, rows: Any, rules: Sequence[Rule]) -> Answer:
    import great_expectations as gx
    import great_expectations.expectations as expect

    say: dict[str, Callable[[str, Any], Any]] = {
        "required": lambda column, _: expect.ExpectColumnValuesToNotBeNull(column=column),
        "unique": lambda column, _: expect.ExpectColumnValuesToBeUnique(column=column),
        "minimum": lambda column, least: expect.ExpectColumnValuesToBeBetween(column=column, min_value=least),
        "maximum": lambda column, most: expect.ExpectColumnValuesToBeBetween(column=column, max_value=most),
        "pattern": lambda column, regex: expect.ExpectColumnValuesToMatchRegex(column=column, regex=regex),
        "validValues": lambda column, values: expect.ExpectColumnValuesToBeInSet(column=column, value_set=values),
        "minLength": lambda column, least: expect.ExpectColumnValueLengthsToBeBetween(column=column, min_value=least),
        "maxLength": lambda column, most: expect.ExpectColumnValueLengthsToBeBetween(column=column, max_value=most),
        "expression": lambda _, condition: _pair(expect, condition),
    }
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("orders")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})
    suite = gx.ExpectationSuite(
        "orders", expectations=[say[kind](column, argument) for column, kind, argument in rules]
    )
    found = batch.validate(suite)
    shown = any("partial_unexpected_list" in each.result for each in found.results)
    what = "twenty values a rule, in the result" if shown else "counts only"
    return len(rules), sum(not each.success for each in found.results), what


def _pair(expect: Any, condition: str) -> Any:
    less, more = condition.split(" <= ")
    return expect.ExpectColumnPairValuesAToBeGreaterThanB(column_A=more, column_B=less, or_equal=True)


def soda(spark: Any, rows: Any, rules: Sequence[Rule]) -> Answer:
    from soda.scan import Scan

    rows.createOrReplaceTempView("orders")
    say: dict[str, Callable[[str, Any], str]] = {
        "required": lambda column, _: f"  - missing_count({column}) = 0\n",
        "unique": lambda column, _: f"  - duplicate_count({column}) = 0\n",
        "minimum": lambda column, least: _invalid(column, f"valid min: {least}"),
        "maximum": lambda column, most: _invalid(column, f"valid max: {most}"),
        "pattern": lambda column, regex: _invalid(column, "valid regex: '" + regex.replace("\\", "\\\\") + "'"),
        "validValues": lambda column, values: _invalid(column, f"valid values: [{', '.join(values)}]"),
        "minLength": lambda column, least: _invalid(column, f"valid min length: {least}"),
        "maxLength": lambda column, most: _invalid(column, f"valid max length: {most}"),
        "expression": lambda _, condition: f"  - failed rows:\n      fail condition: not ({condition})\n",
    }
    scan = Scan()
    scan.set_scan_definition_name("orders")
    scan.disable_telemetry()
    scan.set_data_source_name("spark_df")
    scan.add_spark_session(spark)
    text = "".join(say[kind](column, argument) for column, kind, argument in rules)
    scan.add_sodacl_yaml_str(f"checks for orders:\n{text}")
    scan.execute()
    errors = scan.get_error_logs_text()
    if errors:
        raise RuntimeError(errors)
    failed = [check for check in scan.get_scan_results()["checks"] if check["outcome"] == "fail"]
    return len(rules), len(failed), "samples of 100 rows a rule, to the log or a service of theirs"


def _invalid(column: str, valid: str) -> str:
    return f"  - invalid_count({column}) = 0:\n      {valid}\n"


def datacontract(spark: Any, rows: Any, rules: Sequence[Rule]) -> Answer:
    from datacontract.data_contract import DataContract

    rows.createOrReplaceTempView("orders")
    kinds = {"bigint": "integer", "string": "string", "double": "number", "timestamp": "timestamp"}
    options = ("minimum", "maximum", "pattern", "minLength", "maxLength")
    columns = []
    for field in rows.schema.fields:
        mine = {kind: argument for column, kind, argument in rules if column == field.name}
        physical = field.dataType.simpleString()
        column: dict[str, Any] = {"name": field.name, "logicalType": kinds[physical], "physicalType": physical}
        column |= {"required": True} if "required" in mine else {}
        column |= {"unique": True} if "unique" in mine else {}
        if chosen := {kind: argument for kind, argument in mine.items() if kind in options}:
            column["logicalTypeOptions"] = chosen
        if "validValues" in mine:
            arguments = {"validValues": mine["validValues"]}
            column["quality"] = [{"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": arguments}]
        columns.append(column)
    queries = [
        {"type": "sql", "query": f"SELECT COUNT(*) FROM orders WHERE NOT ({condition})", "mustBe": 0}
        for _, kind, condition in rules if kind == "expression"
    ]  # fmt: skip
    contract = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "orders", "name": "orders", "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "here", "type": "custom", "customProperties": [
            {"property": "customType", "value": "dataframe"}]}],
        "schema": [{"name": "orders", "physicalName": "orders", "properties": columns, "quality": queries}],
    }  # fmt: skip
    found = DataContract(data_contract_str=json.dumps(contract), spark=spark, server="here").test()
    errors = [check.reason for check in found.checks if str(check.result).endswith("error")]
    if errors:
        raise RuntimeError(errors[0])
    failed = [check for check in found.checks if str(check.result).endswith("failed")]
    return len(rules), len(failed), "counts only"


TOOLS = {
    "cuallee": cuallee,
    "pandera": pandera,
    "great_expectations": great_expectations,
    "soda": soda,
    "datacontract-cli": datacontract,
}


def main(tool: str, raw: str, rules: str, rounds: str, events: str) -> None:
    from pyspark.sql import SparkSession

    warnings.simplefilter("ignore")
    asked = [tuple(rule) for rule in json.loads(Path(rules).read_text())]
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", "3g").config("spark.sql.shuffle.partitions", "2")
    builder = builder.config("spark.eventLog.enabled", "true").config("spark.eventLog.dir", Path(events).as_uri())
    spark = (
        builder.config("spark.eventLog.rolling.enabled", "false")
        .config("spark.eventLog.compress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    spent: list[float] = []
    took: list[float] = []
    said: Answer = (0, 0, "")
    for turn in range(int(rounds) + 1):
        spark.catalog.clearCache()  # of what a tool keeps from one round to the next
        spark.sparkContext.setJobGroup(f"round {turn}", "")
        started, clock = cpu_seconds(), time.perf_counter()
        said = TOOLS[tool](spark, spark.read.parquet(raw), asked)
        took.append(time.perf_counter() - clock)
        spent.append(cpu_seconds() - started)
    spark.stop()
    line = {"rules": said[0], "found": said[1], "failing_rows": said[2]}
    line |= {"cpu_s": statistics.median(spent[1:]), "wall_s": statistics.median(took[1:])}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
