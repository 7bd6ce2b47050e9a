"""The custom property `protect`: which methods there are, their options, and the types they fit.

`METHODS` is the table that the kernels in `protect/` follow: one method, one file, one line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from strongroom.core.contract.model import SCALARS, Column, Contract, Protect, Type
from strongroom.core.contract.redaction import (
    ALL,
    LANGUAGES,
    REDACT,
    REPLACEMENTS,
    check_redact,
    is_listed,
    is_sought,
    writes_tokens,
)
from strongroom.core.contract.vocabulary import check_keys, is_number
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
DATES = ("date", "timestamp", "timestamp_ntz")
ROW_KEYS = ("string", "tinyint", "smallint", "int", "bigint", "decimal", "binary", *DATES)
"""Types of a kept column that values may be bound to: one value has one text, and many values are told apart."""
_MOST_BANDS = 10_000
_MOST_DISTINCT = 1_000  # up to there different values are counted exactly
_DOMAIN = re.compile(r"[A-Za-z_][\w.\[\]-]*")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a method.

    Args:
        ok: whether a value will do; `want` says in words what would.
        types: the column types it fits, when not all of the method's.
        default: its value when it is not named; None leaves it out.
    """

    ok: Callable[[object], bool]
    want: str
    types: tuple[str, ...] = ()
    default: object = None


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it makes, the column types it fits, its options, and which of them exclude each other but are
    needed.

    `check` looks at the options together, each of which is sound by itself.
    `said` tells a privacy officer how a column leaves; `lies` how its values lie in a table, empty where nothing does;
    `opens` that they can be opened again; `keyed` that a key makes them; `unreadable` why nobody reads a text in them.
    """

    said: str
    lies: str = ""
    opens: bool = False
    keyed: bool = False
    unreadable: str = ""
    types: tuple[str, ...] = SCALARS
    options: Mapping[str, Option] = field(default_factory=dict)
    exactly_one: tuple[str, ...] = ()
    check: Callable[..., None] | None = None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _least(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= _MOST_DISTINCT


def _word(*words: str) -> Option:
    return Option(lambda value: value in words, f"one of {', '.join(words)}", default=words[0])


def _bands(value: object) -> bool:
    """`{width, min, max}` with a whole number of bands, or `{edges: [a, b, …]}`, ascending."""
    if not isinstance(value, dict):
        return False
    if set(value) == {"edges"}:
        edges = value["edges"]
        return isinstance(edges, list) and bool(edges) and all(map(is_number, edges)) and _ascending(edges)
    if set(value) != {"width", "min", "max"} or not all(map(is_number, value.values())) or value["width"] <= 0:
        return False
    width, low, high = (Fraction(str(value[word])) for word in ("width", "min", "max"))
    bands = (high - low) / width
    return bands.denominator == 1 and 1 <= bands <= _MOST_BANDS


def _ascending(edges: list[float]) -> bool:
    return all(low < high for low, high in pairwise(edges))


_DOMAIN_OPTION = Option(
    lambda value: isinstance(value, str) and _DOMAIN.fullmatch(value) is not None,
    "a word of letters, digits, '_', '-' and '.'",
)  # without one a column shares its key with no other, of whatever table
_COUNT = Option(_whole, "a whole number from 1 up")

_PERCENT = Option(lambda value: is_number(value) and 0 <= value <= 100, "a percentage, 0 to 100")  # type: ignore[operator]
_YES_OR_NO = Option(lambda value: isinstance(value, bool), "true or false", default=False)
_LEAST = Option(_least, f"a whole number from 2 to {_MOST_DISTINCT}")

METHODS: Mapping[str, Method] = {
    "keep": Method("kept as it is", "in clear"),
    "drop": Method("left out", unreadable="it is left out"),
    "hash": Method(
        "keyed hash",
        "token",
        keyed=True,
        unreadable="a token has no words",
        options={
            "domain": _DOMAIN_OPTION,
            "profile": _word("aes-cmac", "hmac-sha256"),
            "normalise": Option(lambda value: value == "name", "name, or left out", types=("string",)),
            "minDistinct": _LEAST,
        },
    ),
    "encrypt": Method(
        "encrypted",
        "encrypted",
        opens=True,
        keyed=True,
        unreadable="a ciphertext has no words",
        options={
            "mode": _word("deterministic", "randomised"),
            "domain": _DOMAIN_OPTION,
            "key": Option(lambda value: value == "classification", "classification, or left out"),
            "minDistinct": _LEAST,
            "rowKey": Option(
                lambda value: isinstance(value, str) and bool(value), "the name of a column"
            ),  # which column may be one, core/contract/row_key.py tells
        },
    ),
    "mask": Method(
        "masked",
        "masked",
        types=("string",),
        options={
            "keepFirst": _COUNT,
            "keepLast": _COUNT,
            "keepDomain": Option(lambda value: isinstance(value, bool), "true or false"),
            "with": Option(
                lambda value: isinstance(value, str) and len(value) == 1 and value.isprintable(),
                "one character",
                default="*",
            ),
        },
    ),
    "generalise": Method(
        "generalised",
        "generalised",
        types=("string", *NUMBERS, *DATES),
        options={
            "bands": Option(
                _bands, "{width, min, max} that make whole bands, or ascending {edges: [a, b, …]}", types=NUMBERS
            ),
            "date": Option(lambda value: value in ("year", "quarter", "month"), "year, quarter or month", types=DATES),
            "prefix": Option(_whole, "a whole number from 1 up", types=("string",)),
        },
        exactly_one=("bands", "date", "prefix"),
    ),
    REDACT: Method(
        "redacted",
        "redacted",
        types=("string",),
        options={
            "find": Option(is_sought, "all, court, or a list of entities", default=ALL),
            "known": Option(is_listed, "all, or a list of columns", default=ALL),
            "replace": _word(*REPLACEMENTS),
            "domain": _DOMAIN_OPTION,
            "reversible": _YES_OR_NO,
            "languages": Option(is_listed, f"a list of {', '.join(LANGUAGES)}", default=ALL),
            "model": _YES_OR_NO,
            "maxLeaks": _PERCENT,
            "maxMissRate": _PERCENT,
        },
        check=check_redact,
    ),
}
"""Every method of protection."""


def leaves_out(leaf: Column) -> bool:
    """Whether nothing of a leaf leaves."""
    return not METHODS[leaf.method].lies


_PRESENCE = ("type", "required", "nullValues")
"""What asks whether there is a value, and not for the value."""


def untyped(contract: Contract) -> frozenset[str]:
    """Leaves that leave nothing and whose values no rule asks: whatever stands there is of the right type."""
    asked = [rule.columns for rule in contract.rules if rule.check not in _PRESENCE]
    asked += [rule.columns for rule in contract.set_rules if rule.metric not in _PRESENCE]
    outer = {path for columns in asked for path in columns}
    leaves = [leaf.path for leaf in contract.leaves() if leaves_out(leaf)]
    return frozenset(leaf for leaf in leaves if not any(_within(leaf, path) for path in outer))


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def is_kept(leaf: Column) -> bool:
    """Whether a leaf leaves as it came."""
    return METHODS[leaf.method] is METHODS["keep"]


def is_keyed(leaf: Column) -> bool:
    """Whether a key makes what leaves of a leaf, or what stands in it."""
    return METHODS[leaf.method].keyed or writes_tokens(leaf)


def opens(leaf: Column) -> bool:
    """Whether what leaves of a leaf can be opened again."""
    return METHODS[leaf.method].opens


def read_protect(node: Node, findings: Findings, *, path: str, type_: Type) -> Protect | None:
    """The `protect` property of a leaf, checked against `METHODS`; defaults are filled in.

    Args:
        node: the value of the custom property.
        findings: where problems go.
        path: the column's path.
        type_: the column's type.
    """
    method = node.get("method")
    if method is None or not isinstance(method.value, str):
        findings.missing(node, f"'protect' of {path!r} names no method.", f"One of: {', '.join(METHODS)}.")
        return None
    known = METHODS.get(method.value)
    if known is None:
        findings.unknown_name(method, f"Unknown method {method.value!r}.", did_you_mean(method.value, METHODS))
        return None
    check_keys(node, ("method", "why", *known.options), f"'protect' with method {method.value!r}", findings)
    if type_.name not in known.types:
        findings.misfit(method, f"{method.value!r} does not fit {path!r}, which is {type_.name}.")
    why = node.get("why")
    if why is not None and (not isinstance(why.value, str) or not why.value.strip()):
        findings.wrong_type(why, "'why' is a sentence.")
    options = _options(node, known, findings, path=path, type_=type_)
    if known.check is not None:
        known.check(node, options, findings, path=path)
    if "minDistinct" in options and (options.get("mode") == "randomised" or "rowKey" in options):
        what = "bound to their rows" if "rowKey" in options else "randomised"
        findings.contradicts(
            node["minDistinct"], f"Values that are {what} are all different.", "Leave 'minDistinct' out."
        )
    if "key" in options and "domain" in options:
        findings.contradicts(
            node["key"], f"{path!r} has two keys, by its domain and by its classification.", "Name one."
        )
    return Protect(
        method.value,
        options=options,
        why=str(why.value).strip() if why is not None else "",
        line=node.line,
    )


def _options(node: Node, method: Method, findings: Findings, *, path: str, type_: Type) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, option in method.options.items():
        child = node.get(name)
        if child is None:
            if option.default is not None:
                options[name] = option.default
        elif not option.ok(child.value):
            findings.wrong_type(child, f"{name!r} is {option.want}.")
        elif option.types and type_.name in method.types and type_.name not in option.types:
            findings.misfit(child, f"{name!r} does not fit {path!r}, which is {type_.name}.")
        else:
            options[name] = child.value
    named = [name for name in method.exactly_one if name in node]
    if method.exactly_one and len(named) != 1:
        findings.missing(node, f"Exactly one of {', '.join(method.exactly_one)} is needed.")
    return options
