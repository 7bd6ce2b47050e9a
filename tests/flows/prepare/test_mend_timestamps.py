"""Files of before, with timestamps as only Spark reads them: found, and written anew one by one. No Java."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from strongroom import run_job
from strongroom.core.contract.file import load_contract
from strongroom.flows import doctor, prepare
from strongroom.flows.foundation import table_plans
from strongroom.flows.prepare import mend_timestamps
from strongroom.stores.lake import Lake, commits, staging
from strongroom.stores.lake.commits import Change
from strongroom.stores.lake.old_timestamps import old_files
from support import every_type
from support.lakes import install

TABLE = "training.types"
HOWEVER = {"old": {"use_deprecated_int96_timestamps": True}, "new": {}}


@pytest.fixture
def place(tmp_path, capsys):
    made = install(tmp_path / "x", capsys)
    every_type.put(made)
    return made


def publish(place, kinds, table=TABLE):
    """The table as it was published before: one file for each kind, each with all rows."""
    lake, contract = Lake(str(place.lake)), load_contract(str(place.root / "contracts/types.yaml"))
    plan = table_plans.training(contract)
    onto = lake.ensure(table, plan)
    folder = f"{lake.folder(table)}/stage"
    shutil.rmtree(folder, ignore_errors=True)
    place.lake.joinpath(table.replace(".", "/"), "stage").mkdir()
    for number, kind in enumerate(kinds):
        rows = pa.Table.from_pylist(every_type.ROWS, plan.schema)
        pq.write_table(rows, f"{folder}/{number}.parquet", **HOWEVER[kind])
    files = staging.staged(lake, table, "stage")
    commits.commit(lake, table, Change(files), looked=onto)


def physical(place, table=TABLE):
    """The physical types of moments in each live file."""
    found = DeltaTable(str(place.lake / table.replace(".", "/")))
    return [
        {leaf.path: leaf.physical_type for leaf in pq.ParquetFile(file).schema if "Timestamp" in str(leaf.logical_type)
         or leaf.physical_type == "INT96"}
        for file in sorted(found.file_uris())
    ]  # fmt: skip


def mended(place, *options):
    """How many files a run wrote anew, as the audit log has it."""
    done = place.run(prepare, "--mend-timestamps", *options)
    assert done.code == 0, done.err
    return [event.facts["files"] for event in place.audit() if "files" in event.facts][-1]


def doctor_says(place):
    run_job.run(doctor, ["--config", str(place.settings)])
    done = place.capsys.readouterr()
    return "\n".join(line for line in (done.out + done.err).splitlines() if " timestamps " in line)


def test_doctor_names_the_files_and_the_command_which_mends_just_them(place):
    publish(place, ["old", "new", "old"])
    assert doctor_says(place) == (
        f"fail  timestamps only Spark reads right: {TABLE} (2 of 3 files) → ./spark-submit.sh prepare --mend-timestamps"
    )
    untouched = {path for path in DeltaTable(str(place.lake / "training/types")).file_uris() if "1.parquet" in path}
    version = place.delta(TABLE).version()
    told = place.run(prepare, "--mend-timestamps", "--dry-run")
    assert (told.code, place.delta(TABLE).version()) == (0, version)
    assert mended(place) == 2
    moments = {"at", "local", "place.seen", "moments.list.element"}
    assert physical(place) == [dict.fromkeys(moments, "INT64")] * 3
    assert untouched < set(place.delta(TABLE).file_uris())
    rows = pa.table(place.delta(TABLE).scan()).to_pylist()
    assert every_type.told(rows) == every_type.told(every_type.ROWS * 3), "no value is another one"
    assert place.delta(TABLE).version() == version + 1
    assert doctor_says(place) == "ok    timestamps in 3 files as Delta demands them"
    assert mended(place) == 0
    assert place.delta(TABLE).version() == version + 1


def test_a_killed_run_keeps_what_it_has_committed_and_the_next_goes_on(place, monkeypatch):
    publish(place, ["old", "old", "old"])
    monkeypatch.setattr(mend_timestamps, "AT_ONCE", 1)
    replace, left = mend_timestamps.Rewrite.replace, iter([True, False])

    def dying(self, *args, **more):
        if not next(left):
            raise KeyboardInterrupt
        replace(self, *args, **more)

    monkeypatch.setattr(mend_timestamps.Rewrite, "replace", dying)
    assert place.run(prepare, "--mend-timestamps").code == 130
    assert len(old_files(Lake(str(place.lake)), TABLE)[0]) == 2
    monkeypatch.setattr(mend_timestamps.Rewrite, "replace", replace)
    assert mended(place) == 2
    assert len(place.rows(TABLE)) == 3 * len(every_type.ROWS)


def test_tables_of_other_contracts_and_zones_are_mended_where_the_principal_may(place):
    publish(place, ["old"])
    publish(place, ["old"], table="features.types_summary")
    assert "features.types_summary (1 of 1 file)" in doctor_says(place)
    assert mended(place, "--contract", "reviews") == 0
    refused = place.run(prepare, "--mend-timestamps", "--as", "user:ada")
    assert (refused.code, len(old_files(Lake(str(place.lake)), TABLE)[0])) == (5, 1)
    assert mended(place, "--contract", "types") == 2


def test_only_the_oldest_footers_are_asked_where_there_are_many(place):
    publish(place, ["old", "old", "new"])
    assert old_files(Lake(str(place.lake)), TABLE, most=1)[1] == 1
    assert old_files(Lake(str(place.lake)), "training.none") == ([], 0)
