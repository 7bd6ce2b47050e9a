"""What tables hold, in a form that two runs can be compared by: sorted, opened, without what names the run."""

import json
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from strongroom.core.contract.file import load_contract
from strongroom.protect import unseal
from strongroom.stores.keys import open_keyring
from strongroom.stores.lake import Lake
from support.lakes import Installation
from support.opened import decrypt


def keyring(place: Installation):
    return open_keyring(f"file:{place.root}/keys/local.kek", f"{place.root}/keys/keyring.json", create=False)


def training(place: Installation, name: str) -> list[str]:
    """Every row as JSON, sorted. What was encrypted at random is opened, since its bytes never come twice."""
    rows = Lake(str(place.lake)).read(f"training.{name}")
    for column in load_contract(str(place.root / "contracts" / f"{name}.yaml")).columns:
        if column.protect and column.protect.options.get("mode") == "randomised":
            ring = keyring(place)
            clear, good = decrypt(rows[column.name].combine_chunks(), column, table=f"training.{name}", keyring=ring)
            assert all(good.to_pylist())
            rows = rows.set_column(rows.schema.get_field_index(column.name), column.name, clear)
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows.to_pylist())


def quarantined(place: Installation, name: str) -> list[str]:
    """Reasons, file and the row in clear of everything in quarantine, sorted."""
    rows = Lake(str(place.lake)).read(f"quarantine.{name}").to_pylist()
    sealed = pa.array([row["row"] for row in rows], pa.binary())
    clear, good = unseal(sealed, table=f"training.{name}", keyring=keyring(place))
    assert all(good.to_pylist())
    return sorted(
        json.dumps([row["reasons"], Path(row["source_file"]).name, text.decode("utf-8", "surrogateescape")])
        for row, text in zip(rows, clear.to_pylist(), strict=True)
    )


def unknown_files(place: Installation, table: str) -> set[str]:
    """Files in a table's folder that no version of it knows: what a dead run left."""
    folder = place.lake / table.replace(".", "/")
    known = set()
    for version in range(DeltaTable(str(folder)).version() + 1):
        known |= set(DeltaTable(str(folder), version=version).file_uris())
    return {str(path) for path in folder.rglob("*") if path.is_file() and "_delta_log" not in path.parts} - known


def stages_left(place: Installation, table: str) -> list[str]:
    """Folders that a run has begun in a table's folder and that nobody has taken away."""
    return sorted(path.name for path in (place.lake / table.replace(".", "/")).glob("_stage-*"))
