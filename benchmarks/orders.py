"""A table of 20 columns with 1 % bad rows, and its contract of 40 rules beside the 20 types.

`quality` and `other_tools` work on it. Three columns are personal and protected (two hashed, one encrypted). One row in
a hundred breaks one rule, in ten ways that take turns; the last way is an order number that stands twice, so that exact
uniqueness has something to find.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.shop import FILES, WORDS

COUNTRIES = ("AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "HU", "IE", "IT", "NL", "NO", "PL", "PT",
             "SE", "US")  # fmt: skip
CURRENCIES, STATUSES = ("EUR", "USD", "CHF", "GBP"), ("new", "paid", "sent", "done", "back")
CHANNELS, PAYMENTS = ("web", "app", "shop", "phone"), ("card", "invoice", "transfer", "cash")
BAD_IN = 100
"""One row in so many is bad."""

EMAIL, ZIP, SKU = r"^[^@\s]+@[^@\s]+$", "^[0-9]{5}$", "^[A-Z]{2}-[0-9]{6}$"

# column, type, what the contract says of it beside `required: true`
COLUMNS = (
    ("order_id", "integer", "unique: true, logicalTypeOptions: {minimum: 0}"),
    ("customer_id", "integer", "logicalTypeOptions: {minimum: 1}"),
    ("email", "string", f"logicalTypeOptions: {{maxLength: 254, pattern: '{EMAIL}'}}"),
    ("phone", "string", "logicalTypeOptions: {minLength: 6, maxLength: 20}"),
    ("country", "string", ""),
    ("city", "string", "logicalTypeOptions: {minLength: 1, maxLength: 64}"),
    ("zip", "string", f"logicalTypeOptions: {{pattern: '{ZIP}'}}"),
    ("currency", "string", ""),
    ("amount", "number", "logicalTypeOptions: {minimum: 0, maximum: 100000}"),
    ("tax", "number", "logicalTypeOptions: {minimum: 0}"),
    ("quantity", "integer", "logicalTypeOptions: {minimum: 1, maximum: 1000}"),
    ("status", "string", ""),
    ("channel", "string", ""),
    ("payment", "string", ""),
    ("sku", "string", f"logicalTypeOptions: {{pattern: '{SKU}'}}"),
    ("rating", "integer", "logicalTypeOptions: {minimum: 1, maximum: 5}"),
    ("score", "number", "logicalTypeOptions: {minimum: 0, maximum: 1}"),
    ("created", "timestamp", ""),
    ("shipped", "timestamp", ""),
    ("note", "string", "logicalTypeOptions: {maxLength: 500}"),
)
VALUES = {"country": COUNTRIES, "currency": CURRENCIES, "status": STATUSES, "channel": CHANNELS, "payment": PAYMENTS}
OPTIONAL = ("city", "tax", "channel", "payment", "rating", "score", "shipped", "note")
PROTECT = {"customer_id": "{method: hash, domain: person}", "email": "{method: encrypt}", "phone": "{method: hash}"}
ROW = ("tax <= amount", "created <= shipped")


def table(start: int, count: int) -> pa.Table:
    """So many rows from a place on; the same rows for the same place."""
    random = np.random.default_rng(start)
    ids = np.arange(start, start + count)
    way = np.where(ids % BAD_IN == BAD_IN - 1, ids // BAD_IN % 10, -1)

    def of(values: tuple[str, ...], *, bad: int = -2) -> pa.Array:
        found = pa.array(values).take(pa.array(random.integers(0, len(values), count)))
        return pc.if_else(pa.array(way == bad), "??", found)

    text = pa.array(ids).cast("string")
    amount = random.integers(100, 9_000_000, count) / 100
    created = 1_700_000_000 + random.integers(0, 30_000_000, count)
    shipped = created + np.where(way == 0, -5, random.integers(0, 900_000, count))
    words = (WORDS.take(pa.array(random.integers(0, 10, count))) for _ in range(8))

    def joined(*parts: object) -> pa.Array:
        return pc.binary_join_element_wise(*parts, "")

    def numbers(length: int) -> pa.Array:
        return pa.array(random.integers(10 ** (length - 1), 10**length, count)).cast("string")

    digits = pc.utf8_lpad(text, 9, "0")
    unrated = (np.random.default_rng(start + 1).random(count) < 0.2) & (way != 8)
    return pa.table(
        {
            "order_id": np.where(way == 9, ids - 1, ids),
            "customer_id": np.where(way == 1, 0, random.integers(1, 200_000, count)),
            "email": pc.if_else(pa.array(way == 2), "nobody", joined("user", digits, "@example.com")),
            "phone": joined("+43", digits),
            "country": of(COUNTRIES, bad=3),
            "city": joined("City ", pa.array(random.integers(0, 5_000, count)).cast("string")),
            "zip": pc.if_else(pa.array(way == 4), "1-1", numbers(5)),
            "currency": of(CURRENCIES, bad=5),
            "amount": np.where(way == 6, -amount, amount),
            "tax": np.where(way == 6, 0, amount * 0.2),
            "quantity": random.integers(1, 100, count),
            "status": pc.if_else(pa.array(way == 7), None, of(STATUSES)),
            "channel": of(CHANNELS),
            "payment": of(PAYMENTS),
            "sku": joined("AB-", numbers(6)),
            "rating": pa.array(np.where(way == 8, 9, random.integers(1, 6, count)), mask=unrated),
            "score": random.random(count),
            "created": pa.array(created * 1_000_000, pa.timestamp("us", "UTC")),
            "shipped": pa.array(shipped * 1_000_000, pa.timestamp("us", "UTC")),
            "note": pc.binary_join_element_wise(*words, " "),
        }
    )  # fmt: skip


def write(folder: Path, rows: int) -> str:
    """The table as Parquet files, at least eight and of at most a quarter million rows; returns the folder."""
    folder.mkdir(parents=True)
    count = min(-(-rows // FILES), 250_000)
    for part, start in enumerate(range(0, rows, count)):
        made = table(start, min(count, rows - start))
        pq.write_table(made, folder / f"part-{part:03d}.parquet", row_group_size=1 << 20)
    return str(folder)


def bad_rows(rows: int) -> int:
    """How many rows break a rule: one in a hundred, and the first of the two that share an order number as well."""
    at = np.arange(BAD_IN - 1, rows, BAD_IN)
    return len(at) + int((at // BAD_IN % 10 == 9).sum())


def contract(name: str = "orders", *, folder: str = "orders", reference: bool = False) -> str:
    """The contract: required, bounds, patterns, lists, two conditions, uniqueness, two set rules and a limit.

    With `reference`, the country is one of `training.countries`.
    """
    columns = []
    for column, kind, told in COLUMNS:
        personal = column in PROTECT
        quality = ""
        if column in VALUES:
            listed = ", ".join(VALUES[column])
            quality = f", quality: [{{metric: invalidValues, mustBe: 0, arguments: {{validValues: [{listed}]}}}}]"
        elif column == "rating":
            quality = ", quality: [{metric: nullValues, mustBeLessThan: 30, unit: percent}]"
        related = ", relationships: [{to: countries.code}]" if reference and column == "country" else ""
        columns.append(
            f"      - {{name: {column}, logicalType: {kind}, required: {str(column not in OPTIONAL).lower()}, "
            f"classification: {'personal' if personal else 'internal'}{', ' * bool(told)}{told}{quality}{related}, "
            f"customProperties: [{{property: protect, value: {PROTECT.get(column, '{method: keep}')}}}]}}\n"
        )
    rows = "".join(
        f"      - {{type: custom, engine: strongroom, id: row_{place}, "
        f'implementation: {{check: row, expression: "{told}"}}}}\n'
        for place, told in enumerate(ROW)
    )
    return (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: {name}\nversion: 1.0.0\nstatus: active\n"
        f"servers:\n  - {{server: raw, type: local, path: raw/{folder}/*.parquet, format: parquet}}\n"
        f"schema:\n  - name: {name}\n    properties:\n{''.join(columns)}    quality:\n{rows}"
        "      - {metric: rowCount, mustBeGreaterThan: 0}\n"
        "customProperties:\n  - {property: purposes, value: [model_training]}\n"
        "  - {property: quarantineLimit, value: {percent: 5}}\n"
    )
