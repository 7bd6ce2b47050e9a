"""The page as text: well-formed, closed to the outside, told to screen readers, and safe against hostile names."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browser.report_demo import DEMOS, EVIL, clean, closed, demo, hostile
from strongroom.core.report import ReasonCount
from strongroom.core.report.columns import LabelBalance, LabelCount
from strongroom.core.report.distribution import Spread, SpreadBin, ValueShare
from strongroom.reports.markup import element, join, name, plain
from strongroom.reports.page.page import page as render_html
from strongroom.reports.page.pictures import histogram
from strongroom.reports.page.style import STYLE

VOID = {"meta", "wbr"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "main", "footer", "nav", "section", "div", "p",
    "ul", "li", "h1", "h2", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "small",
    "strong", "bdi", "wbr", "time", "svg", "rect", "path", "circle", "line", "polyline",
}  # fmt: skip
"""Every element the page is made of: none of them can load or run anything."""


class Page(HTMLParser):
    """What a parser sees: elements, their attributes, text, and whether each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).replace("\u202f", " ").split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.elements if name == tag]


PAGES = {word: render_html(make()) for word, make in DEMOS.items()}


@pytest.mark.parametrize("word", PAGES)
def test_the_page_is_well_formed_and_made_of_harmless_elements(word: str) -> None:
    page = Page(PAGES[word])
    assert {tag for tag, *_ in page.elements} <= TAGS
    for tag, attributes, _ in page.elements:
        assert not [name for name in attributes if name.startswith("on")], f"a handler in {tag}"
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("word", PAGES)
def test_the_page_reaches_for_nothing_outside(word: str) -> None:
    page = Page(PAGES[word])
    links = [
        value for _, attributes, _ in page.elements for name, value in attributes.items() if name in ("href", "src")
    ]
    anchors = {f"#{attributes['id']}" for _, attributes, _ in page.elements if "id" in attributes}
    assert set(links) <= anchors
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    policies = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


@pytest.mark.parametrize("word", PAGES)
def test_the_page_is_told_to_screen_readers(word: str) -> None:
    page = Page(PAGES[word])
    assert page.all("html") == [{"lang": "en"}]
    headings = [tag for tag, *_ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert set(headings) == {"h1", "h2"}
    assert page.elements[[tag for tag, *_ in page.elements].index("a")][1] == {"href": "#main", "class": "skip"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    for svg in page.all("svg"):
        assert svg.get("role") == "img" or svg.get("aria-hidden") == "true", "a picture is either told or decoration"
    told = [path for tag, _, path in page.elements if tag == "title" and path[-1] == "svg"]
    assert len(told) == sum(svg.get("role") == "img" for svg in page.all("svg"))


def test_the_answer_comes_first() -> None:
    page = Page(PAGES["closed"])
    assert page.text.index("the newer run did not pass its gate") < page.text.index("Rows in, rows out")
    assert "Readers keep version 12;" in page.text
    assert "Set rule label.invalidValues: 4.73 %, must be at most 1 %." in page.text


def test_the_figures_are_on_the_page() -> None:
    page = Page(PAGES["demo"])
    for told in (
        "1,000,000",  # rows read
        "994,000 written · 99.40 %",
        "6,000 quarantined · 0.60 %",
        "2,961 0.30 %",  # the rule broken most
        "Every row keeps 6 rules:",
        "before 57.1 % 571,300",  # a label
        "before 40.2 % 402,000 after column dropped",
        "up from 2,458; highest 23,148 on 2026-02-14",
        "Keyed hash, 128 bits",
        "person/3",
        "4 of 5 personal columns protected; 1 kept as it is",
        "413 MB",
        "5d1c" * 16,
    ):
        assert told.replace(" ", "") in page.text.replace(" ", ""), told


def test_distributions_are_drawn_and_told() -> None:
    page = Page(PAGES["demo"])
    told = (
        "stars: values from -1 to 11, half of them from 3 to 5; most, 40.8 %, at 5",
        "android 7.2 48.1 % , before 50.2 %",
        "this run · what readers had before it",
        "about 998,214 ± 3.3 % about 4,011,000 in the table",
    )
    for words in told:
        assert words.replace(" ", "") in page.text.replace(" ", ""), words
    pictures = [svg for svg in page.all("svg") if svg.get("class") == "spread"]
    assert len(pictures) == 3
    outlines = [path for path in page.all("path") if path.get("class") == "outline"]
    assert len(outlines) == 2 + 1, "the lengths, the stars and the dates have a past"
    first = tuple(dataclasses.replace(column, spread=_without_past(column.spread), top=()) for column in demo().columns)
    alone = Page(render_html(dataclasses.replace(demo(), columns=first)))
    assert "what readers had before" not in alone.text
    assert not [path for path in alone.all("path") if path.get("class") == "outline"]


def _tree(page: Page, name: str) -> list[tuple[str, ...]]:
    """Where elements of a class stand."""
    return [path for _, attributes, path in page.elements if name in str(attributes.get("class")).split()]


@pytest.mark.parametrize("word", PAGES)
def test_every_cell_names_its_heading_for_a_narrow_window(word: str) -> None:
    page = Page(PAGES[word])
    assert all("data-head" in cell for cell in page.all("td"))
    assert "content: attr(data-head)" in STYLE


def test_every_picture_has_a_scale_from_zero() -> None:
    page = Page(PAGES["demo"])
    assert len(_tree(page, "scale")) == len(_tree(page, "spread")) + len(_tree(page, "spark")) == 3 + 4
    assert "int40.8 %0" in page.text, "the fullest bin of the stars"
    assert "Rule failures23,1480" in page.text


def test_nothing_is_drawn_twice() -> None:
    label = dataclasses.replace(demo().columns[-2], top=(ValueShare("positive", 0.5, 0.5),))
    assert label.path == "label"
    columns = (*demo().columns[:-2], label, demo().columns[-1])
    page = Page(render_html(dataclasses.replace(demo(), columns=columns)))
    assert page.text.count("most frequent values") == 1, "the label's shares stand in its own section"
    told = page.text.partition("Quarantine by reason")[2].partition("Label before and after")[0]
    assert "7 reasons are drawn above" in told
    assert "line does not parse" in told
    assert "email.pattern" not in told
    alone = Page(render_html(dataclasses.replace(demo(), rules=())))
    assert "email.pattern" in alone.text.partition("Quarantine by reason")[2], "but no reason is lost"


def test_a_column_of_one_value_is_told_in_words() -> None:
    same = dataclasses.replace(demo().columns[-2], spread=Spread("lengths", (SpreadBin("8", "8", 1.0, None),)))
    page = Page(render_html(dataclasses.replace(demo(), columns=(same,), label=None)))
    assert "always 8" in page.text
    assert not _tree(page, "spread")


def test_who_may_read_stands_with_its_end_and_its_limits() -> None:
    page = Page(PAGES["demo"])
    told = page.text.partition("Who may read it")[2].partition("Columns in numbers")[0]
    for words in (
        "data_scientist", "2027-06-30", "10 of 11 not email", "user_id as nothing (null)", "where label <> 'neutral'",
        "ml_engineer", "model_training or evaluation", "no end", "all 11", "by files of the role's own",
    ):  # fmt: skip
        assert words.replace(" ", "") in told.replace(" ", ""), words
    assert "Who may read it" not in Page(PAGES["empty"]).text


def _without_past(spread: Spread | None) -> Spread | None:
    if spread is None:
        return None
    return dataclasses.replace(spread, bins=tuple(dataclasses.replace(one, before=None) for one in spread.bins))


@pytest.mark.whole
def test_two_hundred_columns_with_pictures_fit_uncut() -> None:
    drawn = [column for column in demo().columns if column.spread or column.top]
    columns = tuple(dataclasses.replace(drawn[place % 4], path=f"column_{place}") for place in range(200))
    text = render_html(dataclasses.replace(demo(), columns=columns, label=None))
    assert len(text.encode()) < 1_000_000
    assert "more are in the JSON file" not in Page(text).text
    assert "column_199: values" in text


def test_sections_without_facts_are_left_out() -> None:
    page = Page(PAGES["clean"])
    assert "Quarantine by reason" not in page.text
    assert "Over the last runs" not in page.text
    bare = dataclasses.replace(
        clean(), columns=(), rules=(), set_rules=(), label=None, sources=(), readers=(), quarantine_limit=None
    )
    assert [a["href"] for a in Page(render_html(bare)).all("a")] == ["#main", "#rows", "#origin"]


def test_a_label_with_many_values_keeps_its_shares_when_cut() -> None:
    values = tuple(LabelCount(f"v{place}", 100, 100) for place in range(1000))
    text = Page(render_html(dataclasses.replace(demo(), label=LabelBalance("label", values)))).text.replace(" ", "")
    assert "v0before0.10%100after0.10%100" in text
    assert "500moreareintheJSONfile" in text


def test_bounds_of_personal_columns_are_withheld_and_said_so() -> None:
    assert Page(PAGES["demo"]).text.count("withheld") == 3 * 5


def test_what_nobody_measured_has_no_column() -> None:
    columns = tuple(dataclasses.replace(column, distinct=None, empty=None) for column in demo().columns)
    text = Page(render_html(dataclasses.replace(demo(), columns=columns))).text
    assert "NullsEmptyDifferentSmallest" in Page(PAGES["demo"]).text
    assert "NullsSmallest" in text
    assert "Empty" not in text
    assert "Smallest" in text


def test_rows_behind_a_closed_gate_are_accounted_for() -> None:
    text = Page(PAGES["closed"]).text
    assert "952,690passed, held back by the gate · 95.3 %" in text
    assert "after12.4 %118,120" in text, "nulls after are a share of the rows that passed, though none was written"
    lost = dataclasses.replace(demo(), written=990_000)
    assert "4,000not accounted for · 0.40 %" in Page(render_html(lost)).text


def test_hostile_names_stay_text() -> None:
    page = Page(PAGES["hostile"])
    shown = "</style><script>alert('x')</script>\"'><img src=x onerror=alert(1)>&amp;‹U+202E›‹U+0000›‹U+D800›‹U+2028›"
    assert shown in page.text
    assert page.text.count(shown) > 30
    for sign in "\x00\u202e\u2028":
        assert sign in EVIL
        assert sign not in PAGES["hostile"]
    PAGES["hostile"].encode("utf-8")
    assert "W" * 401 not in PAGES["hostile"]


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_as_text(text: str) -> None:
    page = Page(join(element("p", text, title=text), name(text)))
    assert [tag for tag, *_ in page.elements if tag != "wbr"] == ["p", "bdi"]
    assert page.all("p") == [{"title": plain(text)}]
    assert "".join(page.words) == plain(text) + plain(text, longest=120)


@pytest.mark.whole
@pytest.mark.parametrize(
    "report", [hostile(times=1000, length=200), dataclasses.replace(closed(), reasons=(ReasonCount("r", 1),) * 9000)]
)
def test_the_page_stays_under_a_megabyte(report) -> None:
    text = render_html(report)
    assert len(text.encode()) < 1_000_000
    assert "more are in the JSON file" in Page(text).text


def test_nothing_read_makes_no_picture_and_no_error() -> None:
    empty = dataclasses.replace(clean(), read=0, written=0, status="unchanged", label=None)
    assert "No rows were read." in Page(render_html(empty)).text


def _palettes() -> list[dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.S)
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in blocks)
    return [light, {**light, **dark}]


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_colours_have_the_contrast_that_accessibility_asks_for(palette: dict[str, str]) -> None:
    def contrast(one: str, two: str) -> float:
        high, low = sorted((_luminance(palette[one]), _luminance(palette[two])), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for text in ("ink", "soft", "good", "bad", "care"):
        for ground in ("paper", "sheet"):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for shape in ("good", "bad", "care", "idle", "before", "after"):
        for ground in ("paper", "track"):
            assert contrast(shape, ground) >= 3, (shape, ground)


def test_a_picture_keeps_all_its_points_however_many():
    picture = histogram([1 / 30] * 30, [1 / 30] * 30, title="thirty bins")
    bars, outline = re.findall(r' d="([^"]*)"', picture)
    assert bars.count("M") == 30
    assert outline.count("H") == 30
    assert re.fullmatch(r"[MVHz0-9. ]+", bars + outline)
