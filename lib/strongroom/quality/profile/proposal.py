"""A first contract as text: each column with what was seen of it, what is proposed, and what a person should decide.

The text holds no value of a column but those of small closed sets that were placed as nobody's, and bounds that are
rounded outward.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from strongroom.core.contract import Source, Type
from strongroom.core.errors import StoreError
from strongroom.core.escaping import is_plain, json_text, one_line, visible
from strongroom.quality.profile.evidence import Share
from strongroom.quality.profile.meaning import Meaning
from strongroom.quality.profile.shape import Shape

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_*/.-]*(?: [A-Za-z0-9_*/.-]+)*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True, slots=True)
class Proposed:
    """One column of the contract to be.

    Args:
        name: its name in the contract; empty for the items of an array.
        source: what the source calls it.
        shape: of a leaf.
        meaning: of a leaf.
        nested: `object` or `array`; empty for a leaf.
        inner: fields of an object, or the one item of an array.
        key: it is proposed as the primary key.
        notes: more that a person should look at.
        shares: of a leaf, which entities were found in which part of its rows.
    """

    name: str
    source: str
    shape: Shape | None = None
    meaning: Meaning | None = None
    nested: str = ""
    inner: tuple[Proposed, ...] = ()
    key: bool = False
    required: bool = False
    notes: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()

    def leaves(self, path: str = "") -> Iterator[tuple[str, Proposed]]:
        """Every leaf with its path."""
        here = f"{path}.{self.name}" if path and self.name else path or self.name
        if self.nested == "array":
            yield from self.inner[0].leaves(f"{here}[]")
        elif self.nested:
            for each in self.inner:
                yield from each.leaves(here)
        else:
            yield here, self

    @property
    def type(self) -> Type:
        """The scalar type of a leaf."""
        return self.shape.type if self.shape is not None else Type("string")


@dataclass(frozen=True, slots=True)
class Proposal:
    """The contract to be.

    Args:
        name: of the data set.
        sources: where it lies.
        columns: at its top.
        purpose: what it was read for.
        told: how much of what was seen, in a sentence.
        notes: what a person should look at first.
    """

    name: str
    sources: Sequence[Source]
    columns: Sequence[Proposed]
    purpose: str
    told: str
    notes: Sequence[str] = field(default_factory=tuple)


def written(proposal: Proposal) -> str:
    """The contract as YAML."""
    lines = [
        f"# A first contract of {_comment(proposal.name)}, by `profile`: read each line that ends in a question.",
        f"# {_comment(proposal.told)}",
        *(f"# {_comment(note)}" for note in proposal.notes),
        "# The reference is docs/contract.md.",
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {_scalar(proposal.name)}",
        f"name: {_scalar(proposal.name)}",
        "version: 0.1.0",
        "status: draft",
        "description:",
        f"  limitations: {_scalar(proposal.told)}",
        "",
        "servers:",
        *(line for source in proposal.sources for line in _server(source)),
        "",
        "schema:",
        f"  - name: {_scalar(proposal.name)}",
        "    properties:",
    ]
    for column in proposal.columns:
        lines += [*_column(column, indent=6), ""]
    lines += [
        "customProperties:",
        f"  - {{property: purposes, value: [{_scalar(proposal.purpose)}]}} # what may it be used for?",
        "  - {property: quarantineLimit, value: {percent: 5}}",
    ]
    return "\n".join(lines) + "\n"


def _server(source: Source) -> Iterator[str]:
    place = "location" if "://" in source.path else "path"
    kind = "local" if place == "path" else "custom"
    yield f"  - server: {_scalar(source.name)}"
    yield f"    type: {kind}"
    yield f"    {place}: {_scalar(source.path)}"
    yield f"    format: {source.format}"
    if source.options:
        yield "    customProperties:"
        asked = "is the first line one of names?" if source.options.get("header") else "has it no line of names?"
        if encoding := source.options.get("encoding"):
            asked += f" are its letters right in {encoding}?"
        comment = f" # guessed: {asked}" if source.format == "csv" else " # guessed"
        yield f"      - {{property: options, value: {_flow(source.options)}}}{comment}"


def _column(column: Proposed, *, indent: int, item: bool = False) -> Iterator[str]:
    """The lines of one property; of an item of an array without its dash and name."""
    pad = " " * indent
    inside = pad if item else f"{pad}  "
    if not item:
        yield f"{pad}- name: {_scalar(column.name)}"
        if column.source != column.name:
            yield f"{inside}physicalName: {_scalar(column.source)}"
    for note in column.notes:
        yield f"{inside}# {_comment(note)}"
    if column.nested:
        yield f"{inside}logicalType: {column.nested}"
        if column.required and not item:
            yield f"{inside}required: true # is it always there?"
        if column.nested == "array":
            yield f"{inside}items:"
            yield from _column(column.inner[0], indent=indent + (2 if item else 4), item=True)
        else:
            yield f"{inside}properties:"
            for each in column.inner:
                yield from _column(each, indent=indent + (2 if item else 4))
    elif column.shape is not None and column.meaning is not None:
        for line in _leaf(column, column.shape, column.meaning, item):
            yield f"{inside}{line}"


def _leaf(column: Proposed, shape: Shape, meaning: Meaning, item: bool) -> Iterator[str]:
    for note in shape.notes:
        yield f"# {_comment(note)}"
    yield f"logicalType: {shape.logical}"
    if shape.physical:
        yield f"physicalType: {_scalar(shape.physical)}"
    if column.key:
        yield "primaryKey: true # no value came twice: is it the key?"
    elif shape.required and not item:
        yield "required: true # no value was missing: is that so by its nature?"
    if meaning.classification:
        yield f"classification: {meaning.classification} # {_comment(meaning.why)}"
    options = _options(shape, meaning)
    if options:
        ask = " # rounded outward: what may it be?" if {"minimum", "maximum", "maxLength"} & options.keys() else ""
        yield f"logicalTypeOptions: {_flow(options)}{ask}"
    if shape.valid and meaning.harmless:
        yield "quality:"
        values = ", ".join(map(_scalar, shape.valid))
        yield (
            "  - {metric: invalidValues, mustBe: 0, arguments: {validValues: "
            f"[{values}]}}}} # are these all that there may be?"
        )
    yield "customProperties:"
    yield f"  - {{property: protect, value: {_flow(meaning.protect)}}} # {_comment(meaning.ask)}"
    if meaning.subject and not item:
        yield "  - {property: subject, value: true} # is a row about this person?"
    if shape.read:
        yield f"  - {{property: read, value: {_flow(shape.read)}}}"


def _options(shape: Shape, meaning: Meaning) -> dict[str, object]:
    """Bounds and lengths of what is nobody's; formats of all that leaves, and those by which a date is read."""
    found: dict[str, object] = {}
    if meaning.harmless:
        words = (
            ("minimum", shape.minimum),
            ("maximum", shape.maximum),
            ("minLength", shape.least),
            ("maxLength", shape.most),
        )
        found |= {word: value for word, value in words if value is not None}
    if shape.format and (meaning.kind != "unplaced" or shape.type.name != "string"):
        found["format"] = shape.format
    return found


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    """One value as strict YAML has it: a text in quotes unless it can be nothing else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json_text(value)


def _comment(text: str) -> str:
    """A text of others within a comment."""
    return visible(one_line(text))


def safe_names(sources: Iterable[str]) -> list[str]:
    """Names that a contract takes, one for each of the source's, in their order; no two alike but for case.

    Raises:
        StoreError: no contract can say which name of the source is meant: two are one but for case, one is empty, or
            holds a sign that nobody sees.
    """
    found: list[str] = []
    sources = list(sources)
    if len({source.lower() for source in sources}) < len(sources):
        raise StoreError("two names here are one but for case", todo="Rename one at the source.", code="source.name")
    for place, source in enumerate(sources, 1):
        if not source or not is_plain(source):
            what = f"name {place} here is empty, or has a sign in it that nobody sees"
            raise StoreError(what, todo="Rename it at the source.", code="source.name")
        name = re.sub(r"[^\w-]+", "_", source.strip()).strip("_-") or f"column_{place}"
        base, again = name, 2
        while name.lower() in {each.lower() for each in found}:
            name, again = f"{base}_{again}", again + 1
        found.append(name)
    return found
