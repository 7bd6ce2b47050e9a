"""Reads the values of a query: operators, functions, literals. What is not on the lists of `forms.py` is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from strongroom.core.suggest import did_you_mean
from strongroom.core.tokens import unquoted
from strongroom.quality.query import calls
from strongroom.quality.query.forms import AGGREGATES, FUNCTIONS, INSTEAD
from strongroom.quality.query.kinds import Unfit, alike, arithmetic, cast, named, negative
from strongroom.quality.query.literals import Literals, parts
from strongroom.quality.query.scope import QueryTable, resolve
from strongroom.quality.query.tree import (
    BOOLEAN,
    COUNT,
    TEXT,
    Ask,
    Call,
    Literal,
    Node,
    Select,
    Total,
)

_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_LONGEST_CHAIN = 30
_LIKE_FORMS = {(False, False): "=", (True, False): "ends", (False, True): "starts", (True, True): "contains"}
_LIKE = "Patterns have '%' at their ends only. Use the metric 'invalidValues' with a pattern for others."


class Values(Literals):
    """Recursive descent, a method per level of the grammar."""

    sources: Sequence[QueryTable] = ()
    alone = False  # no subquery may stand here

    def select(self) -> Select:
        raise NotImplementedError

    def fit(self, make: Callable[[], Node], at: int) -> Node:
        """What `make` makes; when it does not fit, an error with its place."""
        try:
            return self.made_of(make())
        except Unfit as unfit:
            raise self.problem(str(unfit), todo=unfit.todo, at=at) from None

    def demand(self, node: Node, kinds: str, at: int, what: str = "this") -> Node:
        if node.kind.name not in kinds.split("|"):
            raise self.problem(f"{what} is {named(kinds)}, not a {node.kind.name}", at=at)
        return node

    def condition(self) -> Node:
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word: str, operand: Callable[[], Node]) -> Node:
        at = self.at
        nodes = [operand()]
        while self.takes(word):
            nodes.append(operand())
        if len(nodes) == 1:
            return nodes[0]
        for node in nodes:
            self.demand(node, "boolean", at, f"what {word!r} joins")
        return self.made_of(Call(BOOLEAN, word, tuple(nodes)))

    def negation(self) -> Node:
        at = self.at
        if not self.takes("not"):
            return self.predicate()
        node = self.demand(self.nested(self.negation), "boolean", at, "what 'not' turns")
        return self.made_of(Call(BOOLEAN, "not", (node,)))

    def predicate(self) -> Node:
        left, at = self.sum(), self.at
        if sign := self.takes(*_COMPARISONS):
            return self.compared("<>" if sign == "!=" else sign, left, self.sum(), at)
        if self.takes("is"):
            negated = self.takes("not")
            self.expect("null")
            node: Node = self.made_of(Call(BOOLEAN, "is null", (left,)))
        else:
            negated = self.takes("not")
            if self.takes("in"):
                node = self.among(left, at)
            elif self.takes("between"):
                low = self.compared(">=", left, self.sum(), at)
                self.expect("and")
                node = self.made_of(Call(BOOLEAN, "and", (low, self.compared("<=", left, self.sum(), at))))
            elif self.takes("like"):
                node = self.like(self.demand(left, "text", at, "what 'like' looks at"), at)
            elif negated:
                raise self.unexpected("'in', 'like' or 'between' is expected")
            else:
                return left
        return self.made_of(Call(BOOLEAN, "not", (node,))) if negated else node

    def compared(self, sign: str, left: Node, right: Node, at: int) -> Node:
        if sign not in ("=", "<>") and left.kind.name in ("boolean", "binary"):
            raise self.problem(f"{sign!r} has no meaning between values that are {left.kind.name}", at=at)
        return self.fit(lambda: Call(BOOLEAN, sign, tuple(alike((left, right)))), at)

    def among(self, left: Node, at: int) -> Node:
        """`in` a list, or in the one column of a subquery."""
        self.expect("(")
        if self.kind == "word" and self.word == "select":
            query = self.subquery(at)
            self.expect(")")
            if len(query.items) != 1:
                raise self.problem("a query after 'in' has one column", at=at)
            return self.fit(lambda: calls.within(left, query), at)
        nodes = [left, self.sum()]
        while self.takes(","):
            nodes.append(self.sum())
        self.expect(")")
        return self.fit(lambda: Call(BOOLEAN, "in", tuple(alike(nodes))), at)

    def like(self, left: Node, at: int) -> Node:
        """Where text begins, ends, contains or is: no pattern is left for an engine to search by backtracking."""
        text = unquoted(self.written) if self.kind == "text" else ""
        bare = text.strip("%")
        if self.kind != "text" or not bare or re.search(r"[%_\\]", bare):
            raise self.problem("this is no plain pattern", todo=_LIKE, at=self.at)
        self.step()
        form = _LIKE_FORMS[text.startswith("%"), text.endswith("%")]
        return self.fit(lambda: Call(BOOLEAN, form, (left, Literal(TEXT, bare))), at)

    def subquery(self, at: int) -> Select:
        if self.alone:
            raise self.problem("a subquery may not stand here", at=at, todo="Put it into FROM or WHERE.")
        return self.nested(self.select)

    def chain(self, signs: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node, links = operand(), 0
        while True:
            at, sign = self.at, self.takes(*signs)
            if not sign:
                return node
            if (links := links + 1) > _LONGEST_CHAIN:
                raise self.problem(f"more than {_LONGEST_CHAIN} operators in a row", at=at)
            left, right = node, operand()
            node = self.fit(lambda left=left, right=right, sign=sign: arithmetic(sign, left, right), at)  # type: ignore[misc]

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/", "%"), self.signed))

    def signed(self) -> Node:
        at = self.at
        if not self.takes("-"):
            return self.primary()
        node = self.nested(self.signed)
        return self.fit(lambda: negative(node), at)

    def primary(self) -> Node:
        at, kind, written = self.at, self.kind, self.written
        if self.takes("("):
            if self.kind == "word" and self.word == "select":
                query = self.subquery(at)
                node: Node = self.made_of(Ask(self.one_row(query, at).items[0].kind, query))
            else:
                node = self.nested(self.condition)
            self.expect(")")
            return node
        if self.takes("case"):
            return self.nested(lambda: self.case(at))
        if self.takes("cast"):
            return self.nested(lambda: self.cast(at))
        if kind in ("end", "sign") or (kind == "word" and self.word not in ("true", "false")):
            raise self.unexpected("a value is expected", "Write 'is null'." if self.word == "null" else "")
        self.step()
        if kind == "number":
            return self.number(written, at)
        if kind == "text":
            return self.text_value(unquoted(written), at)
        if kind == "word":
            return self.made_of(Literal(BOOLEAN, written.lower() == "true"))
        if self.kind == "text" and written.lower() in ("date", "timestamp"):
            return self.moment(written.lower())
        if self.kind == "sign" and self.word == "(":
            return self.nested(lambda: self.call(written, at))
        return self.fit(lambda: resolve(parts(written), self.sources), at)

    def one_row(self, query: Select, at: int) -> Select:
        raise NotImplementedError

    def case(self, at: int) -> Node:
        conditions, values = [], []
        while self.takes("when"):
            conditions.append(self.demand(self.condition(), "boolean", self.at, "what stands after 'when'"))
            self.expect("then")
            values.append(self.condition())
        if not values:
            raise self.unexpected("'when' is expected")
        values += [self.condition()] if self.takes("else") else []
        self.expect("end")
        return self.fit(lambda: calls.case(conditions, alike(values)), at)

    def cast(self, at: int) -> Node:
        self.expect("(")
        node = self.condition()
        self.expect("as")
        kind = self.type_name()
        self.expect(")")
        return self.fit(lambda: cast(node, kind), at)

    def call(self, written: str, at: int) -> Node:
        name = written.lower()
        if name not in FUNCTIONS and name not in AGGREGATES:
            todo = INSTEAD.get(name) or did_you_mean(name, (*FUNCTIONS, *AGGREGATES))
            raise self.problem(f"the function {written!r} is not on the list", todo=todo, at=at)
        self.expect("(")
        distinct = ""
        if name in AGGREGATES:
            if name == "count" and self.takes("*"):
                self.expect(")")
                return self.made_of(Total(COUNT, "count rows"))
            distinct = self.takes("distinct") if name == "count" else ""
        nodes = [self.condition()]
        while self.takes(","):
            nodes.append(self.condition())
        self.expect(")")
        if name in AGGREGATES:
            if len(nodes) != 1:
                raise self.problem(f"{name!r} has one argument", at=at)
            self.demand(nodes[0], AGGREGATES[name], at, f"the argument of {name!r}")
            return self.fit(lambda: calls.total(name, nodes[0], distinct=bool(distinct)), at)
        return self.fit(lambda: calls.function(name, nodes), at)
