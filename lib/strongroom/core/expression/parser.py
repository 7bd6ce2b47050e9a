"""A small language of conditions over the columns of one row: text to a tree, with no evaluation in it.

    start_date <= end_date
    if country = 'US' then state is not null
    status in ('new', 'paid') and not (total < 0 or lower(note) = 'void')
    ordered between date '2020-01-01' and date '2029-12-31' and total = net + tax

Words (`and or not in is null between if then true false`) in any case; names of columns as they are written, nested
ones with dots, odd ones in backticks; text in single quotes, doubled inside; numbers exact. `!=` is `<>`; `between`
includes both ends; `if A then B` is `not A or B`. From the loosest to the tightest: if, or, and, not, comparison, + -,
* /, minus. Comparisons with nothing are unknown, as in SQL; `and`, `or` and `not` carry that on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from strongroom.core.expression.tree import COMPARISONS, FUNCTIONS, Binary, Call, In, IsNull, Literal, Name, Node
from strongroom.core.suggest import did_you_mean
from strongroom.core.tokens import Language, Tokens, unquoted

_WORDS = ("and", "or", "not", "in", "is", "null", "between", "if", "then", "true", "false")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|`(?P<quoted>[^`]+)`|(?P<sign><>|!=|<=|>=|[-+*/=<>(),])|(?P<end>\Z))"
)
_LANGUAGE = Language(
    "The expression",
    _TOKEN,
    _WORDS,
    longest=10_000,
    deepest=50,
    most=300,
    todo="Split it into several rules.",
    code="expression.invalid",
)


def parse(text: str, *, where: str) -> Node:
    """The tree of a condition. `at` of each node counts characters from 1.

    Args:
        text: the condition.
        where: `file:line` for errors.

    Raises:
        ConfigError: the text is no condition; the message says at which character.
    """
    return _Parser(text, where).all()


_LONGEST_NUMBER = 100


class _Parser(Tokens):
    """Recursive descent, a method per level of the grammar."""

    language = _LANGUAGE

    def all(self) -> Node:
        node = self.condition()
        if self.kind != "end":
            raise self.unexpected("'and', 'or', a comparison or the end is expected")
        return node

    def condition(self) -> Node:
        at = self.at
        if not self.takes("if"):
            return self.either()
        unless = self.made_of(Call("not", self.either(), at))
        self.expect("then")
        return self.made_of(Binary("or", unless, self.either(), at))

    def chain(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        """Operands joined from left to right: `a - b - c` is `(a - b) - c`."""
        node = operand()
        while True:
            at, operator = self.at, self.takes(*operators)
            if not operator:
                return node
            node = self.made_of(Binary(operator, node, operand(), at))

    def either(self) -> Node:
        return self.chain(("or",), self.both)

    def both(self) -> Node:
        return self.chain(("and",), self.negation)

    def sum(self) -> Node:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Node:
        return self.chain(("*", "/"), self.signed)

    def negation(self) -> Node:
        at = self.at
        return self.made_of(Call("not", self.nested(self.negation), at)) if self.takes("not") else self.predicate()

    def predicate(self) -> Node:
        left, at = self.sum(), self.at
        if operator := self.takes("!=", *COMPARISONS):
            return self.made_of(Binary("<>" if operator == "!=" else operator, left, self.sum(), at))
        if self.takes("is"):
            negated = self.takes("not")
            self.expect("null")
            node: Node = self.made_of(IsNull(left, at))
        else:
            negated = self.takes("not")
            if self.takes("in"):
                node = self.made_of(In(left, self.items(), at))
            elif self.takes("between"):
                low = self.made_of(Binary(">=", left, self.sum(), at))
                self.expect("and")
                node = self.made_of(Binary("and", low, self.made_of(Binary("<=", left, self.sum(), at)), at))
            elif negated:
                raise self.unexpected("'in' or 'between' is expected")
            else:
                return left
        return self.made_of(Call("not", node, at)) if negated else node

    def items(self) -> tuple[Literal, ...]:
        self.expect("(")
        items: list[Literal] = []
        while not items or self.takes(","):
            at, sign = self.at, self.takes("-")
            item = self.primary()
            if not isinstance(item, Literal) or (sign and type(item.value) not in (int, Decimal)):
                raise self.problem("a list has plain values only", at=at)
            items.append(Literal(-item.value, at) if sign else item)  # type: ignore[operator]
        self.expect(")")
        return tuple(items)

    def signed(self) -> Node:
        at = self.at
        return self.made_of(Call("-", self.nested(self.signed), at)) if self.takes("-") else self.primary()

    def primary(self) -> Node:
        at, kind, written = self.at, self.kind, self.written
        if self.takes("("):
            node = self.nested(self.condition)
            self.expect(")")
            return node
        if kind in ("end", "sign") or (kind == "word" and self.word not in ("true", "false")):
            raise self.unexpected("a value is expected", "Write 'is null'." if self.word == "null" else "")
        self.step()
        if kind == "number":
            if len(written) > _LONGEST_NUMBER:
                raise self.problem(f"a number has more than {_LONGEST_NUMBER} signs", at=at)
            return self.made_of(Literal(int(written) if written.isdigit() else Decimal(written), at))
        if kind == "text":
            return self.made_of(Literal(unquoted(written), at))
        if kind == "word":
            return self.made_of(Literal(written.lower() == "true", at))
        if kind == "name" and self.kind == "text" and written.lower() in ("date", "timestamp"):
            return self.moment(written.lower(), at)
        if kind == "name" and self.kind == "sign" and self.word == "(":
            return self.call(written, at)
        return self.made_of(Name(written, at))

    def moment(self, kind: str, at: int) -> Node:
        return self.made_of(Literal(self.moment_of(kind), at))

    def call(self, function: str, at: int) -> Node:
        if function.lower() not in FUNCTIONS:
            raise self.problem(f"there is no {function!r}", todo=did_you_mean(function, FUNCTIONS), at=at)
        self.expect("(")
        node = self.made_of(Call(function.lower(), self.nested(self.condition), at))
        self.expect(")")
        return node
