"""What `docs/answers/` says of the documents that jobs print, and whether one is of that form."""

import json
from functools import cache
from pathlib import Path
from unittest.mock import patch

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from strongroom import console, run_job
from strongroom.core.escaping import json_text
from strongroom.core.jobs import JOBS

FOLDER = Path(__file__).parents[2] / "docs" / "answers"


@cache
def _registry() -> Registry:
    files = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.schema.json"))]
    return Registry().with_resources([(file["$id"], Resource.from_contents(file)) for file in files])


@cache
def form(name: str) -> Draft202012Validator:
    """The form that a name such as `audit.schema.json#/$defs/row` has."""
    return Draft202012Validator({"$ref": name}, registry=_registry())


def check_document(document: dict) -> None:
    """Fails where a job's document is not as its schema says."""
    job = document["job"] if document["job"] in JOBS else "document"  # tests run flows of their own, too
    form(f"{job}.schema.json").validate(document)


def check_rows(job: str, rows: list[dict]) -> None:
    """Fails where a row of a job that gives rows is not as the schema says."""
    for row in rows:
        form(f"{job}.schema.json#/$defs/row").validate(row)


class _Both(console.Telling):
    """Tells people on stdout, and a program on the line below."""

    def _end(self, *told, **more):
        document = json.loads(json_text(self.document(*told, **more), ascii_only=True), parse_constant=_refused)
        check_document(document)
        outcome = more["outcome"]
        if getattr(outcome, "lines", None) is not None:
            check_rows(self.job, [json.loads(json_text(row), parse_constant=_refused) for row in outcome.lines])
        console.tell(json.dumps(document))
        return document["exit_code"]


def _refused(name):
    raise AssertionError(f"{name} is no JSON")


def both():
    """In here a job of this process tells people and programs, and its document is checked."""
    return patch.object(run_job, "Telling", _Both)
