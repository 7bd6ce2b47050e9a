"""The map as a page: every box right of all it was made from, no two on one place, and names that do nothing."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from strongroom.core.errors import Problem
from strongroom.core.lineage import NOBODY, PEOPLE, UNKNOWN, Edge, LakeMap, Made, Node, Whose
from strongroom.reports.page.lineage import page

AT = datetime(2026, 3, 4, tzinfo=UTC)


def node(name, answer=NOBODY):
    return Node(
        name, "training", "rows", (), Whose(answer, "user_id", ("domain", "person"), "_subject"), Made("train"), 2
    )


def drawn(*edges, gaps=()):
    names = dict.fromkeys(name for edge in edges for name in edge)
    return LakeMap(tuple(map(node, names)), tuple(Edge(*edge, 1) for edge in edges), tuple(gaps))


class Boxes(HTMLParser):
    """Title → left and top of each box, and the tags of the page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.boxes, self.title, self.open = [], {}, "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "rect":
            self.boxes[self.title.partition(":")[0]] = int(dict(attributes)["x"]), int(dict(attributes)["y"])

    def handle_endtag(self, tag):
        self.open = self.open[:-1]

    def handle_data(self, data):
        if self.open and self.open[-1] == "title":
            self.title = data


MAPS = [
    (("a", "b"), ("b", "c"), ("a", "c")),
    (("a", "d"), ("b", "d"), ("c", "d"), ("d", "e"), ("a", "e")),
    tuple((f"s{number % 7}", f"t{number}") for number in range(40)),
]


@pytest.mark.parametrize("edges", MAPS)
def test_each_box_is_right_of_what_it_was_made_from_and_no_two_lie_on_each_other(edges):
    boxes = Boxes(page(drawn(*edges), of="", at=AT)).boxes
    assert boxes.keys() == {name for edge in edges for name in edge}
    assert all(boxes[source][0] < boxes[target][0] for source, target in edges)
    places = sorted(boxes.values())
    assert all(one[0] != two[0] or two[1] - one[1] >= 50 for one, two in pairwise(places))


def test_a_circle_is_drawn_and_ends():
    assert Boxes(page(drawn(("a", "b"), ("b", "a")), of="a", at=AT)).boxes.keys() == {"a", "b"}


def test_whose_rows_are_is_told_in_words_and_frames():
    nodes = (node("a", PEOPLE), node("b"), node("c", UNKNOWN))
    text = page(LakeMap(nodes, (Edge("a", "b"), Edge("a", "c"))), of="", at=AT)
    assert [text.count(f'<g class="{kind}">') for kind in ("people", "nobody", "unknown")] == [1, 1, 1]
    for words in ("of user_id, tag _subject", "nobody&#x27;s", "nobody can tell whose", "domain person"):
        assert words in text


def test_gaps_stand_there_with_their_codes():
    gap = Problem("it cannot be read", "training.x", "Ask its owner.", "lineage.unread")
    text = page(drawn(("a", "b"), gaps=[gap]), of="", at=AT)
    assert "What the map does not know" in text
    assert "lineage.<wbr>unread" in text
    assert "What the map does not know" not in page(drawn(("a", "b")), of="", at=AT)


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\u202eb", "x" * 5000, "</title></svg>"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_more_than_a_name(name):
    edges = (("a", name), (name, "b"))
    found = page(drawn(*edges, gaps=[Problem(name, name, name, "lineage.unread")]), of=name, at=AT)
    plain = page(drawn(("a", "n"), ("n", "b"), gaps=[Problem("n", "n", "n", "lineage.unread")]), of="n", at=AT)
    count = lambda text: sorted(set(Boxes(text).tags) - {"wbr", "bdi"})  # noqa: E731
    assert count(found) == count(plain)
    assert "\u202e" not in found
    assert not re.search("x{500}", found)
