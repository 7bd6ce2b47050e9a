"""Figures of `explore`: what they draw, without Java."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from strongroom.flows.explore import figures


def words(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def test_bars_tell_number_and_share():
    found = pd.DataFrame({"label": ["good", None, "$x$"], "rows": [1500, 400, 100]})
    figure = figures.bars(found, name="label", count="rows", title="Labels")
    shown = words(figure)
    assert {"Labels", "good", "missing", r"\$x\$", "1,500   75.0%", "400   20.0%", "100   5.0%"} <= set(shown)
    assert [patch.get_width() for patch in figure.axes[0].patches] == [1500, 400, 100]


def test_what_is_left_out_is_told():
    found = pd.DataFrame({"n": [f"r{place:02d}" for place in range(25)], "c": range(25)})
    figure = figures.bars(found, name="n", count="c", title="Rules", shares=False)
    assert len(figure.axes[0].patches) == figures.SHOWN
    assert "and 5 more" in words(figure)


def test_an_empty_table_says_so():
    figure = figures.bars(pd.DataFrame({"n": [], "c": []}), name="n", count="c", title="Rules")
    assert "nothing to show" in words(figure)


def test_a_run_behind_a_closed_gate_shows_what_was_held_back():
    found = pd.DataFrame(
        {
            "started": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)],
            "rows_read": [100, 50], "rows_written": [90, 0], "rows_quarantined": [10, 20],
        }
    )  # fmt: skip
    figure = figures.runs(found, title="Runs")
    assert {"written", "quarantined", "held back", "50 read, 20 bad"} <= set(words(figure))
    assert [patch.get_width() for patch in figure.axes[0].patches] == [0, 90, 20, 10, 30, 0], "newest first"
    assert "held back" not in words(figures.runs(found[:1], title="Runs"))


def test_nulls_before_and_after_stand_beside_each_other():
    found = pd.DataFrame({"column": ["a", "b"], "before": [0.5, 0.25], "after": [0.0, 0.1]})
    figure = figures.before_after(found, name="column", title="Nulls")
    assert [patch.get_width() for patch in figure.axes[0].patches] == [0.5, 0.25, 0.0, 0.1]
    assert {"50.00%", "none", "10.00%", "before", "after"} <= set(words(figure))


@pytest.mark.parametrize(
    ("counts", "bins", "edges", "heights", "above", "why"),
    [
        ({}, 4, [0], [0], 0, "nothing at all"),
        ({3: 2}, 4, [0, 1, 2, 3], [0, 0, 0, 2], 0, "one value, at its own place"),
        ({0: 1, 9: 1}, 2, [0, 5], [1, 1], 0, "both ends are in"),
        ({1: 99, 1000: 1}, 2, [0, 1], [0, 99], 1, "one of a hundred does not squeeze the others"),
        ({1: 98, 1000: 2}, 2, [0, 501], [98, 2], 0, "two of a hundred do"),
    ],
)
def test_equal_columns_up_to_the_99th_percentile(counts, bins, edges, heights, above, why):
    assert figures.binned(list(counts), list(counts.values()), bins=bins) == (edges, heights, above), why


def test_a_spread_counts_every_row():
    found = pd.DataFrame({"length": range(200), "rows": [3] * 200})
    figure = figures.spread(found, value="length", count="rows", title="Length", unit="characters")
    assert sum(patch.get_height() for patch in figure.axes[0].patches) == 600
