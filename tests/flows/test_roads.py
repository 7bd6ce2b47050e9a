"""Whatever road rows take, the same ones arrive: good and set aside, with the same reasons, places and bytes."""

from __future__ import annotations

import os

import pytest

from flows import roads
from flows.odd_files import drawn

SEEDS = range(max(1, int(os.environ.get("STRONGROOM_FUZZ", "1000")) // 500))


def lay(place, cases):
    for case in cases:
        (place.root / "contracts" / f"{case.name}.yaml").write_text(case.contract)
        case.write(place.lake / "raw" / case.name)


def outcomes(place, cases, road, monkeypatch, capsys, *, split=0):
    """What comes of each case on a road, by its name."""
    with monkeypatch.context() as patch:
        roads.force(patch, road, split=split)
        mine, found = roads.copied(place, f"{road} {split}", capsys), {}
        for case in cases:
            done = roads.run(mine, case.name, road)
            assert done.code == case.code, (case.name, road, done.err)
            found[case.name] = roads.came(mine, case.name, done)
        return found


def compared(first, second, road):
    for name, came in first.items():
        other = second[name]
        assert (other.code, other.where, other.counts) == (came.code, came.where, came.counts), (name, road)
        assert other.good - came.good == came.good - other.good, (name, road)
        assert {"less": came.aside - other.aside, "more": other.aside - came.aside} == {"less": {}, "more": {}}, (
            name,
            road,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_of_whatever_size_give_the_same(tmp_path, capsys, monkeypatch, seed):
    cases = drawn(seed)
    place = roads.installed(tmp_path / "made", capsys)
    lay(place, cases)
    whole = outcomes(place, cases, "local", monkeypatch, capsys)
    assert sum(sum(came.aside.values()) for came in whole.values()) > 50
    assert sum(sum(came.good.values()) for came in whole.values()) > 100
    for split in (200, 700):
        compared(whole, outcomes(place, cases, "local", monkeypatch, capsys, split=split), split)
