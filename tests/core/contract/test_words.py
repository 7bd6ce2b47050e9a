"""The vocabulary and its page in the docs are one."""

from pathlib import Path

import pytest

from strongroom.core.contract import formats
from strongroom.core.contract.columns import ROLES
from strongroom.core.contract.file import parse_contract
from strongroom.core.contract.head import STATUSES
from strongroom.core.contract.metrics import METRICS
from strongroom.core.contract.operators import OPERATORS
from strongroom.core.contract.protection import METHODS
from strongroom.core.contract.quality import SEVERITIES, UNITS
from strongroom.core.contract.rules import FORMATS
from strongroom.core.contract.vocabulary import CLASSIFICATIONS, CUSTOM, DOCUMENTATION, REFUSED, RUN

PAGE = (Path(__file__).parents[3] / "docs" / "contract.md").read_text(encoding="utf-8")
VOCABULARY = {
    "classifications": CLASSIFICATIONS,
    "roles": ROLES,
    "statuses": STATUSES,
    "metrics": METRICS,
    "arguments": [name for names in METRICS.values() for name in names],
    "operators": OPERATORS,
    "methods": METHODS,
    "options of methods": [name for method in METHODS.values() for name in method.options],
    "severities": SEVERITIES,
    "units": UNITS,
    "formats": FORMATS,
    "sources": formats.FORMATS,
    "options of sources": [name for each in formats.FORMATS.values() for name in each.options],
    "custom properties": [name for names in CUSTOM.values() for name in names],
    "documentation": [name for names in DOCUMENTATION.values() for name in names],
}


@pytest.mark.parametrize("kind", VOCABULARY)
def test_every_word_is_in_the_reference(kind):
    assert [word for word in VOCABULARY[kind] if word not in PAGE] == []


def test_the_contract_of_the_reference_is_sound():
    text = PAGE.partition("```yaml conf/contracts/visits.yaml\n")[2].partition("```")[0]
    assert parse_contract(text, "docs/contract.md").name == "visits"


@pytest.mark.parametrize("kind", RUN)
def test_a_field_is_run_or_documentation_or_refused_and_never_two_of_these(kind):
    run, documentation, refused = set(RUN[kind]), set(DOCUMENTATION[kind]), set(REFUSED.get(kind, ()))
    assert not run & documentation
    assert not run & refused
    assert not documentation & refused
