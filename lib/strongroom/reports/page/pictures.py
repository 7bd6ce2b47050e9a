"""Pictures as plain inline SVG: a flow, bars and sparklines.

Drawn by hand rather than by a library: four shapes need about a hundred lines, stay sharp in print, follow the page's
colours in light and dark through its style sheet, and add no dependency. Labels stand beside them as ordinary text, so
that they keep their size in a narrow window and are read aloud; only what is not said there carries a title.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from strongroom.reports.markup import Markup, drawing, element, join
from strongroom.reports.phrases import number, percent

FLOW_HEIGHT = 92
"""Height in pixels of the band that all rows together make."""

Branch = tuple[str, int, str]
"""Where rows went: words, rows, and the colour's class (`good`, `bad`, `idle`)."""


def bar(part: float | None, *, kind: str, scale: float = 1.0) -> Markup:
    """A bar of a share on a scale that ends at `scale`; its number stands beside it, so it is not read aloud."""
    filled = element("rect", class_=kind, width=f"{_width(part / scale):.2f}%", height=10, rx=1.5) if part else ""
    return element("svg", filled, class_="bar", height=10, aria_hidden="true")


def bar_and_mark(part: float | None, before: float | None) -> Markup:
    """A bar of a share, and a line where it ended before. Its number stands beside it, so it is not read aloud."""
    filled = element("rect", class_="after", width=f"{_width(part):.2f}%", height=10, rx=1.5) if part else ""
    at = f"{100 * min(before, 1.0):.2f}%" if before is not None else ""
    mark = element("line", class_="was", x1=at, x2=at, y1=-2, y2=12) if at else ""
    return element("svg", filled, mark, class_="bar", height=10, aria_hidden="true")


Measure = tuple[float | None, int | None]
"""A share of rows and how many rows that is."""


def before_after(before: Measure, after: Measure, *, scale: float, gone: bool = False) -> Markup:
    """Two bars, one above the other, each with its word, its share and its rows; `gone` when there is no after."""
    pairs = (("before", *before, "before"), ("after", *after, "after"))
    return element(
        "div",
        *(
            element(
                "div",
                element("span", word, class_="word"),
                bar(part, kind=kind, scale=scale),
                *(
                    (element("span", "column dropped", class_="gone soft"),)
                    if gone and word == "after"
                    else (
                        element("span", percent(part), class_="figure"),
                        element("span", number(rows), class_="figure soft"),
                    )
                ),
                class_="line",
            )
            for word, part, rows, kind in pairs
        ),
        class_="pair",
    )


def scale_of(parts: Sequence[float | None]) -> float:
    """The next round share (1, 2, 5, 10, 20, 50 or 100 %) that holds all parts, so that small shares stay visible."""
    largest = max((part for part in parts if part is not None), default=0.0)
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if largest <= step), 1.0)


def flow(source: str, read: int, branches: Sequence[Branch]) -> Markup:
    """Rows as a band from the left that splits to the right, as thick as they are many, never under 3 pixels."""
    total = max(read, sum(rows for _, rows, _ in branches), 1)
    thick = [max(3.0, FLOW_HEIGHT * rows / total) if rows else 0.0 for _, rows, _ in branches]
    slots = [max(44.0, thickness + 8) for thickness in thick]
    height = sum(slots)
    left = top = (height - sum(thick)) / 2
    shapes, right = [], 0.0
    for (_, _, kind), thickness, slot in zip(branches, thick, slots, strict=True):
        shapes.append(_band(left, right + (slot - thickness) / 2, thickness, kind))
        left, right = left + thickness, right + slot
    start = element("rect", class_="node", x=0, y=f"{top:.1f}", width=8, height=f"{sum(thick):.1f}")
    told = ", ".join(f"{number(rows)} {words} ({percent(rows / total)})" for words, rows, _ in branches)
    picture = element(
        "svg",
        element("title", f"{number(read)} rows {source}: {told}"),
        start,
        *shapes,
        class_="flow",
        viewBox=f"0 0 1000 {height:.0f}",
        preserveAspectRatio="none",
        height=f"{height:.0f}",
        role="img",
    )
    ends = (
        element("div", _count(rows, words, percent(rows / total)), style=f"height:{slot:.0f}px")
        for (words, rows, _), slot in zip(branches, slots, strict=True)
    )
    return element(
        "div",
        element("div", _count(read, source), class_="from"),
        picture,
        element("div", *ends, class_="to"),
        class_="flowing",
    )


def sparkline(values: Sequence[float], *, title: str, kind: str) -> Markup:
    """One line over the runs, oldest left, scaled from zero, the last run marked. One value alone is only a dot."""
    wide, high, edge = 200.0, 44.0, 5.0
    top = max([*values, 0.0]) or 1.0
    step = (wide - 2 * edge) / max(len(values) - 1, 1)
    start = wide - edge - step * (len(values) - 1)
    points = [
        (start + index * step, high - edge - (high - 2 * edge) * value / top) for index, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = [element("line", class_="ground", x1=0, x2=wide, y1=high - edge, y2=high - edge)]
    if len(points) > 1:
        marks.append(element("polyline", points=drawing(line), class_=f"trace {kind}"))
    if points:
        marks.append(element("circle", cx=f"{points[-1][0]:.1f}", cy=f"{points[-1][1]:.1f}", r=3.5, class_=kind))
    picture = element(
        "svg", element("title", title), *marks, class_="spark", viewBox=f"0 0 {wide:.0f} {high:.0f}", role="img"
    )
    return _scaled(picture, number(max([*values, 0.0])))


def histogram(now: Sequence[float | None], before: Sequence[float | None], *, title: str) -> Markup:
    """Bars of shares side by side on a ground, and as a stepped line over them what they were before."""
    wide, high = 240.0, 64.0
    step, top = wide / max(len(now), 1), max([part or 0.0 for part in (*now, *before)]) or 1.0
    gap = 1.0 if step > 6 else 0.5

    def ends(place: int, part: float) -> tuple[float, float, float]:
        tall = max(0.8, (high - 4) * part / top)  # a bin with a single row is seen, too
        return place * step + gap / 2, (place + 1) * step - gap / 2, high - tall

    bars = [ends(place, part) for place, part in enumerate(now) if part]
    shape = "".join(f"M{left:.1f} {high:.0f}V{y:.1f}H{right:.1f}V{high:.0f}z" for left, right, y in bars)
    levels = [high - (high - 4) * (part or 0.0) / top for part in before]
    trace = f"M0 {high:.0f}" + "".join(f"V{y:.1f}H{(place + 1) * step:.1f}" for place, y in enumerate(levels))
    picture = element(
        "svg",
        element("title", title),
        element("line", class_="ground", x1=0, x2=f"{wide:.0f}", y1=f"{high:.0f}", y2=f"{high:.0f}"),
        element("path", d=drawing(shape), class_="after") if bars else "",
        element("path", d=drawing(f"{trace}V{high:.0f}"), class_="outline") if any(before) else "",
        class_="spread",
        viewBox=f"0 0 {wide:.0f} {high + 1:.0f}",
        preserveAspectRatio="none",
        role="img",
    )
    return _scaled(picture, percent(max([part or 0.0 for part in (*now, *before)])))


def trend(values: Sequence[float], days: Sequence[str]) -> str:
    """The last change in words, and the highest run where that was earlier."""
    before, now = values[-2:]
    change = "as before" if now == before else f"{'up' if now > before else 'down'} from {number(before)}"
    top = max(range(len(values)), key=lambda place: values[place])
    return change if top >= len(values) - 2 else f"{change}; highest {number(values[top])} on {days[top]}"


def _scaled(picture: Markup, top: str) -> Markup:
    """A picture with its scale at the left: what its top stands for, and zero at its ground. Its title is told."""
    scale = element("div", element("span", top), element("span", "0"), class_="scale", aria_hidden="true")
    return element("div", scale, picture, class_="plot")


def _count(rows: int, words: str, part: str = "") -> Markup:
    return join(
        element("strong", number(rows), class_="figure"), element("span", f"{words} · {part}" if part else words)
    )


def _band(left: float, right: float, thickness: float, kind: str) -> Markup:
    if not thickness:
        return Markup("")
    path = (
        f"M8,{left:.1f} C500,{left:.1f} 500,{right:.1f} 992,{right:.1f} V{right + thickness:.1f} "
        f"C500,{right + thickness:.1f} 500,{left + thickness:.1f} 8,{left + thickness:.1f} Z"
    )
    end = element("rect", class_=kind, x=992, y=f"{right:.1f}", width=8, height=f"{thickness:.1f}")
    return join(element("path", d=path, class_=f"band {kind}"), end)


def _width(part: float) -> float:
    """Percent of the bar, kept within it, and wide enough to be seen when it is not zero."""
    return 0.0 if not math.isfinite(part) else min(100.0, max(0.6, 100 * part))
