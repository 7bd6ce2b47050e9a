"""The answer to a person in a real headless Chromium: it loads nothing, runs nothing, and can be read by everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from strongroom.flows import person, prepare
from support.lakes import install

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]


@pytest.fixture
def page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    place = install(tmp_path / "x", capsys, sample=300)
    for name in ("customers", "reviews"):
        assert place.run(prepare, "--contract", name).code == 0
    (tmp_path / "who").write_text("7\n")
    asked = ("--subject-from", str(tmp_path / "who"), "--set", "principal=user:pia")
    done = place.run(person, "export", "--out", str(tmp_path / "answer"), *asked, "--purpose", "data_subject_request")
    assert done.code == 0, done.err
    return tmp_path / "answer/answer.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_answer_can_be_read(browser: Browser, page: Path, scheme: str) -> None:
    browser.open(page, scheme=scheme, width=1200)
    assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [page.as_uri()]
    assert browser.seen("Log.entryAdded") == []
    assert browser.run("document.querySelectorAll('section.place').length") == 4
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    browser.run((Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8") + ";0")
    assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == []


def test_in_a_narrow_window_nothing_is_cut(browser: Browser, page: Path) -> None:
    browser.open(page, width=400)
    assert browser.run("document.documentElement.scrollWidth") <= 400
