import pyarrow as pa
import pyarrow.compute as pc
import pytest

from strongroom.core.contract.rules import check_pattern
from strongroom.core.contract.vocabulary import Findings
from strongroom.core.yaml import Node

PATTERNS = [
    r"^[^@\s]+@[^@\s]+$", r"\d{4}", r"\bfoo\b", r"(?:a|b)", r"\++", r"\\1", r"[^\]]+", r"[(?=]", r"a{2,}", r"a{,3}",
    r"(?i)ab", r"(?i:a)", r"(?s).*", r"(?P<n>a)", r"(?<n>a)", r"\pL+", r"\p{Greek}", r"\P{L}", r"[[:alpha:]]+", r"a\z",
    r"\x41", r"\A\t\n$", "", "ü",
    r"(?=a)", r"(?!a)", r"(?<=a)b", r"(?<!a)b", r"(a)\1", r"\k<n>", r"(?P<n>a)(?P=n)", r"a++", r"(?>a)", r"(?(1)a|b)",
    r"a\Z", r"\u0041", r"[\u0041]", r"\N{DASH}", r"(?x) a", r"(?#c)a", r"a{2000}", r"a{1,1001}",
    r"(", r")", r"[a-", r"[z-a]", r"*a", r"a**", r"a|*", "\\", r"\e", r"\ca", r"\8",
]  # fmt: skip
"""Patterns that RE2 takes or does not; RE2 itself is the oracle, in the shape in which Arrow carries it."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_refused_just_when_re2_refuses_it(pattern):
    findings = Findings()
    check_pattern(Node(pattern, "c.yaml", 3), findings)
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
        taken = True
    except pa.ArrowInvalid:
        taken = False
    assert (findings.problems == []) == taken
    assert all(problem.where == "c.yaml:3" for problem in findings.problems)
