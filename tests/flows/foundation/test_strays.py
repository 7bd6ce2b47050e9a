"""Every file of a lake belongs to something or is told: found from the storage, whatever the map knows."""

import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from strongroom.flows import check, keys, prepare, quarantine
from support.derived_tables import derive, model
from support.lakes import Installation, Quiet, install

PURPOSE = ("--purpose", "model_training")
DAY = 86_400


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A lake that our own jobs made: overwrite, increment, a run that ended early, and what is derived."""
    made = install(tmp_path_factory.mktemp("strays"), Quiet(), sample=300)
    for words in (("customers",), ("reviews",), ("reviews", "--set", "prepare.mode=append")):
        assert made.run(prepare, "--contract", *words).code == 0
    assert made.run(prepare, "--contract", "reviews", "--as", "user:ada").code == 5
    assert made.run(quarantine, "list", "--contract", "reviews").code == 0
    assert made.run(keys, "list").code == 0
    derive(made, "features.reviews")
    model(made)
    return made


@pytest.fixture
def place(prepared, tmp_path, capsys):
    shutil.copytree(prepared.root, tmp_path / "x")
    return Installation(tmp_path / "x", capsys)


def told(place):
    done = place.run(check, "--lake")
    assert done.code == 0, done.err
    found = done.line["answer"]["strays"]
    notes = {(note["code"], note["where"]) for note in done.line["answer"]["notes"]}
    assert {(each["code"], each["path"]) for each in found} <= notes
    for each in found:
        each["path"] = each["path"].removeprefix(f"{place.root}/")
    return found


def test_nothing_that_our_own_jobs_made_is_told(place):
    assert told(place) == []
    DeltaTable(str(place.lake / "training/reviews")).optimize.compact()
    DeltaTable(str(place.lake / "training/reviews")).create_checkpoint()
    assert place.run(prepare, "--contract", "reviews").code == 0
    assert told(place) == [], "files of versions that are still in the log belong to the table"


def test_files_that_left_the_log_belong_to_nothing(place):
    table = DeltaTable(str(place.lake / "training/reviews"))
    old = {uri.rpartition("/")[2] for uri in table.file_uris()}
    assert place.run(prepare, "--contract", "reviews").code == 0
    table = DeltaTable(str(place.lake / "training/reviews"))
    table.create_checkpoint()
    for version in range(table.version() + 1):
        if version < table.version():
            (place.lake / f"training/reviews/_delta_log/{version:020d}.json").unlink()
    checkpoint = next((place.lake / "training/reviews/_delta_log").glob("*.checkpoint.parquet"))
    rows = pq.read_table(checkpoint)
    pq.write_table(rows.filter(rows["remove"].is_null()), checkpoint)  # as a later checkpoint forgets them
    newest = f"{table.version():020d}.json"
    entry = place.lake / "training/reviews/_delta_log" / newest
    entry.write_text("\n".join(line for line in entry.read_text().splitlines() if '"remove"' not in line))
    found = told(place)
    assert old
    assert [each["code"] for each in found] == ["stray.stage"]


def folders(place):
    """Every folder there is, but those of the contracts and what lies in them."""
    for root, _, _ in os.walk(place.root):
        if not root.startswith(str(place.root / "contracts")) and root != str(place.root):
            yield root


def expected(path):
    """The code of a file that somebody put into a folder, by where that is."""
    parts = path.split("/")
    if parts[0] == "keys":
        return "stray.key"
    if parts[0] == "audit":
        return "stray.audit"
    zone = {"raw": "stray.raw", "reports": "stray.report", "models": "stray.model"}.get(parts[1])
    if zone:
        return zone
    if "_delta_log" in parts:
        return "stray.log"
    if any(part.startswith("stage-") for part in parts):
        return "stray.stage"
    return "stray.table" if len(parts) > 3 else "stray.file"


@pytest.mark.parametrize("name", ["planted.bin", ".planted"])
def test_a_file_in_any_folder_is_told_with_its_code_path_and_size(place, name):
    planted = set()
    for folder in list(folders(place)):
        (Path(folder) / name).write_text("0123456789")
        file = folder if "/stage-" in folder else f"{folder}/{name}"  # of a stage the folder is told
        planted.add(file.removeprefix(f"{place.root}/"))
    found = {each["path"]: each for each in told(place)}
    assert len(planted) > 25
    assert found.keys() == planted
    for path, each in found.items():
        assert each["bytes"] == 10
        assert each["code"] == expected(path), path


def report_of_no_run(place):
    shutil.copy(
        next((place.lake / "reports/training.reviews").glob("*.html")), place.lake / "reports/training.reviews/r-1.html"
    )


def report_of_another_table(place):
    file = next((place.lake / "reports/training.reviews").glob("*.html"))
    shutil.copy(file, place.lake / "reports/training.customers" / file.name)


def figures_of_nobody(place):
    (place.lake / "reports/prometheus/attempt.prepare.nobody.prom").write_text("x")


def a_link(place):
    (place.lake / "training/link").symlink_to("/etc")


def a_link_to_nowhere(place):
    (place.lake / "training/reviews/lost").symlink_to("/nowhere")


def a_pipe(place):
    os.mkfifo(place.lake / "quarantine/pipe")


def a_dead_commit(place):
    (place.lake / "training/reviews/_delta_log/_commit_0a1b.json.tmp").write_text("{}")


def a_draft(place):
    (place.lake / "reports/.index.html.0123456789ab").write_text("x")


def a_changed_model(place):
    (place.lake / "models/reviews/test-1/stages/part-0").write_text("longer")


def parquet_of_spark(place):
    (place.lake / "copies").mkdir()
    (place.lake / "copies/part-0.snappy.parquet").write_text("x")


def a_value_in_a_folder(place):
    (place.lake / "raw/old/customer=ada").mkdir(parents=True)
    (place.lake / "raw/old/customer=ada/x.json").write_text("x")


ODD = [
    # what is planted, code, part of the path, why
    (report_of_no_run, "stray.report", "r-1.html", "a name like a report's is none"),
    (report_of_another_table, "stray.report", "training.customers/", "that run wrote another table's"),
    (figures_of_nobody, "stray.report", "nobody.prom", "there is no such contract"),
    (a_link, "stray.file", "training/link", "what is behind it is not looked at"),
    (a_link_to_nowhere, "stray.table", "reviews/lost", "nor what is not there"),
    (a_pipe, "stray.file", "quarantine/pipe", "no file at all"),
    (a_dead_commit, "stray.log", "_commit_", "its writer was killed"),
    (a_draft, "stray.report", ".index.html.", "a writer was killed"),
    (a_changed_model, "stray.model", "part-0", "a model has said how long its files are"),
    (parquet_of_spark, "stray.file", "copies/part-0", "files of a table that is none of Delta's"),
    (a_value_in_a_folder, "stray.raw", "customer=*/x.json", "what a folder says is nobody's to read"),
]


@pytest.mark.parametrize(("plant", "code", "part", "why"), ODD, ids=[case[0].__name__ for case in ODD])
def test_what_looks_like_ours_and_is_not_is_told(place, plant, code, part, why):
    plant(place)
    (found,) = told(place)
    assert (found["code"], part in found["path"]) == (code, True), why


@pytest.mark.parametrize(("size", "is_told"), [(0, False), (10, True)])
def test_what_spark_leaves_beside_its_files_belongs_to_them(place, size, is_told):
    """Its checksums, and a mark that it has ended: which is empty."""
    file = Path(DeltaTable(str(place.lake / "training/reviews")).file_uris()[0])
    file.with_name(f".{file.name}.crc").write_text("12345")
    (file.parent / "._SUCCESS.crc").write_text("crc\0....")
    (file.parent / "_SUCCESS").write_text("x" * size)
    assert [each["bytes"] for each in told(place)] == ([size] if is_told else [])
    file.with_name(f".{file.name[1:]}.crc").write_text("12345")
    assert told(place)[0]["bytes"] == 5 + size * is_told, "the checksum of no file"


STAGES = [
    # stage, seconds since it was written, told, why
    ("_stage-000099-r", 60, False, "a run may be at work"),
    ("_stage-000099-r", 2 * DAY, True, "nobody writes that long"),
    ("_stage-000001-r", 60, True, "a later batch was published"),
    ("stage-000099-r", 60, False, "as it is called on object stores"),
    ("_rewrap-000099-r", 60, False, "keys are rewrapped"),
    ("_rewrap-000099-r", 2 * DAY, True, "and were not"),
]


@pytest.mark.parametrize(("stage", "age", "is_told", "why"), STAGES)
def test_a_stage_in_flight_is_nobodys_business_and_an_old_one_is_told_as_one(place, stage, age, is_told, why):
    folder = place.lake / "training/reviews" / stage
    folder.mkdir()
    for number in range(2):
        (folder / f"part-{number}.parquet").write_text("12345")
        os.utime(folder / f"part-{number}.parquet", times=(time.time() - age,) * 2)
    found = told(place)
    wanted = [{"code": "stray.stage", "path": f"lake/training/reviews/{stage}", "bytes": 10}] if is_told else []
    assert found == wanted, why


def test_a_table_that_no_job_of_ours_made_is_told_as_one(place):
    write_deltalake(str(place.lake / "copies/reviews"), pa.table({"n": [1]}))
    done = place.run(check, "--lake")
    notes = [(note["code"], note["where"]) for note in done.line["answer"]["notes"]]
    assert notes == [("lineage.strange", "copies.reviews")]
    assert done.line["answer"]["strays"] == []


def test_of_a_folder_that_is_the_settings_too_only_what_is_called_like_keys_is_told(place):
    for file in (place.root / "keys").iterdir():
        shutil.move(file, place.root / file.name)
    place.edit("local.yaml", "keys/local.kek", "local.kek")
    place.edit("local.yaml", "keys/keyring.json", "keyring.json")
    assert told(place) == []
    for name in ("planted.bin", "keyring.json.old", ".local.kek.0a1b", "mine/x"):
        (place.root / name).parent.mkdir(exist_ok=True)
        (place.root / name).write_text("x")
    found = sorted((each["code"], each["path"]) for each in told(place))
    assert found == [("stray.key", ".local.kek.0a1b"), ("stray.key", "keyring.json.old")]


def test_plain_check_reads_no_lake(place, monkeypatch):
    monkeypatch.setattr("strongroom.stores.lake.listing.files_below", lambda *_, **__: pytest.fail("it was read"))
    (place.lake / "planted").write_text("x")
    done = place.run(check)
    assert (done.code, "planted" in done.out, "strays" in done.line["answer"]) == (0, False, False)
