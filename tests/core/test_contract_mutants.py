"""Thousands of broken contracts, each of which must be refused with file and line."""

import random
import re
from pathlib import Path

import pytest

from core.contract_mutants import Mutant, mutants
from strongroom.core.contract_file import load_contract, parse_contract
from strongroom.core.contract_references import reference_problems
from strongroom.core.errors import ConfigError

ROOT = Path(__file__).parents[2]
GOOD = [*sorted((ROOT / "conf" / "contracts").glob("*.yaml")), *sorted((ROOT / "tests" / "contracts").glob("*.yaml"))]
AT_ONCE = 50
KNOWN = [load_contract(str(file)) for file in GOOD]
"""What a contract may refer to; a run loads these from the folder of contracts."""


def _fate(mutant: Mutant) -> str:
    """`refused`, or what went wrong instead; any other error than a ConfigError is a bug and gets out."""
    problems = None
    try:
        problems = list(reference_problems(parse_contract(mutant.text, "c.yaml"), KNOWN)) or None
    except ConfigError as error:
        problems = error.problems
    if problems is None:
        return "accepted"
    return "refused" if all(re.fullmatch(r"c\.yaml:[1-9]\d*", problem.where) for problem in problems) else "no line"


def _survivors(broken: list[Mutant]) -> list[tuple[str, str, str]]:
    fates = ((_fate(mutant), mutant.kind, mutant.place) for mutant in broken)
    return [fate for fate in fates if fate[0] != "refused"]


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_sample_of_broken_contracts_is_refused_with_file_and_line(file):
    broken = mutants(file.read_text(encoding="utf-8"))
    sample = random.Random(file.stem).sample(broken, AT_ONCE)
    assert _survivors(sample) == []


@pytest.mark.slow
@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_every_broken_contract_is_refused_with_file_and_line(file):
    broken = mutants(file.read_text(encoding="utf-8"))
    assert len(broken) >= 500, "a mutation test of a handful proves nothing"
    assert len({mutant.kind for mutant in broken}) >= 50, "of many kinds"
    assert _survivors(broken) == []
