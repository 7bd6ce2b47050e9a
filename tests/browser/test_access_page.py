"""The access matrix as a page, in a real headless Chromium: what one types is what one finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from strongroom.flows import access
from support.lakes import install

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]
TYPE = """(() => {{
  const field = document.querySelector('input');
  field.value = {text!r};
  field.dispatchEvent(new Event('input'));
  const lines = [...document.querySelectorAll('tbody tr')].map(line => line.innerText);
  return [document.getElementById('count').textContent, lines];
}})()"""


@pytest.fixture
def page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    place = install(tmp_path / "x", capsys)
    file = tmp_path / "who.html"
    assert place.run(access, "matrix", "--out", str(file)).code == 0
    return file


def test_what_one_types_is_what_is_left(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [page.as_uri()]
    assert browser.seen("Log.entryAdded") == []
    whole, lines = browser.run(TYPE.format(text=""))
    assert whole == f"{len(lines)} of {len(lines)}"
    some, found = browser.run(TYPE.format(text="GRACE reviews"))
    assert some == f"{len(found)} of {len(lines)}"
    assert 0 < len(found) < len(lines)
    assert all("user:grace" in line and "training.reviews" in line for line in found)
    assert any("as nothing (null)" in line and "user_id" in line for line in found)
    assert browser.run(TYPE.format(text="grace email")) == [f"0 of {len(lines)}", []], "which she is not given"
    assert browser.run(TYPE.format(text="<b>"))[1] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_day_by_night_and_aloud(browser: Browser, page: Path, scheme: str) -> None:
    browser.open(page, scheme=scheme)
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(253, 253, 251)", "dark": "rgb(21, 24, 27)"}[scheme]
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    browser.run((Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8") + ";0")
    assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == []
    browser.picture(page.with_suffix(".png"))
