"""A long list of values in a contract is read in a time that grows as it does."""

from __future__ import annotations

import time

from strongroom.core.contract import Column, Type
from strongroom.core.contract.metrics import _values
from strongroom.core.contract.vocabulary import Findings
from strongroom.core.yaml import parse

MANY = 40_000


def test_many_values_are_looked_at_once_each():
    column = Column("c", "c", Type("string"), line=1)
    node = parse("".join(f"- v{number}\n" for number in range(MANY)) + "- v7\n", "a.yaml")
    findings, before = Findings(), time.process_time()
    values = _values(node, column, findings, null=False)
    assert time.process_time() - before < 3, "each against each takes ten seconds"
    assert values == tuple(f"v{number}" for number in range(MANY))
    assert [problem.what for problem in findings.problems] == ["This value stands here twice."]
