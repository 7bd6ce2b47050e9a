"""A contract of another house, with an overlay beside it, from raw files to the table that readers get."""

import json

import pytest

from strongroom.flows import prepare
from support.lakes import install

CONTRACT = """apiVersion: v3.0.2
kind: DataContract
id: shop
version: 2.1.0
status: in production
servers: [{server: warehouse, type: postgres, host: db, port: 5432, database: shop, schema: public}]
schema:
  - name: orders
    properties:
      - {name: order_id, logicalType: integer, physicalType: int8, required: true, primaryKey: true}
      - {name: email, logicalType: string, classification: restricted}
      - {name: placed, logicalType: date, physicalType: timestamptz}
      - {name: gift code, logicalType: string, classification: public}
      - {name: payload, logicalType: object, physicalType: jsonb}
    quality:
      - {rule: rowCount, mustBeGreaterThan: 0}
      - {name: fresh, type: custom, engine: soda, implementation: "freshness(placed) < 1d"}
  - name: later
    properties:
      - {name: at, logicalType: date}
"""
OVERLAY = """servers: [{server: raw, type: local, path: raw/orders/*.json, format: json}]
purposes: [model_training]
classification: {public: keep, restricted: {method: hash, domain: person}}
pattern: {'*_id': {method: hash}, '*': drop}
leave: {engines: [soda]}
"""
ROWS = [
    {"order_id": 9_000_000_000, "email": "a@x.example", "placed": "2026-01-01T10:00:00Z", "gift code": "G1"},
    {"order_id": 2, "email": "a@x.example", "placed": "2026-01-02T10:00:00Z", "gift code": None},
    {"order_id": None, "email": "b@x.example", "placed": "2026-01-03T10:00:00Z", "gift code": "G3"},
]


@pytest.fixture
def shop(tmp_path, capsys):
    place = install(tmp_path, capsys)
    (tmp_path / "contracts/shop.yaml").write_text(CONTRACT)
    (tmp_path / "protection").mkdir()
    (tmp_path / "protection/shop#orders.yaml").write_text(OVERLAY)
    (place.lake / "raw/orders").mkdir(parents=True)
    (place.lake / "raw/orders/a.json").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return place


def test_it_is_prepared_as_it_stands_and_what_is_not_checked_is_told(shop):
    done = shop.run(prepare, "--contract", "shop#orders", "--purpose", "model_training")
    assert done.code == 0, done.err
    assert "Not checked: 'fresh', a rule of soda." in done.err
    table = shop.delta("training/orders").to_pyarrow_table()
    assert set(table.column_names) == {"order_id", "email", "gift_code"}
    emails = table["email"].to_pylist()
    assert len(emails) == 2, "a row without its key is set aside"
    assert emails[0] == emails[1] != "a@x.example"
    assert sorted(map(str, table["gift_code"].to_pylist())) == ["G1", "None"]


def test_one_overlay_less_and_nothing_is_prepared(shop):
    (shop.root / "protection/shop#orders.yaml").unlink()
    done = shop.run(prepare, "--contract", "shop#orders", "--purpose", "model_training")
    assert done.code == 3
    assert {problem["code"] for problem in done.line["problems"]} >= {
        "contract.unprotected", "contract.not-run"
    }  # fmt: skip
    assert not (shop.lake / "training/orders").exists()
