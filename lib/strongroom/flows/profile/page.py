"""The page of a profile: what each column holds, in pictures, and what is proposed. It shows no value of a person.

Values are shown of columns alone that were placed as nobody's; of all others how many there are, and how long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strongroom.flows.profile.found import Found
from strongroom.quality.profile.evidence import Share
from strongroom.quality.profile.meaning import Meaning
from strongroom.quality.profile.proposal import Proposal, Proposed
from strongroom.quality.profile.tree import Tree
from strongroom.reports.markup import Markup, document, element, join, name
from strongroom.reports.page.layout import section, table
from strongroom.reports.page.page import POLICY
from strongroom.reports.page.pictures import bar, flow, histogram
from strongroom.reports.page.style import STYLE
from strongroom.reports.phrases import percent

_MOST, _MOST_SHARES = 500, 4


def page(proposal: Proposal, found: Found | None) -> str:
    """The whole page.

    Args:
        proposal: the contract to be.
        found: what was read; None where only a schema was.
    """
    leaves = [pair for column in proposal.columns for pair in column.leaves()]
    seen = dict(_tallies(found.tree, proposal.columns)) if found is not None else {}
    parts = [_columns(leaves, seen)]
    if found is not None:
        parts = [_rows(found), *parts, _spreads(leaves, seen)]
    body = element(
        "body",
        element(
            "header",
            element("p", element("span", "Strongroom · a first contract"), class_="over"),
            element("h1", element("bdi", proposal.name)),
            element("p", proposal.told),
            *(element("p", note) for note in proposal.notes),
        ),
        element("main", *parts, id="main", tabindex="-1"),
        element(
            "footer", element("p", "No value of a personal column, or of one that was not placed, is on this page.")
        ),
    )
    return document(f"{proposal.name}: a first contract", body, style=STYLE, policy=POLICY)


def _rows(found: Found) -> Markup:
    branches = [("rows", found.rows, "good")]
    if found.torn:
        branches.append(("records that are no rows", found.torn, "bad"))
    if found.total > found.rows + found.torn:
        branches.append(("not looked at", found.total - found.rows - found.torn, "idle"))
    return section("rows", "Rows", flow("there", max(found.total, found.rows + found.torn), branches))


def _columns(leaves: Sequence[tuple[str, Proposed]], seen: dict[str, Tree]) -> Markup:
    heads = [("Column", ""), ("Type", ""), ("Missing", "figure"), ("", "pic"), ("Holds", ""),
             ("Taken for", ""), ("Leaves", "")]  # fmt: skip
    lines = []
    for path, leaf in leaves[:_MOST]:
        tree = seen.get(path)
        missing = None if tree is None or not tree.rows else (tree.nulls + tree.tally.blank) / tree.rows
        meaning = leaf.meaning
        taken = join(meaning.classification or "not placed", element("small", _told(meaning))) if meaning else ""
        lines.append(
            (
                name(path),
                join(leaf.type.ddl, element("small", leaf.shape.format) if leaf.shape and leaf.shape.format else ""),
                percent(missing),
                bar(missing, kind="bad"),
                join(*(element("small", _held(share)) for share in leaf.shares[:_MOST_SHARES])),
                taken,
                str(meaning.protect["method"]) if meaning else "drop",
            )
        )
    return section("columns", "Columns", table("Columns, and what is proposed", heads, lines))


def _held(share: Share) -> str:
    """An entity and the part of the rows that hold it: `email 98 %, in text 2 %`."""
    parts = (percent(share.whole) if share.whole else "", f"in text {percent(share.within)}" if share.within else "")
    return f"{share.entity.replace('_', ' ')} {', '.join(filter(None, parts))}"


def _told(meaning: Meaning) -> str:
    return meaning.why if meaning.kind == "unplaced" else f"{meaning.kind}, {meaning.why}"


def _spreads(leaves: Sequence[tuple[str, Proposed]], seen: dict[str, Tree]) -> Markup:
    """A picture of each column: the values of small sets of what is nobody's, else how long texts are."""
    drawn = [
        element("li", element("p", name(path), class_="called"), *picture)
        for path, leaf in leaves[:_MOST]
        if path in seen and (picture := _picture(path, leaf, seen[path]))
    ]
    return section("spreads", "How values spread", element("ul", *drawn, class_="spreads")) if drawn else Markup("")


def _picture(path: str, leaf: Proposed, tree: Tree) -> tuple[Markup, ...]:
    tally = tree.tally
    if not tally.given:
        return ()
    shown = leaf.meaning is not None and leaf.meaning.harmless and leaf.shape is not None and leaf.shape.valid
    if shown and tally.few:
        most = sorted(tally.few.items(), key=lambda each: -each[1])[:10]
        return tuple(_line(str(value), count / tally.given) for value, count in most)
    if not tally.lengths:
        return ()
    parts = [count / tally.given for count in tally.lengths]
    told = f"{path}: texts of up to {2 ** len(parts) - 1:,} characters"
    ends = element("div", element("span", "1"), element("span", f"{2 ** len(parts) - 1:,}"), class_="ends")
    return (
        element("small", "characters of a text, in powers of two"),
        histogram(parts, [None] * len(parts), title=told),
        ends,
    )


def _line(value: str, part: float) -> Markup:
    return element(
        "div", name(value), bar(part, kind="after"), element("span", percent(part), class_="figure"), class_="line"
    )


def _tallies(tree: Tree, columns: Sequence[Proposed], above: str = "") -> Iterator[tuple[str, Tree]]:
    """The trees of leaves by the paths that the contract has for them."""
    for column in columns:
        inner = tree.fields.get(column.source) if column.name else tree
        if inner is None:
            continue
        path = f"{above}.{column.name}" if above and column.name else above or column.name
        yield from _below(inner, column, path)


def _below(tree: Tree, column: Proposed, path: str) -> Iterator[tuple[str, Tree]]:
    if column.nested == "array" and tree.item is not None:
        yield from _below(tree.item, column.inner[0], f"{path}[]")
    elif column.nested == "object":
        yield from _tallies(tree, column.inner, path)
    elif not column.nested:
        yield path, tree
