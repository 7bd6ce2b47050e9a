"""Our half of a lake on Azure's blobs, against Azurite: a run, its rows, and racing commits of which none is lost."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from strongroom.core.settings.file import load_settings
from strongroom.flows import doctor, prepare
from strongroom.stores import storage
from strongroom.stores.lake import Lake, commits, filesystem_of
from support import azurite
from support.lakes import install
from system.standalone import Servers

pytestmark = pytest.mark.slow
ROOT = f"abfss://lake@{azurite.ACCOUNT}.dfs.core.windows.net/l"


@pytest.fixture
def endpoint(tmp_path):
    with Servers(tmp_path / "server") as server:
        found = azurite.start(server)
        parts = dict.fromkeys(("blob_storage_authority", "dfs_storage_authority"), found.partition("://")[2])
        parts |= dict.fromkeys(("blob_storage_scheme", "dfs_storage_scheme"), "http")
        pafs.AzureFileSystem(account_name=azurite.ACCOUNT, account_key=azurite.KEY, **parts).create_dir("lake")
        yield found


@pytest.mark.parametrize("credentials", ["environment", "file:account.key"])
def test_a_run_there_is_the_same_as_here(tmp_path, capsys, monkeypatch, endpoint, credentials):
    place = install(tmp_path / "a", capsys, sample=200)
    assert place.run(prepare).code == 0
    wanted = sorted(row["review_id"] for row in place.rows("training.reviews"))
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY", raising=False)
    if credentials == "environment":
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", azurite.KEY)
    (place.root / "account.key").write_text(azurite.KEY)
    (place.root / "account.key").chmod(0o600)
    section = f"storage: {{endpoint: '{endpoint}', credentials: '{credentials}'}}"
    place.edit("local.yaml", "lake: lake", f"lake: {ROOT}\n{section}")
    settings = load_settings(str(place.settings))
    with storage.settled(settings):
        for file in sorted((place.lake / "raw").rglob("*.json")):
            filesystem, inside = filesystem_of(f"{ROOT}/{file.relative_to(place.lake)}")
            with filesystem.open_output_stream(inside) as stream:
                stream.write(file.read_bytes())
    done = place.run(prepare)
    assert done.code == 0, done.err
    found = {check["name"]: check for check in place.run(doctor, "--json").line["answer"]["checks"]}
    assert found["storage"]["ok"], found["storage"]
    with storage.settled(settings):
        rows = Lake(ROOT).read("training.reviews").to_pylist()
        assert sorted(row["review_id"] for row in rows) == wanted
        first = pa.table({"n": pa.array([0], pa.int64())})
        commits.append(Lake(ROOT), "strongroom.race", first)
        with ThreadPoolExecutor(4) as threads:
            more = [pa.table({"n": pa.array([number], pa.int64())}) for number in range(1, 21)]
            list(threads.map(lambda rows: commits.append(Lake(ROOT), "strongroom.race", rows), more))
        raced = Lake(ROOT).read("strongroom.race").column("n").to_pylist()
        assert sorted(raced) == list(range(21))
