"""Attempts on the operating system: other processes, folders and modes, name spaces, links for others to follow."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bypass.files import rows_of
from bypass.place import OTHER, Reach
from system.leaks import contents

Found = Iterator[object]


def through_a_process(at: Reach) -> Found:
    """The lake as a process of the jobs' user sees it."""
    yield from rows_of(f"/proc/{at.jobs}/root{at.source}")


def working_folder_of_a_process(at: Reach) -> Found:
    for file in at.below(at.source):
        yield from contents(Path(f"/proc/{at.jobs}/cwd") / Path(file).relative_to(at.home))


def open_files_of_a_process(at: Reach) -> Found:
    for handle in Path(f"/proc/{at.jobs}/fd").iterdir():
        if ".parquet" in str(handle.readlink()):
            yield from contents(handle)


def environment_of_a_process(at: Reach) -> Found:
    yield Path(f"/proc/{at.jobs}/environ").read_bytes()


def memory_of_a_process(at: Reach) -> Found:
    maps = Path(f"/proc/{at.jobs}/maps").read_text().splitlines()
    with Path(f"/proc/{at.jobs}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span = line.partition(" ")[0]
            if "[heap]" in line or "[stack]" in line:
                start, end = (int(part, 16) for part in span.split("-"))
                memory.seek(start)
                yield memory.read(end - start)


def command_line_of_a_process(at: Reach) -> Found:
    """Anybody may read it; so nothing may stand in it."""
    yield Path(f"/proc/{at.jobs}/cmdline").read_bytes()


def name_space_of_ones_own(at: Reach) -> Found:
    """Root, but only of a name space: the kernel still knows who asks."""
    words = ["unshare", "--user", "--map-root-user", "cat", at.below(at.source)[0]]
    done = subprocess.run(words, capture_output=True, timeout=30)
    if done.returncode:
        raise OSError(done.stderr.decode())
    (Path(at.mine) / "unshared.parquet").write_bytes(done.stdout)
    yield from contents(Path(at.mine) / "unshared.parquet")


def by_handle(at: Reach) -> Found:
    """A file by its number, past every folder above it (open_by_handle_at)."""
    libc = ctypes.CDLL(None, use_errno=True)
    where, mount = at.below(at.source)[0], ctypes.c_int()
    handle = ctypes.create_string_buffer(136)
    ctypes.c_uint.from_buffer(handle).value = 128
    if libc.name_to_handle_at(-100, where.encode(), handle, ctypes.byref(mount), 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), where)
    root = os.open(at.home, os.O_RDONLY)
    found = libc.open_by_handle_at(root, handle, os.O_RDONLY)
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), where)
    with os.fdopen(found, "rb") as stream:
        (Path(at.mine) / "handled.parquet").write_bytes(stream.read())
    yield from contents(Path(at.mine) / "handled.parquet")


def open_the_mode(at: Reach) -> Found:
    for path in (Path(at.lake), Path(at.source)):
        path.chmod(0o777 if os.geteuid() else path.stat().st_mode)
    yield from rows_of(at.source)


def take_the_folder(at: Reach) -> Found:
    """To own one's projection is to change its mode, and to put links into it."""
    found = Path(at.table).stat()
    os.chown(at.table, os.geteuid(), -1)
    os.chown(at.table, found.st_uid, -1)
    yield "owned", at.given


def plant_a_file(at: Reach) -> Found:
    path = Path(at.table) / "planted.parquet"
    path.write_text(at.given)
    path.unlink()
    yield at.given


def plant_a_link(at: Reach) -> Found:
    """A link into the source, for a job that runs as root to follow when it gives files to the group."""
    path = Path(at.table) / "stage-000001-link"
    path.symlink_to(at.source)
    path.unlink()
    yield at.given


def swap_a_folder(at: Reach) -> Found:
    """Another role's folder in the place of one's own."""
    moved = Path(f"{at.table}-moved")
    Path(at.table).rename(moved)
    moved.rename(at.table)
    yield at.given


def change_the_policy(at: Reach) -> Found:
    path = Path(at.home) / "policy.yaml"
    with path.open("a") as stream:
        stream.write("")
    yield at.given


def change_the_log(at: Reach) -> Found:
    """A commit of one's own to one's own projection."""
    path = Path(at.table) / "_delta_log" / f"{99:020}.json"
    path.write_text("{}")
    path.unlink()
    yield at.given


def write_raw(at: Reach) -> Found:
    path = Path(at.lake) / "raw" / "reviews" / "link.json"
    path.symlink_to(at.below(f"{at.home}/keys", "")[0])
    path.unlink()
    yield at.given


def group_of_another(at: Reach) -> Found:
    """To join the other role's group without being in it."""
    try:
        os.setgroups([62_002])
    except PermissionError as error:
        raise PermissionError(f"{error}, for {at.home}") from error
    yield from rows_of(at.folder(OTHER))
