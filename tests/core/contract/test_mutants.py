"""Thousands of broken contracts, each of which must be refused with file and line."""

import random
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from core.contract.mutants import Mutant, mutants
from strongroom import run_job
from strongroom.core.contract.file import load_contract, parse_contract
from strongroom.core.contract.references import reference_problems
from strongroom.core.errors import ConfigError
from strongroom.flows import check

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "conf/contracts", ROOT / "tests/contracts", ROOT / "tests/contracts/planted"]
GOOD = [file for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))]
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


@pytest.mark.whole
@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_sample_of_broken_contracts_is_refused_with_file_and_line(file):
    broken = mutants(file.read_text(encoding="utf-8"))
    sample = random.Random(file.stem).sample(broken, AT_ONCE)
    assert _survivors(sample) == []


@pytest.mark.whole
@pytest.mark.parametrize("size", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_the_command_refuses_a_sample_of_broken_contracts_with_its_exit_code(size, tmp_path, monkeypatch, capsys):
    """All of them beside the good ones, as they would lie in a folder: exit 3 and file:line, and never 0."""
    for file in GOOD:
        shutil.copy(file, tmp_path)
    rng, codes, silent = random.Random(2026), Counter(), []
    broken = [mutant for file in GOOD for mutant in mutants(file.read_text(encoding="utf-8"))]
    monkeypatch.chdir(tmp_path)
    for mutant in rng.sample(broken, size):
        Path("broken.yml").write_text(mutant.text, encoding="utf-8", errors="surrogatepass")
        code = run_job.run(check, ["broken.yml"])
        out, err = capsys.readouterr()
        codes[code] += 1
        if code != 3 or not re.search(r"broken\.yml:[1-9]", err) or "Traceback" in err + out:
            silent.append((code, mutant.kind, mutant.place, err[-300:]))
    assert codes[0] == 0
    assert len(silent) <= size // 100, silent


@pytest.mark.slow
@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_every_broken_contract_is_refused_with_file_and_line(file):
    broken = mutants(file.read_text(encoding="utf-8"))
    assert len(broken) >= 300, "a mutation test of a handful proves nothing"
    assert len({mutant.kind for mutant in broken}) >= 40, "of many kinds"
    assert _survivors(broken) == []
