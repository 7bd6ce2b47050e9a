"""How much of the files is read, and where."""

import itertools

import pytest

from strongroom.flows.profile.sampling import Sample, bytes_in, groups_of, ranges_of
from strongroom.stores.sources.work_items import Footer

MB = 1 << 20


def test_up_to_the_limit_all_is_read():
    assert ranges_of(Sample(100, 1, limit=100, read=10), 100, whole=False) == [(0, -1)]


@pytest.mark.parametrize("files", [1, 3, 40, 100_000])
def test_above_it_each_file_is_read_from_its_first_byte_to_its_last(files):
    size = 64 * MB
    sample = Sample(size * files, files, limit=MB, read=16 * MB)
    ranges = ranges_of(sample, size, whole=False)
    assert (ranges[0][0], ranges[-1][1]) == (0, -1)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ranges))
    assert bytes_in(sample, size, whole=False) * files <= max(3 * 16 * MB, 3 * files * sample.step)


def test_ranges_are_spread_evenly():
    starts = [start for start, _ in ranges_of(Sample(1024 * MB, 1, limit=MB, read=128 * MB), 1024 * MB, whole=False)]
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert len(starts) == 16
    assert max(gaps) <= 2 * min(gaps)


def test_what_cannot_be_read_in_ranges_is_begun():
    sample = Sample(1024 * MB, 1, limit=MB, read=16 * MB)
    assert ranges_of(sample, 1024 * MB, whole=True) == [(0, -1)]
    assert bytes_in(sample, 1024 * MB, whole=True) == 16 * MB


@pytest.mark.parametrize(
    ("groups", "read", "chosen"),
    [(1, 10, [0]), (10, 200, [0, 9]), (10, 500, [0, 2, 4, 7, 9]), (0, 10, []), (2, 1, [0, 1])],
)
def test_row_groups(groups, read, chosen):
    sample = Sample(1000, 1, limit=10, read=read)
    assert groups_of(sample, Footer((10,) * groups, (100,) * groups, ()), 1000) == chosen
