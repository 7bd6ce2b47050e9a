"""Broken contracts made from good ones: what a tired person, an editor or a careless merge does to a file.

Each mutant is one change that leaves no sound contract. Changes that do leave one are not made, for these reasons:

- *free text*: a name, a path, a reason, a pattern or a domain may be any text, so a typo there is another text;
- *optional*: without a rule, a description or a default the contract says less and is whole, so only what is needed
  gets lost;
- *other number*: another bound or share is another contract, so numbers change their type or contradict each other;
- *layout*: a change that reads as the same values (one blank more before a list of one entry) is no change.
"""

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

FREE = frozenset(
    ("id", "name", "version", "server", "path", "label", "purpose", "limitations", "description", "pattern", "why",
     "domain", "sep", "quote", "lineSep", "with", "removeSuffix", "missing", "validValues", "missingValues", "query",
     "expression", "encoding")
)  # fmt: skip
LISTED = {"validValues", "missingValues"}
"""Lists of values, among which any text or null may be."""
NEEDED = frozenset(
    ("apiVersion", "kind", "id", "version", "status", "servers", "server", "type", "path", "format", "schema", "name",
     "properties", "items", "logicalType", "property", "value", "method", "metric", "arguments", "validValues",
     "mustBe", "mustBeLessThan", "mustBeLessOrEqualTo", "mustBeGreaterThan", "engine", "implementation", "check",
     "expression", "bands", "width", "min", "max", "edges", "date", "prefix", "percent")
)  # fmt: skip
OPTIONAL_NAMES = ((), ("quality",))
"""A name is needed in a table or column, not in the contract or in a quality rule."""
UNFIT = {"string": ("int", "generalise"), "integer": ("string", "mask"), "number": ("date", "mask"),
         "date": ("string", "mask"), "timestamp": ("date", "mask"), "boolean": ("int", "generalise")}  # fmt: skip
"""Logical type → a physical type and a method of protection that do not fit it."""

TABLE_RULES = (
    {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["nobody"]}},
    {"metric": "nullValues", "mustBe": 0},
    {"metric": "rowCount", "mustBeBetween": [9, 1]},
    {"metric": "rowCount", "mustBeLessThan": 0},
    {"type": "sql", "query": "delete from x", "mustBe": 0},
    {"type": "custom", "engine": "strongroom", "implementation": {"check": "row", "expression": "nobody > 0"}},
)
"""Rules of a table that cannot be."""

REFERENCES = (
    "nobody.user_id", "customers.nobody", "customers.email", "customers.income", "visits.user_id", "customers",
    "customers.user_id.x", "customers.yaml#/schema/customers/properties/user_id",
    ["customers.user_id", "reviews.user_id"], [],
)  # fmt: skip
"""What nothing can refer to: not there, of another type or protection, the table itself, or in other words."""

Change = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Mutant:
    """A broken contract, how it was broken, and where; its text is made when it is asked for."""

    kind: str
    place: str
    make: Callable[[], str]

    @property
    def text(self) -> str:
        return self.make()


def mutants(text: str) -> list[Mutant]:
    """The mutants of one good contract: every kind at every kind of place, once."""
    first: dict[tuple[str, str], Mutant] = {}
    for mutant in _all(text):
        first.setdefault((mutant.kind, re.sub(r"\d+", "", mutant.place)), mutant)
    return list(first.values())


def _all(text: str) -> Iterator[Mutant]:
    tree = yaml.load(text, Loader=yaml.CSafeLoader)
    for mutant in _of_text(text):
        if mutant.kind not in ("one blank more", "tab for blanks") or not _same(mutant.text, tree):
            yield mutant
    for path, value in _walk(tree):
        for kind, change in (*_of_key(path), *_of_value(path, value), *_of_meaning(path, value)):
            yield Mutant(kind, ".".join(map(str, path)), partial(_changed, tree, path, change))


def _changed(tree: Any, path: tuple[str | int, ...], change: Change) -> str:
    broken = copy.deepcopy(tree)
    parent = broken
    for step in path[:-1]:
        parent = parent[step]
    change(parent, path[-1])
    return yaml.dump(broken, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


def _same(text: str, tree: Any) -> bool:
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader) == tree
    except yaml.YAMLError:
        return False


def _walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if path:
        yield path, value
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in entries:
        yield from _walk(child, (*path, key))


def _set(new: Any) -> Change:
    return lambda parent, key: parent.__setitem__(key, new)


def _inside(**new: Any) -> Change:
    return lambda parent, key: parent[key].update(new)


def _rename(new: str) -> Change:
    def rename(parent: Any, key: Any) -> None:
        entries = [(new if name == key else name, value) for name, value in parent.items()]
        parent.clear()
        parent.update(entries)

    return rename


def _of_key(path: tuple[str | int, ...]) -> Iterator[tuple[str, Change]]:
    key = path[-1]
    if not isinstance(key, str):
        return
    yield "letter of a key doubled", _rename(key + key[-1])
    yield "letter of a key lost", _rename(key[1:])
    yield "letters of a key swapped", _rename(key[1::-1] + key[2:] if key[0] != key[1] else key + "_")
    yield "key in another case", _rename(key.swapcase())
    nameless = key == "name" and tuple(step for step in path[:-1] if not isinstance(step, int))[-1:] in OPTIONAL_NAMES
    table = key == "logicalType" and len(path) == 3 and path[0] == "schema"  # ODCS needs none: it is an object anyway
    optional = nameless or table or (key == "type" and "relationships" in path)
    if key in NEEDED and not optional and "logicalTypeOptions" not in path:
        yield "needed key lost", lambda parent, key: parent.__delitem__(key)


def _of_value(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[str, Change]]:
    words = [step for step in path if isinstance(step, str)]
    if not LISTED & set(words) or isinstance(value, list):
        yield "null", _set(None)
    if value is None:
        return
    if isinstance(value, bool):
        for wrong in ("yes", "on", "true", 1):
            yield f"{wrong!r} for a boolean", _set(wrong)
    elif isinstance(value, str):
        if (value and not FREE & set(words) and path[0] != "customProperties") or words[-1] == "property":
            yield "letter of a word doubled", _set(value + value[-1])
            yield "letter of a word lost", _set(value[1:])
            if value.swapcase() != value and words[-1] != "physicalType":  # SQL does not see the case of its types
                yield "word in another case", _set(value.swapcase())
        yield "number for text", _set(5)
        yield "boolean for text", _set(True)
        if words[-1] != "to":  # a list of one name is that name
            yield "list for text", _set([value])
        yield "mapping for text", _set({"value": value})
    elif isinstance(value, int | float):
        yield "text for a number", _set(str(value))
        yield "boolean for a number", _set(True)
        yield "list for a number", _set([value])
    elif isinstance(value, list):
        yield "text for a list", _set("text")
        yield "mapping for a list", _set({"a": 1})
        yield "first entry twice", lambda parent, key: parent[key].append(copy.deepcopy(parent[key][0]))
        if words[-1] not in LISTED:
            yield "stray number in a list", lambda parent, key: parent[key].append(-7)
        if words[-1] in NEEDED:
            yield "empty list", _set([])
    else:
        yield "text for a mapping", _set("text")
        yield "list for a mapping", _set([1])
        yield "stray key", _inside(stray=1)
        if words[-1] in NEEDED and words[-2:] != ["customProperties", "value"]:
            yield "empty mapping", _set({})


def _of_meaning(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[str, Change]]:
    """Contradictions, units, and columns that are not there."""
    if not isinstance(value, dict):
        return
    if value.get("logicalType") in UNFIT:
        physical, method = UNFIT[value["logicalType"]]
        yield "physical type contradicts", _inside(physicalType=physical)
        yield "no such physical type", _inside(physicalType="varchr")
        if path[-1] != "items":  # which need no name
            yield "column of no name", _inside(name="a.b")
        protect = next((entry for entry in value.get("customProperties", ()) if entry["property"] == "protect"), None)
        if protect is not None:
            others = [entry for entry in value["customProperties"] if entry is not protect]
            unfit = {"property": "protect", "value": {"method": method}}
            yield "method does not fit", _inside(customProperties=[*others, unfit])
            yield "protected twice", _inside(customProperties=[protect, protect, *others])
            yield "not protected", _inside(customProperties=others)
            kept = {"property": "protect", "value": {"method": "keep"}}
            yield "personal and kept", _inside(classification="personal", customProperties=[kept, *others])
    for low, high, gap in (("minimum", "maximum", 1), ("minLength", "maxLength", 1), ("minItems", "maxItems", 1)):
        if isinstance(value.get(high), int):
            yield "bounds contradict", _inside(**{low: value[high] + gap})
        if isinstance(value.get(low), int):
            yield "bounds contradict", _inside(**{high: value[low] - gap})
    if "metric" in value:
        yield "unit of nothing", _inside(unit="percnt")
        yield "severity of nothing", _inside(severity="fatal")
        yield "dimension of nothing", _inside(dimension="size")
        yield "two operators", _inside(mustNotBe=1, mustBeGreaterOrEqualTo=0)
        yield "argument of nothing", _inside(arguments={"colums": ["x"]})
        yield "rule of another kind", _inside(query="select 1")
        yield "engine of another house", _inside(type="custom", engine="soda", implementation="x")
    if "to" in value and "relationships" in path:
        first = value["to"] if isinstance(value["to"], str) else value["to"][0]
        for wrong in REFERENCES:
            yield f"reference to {wrong}", _inside(to=wrong)
        yield "more columns than partners", _inside(to=[first, "customers.consent"])
        yield "reference of a kind nobody knows", _inside(type="foreign")
        yield (
            "reference of a severity nobody knows",
            _inside(customProperties=[{"property": "severity", "value": "fatal"}]),
        )
    if "properties" in value and "quality" in value and path[0] == "schema":
        for rule in TABLE_RULES:
            yield f"table rule {rule}", _inside(quality=[*value["quality"], rule])


def _of_text(text: str) -> Iterator[Mutant]:
    """What breaks the text and not only the values: tabs, blanks, brackets, doubled lines, anchors, tags."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        body = line.partition(" #")[0].strip()
        if not body or body.startswith("#"):
            continue
        for kind, new in _of_line(line, body):
            whole = "".join([*lines[:number], *new, *lines[number + 1 :]])
            yield Mutant(kind, f"{body} (line {number + 1})", partial(str, whole))


def _of_line(line: str, body: str) -> Iterator[tuple[str, list[str]]]:
    if line.startswith(" "):
        yield "tab for blanks", ["\t" + line.lstrip()]
        yield "one blank more", [" " + line]
    if not body.startswith("-") and not body.endswith(":"):
        yield "line twice", [line, line]
    if ": " in body and not body.startswith("- {"):
        yield "colon lost", [line.replace(": ", " ", 1)]
        yield "blank lost", [line.replace(": ", ":", 1)]
        yield "anchor", [line.replace(": ", ": &a ", 1)]
        yield "tag", [line.replace(": ", ": !!str ", 1)]
    for sign in "{}[]'":
        if sign in body and not any(word in body for word in ("pattern", "removeSuffix", "query", *LISTED)):
            yield f"{sign} lost", [line.replace(sign, "", 1)]
