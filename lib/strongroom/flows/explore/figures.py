"""What `explore` draws: small tables of counts → matplotlib figures, in the colours of the reports.

They are drawn without pyplot, so that nothing is kept open and nothing is shown twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    import pandas as pd

PAPER, INK, SOFT, LINE = "#fdfdfb", "#1c2126", "#59626b", "#dcdcd5"
GOOD, BAD, IDLE = "#0a6ea8", "#b84a00", "#a9afb5"
SHOWN = 20
"""Most bars of one figure; the rest is told in words."""
_WIDTH, _BAR = 8.0, 0.32


def bars(found: pd.DataFrame, *, name: str, count: str, title: str, tone: str = GOOD, shares: bool = True) -> Figure:
    """One bar a line with its number at the end, in the table's order; `shares` adds each one's part of the whole."""
    shown = found.head(SHOWN)
    figure, axes = _sheet(title, lines=max(len(shown), 1))
    counts = [float(value) for value in shown[count]]
    whole = float(found[count].sum()) or 1.0
    axes.barh(range(len(shown)), counts, height=0.62, color=tone)
    for place, value in enumerate(counts):
        words = _number(value) + (f"   {value / whole:.1%}" if shares else "")
        axes.annotate(words, (value, place), (5, 0), textcoords="offset points", va="center", color=SOFT, fontsize=9)
    _names(axes, [_name(value) for value in shown[name]])
    axes.set_xlim(0, max([*counts, 1e-9]) * 1.25)
    return _noted(figure, len(found) - len(shown))


def before_after(found: pd.DataFrame, *, name: str, title: str) -> Figure:
    """Two thin bars a line: the shares (0 to 1) in the columns `before` and `after`."""
    shown = found.head(SHOWN)
    figure, axes = _sheet(title, lines=max(len(shown), 1) * 1.35)
    top = max([*shown["before"], *shown["after"], 1e-9])
    for column, shift, tone in (("before", -0.19, IDLE), ("after", 0.19, GOOD)):
        values = [float(value) for value in shown[column]]
        axes.barh([place + shift for place in range(len(values))], values, height=0.3, color=tone, label=column)
        for place, value in enumerate(values):
            at = (value, place + shift)
            axes.annotate(
                f"{value:.2%}" if value else "none", at, (5, 0), textcoords="offset points", va="center",
                color=SOFT, fontsize=8,
            )  # fmt: skip
    _names(axes, [_name(value) for value in shown[name]])
    axes.set_xlim(0, top * 1.2)
    _legend(figure, axes)
    return _noted(figure, len(found) - len(shown))


def runs(found: pd.DataFrame, *, title: str) -> Figure:
    """One line a run, newest on top: rows written, quarantined, and held back by a closed gate; together those read."""
    shown = found.iloc[::-1].head(SHOWN)
    figure, axes = _sheet(title, lines=max(len(shown), 1))
    held = shown["rows_read"] - shown["rows_written"] - shown["rows_quarantined"]
    parts = [("written", shown["rows_written"], GOOD), ("quarantined", shown["rows_quarantined"], BAD)]
    parts += [("held back", held, IDLE)] if (held > 0).any() else []
    left = [0.0] * len(shown)
    for word, counts, tone in parts:
        values = [float(value) for value in counts]
        axes.barh(range(len(shown)), values, left=left, height=0.62, color=tone, label=word)
        left = [start + value for start, value in zip(left, values, strict=True)]
    for place, (read, bad) in enumerate(zip(shown["rows_read"], shown["rows_quarantined"], strict=True)):
        words = f"{_number(read)} read, {_number(bad)} bad"
        axes.annotate(words, (read, place), (5, 0), textcoords="offset points", va="center", color=SOFT, fontsize=9)
    _names(axes, [f"{when:%Y-%m-%d %H:%M}" for when in shown["started"]])
    axes.set_xlim(0, max([*left, 1e-9]) * 1.35)
    _legend(figure, axes)
    return _noted(figure, len(found) - len(shown))


def spread(found: pd.DataFrame, *, value: str, count: str, title: str, unit: str, bins: int = 40) -> Figure:
    """How values are spread, as columns of equal width up to the 99th percentile; what is larger is told in words."""
    figure, axes = _sheet(title, lines=8)
    edges, heights, above = binned([int(v) for v in found[value]], [int(c) for c in found[count]], bins=bins)
    axes.bar(edges, heights, width=edges[1] - edges[0] if len(edges) > 1 else 1, align="edge", color=GOOD, linewidth=0)
    axes.spines["bottom"].set(visible=True, color=LINE)
    axes.tick_params(axis="x", labelbottom=True, labelsize=9, labelcolor=SOFT, length=0)
    axes.xaxis.set_major_formatter(lambda number, _: _number(number))
    axes.set_yticks([])
    axes.set_xlim(left=0)
    tallest = f"{unit}; the highest column stands for {_number(max(heights, default=0))}"
    axes.set_xlabel(tallest + (f", and {_number(above)} more are beyond the right end" if above else ""), loc="left")
    axes.xaxis.label.set(color=SOFT, fontsize=9)
    return figure


def binned(values: Sequence[int], counts: Sequence[int], *, bins: int) -> tuple[list[int], list[int], int]:
    """Left edges and heights of equal columns from 0 to the 99th percentile, and how many values lie beyond."""
    if not values:
        return [0], [0], 0
    pairs = sorted(zip(values, counts, strict=True))
    whole, seen, top = sum(counts), 0, pairs[-1][0]
    for number, many in pairs:
        seen += many
        if seen * 100 >= whole * 99:
            top = number
            break
    width = max(1, -(-(top + 1) // bins))
    edges = list(range(0, top + 1, width))
    heights = [0] * len(edges)
    above = 0
    for number, many in pairs:
        if number // width < len(heights):
            heights[number // width] += many
        else:
            above += many
    return edges, heights, above


def _sheet(title: str, *, lines: float) -> tuple[Figure, Any]:
    """An empty sheet as high as its lines ask for, so that bars are equally thick in all figures, title at the left."""
    figure = Figure(figsize=(_WIDTH, 0.5 + _BAR * lines), facecolor=PAPER, layout=ConstrainedLayoutEngine(h_pad=0.07))
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11, fontweight="bold")
    axes = figure.add_subplot(facecolor=PAPER)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelbottom=False)
    return figure, axes


def _names(axes: Any, names: Sequence[str]) -> None:
    """A name at each line, the first on top; an empty table says so."""
    if not names:
        axes.annotate("nothing to show", (0, 0), color=SOFT, fontsize=9, va="center")
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=9)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)


def _legend(figure: Figure, axes: Any) -> None:
    """What the colours mean, in the line of the title."""
    handles, words = axes.get_legend_handles_labels()
    figure.legend(
        handles, words, loc="upper right", ncols=len(words), frameon=False, labelcolor=SOFT, fontsize=9,
        handlelength=0.9, handleheight=0.9, borderaxespad=0.2,
    )  # fmt: skip


def _noted(figure: Figure, left: int) -> Figure:
    if left > 0:
        figure.supxlabel(f"and {left:,} more", color=SOFT, fontsize=9, x=0.02, ha="left")
    return figure


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _name(value: object) -> str:
    """A name from the data or the contract, as plain text: `$` would start a formula."""
    text = "missing" if value is None else str(value) or "empty text"
    return (text if len(text) <= 40 else text[:39] + "…").replace("$", r"\$")
