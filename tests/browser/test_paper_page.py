"""Papers for authorities, and the front page while an incident is open, in a real headless Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from strongroom.flows import incident, prepare, report
from support.lakes import install

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]


@pytest.fixture
def pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    place = install(tmp_path / "x", capsys, sample=300)
    assert place.run(prepare, "--contract", "reviews").code == 0
    files = [tmp_path / "ropa.html", tmp_path / "dpia.html"]
    assert place.run(report, "ropa", "--out", str(files[0])).code == 0
    assert place.run(report, "dpia", "training.reviews", "--out", str(files[1])).code == 0
    opened = ("open", "--everything", "--reason", "x", "--set", "principal=user:pia")
    assert place.run(incident, *opened).code == 0
    return [*files, place.lake / "reports/index.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_papers_load_nothing_and_can_be_read_and_heard(browser: Browser, pages: list[Path], scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    script = (Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
    for page in pages:
        browser.open(page, scheme=scheme, width=1300)
        assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [page.as_uri()]
        assert browser.seen("Log.entryAdded") == []
        browser.run(script + ";0")
        assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == [], page.name
        browser.picture(page.with_suffix(f".{scheme}.png"))


def test_in_a_narrow_window_no_page_scrolls_sideways(browser: Browser, pages: list[Path]) -> None:
    for page in pages:
        browser.open(page, width=400)
        assert browser.run("document.documentElement.scrollWidth") <= 400, page.name
