"""Links in a raw folder: followed, and no row is read twice for them; what is no file is no empty source."""

import os
import socket
import time

import pytest

from strongroom.core.contract import Source
from strongroom.core.errors import StoreError
from strongroom.stores.sources import list_files


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw/t"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("{}\n")
    return folder


def listed(raw, path="raw/t/**"):
    lake = str(raw.parents[1])
    return [file.path.removeprefix(f"{lake}/") for file in list_files(Source("raw", "json", path, {}), lake)]


def test_a_link_to_a_folder_or_a_file_elsewhere_is_followed(raw, tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "else/b.json").write_text("{}\n")
    (raw / "more").symlink_to(tmp_path / "else")
    (raw / "c.json").symlink_to(tmp_path / "else/b.json")
    assert listed(raw) == ["raw/t/a.json", "raw/t/c.json", "raw/t/more/b.json"]


def loop(raw):
    (raw / "again").symlink_to(raw)


def loops(raw):
    for name in "xyz":
        (raw / name).symlink_to(".")


def two_ways(raw):
    (raw / "day").mkdir()
    (raw / "other").symlink_to("day")


@pytest.mark.parametrize("links", [loop, loops, two_ways])
def test_two_ways_to_one_folder_are_refused_at_once(raw, links):
    links(raw)
    begun = time.monotonic()
    with pytest.raises(StoreError, match="two ways lead to this folder") as caught:
        listed(raw)
    assert caught.value.exit_code == 7
    assert str(raw) in caught.value.where
    assert time.monotonic() - begun < 5


def test_a_folder_that_the_glob_does_not_mean_is_not_entered(raw):
    (raw / "2026-01-01").mkdir()
    (raw / "2026-01-01/a.json").write_text("{}\n")
    (raw / "current").symlink_to("2026-01-01")
    loop(raw)
    assert listed(raw, "raw/t/current/*.json") == ["raw/t/current/a.json"]
    assert listed(raw, "raw/*/cur*/*.json") == ["raw/t/current/a.json"]


NO_FILES = {
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "the job's own environment": lambda path: path.symlink_to("/proc/self/environ"),
}


@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_told_and_never_passed_over(raw, make):
    make(raw / "b.json")
    with pytest.raises(StoreError, match=r"no file|system") as caught:
        listed(raw, "raw/t/*.json")
    assert caught.value.where == str(raw / "b.json")


def test_a_socket_is_no_file_either(raw, monkeypatch):
    monkeypatch.chdir(raw)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s.json")
        with pytest.raises(StoreError, match="no file"):
            listed(raw)


def test_what_is_no_file_and_not_meant_does_not_matter(raw):
    for make, name in zip(NO_FILES.values(), ("b.txt", ".c.json", "_d.json", "e.txt", "f.txt"), strict=True):
        make(raw / name)
    assert listed(raw, "raw/t/*.json") == ["raw/t/a.json"]
