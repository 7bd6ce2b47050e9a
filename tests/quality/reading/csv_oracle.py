"""A reader of CSV written from RFC 4180 and the contract's page, byte by byte: it shares nothing with the library."""

from __future__ import annotations

from typing import NamedTuple

GOOD, TORN, BLANK, COMMENT = "good", "torn", "blank", "comment"


class Item(NamedTuple):
    kind: str
    fields: list[str | None]
    raw: bytes
    begins: int
    """In the bytes of the lines, each with a line feed."""


class Read(NamedTuple):
    items: list[Item]
    broken: int | None
    open: bool


def read(data: bytes, dialect, width: int) -> Read:
    """Everything of some lines (bytes with a line feed at each line's end), from outside quotes."""
    sep, quote, escape, comment = (
        sign.encode() for sign in (dialect.sep, dialect.quote, dialect.escape, dialect.comment)
    )
    blanks = [bytes([b]) for b in b" \t" if bytes([b]) != sep]
    items: list[Item] = []
    i = 0
    while i < len(data):
        begins = i
        if comment and data[i : i + len(comment)] == comment:
            while data[i] != 10:
                i += 1
            i += 1
            items.append(Item(COMMENT, [], strip(data[begins:i], dialect), begins))
            continue
        if width != 1 and (data[i] == 10 or (not dialect.feed_only and data[i : i + 2] == b"\r\n")):
            i = data.index(b"\n", i) + 1
            items.append(Item(BLANK, [], b"", begins))
            continue
        fields: list[tuple[bytes, bool]] = []
        lone = False
        done = False
        while not done:
            if dialect.trim_left:
                at = i
                while data[at : at + 1] in blanks:
                    at += 1
                if quote and data[at : at + len(quote)] == quote:
                    i = at
            if quote and data[i : i + len(quote)] == quote:
                i += len(quote)
                value = b""
                while True:
                    if i >= len(data):
                        return Read(items, begins, True)
                    if escape and data[i : i + len(escape)] == escape:
                        behind = data[i + len(escape) :]
                        if behind.startswith(quote):
                            value += quote
                            i += len(escape) + len(quote)
                        elif behind.startswith(escape):
                            value += escape
                            i += 2 * len(escape)
                        else:
                            value += escape
                            i += len(escape)
                    elif data[i : i + len(quote)] == quote:
                        if not escape and data[i + len(quote) : i + 2 * len(quote)] == quote:
                            value += quote
                            i += 2 * len(quote)
                        else:
                            i += len(quote)
                            break
                    else:
                        value += data[i : i + 1]
                        i += 1
                fields.append((value, True))
                while dialect.trim_right and data[i : i + 1] in blanks:
                    i += 1
            else:
                value = b""
                while data[i] != 10 and data[i : i + len(sep)] != sep:
                    if data[i] == 13 and not dialect.feed_only and data[i + 1] == 10:
                        break
                    lone = lone or (data[i] == 13 and not dialect.feed_only)
                    value += data[i : i + 1]
                    i += 1
                for blank in b" \t" * (len(value) * (dialect.trim_left or dialect.trim_right)):
                    if bytes([blank]) == sep:
                        continue
                    if dialect.trim_left and value[:1] == bytes([blank]):
                        value = value[1:]
                    if dialect.trim_right and value[-1:] == bytes([blank]):
                        value = value[:-1]
                fields.append((value, False))
            if data[i : i + len(sep)] == sep:
                i += len(sep)
            elif data[i] == 10:
                i += 1
                done = True
            elif data[i : i + 2] == b"\r\n" and not dialect.feed_only:
                i += 2
                done = True
            else:
                return Read(items, begins, False)
        raw = strip(data[begins:i], dialect)
        try:
            raw.decode()
            texts = [
                None if value == b"" and not (quoted and dialect.empty_text == "keep") else value.decode()
                for value, quoted in fields
            ]
            kind = TORN if lone or len(fields) != width else GOOD
        except UnicodeDecodeError:
            kind = TORN
        items.append(Item(kind, texts if kind == GOOD else [], raw, begins))
    return Read(items, None, False)


def strip(record: bytes, dialect) -> bytes:
    record = record[:-1]
    return record[:-1] if record.endswith(b"\r") and not dialect.feed_only else record
