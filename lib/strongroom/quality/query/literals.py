"""Tokens of a query, and the values that stand in it as written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from strongroom.core.tokens import Language, Tokens
from strongroom.quality.query.tree import DATE, DOUBLE, MOST_DIGITS, TEXT, TIMESTAMP, Kind, Literal, Node

PART = r"(?:[^\W\d]\w*|`[^`]+`)"
_MEANT = """select distinct from join inner left on where group by having as with and or not in is null between like
    case when then else end true false cast"""
_FOREIGN = """all anti any array asc cluster cross desc describe distribute escape except exists explain fetch filter
    for full function ignore intersect interval lateral limit map merge minus natural offset order outer over partition
    percent pivot qualify recursive right row rows semi set some sort struct table tablesample top transform union
    unpivot using values window within insert update delete drop create alter call execute immediate"""
"""What SQL knows, and this language does not: no names, unless in backticks."""
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])|(?P<text>'(?:[^']|'')*')"
    rf"|(?P<name>{PART}(?:\.{PART})*)|(?P<sign><>|!=|<=|>=|-(?!-)|/(?!\*)|[+*%=<>(),])|(?P<end>\Z))"
)
_TYPES = {"double": DOUBLE, "bigint": Kind("exact", 19), "date": DATE, "timestamp": TIMESTAMP}


class Literals(Tokens):
    """Reads numbers, texts, moments, and names of types."""

    language = Language(
        "The query",
        _TOKEN,
        frozenset(f"{_MEANT} {_FOREIGN}".split()),
        longest=10_000,
        deepest=12,
        most=300,
        todo="Split it into several rules.",
        code="query.invalid",
    )

    def number(self, written: str, at: int) -> Node:
        if "e" in written.lower():
            value = float(written)
            if value in (float("inf"), float("-inf")):
                raise self.problem("this number is too large", at=at)
            return self.made_of(Literal(DOUBLE, value))
        whole, _, after = written.partition(".")
        digits = len(whole.lstrip("0") or "0") + len(after)
        if digits > MOST_DIGITS:
            raise self.problem(f"a number of more than {MOST_DIGITS} digits", at=at)
        exact = Decimal(written) if after else int(whole)
        return self.made_of(Literal(Kind("exact", digits, len(after)), exact))

    def text_value(self, text: str, at: int) -> Node:
        if any(ord(sign) < 32 for sign in text):
            raise self.problem("a text with control characters", at=at)
        return self.made_of(Literal(TEXT, text))

    def moment(self, kind: str) -> Node:
        value = self.moment_of(kind)
        if isinstance(value, datetime):
            micros = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            return self.made_of(Literal(TIMESTAMP, micros))
        return self.made_of(Literal(DATE, value))

    def type_name(self) -> Kind:
        name, at = self.word, self.at
        known = (*_TYPES, "decimal(p,s)")
        if self.kind != "name" or name not in (*_TYPES, "decimal"):
            raise self.unexpected("a type is expected", f"Known: {', '.join(known)}.")
        self.step()
        if name != "decimal":
            return _TYPES[name]
        numbers = []
        for sign in ("(", ","):
            self.expect(sign)
            numbers.append(
                int(self.written) if self.kind == "number" and self.written.isdigit() and len(self.written) < 4 else -1
            )
            self.step()
        self.expect(")")
        if not 0 <= numbers[1] <= numbers[0] <= MOST_DIGITS or not numbers[0]:
            raise self.problem("this is no decimal", todo="Write DECIMAL(10,2).", at=at)
        return Kind("exact", *numbers)


def parts(name: str) -> list[str]:
    """The parts of a dotted name, without backticks."""
    return [part.strip("`") for part in re.findall(PART, name)]
