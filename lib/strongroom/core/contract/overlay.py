"""An overlay beside somebody else's contract: where its data lies here, what it is for, how each column leaves.

`protection/NAME.yaml` says what the contract does not and the lake has to know. How a column leaves is said by its
exact name, its classification, a tag, or a pattern of names. `keep` never comes by a pattern: a pattern also catches
columns that nobody has thought of, and then it drops, hashes or encrypts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from strongroom.core.contract.vocabulary import CLASSIFICATIONS, CUSTOM, check_keys
from strongroom.core.errors import ConfigError
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node, parse

KEYS = (
    "name", "server", "servers", "purposes", "label", "quarantineLimit", "means", "classification", "tag", "pattern",
    "columns", "leave",
)  # fmt: skip
LEAVE = ("engines", "queries", "levels", "references", "rules")
BY_PATTERN = ("drop", "hash", "encrypt")
REST = "*"
"""The pattern of whatever nothing else says anything about."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay as it was read. Nothing of it is held against a contract yet: `protect_of` and the readers do that.

    `columns` are our words for a column by its path; `leave` names what is told and listed instead of checked.
    """

    root: Node
    name: str = ""
    server: str = ""
    servers: Node | None = None
    head: Mapping[str, Node] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    classification: Mapping[str, Node] = field(default_factory=dict)
    tag: Mapping[str, Node] = field(default_factory=dict)
    pattern: Mapping[str, Node] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    leave: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def protect_of(
        self, path: str, *, name: str, classification: str, tags: Iterable[str], at: Node, findings: Findings
    ) -> tuple[Node, str] | None:
        """How a column leaves that is not named, and by what the overlay says so; None where it says nothing.

        Two of a kind that say two things are a problem; what is said of what a column is goes before its name.
        """
        words = [("classification", classification, self.classification.get(classification))]
        words += [("tag", tag, self.tag.get(tag)) for tag in tags]
        low = {path.lower(), name.lower()}
        globs = [
            ("pattern", glob, node)
            for glob, node in self.pattern.items()
            if glob != REST and any(fnmatchcase(each, glob.lower()) for each in low)
        ]
        for found in (words, globs, [("pattern", REST, self.pattern.get(REST))]):
            said = [(f"{kind} {word!r}", node) for kind, word, node in found if node is not None]
            if any(node.value != said[0][1].value for _, node in said):
                what = f"{' and '.join(by for by, _ in said)} say two things of {path!r}."
                findings.contradicts(at, what, f"Name the column under 'columns' in {self.root.file}.")
            if said:
                return said[0][1], said[0][0]
        return None


def read_overlay(text: str, file: str) -> Overlay:
    """The overlay of a text.

    Raises:
        ConfigError: every problem of it.
    """
    root, findings = parse(text, file), Findings()
    overlay = Overlay(root)
    if check_keys(root, KEYS, "an overlay", findings):
        overlay = _read(root, findings)
    if findings.problems:
        raise ConfigError(findings.problems)
    return overlay


def _read(root: Node, findings: Findings) -> Overlay:
    if "server" in root and "servers" in root:
        findings.contradicts(root["servers"], "'server' and 'servers' together.", "Keep one.")
    if not any(root.get(key) for key in KEYS[7:11]):
        findings.missing(root, "An overlay says how columns leave.", f"One of: {', '.join(KEYS[7:11])}.")
    return Overlay(
        root,
        name=_word(root, "name", findings),
        server=_word(root, "server", findings),
        servers=root.get("servers"),
        head={key: root[key] for key in CUSTOM["contract"] if key in root},
        means=_means(root, findings),
        classification=_protections(root, "classification", findings),
        tag=_protections(root, "tag", findings),
        pattern=_by_pattern(_protections(root, "pattern", findings), findings),
        columns={path: _words(node, findings) for path, node in _entries(root, "columns", findings).items()},
        leave=_leave(root.get("leave"), findings),
    )


def _word(root: Node, key: str, findings: Findings) -> str:
    node = root.get(key)
    if node is not None and not (isinstance(node.value, str) and node.value):
        findings.wrong_type(node, f"{key!r} is a text.", "Put it in quotes.")
    return str(node.value) if node is not None else ""


def _entries(root: Node, key: str, findings: Findings) -> Mapping[str, Node]:
    node = root.get(key)
    if node is not None and not node.fields:
        findings.wrong_type(node, f"{key!r} is a mapping.", "For example public: keep.")
    return node.fields if node is not None else {}


def _means(root: Node, findings: Findings) -> dict[str, str]:
    """Their words for a classification, and ours; one of ours already means what it says."""
    found = _entries(root, "means", findings)
    for word, node in found.items():
        if word in CLASSIFICATIONS:
            findings.contradicts(node, f"{word!r} is a word of ours.", "Only words of others are given a meaning.")
        if node.value not in CLASSIFICATIONS:
            todo = did_you_mean(str(node.value), CLASSIFICATIONS)
            findings.unknown_name(node, f"Unknown classification {node.value!r}.", todo)
    return {word: str(node.value) for word, node in found.items()}


def _protections(root: Node, key: str, findings: Findings) -> dict[str, Node]:
    return {word: _protection(node, findings) for word, node in _entries(root, key, findings).items()}


def _protection(node: Node, findings: Findings) -> Node:
    """`keep` as `{method: keep}`: the value of the custom property `protect`."""
    if isinstance(node.value, str):
        method = Node(node.value, node.file, node.line)
        return Node({"method": node.value}, node.file, node.line, {"method": method})
    if "method" not in node:
        findings.missing(node, "A protection names its method.", "For example {method: hash, domain: person}.")
    return node


def _by_pattern(found: dict[str, Node], findings: Findings) -> dict[str, Node]:
    for glob, node in found.items():
        method = node.get("method")
        if method is not None and method.value not in BY_PATTERN:
            what = f"{method.value!r} comes by no pattern, and {glob!r} is one."
            todo = f"Name the columns, or their classification or tag; a pattern may {', '.join(BY_PATTERN)}."
            findings.add(method, what, todo, "by-pattern")
    return found


def _words(node: Node, findings: Findings) -> Mapping[str, Node]:
    """Our words for one column: a protection alone, or a mapping of words of ours with `protect` among them."""
    if isinstance(node.value, str) or "method" in node:
        return {"protect": _protection(node, findings)}
    check_keys(node, CUSTOM["property"], "the words of a column", findings)
    return {word: _protection(child, findings) if word == "protect" else child for word, child in node.fields.items()}


def _leave(node: Node | None, findings: Findings) -> dict[str, tuple[str, ...]]:
    """What is told and listed instead of checked, by kind: `queries: true` is those that cannot be run here."""
    if node is None or not check_keys(node, LEAVE, "'leave'", findings):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for kind, child in node.fields.items():
        words = [item.value for item in child.items]
        if kind == "queries":
            if not isinstance(child.value, bool):
                findings.wrong_type(child, "'queries' is true or false.", "It leaves those that cannot be run here.")
            found[kind] = ("sql",) if child.value is True else ()
        elif not words or not all(isinstance(word, str) for word in words):
            findings.wrong_type(child, f"{kind!r} is a list of texts.", "For example [soda].")
        else:
            found[kind] = tuple(words)
    return found


def check_named(overlay: Overlay, paths: Sequence[str], findings: Findings) -> None:
    """Report columns that the overlay names and no schema object of the contract has."""
    columns = overlay.root.get("columns")
    for path in overlay.columns:
        if path not in paths and columns is not None:
            what = f"There is no column {path!r} in the contract."
            findings.unknown_name(columns[path], what, did_you_mean(path, paths))
