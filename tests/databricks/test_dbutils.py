"""What a notebook finds around it when it is not on Databricks, and the page its output becomes."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from strongroom.core.errors import KeyFault, UsageError
from strongroom.core.run import Run
from strongroom.databricks.dbutils import SHOWN, Dbutils, Html, Picture, Screen, Table
from strongroom.databricks.format import Cell
from strongroom.databricks.page import Page, markdown, render_page, write_page

RUN = Run("20260101T000000-000000", "notebook", "user:ada", "model_training", datetime(2026, 1, 1, tzinfo=UTC))


def screen_of(dbutils=None):
    screen = Screen((dbutils or Dbutils({})).secrets)
    screen.next_cell()
    return screen


def test_a_widget_is_what_was_given_or_its_default():
    widgets = Dbutils({"a": "given"}).widgets
    widgets.text("a", "default", "Label")
    widgets.text(name="b", defaultValue="default", label="Label")
    widgets.dropdown("c", "x", ["x", "y"])
    assert [widgets.get(name) for name in "abc"] == ["given", "default", "x"]


@pytest.mark.parametrize(
    ("use", "words", "why"),
    [
        (lambda d: d.widgets.get("mode"), "no widget 'mode'", "not made yet"),
        (lambda d: d.widgets.dropdown("mode", "x", ["x", "append"]), "Did you mean 'append'", "not a choice"),
        (lambda d: d.fs, "dbutils.fs is on Databricks only", "the rest of dbutils"),
        (lambda d: d.secrets.get("team", "kek"), "Set STRONGROOM_SECRET_TEAM_KEK", "no such secret"),
    ],
)
def test_what_is_not_there_says_so(use, words, why):
    with pytest.raises((UsageError, KeyFault), match=re.escape(words)):
        use(Dbutils({"mode": "apend"}))


def test_a_secret_never_reaches_the_page(monkeypatch):
    monkeypatch.setenv("STRONGROOM_SECRET_MY_SCOPE_KEY", "hunter2")
    dbutils = Dbutils({})
    screen = screen_of(dbutils)
    assert dbutils.secrets.get("my-scope", "key") == "hunter2"
    print("it is hun", end="", file=screen)
    print("ter2!", file=screen)
    screen.display(pd.DataFrame({"a": ["hunter2"]}))
    screen.display_html("<b>hunter2</b>")
    print("hunter2", end="", file=screen)
    screen.end_cell()
    assert screen.cells == [
        ["it is [REDACTED]!\n", Table(("a",), (("[REDACTED]",),), (False,)), Html("<b>[REDACTED]</b>"), "[REDACTED]"]
    ]


def test_a_table_is_shown_as_text_and_cut():
    screen = screen_of()
    when = datetime(2026, 1, 2, 3, 4, 5, 678)
    screen.display(pd.DataFrame({"n": [1234, 5], "x": [0.5, 12345.6], "b": [b"abc", b""], "t": [when, None]}))
    screen.display(pd.DataFrame({"n": [Decimal("1234.50")] * (SHOWN + 1)}))
    table, cut = screen.cells[0]
    assert table.rows == (("1,234", "0.5", "3 B", "2026-01-02 03:04:05"), ("5", "12,346", "0 B", ""))
    assert table.figures == (True, True, False, False)
    assert (len(cut.rows), cut.cut, table.cut) == (SHOWN, True, False)
    assert (cut.rows[0], cut.figures) == (("1,234.50",), (True,)), "a decimal keeps its places"


def test_figures_become_pictures_once():
    from matplotlib import pyplot

    mpl.use("agg")
    screen = screen_of()
    figure = Figure()
    figure.suptitle("Mine")
    screen.display(figure)
    shown = pyplot.figure()
    screen.display(shown)
    pyplot.figure().add_subplot().set_title("Left open")
    screen.end_cell()
    assert [(type(output), output.title) for output in screen.cells[0]] == [
        (Picture, "Mine"), (Picture, "A figure"), (Picture, "Left open"),
    ]  # fmt: skip
    assert all(output.png.startswith(b"\x89PNG") for output in screen.cells[0])
    assert pyplot.get_fignums() == []


def test_whatever_can_say_itself_as_html_does():
    class Model:
        def _repr_html_(self):
            return "<i>model</i>"

    screen = screen_of()
    screen.display(Model())
    screen.display(3)
    screen.end_cell()
    assert screen.cells == [[Html("<i>model</i>"), "3\n"]]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A\ntext `x < y` **so**", "<h1>A</h1><p>text <code>x &lt; y</code> <strong>so</strong></p>"),
        ("- one\n  more\n- two", "<ul><li>one more</li><li>two</li></ul>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("#no heading", "<p>#no heading</p>"),
    ],
)
def test_markdown(text, html):
    assert markdown(text) == html


def test_the_page_is_for_its_owner_loads_nothing_and_shows_what_was_shown(tmp_path):
    cells = (Cell("markdown", "# Title", 2), Cell("python", "a < b\n", 5, "Step"), Cell("python", "never()\n", 9))
    outputs = (
        (),
        ("<b>&\n", Table(("<h>",), (("<v>",),), (True,), cut=True), Picture(b"\x89PNG", '"t"'), Html("<hr>")),
    )
    file = tmp_path / "deep" / "page.html"
    write_page(Page(RUN, "notebooks/n.py", cells, outputs, error="n.py:6: it stopped"), file)
    text = file.read_text()
    for piece in ("<h1>Title</h1>", "a &lt; b", "&lt;b&gt;&amp;", "&lt;v&gt;", "first 100 rows", 'alt="&quot;t&quot;"'):
        assert piece in text
    assert "<hr>" in text
    assert "n.py:6: it stopped" in text
    assert "never()" not in text
    assert (file.stat().st_mode & 0o777, [path.name for path in file.parent.iterdir()]) == (0o600, ["page.html"])
    assert "default-src 'none'" in text
    assert not re.search(r"(?i)<script|src=\"(?!data:)|https?://|url\(", text)


def test_a_long_text_is_cut():
    page = render_page(Page(RUN, "n.py", (Cell("python", "x\n", 2),), (("line\n" * 5_000,),)))
    assert page.count("line\n") == 2_000
    assert "3,000 more lines" in page
