"""Each job that writes to the lake puts what it makes on the map: from what, at which version, what for, and whose.

A job without a case fails: who cannot be found on the map cannot be erased.
"""

import ast
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from strongroom.core.jobs import JOBS
from strongroom.core.lineage import NOBODY, PEOPLE
from strongroom.core.settings.file import load_settings
from strongroom.flows import (
    check,
    consent,
    curate,
    erase,
    keys,
    lineage,
    person,
    prepare,
    project,
    quarantine,
    reveal,
    vectorize,
)
from strongroom.flows.foundation.lake_map import map_of
from strongroom.stores.lake import Lake
from support.erasing import erased, raw_rows, tag_of
from support.lakes import ROOT, Quiet, install

TAG, TRAINING = "_subject", "training.reviews"
CASES = {
    # job: what it makes → from what, whether it says the version, what for, whose column, by which tag
    "prepare": {
        TRAINING: ("raw.reviews", False, "model_training", "user_id", TAG),
        "quarantine.reviews": ("raw.reviews", False, "model_training", "user_id", ""),
        "strongroom.manifest": None, "strongroom.metrics": None, "strongroom.origins": None, "strongroom.runs": None,
    },
    "quarantine": {
        TRAINING: ("raw.reviews", False, "model_training", "user_id", TAG),
        "quarantine.reviews": ("raw.reviews", False, "model_training", "user_id", ""),
        "strongroom.manifest": None, "strongroom.runs": None,
    },
    "consent": {
        "training.consent": ("raw.consent", False, "consent_management", "subject", TAG),
        "quarantine.consent": ("raw.consent", False, "consent_management", "subject", ""),
        "strongroom.manifest": None, "strongroom.runs": None,
    },
    "person": {
        TRAINING: ("raw.reviews", False, "model_training", "user_id", TAG),
        "corrections.reviews": (TRAINING, True, "model_training", "user_id", TAG),
    },
    "curate": {
        "curated.reviews": (TRAINING, True, "model_training", "user_id", TAG),
        "curated.reviews_index": (TRAINING, True, "model_training", "user_id", TAG),
        "dropped.reviews": (TRAINING, True, "model_training", "user_id", TAG),
    },
    "vectorize": {
        "features.reviews": (TRAINING, True, "model_training", "user_id", TAG),
        "features.reviews_vocabulary": (TRAINING, True, "model_training", NOBODY, ""),
        "features.reviews_summary": (TRAINING, True, "model_training", NOBODY, ""),
        "models.reviews/v-1": (TRAINING, True, "model_training", "user_id", ""),
    },
    "project": {"projected.r0.model_training.training.reviews": (TRAINING, True, "model_training", "user_id", "")},
    "reveal": {"revealed.reviews": (TRAINING, True, "data_subject_request", "user_id", TAG)},
}  # fmt: skip
POLICY = """
roles:
  officer: {members: [user:pia]}
  engineer: {members: [user:engineer]}
  r0: {members: [user:u0]}
  r1: {members: [user:u1], key: file:r1.kek}
grants:
  - {role: engineer, actions: [read, write, delete, reveal], tables: ["*"], columns: {allow: ["*", email]}}
  - {role: officer, actions: [erase], tables: ["*"]}
  - {role: r0, actions: [read], tables: [training.*], purposes: [model_training], enforce: physical,
     columns: {allow: [user_id, label]}}
  - {role: r1, actions: [read], tables: [training.*], columns: {allow: [email]}, enforce: cryptographic}
"""
WRITERS = {"Target", "Origin", "Projected", "commits", "publish_training", "saveAsTable", "take_in"}
"""Who imports one of these makes a version of a table; `keys` makes other ciphertexts of rows that are there, and
`erase` takes rows out."""


def test_every_job_that_writes_says_where_and_has_a_case_here():
    assert {job for job, entry in JOBS.items() if entry.writes} == CASES.keys()
    for job, made in CASES.items():
        zones = {name.partition(".")[0] for name in made}
        assert zones == set(JOBS[job].writes), job


def test_a_job_that_makes_versions_does_not_hide_it():
    writing = {job for job in JOBS if WRITERS & set(names_in(job))} - {"keys", "doctor", "erase"}
    assert writing == CASES.keys()


def names_in(job):
    flow = ROOT / "lib/strongroom/flows" / job
    for path in flow.rglob("*.py") if flow.is_dir() else [flow.with_suffix(".py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                yield from (alias.name for alias in node.names)


@pytest.fixture(scope="module")
def place(tmp_path_factory, request):
    """A lake on which every job was run that writes."""
    spark = request.getfixturevalue("spark")
    assert spark is not None
    made = install(tmp_path_factory.mktemp("all"), Quiet(), sample=300)
    (made.root / "policy.yaml").write_text(POLICY)
    training = ("--purpose", "model_training")
    said = {"record_id": "r", "subject": "no reviewer", "event": "given", "at": "2026-01-01", "purpose": "news"}
    (made.root / "said.json").write_text(json.dumps(said))
    (made.root / "who").write_text("7\n")
    (made.root / "right").write_text('{"email": "right@new.example"}')
    whose = ("--subject-from", str(made.root / "who"), "--values-from", str(made.root / "right"))
    for flow, *words in (
        (consent, "import", str(made.root / "said.json")),
        (prepare, "--contract", "customers"), (prepare, "--contract", "reviews"),
        (person, "rectify", "--contract", "reviews", *whose, *training),
        (curate, *training), (vectorize, "--run-id", "v-1", *training),
        (project, *training), (reveal, "--columns", "email,review_id", "--purpose", "data_subject_request"),
        (quarantine, "retry", *training), (keys, "rotate"), (keys, "rewrap"), (keys, "wrap"), (project, *training),
        (prepare, "--set", "prepare.mode=append", "--set", "prepare.engine=spark"), (lineage,),
    ):  # fmt: skip
        done = made.run(flow, *words)
        assert done.code == 0, (flow.__name__, words, done)
    return made


def tagged():
    return [name for made in CASES.values() for name, said in made.items() if said is not None and said[-1] == TAG]


@pytest.mark.spark
@pytest.mark.parametrize("job", CASES)
def test_what_a_job_makes_is_on_the_map(place, job):
    found = map_of(load_settings(str(place.settings), ()))
    assert found.gaps == ()
    for name, said in CASES[job].items():
        node = found.node(name)
        if said is None:
            assert node.whose.answer == NOBODY, name
            continue
        source, versioned, purpose, column, tag = said
        (edge,) = found.into(name)
        assert (edge.source, edge.version is not None, node.made.purpose) == (source, versioned, purpose), name
        answer = NOBODY if column == NOBODY else PEOPLE
        assert (node.whose.answer, node.whose.column or NOBODY, node.whose.tag) == (answer, column, tag), name
        assert node.made.run, name
        assert node.made.fingerprint, name


def noted(place, capsys):
    here = type(place)(place.root, capsys)
    done = here.run(check, "--lake")
    assert done.code == 0, done.err
    lake = ("stray", "lineage")
    return [(note["code"], note["where"]) for note in done.line["answer"]["notes"] if note["code"].startswith(lake)]


@pytest.mark.spark
def test_nothing_of_a_lake_that_all_jobs_have_written_to_is_told(place, capsys):
    assert noted(place, capsys) == []


@pytest.mark.spark
def test_a_table_that_spark_made_of_one_of_ours_is_told(place, capsys, spark):
    for name, kind in (("copies/reviews", "delta"), ("training/mine", "delta"), ("copies/plain", "parquet")):
        folder = place.lake / name
        source = f"delta.`{place.lake}/training/reviews`"
        spark.sql(f"CREATE TABLE ctas USING {kind} LOCATION '{folder}' AS SELECT * FROM {source}")
        spark.sql("DROP TABLE ctas")
        found = noted(place, capsys)
        if kind == "delta":
            assert found == [("lineage.strange", name.replace("/", "."))]
        else:
            assert found
            assert all(code == "stray.file" and where.startswith(str(folder)) for code, where in found)
        shutil.rmtree(folder)
    shutil.rmtree(place.lake / "copies")


@pytest.fixture(scope="module")
def without(place):
    """The same, once a person has left who was in every table; and the person."""
    made = type(place)(place.root, Quiet())
    lake = Lake(str(made.lake))
    tags = [set(lake.read(name).column(TAG).to_pylist()) for name in (TRAINING, "curated.reviews", "features.reviews")]
    person = next(row for row in raw_rows(made) if all(tag_of(made, row["user_id"]) in some for some in tags))
    made.edit("local.yaml", "prepare:", "erase: {raw: rewrite}\nprepare:")
    done = erased(made, {"user_id": person["user_id"], "email": person["email"]}, prove=False)
    assert done.code == 0, done
    assert made.run(project, "--purpose", "model_training").code == 0
    return made, person


@pytest.mark.spark
@pytest.mark.parametrize("job", CASES)
def test_a_person_leaves_what_a_job_makes(without, job):
    """Each new job has this test: its tables have no row of somebody who was erased from their source."""
    place, person = without
    lake, tag = Lake(str(place.lake)), tag_of(place, person["user_id"])
    for name, said in CASES[job].items():
        if said is not None and said[-1] == TAG:
            assert tag not in lake.read(name).column(TAG).to_pylist(), name
    assert map_of(load_settings(str(place.settings), ())).gaps == ()


@pytest.mark.spark
def test_no_byte_of_a_person_is_left_after_all_jobs(without, capsys):
    made = without[0]
    place = type(made)(made.root, capsys)
    said = json.loads((place.lake / "models/reviews/v-1/made-from.json").read_text())
    assert list(said["strongroom.retrain"]) == ["erase-r-1"]
    proof = place.run(erase, "prove", "erase-r-1")
    assert proof.code == 0, proof.err
    assert proof.line["answer"]["hits"] == 0


def test_a_copy_by_any_delta_writer_is_told(tmp_path, capsys):
    made = install(tmp_path / "x", capsys)
    write_deltalake(str(Path(made.lake) / "copies/reviews"), pa.table({"n": [1]}))
    assert noted(made, capsys) == [("lineage.strange", "copies.reviews")]
