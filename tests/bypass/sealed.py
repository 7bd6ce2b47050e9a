"""Attempts on encrypted columns, by somebody who holds every file of the lake and the keys of another column."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from bypass.place import OTHER, Reach
from strongroom.core.contract import Column
from strongroom.core.contract.file import load_contract
from strongroom.core.keys.ring import RoleHandle, RoleKeys
from strongroom.core.secret import Secret
from strongroom.protect import protector
from strongroom.protect.methods.encrypt import encryption_info
from strongroom.stores.keys import open_keyring
from strongroom.stores.keys.role_files import role_keys_of
from support.opened import decrypt
from system.leaks import contents

Found = Iterator[object]
Read = Callable[[Reach], Iterator[pa.Array]]
TABLE, MINE = "training.reviews", "training.letters"


def column(at: Reach, table: str = TABLE, path: str = "email") -> Column:
    found = load_contract(f"{at.home}/contracts/{table.partition('.')[2]}.yaml")
    return next(leaf for leaf in found.leaves() if leaf.path == path)


def handle(at: Reach, role: str = "mail", *, kek: str = "mail.kek", file: str = "", data: bytes = b"") -> RoleHandle:
    """A role's file, with a key-encryption key to open it by."""
    path = Path(file or f"{at.lake}/strongroom/role-keys/{role}.json")
    return RoleHandle(role, f"file:{at.home}/{kek}", data or path.read_bytes(), str(path))


def forced(at: Reach, found: RoleHandle) -> RoleKeys:
    """Keys under the name of the guarded column's, so that our code tries them."""
    name = encryption_info(column(at), table=TABLE)
    return RoleKeys("mail", {name: next(iter(role_keys_of(found).keys.values()))})


# Ways to the cells


def _binary(cells: pa.ChunkedArray | pa.Array) -> pa.Array:
    return (cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells).cast(pa.binary())


def by_delta(at: Reach) -> Iterator[pa.Array]:
    yield _binary(DeltaTable(at.source).to_pyarrow_table()["email"])


def by_parquet(at: Reach) -> Iterator[pa.Array]:
    for file in at.below(at.source):
        yield _binary(pq.read_table(file, partitioning=None)["email"])


def by_duck(at: Reach) -> Iterator[pa.Array]:
    for file in at.below(at.source):
        found = duckdb.sql(f"SELECT email FROM read_parquet('{file}', hive_partitioning = false)").fetchall()
        yield pa.array([email for (email,) in found], pa.binary())


def by_version(at: Reach) -> Iterator[pa.Array]:
    for version in range(1, DeltaTable(at.source).version()):
        yield _binary(DeltaTable(at.source, version=version).to_pyarrow_table()["email"])


def by_projection(at: Reach) -> Iterator[pa.Array]:
    yield _binary(DeltaTable(at.folder(OTHER)).to_pyarrow_table()["email"])


def with_my_keys(read: Read) -> Callable[[Reach], Found]:
    """The cells as they lie, and as one's own keys would open them."""

    def attempt(at: Reach) -> Found:
        keys = forced(at, handle(at))
        for cells in read(at):
            yield cells.to_pylist()
            yield decrypt(cells, column(at), table=TABLE, keyring=keys)[0].to_pylist()

    return attempt


def with_their_keys(read: Read) -> Callable[[Reach], Found]:
    """The same by the role that is given the column: so the cells are there, and open."""

    def attempt(at: Reach) -> Found:
        theirs = replace(handle(at, "support"), provider=f"file:{at.owner}/support.kek")
        for cells in read(at):
            yield decrypt(cells, column(at), table=TABLE, keyring=role_keys_of(theirs))[0].to_pylist()

    return attempt


def owners_search(at: Reach) -> Found:
    yield from with_their_keys(by_delta)(at)


# Keys


def our_code(at: Reach) -> Found:
    """Our own code, with the keys that one has."""
    for cells in by_delta(at):
        yield decrypt(cells, column(at), table=TABLE, keyring=role_keys_of(handle(at)))[0].to_pylist()


def anothers_file(at: Reach) -> Found:
    yield from _emails(at, handle(at, "support"))


def anothers_file_renamed(at: Reach) -> Found:
    """Another role's file as one's own, by its name and inside."""
    found = json.loads(handle(at, "support").wrapped)
    yield from _emails(at, handle(at, data=json.dumps(found | {"role": "mail"}).encode()))


def anothers_keyset_in_mine(at: Reach) -> Found:
    mine, theirs = (json.loads(handle(at, role).wrapped) for role in ("mail", "support"))
    yield from _emails(at, handle(at, data=json.dumps(mine | {"keysets": theirs["keysets"]}).encode()))


def anothers_key_in_mine(at: Reach) -> Found:
    mine, theirs = (json.loads(handle(at, role).wrapped) for role in ("mail", "support"))
    data = json.dumps(mine | {"wrappedKey": theirs["wrappedKey"], "keysets": theirs["keysets"]}).encode()
    yield from _emails(at, handle(at, data=data))


def my_key_under_their_name(at: Reach) -> Found:
    """One's own keyset, renamed to the key of the guarded column."""
    mine = json.loads(handle(at).wrapped)
    name = encryption_info(column(at), table=TABLE)
    data = json.dumps(mine | {"keysets": {name: next(iter(mine["keysets"].values()))}}).encode()
    yield from _emails(at, handle(at, data=data))


def flipped_bits(at: Reach) -> Found:
    """One's own file with a bit of its key changed."""
    found = json.loads(handle(at).wrapped)
    torn = bytearray(base64.b64decode(found["wrappedKey"]))
    torn[len(torn) // 2] ^= 1
    data = json.dumps(found | {"wrappedKey": base64.b64encode(torn).decode()}).encode()
    yield from _emails(at, handle(at, data=data))


def keyring(at: Reach) -> Found:
    """The installation's own keyring, by a role's key."""
    ring = open_keyring(f"file:{at.home}/mail.kek", f"{at.home}/keyring.json", create=False)
    for cells in by_delta(at):
        yield decrypt(cells, column(at), table=TABLE, keyring=ring)[0].to_pylist()


def record_of_keys(at: Reach) -> Found:
    yield Path(at.home, "keyring.handed.json").read_bytes(), Path(at.home, "keyring.json").read_bytes()


def kept_file_today(at: Reach) -> Found:
    """File and key that a role kept which has lost its grant, on what lies there since the rotation."""
    for cells in by_delta(at):
        yield f"{len(cells)} cells"
        yield decrypt(cells, column(at), table=TABLE, keyring=role_keys_of(_kept(at)))[0].to_pylist()


def kept_file_on_older_versions(at: Reach) -> Found:
    for cells in by_version(at):
        yield decrypt(cells, column(at), table=TABLE, keyring=role_keys_of(_kept(at)))[0].to_pylist()


def _kept(at: Reach) -> RoleHandle:
    return handle(at, "left_us", kek="kept/left_us.kek", file=f"{at.home}/kept/left_us.json")


def _emails(at: Reach, found: RoleHandle) -> Found:
    keys = role_keys_of(found)
    for cells in by_delta(at):
        yield decrypt(cells, column(at), table=TABLE, keyring=keys)[0].to_pylist()


# Cells


def cells_moved(at: Reach) -> Found:
    """Guarded cells in the place of one's own, opened as one's own."""
    for cells in by_delta(at):
        yield f"{len(cells)} cells"
        opened = decrypt(cells, column(at, MINE, "seal"), table=MINE, keyring=role_keys_of(handle(at)))
        yield opened[0].to_pylist()


class Sealing:
    """A role's keys, made to seal as well as open."""

    def __init__(self, keys: RoleKeys, primary: int) -> None:
        self._keys, self.primary = keys, primary

    def derive(self, info: str, *, length: int, key_id: int | None = None) -> Secret:
        return self._keys.derive(info, length=length, key_id=key_id or self.primary)


def _guessed(at: Reach, keys: RoleKeys) -> Found:
    """Sealing a guess, to see whether it is there: equal values look equal."""
    guarded, guesses = column(at), ["nobody@secret.example", "planted.person@secret.example"]
    seen = {cell for cells in by_delta(at) for cell in cells.to_pylist()}
    for key_id in keys.opening(encryption_info(guarded, table=TABLE)):
        made = protector(guarded, table=TABLE, keyring=Sealing(keys, key_id))(pa.array(guesses)).to_pylist()
        yield f"{len(seen)} cells", [guess for guess, cell in zip(guesses, made, strict=True) if cell in seen]


def guessed(at: Reach) -> Found:
    yield from _guessed(at, forced(at, handle(at)))


def guessed_by_their_keys(at: Reach) -> Found:
    yield from _guessed(at, role_keys_of(replace(handle(at, "support"), provider=f"file:{at.owner}/support.kek")))


def every_byte(at: Reach) -> Found:
    """Every file that one holds, packed and unpacked."""
    for file in sorted(Path(at.home).rglob("*")):
        if file.is_file():
            yield from contents(file)


def another_reader_in_the_process(at: Reach) -> Found:
    """A role's keys that somebody opened before, in one's own process, while they are remembered."""
    from strongroom.stores.keys import role_files

    role_keys_of(replace(handle(at, "support"), provider=f"file:{at.owner}/support.kek"))
    for _, found in role_files._opened.values():
        if found.role == "support":
            for cells in by_delta(at):
                yield decrypt(cells, column(at), table=TABLE, keyring=found)[0].to_pylist()
