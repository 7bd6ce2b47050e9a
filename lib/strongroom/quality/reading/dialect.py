"""How a CSV file is written: RFC 4180 with the contract's signs. Each option has one strict meaning, told in
`docs/contract.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.core.contract import Source


@dataclass(frozen=True, slots=True)
class Dialect:
    """The signs and meanings of a CSV file; a quarantine keeps them (all are JSON) beside what it set aside.

    Args:
        sep: one character between fields.
        quote: around a field that holds separators, line ends or quotes; empty: a quote is a character like any other.
        escape: before a quote or itself within quotes; empty: a quote within quotes is doubled (RFC 4180).
        comment: a line that begins with it, outside quotes, is no record; empty: there are no comments.
        header: the first record names the columns.
        encoding: of the contract.
        feed_only: only LF ends a record, and CR is a character like any other; else CR LF does as well.
        empty_text: `null`: an empty field is null, quoted or not. `keep`: a quoted one is the empty text.
        on_broken_quote: `stop` or `quarantineRest`: what becomes of a file from a broken quote on.
        trim_left: blanks (space, tab) before a field, or before its opening quote, do not count.
        trim_right: the same behind it.
    """

    sep: str = ","
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    header: bool = False
    encoding: str = "UTF-8"
    feed_only: bool = False
    empty_text: str = "null"
    on_broken_quote: str = "stop"
    trim_left: bool = False
    trim_right: bool = False

    @property
    def blanks(self) -> bytes:
        """What is trimmed: never the separator."""
        return b" \t".replace(self.sep.encode(), b"")


def dialect_of(source: Source) -> Dialect:
    """The dialect of a contract's CSV source; `multiLine` says nothing, since quoted breaks are always read."""
    options = source.options
    quote = str(options.get("quote", '"'))
    escape = str(options.get("escape", ""))
    return Dialect(
        sep=str(options.get("sep", ",")),
        quote=quote,
        escape="" if escape == quote else escape,
        comment=str(options.get("comment", "")),
        header=options.get("header") is True,
        encoding=str(options.get("encoding", "UTF-8")),
        feed_only=options.get("lineSep") == "\n",
        empty_text=str(options.get("emptyText", "null")),
        on_broken_quote=str(options.get("onBrokenQuote", "stop")),
        trim_left=options.get("ignoreLeadingWhiteSpace") is True,
        trim_right=options.get("ignoreTrailingWhiteSpace") is True,
    )
