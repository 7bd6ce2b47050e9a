"""The report in a real headless Chromium: light and dark, wide and narrow, on paper, hostile, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from browser.report_demo import DEMOS
from strongroom.reports.page.page import page as render_html

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]

WINDOWS = [(1100, "light"), (1100, "dark"), (400, "light"), (400, "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for word, make in DEMOS.items():
        (folder / f"{word}.html").write_text(render_html(make()), encoding="utf-8")
    return folder


@pytest.mark.parametrize("word", DEMOS)
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_the_page_fits_loads_nothing_and_runs_nothing(browser, folder, word, width, scheme) -> None:
    file = folder / f"{word}.html"
    browser.open(file, width=width, scheme=scheme)
    assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [file.as_uri()]
    assert browser.seen("Log.entryAdded") == [], "a violation of the page's own policy would stand here"
    assert browser.seen("Page.javascriptDialogOpening") == []
    assert browser.run("document.scripts.length + document.images.length + document.links.length") == browser.run(
        "document.querySelectorAll('a[href^=\"#\"]').length"
    )
    assert browser.run("document.documentElement.scrollWidth <= innerWidth"), "only tables may scroll sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colour_scheme(browser, folder, scheme) -> None:
    browser.open(folder / "demo.html", scheme=scheme)
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(253, 253, 251)", "dark": "rgb(21, 24, 27)"}[scheme]


def test_paper_is_light_even_from_a_dark_screen(browser, folder) -> None:
    browser.open(folder / "demo.html", scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.body).color") == "rgb(28, 33, 38)"
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    paper = browser.pdf()
    assert paper.startswith(b"%PDF-")
    assert 3 <= paper.count(b"/Type /Page\n") <= 9


def test_the_keyboard_reaches_the_figures_first(browser, folder) -> None:
    browser.open(folder / "demo.html")
    key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    browser.ask("Input.dispatchKeyEvent", type="keyDown", **key)
    browser.ask("Input.dispatchKeyEvent", type="keyUp", **key)
    assert browser.run("document.activeElement.textContent") == "Skip to the figures"
    assert browser.run("document.activeElement.getBoundingClientRect().left >= 0"), "visible once it has the focus"


def test_screen_readers_are_told_pictures_and_tables(browser, folder) -> None:
    browser.open(folder / "demo.html")
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", "").replace("\u202f", " "))
        for node in nodes
        if not node["ignored"]
    ]
    images = [name for role, name in told if role in ("image", "img")]
    assert "1,000,000 rows read: 994,000 written (99.40 %), 6,000 quarantined (0.60 %)" in images
    assert "Rule failures over 13 runs" in images
    assert "stars: values from -1 to 11, half of them from 3 to 5; most, 40.8 %, at 5" in images
    assert all(images)
    tables = [name for role, name in told if role == "table"]
    assert "Rows that break a rule" in tables
    assert all(tables)
    assert ("heading", "training.reviews") in told


def test_hostile_text_is_shown_and_not_obeyed(browser, folder) -> None:
    browser.open(folder / "hostile.html")
    assert browser.run("document.querySelector('h1').textContent").startswith("</style><script>alert('x')</script>")
    assert browser.run("document.querySelectorAll('script, img, iframe, object, [onerror]').length") == 0
    assert browser.run("document.querySelectorAll('style').length") == 1


@pytest.mark.parametrize("word", DEMOS)
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_axe_finds_nothing(browser, folder, word, width, scheme) -> None:
    axe = pytest.importorskip("axe_core_python", reason="NOT TESTED WITH AXE: pip install axe-core-python")
    source = (Path(axe.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
    browser.open(folder / f"{word}.html", width=width, scheme=scheme)
    browser.run(f"{source};0")
    assert browser.run("axe.run().then(found => found.violations.map(rule => rule.id))") == []
