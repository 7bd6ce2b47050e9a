"""The formats of raw sources: what a contract is checked by of each.

`FORMATS` is the table that `stores/sources/kinds/` follows: one kind, one file, one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from strongroom.core.findings import Findings
from strongroom.core.yaml import Node

ENCODINGS = ("UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE", "US-ASCII", "ISO-8859-1", "ISO-8859-15", "windows-1252")
"""Character sets by the names that Java and Python share."""

Options = Mapping[str, str | bool]
_Check = tuple[Callable[[object], bool], str]
_FLAG: _Check = (lambda value: isinstance(value, bool), "true or false")
_ONE: _Check = (lambda value: isinstance(value, str) and len(value) == 1 and value not in "\r\n", "one character")
_ONE_OR_NONE: _Check = (lambda value: value == "" or _ONE[0](value), "one character, or '' for none")
_FEED: _Check = (lambda value: value == "\n", "a line feed, or left out: then CR LF ends a line too")
_ENCODING: _Check = (lambda value: value in ENCODINGS, f"one of {', '.join(ENCODINGS)}")

ON_BROKEN_QUOTE = ("stop", "quarantineRest")
"""What becomes of a file behind a quote that cannot be right: the run ends, or the rest of it is set aside."""

_SIGNS = ("sep", "quote", "escape", "comment")
_DEFAULTS = {"sep": ",", "quote": '"'}


def _one_meaning(node: Node, options: Options, findings: Findings) -> None:
    """Report a sign of CSV that would mean two things, or nothing."""
    signs = {name: options.get(name, _DEFAULTS.get(name, "")) for name in _SIGNS}
    if options.get("escape") and not signs["quote"]:
        findings.contradicts(
            node["escape"], "'escape' means nothing where nothing is quoted.", "Remove it, or the quote: ''."
        )
    if signs["escape"] == signs["quote"]:
        signs["escape"] = ""  # a quote doubled within quotes, as without the option
    for name, sign in signs.items():
        other = next((other for other in signs if signs[other] == sign), name)
        if sign and other != name:
            where = node.get(name) or node.get(other) or node
            findings.contradicts(where, f"{other!r} and {name!r} are the same character.", "Let each mean one thing.")


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Args:
        typed: values have types of their own; else they are text, to which the contract gives types.
        nested: a column may hold others.
        options: of the reader: what each may be, and that in words. Their meaning: `docs/contract.md`.
        together: reports options that contradict each other.
    """

    typed: bool = True
    nested: bool = True
    options: Mapping[str, _Check] = field(default_factory=dict)
    together: Callable[[Node, Options, Findings], None] = lambda _node, _options, _findings: None


FORMATS: Mapping[str, Format] = {
    "json": Format(typed=False, options={"encoding": _ENCODING, "document": _FLAG}),
    "csv": Format(
        typed=False,
        nested=False,
        options={  # all but the last two as in Spark (https://spark.apache.org/docs/4.1.0/sql-data-sources-csv.html)
            "header": _FLAG,
            "sep": _ONE,
            "quote": _ONE_OR_NONE,
            "escape": _ONE,
            "comment": _ONE,
            "encoding": _ENCODING,
            "lineSep": _FEED,
            "multiLine": _FLAG,
            "ignoreLeadingWhiteSpace": _FLAG,
            "ignoreTrailingWhiteSpace": _FLAG,
            "emptyText": (lambda value: value == "keep", "'keep', or left out: then it is null"),
            "onBrokenQuote": (lambda value: value in ON_BROKEN_QUOTE, f"one of {', '.join(ON_BROKEN_QUOTE)}"),
        },
        together=_one_meaning,
    ),
    "parquet": Format(),
    "delta": Format(),
}
"""Every format."""
