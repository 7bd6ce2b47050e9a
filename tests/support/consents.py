"""A data set whose purpose rests on what people have said, and what they say."""

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from strongroom.core.settings.file import load_settings
from strongroom.flows import consent, prepare
from strongroom.flows.foundation.consents import readable_people
from strongroom.stores.lake import Lake
from support.lakes import install

NOW = datetime.now(UTC)
OFFICER = ("--set", "principal=user:pia")
SUBJECT = "          - {property: subject, value: true}\n"
PURPOSES = "  - {property: purposes, value: [model_training]}\n"
BASIS = "  - {property: legalBasis, value: consent}\n"
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers: [{server: raw, type: local, path: raw/visits/*.json, format: json}]
schema:
  - name: visits
    properties:
      - name: user_id
        logicalType: integer
        classification: personal
        customProperties:
          - {property: protect, value: {method: hash, domain: person}}
          - {property: subject, value: true}
      - name: page
        logicalType: string
        customProperties: [{property: protect, value: {method: keep}}, {property: role, value: text}]
      - name: mail
        logicalType: string
        classification: personal
        customProperties: [{property: protect, value: {method: encrypt}}]
customProperties:
  - {property: purposes, value: [model_training]}
  - {property: curate, value: {duplicates: {near: false}}}
  - {property: legalBasis, value: BASIS}
"""


def event(who, kind="given", *, days=-1, purpose="model_training", **more):
    at = f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    said = {"record_id": f"r{who}", "subject": str(who), "event": kind, "at": at, "purpose": purpose, **more}
    return {key: value for key, value in said.items() if value is not None}


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


class Place:
    """An installation with visits of people 1 to 4 that rest on a basis."""

    def __init__(self, folder, capsys, basis="consent"):
        self.found = install(folder, capsys)
        (self.found.root / "contracts" / "visits.yaml").write_text(CONTRACT.replace("BASIS", basis))
        lines(
            self.found.lake / "raw/visits/a.json",
            [{"user_id": who, "page": f"p{who}", "mail": f"{who}@x.org"} for who in (1, 2, 3, 4)],
        )

    def imported(self, *events, name="events.json"):
        done = self.found.run(consent, "import", lines(self.found.root / name, events), *OFFICER)
        assert done.code == 0, done.err
        return done

    def prepared(self, *options):
        return self.found.run(prepare, "--contract", "visits", *options)

    def pages(self):
        return sorted(row["page"] for row in self.found.rows("training.visits"))

    def says(self, monkeypatch, verb, *people, options=("--about", "model_training")):
        stdin = SimpleNamespace(buffer=io.BytesIO("\n".join(map(str, people)).encode()), isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stdin)
        return self.found.run(consent, verb, "--subject-from", "-", *options, *OFFICER)

    def people(self, purpose="model_training", at=None):
        """How many of the rows that lie there may be read."""
        table, lake = "training.visits", Lake(str(self.found.lake))
        settings = load_settings(str(self.found.settings))
        found = lake.open(table)
        people = readable_people(lake, settings, table, found, purpose=purpose, at=at or datetime.now(UTC))
        rows = self.found.rows(table)
        if people is None:
            return sorted(row["page"] for row in rows)
        listed = {tag for tags in people.tags for tag in tags.to_pylist()}
        return sorted(row["page"] for row in rows if (row["_subject"] in listed) == people.keeps)
