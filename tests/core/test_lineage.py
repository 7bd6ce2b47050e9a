"""The map of a lake as data: what one finds by walking it."""

import pytest

from strongroom.core.lineage import NOBODY, Edge, LakeMap, Node, Whose

EDGES = [("raw", "a"), ("raw", "q"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def drawn(edges):
    names = dict.fromkeys(name for edge in edges for name in edge)
    nodes = tuple(Node(name, "training", "rows", (), Whose(NOBODY)) for name in names)
    return LakeMap(nodes, tuple(Edge(*edge) for edge in edges))


CASES = [
    # node, above, below, why
    ("raw", (), ("a", "q", "b", "c", "d"), "everything comes from it, near ones first"),
    ("d", ("b", "c", "a", "raw"), (), "two ways lead to one source, which is told once"),
    ("q", ("raw",), (), "not what lies beside it"),
]


@pytest.mark.parametrize(("name", "above", "below", "why"), CASES)
def test_a_walk_reaches_everything_once(name, above, below, why):
    found = drawn(EDGES)
    assert (found.above(name), found.below(name)) == (above, below), why
    around = found.around(name)
    assert {node.name for node in around.nodes} == {name, *above, *below}
    assert all({edge.source, edge.target} <= {node.name for node in around.nodes} for edge in around.edges)


def test_a_circle_ends():
    found = drawn([("a", "b"), ("b", "a"), ("c", "c")])
    assert found.below("a") == ("b",)
    assert found.below("c") == ()


def test_roots_are_what_was_made_from_nothing():
    assert [node.name for node in drawn(EDGES).roots()] == ["raw"]


def test_names_are_compared_as_the_policy_does():
    assert drawn(EDGES).node("RAW").name == "raw"
    assert drawn(EDGES).node("nobody") is None
