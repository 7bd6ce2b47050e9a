"""Report, front page and access matrix on a telephone and on a wide screen: nothing scrolls sideways, no text is cut.

Each page is made with names in other scripts, long names, sixty columns, twenty roles, hundreds of runs, and nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from browser.report_demo import DEMOS, NAMES
from strongroom.core.report.front import FrontPage, PastState, Reader, TableState
from strongroom.flows.access import matrix_page
from strongroom.govern.review.matrix import ActionView, ShownPart
from strongroom.reports.page.front import page as front_page
from strongroom.reports.page.page import page as report_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CUT = """(() => {
  const found = [], seen = node => { for (let at = node; at && at.matches; at = at.parentElement)
    if (at.matches('.unseen, .skip, script, style, title') ||
        (at.matches('thead') && getComputedStyle(at).position === 'absolute')) return false; return true; };
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
  for (const box of document.querySelectorAll('body *'))
    if (seen(box) && box.namespaceURI.endsWith('xhtml') && getComputedStyle(box).overflowX !== 'visible'
        && box.scrollWidth > box.clientWidth) found.push('scrolls: ' + box.getAttribute('aria-label'));
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.data.trim() || !seen(text.parentElement)) continue;
    let block = text.parentElement;
    while (getComputedStyle(block).display === 'inline') block = block.parentElement;
    const around = block.getBoundingClientRect();
    range.selectNodeContents(text);
    for (const place of range.getClientRects())
      if (place.left < Math.max(0, around.left) - 1 || place.right > Math.min(innerWidth, around.right) + 1) {
        found.push('cut: ' + text.data.trim().slice(0, 40)); break; }
  }
  return found.slice(0, 5);
})()"""
"""What scrolls sideways, and the texts that stand beyond the box they are in or beyond the window."""


def front(tables: int) -> FrontPage:
    """So many tables, each with hundreds of runs and twenty roles for three purposes."""
    runs = tuple(PastState(f"r{place}", NOW, "gate closed" if place % 3 else "done", "a.html") for place in range(300))
    readers = tuple(
        Reader(f"{NAMES[place % len(NAMES)]}{place}", purpose, None if place % 2 else NOW)
        for place in range(20) for purpose in NAMES[:3]
    )  # fmt: skip
    zones = ("training", "features", "projected", "revealed")
    return FrontPage(
        tuple(
            TableState(f"{zones[at % 4]}.{NAMES[at % len(NAMES)]}{at}", runs, at, runs[0], 12_345_678_901, at, readers)
            for at in range(tables)
        ),
        NOW,
    )


def matrix(roles: int) -> str:
    """So many roles, each with sixty columns of a table in two ways."""
    columns = tuple(f"{NAMES[place % len(NAMES)]}{place}" for place in range(60))
    views = [
        ActionView(
            f"training.{NAMES[at % len(NAMES)]}",
            (ShownPart(columns, "in clear and token", f"{NAMES[3]} = 1", "2027-06-30"),
             ShownPart(columns[:1], "masked", "", "")),
            tuple((f"user:{NAMES[at % len(NAMES)]}{place}", NAMES[at % 4]) for place in range(5)),
            (f"/a/b/{NAMES[3]}.yaml:{at}",), "cryptographic", "reveal", (f"{NAMES[at % len(NAMES)]}{at}",),
        )
        for at in range(roles)
    ]  # fmt: skip
    return matrix_page.page(views, policy="0" * 16, at=NOW, notes=[f"Not made yet: {', '.join(NAMES)}."])


PAGES = {
    **{f"report {word}": (lambda make=make: report_page(make())) for word, make in DEMOS.items()},
    "front many": lambda: front_page(front(12)),
    "front none": lambda: front_page(front(0)),
    "matrix many": lambda: matrix(20),
    "matrix none": lambda: matrix(0),
}


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("word", PAGES)
def test_nothing_is_cut_and_nothing_scrolls_sideways(browser: Browser, tmp_path: Path, word: str, width: int) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGES[word](), encoding="utf-8")
    browser.open(file, width=width)
    browser.picture(file.with_suffix(".png"))
    assert browser.run(CUT) == []


def test_a_long_list_of_columns_opens(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(matrix(20), encoding="utf-8")
    browser.open(file, width=400)
    assert browser.run("document.querySelectorAll('details').length") == 20
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run(CUT) == []
    assert browser.run("document.querySelector('details').innerText").count(NAMES[0]) == 10


@pytest.mark.parametrize("word", ["front many", "matrix many"])
@pytest.mark.parametrize("width", [400, 1200])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, word: str, width: int) -> None:
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    file = tmp_path / "page.html"
    file.write_text(PAGES[word](), encoding="utf-8")
    browser.open(file, width=width)
    browser.run((Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8") + ";0")
    assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == []


def test_a_table_is_told_as_one_in_a_narrow_window_too(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(report_page(DEMOS["demo"]()), encoding="utf-8")
    browser.open(file, width=400)
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert roles.count("table") == browser.run("document.querySelectorAll('table').length")
    assert roles.count("rowheader") > 10
