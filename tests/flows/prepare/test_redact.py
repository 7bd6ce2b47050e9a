"""Texts that a contract redacts: what names people is in nothing that a run writes."""
# ruff: noqa: E501 - a column is a line

import json
from pathlib import Path

import pytest

from strongroom.flows import prepare
from support.lakes import install

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: tickets
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/tickets/*.json, format: json}]
schema:
  - name: tickets
    properties:
      - {name: id, logicalType: integer, required: true, unique: true, customProperties: [{property: protect, value: {method: keep}}]}
      - name: name
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: drop}}]
      - name: text
        logicalType: string
        logicalTypeOptions: {minLength: 3}
        customProperties:
          - {property: protect, value: {method: redact}}
          - {property: role, value: text}
customProperties: [{property: purposes, value: [model_training]}]
"""
ROWS = [
    {
        "id": 1,
        "name": "Ms Olga Petrova",
        "text": "Dr. Olga Petrova wrote from olga.petrova@example.com; Petrova is angry.",
    },
    {"id": 2, "name": "Ines Acosta", "text": "Nobody is named here, order 20931."},
    {"id": 3, "name": "Ines Acosta", "text": None},
    {"id": 4, "name": "Ines Acosta", "text": "no"},
]


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path, capsys)
    (made.root / "contracts/tickets.yaml").write_text(CONTRACT)
    write(made, ROWS)
    return made


def write(place, rows, name="a.json"):
    folder = place.lake / "raw/tickets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def prepared(place, *options):
    done = place.run(prepare, "--contract", "tickets", "--set", "prepare.quarantine_limit=1", *options)
    assert done.code == 0, done.err
    return done


def test_a_text_leaves_without_what_names_people(place):
    prepared(place)
    texts = {row["id"]: row["text"] for row in place.rows("training.tickets")}
    assert texts == {
        1: "[PERSON_1] wrote from [EMAIL_1]; [PERSON_2] is angry.",
        2: "Nobody is named here, order 20931.",
        3: None,
    }
    assert [row["reasons"] for row in place.rows("quarantine.tickets")] == [["text.minLength"]], (
        "the raw text is judged"
    )


def everything(place) -> str:
    """All bytes below the installation but the raw files, as letters."""
    files = (file for file in Path(place.root).rglob("*") if file.is_file() and "raw" not in file.parts)
    return "".join(file.read_bytes().decode("latin-1") for file in files).lower()


def test_nothing_that_a_run_writes_or_says_names_anybody(place):
    done = prepared(place)
    found = everything(place) + done.out.lower() + done.err.lower()
    assert "person_1" in found or "redact" in found
    assert [word for word in ("olga", "petrova", "acosta") if word in found] == []
