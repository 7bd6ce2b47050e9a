"""Sets of tags: a Python set is the oracle."""

import random

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.errors import StoreError
from strongroom.protect import tag_sets


def _tags(count: int, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.randbytes(16) for _ in range(count)]


def _column(values: list[bytes | None], cut: int = 0) -> pa.Array:
    return pa.array([b"\0" * 16] * cut + values, pa.binary()).slice(cut)


@pytest.mark.parametrize("count", [0, 1, 2, 700, 30_000])
@pytest.mark.parametrize("at_once", [1 << 22, 100])
def test_a_file_holds_what_was_given_and_nothing_else(tmp_path, monkeypatch, count, at_once):
    monkeypatch.setattr(tag_sets, "_AT_ONCE", at_once)
    mine, others = _tags(count, 1), _tags(500, 2)
    given = [_column(mine[at : at + 90], cut=3) for at in range(0, count, 90)]
    path = str(tmp_path / "set")
    assert tag_sets.write([*given, *given[:2], _column([None])], path) == count
    assert [each.name for each in tmp_path.iterdir()] == ["set"]
    asked: list[bytes | None] = [*mine, *others, None, *(tag[:8] + b"\7" * 8 for tag in mine[:50])]
    random.Random(3).shuffle(asked)
    want = [tag in set(mine) for tag in asked]
    for found in (tag_sets.mapped(path), tag_sets.tag_set(given)):
        assert len(found) == count
        assert found.holds(_column(asked, cut=2)).tolist() == want


def test_tags_that_begin_alike_are_told_apart():
    same = [b"\xff" * 8 + bytes([last]) * 8 for last in range(9)]
    found = tag_sets.tag_set([_column(same[::2])])
    assert found.holds(_column(same)).tolist() == [True, False] * 4 + [True]
    assert found.holds(_column([])).tolist() == []


def test_a_set_of_an_empty_column():
    found = tag_sets.tag_set([])
    assert found.holds(_column([None, b"\0" * 16])).tolist() == [False, False]


@pytest.mark.parametrize(
    "broken", [lambda raw: raw[:-1], lambda raw: b"", lambda raw: b"X" + raw[1:], lambda raw: raw + b"\0"]
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, broken):
    path = tmp_path / "set"
    tag_sets.write([_column(_tags(10, 1))], str(path))
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(StoreError) as error:
        tag_sets.mapped(str(path))
    assert error.value.code == "tags.unreadable"


def test_a_set_crosses_as_bytes(tmp_path):
    tags = _tags(40, 5)
    path = tmp_path / "set"
    tag_sets.write([_column(tags)], str(path))
    found = tag_sets.of_bytes(np.frombuffer(path.read_bytes(), np.uint8))
    assert found.holds(_column(tags)).all()
