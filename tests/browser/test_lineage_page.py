"""The map of a lake in a real headless Chromium: it loads nothing, can be read by day, by night and aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from strongroom.flows import lineage, prepare
from support.derived_tables import derive, model
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
    derive(place, "features.reviews")
    model(place)
    file = tmp_path / "map.html"
    assert place.run(lineage, "--html", str(file)).code == 0
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_can_be_read(browser: Browser, page: Path, scheme: str) -> None:
    browser.open(page, scheme=scheme, width=1400)
    assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [page.as_uri()]
    assert browser.seen("Log.entryAdded") == []
    inside = """[...document.querySelectorAll('.map g')].every(box => {
      const frame = box.querySelector('rect').getBoundingClientRect();
      return [...box.querySelectorAll('text')].every(text => text.getBoundingClientRect().right <= frame.right)})"""
    assert browser.run(inside), "no name runs out of its box"
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(253, 253, 251)", "dark": "rgb(21, 24, 27)"}[scheme]
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    browser.run((Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8") + ";0")
    assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == []
    browser.picture(page.with_suffix(".png"))


def test_in_a_narrow_window_the_picture_scrolls_and_the_page_does_not(browser: Browser, page: Path) -> None:
    browser.open(page, width=400)
    assert browser.run("document.documentElement.scrollWidth") <= 400
    assert browser.run("document.querySelector('.wide').scrollWidth") > 400
