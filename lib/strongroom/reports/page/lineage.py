"""The map of a lake as one page: a picture of what was made from what, and the same in words. It loads nothing."""

from __future__ import annotations

from datetime import datetime

from strongroom import __version__
from strongroom.core.lineage import NOBODY, PEOPLE, LakeMap, Node
from strongroom.core.suggest import counted
from strongroom.reports.markup import Markup, document, drawing, element, join, name
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.style import STYLE

_STYLE = """
header, main, footer { max-width: 84rem; }
.map { max-width: none; font: 13px var(--mono); }
.map rect { fill: var(--sheet); stroke: var(--idle); stroke-width: 1; }
.map .people rect { stroke: var(--good); stroke-width: 2; }
.map .unknown rect { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 5 3; }
.map text { fill: var(--ink); }
.map .soft { fill: var(--soft); font: 12px var(--sans); }
.map path { fill: none; stroke: var(--idle); stroke-width: 1.3; }
"""
_WIDE, _HIGH, _GAP, _STEP, _LETTERS = 236, 46, 84, 60, 28
_HEADS = [("What", ""), ("Holds", ""), ("Whose", ""), ("Made from", ""), ("What for", ""), ("Run", "")]


def page(found: LakeMap, *, of: str, at: datetime) -> str:
    """The page, of the whole map or the part around a table."""
    title = f"What {of} is made from, and what from it" if of else "What everything is made from"
    people = sum(node.whose.answer == PEOPLE for node in found.nodes)
    when = element("time", f"{at:%-d %B %Y, %H:%M} UTC", datetime=at.isoformat())
    gaps = [(name(gap.where), gap.what, gap.todo, name(gap.code)) for gap in found.gaps]
    known = section("gaps", "What the map does not know", table("Gaps", _GAP_HEADS, gaps)) if gaps else ""
    body = element(
        "body",
        element("a", "Skip to the map", href="#main", class_="skip"),
        element(
            "header",
            element("p", element("span", "Strongroom · a lake"), when, class_="over"),
            element("h1", title),
            element("p", f"{counted(len(found.nodes), 'place')}; {people} hold rows of people (a thick frame)."),
        ),
        element(
            "main",
            section("map", "The map", _picture(found)),
            known,
            section("places", "Each place", table("Places", _HEADS, (_line(found, node) for node in found.nodes))),
            id="main",
            tabindex="-1",
        ),
        element("footer", element("p", f"Strongroom {__version__}. No value of any row is on this page.")),
    )
    return document(title, body, style=STYLE + _STYLE, policy=POLICY)


_GAP_HEADS = [("Where", ""), ("What", ""), ("What to do", ""), ("Code", "")]


def whose(node: Node) -> str:
    """Whose the rows of a place are, in a few words."""
    if node.whose.answer == PEOPLE:
        return f"of {node.whose.column}{f', tag {node.whose.tag}' if node.whose.tag else ', no tag'}"
    return "nobody's" if node.whose.answer == NOBODY else "nobody can tell whose"


def _line(found: LakeMap, node: Node) -> tuple[str, ...]:
    version = element("small", f"version {node.version}") if node.version is not None else ""
    within = element("small", " ".join(node.whose.within)) if node.whose.within else ""
    return (
        join(name(node.name), version),
        node.holds,
        join(whose(node), within),
        join(*(_source(edge.source, edge.version) for edge in found.into(node.name))),
        join(*(element("small", name(purpose)) for purpose in node.made.purposes())),
        name(node.made.run) if node.made.run else "",
    )


def _source(source: str, version: int | None) -> Markup:
    return element("small", name(source), f" version {version}" if version is not None else "")


def _picture(found: LakeMap) -> Markup:
    """Boxes from left to right, each right of all that it was made from; lines lead from source to target."""
    places = _places(found)
    if not places:
        return element("p", "Nothing was made from anything yet.")
    wide = max(x for x, _ in places.values()) + _WIDE + 2
    high = max(y for _, y in places.values()) + _HIGH + 2
    lines = [
        _way(places[edge.source], places[edge.target])
        for edge in found.edges
        if edge.source in places and edge.target in places
    ]
    boxes = [_box(node, *places[node.name]) for node in found.nodes if node.name in places]
    told = f"{counted(len(found.edges), 'line')} between {counted(len(boxes), 'place')}; the table below says each."
    picture = element(
        "svg", element("title", told), *lines, *boxes, class_="map", role="img", width=wide, height=high,
        viewBox=f"0 0 {wide} {high}",
    )  # fmt: skip
    return element("div", picture, class_="wide", role="group", aria_label="The map", tabindex="0")


def _places(found: LakeMap) -> dict[str, tuple[int, int]]:
    """Left and top of the box of each node that a line leads to or from."""
    linked = {part for edge in found.edges for part in (edge.source, edge.target)}
    layers: dict[str, int] = {}
    for node in found.nodes:
        if node.name in linked:
            layers[node.name] = 0
    for _ in layers:  # the longest way; as often as there are nodes, so that a circle ends, too
        for edge in found.edges:
            if edge.source in layers and edge.target in layers:
                right_of = min(layers[edge.source] + 1, len(layers) - 1)
                layers[edge.target] = max(layers[edge.target], right_of)
    places: dict[str, tuple[int, int]] = {}
    for layer in sorted(set(layers.values())):
        here = [part for part, at in layers.items() if at == layer]
        above = {part: [places[edge.source][1] for edge in found.into(part) if edge.source in places] for part in here}
        middle = {part: sum(tops) / len(tops) if tops else 0.0 for part, tops in above.items()}
        free = 2
        for part in sorted(here, key=lambda part: (middle[part], part)):
            top = max(free, int(middle[part]) if layer and len(here) == 1 else free)
            places[part] = (2 + layer * (_WIDE + _GAP), top)
            free = top + _STEP
    return places


def _box(node: Node, left: int, top: int) -> Markup:
    kind = {PEOPLE: "people", NOBODY: "nobody"}.get(node.whose.answer, "unknown")
    words = whose(node)
    return element(
        "g",
        element("title", f"{node.name}: {node.holds}, {words}"),
        element("rect", x=left, y=top, width=_WIDE, height=_HIGH, rx=3),
        element("text", _cut(node.name), x=left + 10, y=top + 19),
        element("text", _cut(words, 38), x=left + 10, y=top + 36, class_="soft"),
        class_=kind,
    )


def _cut(text: str, most: int = _LETTERS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _way(source: tuple[int, int], target: tuple[int, int]) -> Markup:
    """A line from the right side of one box to the left side of another; no two lie on each other for long."""
    left, right = source[0] + _WIDE, target[0]
    one, other = source[1] + _HIGH // 2, target[1] + _HIGH // 2
    return element("path", d=drawing(f"M{left} {one}L{left + 12} {one}L{right - 12} {other}L{right} {other}"))
