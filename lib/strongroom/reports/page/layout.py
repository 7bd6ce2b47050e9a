"""What sections are laid out with: headings, tables, lists of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from strongroom.reports.markup import Markup, element, join, name

Head = tuple[str, str]
"""A column's heading and its class: `figure` for numbers, `pic` for a picture, or empty."""


def section(anchor: str, title: str, *children: str) -> Markup:
    """A section with its heading, which the list at the top of the page links to."""
    return element("section", element("h2", title, id=anchor), *children, aria_labelledby=anchor)


def table(caption: str, heads: Sequence[Head], lines: Iterable[Sequence[str]], *, told: bool = False) -> Markup:
    """A table whose first cell of a line names it; in a narrow window each line is a list of its own, no cell cut.

    Where even that is too wide it scrolls sideways by itself, with the keyboard too.
    The caption is read aloud, and shown when `told`: under a heading that says the same it would only be noise.
    """
    body = [
        element(
            "tr",
            *(
                element("td", cell, class_=kind or None, data_head=word)
                if place
                else element("th", cell, class_=kind or None, scope="row")
                for place, (cell, (word, kind)) in enumerate(zip(line, heads, strict=True))
            ),
        )
        for line in lines
    ]
    head = element("tr", *(element("th", word, class_=kind or None, scope="col") for word, kind in heads))
    whole = element(
        "table",
        element("caption", caption if told else element("span", caption, class_="unseen")),
        element("thead", head),
        element("tbody", *body),
        class_="bars" if any(kind == "pic" for _, kind in heads) else None,
    )
    return element("div", whole, class_="wide", role="group", aria_label=caption, tabindex="0")


def more(total: int, *, shown: int) -> Markup:
    """Says how many lines were left out, if any were."""
    return (
        element("p", f"{total - shown:,} more are in the JSON file beside this page.") if total > shown else Markup("")
    )


def names(words: Sequence[str], *, shown: int) -> Markup:
    """Names in columns, for what needs no numbers."""
    listing = element("ul", *(element("li", name(word)) for word in words[:shown]), class_="names")
    return join(listing, more(len(words), shown=shown))
