"""The rules' verdicts beside datatrove's, on public texts and on pages made of them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.contract.curation import RULES
from strongroom.curation.families import FAMILIES
from strongroom.curation.texts import blocks
from support import corpus

GOLDEN = json.loads((Path(__file__).parent / "datatrove-0.10.1.json").read_text())
pytestmark = pytest.mark.skipif(
    not corpus.there(), reason=f"NO TEXTS in {corpus.DATA}: no verdict is held against theirs"
)


@pytest.fixture(scope="module", params=["documents", "made"])
def texts(request):
    found = getattr(corpus, request.param)()
    assert len(found) == GOLDEN[request.param]["texts"]
    return request.param, found


@pytest.mark.parametrize("family", FAMILIES)
def test_verdicts_are_those_of_datatrove(texts, family):
    name, rows = texts
    mine = np.zeros(len(rows), bool)
    for first, block in blocks(pa.array(rows)):
        for _, beyond in FAMILIES[family](block, RULES[family]):
            mine[first : first + len(block)] |= beyond
    theirs = np.array([bit == "1" for bit in f"{int(GOLDEN[name][family], 16):0{len(rows)}b}"])
    assert 0.02 < theirs.mean() < 0.98, "else agreement would say nothing"
    assert (mine == theirs).mean() >= 0.995
