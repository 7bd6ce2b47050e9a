"""An overlay beside somebody else's contract: where its data lies here, what it is for, how each column leaves.

`protection/NAME.yaml` says what the contract does not and the lake has to know. How a column leaves is said by its
exact name, its classification, a tag, or a pattern of names, all compared as the policy compares names. `keep` never
comes by a pattern: a pattern also catches columns that nobody has thought of, and then it drops, hashes or encrypts
them. Nor does it come from outside: what an object, a list or the whole data set is called, or tagged with, protects
what is inside, and never opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from strongroom.core.contract.model import PERSONAL
from strongroom.core.contract.vocabulary import CLASSIFICATIONS, CUSTOM, check_keys
from strongroom.core.errors import ConfigError
from strongroom.core.findings import Findings
from strongroom.core.names import folded, matcher, means
from strongroom.core.suggest import did_you_mean, slip_of
from strongroom.core.yaml import Node, parse

KEYS = (
    "name", "server", "servers", "purposes", "label", "quarantineLimit", "means", "classification", "tag", "pattern",
    "columns", "leave", "curate", "legalBasis",
)  # fmt: skip
LEAVE = ("engines", "queries", "levels", "references", "rules")
BY_PATTERN = ("drop", "hash", "encrypt")
REST = "*"
"""The pattern of whatever nothing else says anything about."""
_PATTERN = re.compile(r"[\w.*-]+")

_EXAMPLES = {"pattern": "{'*': drop}", "columns": "{email: drop}", "means": "{PII: personal}"}

Said = tuple[str, Node]
"""What says it, in words, and the protection."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a contract says of one thing: a column, an object, a list, the data set, or the whole.

    `classifications` has its word, and what an overlay says that means.
    """

    names: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __or__(self, other: Described) -> Described:
        """Both at once: a list and its items are one column."""
        return Described(self.names + other.names, self.classifications + other.classifications, self.tags + other.tags)


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
        self, path: str, *, levels: Sequence[Described], at: Node, findings: Findings
    ) -> tuple[Node, str] | None:
        """How a column leaves that is not named, and by what the overlay says so; None where it says nothing.

        Two of a kind that say two things are a problem; what is said of what a column is goes before its name, unless a
        pattern of its name drops it: that is a problem, too. What it is inside of protects it, the nearest first, and
        keeps nothing.

        Args:
            path: the column's.
            levels: what the contract says of it, then of each that it is inside of, from the inside out.
            at: the column's place.
            findings: takes the problems.
        """
        drops = [each for each in self._named(levels[0]) if each[1].at(["method"]).value == "drop"]
        for found in self._ways(levels):
            found += drops if found else []
            if any(node.value != found[0][1].value for _, node in found):
                what = f"{' and '.join(by for by, _ in found)} say two things of {path!r}."
                findings.contradicts(at, what, f"Name the column under 'columns' in {self.root.file}.")
            if found:
                return found[0][1], found[0][0]
        return None

    def _ways(self, levels: Sequence[Described]) -> list[list[Said]]:
        """What is said of a column, what goes before first; one way of saying it may say it several times."""
        own, outer = levels[0], levels[1:]
        said = list(self._described(own))
        around = [each for level in outer if (each := [one for one in self._described(level) if not _keeps(one)])][:1]
        if said and _keeps(said[0]):
            said += [(f"{by} around it", node) for by, node in (around[0] if around else ())]
            personal = next((word for level in outer for word in level.classifications if word in PERSONAL), "")
            if personal and len(said) == 1:
                said.append((f"what it is inside of, which is {personal},", Node(None, "", 0)))
        ways = [said, *([(f"{by} around it", node) for by, node in each] for each in around)]
        ways += [list(self._named(level)) for level in levels]
        ways.append([(f"pattern {REST!r}", self.pattern[REST])] if REST in self.pattern else [])
        return ways

    def rules_of(self, levels: Sequence[Described]) -> tuple[set[str], set[str]]:
        """By their words, the rules that say something of a column, and those of them that hold; but for the rest's."""
        say = {by for level in levels for by, _ in (*self._described(level), *self._named(level))}
        first = next(filter(None, self._ways(levels)), [])
        return say, say & {by.removesuffix(" around it") for by, _ in first}

    def rules(self) -> dict[str, Node]:
        """Every rule by its words."""
        kinds = {"classification": self.classification, "tag": self.tag, "pattern": self.pattern}
        return {f"{kind} {word!r}": node for kind, known in kinds.items() for word, node in known.items()}

    def _described(self, level: Described) -> Iterator[Said]:
        for kind, known, words in (
            ("classification", self.classification, level.classifications),
            ("tag", self.tag, level.tags),
        ):
            yield from ((f"{kind} {word!r}", node) for word, node in known.items() if _among(word, words))

    def _named(self, level: Described) -> Iterator[Said]:
        globs = ((glob, node) for glob, node in self.pattern.items() if glob != REST)
        return ((f"pattern {glob!r}", node) for glob, node in globs if _matches(glob, level.names))

    def meaning(self, word: str) -> str:
        """A word of theirs for a classification in ours, whatever its case; itself where it has no meaning here."""
        said = {folded(theirs)[0]: ours for theirs, ours in self.means.items()}
        known = {ours: ours for ours in CLASSIFICATIONS}
        return (known | said).get(folded(word)[0], word)


def _keeps(said: Said) -> bool:
    return bool(said[1].at(["method"]).value == "keep")


def _among(word: str, words: Iterable[str]) -> bool:
    """Whether a word is one of these, as names are compared: without upper and lower case."""
    return folded(word)[0] in {folded(each)[0] for each in words}


def _matches(glob: str, names: Iterable[str]) -> bool:
    """Whether a pattern means one of these or a look-alike: it protects, so it reaches as far as a deny does."""
    match = matcher(glob, deny=True)
    return any(means(match, form) for name in names for form in folded(name))


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
    overlay = Overlay(
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
    _check_classifications(overlay, findings)
    return overlay


def _word(root: Node, key: str, findings: Findings) -> str:
    node = root.get(key)
    if node is not None and not (isinstance(node.value, str) and node.value):
        findings.wrong_type(node, f"{key!r} is a text.", "Put it in quotes.")
    return str(node.value) if node is not None else ""


def _entries(root: Node, key: str, findings: Findings) -> Mapping[str, Node]:
    node = root.get(key)
    if node is not None and not node.fields:
        findings.wrong_type(node, f"{key!r} is a mapping.", f"For example {_EXAMPLES.get(key, 'public: keep')}.")
    seen: dict[str, str] = {}
    for word, child in node.fields.items() if node is not None else ():
        other = seen.setdefault(folded(word)[0], word)
        if other != word:
            what = f"{other!r} and {word!r} of {key!r} are one: upper and lower case do not count."
            findings.twice(child, what, "Keep one.")
    return node.fields if node is not None else {}


def _means(root: Node, findings: Findings) -> dict[str, str]:
    """Their words for a classification, and ours; one of ours already means what it says."""
    found = _entries(root, "means", findings)
    for word, node in found.items():
        if _among(word, CLASSIFICATIONS):
            findings.contradicts(node, f"{word!r} is a word of ours.", "Only words of others are given a meaning.")
        if node.value not in CLASSIFICATIONS:
            todo = did_you_mean(str(node.value), CLASSIFICATIONS)
            findings.unknown_name(node, f"Unknown classification {node.value!r}.", todo)
    return {word: str(node.value) for word, node in found.items()}


def _check_classifications(overlay: Overlay, findings: Findings) -> None:
    """Report words for a classification that no column can have: neither ours, nor one of theirs with a meaning."""
    for word, node in overlay.classification.items():
        if not _among(word, (*CLASSIFICATIONS, *overlay.means)):
            todo = f"{did_you_mean(word, CLASSIFICATIONS)} Say what it means: means: {{{word}: personal}}."
            findings.unknown_name(node, f"Unknown classification {word!r}.", todo)


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
        if not _PATTERN.fullmatch(glob):
            what = f"{glob!r} is no pattern: '*' stands for any signs, and there is no other wildcard."
            findings.add(node, what, "Use letters, digits, '_', '-', '.' and '*'; a list goes by its name.", "name")
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


def check_named(overlay: Overlay, known: Mapping[str, Described], findings: Findings) -> None:
    """Report what the overlay says of nothing in the contract: a slip stops the run, another word is a warning.

    Args:
        overlay: of the contract.
        known: by path every column of the contract's schema objects; what is said of the whole goes by an empty path.
        findings: takes both.
    """
    paths = [path for path in known if path]
    for path in overlay.columns:
        if path not in paths:
            what = f"There is no column {path!r} in the contract."
            findings.unknown_name(overlay.root["columns"][path], what, did_you_mean(path, paths))
    names = [name for each in known.values() for name in each.names]
    tags = [tag for each in known.values() for tag in each.tags]
    words = [word for each in known.values() for word in each.classifications]
    for kind, said, there in (
        ("tag", overlay.tag, tags),
        ("classification", overlay.classification, words),
        ("means", overlay.means, words),
        ("pattern", overlay.pattern, names),
    ):
        for word in said:
            if not (_matches(word, there) if kind == "pattern" else _among(word, there)):
                others = [each for each in there if not _among(each, said)]
                _nothing(overlay.root[kind][word], kind, word, others, findings)


def check_beaten(overlay: Overlay, say: set[str], hold: set[str], findings: Findings) -> None:
    """Warn of rules that say something of columns, and of each of them another rule goes before."""
    for rule, node in overlay.rules().items():
        if rule in say - hold:
            what = f"{rule} never takes effect: of each column that it is for, another line goes before it."
            findings.note(node, what, warning="means-nothing")


def _nothing(node: Node, kind: str, word: str, others: Sequence[str], findings: Findings) -> None:
    """A word that nothing in the contract has; `others` are those there, of which the overlay says nothing."""
    said = {"tag": "has the tag", "pattern": "is meant by the pattern"}.get(kind, "has the classification")
    what = f"No column {said} {word!r}."
    if meant := slip_of(word, dict.fromkeys(others)):
        findings.unknown_name(node, what, f"Did you mean {meant!r}?")
    else:
        findings.note(node, f"{what} This line protects nothing.", warning="means-nothing")
