"""Patterns of a policy: what they mean, and that no pattern takes long."""

# ruff: noqa: E501 - a case is a line
import random
import re

import pytest

from strongroom.core.names import matcher, means

CASES = [
    # pattern, deny, names that are meant, names that are not, why
    ("training.*", False, ["training.reviews", "training."], ["training.a.b", "raw.reviews", "training"], "a star stays in its part"),
    ("training.*", True, ["training.a.b", "training.é"], ["raw.training"], "in a deny it stands for anything"),
    ("*", False, ["training.reviews"], ["training.é", ""], "alone for every plain name"),
    ("*", True, ["training.é", ""], [], "alone for all"),
    ("*.reviews", False, ["training.reviews"], ["a.b.reviews", "reviews"], "at the beginning"),
    ("t*g.*s", False, ["training.reviews", "tg.s"], ["training.review", "t.g.s"], "in two parts"),
    ("a*b*a", False, ["aba", "axbya", "abba"], ["ab", "aa", "a"], "parts do not share signs"),
    ("a*a", False, ["aa", "aba"], ["a"], "nor do the ends"),
    ("training.é*", False, ["training.é", "training.éa"], ["training.éé", "training.aé"], "no star reaches over a letter that is not plain"),
    ("**", False, ["", "abc"], ["a.b"], "two stars are one"),
    ("a.b*", True, ["a.b", "a.bc"], ["axb"], "a dot is a dot"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "deny", "meant", "others", "why"), CASES)
def test_a_pattern_means(pattern, deny, meant, others, why):
    match = matcher(pattern, deny=deny)
    assert [name for name in [*meant, *others] if means(match, name)] == meant, why


def test_it_means_what_a_regular_expression_would():
    draw = random.Random(5)
    for _ in range(4000):
        pattern = "".join(draw.choice("ab.é*") for _ in range(draw.randint(1, 7)))
        name = "".join(draw.choice("aab.é") for _ in range(draw.randint(0, 9)))
        for deny, star in ((False, "[a-z0-9_-]*"), (True, ".*")):
            if pattern != "*":
                said = re.fullmatch(star.join(map(re.escape, pattern.split("*"))), name) is not None
                assert means(matcher(pattern, deny=deny), name) == said, (pattern, name, deny)


class Counted(str):
    """A text that counts how often it is looked into."""

    looks = 0

    def find(self, *args):
        Counted.looks += 1
        return super().find(*args)


@pytest.mark.parametrize("stars", [1, 5, 40])
def test_a_hostile_pattern_looks_once_for_each_of_its_parts(stars):
    text, pattern = Counted("a" * 100_000), "a*" * stars + "b*c"
    Counted.looks = 0
    assert not means(matcher(pattern, deny=True), text), (
        "a regular expression would try all ways to share the letters out"
    )
    assert Counted.looks <= stars + 1
