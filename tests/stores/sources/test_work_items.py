"""Splits: each row group and byte once, in items of a sensible size, by the files alone."""

from __future__ import annotations

import gzip
import random
from itertools import pairwise

import pytest

from strongroom.core.errors import StoreError
from strongroom.stores.sources import RawFile
from strongroom.stores.sources.work_items import (
    OPENING,
    Footer,
    Part,
    is_one_piece,
    split_parquet,
    split_text,
)

KB = 1 << 10
MB = 1 << 20


def parquet(**files):
    """name → compressed bytes of each group; each has ten rows a group."""
    return [
        (Part(0, name, folders=(("day", name),)), Footer((10,) * len(sizes), tuple(sizes), ("a",)))
        for name, sizes in files.items()
    ]


def groups(items):
    return [[(part.path, part.groups, part.first) for part in item] for item in items]


@pytest.mark.parametrize(
    ("files", "expected", "why"),
    [
        ({}, [], "nothing"),
        ({"a": [9 * MB]}, [[("a", (0,), 0)]], "one group"),
        ({"a": [4 * MB] * 4}, [[("a", (0, 1), 0)], [("a", (2, 3), 20)]], "neighbours are one part"),
        ({"a": [MB], "b": [MB], "c": [MB]}, [[("a", (0,), 0), ("b", (0,), 0), ("c", (0,), 0)]], "small files together"),
        ({"a": [MB, 30 * MB, MB]}, [[("a", (1,), 10)], [("a", (0,), 0)], [("a", (2,), 20)]], "too large stands alone"),
        ({"a": [], "b": [MB]}, [[("a", (), 0), ("b", (0,), 0)]], "a file without rows is looked at"),
        ({"a": [6 * MB], "b": [7 * MB]}, [[("b", (0,), 0)], [("a", (0,), 0)]], "the largest first"),
    ],
)
def test_row_groups_become_items(files, expected, why):
    found = split_parquet(parquet(**files), target=10 * MB)
    assert groups(found) == expected, why
    assert all(part.folders == (("day", part.path),) for item in found for part in item), "what a part says stays"


def test_every_group_is_read_once_and_no_item_is_too_large_whatever_the_files():
    rng = random.Random(7)
    for _ in range(200):
        files = parquet(**{f"f{n}": [rng.randrange(5 * MB) for _ in range(rng.randrange(6))] for n in range(20)})
        items = split_parquet(files, target=8 * MB)
        assert items == split_parquet(files, target=8 * MB)
        sizes = {part.path: footer.sizes for part, footer in files}
        read = [(part.path, group) for item in items for part in item for group in part.groups]
        assert sorted(read) == sorted((path, n) for path, each in sizes.items() for n in range(len(each)))
        costs = [sum(sizes[part.path][group] for part in item for group in part.groups) for item in items]
        assert max(costs) <= 8 * MB
        assert all(part.first == 10 * part.groups[0] for item in items for part in item if part.groups)
        assert all(max(costs[at + 1 :], default=0) <= cost + 20 * OPENING for at, cost in enumerate(costs))
        without = [part.path for item in items for part in item if not part.groups]
        assert sorted(without) == sorted(path for path, each in sizes.items() if not each)


def test_many_tiny_files_are_few_items_and_not_one():
    files = [(Part(0, str(number)), RawFile(str(number), 10, 0)) for number in range(10_000)]
    assert len(split_text(files[:1000], whole=lambda file: False)) == 1
    assert 4 <= len(split_text(files, whole=lambda file: False)) <= 6


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 199, 200, 201, 999, 1000])
def test_ranges_cover_a_file_without_a_gap(size):
    files = [(Part(1, "a", names=("x", "y")), RawFile("a", size, 0))]
    parts = sorted((part for item in split_text(files, whole=lambda file: False, target=100) for part in item), key=str)
    parts.sort(key=lambda part: part.start)
    assert parts[0].start == 0
    assert parts[-1].stop == -1
    assert all(one.stop == other.start for one, other in pairwise(parts))
    assert len(parts) == max(1, -(-size // 100))
    assert {part.names for part in parts} == {("x", "y")}


def test_records_by_ranges_are_those_of_the_file(tmp_path):
    """By the rule of `Part`: a record is read by the range in which its first byte is."""
    rng = random.Random(3)
    text = b"".join(bytes(rng.choices(b"ab,", k=rng.randrange(40))) + b"\n" for _ in range(300)) + b"torn"
    (tmp_path / "a").write_bytes(text)
    file = RawFile(str(tmp_path / "a"), len(text), 0)
    for target in (1, 2, 7, 64, 1000, len(text), len(text) + 1):
        items = split_text([(Part(0, file.path), file)], whole=is_one_piece, target=target)
        parts = sorted((part for item in items for part in item), key=lambda part: part.start)
        lines = []
        for part in parts:
            with (tmp_path / "a").open("rb") as stream:
                stream.seek(max(part.start - 1, 0))
                if part.start:
                    stream.readline()
                while (part.stop < 0 or stream.tell() < part.stop) and (line := stream.readline()):
                    lines.append(line)
        assert b"".join(lines) == text, target
        assert len(lines) == 301


@pytest.mark.parametrize(
    ("name", "content", "whole", "why"),
    [
        ("a.csv", b"x,y\n" * 100, False, "plain text"),
        ("a.csv.gz", b"x,y\n" * 100, True, "its name says so"),
        ("a.CSV.GZ", b"x,y\n" * 100, True, "however it is written"),
        ("a.csv", gzip.compress(bytes(range(256)) * 9), True, "its first bytes say so"),
        ("a.csv", "x,y\n".encode("utf-16") * 100, True, "a mark of UTF-16"),
        ("a.csv", "\ufeffx,y\n".encode() * 100, False, "that of UTF-8 is none"),
        ("a#b c.zst", b"", True, "an odd name"),
    ],
)
def test_what_cannot_be_read_in_ranges_is_one_piece(tmp_path, name, content, whole, why):
    (tmp_path / name).write_bytes(content)
    file = RawFile(str(tmp_path / name), max(len(content), 200), 0)
    items = split_text([(Part(0, file.path), file)], whole=is_one_piece, target=100)
    assert (items == [(Part(0, file.path),)]) is whole, why


def test_small_files_are_not_opened_for_a_split(tmp_path):
    file = RawFile(str(tmp_path / "gone.csv"), 10, 0)
    assert split_text([(Part(0, file.path), file)], whole=is_one_piece, target=100) == [(Part(0, file.path),)]
    with pytest.raises(StoreError, match="cannot be read"):
        is_one_piece(file)
