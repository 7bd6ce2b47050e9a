"""Of spans that overlap, each letter belongs to the surest; nothing that was covered is uncovered."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.text.spans import Span, merged


def span(start, end, score, entity="person"):
    return Span(start, end, entity, score, "test")


@pytest.mark.parametrize(
    ("given", "wanted", "why"),
    [
        ([span(5, 9, 0.5), span(0, 3, 0.5)], [(0, 3), (5, 9)], "sorted"),
        ([span(0, 9, 0.9), span(2, 4, 0.5)], [(0, 9)], "the surer one keeps its letters"),
        ([span(0, 9, 0.5), span(2, 4, 0.9)], [(0, 2), (2, 4), (4, 9)], "what is less sure stays covered"),
        ([span(0, 5, 0.5), span(3, 9, 0.5)], [(0, 3), (3, 9)], "of equals the longer keeps"),
        ([span(0, 4, 0.5), span(0, 4, 0.5, "place")], [(0, 4)], "the same place once"),
        ([span(0, 4, 0.5), span(4, 8, 0.5)], [(0, 4), (4, 8)], "neighbours stay two"),
    ],
)
def test_overlaps(given, wanted, why):
    assert [(each.start, each.end) for each in merged(given)] == wanted, why


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from([0.5, 0.7, 0.9]), st.sampled_from(["a", "b"])).map(
        lambda each: Span(each[0], each[0] + each[1], each[3], each[2], "test")
    ),
    max_size=12,
)


@given(SPANS)
def test_the_same_letters_stay_covered_and_each_by_its_surest(spans):
    after = merged(spans)
    assert all(one.end <= two.start for one, two in pairwise(after))
    places = {at for each in spans for at in range(each.start, each.end)}
    best = {at: max(each.score for each in spans if each.start <= at < each.end) for at in places}
    assert {at: each.score for each in after for at in range(each.start, each.end)} == best
